// Faults of expressions, where they point; and texts of every kind, which never do more than be refused.
import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigError } from "../../src/api/index.js";
import { compile } from "../../src/config/compile.js";
import { readConfiguration } from "../../src/config/expand.js";
import { compileCondition, compileString, type ExpressionParts } from "../../src/config/expression/expression.js";
import { ExpressionError } from "../../src/config/expression/tree.js";
import { expressionVocabulary } from "../../src/config/expression/vocabulary.js";
import { showOutcome } from "../../src/config/show-error.js";
import { modules } from "../../src/modules/index.js";
import { serve } from "../support/ask.js";

const parts: ExpressionParts = {
  vocabulary: expressionVocabulary([]),
  origin: { file: "main.conf", line: 1, column: 1 },
  options: {},
};

/** A line, the part of it that the fault points at, the reason and the advice. */
const faults: readonly (readonly [line: string, marked: string, reason: string, advice?: string])[] = [
  ["<If \"%{REQUEST_METHO} == 'GET'\">", "%{REQUEST_METHO}", "asks for a variable 'REQUEST_METHO'", "REQUEST_METHOD?"],
  ["<If \"tolowr('A') == 'a'\">", "tolowr", "asks for a function 'tolowr'", "did you mean tolower?"],
  ["<If \"'a' -strmach 'b'\">", "-strmach", "asks for an operator '-strmach'", "did you mean -strmatch?"],
  ["<If \"-q 'a'\">", "-q", "asks for an operator '-q'"],
  ["<If \"'a' == b\">", "b", 'ends where "(" is expected', "texts stand in quotes"],
  ["<If \"'a' == b || true\">", "||", 'expects "("', "texts stand in quotes"],
  ['<If "true AND true">', "AND", 'found "AND"', "write and, in small letters"],
  ["<If \"'a'\">", "'", "ends where an operator", "a text alone is no condition"],
  ["<If \"'a' =~ /(/\">", "/(/", 'has a "(" without its ")"'],
  ["<If \"'a' =~ m#a\">", "m#", "without its closing '#'"],
  ["<If \"-R 'nonsense'\">", "-R", "no range of addresses"],
  ["<If \"%{req:X == 'a'\">", "'", "means nothing here"],
  ["<If \"%{A B} == 'a'\">", "%{A", "whose name cannot go on with ' '"],
  ['<If "\'a\' == \\"b\\" ; true">', ";", "means nothing here"],
  ["<If '\\'a\\' == \\'b\\' true'>", "true", "expects &&, || or the end"],
  ['<If "-f /etc/passwd">', "/etc/", "expects a text in quotes", "file names stand in quotes"],
  ["<If \"filemod('/x') -gt 0\">", "filemod", "asks for a function 'filemod'", "Apache 2.5"],
  [
    "<Location />\nRequire expr %{REQUEST_URI} == '/x' && maybe('x') == 'y'\n</Location>",
    "maybe",
    "asks for a function 'maybe'",
  ],
  ['ErrorDocument 404 "no %{REQUEST_URL} here"', "%{REQUEST_URL}", "asks for a variable", "REQUEST_URI?"],
  ['CustomLog logs/x "%h" "expr=%{REQUEST_STATUS} -ge 400 && -z \'x\' y"', "y", "expects &&, || or the end"],
];

/** The faults of a configuration in a file, and what is shown of them. */
function faultsIn(text: string): { readonly errors: readonly ConfigError[]; readonly shown: string } {
  const root = mkdtempSync(join(tmpdir(), "expression-"));
  const file = join(root, "main.conf");
  writeFileSync(file, text);
  const names = modules.map((module) => ({ ...module, directives: Object.keys(module.directives) }));
  const read = readConfiguration({
    ...{ serverRoot: root, file, environment: {}, modules: names, foreign: {} },
    ...{ defines: [], before: [], after: [] },
  });
  const { errors } = compile(read.tree, modules, { unchecked: true });
  const outcome = showOutcome({ errors, warnings: [] }).replaceAll(root, "ROOT");
  // Requirements are read when they are checked.
  const checked = errors.length > 0 ? errors : compile(read.tree, modules, { trustDocumentRoots: true }).errors;
  rmSync(root, { recursive: true });
  return { errors: checked.filter(({ message }) => message.includes("expression")), shown: outcome };
}

describe("a fault in an expression", () => {
  for (const [line, marked, reason, advice = ""] of faults) {
    it(`points at ${marked} in ${line.replaceAll("\n", " ")}`, () => {
      const text = `LoadModule authz_core_module modules/mod_authz_core.so\n${line}\n${line.startsWith("<If") ? "</If>\n" : ""}`;
      const [fault, ...others] = faultsIn(text).errors;
      expect(others).to.deep.equal([]);
      expect(fault?.message).to.include(reason);
      expect(fault?.detail.advice ?? "").to.include(advice);
      const source = text.split("\n")[(fault?.origin.line ?? 0) - 1] ?? "";
      const column = (fault?.origin.column ?? 0) - 1;
      expect(source.slice(column, column + (fault?.detail.length ?? 1))).to.equal(marked);
    });
  }

  it("is shown with its line", () => {
    expect(faultsIn("<If \"%{REQUEST_URI} = '/a' and nowhere('b') == 'c'\">\n</If>\n").shown).to.equal(
      `ROOT/main.conf:1:32: error: AH00526: <If>: the expression asks for a function 'nowhere', which does not exist
    <If "%{REQUEST_URI} = '/a' and nowhere('b') == 'c'">
                                   ^~~~~~~
1 error: the configuration is refused
`,
    );
  });

  it("counts from the first line of a continued one", () => {
    const [fault] = faultsIn("<If \"true && \\\n  false && \\\n  nope('b') == 'c'\">\n</If>\n").errors;
    expect([fault?.origin.line, fault?.origin.column]).to.deep.equal([3, 3]);
  });
});

/** Pieces that texts are made of at random. */
const pieces = [
  ...["true", "false", "&&", "||", "!", "(", ")", "'a'", '"b"', "'", '"', "%{REQUEST_URI}", "%{req:", "}", "{", ","],
  ...["==", "=~", "!~", "/a/i", "m#(b)#", "m", "$1", "-eq", "-in", "-strmatch", "-n", "-f", "1", "-5", ".", "tolower("],
  ...["\\", "\\101", "\n", "%", "$", "é", "\0", " ", "x", "not", "in", "<", ">="],
];

/** Numbers that look random, the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
}

function refusedOrCompiled(text: string): void {
  for (const compileText of [compileCondition, compileString]) {
    try {
      compileText(text, parts);
    } catch (error) {
      expect(error, text).to.be.instanceOf(ExpressionError);
      const { span } = error as ExpressionError;
      expect(span.at, text).to.be.within(0, text.length);
    }
  }
}

describe("any text taken for an expression", () => {
  it("is compiled or refused", () => {
    const next = numbers(7);
    for (let i = 0; i < 1500; i++) {
      const length = 1 + (next() % 12);
      let text = "";
      for (let j = 0; j < length; j++) text += `${pieces[next() % pieces.length] ?? ""}${next() % 2 === 0 ? " " : ""}`;
      refusedOrCompiled(text);
    }
  });

  const long: readonly (readonly [name: string, text: string])[] = [
    ["brackets", "(".repeat(300_000)],
    ["negations", `${"!".repeat(300_000)}true`],
    ["variables", "%{tolower:".repeat(50_000)],
    ["calls", "tolower(".repeat(50_000)],
    ["a chain", `true${" && true".repeat(30_000)}`],
    ["a long word", "a".repeat(1_000_000)],
    ["quotes", "'".repeat(300_001)],
    ["regular expressions without end", "m#".repeat(100_000)],
    ["concatenations", `'a'${" . 'a'".repeat(30_000)} == 'b'`],
    ["spaces", " ".repeat(1_000_000)],
  ];
  for (const [name, text] of long) {
    it(`takes no long time: ${name}`, function () {
      this.timeout(60_000);
      refusedOrCompiled(text);
    });
  }
});

describe("an expression that cannot be evaluated", () => {
  it("is false, and says where in the log", async () => {
    const { ask, log } = serve(
      "<If \"file('/nowhere') == 'x'\">\nErrorDocument 404 yes\n</If>\n<Else>\nErrorDocument 404 no\n</Else>",
    );
    expect((await ask("/x")).body).to.equal("no");
    expect(log.map(({ message }) => message).join("\n")).to.match(
      /AH03299: Evaluation of expression from .*:\d+ failed: Cannot open file \/nowhere/,
    );
  });
});
