// How many connections a limit of open files allows.
import { expect } from "chai";
import { mostConnections } from "../../src/process/descriptors.js";

describe("the limit of open files", () => {
  for (const [soft, expected] of [
    ["1024", 448],
    ["400", 136],
    ["100", 1],
    ["unlimited", Infinity],
  ] as const) {
    it(`of ${soft} allows ${expected} connections`, () => {
      expect(
        mostConnections(
          `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${soft}    1048576    files\n`,
        ),
      ).to.equal(expected);
    });
  }

  it("that is not told is no limit", () => expect(mostConnections("")).to.equal(Infinity));
});
