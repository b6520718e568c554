// Errors that follow from others, and those of files that are no text → what is told of them.
import { expect } from "chai";
import { ConfigError, type Origin } from "../../src/api/index.js";
import { withoutAftermath } from "../../src/config/aftermath.js";

const at = (line: number, file = "/a.conf", via?: Origin): Origin => ({
  file,
  line,
  column: 1,
  ...(via ? { via } : {}),
});

/** "file:line: message (advice)" of each error that is left. */
function told(errors: readonly ConfigError[], texts: Readonly<Record<string, string>> = {}): string[] {
  return withoutAftermath(errors, (file) => (texts[file] ?? "").split("\n")).map(
    ({ message, origin, detail }) =>
      `${origin.file}:${origin.line}: ${message}${detail.advice === undefined ? "" : ` (${detail.advice})`}`,
  );
}

describe("of errors that follow from another", () => {
  it("those in a section that is never closed are told by the first, those of included files too", () => {
    const errors = [
      new ConfigError("<Directory not allowed in <Files> context", at(2)),
      new ConfigError("<Directory> was not closed", at(5)),
      new ConfigError("<VirtualHost not allowed in <Directory> context", at(1, "/b.conf", at(9))),
      new ConfigError("LogFormat not allowed in <Directory> context", at(7)),
      new ConfigError("Invalid command 'X'", at(8)),
      new ConfigError("LogFormat not allowed in <Directory> context", at(7, "/c.conf")),
    ];
    expect(told(errors)).to.deep.equal([
      "/a.conf:2: <Directory not allowed in <Files> context",
      "/a.conf:5: <Directory> was not closed (line 7 cannot stand in it: is the closing line missing above that one?)",
      "/a.conf:8: Invalid command 'X'",
      "/c.conf:7: LogFormat not allowed in <Directory> context",
    ]);
  });

  const wide = "\ufffd\ufffd<\0a\0>\0";
  const rows: readonly [what: string, text: string, found: RegExp][] = [
    ["UTF-16 with a mark", wide, /UTF-16/],
    ["UTF-16 without one", "<\0a\0>\0", /UTF-16/],
    ["a program", "\x7fELF\x01\0\0\0", /no text/],
    ["an archive", "\x1f\ufffd\b\0x", /no text/],
    ["a text in another encoding", "# f\ufffdr uns", /Invalid/],
    ["a text", "Frob", /Invalid/],
  ];
  for (const [what, text, found] of rows) {
    it(`a file that is ${what} is ${found.source === "Invalid" ? "told line by line" : "told once"}`, () => {
      const errors = [1, 2].map((line) => new ConfigError("Invalid command 'x'", at(line)));
      const lines = told(errors, { "/a.conf": text });
      expect(lines).to.have.length(found.source === "Invalid" ? 2 : 1);
      expect(lines[0]).to.match(/^\/a\.conf:1: /);
      expect(lines[0]).to.match(found);
    });
  }
});
