// bin/modhost as a command: start in the background, -k words, logs, listings.
import { expect } from "chai";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askSupervisor } from "../../src/process/control-socket.js";
import type { SupervisorStatus } from "../../src/process/status.js";
import { makeRoot } from "../support/modhost.js";
import { runProgram, until, type Running } from "../support/running.js";

const program = fileURLToPath(new URL("../../bin/modhost", import.meta.url));
const page = { "htdocs/index.html": "the page" };

interface Ended {
  readonly status: number | string | null;
  readonly output: string;
}

describe("modhost", function () {
  this.timeout(60_000);
  let root: string;
  let port: number;
  const started: Running[] = [];

  /** Runs a command on the root; what it leaves running is ended with the test. */
  const modhost = async (...args: string[]): Promise<Ended> => {
    const running = runProgram([process.execPath, program, "-d", root, ...args]);
    started.push(running);
    const status = await running.exit;
    return { status, output: running.output() };
  };
  const prepare = async (configuration = "", modules: readonly string[] = []): Promise<void> => {
    ({ root, port } = await makeRoot(configuration, { files: page, modules }));
  };
  const fetchText = async (path = "/index.html"): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  const errors = (): string => readText(join(root, "run/error.log"));
  const status = async (): Promise<SupervisorStatus> =>
    (await askSupervisor(join(root, "run/modhost.pid"), "status")) as SupervisorStatus;
  const pid = (): number => Number(readFileSync(join(root, "run/modhost.pid"), "utf8"));

  afterEach(async () => {
    for (const running of started.splice(0)) await running.end();
    rmSync(root, { recursive: true, force: true });
  });

  it("starts in the background, returns when it serves, and stops", async () => {
    await prepare();
    expect(await modhost("-k", "start")).to.deep.equal({ status: 0, output: "" });
    expect(await fetchText()).to.equal("the page");
    const server = pid();
    expect(await modhost()).to.deep.equal({ status: 0, output: `httpd (pid ${server}) already running\n` });
    const { status: shown, output } = await modhost("-k", "status");
    expect(shown).to.equal(0);
    expect(output).to.contain(`(pid ${server}): serving`).and.to.contain("Workers:");
    expect(await modhost("-k", "stop")).to.deep.equal({ status: 0, output: "" });
    await until("nothing is left", () => started.every((running) => running.family().length === 0));
    expect(existsSync(join(root, "run/modhost.pid"))).to.equal(false);
    expect(await modhost("-k", "stop")).to.deep.equal({ status: 0, output: "httpd (no pid file) not running\n" });
  });

  it("lets go of the output of its start, also where a program reads its logs", async () => {
    await prepare('ErrorLog "|$cat >> @ROOT@/run/piped.log"');
    expect(await modhost("-k", "start")).to.deep.equal({ status: 0, output: "" });
    await until("both outputs have ended", () =>
      started.every(({ child }) => child.stdout?.readableEnded && child.stderr?.readableEnded),
    );
    expect(await fetchText()).to.equal("the page");
    await until("the program has read", () =>
      readText(join(root, "run/piped.log")).includes("resuming normal operations"),
    );
  });

  it("finishes on graceful-stop", async () => {
    await prepare();
    await modhost();
    expect(await modhost("-k", "graceful-stop")).to.deep.equal({ status: 0, output: "" });
    await until("nothing is left", () => started.every((running) => running.family().length === 0));
    expect(errors()).to.contain("AH00492: caught SIGWINCH, shutting down gracefully");
  });

  it("starts when it is to be reloaded and does not run", async () => {
    await prepare();
    expect(await modhost("-k", "graceful")).to.deep.equal({
      status: 0,
      output: "httpd not running, trying to start\n",
    });
    expect(await fetchText()).to.equal("the page");
  });

  it("says why it cannot start, and leaves nothing", async () => {
    await prepare();
    const blocker = createServer().listen(port, "127.0.0.1");
    await once(blocker, "listening");
    const { status: failed, output } = await modhost();
    blocker.close();
    expect(failed).to.equal(1);
    expect(output).to.match(
      /^\(98\)Address already in use: AH00072: make_sock: could not bind to address 127.0.0.1:\d+/,
    );
    expect(output).to.contain("no listening sockets available, shutting down\nAH00015: Unable to open logs\n");
    await until("nothing is left", () => started.every((running) => running.family().length === 0));
  });

  for (const [name, line, text] of [
    ["a directive nobody knows", "Nonsense on", "Invalid command 'Nonsense'"],
    ["an unknown user", "User nosuchuser", "AH00543: modhost: bad user name nosuchuser"],
    ["an unknown group", "Group nosuchgroup", "AH00544: modhost: bad group name nosuchgroup"],
  ] as const) {
    it(`refuses ${name}, at every -k word`, async () => {
      await prepare(`${line}\n`);
      for (const args of [["-t"], [], ["-k", "stop"], ["-k", "graceful"]]) {
        const { status: failed, output } = await modhost(...args);
        expect([args, failed]).to.deep.equal([args, 1]);
        expect(output).to.contain(text);
      }
    });
  }

  it("checks and lists without starting anything", async () => {
    await prepare("<VirtualHost 127.0.0.1:@PORT@>\nServerName a.test\nServerAlias *.a.test\n</VirtualHost>");
    expect(await modhost("-t")).to.deep.equal({ status: 0, output: "Syntax OK\n" });
    const { output } = await modhost("-S");
    expect(output).to.contain(`127.0.0.1:${port}`.padEnd(22) + ` a.test (${root}/apache2.conf:`);
    expect(output).to.contain(`ServerRoot: "${root}"\n`).and.to.contain("Define: DUMP_VHOSTS\n");
    expect((await modhost("-M")).output).to.match(
      /^Loaded Modules:\n core_module \(static\)\n[^]* dir_module \(shared\)\n/,
    );
    expect((await modhost("-v")).output).to.match(/^Server version: modhost\/[\d.]+ .*\nServer built: {3}\d/);
    expect((await modhost("-t", "-DDUMP_INCLUDES")).output).to.equal(
      `Included configuration files:\n  (*) ${root}/apache2.conf\n`,
    );
    expect(existsSync(join(root, "run/modhost.pid"))).to.equal(false);
  });

  it("hands the lines of a log to its program, one for all workers, and ends it with the server", async () => {
    await prepare(
      'LogFormat "%r" short\nCustomLog "|$echo started >> @ROOT@/run/piped; cat >> @ROOT@/run/piped" short\n',
    );
    await modhost();
    for (let i = 0; i < 5; i++) await fetchText(`/index.html?${i}`);
    const lines = (): string[] => readText(join(root, "run/piped")).trim().split("\n");
    await until("all lines are there", () => lines().length >= 6);
    expect(lines().sort()).to.deep.equal([...[0, 1, 2, 3, 4].map((i) => `GET /index.html?${i} HTTP/1.1`), "started"]);
    await modhost("-k", "stop");
    await until("nothing is left", () => started.every((running) => running.family().length === 0));
  });

  it("writes to a new file after graceful when the old log was moved away", async () => {
    await prepare('LogFormat "%r" short\nCustomLog @ROOT@/run/access.log short\n');
    await modhost();
    await fetchText("/index.html?1");
    renameSync(join(root, "run/access.log"), join(root, "run/access.log.1"));
    await modhost("-k", "graceful");
    await until("the new configuration serves alone", async () => {
      const { workers, generation } = await status();
      return generation === 2 && workers.every((worker) => worker.generation === 2);
    });
    await fetchText("/index.html?2");
    await until("the line is there", () => readText(join(root, "run/access.log")).includes("?2"));
    expect(readText(join(root, "run/access.log.1")))
      .to.contain("?1")
      .and.not.to.contain("?2");
  });

  it("writes to the standard error it was started with, when the log is /dev/stderr", async () => {
    await prepare("ErrorLog /dev/stderr\n");
    const running = runProgram([process.execPath, program, "-d", root, "-DFOREGROUND"]);
    started.push(running);
    await until("it serves", () => running.output().includes("AH00489"));
    running.child.kill("SIGINT");
    expect(await running.exit).to.equal(0);
    expect(running.output()).to.contain("AH00491: caught SIGINT, shutting down");
  });

  it("serves as its user, and says which folder is closed to it", async function () {
    // Only root can change accounts.
    if (process.getuid?.() !== 0) this.skip();
    await prepare("DocumentRoot @ROOT@/closed\n");
    mkdirSync(join(root, "closed"), { mode: 0o700 });
    const again = await modhost();
    expect(again.status).to.equal(0);
    expect(again.output).to.contain(`User www-data cannot get at ${root}/closed`);
    const owners = (await status()).workers.map(
      ({ pid: worker }) => /^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${worker}/status`, "utf8"))?.[1],
    );
    expect(new Set(owners)).to.deep.equal(new Set(["33"]));
  });
});

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
