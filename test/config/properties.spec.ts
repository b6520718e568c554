// What holds for every text, valid or not: it is read to its end, faults are ConfigErrors, and what is printed reads the same.
import fc from "fast-check";
import { expect } from "chai";
import { ConfigError } from "../../src/api/index.js";
import { compile } from "../../src/config/compile.js";
import { readConfiguration } from "../../src/config/expand.js";
import { foreignModules } from "../../src/config/owners.js";
import { longestParameter, ParameterFinder } from "../../src/config/parameters.js";
import { parseText, isRawSection, type RawNode } from "../../src/config/parse.js";
import { printTree } from "../../src/config/print.js";
import { maximumFaults, maximumFilled } from "../../src/config/reading.js";
import { showOutcome } from "../../src/config/show-error.js";
import { linesOf, tokenize } from "../../src/config/tokens.js";
import type { Node } from "../../src/config/tree.js";
import { splitWords } from "../../src/api/words.js";
import { modules } from "../../src/modules/index.js";

const names = modules.map((module) => ({ ...module, directives: Object.keys(module.directives) }));
const foreign = foreignModules(names);
const loads = modules
  .filter(({ builtIn, name }) => !builtIn && !/^mpm_(worker|prefork)$/.test(name))
  .map(({ symbol, name }) => `LoadModule ${symbol} modules/${name}.so`);

/** Reads a text as if it stood in the main file. */
function read(text: string, before: readonly string[] = []): ReturnType<typeof readConfiguration> {
  return readConfiguration({
    serverRoot: "/nowhere",
    file: "/dev/null",
    before: [...before, text],
    environment: {},
    modules: names,
    foreign,
  });
}

/** Names and texts of a tree, without its places. */
function shape(nodes: readonly Node[]): unknown[] {
  return nodes.map((node) =>
    node.kind === "directive" ? [node.name, node.text] : [`<${node.name}>`, node.text, shape(node.children)],
  );
}

function countNodes(nodes: readonly RawNode[]): number {
  return nodes.reduce(
    (sum, node) => sum + (isRawSection(node) ? 1 + countNodes(node.children) : linesOf(node).length),
    0,
  );
}

/** Characters that mean something to the language, more often than others. */
const spiced = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(..." \t\"'\\\n<>/#${}!:%*?[]\r\0\f\v") },
  { weight: 3, arbitrary: fc.constantFrom("Alias", "Directory", "IfModule", "Define", "Options", "RequireAll", "x") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 3 }) },
);
const anyText = fc.array(spiced, { maxLength: 200 }).map((parts) => parts.join(""));

/** A word that is no name of a section decided while reading, nor of a directive that acts then. */
const name = fc
  .stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,15}$/)
  .filter(
    (text) =>
      !/^(include|includeoptional|define|undefine|undef|use|error|loadmodule|loadfile|serverroot|if.*|macro|else.*|undefmacro)$/i.test(
        text,
      ),
  );
const argument = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replace(/[\0\n]/g, "n"));

interface Line {
  readonly name: string;
  readonly text: string;
  readonly children?: readonly Line[];
}

const { line } = fc.letrec<{ line: Line }>((tie) => ({
  line: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ name, text: argument }),
    fc.record({ name, text: argument, children: fc.array(tie("line"), { maxLength: 4 }) }),
  ),
}));

/** A configuration of sound nesting, with odd indentation. */
function write({ name: written, text, children }: Line): string {
  if (!children) return `  ${written} ${text}\n`;
  return `<${written} ${text}>\n${children.map(write).join("")}\t</${written}>\n`;
}

describe("any text", () => {
  it("is read and compiled to its end, and all its faults are ConfigErrors", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { tree, errors, warnings } = read(text, loads);
        const compiled = compile(tree, modules);
        const faults = [...errors, ...warnings, ...compiled.errors, ...compiled.warnings];
        for (const fault of faults) expect(fault).to.be.instanceOf(ConfigError);
        for (const { origin } of faults) expect(Math.min(origin.line, origin.column)).to.be.at.least(1);
        expect(showOutcome({ errors: faults, warnings: [] }, tree.sources)).to.be.a("string");
      }),
      { numRuns: 300 },
    );
  });

  it("has no more tokens than lines, and no more nodes than lines", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const lines = text.split("\n").length;
        expect(tokenize(text, Infinity).tokens.length).to.be.at.most(lines);
        expect(countNodes(parseText(text, { file: "any" }).nodes)).to.be.at.most(lines);
      }),
      { numRuns: 500 },
    );
  });

  it("is split into words that cover it", () => {
    fc.assert(
      fc.property(argument, (text) => {
        let end = 0;
        for (const { column, length } of splitWords(text)) {
          expect(column).to.be.at.least(end);
          expect(length).to.be.at.least(1);
          expect(text.slice(end, column)).to.match(/^[\t-\r ]*$/);
          end = column + length;
        }
        expect(text.slice(end)).to.match(/^[\t-\r ]*$/);
      }),
    );
  });
});

describe("a tree", () => {
  it("reads the same when it has been printed", () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        const first = read(lines.map(write).join(""));
        fc.pre(first.errors.length === 0);
        const printed = printTree(first.tree.nodes);
        const second = read(printed);
        expect(second.errors).to.deep.equal([]);
        expect(shape(second.tree.nodes)).to.deep.equal(shape(first.tree.nodes));
        expect(printTree(second.tree.nodes)).to.equal(printed);
      }),
      { numRuns: 400 },
    );
  });

  it("of any text without faults reads the same when it has been printed", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const first = read(text);
        fc.pre(first.errors.length === 0);
        expect(shape(read(printTree(first.tree.nodes)).tree.nodes)).to.deep.equal(shape(first.tree.nodes));
      }),
      { numRuns: 400 },
    );
  });
});

// That this takes time in proportion is what the number of tokens, nodes and faults says; the limit of the test is against a hang.
describe("a mebibyte of garbage", () => {
  const size = 1024 * 1024;
  const rows: readonly [what: string, unit: string][] = [
    ["of opening brackets", "<"],
    ["of opening sections", "<a>\n"],
    ["of closing sections", "</a>\n"],
    ["of sections closed from outside", "<a>\n<b>\n</a>\n"],
    ["of backslashes", "\\"],
    ["of continued lines", "a \\\n"],
    ["of continuations of nothing", "\\\n"],
    ["of quotes", '"'],
    ["of quotes with blanks", "' "],
    ["of variables that are never closed", "${"],
    ["of variables in each other", "${a${b"],
    ["of variables that are unknown", "A ${b}\n"],
    ["of unknown directives", "Diretory x\n"],
    ["of faulty directives", "Options nonsense\n"],
    ["of comments", "# x\n"],
    ["of NUL bytes", "\0"],
    ["of line ends", "\n"],
    ["of one word", "a"],
    ["of white space", "\t "],
    ["of conditions that do not hold", "<IfDefine x>\n</IfDefine>\n"],
    ["of conditions that are not closed", "<IfDefine x>\n"],
  ];
  for (const [what, unit] of rows) {
    it(`${what} is answered with a bounded number of faults`, () => {
      const text = unit.repeat(Math.ceil(size / unit.length));
      const { tree, errors, warnings } = read(text, loads);
      const compiled = compile(tree, modules);
      expect(errors.length).to.be.at.most(maximumFaults);
      expect(warnings.length).to.be.at.most(maximumFaults);
      expect(compiled.errors.length).to.be.at.most(2 * maximumFaults);
      expect(tokenize(text, Infinity).tokens.length).to.be.at.most(text.split("\n").length);
    });
  }

  it("says that there is more than what it shows", () => {
    const { errors } = read(`</x${"y".repeat(1000)}>\n`.repeat(1000), loads);
    expect(showOutcome({ errors, warnings: [] })).to.match(
      /\n300 errors, and more that are not shown: the configuration is refused\n$/,
    );
  });

  it("of any bytes is answered with a bounded number of faults", () => {
    const chunk = fc.uint8Array({ minLength: 4096, maxLength: 4096 });
    fc.assert(
      fc.property(chunk, (bytes) => {
        const text = Buffer.from(bytes)
          .toString("latin1")
          .repeat(size / 4096);
        const { tree, errors } = read(text, loads);
        compile(tree, modules);
        expect(errors.length).to.be.at.most(maximumFaults);
      }),
      { numRuns: 2 },
    );
  });
});

/** Lines made by number until they come to a mebibyte. */
function mebibyte(line: (index: number) => string): string {
  const lines: string[] = [];
  for (let index = 0, length = 0; length < 1024 * 1024; index++) {
    const made = line(index);
    lines.push(made);
    length += made.length;
  }
  return lines.join("");
}

const numbered = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join("");

// What a small file can make of itself: the work is counted in characters, lines, faults and looks at parameters.
describe("a file that grows as it is read", () => {
  const rows: readonly [what: string, text: () => string, error: RegExp | undefined][] = [
    [
      "variables that hold each other",
      () => `Define a0 x\n${mebibyte((i) => `Define a${i + 1} "\${a${i}}x"\n`)}`,
      /^Define: variables and macros come to more than \d+ characters$/,
    ],
    [
      "a variable that doubles itself",
      () => `Define a x\n${mebibyte(() => 'Define a "${a}${a}"\n')}`,
      /^Line too long|^Define: variables/,
    ],
    [
      "macros that double their argument",
      () =>
        `<Macro m0 $x>\nSetEnv a $x\n</Macro>\n${numbered(
          30,
          (i) => `<Macro m${i + 1} $x>\nUse m${i} $x$x\n</Macro>\n`,
        )}Use m30 v\n`,
      /^Use: line \d+ of macro 'm\d+' becomes longer than 8192 characters$/,
    ],
    [
      "macros that use the one before",
      () =>
        `<Macro m0>\nSetEnv a b\n</Macro>\n${mebibyte((i) => `<Macro m${i + 1}>\nUse m${i}\n</Macro>\n`)}Use m20000\n`,
      /^Use: more than 200 sections and macros in each other/,
    ],
    [
      "sections in macros in sections",
      () =>
        `<Macro m0>\nSetEnv a b\n</Macro>\n${numbered(
          150,
          (i) => `<Macro m${i + 1}>\n<If true>\n<If true>\nUse m${i}\n</If>\n</If>\n</Macro>\n`,
        )}Use m150\n`,
      /: more than 200 sections and macros in each other/,
    ],
    [
      "a macro of twenty thousand parameters",
      () => {
        const lines = numbered(1000, (i) => `SetEnv a${i} $p${i}x\n`);
        return `<Macro m ${numbered(20_000, (i) => `$p${i}x `)}>\n${lines}</Macro>\nUse m ${"v ".repeat(20_000)}\n`;
      },
      undefined,
    ],
    [
      "parameters that begin with each other",
      () => `<Macro m ${numbered(200, (i) => `$${"p".repeat(i)} `)}>\nSetEnv a $${"p".repeat(4000)}\n</Macro>\n`,
      /^macro 'm': parameter #101 has a name of more than 100 characters$/,
    ],
    [
      "modules that nobody has",
      () => mebibyte((i) => `LoadModule zz${i}_module modules/x.so\n`),
      /^LoadModule: neither/,
    ],
    ["as many variables as fit", () => mebibyte((i) => `SetEnv a${i} b\n`), undefined],
    ["as many extensions as fit", () => mebibyte((i) => `AddType a/b .c${i}\n`), undefined],
    ["as many patterns as fit", () => mebibyte((i) => `AliasMatch ^/a${i}/(.*)$ /b${i}/$1\n`), undefined],
  ];
  for (const [what, text, error] of rows) {
    it(`with ${what} is answered within bounds`, () => {
      const written = text();
      const { tree, errors, warnings } = read(written, loads);
      const [first] = errors;
      if (error) expect(first?.message).to.match(error);
      else expect(first?.message).to.equal(undefined);
      expect(Math.max(errors.length, warnings.length)).to.be.at.most(maximumFaults);
      expect(charactersOf(tree.nodes)).to.be.at.most(maximumFilled + 2 * written.length);
      compile(tree, modules);
    });
  }

  it("looks at each place of a line of a macro a bounded number of times", () => {
    const parameters = Array.from({ length: 20_000 }, (_, index) => `$p${index}x`);
    let looks = 0;
    const text = {
      length: 8000,
      charCodeAt: (at: number) => (looks++, "$p"[at % 2]?.charCodeAt(0)),
      slice: () => (looks++, "$"),
    };
    expect(new ParameterFinder(parameters).find(text as never, 0)).to.equal(undefined);
    expect(looks).to.be.at.most(8000 * (1 + longestParameter));
  });
});

function charactersOf(nodes: readonly Node[]): number {
  return nodes.reduce(
    (sum, node) =>
      sum + node.name.length + node.text.length + (node.kind === "section" ? charactersOf(node.children) : 0),
    0,
  );
}
