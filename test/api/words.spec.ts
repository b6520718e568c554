// Text of a directive → words: each rule of quoting.
import { expect } from "chai";
import { cutAtBracket, splitWords, trimSpace } from "../../src/api/words.js";

describe("splitWords", () => {
  const rows: readonly [text: string, words: readonly string[]][] = [
    ["", []],
    [" \t\r\v\f", []],
    ["a b\tc", ["a", "b", "c"]],
    ['"a b" c', ["a b", "c"]],
    ["'a b' \"c\"", ["a b", "c"]],
    ['"a\\nb"', ["a\\nb"]],
    ['"a\\"b"', ['a"b']],
    ["'a\\'b'", ["a'b"]],
    [`"a\\'b"`, ["a\\'b"]],
    ['"a\\\\"', ["a\\"]],
    ['"a\\\\\\"b"', ['a\\"b']],
    ["a\\\\b", ["a\\b"]],
    ["a\\ b", ["a\\", "b"]],
    ['a\\"b', ['a\\"b']],
    ['"abc"def', ["abc", "def"]],
    ['"abc""def"', ["abc", "def"]],
    ['a"b c"d', ['a"b', 'c"d']],
    ['"a b', ["a b"]],
    ['"a\\', ["a\\"]],
    ['"a\\"', ['a"']],
    ['""', [""]],
    ['a "" b', ["a", "", "b"]],
    ['"', [""]],
    ["\u00a0a", ["\u00a0a"]],
    ["é \u{1f600}", ["é", "\u{1f600}"]],
  ];
  for (const [text, words] of rows) {
    it(`splits ${JSON.stringify(text)}`, () => {
      expect(splitWords(text).map((word) => word.text)).to.deep.equal(words);
    });
  }

  it("says where each word stands, quotes included", () => {
    expect(splitWords(`  a "b c" d`).map(({ column, length }) => [column, length])).to.deep.equal([
      [2, 1],
      [4, 5],
      [10, 1],
    ]);
  });

  // What took more than time in proportion to the length would run into Mocha's limit.
  it("splits a million backslashes, and as many words", () => {
    expect(splitWords(`"${"\\".repeat(1_000_000)}`)).to.have.length(1);
    expect(splitWords("\\\\ ".repeat(300_000))).to.have.length(300_000);
  });
});

describe("cutAtBracket", () => {
  const rows: readonly [text: string, argument: string, closed: boolean][] = [
    ["a>", "a", true],
    [' "a" >', '"a"', true],
    ["a>b>", "a>b", true],
    ["a> junk", "a", true],
    [">", "", true],
    ["a", "a", false],
  ];
  for (const [text, argument, closed] of rows) {
    it(`cuts ${JSON.stringify(text)}`, () => {
      expect(cutAtBracket(text)).to.deep.equal({ text: argument, closed });
    });
  }
});

describe("trimSpace", () => {
  it("takes ASCII white space alone", () => {
    expect(trimSpace(" \t\v\f\r a b\u00a0\r")).to.equal("a b\u00a0");
  });
});
