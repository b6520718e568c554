// Copies of what is read → memory that is used again only when nobody holds a part of it.
import { expect } from "chai";
import { giveBack, hold, lentCopyOf } from "../../src/api/index.js";

const of = (letter: string, length: number): Buffer => Buffer.alloc(length, letter);

describe("lent memory", () => {
  it("is used again when all that held a part of it have given it back", () => {
    const first = lentCopyOf(of("a", 20_000));
    const part = first.subarray(100, 200);
    hold(part);
    giveBack(first);
    expect(lentCopyOf(of("b", 65_536)).buffer).not.to.equal(first.buffer);
    expect(part.toString()).to.equal("a".repeat(100));
    giveBack(part);
    expect(lentCopyOf(of("c", 10_000)).buffer).to.equal(first.buffer);
  });

  it("is not taken from what is given back once too often", () => {
    const first = lentCopyOf(of("a", 20_000));
    giveBack(first);
    giveBack(first);
    expect(lentCopyOf(of("b", 20_000)).buffer).to.equal(first.buffer);
    expect(lentCopyOf(of("c", 20_000)).buffer).not.to.equal(first.buffer);
  });

  it("is not used for what is short or long", () => {
    for (const length of [0, 100, 100_000]) {
      const copy = lentCopyOf(of("a", length));
      giveBack(copy);
      lentCopyOf(of("b", 65_536));
      lentCopyOf(of("b", length));
      expect(copy.equals(of("a", length))).to.equal(true);
    }
  });
});
