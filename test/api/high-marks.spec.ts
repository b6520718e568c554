// Marks that only rise: who is told that it raised one, and what is forgotten when there are too many.
import { expect } from "chai";
import { HighMarks } from "../../src/api/index.js";

const use = (key: string, made: number, count: number) => ({ key, over: [made, count], to: [made, count] }) as const;

describe("high marks", () => {
  for (const [what, second, expected] of [
    ["a higher count", use("a", 10, 2), "raised"],
    ["the same count", use("a", 10, 1), [10, 1]],
    ["a lower count", use("a", 10, 0), [10, 1]],
    ["a newer thing", use("a", 11, 0), "raised"],
    ["an older thing", use("a", 9, 5), [10, 1]],
    ["another key", use("b", 9, 0), "raised"],
    ["what must be newer", { key: "a", over: [10, 0], to: [10, 7] }, [10, 1]],
  ] as const) {
    it(`after a use, meet ${what}`, () => {
      const marks = new HighMarks();
      expect(marks.raise(use("a", 10, 1))).to.equal("raised");
      expect(marks.raise(second)).to.deep.equal(expected);
    });
  }

  it("of too many forget the older half, and take nothing as old any more", () => {
    const marks = new HighMarks(9);
    for (let made = 10; made > 0; made--) marks.raise(use(`key ${made}`, made, 1));
    expect(marks.raise(use("key 5", 5, 1))).to.equal("forgotten");
    expect(marks.raise(use("new", 4, 1))).to.equal("forgotten");
    expect(marks.raise(use("key 6", 6, 1))).to.deep.equal([6, 1]);
    expect(marks.raise(use("new", 6, 1))).to.equal("raised");
  });
});
