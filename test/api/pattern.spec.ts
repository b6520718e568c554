import { expect } from "chai";
import { globToRegExp, PatternError, translatePattern, type PatternOptions } from "../../src/api/index.js";

describe("translatePattern", () => {
  const rows: readonly [
    pattern: string,
    matches: readonly string[],
    fails: readonly string[],
    options?: PatternOptions,
  ][] = [
    ["^/app(/.*)?$", ["/app", "/app/x", "/app/\nx"], ["/apps"]],
    ["\\.(?i:jpe?g|png)$", ["a.JPG", "a.jpeg", "a.Png"], ["a.gif"]],
    ["(?i)^/FOO", ["/foo", "/FoO"], ["/bar"]],
    ["a(?i)b", ["ab", "aB"], ["AB"]],
    ["^[[:alpha:]]+$", ["abC"], ["a1"]],
    ["^[^[:space:]]$", ["a"], [" "]],
    ["^[]a]+$", ["]a"], ["b"]],
    ["^[^]a]$", ["b"], ["]"]],
    ["\\Aabc\\z", ["abc"], ["abc\n", "xabc"]],
    ["abc\\Z", ["abc", "abc\n"], ["abcd"]],
    ["^a++b$", ["aab"], ["aa"]],
    ["^a++ab$", [], ["aaab"]],
    ["^[ab]*+c", ["abac"], ["abad"]],
    ["^\\Qa.b\\E$", ["a.b"], ["axb"]],
    ["^\\x41\\x{42}\\103$", ["ABC"], []],
    ["^(?<year>\\d+)-\\k{year}$", ["12-12"], ["12-13"]],
    ["^(?P<a>x)(?P=a)$", ["xx"], ["xy"]],
    ["^(?:(?<a>b)|(?<a>c))$", ["b", "c"], ["d"]],
    ["^(a)(b)\\g{-1}$", ["abb"], ["aba"]],
    ["^\\h+$", [" \t"], ["\n"]],
    ["^\\s$", [" ", "\v"], ["\u00a0"]],
    ["a # not here\n b", ["ab"], ["a b"], { extended: true }],
    ["a(?#note)+$", ["aaa"], ["b"]],
    ["a.b", ["a\nb"], []],
    ["a.b", ["axb"], ["a\nb"], { dotAll: false }],
    ["a$", ["a", "a\n"], ["a\n\n"], { dollarEndOnly: false }],
    ["(?m)^b$", ["a\nb\nc"], ["ab"]],
    ["ABC", ["abc"], [], { ignoreCase: true }],
    ["x{2}", ["xx"], ["x"]],
    ["^x{,2}$", ["x{,2}"], ["xx"]],
    ["^/a/b$", ["/a/b"], []],
    ["(?=a)a(?!b)", ["ac"], ["ab"]],
    ["(?<=x)y(?<!z)", ["xy"], ["zy"]],
    ["^(?>a+|b)c$", ["aac", "bc"], ["abc"]],
    ["^(?>a|ab)c$", ["ac"], ["abc"]],
    ["^(?:ab)++a", [], ["abab"]],
    ["^(ab)?+ab$", ["abab"], ["ab"]],
    ["^a{1,2}+a$", ["aaa"], ["aa"]],
    ["^\\p{Lu}\\P{L}$", ["A1", "\u00c91"], ["a1", "AB"]],
    ["^[\\Qa]\\E]+$", ["a]a"], ["Q"]],
    ["^\\Qab\\E+$", ["abb"], ["abab"]],
    ["^[\\W]$", ["-", "\u00e9"], ["a", "_"]],
    ["^[[:^alpha:]]$", ["1"], ["a"]],
    ["^(?i)\u00e9$", ["\u00e9"], ["\u00c9"]],
    ["^(?i:a)b$", ["Ab", "ab"], ["aB"]],
    ["^(a(?i)b|c)d$", ["aBd", "Cd"], ["CD"]],
    ["(?i)^(.)\\1$", ["aA"], ["ab"]],
    ["^(?U)(a+)(a*)$", ["aaa"], []],
    ["^(?n)(a)(?<b>b)$", ["ab"], []],
    ["(?xx)^[a b]+ $", ["ab"], ["a b"]],
    ["^\\R{2}$", ["\r\n\n"], ["\r\n"]],
    ["^a(?=b)*", ["a"], []],
    ["^\\cA$", ["\u0001"], []],
    ["^[a\\-z]+$", ["a-z"], ["b"]],
    ["^(a\\1)", [], ["a", "aa"]],
    ["^(a\\1*)b", ["ab"], ["aab"]],
    ["^\\1?(a)$", ["a"], ["aa"]],
    ["^(?|(a)|(b))\\1$", ["aa", "bb"], ["ab", "a"]],
    ["^(?|(?<n>a)|(?<n>b))\\k<n>$", ["aa", "bb"], ["ab"]],
    ["^(?|(a)|(b\\1))", ["a"], ["b", "bb"]],
  ];
  for (const [pattern, matches, fails, options] of rows) {
    it(`reads ${JSON.stringify(pattern)} as PCRE does`, () => {
      const regex = translatePattern(pattern, options);
      for (const text of matches)
        expect(regex.test(text), `${String(regex)} on ${JSON.stringify(text)}`).to.equal(true);
      for (const text of fails) expect(regex.test(text), `${String(regex)} on ${JSON.stringify(text)}`).to.equal(false);
    });
  }

  it("keeps the numbers of groups", () => {
    expect(translatePattern("^(a)(?:b)(?<n>c)$").exec("abc")?.slice(1)).to.deep.equal(["a", "c"]);
  });

  for (const [pattern, text, groups] of [
    ["(?|(a)(b)|(c))(d)", "cd", ["c", undefined, "d"]],
    ["(?|(a)(b)|(c))(d)", "abd", ["a", "b", "d"]],
    ["(?|(?|(a)|(b))|(c)(d))(e)", "be", ["b", undefined, "e"]],
    ["(?|(?<n>a)|(?<n>b))(?>(c))", "bc", ["b", "c"]],
  ] as const) {
    it(`gives each branch of ${pattern} the same numbers, on ${text}`, () => {
      const match = translatePattern(pattern).exec(text);
      expect(match?.slice(1)).to.deep.equal(groups);
      if (pattern.includes("<n>")) expect(match?.groups?.["n"]).to.equal(groups[0]);
    });
  }

  it("keeps the numbers of groups beside what is taken as a whole", () => {
    const regex = translatePattern("^(?>(a)+)(?:b(c))++(?<n>d)\\2$");
    const match = regex.exec("abcdc");
    expect(match?.slice(1)).to.deep.equal(["a", "c", "d"]);
    expect(match?.groups?.["n"]).to.equal("d");
    expect("abcdc".replace(regex, "$1$3")).to.equal("ad");
    expect(regex.test("abcdc")).to.equal(true);
    expect(regex.test("abcdd")).to.equal(false);
  });

  for (const pattern of [
    "(a(?1))",
    "(?(1)a)",
    "a\\Kb",
    "(",
    ")",
    "[a",
    "a(",
    "*a",
    "(?R)",
    "(?|(?<n>a)|(?<m>b))",
    "(a|b\\1)+",
    "(?:\\2b|(a)(c))+",
    "(a)(?i)\\1",
    "\\2(a)",
    "\\k<z>(a)",
    "(*UTF)a",
    "(?&a)",
    "\\X",
    "\\p{Nothing}",
    "(?<=a++)b",
    "(?i:(a)\\1)b",
    "a**",
    "^*",
    "(?i)*",
    "a{3,1}",
    "[z-a]",
    "[a-\\d]",
    "[[:none:]]",
    "\\x{100}",
    "\\i",
    "\\x{62",
    "\\x{6 }",
    "\\N{,2}",
    "\\N{1,,}",
    "[[:al|ha:]]",
    "[:alpha:]",
    "(?#a",
    "(".repeat(1000) + ")".repeat(1000),
    "a*".repeat(40_000),
    "\\",
  ]) {
    it(`refuses ${JSON.stringify(pattern.slice(0, 60))}`, () => {
      expect(() => translatePattern(pattern)).to.throw(PatternError);
    });
  }
});

describe("globToRegExp", () => {
  const rows: readonly [glob: string, text: string, expected: boolean, options?: Parameters<typeof globToRegExp>[1]][] =
    [
      ["*.conf", "a.conf", true],
      ["*.conf", ".conf", true],
      ["*.conf", ".conf", false, { period: true }],
      ["/a/*/c", "/a/b/c", true, { pathname: true }],
      ["/a/*/c", "/a/b/b/c", false, { pathname: true }],
      ["/a/*/c", "/a/b/b/c", true],
      ["?", "/", false, { pathname: true }],
      ["[a-c]x", "bx", true],
      ["[!a-c]x", "bx", false],
      ["[^a-c]x", "dx", true],
      ["[]]", "]", true],
      ["[a", "[a", true],
      ["a\\*", "a*", true],
      ["a\\*", "ab", false],
      ["A*", "abc", true, { ignoreCase: true }],
      ["a.c", "abc", false],
      ["[.]x", "/x", false, { pathname: true }],
      ["*a*b", "xaxb", true],
      ["*a*b*c", "aabbc", true],
      ["*a*b*c", "aacb", false],
      ["*ab*ab", "ab", false],
      ["*.*/*x*", "a.b/cxd", true, { pathname: true }],
      ["*.*/*x*", "a.b/c/xd", false, { pathname: true }],
      ["*/*", ".a/b", false, { pathname: true, period: true }],
      ["a*", "a", true],
    ];
  for (const [glob, text, expected, options] of rows) {
    it(`${expected ? "takes" : "does not take"} ${text} for ${glob} ${JSON.stringify(options ?? {})}`, () => {
      expect(globToRegExp(glob, options).test(text)).to.equal(expected);
    });
  }

  it("takes no power of time for many stars", () => {
    expect(globToRegExp(`${"*a".repeat(30)}*b`).test("a".repeat(5000))).to.equal(false);
    expect(globToRegExp(`/${"*a".repeat(30)}/b`, { pathname: true }).test(`/${"a".repeat(5000)}/c`)).to.equal(false);
  });
});
