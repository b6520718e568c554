// Logs that are files and programs: nothing torn, nothing blocked, nothing unbounded.
import { expect } from "chai";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createErrorLog } from "../../src/log/error-log.js";
import { LogFile } from "../../src/log/log-file.js";
import { LogProgram, wordsOf } from "../../src/log/log-program.js";
import { openLogs } from "../../src/log/open-logs.js";

describe("logs", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "modhost-log-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  describe("a log file", () => {
    it("holds the lines in order, after what was there", async () => {
      const path = join(folder, "a.log");
      writeFileSync(path, "old\n");
      const file = new LogFile(path);
      for (let i = 0; i < 1000; i++) file.write(`line ${i}`);
      await file.close();
      const expected = Array.from({ length: 1000 }, (_, i) => `line ${i}`);
      expect(readFileSync(path, "utf8").split("\n")).to.deep.equal(["old", ...expected, ""]);
    });

    it("writes bytes as latin1", async () => {
      const file = new LogFile(join(folder, "a.log"));
      file.write("caf\xe9");
      await file.close();
      expect(readFileSync(join(folder, "a.log"))).to.deep.equal(Buffer.from("caf\xe9\n", "latin1"));
    });

    it("on a full disk neither throws, waits nor grows", async () => {
      const told: [number, string][] = [];
      const file = new LogFile("/dev/full", (lines, reason) => told.push([lines, reason]));
      for (let i = 0; i < 100_000; i++) file.write("x".repeat(100));
      await file.close();
      expect(told).to.deep.equal([]);
    });

    it("keeps whole lines when several processes append", async () => {
      const path = join(folder, "shared.log");
      const program = `
        import { LogFile } from ${JSON.stringify(join(import.meta.dirname, "../../src/log/log-file.ts"))};
        const file = new LogFile(${JSON.stringify(path)});
        let sent = 0;
        const more = setInterval(() => {
          for (let i = 0; i < 200; i++) file.write(process.argv[1].repeat(80));
          if (++sent === 20) { clearInterval(more); process.exit(0); }
        }, 1);`;
      const writers = ["a", "b"].map((letter) =>
        spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program, letter], {
          stdio: "inherit",
        }),
      );
      await Promise.all(writers.map((writer) => once(writer, "exit")));
      const lines = readFileSync(path, "utf8").trimEnd().split("\n");
      expect(new Set(lines)).to.deep.equal(new Set(["a".repeat(80), "b".repeat(80)]));
      expect(lines.length).to.equal(8000);
    });
  });

  describe("an error log", () => {
    const collect = (table: Parameters<typeof createErrorLog>[1]) => {
      const lines: string[] = [];
      const log = createErrorLog({ write: (line) => void lines.push(line), close: () => Promise.resolve() }, table);
      return { log, lines };
    };

    it("takes what is at least as severe as its level, module by module", () => {
      const { log } = collect({ "": "error", rewrite: "trace3" });
      expect(log.takes("error", "core")).to.equal(true);
      expect(log.takes("info", "core")).to.equal(false);
      expect(log.takes("trace3", "rewrite")).to.equal(true);
      expect(log.takes("trace4", "rewrite")).to.equal(false);
    });

    it("always takes notices, as Apache's files do", () => {
      expect(collect({ "": "error" }).log.takes("notice", "mpm_event")).to.equal(true);
    });

    it("writes at once, also when the process ends in the next line", () => {
      const program = `
        import { createErrorLog } from ${JSON.stringify(join(import.meta.dirname, "../../src/log/error-log.ts"))};
        import { LogFile } from ${JSON.stringify(join(import.meta.dirname, "../../src/log/log-file.ts"))};
        const log = createErrorLog(new LogFile(${JSON.stringify(join(folder, "last"))}));
        for (let i = 0; i < 100; i++) log.write({ level: "error", module: "core", message: "last words " + i });
        process.exit(0);`;
      execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program]);
      expect(readFileSync(join(folder, "last"), "utf8").trimEnd().split("\n")).to.have.length(100);
    });

    it("does not grow when nobody takes its lines", () => {
      const { log, lines } = collect({ "": "error" });
      for (let i = 0; i < 1000; i++) log.write({ level: "info", module: "core", message: "not written" });
      expect(lines).to.deep.equal([]);
    });
  });

  describe("a log program", () => {
    it("gets the lines, and ends with its input", async () => {
      const program = new LogProgram(`|$cat > ${folder}/out`);
      program.write("one");
      program.write("two");
      await program.close();
      expect(readFileSync(join(folder, "out"), "utf8")).to.equal("one\ntwo\n");
    });

    it("is started again when it ends", async () => {
      const program = new LogProgram(`|$head -n1 >> ${folder}/out`);
      const filled = (lines: number) => readText(join(folder, "out")).split("\n").length > lines;
      while (!filled(2)) {
        program.write("line");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await program.close();
      expect(readText(join(folder, "out"))).to.match(/^line\nline\n/);
    });

    it("that does not read costs a bounded buffer, and the rest is counted", async () => {
      const lost: number[] = [];
      const program = new LogProgram(`|$sleep 1; cat > ${folder}/out`, { dropped: (lines) => lost.push(lines) });
      for (let i = 0; i < 50_000; i++) program.write("x".repeat(99));
      while (lost.length === 0) {
        program.write("more");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await program.close();
      const lines = readText(join(folder, "out")).split("\n").length;
      expect(lost[0]).to.be.within(30_000, 50_000);
      expect(lines).to.be.lessThan(20_000);
    });

    for (const [command, expected] of [
      ["rotatelogs /var/log/a.%Y 86400", ["rotatelogs", "/var/log/a.%Y", "86400"]],
      [`prog "two words" 'it''s' a\\ b ""`, ["prog", "two words", "it", "s", "a b", ""]],
      [`prog --name="two words" '\\'quoted\\''`, ["prog", '--name="two', 'words"', "'quoted'"]],
    ] as const) {
      it(`takes apart ${command}`, () => {
        expect(wordsOf(command)).to.deep.equal(expected);
      });
    }
  });

  it("open each target once", async () => {
    const logs = openLogs({ openProgram: (target) => new LogProgram(target), dropped: () => undefined });
    const path = join(folder, "log");
    expect(logs.writer(path)).to.equal(logs.writer(path));
    logs.errorLog(path, {}).write({ level: "error", module: "core", message: "first" });
    logs.errorLog(path, {}).write({ level: "error", module: "core", message: "second" });
    await logs.close();
    expect(readText(path)).to.match(/first\n.*second\n$/);
  });
});

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
