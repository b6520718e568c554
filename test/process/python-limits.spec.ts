// The limits of a daemon group: which requests fail, how processes are replaced, and what the log tells.
import { expect } from "chai";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DaemonGroupSpec } from "../../src/api/index.js";
import { findPython } from "../../src/process/python-interpreter.js";
import { isAlive, TestGroup, until } from "../support/daemon-groups.js";
import { bodyOf, requestFor } from "../support/python-pool.js";

const pythonDaemon = fileURLToPath(new URL("../../python/modhost_wsgi", import.meta.url));

const application = `
import os, resource, signal, sys, threading, time
import mod_wsgi

@mod_wsgi.subscribe_shutdown
def stopping(name, shutdown_reason, **rest):
    print(name, shutdown_reason)

def spin(seconds):
    end = time.time() + seconds
    while time.time() < end:
        pass

def application(environ, start_response):
    path = environ["PATH_INFO"]
    query = float(environ["QUERY_STRING"] or 0)
    answer = str(os.getpid())
    if path == "/sleep":
        time.sleep(query)
    elif path == "/spin":
        spin(query)
    elif path == "/burn":
        # Processor time, however many share the processor.
        end = time.thread_time() + query
        while time.thread_time() < end:
            pass
    elif path == "/stubborn":
        try:
            spin(query)
        except BaseException:
            spin(query)
    elif path == "/gil":
        # Keeps the GIL, whatever signals come: about as many seconds.
        sum(range(int(query * 5e7)))
    elif path == "/stop":
        os.kill(os.getpid(), signal.SIGSTOP)
        # The signal may find another thread first.
        time.sleep(30)
    elif path == "/signal":
        os.kill(os.getpid(), int(query))
    elif path == "/limits":
        answer = " ".join(str(resource.getrlimit(getattr(resource, "RLIMIT_" + name))) for name in ("DATA", "AS", "CPU"))
    elif path == "/threads":
        answer = "%d %d %.3f" % (os.getpriority(os.PRIO_PROCESS, 0), threading.stack_size(), sys.getswitchinterval())
    elif path == "/memory":
        answer = str(len(bytearray(int(query))))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
`;

describe("the limits of a daemon group", () => {
  let tests: TestGroup[] = [];

  before(function () {
    if ("missing" in findPython(undefined)) this.skip();
  });

  afterEach(async () => {
    await Promise.all(tests.map((test) => test.stop()));
    tests = [];
  });

  /** A group with the application above, and a worker's client; requests by path. */
  function start(spec: Partial<DaemonGroupSpec>, text = application) {
    const test = new TestGroup({ threads: 3, socketTimeout: 20_000, ...spec }, { pythonDaemon });
    tests.push(test);
    const script = test.preload(text);
    const { group } = test;
    const client = test.client();
    group.start();
    const get = async (path = "/"): Promise<{ status: number; text: string }> => {
      const { call, request } = requestFor({
        script,
        path,
        environ: { "mod_wsgi.request_id": "AbCdEfGhIjKlMnOpQrStUvWx" },
      });
      const response = await client.run(call, request);
      return { status: response.status, text: (await bodyOf(response)).toString() };
    };
    const pid = async (): Promise<number> => Number((await get()).text);
    return { test, group, client, script, get, pid };
  }

  /** Asks until another process answers than that one, every answer being whole. */
  async function replaced(pid: () => Promise<number>, before: number): Promise<number> {
    for (;;) {
      const now = await pid();
      expect(now).to.be.above(0);
      if (now !== before) return now;
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  describe("interrupt-timeout", () => {
    it("ends one request with 504, and the process goes on", async () => {
      const { test, get, pid } = start({ requestTimeout: 800, interruptTimeout: 5000 });
      const before = await pid();
      const interrupted = get("/spin?30");
      await new Promise((done) => setTimeout(done, 400));
      const neighbour = get("/sleep?0.6");
      expect((await interrupted).status).to.equal(504);
      await until(() => test.logged(/interrupted/) && test.logged(/in spin/));
      expect(await neighbour).to.deep.equal({ status: 200, text: String(before) });
      expect(await pid()).to.equal(before);
      expect(test.logged(/the process is replaced/)).to.equal(false);
    });

    it("replaces the process where the application does not end, after its neighbours", async () => {
      const { test, get, pid } = start({ requestTimeout: 600, interruptTimeout: 300, gracefulTimeout: 5000 });
      const before = await pid();
      const stubborn = get("/stubborn?3");
      await new Promise((done) => setTimeout(done, 600));
      const neighbour = get("/sleep?0.5");
      expect((await stubborn).status).to.equal(504);
      expect(await neighbour).to.deep.equal({ status: 200, text: String(before) });
      await until(() => test.logged(/the interrupt did not end request .* in 0.3 s \(interrupt-timeout\)/));
      await until(() => !isAlive(before));
      expect(await pid()).not.to.equal(before);
    });
  });

  describe("request-timeout", () => {
    it("costs its neighbours nothing: they finish, and nobody waits for the one that is stuck", async () => {
      const { test, get, pid } = start({ requestTimeout: 500, gracefulTimeout: 10_000, shutdownTimeout: 10_000 });
      const before = await pid();
      const stuck = get("/sleep?60");
      await new Promise((done) => setTimeout(done, 300));
      const neighbour = get("/sleep?0.4");
      expect((await stuck).status).to.equal(504);
      expect(await neighbour).to.deep.equal({ status: 200, text: String(before) });
      await until(() => !isAlive(before));
      const line = test.logs.find(({ message }) => message.includes("longer than request-timeout"))?.message;
      expect(line).to.match(
        /"GET \/sleep\?60 HTTP\/1.1" \(AbC\w+, test.example\) has run for \d+\.\d s in thread \d of process \d+ of daemon group "test"/,
      );
      await until(() => test.logged(/app.wsgi", line \d+,? in application/));
    });

    it("holds for a process in which nothing moves: 504, and the group is whole again", async () => {
      for (const path of ["/gil?30", "/stop"]) {
        const { get, pid } = start({ requestTimeout: 500, shutdownTimeout: 300, gracefulTimeout: 20_000 });
        const before = await pid();
        expect((await get(path)).status, path).to.equal(504);
        await until(() => !isAlive(before));
        expect(await pid()).not.to.equal(before);
      }
    });
  });

  it("deadlock-timeout: a process without a sign of life is replaced, its stacks in the log", async () => {
    const { test, get, pid } = start({ deadlockTimeout: 300, shutdownTimeout: 200 });
    const before = await pid();
    const lost = get("/gil?30");
    expect((await lost).status).to.equal(502);
    expect(test.logged(/no sign of life for 0.3 s \(deadlock-timeout\)/)).to.equal(true);
    expect(test.logged(/app.wsgi", line \d+ in application/)).to.equal(true);
    await until(() => !isAlive(before));
    expect(await pid()).not.to.equal(before);
  });

  /** Options, what sets them off, and what subscribers hear. */
  const planned: readonly (readonly [string, Partial<DaemonGroupSpec>, string | undefined, string])[] = [
    ["restart-interval", { restartInterval: 400 }, undefined, "restart_interval"],
    ["inactivity-timeout", { inactivityTimeout: 200 }, undefined, "inactivity_timeout"],
    ["maximum-requests", { maximumRequests: 3 }, "/", "maximum_requests"],
    ["cpu-time-limit", { cpuTimeLimit: 1, gracefulTimeout: 30_000 }, "/burn?0.7", "cpu_time_limit"],
    ["SIGUSR1", {}, "/signal?10", "graceful_signal"],
    ["SIGUSR1 with eviction-timeout", { evictionTimeout: 1000 }, "/signal?10", "eviction_signal"],
  ];
  for (const [name, spec, path, reason] of planned) {
    it(`${name}: the process ends when its successor is ready, and no request is lost`, async () => {
      const { test, get, pid } = start(spec);
      const before = await pid();
      if (path) for (let i = 0; i < 2; i++) expect((await get(path)).status).to.equal(200);
      // Asking would be activity.
      if (name === "inactivity-timeout") await until(() => !isAlive(before));
      await replaced(pid, before);
      await until(() => test.logged(new RegExp(`process_stopping ${reason}`)));
      expect(test.logged(new RegExp(`process ${before} of daemon group "test" leaves: ${reason}`))).to.equal(true);
      await until(() => !isAlive(before));
    });
  }

  it("inactivity-timeout: not before the first request, and not while one runs", async () => {
    const { test, get } = start({ inactivityTimeout: 150 });
    await until(() => test.state?.state === "serving");
    await new Promise((done) => setTimeout(done, 400));
    expect((await get("/sleep?0.5")).status).to.equal(200);
    expect(test.logged(/inactivity_timeout/)).to.equal(false);
    await until(() => test.logged(/leaves: inactivity_timeout/));
  });

  it("sets the limits of memory and time, stacks, turns and priority", async () => {
    const { get } = start({
      ...{ memoryLimit: 400_000_000, virtualMemoryLimit: 900_000_000, cpuTimeLimit: 100, shutdownTimeout: 3000 },
      ...{ stackSize: 524_288, switchInterval: 0.02, cpuPriority: 3 },
    });
    expect((await get("/limits")).text).to.equal("(400000000, 400000000) (900000000, 900000000) (100, 104)");
    expect((await get("/threads")).text).to.equal("3 524288 0.020");
  });

  it("memory-limit: the request that wants more is answered 500, others as before", async () => {
    const { get, pid } = start({ memoryLimit: 200_000_000, stackSize: 524_288 });
    const before = await pid();
    expect((await get("/memory?400000000")).status).to.equal(500);
    expect((await get("/memory?4000000")).text).to.equal("4000000");
    expect(await pid()).to.equal(before);
  });

  it("says so when the threads do not fit into the limits", async () => {
    const { test, get } = start({ memoryLimit: 60_000_000, threads: 15 });
    expect((await get()).status).to.equal(503);
    expect(test.logged(/15 threads cannot be started: lower threads= or stack-size=/)).to.equal(true);
  });

  describe("a restart of the group", () => {
    it("replaces all processes, one by one, without losing a request", async () => {
      const { group, get } = start({ processes: 2, threads: 1 });
      const pids = async (): Promise<Set<string>> =>
        new Set((await Promise.all([get("/sleep?0.3"), get("/sleep?0.3")])).map(({ text }) => text));
      const before = await pids();
      expect(before.size).to.equal(2);
      let going = true;
      const statuses: number[] = [];
      const load = (async () => {
        while (going) statuses.push((await get()).status);
      })();
      expect(await group.restart()).to.deep.equal([]);
      going = false;
      await load;
      expect(statuses.filter((status) => status !== 200)).to.deep.equal([]);
      await until(() => [...before].every((pid) => !isAlive(Number(pid))));
      expect([...(await pids())].filter((pid) => before.has(pid))).to.deep.equal([]);
    });

    it("leaves what serves alone where new code does not load, and tells why", async () => {
      const { group, script, pid } = start({});
      const before = await pid();
      const { mtime } = { mtime: new Date(Date.now() - 1000) };
      writeFileSync(script, "import nowhere_to_be_found\n");
      utimesSync(script, mtime, mtime);
      const [failure = ""] = await group.restart();
      expect(failure).to.match(/Traceback \(most recent call last\)[^]*No module named 'nowhere_to_be_found'/);
      expect(await pid()).to.equal(before);
    });

    it("has successors load what requests have loaded", async () => {
      const { group, test, script, pid } = start({}, application);
      await pid();
      const other = join(test.folder, "other.wsgi");
      writeFileSync(other, "1 / 0\n");
      writeFileSync(script, readFileSync(script, "utf8"));
      const [failure] = await group.restart();
      expect(failure).to.equal(undefined);
    });
  });
});
