import { expect } from "chai";
import { readRanges, type RangeLimits } from "../../src/server/ranges.js";

const limits: RangeLimits = { ranges: 200, overlaps: 20, reversals: 20 };

function read(field: string, length = 100, own: Partial<RangeLimits> = {}): string {
  const found = readRanges(field, length, { ...limits, ...own });
  return typeof found === "string" ? found : found.map(({ start, end }) => `${start}-${end}`).join(",");
}

describe("readRanges", () => {
  // Each row as Apache answers it for a file of 100 bytes.
  const rows: readonly [spec: string, expected: string][] = [
    ["0-0", "0-0"],
    ["5-", "5-99"],
    ["-5", "95-99"],
    ["-0", "whole"],
    ["-500", "0-99"],
    ["0-", "0-99"],
    ["0-4,6-7", "0-4,6-7"],
    ["0-4,5-7", "0-7"],
    ["0-4,3-7", "0-7"],
    ["5-9,0-4", "0-9"],
    ["5-9,0-3", "5-9,0-3"],
    ["0-200", "0-99"],
    ["99-", "99-99"],
    ["100-", "unsatisfiable"],
    ["50-40", "whole"],
    ["a-b", "whole"],
    ["0-4, 6-7", "whole"],
    ["0-4,", "0-4"],
    ["", "whole"],
    [",0-4", "whole"],
    ["0-4,,6-7", "0-4,6-7"],
    ["0-4,200-300", "0-4"],
    ["200-300,0-4", "0-4"],
    ["0-9,20-29,10-19", "0-9,10-29"],
    ["0-9,20-29,5-7", "0-9,20-29,5-7"],
    ["10-19,0-9,20-29", "0-29"],
    ["20-29,10-35", "10-35"],
    ["20-29,30-40,19-19", "19-40"],
    ["0-98,1-99", "0-99"],
    ["0-50,60-99,10-20", "whole"],
    ["18446744073709551616-", "whole"],
    ["1-2-3", "whole"],
    ["+1-2", "whole"],
    ["0-4;5", "whole"],
  ];
  for (const [spec, expected] of rows) {
    it(`reads "${spec}" as ${expected}`, () => expect(read(`bytes=${spec}`)).to.equal(expected));
  }

  const fields: readonly [field: string, expected: string][] = [
    ["Bytes=0-4", "0-4"],
    ["bytes = 0-4", "whole"],
    ["bytes= 0-4", "whole"],
    ["items=0-4", "whole"],
  ];
  for (const [field, expected] of fields) {
    it(`reads the field "${field}" as ${expected}`, () => expect(read(field)).to.equal(expected));
  }

  const many = (count: number, range: (i: number) => string) =>
    `bytes=${Array.from({ length: count }, (_, i) => range(i)).join(",")}`;
  const bounds: readonly [what: string, range: (i: number) => string, most: number][] = [
    ["ranges", (i) => `${i * 10}-${i * 10 + 1}`, 200],
    ["overlaps", (i) => `${i * 2}-${i * 2 + 2}`, 21],
    ["adjacent ranges", (i) => `${i * 2}-${i * 2 + 1}`, 21],
    ["falling ranges that touch", (i) => `${9000 - i * 2}-${9001 - i * 2}`, 21],
  ];
  for (const [what, range, most] of bounds) {
    it(`takes ${most} ${what} and no more`, () => {
      expect(read(many(most, range), 10_000)).not.to.equal("whole");
      expect(read(many(most + 1, range), 10_000)).to.equal("whole");
    });
  }

  it("ignores the field where MaxRanges is none", () =>
    expect(read("bytes=0-1", 100, { ranges: 0 })).to.equal("whole"));
});
