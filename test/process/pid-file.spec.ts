// What a pid file tells other commands.
import { expect } from "chai";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { control } from "../../src/process/control.js";
import { readPidFile, removePidFile, writePidFile } from "../../src/process/pid-file.js";

describe("the pid file", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "modhost-pid-"));
    file = join(folder, "pid");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("holds number and newline, and nothing else is left in its folder", () => {
    writePidFile(file);
    expect(readFileSync(file, "utf8")).to.equal(`${process.pid}\n`);
    expect(statSync(file).mode & 0o777).to.equal(0o644);
    expect(readdirSync(folder)).to.deep.equal(["pid"]);
  });

  it("is removed by whom it names only", () => {
    writeFileSync(file, "1\n");
    removePidFile(file);
    expect(existsSync(file)).to.equal(true);
    writePidFile(file);
    removePidFile(file);
    expect(existsSync(file)).to.equal(false);
  });

  const rows: [string, string | undefined, ReturnType<typeof readPidFile>][] = [
    ["says nothing when it is absent", undefined, { state: "absent" }],
    ["names a process that runs", "1\n", { state: "running", pid: 1 }],
    ["names a process that is gone", "4194303\n", { state: "stale", pid: 4194303 }],
    ["is corrupt when empty", "", { state: "corrupt" }],
    ["is corrupt without a number", "nonsense\n", { state: "corrupt" }],
    ["is corrupt with a negative number", "-1\n", { state: "corrupt" }],
  ];
  for (const [name, text, expected] of rows) {
    it(name, () => {
      if (text !== undefined) writeFileSync(file, text);
      expect(readPidFile(file)).to.deep.equal(expected);
    });
  }

  it("is stale where a process that began later has the number by now, and names a server where one began earlier", () => {
    const sleeper = spawn("sleep", ["1000"]);
    try {
      writeFileSync(file, `${sleeper.pid}\n`);
      expect(readPidFile(file)).to.deep.equal({ state: "running", pid: sleeper.pid });
      utimesSync(file, 1, 1);
      expect(readPidFile(file)).to.deep.equal({ state: "stale", pid: sleeper.pid });
    } finally {
      sleeper.kill();
    }
  });

  it("names a server of ours however old it is itself", () => {
    const server = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)", "modhost"]);
    try {
      writeFileSync(file, `${server.pid}\n`);
      utimesSync(file, 1, 1);
      expect(readPidFile(file)).to.deep.equal({ state: "running", pid: server.pid });
    } finally {
      server.kill();
    }
  });

  it("with one's own number is stale", () => {
    writePidFile(file);
    expect(readPidFile(file)).to.deep.equal({ state: "stale", pid: process.pid });
  });

  const commands: [Parameters<typeof control>[0], string | undefined, number | "start", string][] = [
    ["start", undefined, "start", ""],
    ["start", "1\n", 0, "httpd (pid 1) already running"],
    ["stop", undefined, 0, "httpd (no pid file) not running"],
    ["stop", "4194303\n", 0, "httpd (pid 4194303?) not running"],
    ["graceful-stop", undefined, 0, "httpd (no pid file) not running"],
    ["restart", undefined, "start", "httpd not running, trying to start"],
    ["graceful", "4194303\n", "start", "httpd not running, trying to start"],
    ["status", undefined, 3, "modhost is not running"],
    [
      "start",
      "nonsense",
      1,
      "(20014)Internal error (specific information not available): AH00058: Error retrieving pid file FILE\n" +
        "AH00059: Remove it before continuing if it is corrupted.",
    ],
  ];
  for (const [action, text, expected, printed] of commands) {
    it(`makes -k ${action} ${expected === "start" ? "start" : `exit ${expected}`} when it holds ${JSON.stringify(text)}`, async () => {
      if (text !== undefined) writeFileSync(file, text);
      const lines: string[] = [];
      const output = { out: (line: string) => void lines.push(line), err: (line: string) => void lines.push(line) };
      expect(await control(action, file, output)).to.equal(expected);
      expect(lines.join("\n")).to.equal(printed.replace("FILE", file));
    });
  }
});
