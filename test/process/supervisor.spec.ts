// The supervisor and its workers, as real processes around a tiny server.
import { expect } from "chai";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get, type IncomingHttpHeaders } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askSupervisor } from "../../src/process/control-socket.js";
import type { SupervisorStatus } from "../../src/process/status.js";
import { freePorts, runNode, until, type Running } from "../support/running.js";
import type { TinySettings } from "./fixtures/tiny-server.js";

const program = fileURLToPath(new URL("fixtures/tiny-server.ts", import.meta.url));

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

function fetchText(port: number, path = "/", agent: Agent | false = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent }, (response) => {
      let text = "";
      response.on("data", (bytes: Buffer) => (text += bytes.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
      response.on("error", reject);
    }).on("error", reject);
  });
}

describe("the supervisor", () => {
  let folder: string;
  let port: number;
  let other: number;
  let running: Running | undefined;

  const configure = (settings: Partial<TinySettings> = {}): void =>
    writeFileSync(join(folder, "tiny.json"), JSON.stringify({ folder, ports: [port], text: "one", ...settings }));
  const launch = async (settings: Partial<TinySettings> = {}): Promise<Running> => {
    configure(settings);
    running = runNode([program], { TINY_SETTINGS: join(folder, "tiny.json") });
    const result = await Promise.race([once(running.child, "message"), running.exit]);
    if (!Array.isArray(result)) throw new Error(`ended with ${result}: ${running.output()}`);
    return running;
  };
  const log = (): string =>
    existsSync(join(folder, "error.log")) ? readFileSync(join(folder, "error.log"), "utf8") : "";
  const logged = (text: string): Promise<void> => until(`the log says ${text}`, () => log().includes(text));
  const status = async (): Promise<SupervisorStatus> =>
    (await askSupervisor(join(folder, "pid"), "status")) as SupervisorStatus;
  const reloaded = (generation: number): Promise<void> =>
    until(`generation ${generation} serves alone`, async () => {
      const { workers, generation: current } = await status();
      return current === generation && workers.every((worker) => worker.generation === generation);
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "modhost-supervisor-"));
    [port = 0, other = 0] = await freePorts(2);
  });
  afterEach(async () => {
    await running?.end();
    running = undefined;
    rmSync(folder, { recursive: true });
  });

  it("serves with its workers, and says so", async () => {
    const { child } = await launch();
    expect((await fetchText(port)).text).to.equal("one");
    expect(readFileSync(join(folder, "pid"), "utf8")).to.equal(`${child.pid}\n`);
    await logged("[mpm_event:notice]");
    expect(log()).to.contain("AH00489: tiny/1 configured -- resuming normal operations");
    expect(log()).to.contain("AH00094: Command line: 'tiny-server'");
    const { pid, workers, state, generation } = await status();
    expect({ pid, state, generation, workers: workers.map((worker) => worker.state) }).to.deep.equal({
      pid: child.pid,
      state: "serving",
      generation: 1,
      workers: ["serving", "serving"],
    });
  });

  it("spreads kept connections over the workers", async () => {
    await launch();
    // One that the machine has no time for now accepts none.
    await until("both workers answer", async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 40 });
      const answers = await Promise.all(Array.from({ length: 40 }, () => fetchText(port, "/slow", agent)));
      agent.destroy();
      return new Set(answers.map(({ headers }) => headers["x-worker"])).size === 2;
    });
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`stops on ${signal} and leaves nothing behind`, async () => {
      const server = await launch();
      server.child.kill(signal);
      expect(await server.exit).to.equal(0);
      await until("all have ended", () => server.family().length === 0);
      expect(existsSync(join(folder, "pid"))).to.equal(false);
      expect(existsSync(join(folder, "pid.control"))).to.equal(false);
      expect(log()).to.contain(`AH00491: caught ${signal}, shutting down`);
      expect(server.output()).to.equal("");
    });
  }

  it("kills a worker that is caught in a loop when it stops", async () => {
    const server = await launch();
    fetchText(port, "/spin").catch(() => undefined);
    await until("a worker is busy", async () => (await status()).workers.length === 2);
    server.child.kill("SIGTERM");
    expect(await server.exit).to.equal(0);
    await until("all have ended", () => server.family().length === 0);
    expect(log()).to.match(/AH00046: child process \d+ still did not exit, sending a SIGKILL/);
  });

  it("takes its workers along when it is killed", async () => {
    const server = await launch();
    server.child.kill("SIGKILL");
    await server.exit;
    await until("all have ended", () => server.family().length === 0);
  });

  it("takes a worker along that is caught in a loop", async () => {
    const server = await launch();
    fetchText(port, "/spin").catch(() => undefined);
    await until("a worker is busy", async () => (await status()).workers.length === 2);
    server.child.kill("SIGKILL");
    await server.exit;
    await until("all have ended", () => server.family().length === 0);
  });

  it("finishes what runs on a graceful stop, and refuses new connections", async () => {
    const server = await launch();
    const slow = fetchText(port, "/slow");
    await until("the request runs", async () => (await status()).workers.some(({ active }) => active > 0));
    server.child.kill("SIGWINCH");
    await until("connections are refused", () =>
      fetchText(port).then(
        () => false,
        () => true,
      ),
    );
    expect((await slow).text).to.equal("one");
    expect(await server.exit).to.equal(0);
    expect(existsSync(join(folder, "pid"))).to.equal(false);
  });

  it("cuts a graceful stop off after GracefulShutdownTimeout", async () => {
    const server = await launch({ gracefulShutdownTimeout: 100 });
    const slow = fetchText(port, "/slow").catch((error: Error) => error);
    await until("the request runs", async () => (await status()).workers.some(({ active }) => active > 0));
    server.child.kill("SIGWINCH");
    expect(await slow).to.be.instanceOf(Error);
    expect(await server.exit).to.equal(0);
  });

  it("replaces a worker that was killed", async () => {
    await launch();
    const [victim] = (await status()).workers;
    process.kill(victim?.pid ?? 0, "SIGKILL");
    await until("another serves", async () => {
      const { workers } = await status();
      return workers.length === 2 && workers.every(({ pid, state }) => pid !== victim?.pid && state === "serving");
    });
    await logged("AH00052: child pid");
  });

  it("replaces a worker with an uncaught exception, which finishes what it has", async () => {
    await launch({ workers: 1 });
    const [victim] = (await status()).workers;
    const slow = fetchText(port, "/slow");
    await until("the request runs", async () => (await status()).workers.some(({ active }) => active > 0));
    await fetchText(port, "/throw");
    expect((await slow).text).to.equal("one");
    await until("another serves", async () => {
      const { workers } = await status();
      return workers.length === 1 && workers[0]?.pid !== victim?.pid && workers[0]?.state === "serving";
    });
    expect(log()).to.contain("[core:crit]").and.to.contain("Error: thrown by a test");
  });

  describe("on a graceful restart", () => {
    it("takes the new configuration, its listeners too", async () => {
      const server = await launch();
      configure({ text: "two", ports: [other] });
      server.child.kill("SIGUSR1");
      await reloaded(2);
      expect((await fetchText(other)).text).to.equal("two");
      await until("the old listener is closed", () =>
        fetchText(port).then(
          () => false,
          () => true,
        ),
      );
      expect(log()).to.contain("AH00493: SIGUSR1 received.  Doing graceful restart");
    });

    it("loses no request of kept connections, time after time", async function () {
      this.timeout(180_000);
      const server = await launch();
      const agent = new Agent({ keepAlive: true, maxSockets: 8 });
      let isOver = false;
      let answered = 0;
      const client = async (): Promise<void> => {
        while (!isOver) {
          const { text } = await fetchText(port, "/", agent);
          expect(text).to.equal("one");
          answered++;
        }
      };
      const clients = Array.from({ length: 8 }, client);
      for (let generation = 2; generation <= 9; generation++) {
        server.child.kill("SIGUSR1");
        await Promise.race([reloaded(generation), ...clients]);
      }
      isOver = true;
      await Promise.all(clients);
      agent.destroy();
      expect(answered).to.be.greaterThan(100);
    });

    it("goes on with the old configuration when the new one is broken", async () => {
      const server = await launch();
      configure({ broken: "tiny.json:1:1: nonsense\n  a line\n  ^" });
      server.child.kill("SIGUSR1");
      await logged("the new configuration is not taken");
      expect(log()).to.contain("[core:error]").and.to.contain("tiny.json:1:1: nonsense");
      expect((await fetchText(port)).text).to.equal("one");
      const { lastFailure, generation } = await status();
      expect(generation).to.equal(1);
      expect(lastFailure?.errors).to.deep.equal(["tiny.json:1:1: nonsense\n  a line\n  ^"]);
      configure({ text: "two" });
      server.child.kill("SIGUSR1");
      await reloaded(2);
      expect((await status()).lastFailure).to.equal(null);
    });

    it("goes on with the old workers when new ones cannot start", async () => {
      const server = await launch();
      const before = (await status()).workers.map(({ pid }) => pid);
      configure({ workerFails: "no such module", ports: [port, other] });
      server.child.kill("SIGUSR1");
      await logged("the new configuration is not taken");
      expect(log()).to.contain("no such module");
      expect((await status()).workers.map(({ pid }) => pid)).to.deep.equal(before);
      expect((await fetchText(port)).text).to.equal("one");
    });

    it("goes on when a new address is in use", async () => {
      const blocker = createServer().listen(other, "127.0.0.1");
      await once(blocker, "listening");
      const server = await launch();
      configure({ text: "two", ports: [port, other] });
      server.child.kill("SIGUSR1");
      await logged("the new configuration is not taken");
      blocker.close();
      expect(log()).to.contain(
        `(98)Address already in use: AH00072: make_sock: could not bind to address 127.0.0.1:${other}`,
      );
      expect((await fetchText(port)).text).to.equal("one");
    });

    it("opens the logs anew", async () => {
      const server = await launch();
      renameSync(join(folder, "error.log"), join(folder, "error.log.1"));
      server.child.kill("SIGUSR1");
      await reloaded(2);
      await fetchText(port, "/log");
      await logged("asked to log");
    });
  });

  it("cuts old workers off on a restart", async () => {
    const server = await launch();
    const agent = new Agent({ keepAlive: true });
    await fetchText(port, "/", agent);
    configure({ text: "two" });
    server.child.kill("SIGHUP");
    await reloaded(2);
    agent.destroy();
    expect((await fetchText(port)).text).to.equal("two");
    expect(log()).to.contain("AH00494: SIGHUP received.  Attempting to restart");
  });

  describe("refuses to start", () => {
    it("when an address is in use", async () => {
      const blocker = createServer().listen(port, "127.0.0.1");
      await once(blocker, "listening");
      const error = await launch().catch((reason: Error) => reason.message);
      blocker.close();
      expect(error).to.contain("ended with 1");
      expect(error).to.contain(
        `(98)Address already in use: AH00072: make_sock: could not bind to address 127.0.0.1:${port}`,
      );
      expect(error).to.contain("no listening sockets available, shutting down\nAH00015: Unable to open logs");
      expect(existsSync(join(folder, "pid"))).to.equal(false);
    });

    it("when its workers cannot", async () => {
      const error = await launch({ workerFails: "no such module" }).catch((reason: Error) => reason.message);
      expect(error).to.contain("no such module");
      await until("all have ended", () => running?.family().length === 0);
      expect(existsSync(join(folder, "pid"))).to.equal(false);
    });
  });

  it("warns of a pid file that was left behind", async () => {
    writeFileSync(join(folder, "pid"), "4194303\n");
    await launch();
    await logged(`AH00098: pid file ${folder}/pid overwritten`);
  });

  it("serves as the configured user when it is root", async function () {
    // Nobody else can change accounts.
    if (process.getuid?.() !== 0) this.skip();
    await launch({ identity: { user: "www-data", uid: 33, gid: 33, group: "www-data" } });
    expect((await fetchText(port)).headers["x-worker"]).to.match(/ 33$/);
    await fetchText(port, "/log");
    await logged("asked to log");
  });
});
