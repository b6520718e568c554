// Small pieces → large ones.
import { expect } from "chai";
import { once } from "node:events";
import { Readable } from "node:stream";
import { Gathering } from "../../../src/modules/mod_buffer/gathering.js";

async function gathered(size: number, ...pieces: string[]): Promise<string[]> {
  const out: string[] = [];
  const gathering = new Gathering(size);
  gathering.on("data", (piece: Buffer) => out.push(piece.toString()));
  Readable.from(pieces.map((piece) => Buffer.from(piece))).pipe(gathering);
  await once(gathering, "end");
  return out;
}

describe("gathering", () => {
  for (const [what, size, pieces, expected] of [
    ["holds back what is small", 100, ["a", "b", "c"], ["abc"]],
    ["gives on what is more than its size", 3, ["ab", "cd", "e"], ["abcd", "e"]],
    ["holds back what is just its size", 2, ["ab", "c"], ["abc"]],
    ["gives nothing of nothing", 2, [], []],
  ] as const) {
    it(what, async () => {
      expect(await gathered(size, ...pieces)).to.deep.equal(expected);
    });
  }
});
