// What a line of the error log looks like.
import { expect } from "chai";
import type { LogEntry } from "../../src/api/index.js";
import { errorLine, errorTime, escapeLog } from "../../src/log/error-line.js";

const when = new Date(2026, 10, 21, 2, 4, 53, 236).getTime() + 0.693;

describe("a line of the error log", () => {
  const rows: [string, Partial<LogEntry>, string][] = [
    ["carries time, module, level and process", {}, "[core:error] [pid 7:tid 7] AH00037: no"],
    ["names the client", { client: "127.0.0.1:80" }, "[core:error] [pid 7:tid 7] [client 127.0.0.1:80] AH00037: no"],
    ["ends with the referer", { referer: "http://a/" }, "[core:error] [pid 7:tid 7] AH00037: no, referer: http://a/"],
  ];
  for (const [name, more, expected] of rows) {
    it(name, () => {
      const line = errorLine({ level: "error", module: "core", message: "AH00037: no", pid: 7, ...more }, when);
      expect(line).to.equal(`[Sat Nov 21 02:04:53.236693 2026] ${expected}`);
    });
  }

  it("has microseconds also where they are few", () => {
    expect(errorTime(new Date(2026, 0, 3, 4, 5, 6, 1).getTime())).to.equal("Sat Jan 03 04:05:06.001000 2026");
  });

  for (const [text, expected] of [
    ["a\nb\r\t\b\v\\", "a\\nb\\r\\t\\b\\v\\\\"],
    ["\x1b[31m\x7f", "\\x1b[31m\\x7f"],
    ["caf\xe9", "caf\\xe9"],
    ["\u20ac", "\\xe2\\x82\\xac"],
    ['say "hello"', 'say "hello"'],
  ] as const) {
    it(`escapes ${JSON.stringify(text)}`, () => {
      expect(escapeLog(text)).to.equal(expected);
    });
  }
});

describe("the error of the system behind a message", () => {
  it("stands in front of the client", () => {
    const cause = Object.assign(new Error("EACCES: permission denied"), { errno: -13 });
    const line = errorLine({ level: "error", module: "core", message: "no", pid: 7, client: "::1:80", cause }, when);
    expect(line).to.equal(
      "[Sat Nov 21 02:04:53.236693 2026] [core:error] [pid 7:tid 7] (13)Permission denied: [client ::1:80] no",
    );
  });

  it("is left out where there is none", () => {
    const line = errorLine({ level: "error", module: "core", message: "no", pid: 7, cause: new Error("x") }, when);
    expect(line).to.equal("[Sat Nov 21 02:04:53.236693 2026] [core:error] [pid 7:tid 7] no");
  });
});

describe("lines of the error log", () => {
  it("are bounded", () => {
    const line = errorLine({ level: "error", module: "core", message: "x".repeat(100_000) }, when);
    expect(line).to.have.length(8190);
  });
});
