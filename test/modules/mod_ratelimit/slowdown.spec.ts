// How many bytes pass in one turn.
import { expect } from "chai";
import { once } from "node:events";
import { Slowdown } from "../../../src/modules/mod_ratelimit/slowdown.js";

/** Sends a text through; gives the sizes of the pieces that came out. */
async function passed(slow: Slowdown, text: string): Promise<{ sizes: number[]; whole: string }> {
  const pieces: Buffer[] = [];
  slow.on("data", (piece: Buffer) => pieces.push(piece));
  slow.end(Buffer.from(text));
  await once(slow, "end");
  return { sizes: pieces.map(({ length }) => length), whole: Buffer.concat(pieces).toString() };
}

describe("a slowdown", () => {
  it("passes so many bytes in each turn", async () => {
    const { sizes, whole } = await passed(new Slowdown(4, 0), "abcdefghij");
    expect(sizes).to.deep.equal([4, 4, 2]);
    expect(whole).to.equal("abcdefghij");
  });
  it("passes a burst in front", async () => {
    const { sizes } = await passed(new Slowdown(4, 3), "abcdefghij");
    expect(sizes).to.deep.equal([7, 3]);
  });
  it("passes what fits at once", async () => {
    const { sizes } = await passed(new Slowdown(10, 0), "abcdefghij");
    expect(sizes).to.deep.equal([10]);
  });
  it("takes no more while it holds something back", async () => {
    const slow = new Slowdown(1, 0);
    const taken = new Promise<void>((resolve) => slow.write("ab", () => resolve()));
    slow.once("data", () => slow.destroy());
    let isTaken = false;
    void taken.then(() => (isTaken = true));
    await new Promise((resolve) => slow.once("close", resolve));
    expect(isTaken).to.equal(false);
  });
});
