// Rules on lines that come in pieces, and what is refused.
import { expect } from "chai";
import { Readable } from "node:stream";
import { answer, Headers } from "../../src/api/index.js";
import { faultsOf, serve } from "../support/ask.js";

const app = "WSGIScriptAlias /app ROOT/app.js\nSetOutputFilter SUBSTITUTE\n";

/** What becomes of an application's response that comes in pieces. */
async function changed(rules: string, pieces: readonly string[]): Promise<string> {
  const served = serve(app + rules, {
    files: { "app.js": "" },
    application: () => answer(200, new Headers(), Readable.from(pieces.map((each) => Buffer.from(each, "latin1")))),
  });
  return (await served.ask("/app")).body;
}

describe("mod_substitute", () => {
  it("finds what comes in pieces", async () => {
    expect(await changed('Substitute "s/one/1/"', ["a o", "n", "e\nno", "\none"])).to.equal("a 1\nno\n1");
  });
  it("leaves bytes as they are", async () => {
    const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    expect(await changed('Substitute "s/one/1/"', [bytes])).to.equal(bytes);
  });
  it("replaces a match of nothing once at each place", async () => {
    expect(await changed('Substitute "s/x*/-/"', ["ab\n"])).to.match(/^-a-b-\n-?$/);
  });
  it("says 500 of a small response with a line that is too long", async () => {
    const served = serve('SetOutputFilter SUBSTITUTE\nSubstituteMaxLineLength 10\nSubstitute "s/a/b/"', {
      files: { "htdocs/a.txt": "x".repeat(11) },
    });
    expect((await served.ask("/a.txt")).status).to.equal(500);
    expect(served.log.map(({ message }) => message).join()).to.include("AH01328: Line too long, URI /a.txt");
  });
  for (const [line, fault] of [
    ["Substitute y/a/b/", "must be an s/// pattern"],
    ["Substitute s/a", "must be a complete s/// pattern"],
    ["Substitute s//b/", "must be a complete s/// pattern"],
    ["Substitute s/a/b/x", "only s///[infq] are supported"],
    ["Substitute s/(/b/", "the pattern"],
    ["SubstituteMaxLineLength 1x", "with an optional b, k, m or g"],
    ["SubstituteMaxLineLength 1g", "up to 64m"],
  ] as const) {
    it(`refuses ${line}`, () => expect(faultsOf(line).errors.join()).to.include(fault));
  }
});
