// Cache-Control and Pragma, read.
import { expect } from "chai";
import { readCacheControl } from "../../../src/modules/mod_cache/cache-control.js";

describe("Cache-Control", () => {
  const rows: readonly (readonly [text: string, read: object])[] = [
    ["max-age=10", { maxAge: 10 }],
    ["Max-Age=10, PUBLIC", { maxAge: 10, isPublic: true }],
    ['max-age="10"', { maxAge: 10 }],
    ["max-age=x, s-maxage=5", { sharedMaxAge: 5 }],
    ["max-age=-1", {}],
    ["max-stale", { maxStale: Infinity }],
    ["max-stale=3, min-fresh=4", { maxStale: 3, minFresh: 4 }],
    ["no-cache", { noCache: true }],
    ['no-cache="a, b"', { unstored: ["a", "b"] }],
    ['private="a", private', { unstored: ["a"], isPrivate: true }],
    ["no-store,must-revalidate ,proxy-revalidate", { noStore: true, mustRevalidate: true, proxyRevalidate: true }],
    ["only-if-cached", { onlyIfCached: true }],
    ["x-other=1, max-age=2", { maxAge: 2 }],
    ["max-age=1 max-age=2", {}],
    [", ,max-age=2", { maxAge: 2 }],
    ["", {}],
  ];
  for (const [text, read] of rows) {
    it(`reads "${text}"`, () => {
      expect(readCacheControl(text, undefined)).to.deep.equal(read);
    });
  }

  it("takes no-cache of Pragma, and nothing else", () => {
    expect(readCacheControl(undefined, "max-age=1, No-Cache")).to.deep.equal({ noCache: true });
  });

  it("reads a long field in no time", () => {
    expect(readCacheControl(`${"a=".repeat(50_000)}"`, undefined)).to.deep.equal({});
    expect(readCacheControl(`max-age=3,${" ,".repeat(50_000)}`, undefined)).to.deep.equal({ maxAge: 3 });
  });
});
