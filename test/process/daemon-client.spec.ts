import { expect } from "chai";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { RequestBodyError, type DaemonGroupSpec } from "../../src/api/index.js";
import type { DaemonClient } from "../../src/process/daemon-client.js";
import { isAlive, until } from "../support/daemon-groups.js";
import { bodyOf, PythonPool, requestFor, type RequestOptions } from "../support/python-pool.js";

describe("the client of a pool of daemons", () => {
  let pools: PythonPool[] = [];

  async function poolOf(spec: Partial<DaemonGroupSpec> = {}, processes = spec.processes ?? 1): Promise<PythonPool> {
    const pool = new PythonPool({ ...spec, processes: Math.max(1, processes) });
    pools.push(pool);
    for (let i = 0; i < processes; i++) await pool.start();
    return pool;
  }

  function send(client: DaemonClient, options: RequestOptions) {
    const made = requestFor(options);
    return { ...made, response: Promise.resolve(client.run(made.call, made.request)) };
  }

  async function text(client: DaemonClient, options: RequestOptions): Promise<string> {
    const { response } = send(client, options);
    expect((await response).status).to.equal(200);
    return String(await bodyOf(await response));
  }

  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.stop()));
    pools = [];
  });

  describe("when a daemon dies", () => {
    it("answers 502 if nothing of the response has come", async () => {
      const client = (await poolOf()).client();
      const { response, logs } = send(client, { path: "/dies" });
      expect((await response).status).to.equal(502);
      expect(logs[0]).to.match(
        /^error: process \d+ of the daemon group ended before the response was complete: "GET .*" \(.*, test.example\) had run for .* s in thread \d$/,
      );
    });

    it("breaks the response off after that", async () => {
      for (const path of ["/dies-later", "/endless"]) {
        const pool = await poolOf();
        const body = new PassThrough();
        const response = await send(pool.client(), { method: "POST", path, body }).response;
        expect(response.status).to.equal(200);
        const stream = response.body as Readable;
        const broke = bodyOf(response).then(
          () => "complete",
          (error: Error) => error.message,
        );
        if (path === "/endless") pool.daemons[0]?.child.kill("SIGKILL");
        else body.end("\n");
        expect(await broke).to.contain("the daemon ended before");
        expect(stream.errored).not.to.equal(null);
      }
    });

    it("gives a request that none has read to another process", async () => {
      const pool = await poolOf({ threads: 1 });
      const client = pool.client();
      await text(client, { path: "/gather" });
      const [first] = pool.daemons;
      // Stopped, it cannot read what is sent on its idle connection.
      first?.child.kill("SIGSTOP");
      const answer = text(client, { path: "/gather" });
      await new Promise((done) => setImmediate(done));
      first?.child.kill("SIGKILL");
      await pool.start();
      expect(await answer).to.equal("one two three");
    });

    it("goes on with a process started later", async () => {
      const pool = await poolOf({}, 0);
      const client = pool.client();
      const answer = text(client, { path: "/gather" });
      await pool.start();
      expect(await answer).to.equal("one two three");
    });
  });

  describe("when the client is slow", () => {
    it("makes the daemon wait", async () => {
      const client = (await poolOf()).client();
      const response = await send(client, { path: "/endless" }).response;
      const stream = response.body as Readable;
      const produced = () => text(client, { path: "/produced-by-endless" }).then(Number);
      // Until the count stands still.
      let before = -1;
      let now = await produced();
      while (now !== before) {
        before = now;
        await new Promise((done) => setTimeout(done, 20));
        now = await produced();
      }
      expect(now).to.be.lessThan(20);
      expect(stream.readableLength).to.be.lessThan(300_000);
      stream.destroy();
      while ((await produced()) !== -1);
      await until(() => client.load.running === 0);
    });

    it("reads on after the end of a response that came together with more than the client has taken", async () => {
      const client = (await poolOf({ threads: 1 })).client();
      // Its last bytes are as many as make the daemon wait.
      const body = Buffer.alloc(190_000, "x");
      const response = await send(client, { method: "POST", path: "/read-all", body }).response;
      // The end comes with the last bytes or after them: then it is for the client to take some first.
      const { body: stream } = response;
      await until(() => client.load.running === 0 || (stream instanceof Readable && stream.readableLength >= 131_072));
      expect(await bodyOf(response)).to.have.length(body.length);
      expect(await text(client, { path: "/gather" })).to.equal("one two three");
    });

    it("makes the client's upload wait for an application that does not read", async () => {
      const client = (await poolOf()).client();
      let given = 0;
      const body = new Readable({
        read() {
          given += 65536;
          this.push(Buffer.alloc(65536));
        },
      });
      expect(await text(client, { method: "POST", path: "/reads-and-sleeps", body })).to.equal("\0".repeat(10));
      expect(given).to.be.lessThan(1_000_000);
    });
  });

  describe("when the client leaves", () => {
    it("drops a request that waits", async () => {
      const client = (await poolOf({ threads: 1 })).client();
      const running = send(client, { path: "/sleeps?0.3" });
      await until(() => client.load.running === 1);
      const waiting = send(client, { path: "/fails" });
      waiting.leave();
      expect((await waiting.response).status).to.equal(408);
      expect(client.load.waiting).to.equal(0);
      expect((await running.response).status).to.equal(200);
      expect(waiting.logs).to.deep.equal([]);
    });

    it("ends the application at its next write", async () => {
      const client = (await poolOf()).client();
      const { response, leave, logs } = send(client, { path: "/trickle" });
      expect((await response).status).to.equal(200);
      leave();
      while ((await text(client, { path: "/produced-by-endless" })) !== "-2");
      await until(() => client.load.running === 0);
      expect(logs.filter((line) => line.includes("Traceback"))).to.deep.equal([]);
    });

    it("knows the thread busy until it is free", async () => {
      const client = (await poolOf({ threads: 1 })).client();
      const { response, leave } = send(client, { path: "/sleeps?0.3" });
      await until(() => client.load.running === 1);
      leave();
      expect((await response).status).to.equal(408);
      expect(client.load.running).to.equal(1);
      await until(() => client.load.running === 0);
      expect(await text(client, { path: "/gather" })).to.equal("one two three");
    });
  });

  describe("when a body breaks off", () => {
    it("fails with the body's own error, and the application with an OSError", async () => {
      const client = (await poolOf()).client();
      const body = new PassThrough();
      const { response } = send(client, { method: "POST", path: "/read-all", body, length: 100 });
      body.write("some");
      await until(() => body.listenerCount("error") > 0);
      body.destroy(new RequestBodyError(413, "too much"));
      const error = await response.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(RequestBodyError);
      expect((error as RequestBodyError).status).to.equal(413);
      await until(() => client.load.running === 0);
      expect(await text(client, { path: "/gather" })).to.equal("one two three");
    });
  });

  describe("keeps the time", () => {
    it("queue-timeout: 504 when it is over, though all threads are busy", async () => {
      const client = (await poolOf({ threads: 1, queueTimeout: 100 })).client();
      const running = send(client, { path: "/sleeps?2" });
      await until(() => client.load.running === 1);
      const begun = performance.now();
      const { response, logs } = send(client, { path: "/gather" });
      expect((await response).status).to.equal(504);
      expect(performance.now() - begun).to.be.at.least(99);
      expect(logs[0]).to.contain('no thread of daemon group "test" took the request within 0.1 s');
      expect((await running.response).status).to.equal(200);
    });

    it("connect-timeout: 503 while nobody listens", async () => {
      const client = (await poolOf({ connectTimeout: 100 }, 0)).client();
      const { response, logs } = send(client, {});
      expect((await response).status).to.equal(503);
      expect(logs[0]).to.contain("connect-timeout is over");
    });

    it("request-timeout: 504, and tells of the process and the thread", async () => {
      const pool = await poolOf({ requestTimeout: 200 });
      const client = pool.client();
      const { response } = send(client, { path: "/sleeps?0.6" });
      expect((await response).status).to.equal(504);
      expect(pool.overdue).to.have.length(1);
      const [report] = pool.overdue;
      expect(report).to.include({
        type: "overdue",
        limit: "request-timeout",
        pid: pool.daemons[0]?.child.pid,
        requestLine: "GET /sleeps?0.6 HTTP/1.1",
        virtualHost: "test.example",
      });
      expect(report?.runningFor).to.be.within(200, 400);
      await until(() => client.load.running === 0);
    });

    it("request-timeout: also after the client has left", async () => {
      const pool = await poolOf({ requestTimeout: 200 });
      const client = pool.client();
      const { leave } = send(client, { path: "/sleeps?0.6" });
      await until(() => client.load.running === 1);
      leave();
      await until(() => pool.overdue.length === 1);
    });

    it("request-timeout: not while the client does not take the response, nor send its body", async () => {
      const pool = await poolOf({ requestTimeout: 200, socketTimeout: 200 });
      const client = pool.client();
      const reading = await send(client, { path: "/big" }).response;
      const body = new PassThrough();
      const sending = send(client, { method: "POST", path: "/read-all", body, length: 4 });
      await new Promise((done) => setTimeout(done, 500));
      body.end("body");
      expect(String(await bodyOf(await sending.response))).to.equal("body");
      expect((await bodyOf(reading)).length).to.equal(5_000_000);
      expect(pool.overdue).to.deep.equal([]);
    });

    it("socket-timeout: 504 if nothing is heard, without ending the process", async () => {
      const pool = await poolOf({ socketTimeout: 200 });
      const { response } = send(pool.client(), { path: "/sleeps?0.6" });
      expect((await response).status).to.equal(504);
      expect(pool.overdue.map(({ limit }) => limit)).to.deep.equal(["socket-timeout"]);
    });
  });

  describe("by the state of the pool", () => {
    it("answers 503 at once while it has failed, also to those that wait", async () => {
      const pool = await poolOf({}, 0);
      const client = pool.client();
      const waiting = send(client, {});
      client.update({ ...pool.state, state: "failed", reason: "its Python is gone" });
      expect((await waiting.response).status).to.equal(503);
      expect(waiting.logs).to.deep.equal(['error: daemon group "test" is not available: its Python is gone']);
      expect((await send(client, {}).response).status).to.equal(503);
    });

    it("waits until it hears of one", async () => {
      const pool = await poolOf();
      const client = pool.client(null);
      const answer = text(client, { path: "/gather" });
      client.update(pool.state);
      expect(await answer).to.equal("one two three");
    });
  });

  describe("and a script that has changed", () => {
    function version(pool: PythonPool, text: string, mtime: number): string {
      const path = join(pool.folder, "changing.wsgi");
      writeFileSync(
        path,
        `def application(e, s):\n    s('200 OK', [])\n    return [b'${text} ' + e['wsgi.input'].read()]\n`,
      );
      utimesSync(path, mtime, mtime);
      return path;
    }

    it("sends the request again, with its body, when the pool was reloaded", async () => {
      const pool = await poolOf();
      const client = pool.client();
      const script = version(pool, "old", 1000);
      const body = () => ({ script, method: "POST", body: Readable.from([Buffer.from("body")]), length: 4 });
      expect(await text(client, body())).to.equal("old body");
      version(pool, "new", 2000);
      const answers = [text(client, body()), text(client, body())];
      const [first] = pool.daemons;
      await until(() => first?.has("stale") ?? false);
      expect(first?.said.filter(({ type }) => type === "stale")).to.deep.equal([
        { type: "stale", isAsked: false, script, mtime: 2_000_000 },
      ]);
      // Other scripts are served meanwhile.
      expect(await text(client, { path: "/gather" })).to.equal("one two three");
      await pool.start();
      first?.tell({ type: "drain", milliseconds: 1000, reason: "test" });
      client.update({ ...pool.state, revision: 1 });
      expect(await Promise.all(answers)).to.deep.equal(["new body", "new body"]);
      await until(() => first?.hasEnded ?? false);
    });

    it("goes on with the old version when it is told to keep it", async () => {
      const pool = await poolOf();
      const client = pool.client();
      const script = version(pool, "old", 1000);
      expect(await text(client, { script })).to.equal("old ");
      version(pool, "new", 2000);
      const answer = text(client, { script });
      const [daemon] = pool.daemons;
      await until(() => daemon?.has("stale") ?? false);
      daemon?.tell({ type: "keep", script, mtime: 2_000_000 });
      client.update({ ...pool.state, revision: 1 });
      expect(await answer).to.equal("old ");
    });

    it("does not look where WSGIScriptReloading is Off", async () => {
      const pool = await poolOf();
      const client = pool.client();
      const script = version(pool, "old", 1000);
      expect(await text(client, { script, reloading: false })).to.equal("old ");
      version(pool, "new", 2000);
      expect(await text(client, { script, reloading: false })).to.equal("old ");
    });
  });

  describe("beside another client", () => {
    it("shares the threads fairly, and loses nothing", async () => {
      const pool = await poolOf({ threads: 3 });
      const clients = [pool.client(), pool.client()];
      const total = 5000;
      const finishedWhenFirstWasDone = { count: 0 };
      const done = [0, 0];
      const runs = clients.flatMap((client, i) =>
        Array.from({ length: 16 }, async (_, k) => {
          for (let n = k; n < total / 2; n += 16) {
            expect(await text(client, { script: "hello.wsgi" })).to.equal("Hello World\n");
            done[i] = (done[i] ?? 0) + 1;
            if (done[i] === total / 2 && finishedWhenFirstWasDone.count === 0) {
              finishedWhenFirstWasDone.count = done[1 - i] ?? 0;
            }
          }
        }),
      );
      await Promise.all(runs);
      expect(done).to.deep.equal([total / 2, total / 2]);
      expect(finishedWhenFirstWasDone.count).to.be.greaterThan(total / 8);
    });

    it("gets a thread although the other's connections idle on all of them", async () => {
      const pool = await poolOf({ threads: 2 });
      const [first, second] = [pool.client(), pool.client()];
      await Promise.all([1, 2].map(() => text(first, { path: "/sleeps?0.05" })));
      expect(first.load.connections).to.equal(2);
      expect(await text(second, { path: "/gather" })).to.equal("one two three");
      expect(await text(first, { path: "/gather" })).to.equal("one two three");
    });
  });

  describe("of several processes", () => {
    it("uses all of their threads", async () => {
      const pool = await poolOf({ threads: 2, processes: 2 });
      const client = pool.client();
      const slow = [1, 2, 3, 4].map(() => send(client, { path: "/sleeps?0.1" }).response);
      await until(() => client.load.running === 4);
      await Promise.all(slow);
    });

    it("loses no request while one drains and another takes its place", async () => {
      const pool = await poolOf({ threads: 2, processes: 2 });
      const client = pool.client();
      let isOver = false;
      const runs = Array.from({ length: 8 }, async () => {
        while (!isOver) expect(await text(client, { script: "hello.wsgi" })).to.equal("Hello World\n");
      });
      for (let i = 0; i < 3; i++) {
        await pool.start();
        pool.daemons[i]?.tell({ type: "drain", milliseconds: 5000, reason: "test" });
        await until(() => pool.daemons[i]?.hasEnded ?? false);
      }
      isOver = true;
      await Promise.all(runs);
      expect(pool.daemons.map(({ child }) => child.exitCode)).to.deep.equal([0, 0, 0, null, null]);
    });
  });
});

describe("a Python daemon's process", () => {
  let pool: PythonPool;

  afterEach(() => pool.stop());

  it("finishes what runs when it drains, and runs exit functions", async () => {
    pool = new PythonPool();
    const script = join(pool.folder, "exit.wsgi");
    writeFileSync(
      script,
      "import atexit, time\natexit.register(lambda: print('exit function'))\n" +
        "def application(e, s):\n    time.sleep(0.3)\n    s('200 OK', [])\n    return [b'done']\n",
    );
    const daemon = await pool.start();
    const client = pool.client();
    const { call, request } = requestFor({ script });
    const answer = Promise.resolve(client.run(call, request)).then(bodyOf);
    await until(() => client.load.running === 1);
    daemon.child.kill("SIGTERM");
    expect(String(await answer)).to.equal("done");
    await until(() => daemon.hasEnded);
    expect(daemon.child.exitCode).to.equal(0);
    expect(daemon.said).to.deep.include({ type: "log", level: "error", message: "exit function" });
  });

  it("ends at its time although something runs, and tells what", async () => {
    pool = new PythonPool();
    const daemon = await pool.start();
    const client = pool.client();
    const { call, request } = requestFor({ path: "/sleeps?10" });
    const answer = Promise.resolve(client.run(call, request));
    await until(() => client.load.running === 1);
    await new Promise((done) => setTimeout(done, 50));
    daemon.tell({ type: "drain", milliseconds: 100, reason: "test" });
    expect((await answer).status).to.equal(502);
    await until(() => daemon.hasEnded);
    const told = daemon.said.flatMap((message) => (message.type === "log" ? [message.message] : [])).join("\n");
    expect(told).to.match(
      /request "GET \/sleeps\?10 HTTP\/1.1" \(.*, test.example\) has run for \d+\.\d s in thread \d:/,
    );
    expect(told).to.match(/styles.wsgi", line \d+, in application/);
  });

  it("ends at once when the supervisor is gone, even while it serves", async () => {
    pool = new PythonPool();
    const daemon = await pool.start();
    const client = pool.client();
    const { call, request } = requestFor({ path: "/sleeps?10" });
    const answer = Promise.resolve(client.run(call, request));
    await until(() => client.load.running === 1);
    daemon.forsake();
    expect((await answer).status).to.equal(502);
    await until(() => !isAlive(daemon.child.pid ?? 0));
  });

  it("announces that it leaves at maximum-requests, and serves until it is drained", async () => {
    pool = new PythonPool({ maximumRequests: 3 });
    const daemon = await pool.start();
    const client = pool.client();
    for (let i = 0; i < 5; i++) {
      const { call, request } = requestFor({ script: "hello.wsgi" });
      expect((await client.run(call, request)).status).to.equal(200);
    }
    await until(() => daemon.has("leaving"));
    expect(daemon.said.filter(({ type }) => type === "leaving")).to.deep.equal([
      { type: "leaving", reason: "maximum_requests" },
    ]);
    expect(daemon.hasEnded).to.equal(false);
  });

  it("loads what is to be preloaded before it is ready, and fails if that does", async () => {
    pool = new PythonPool();
    const preload = { callable: "application", applicationGroup: "" };
    const good = join(pool.folder, "good.wsgi");
    const bad = join(pool.folder, "bad.wsgi");
    writeFileSync(good, "print('preloaded')\n");
    writeFileSync(bad, "raise ValueError('in preload')\n");
    const daemon = await pool.start({ preloads: [{ ...preload, script: good }] });
    expect(daemon.said.map(({ type }) => type)).to.deep.equal(["log", "ready"]);
    const failure = await pool.start({ preloads: [{ ...preload, script: bad }] }).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(failure).to.contain('"type":"failed"').and.to.contain("ValueError: in preload");
  });

  it("fails if it cannot enter its home", async () => {
    pool = new PythonPool();
    const failure = await pool.start({ home: join(pool.folder, "nowhere") }).then(
      () => "",
      (error: Error) => error.message,
    );
    expect(failure).to.match(
      /"type":"failed","reason":"home .*nowhere of daemon group test: No such file or directory"/,
    );
  });

  it("writes the stacks of its threads for signal 60, and goes on", async () => {
    pool = new PythonPool();
    const daemon = await pool.start();
    const client = pool.client();
    const { call, request } = requestFor({ path: "/sleeps?0.3" });
    const answer = Promise.resolve(client.run(call, request));
    await until(() => client.load.running === 1);
    await new Promise((done) => setTimeout(done, 100));
    process.kill(daemon.child.pid ?? 0, 60);
    await until(() => daemon.errors.includes("in sleeps"));
    expect((await answer).status).to.equal(200);
  });

  it("is not ended by SIGINT and SIGHUP of a terminal, nor by SIGUSR2", async () => {
    pool = new PythonPool();
    const daemon = await pool.start();
    for (const signal of ["SIGINT", "SIGHUP", "SIGUSR2"] as const) daemon.child.kill(signal);
    const client = pool.client();
    for (let i = 0; i < 3; i++) {
      const { call, request } = requestFor({ script: "hello.wsgi" });
      expect((await client.run(call, request)).status).to.equal(200);
    }
    expect(daemon.hasEnded).to.equal(false);
  });
});
