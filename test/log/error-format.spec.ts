// What ErrorLogFormat gives where Apache and its log have nothing to compare with: source files, levels, processes.
import { expect } from "chai";
import type { ErrorLogFormat, ErrorLogPiece, Level } from "../../src/api/index.js";
import { formatLine } from "../../src/log/error-format.js";
import { createErrorLog } from "../../src/log/error-log.js";

const piece = (kind: ErrorLogPiece["kind"], text: string, more: Partial<ErrorLogPiece> = {}): ErrorLogPiece => ({
  ...{ kind, text, argument: "", separates: false, hyphen: false, required: false, level: 0 },
  ...more,
});
const message = piece("message", "");
const item = (letter: string, more: Partial<ErrorLogPiece> = {}): ErrorLogPiece => piece("item", letter, more);

function written(
  format: ErrorLogFormat,
  table: Record<string, Level> = {},
): { lines: string[]; log: ReturnType<typeof createErrorLog> } {
  const lines: string[] = [];
  const sink = { write: (line: string) => void lines.push(line), close: () => Promise.resolve() };
  return { lines, log: createErrorLog(sink, table, { message: format, connection: [], request: [] }) };
}

describe("a format of the error log", () => {
  it("names the source file and line that speak", () => {
    const { lines, log } = written([item("F"), piece("text", " "), message]);
    log.write({ level: "error", module: "core", message: "here" });
    expect(lines.join("")).to.match(/^log\/error-format\.spec\.ts\(\d+\) here$/);
  });

  it("names the process that a message is of", () => {
    const { lines, log } = written([item("P"), piece("text", " "), message]);
    log.write({ level: "error", module: "wsgi", message: "of a daemon", pid: 77 });
    expect(lines).to.deep.equal(["77 of a daemon"]);
  });

  it("has the error of the system", () => {
    const cause = Object.assign(new Error("ENOENT"), { errno: -2 });
    const line = formatLine([item("E"), piece("text", ": "), message], {
      level: "error",
      module: "core",
      message: "x",
      cause,
    });
    expect(line).to.equal("(2)No such file or directory: x");
  });

  for (const [level, expected] of [
    ["info", " x"],
    ["debug", "core x"],
    ["trace8", "core x"],
  ] as const) {
    it(`has an item from debug on at ${level}: ${expected}`, () => {
      const format = [item("m", { level: 7, hyphen: true }), piece("text", " ", { separates: true }), message];
      const line = formatLine(format, { level, module: "core", message: "x" });
      expect(line).to.equal(expected);
    });
  }
});

describe("the levels of an error log", () => {
  it("leave out errors where only worse is asked for, but no notices", () => {
    const { lines, log } = written([message], { "": "crit" });
    for (const level of ["emerg", "crit", "error", "warn", "notice", "info"] as const)
      log.write({ level, module: "core", message: level });
    expect(lines).to.deep.equal(["emerg", "crit", "notice"]);
  });

  it("are those of a section where it has its own", () => {
    const { lines, log } = written([message], { "": "warn" });
    log.under?.({ "": "warn", alias: "debug" }).write({ level: "debug", module: "alias", message: "of the section" });
    log.write({ level: "debug", module: "alias", message: "of the server" });
    expect(lines).to.deep.equal(["of the section"]);
  });
});
