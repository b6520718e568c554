// Text of one file → lines and sections: joining of lines, nesting, faults, limits.
import { expect } from "chai";
import { isRawSection, maximumNesting, parseText, type RawNode } from "../../src/config/parse.js";
import { linesOf } from "../../src/config/tokens.js";

const from = { file: "a.conf" };

/** Nodes in short: a directive as its text, a section as [opening line, ...children]. */
function short(nodes: readonly RawNode[]): unknown[] {
  return nodes.flatMap((node): unknown[] =>
    isRawSection(node) ? [[node.line.text, ...short(node.children)]] : linesOf(node).map(({ text }) => text),
  );
}

function faults(text: string): string[] {
  return parseText(text, from).errors.map(({ message, origin }) => `${origin.line}:${origin.column} ${message}`);
}

describe("a file", () => {
  const rows: readonly [what: string, text: string, nodes: readonly unknown[]][] = [
    ["has nothing in it when empty", "", []],
    ["has nothing in it but white space", " \n\t\r\n\f\n", []],
    ["has directives", "A b\n  C d  \nE", ["A b", "C d", "E"]],
    ["ends lines with CR LF too", "A b\r\nC\r\n", ["A b", "C"]],
    ["keeps a CR inside a line", "A\rb\n", ["A\rb"]],
    ["has comments", "# a\nA #b\n  #c\n", ["A #b"]],
    ["joins continued lines", "A \\\nb\\\n  c\n", ["A b  c"]],
    ["joins lines continued before CR LF", "A\\\r\n b\n", ["A b"]],
    ["drops white space in front of a continued line", "\\\n  A\n", ["A"]],
    ["lets an empty line end the joining", "A\\\n\nB\n", ["A", "B"]],
    ["continues after a doubled backslash, leaving one", "A\\\\\nb\n", ["A\\b"]],
    ["continues with the backslash left over an empty line", "A\\\\\n\nb\n", ["Ab"]],
    ["does not continue after white space", "A\\ \nB\n", ["A\\", "B"]],
    ["keeps a backslash at its very end", "A\\", ["A\\"]],
    ["continues comments", "# a \\\nB\nC\n", ["C"]],
    ["has no comment behind a continuation", "A\\\n# b\n", ["A# b"]],
    ["ends a line at a NUL byte", "A b\0 c\nD\n", ["A b", "D"]],
    ["keeps what is white beyond ASCII", "A b\u00a0\n", ["A b\u00a0"]],
    ["has sections", "<A b>\nC\n<D>\n</D>\n</A>\nE\n", [["<A b>", "C", ["<D>"]], "E"]],
    ["closes sections in any case", "<Ab>\n</aB>\nC\n", [["<Ab>"], "C"]],
    ["drops text behind the closing of a section", "<A>\n</A> b\nC\n", [["<A>"], "C"]],
    ["takes a continued line for an opening", "\\\n<A>\nb\n</A>\n", [["<A>", "b"]]],
    ["takes one bracket for a section without a name", "< a>\n</>\n", [["< a>"]]],
  ];
  for (const [what, text, nodes] of rows) {
    it(what, () => {
      const parsed = parseText(text, from);
      expect(short(parsed.nodes)).to.deep.equal(nodes);
      expect(parsed.errors).to.deep.equal([]);
    });
  }

  it("gives each line the place of its first character", () => {
    const { nodes } = parseText("# a\n\n  A b\n\tC\\\n  d\n\\\n  E\n", from);
    expect(
      nodes.flatMap((node) => (isRawSection(node) ? [] : linesOf(node))).map(({ line, column }) => [line, column]),
    ).to.deep.equal([
      [3, 3],
      [4, 2],
      [7, 3],
    ]);
  });

  it("knows where the parts of a continued line stand", () => {
    const [lines] = parseText(" A b\\\n c\\\n\\\nd", from).nodes;
    expect(lines && !isRawSection(lines) ? linesOf(lines)[0]?.pieces : undefined).to.deep.equal([
      { at: 0, line: 1, column: 2 },
      { at: 3, line: 2, column: 1 },
      { at: 5, line: 4, column: 1 },
    ]);
  });
});

describe("faults of nesting", () => {
  const rows: readonly [what: string, text: string, faults: readonly string[]][] = [
    ["are closing lines of nothing", "A\n</B>\nC\n", ["2:1 </B> without matching <B> section"]],
    ["are closing lines of another name", "<A>\n</B>\n", ["2:1 Expected </A> but saw </B>"]],
    ["do not repeat when the right line follows", "<A>\n</B>\n</A>\n", ["2:1 Expected </A> but saw </B>"]],
    ["are sections closed from outside", "<A>\n<B>\n</A>\n", ["3:1 Expected </B> but saw </A>"]],
    [
      "are closing lines without a bracket",
      "<A>\n</A\n<B>\n</B >\n",
      ["2:1 </A> directive missing closing '>'", "4:1 </B> directive missing closing '>'"],
    ],
    [
      "are all found",
      "<A>\n</B>\n<C>\n<D>\n</C>\n</E>\n",
      ["2:1 Expected </A> but saw </B>", "5:1 Expected </D> but saw </C>", "6:1 </E> without matching <E> section"],
    ],
  ];
  for (const [what, text, expected] of rows) {
    it(what, () => {
      expect(faults(text)).to.deep.equal(expected);
    });
  }

  it("leave the rest of the file in the tree", () => {
    expect(short(parseText("<A>\n<B>\nC\n</A>\nD\n</E>\nF\n", from).nodes)).to.deep.equal([
      ["<A>", ["<B>", "C"]],
      "D",
      "F",
    ]);
  });

  it("carry the Include line that led to the file", () => {
    const via = { file: "main.conf", line: 7, column: 1 };
    expect(parseText("</A>", { ...from, via }).errors[0]?.origin.via).to.equal(via);
  });
});

describe("limits", () => {
  it("keep sections from standing in each other without end", () => {
    expect(faults("<A>\n".repeat(maximumNesting))).to.deep.equal([]);
    const [fault] = faults("<A>\n".repeat(100_000));
    expect(fault).to.equal(`${maximumNesting + 1}:1 More than ${maximumNesting} sections in each other`);
  });

  it("keep lines from being too long", () => {
    expect(parseText(`A\n${"b".repeat(101)}\n`, from, 100).errors[0]?.origin.line).to.equal(2);
  });

  const big: readonly [what: string, text: string][] = [
    ["100,000 lines", `<A "/b/c">\n    C "d" e f\n    # ${"x".repeat(40)}\n</A>\n`.repeat(25_000)],
    ["one line of 10 MB", "A ".repeat(5_000_000)],
    ["one line continued 200,000 times", "A\\\n".repeat(200_000)],
    ["400,000 backslashes before empty lines", `A${"\\".repeat(200_000)}${"\n".repeat(200_000)}`],
    ["a file of brackets", "<>\n</>\n".repeat(50_000)],
    ["a file of wrong closings", "<A>\n</B>\n".repeat(20_000)],
  ];
  for (const [what, text] of big) {
    // What took more than time in proportion to the length would run into Mocha's limit.
    it(`do not touch ${what}`, () => {
      parseText(text, from);
    });
  }
});

describe("whatever the bytes", () => {
  it("parsing never throws", () => {
    const pieces = ["<", ">", "</", "A", " ", "\n", "\\", "\r\n", "#", '"', "'", "${", "}", "\0", "é", "\u2028", "$"];
    let seed = 1;
    const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
    for (let run = 0; run < 2000; run++) {
      const text = Array.from({ length: random(60) }, () => pieces[random(pieces.length)]).join("");
      expect(() => parseText(text, from), JSON.stringify(text)).not.to.throw();
    }
  });
});
