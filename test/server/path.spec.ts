// Request targets: what Apache makes of them (request-processing facts, compared in test/conformance).
import { expect } from "chai";
import { parseTarget, type PathRules } from "../../src/server/path.js";

const rules: PathRules = { allowEncodedSlashes: "Off", mergeSlashes: true };

describe("a request target", () => {
  const rows: [string, string | number, Partial<PathRules>?][] = [
    ["/", "/"],
    ["/a/b", "/a/b"],
    ["//a//b", "/a/b"],
    ["/a/./b", "/a/b"],
    ["/a/../b", "/b"],
    ["/a/%2e%2e/b", "/b"],
    ["/a/..", "/"],
    ["/a/.", "/a/"],
    ["/../x", 400],
    ["/%2e%2e/x", 400],
    ["/x%", 400],
    ["/x%zz", 400],
    ["/x%00", 404],
    ["/a%2fb", 404],
    ["/a%2Fb", "/a/b", { allowEncodedSlashes: "On" }],
    ["/..%2fr.txt", "/r.txt", { allowEncodedSlashes: "On" }],
    ["/a%2Fb", "/a%2Fb", { allowEncodedSlashes: "NoDecode" }],
    ["/%41%7e%5f", "/A~_"],
    ["/a%20b%25", "/a b%"],
    ["/a;b", "/a;b"],
    ["/a%3bb", "/a;b"],
    ["/%e9", "/\xe9"],
    ["/...", "/..."],
    ["/.hidden", "/.hidden"],
    ["//a//b", "/a//b", { mergeSlashes: false }],
  ];
  for (const [target, expected, changed] of rows) {
    it(`${target}${changed ? ` with ${JSON.stringify(changed)}` : ""} is ${expected}`, () => {
      const parts = parseTarget(target, { ...rules, ...changed });
      expect("status" in parts ? parts.status : parts.path).to.equal(expected);
    });
  }

  it("keeps the query undecoded", () => {
    expect(parseTarget("/a?b=%zz&c=//..", rules)).to.deep.equal({ path: "/a", query: "b=%zz&c=//.." });
    expect(parseTarget("/a?", rules)).to.deep.equal({ path: "/a", query: "" });
  });
});
