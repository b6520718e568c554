// Rules of magic files and the bytes they hold for; whole answers are compared with Apache's in conformance/.
import { expect } from "chai";
import { guessType } from "../../src/modules/mod_mime_magic/guess.js";
import { matchRules } from "../../src/modules/mod_mime_magic/match.js";
import { readRules } from "../../src/modules/mod_mime_magic/rules.js";

/** Bytes with room behind them: rules look only where 63 more stand. */
const bytes = (...first: readonly number[]): Buffer => Buffer.concat([Buffer.from(first), Buffer.alloc(200)]);
const text = (words: string): Buffer => Buffer.concat([Buffer.from(words, "latin1"), Buffer.alloc(200)]);

const rows: readonly (readonly [rules: string, file: Buffer, type: string | undefined])[] = [
  ["0 string GIF image/gif", text("GIF89a"), "image/gif"],
  ["0 string GIF image/gif", text("gif89a"), undefined],
  ["0 byte 7 a/byte", bytes(7), "a/byte"],
  ["0 byte >6 a/byte", bytes(7), "a/byte"],
  ["0 byte <7 a/byte", bytes(7), undefined],
  ["0 byte !7 a/byte", bytes(8), "a/byte"],
  ["0 byte&0x0f 5 a/mask", bytes(0xf5), "a/mask"],
  ["0 beshort 0xffd8 image/jpeg", bytes(0xff, 0xd8), "image/jpeg"],
  ["0 leshort 0xd8ff le/short", bytes(0xff, 0xd8), "le/short"],
  ["0 belong 0x01020304 be/long", bytes(1, 2, 3, 4), "be/long"],
  ["0 lelong 0x04030201 le/long", bytes(1, 2, 3, 4), "le/long"],
  ["0 string A a/first\n0 string A a/second", text("A"), "a/first"],
  ["0 string A\n>1 string B a/b\n>1 string C a/c", text("AC"), "a/c"],
  ["0 string AB a/short", Buffer.from("AB"), undefined],
  ["nonsense\n0 string A a/a", text("A"), "a/a"],
];

describe("mod_mime_magic", () => {
  for (const [rules, file, type] of rows) {
    const start = JSON.stringify(file.toString("latin1", 0, 6).replace(/\0+$/, ""));
    it(`finds ${type ?? "nothing"} by ${JSON.stringify(rules)} in ${start}`, () => {
      expect(matchRules(readRules(rules).rules, file)).to.equal(type);
    });
  }
  it("tells the line that cannot be read", () => {
    const [fault] = readRules("# of ours\n\n0 string A a/a\nnonsense here").faults;
    expect(fault?.line).to.equal(4);
    expect(fault?.reason).to.include("nonsense here");
  });
  it("tells texts by their words where no rule holds", () => {
    expect(guessType(Buffer.from("  <html> x"))).to.equal("text/html");
    expect(guessType(Buffer.from("Received: by me"))).to.equal("message/rfc822");
    expect(guessType(Buffer.from(".TH manual"))).to.equal("application/x-troff");
  });
});
