// Patterns that can match in too many ways: none takes long, and what is given up is told.
import { expect } from "chai";
import { onGivenUp, translatePattern, type GivenUp } from "../../src/api/index.js";

const many = "a".repeat(5000);

describe("a pattern that can match in too many ways", () => {
  let given: GivenUp[];
  let forget: () => void;
  beforeEach(() => {
    given = [];
    forget = onGivenUp((each) => given.push(each));
  });
  afterEach(() => forget());

  for (const pattern of ["^/(a+)+$", "^/(a|a)*$", "^/(?<x>(a*)*)*$", "^/(.*?a){12}b$", "(a*)*(a*)*b", "^/(?i:a+)+$"]) {
    it(`finds nothing by the engine of linear time: ${pattern}`, () => {
      expect(translatePattern(pattern).exec(`/${many}!`)).to.equal(null);
      expect(given).to.deep.equal([]);
    });
  }

  it("keeps its groups with that engine", () => {
    expect(translatePattern("^/(a+)+(!|a!)$").exec(`/${"a".repeat(60)}!`)?.[2]).to.equal("!");
    expect(
      translatePattern("^/((a+)+)+(b?)(!)?$")
        .exec(`/${"a".repeat(60)}!`)
        ?.slice(2),
    ).to.deep.equal(["a".repeat(60), "", "!"]);
  });

  const limited: readonly string[] = [
    "^/(?=a)(a+)+$",
    "^/(?!x)(a|a)*$",
    "^/(a+)+\\1$",
    "^/(?:a{1,30})+$",
    "^/(?>(a+)+b)$",
    "(?=a)a*a*a*a*b",
    "^/(?:a?){40}a{40}$",
    "(?<!b)(?:a*)*!!",
  ];
  for (const pattern of limited) {
    it(`is given up where there is none: ${pattern}`, () => {
      const origin = { file: "main.conf", line: 3, column: 1 };
      expect(translatePattern(pattern, {}, origin).test(`/${many}!`)).to.equal(false);
      expect(given).to.deep.equal([{ pattern, origin, length: many.length + 2 }]);
    });
  }

  it("matches short texts, and long ones that match at once", () => {
    const regex = translatePattern("^/(?=a)(a+)+$");
    expect(regex.exec("/aaa")?.slice()).to.deep.equal(["/aaa", "aaa"]);
    expect(regex.exec(`/${many}`)?.[1]).to.have.length(many.length);
    expect(given).to.deep.equal([]);
  });

  for (const pattern of [
    "^(?!.*\\.php)(.*)$",
    "^/(?!(?:css|js|img)/)[^.]*\\.html$",
    "^/(?>foo|bar)(.*)$",
    "^([a-z]{1,32})/(\\d++)$",
    "(?<!x)y",
  ]) {
    it(`is none of them: ${pattern}`, () => {
      // An expression without a limit is JavaScript's own in all but what translation adds.
      translatePattern(pattern).test(`/${many}!`);
      expect(given).to.deep.equal([]);
    });
  }
});
