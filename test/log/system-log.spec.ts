// ErrorLog syslog: what arrives at a socket such as /dev/log, through the program that serves it.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSystemLog } from "../../src/api/index.js";
import { LogProgram } from "../../src/log/log-program.js";
import { openLogs } from "../../src/log/open-logs.js";
import { logProgramOf, systemLogProblem } from "../../src/log/system-log.js";
import { runProgram, until, type Running } from "../support/running.js";

/** Node has no sockets of this kind: prints each datagram on a line. */
const receiver = `
import socket, sys
own = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
own.bind(sys.argv[1])
print("ready", flush=True)
while True: print(own.recv(65536).decode(), flush=True)`;

describe("the system's log", () => {
  let folder: string;
  let system: Running;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "modhost-syslog-"));
    system = runProgram(["python3", "-c", receiver, join(folder, "log")]);
    await until("the socket is there", () => system.output().includes("ready\n"));
  });
  afterEach(async () => {
    await system.end();
    rmSync(folder, { recursive: true });
  });

  const open = () =>
    openLogs({
      openProgram: (target) => new LogProgram(logProgramOf(target, join(folder, "log")), { directory: folder }),
      dropped: () => undefined,
    });
  /** What came, each datagram without its time. */
  const arrived = (): string[] =>
    system
      .output()
      .split("\n")
      .slice(1, -1)
      .map((line) => line.replace(/^(<\d+>)\w{3} [ \d]\d \d\d:\d\d:\d\d /, "$1"));

  it("gets lines with facility, level, tag and process, and no time in them", async () => {
    const logs = open();
    const log = logs.errorLog("syslog:local3:shop", { "": "trace8" });
    const levels = ["emerg", "error", "warn", "notice", "info", "debug", "trace1", "trace8"] as const;
    for (const level of levels) log.write({ level, module: "core", message: `a\n${level}`, pid: 7 });
    await logs.close();
    await until("all have come", () => arrived().length === levels.length);
    const numbers = [152, 155, 156, 157, 158, 159, 159, 159];
    expect(arrived()).to.deep.equal(
      levels.map((level, at) => `<${numbers[at]}>shop[${process.pid}]: [core:${level}] [pid 7:tid 7] a\\n${level}`),
    );
  });

  it("gets no notices below their level, and formats as they are configured", async () => {
    const logs = open();
    const format = {
      message: [{ kind: "message", text: "", argument: "", level: 0 } as never],
      connection: [],
      request: [],
    };
    const log = logs.errorLog("syslog", { "": "warn" }, format);
    for (const level of ["notice", "warn"] as const) log.write({ level, module: "core", message: level });
    await logs.close();
    await until("one has come", () => arrived().length === 1);
    expect(arrived()).to.deep.equal([`<188>modhost[${process.pid}]: warn`]);
  });

  it("gets long lines whole", async () => {
    const logs = open();
    logs.errorLog("syslog:user", {}).write({ level: "crit", module: "core", message: "x".repeat(9000), pid: 7 });
    await logs.close();
    await until("it has come", () => arrived().length === 1);
    expect(arrived()[0]).to.have.lengthOf(`<10>modhost[${process.pid}]: `.length + 8190);
  });

  it("is found again when it was started anew", async () => {
    const logs = open();
    const log = logs.errorLog("syslog", {});
    const say = (message: string) => log.write({ level: "error", module: "core", message, pid: 7 });
    say("before");
    await until("it has come", () => arrived().length === 1);
    await system.end();
    rmSync(join(folder, "log"));
    system = runProgram(["python3", "-c", receiver, join(folder, "log")]);
    await until("the socket is there again", () => system.output().includes("ready\n"));
    say("after");
    await until("that has come too", () => arrived().some((line) => line.endsWith("] after")));
    await logs.close();
  });

  it("is reached on this machine by a program that is there", () => {
    expect(systemLogProblem()).to.equal(undefined);
    expect(execFileSync("/usr/bin/logger", ["--version"], { encoding: "utf8" })).to.match(/util-linux/);
  });
});

describe("a target of an error log", () => {
  for (const [target, expected] of [
    ["syslog", { facility: "local7", tag: "modhost" }],
    ["syslog:", { facility: "local7", tag: "modhost" }],
    ["syslog:daemon", { facility: "daemon", tag: "modhost" }],
    ["syslog:DAEMON:", { facility: "daemon", tag: "modhost" }],
    ["syslog:local", { facility: "local0", tag: "modhost" }],
    ["syslog::shop", { facility: "local7", tag: "shop" }],
    ["syslog:user:shop:two", { facility: "user", tag: "shop:two" }],
    ["syslog:nobody", { facility: undefined, tag: "modhost" }],
    ["syslog.txt", undefined],
    ["|syslog", undefined],
  ] as const) {
    it(`${target} is ${expected ? `of ${expected.facility} as ${expected.tag}` : "not the system's log"}`, () => {
      expect(readSystemLog(target)).to.deep.equal(expected);
    });
  }
});
