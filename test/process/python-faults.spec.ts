// What applications and operators do to a daemon: which requests fail, and that the group is whole again.
import { expect } from "chai";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { DaemonGroupSpec, Response } from "../../src/api/index.js";
import { findPython } from "../../src/process/python-interpreter.js";
import { isAlive, TestGroup, until } from "../support/daemon-groups.js";
import { bodyOf, requestFor } from "../support/python-pool.js";

const pythonDaemon = fileURLToPath(new URL("../../python/modhost_wsgi", import.meta.url));

const application = `
import locale, os, sys, threading, time

def endless():
    while True:
        yield b"x" * 65536

def application(environ, start_response):
    path = environ["PATH_INFO"]
    answer = str(os.getpid())
    if path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    elif path == "/endless":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return endless()
    elif path == "/fork":
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        answer = str(child)
    elif path == "/close":
        os.closerange(0, 3)
    elif path == "/print":
        for i in range(40000):
            print("x" * 100, file=sys.stderr)
        os.write(2, b"y" * 4000000 + b"\\n")
    elif path == "/thread":
        threading.Thread(target=time.sleep, args=(60,)).start()
    elif path == "/move":
        os.chdir("/proc")
        os.umask(0o777)
        for name in ("C.UTF-8", "C"):
            locale.setlocale(locale.LC_ALL, name)
        os.environ.clear()
    elif path == "/exit":
        os._exit(3)
    elif path == "/system-exit":
        sys.exit(3)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [answer.encode()]
`;

describe("a daemon group survives", () => {
  let tests: TestGroup[] = [];
  let strays: number[] = [];

  before(function () {
    if ("missing" in findPython(undefined)) this.skip();
  });

  afterEach(async () => {
    await Promise.all(tests.map((test) => test.stop()));
    for (const pid of strays) if (isAlive(pid)) process.kill(pid, "SIGKILL");
    tests = [];
    strays = [];
  });

  function start(spec: Partial<DaemonGroupSpec> = {}) {
    const test = new TestGroup({ threads: 2, socketTimeout: 20_000, ...spec }, { pythonDaemon });
    tests.push(test);
    const script = test.preload(application);
    const { group } = test;
    const client = test.client();
    group.start();
    const ask = (path: string) => {
      const { call, request, leave } = requestFor({ script, path });
      return { answer: Promise.resolve(client.run(call, request)), leave };
    };
    const textOf = async (answer: Promise<Response>): Promise<string> => {
      const response = await answer;
      return response.status === 200 ? String(await bodyOf(response)) : String(response.status);
    };
    const get = (path = "/"): Promise<string> => textOf(ask(path).answer);
    /** Another process answers, sooner or later: a connection to the former one may still be open. */
    const replaced = async (pid: number): Promise<void> => {
      for (let now = pid; now === pid;) {
        now = Number(await get());
        expect(now).to.be.above(600);
      }
    };
    /** Goes on asking; the statuses that were not 200. */
    const load = () => {
      const failures: string[] = [];
      let going = true;
      const done = (async () => {
        while (going) {
          const text = await get();
          if (Number(text) < 600) failures.push(text);
        }
      })();
      return async (): Promise<string[]> => {
        going = false;
        await done;
        return failures;
      };
    };
    return { test, group, client, ask, get, load, replaced };
  }

  it("SIGKILL while it idles: nothing fails", async () => {
    const { get } = start({ processes: 2 });
    for (let i = 0; i < 4; i++) {
      const pid = Number(await get());
      process.kill(pid, "SIGKILL");
      await until(() => !isAlive(pid));
      expect(Number(await get())).to.be.above(600);
    }
  });

  it("SIGKILL while it runs a request: that one gets 502, and no other fails", async () => {
    const { get, load } = start();
    const pid = Number(await get());
    const lost = get("/sleep?30");
    await new Promise((done) => setTimeout(done, 100));
    const end = load();
    // What runs at that very moment is lost too.
    process.kill(pid, "SIGKILL");
    expect(await lost).to.equal("502");
    await until(() => !isAlive(pid));
    expect(Number(await get())).not.to.equal(pid);
    expect((await end()).length).to.be.at.most(1);
  });

  it("SIGSTOP: its requests wait for their limits, others go to the other process, and it is replaced", async () => {
    const { get } = start({ processes: 2, threads: 1, deadlockTimeout: 400, shutdownTimeout: 200 });
    const pids = new Set(await Promise.all([get("/sleep?0.3"), get("/sleep?0.3")]));
    expect(pids.size).to.equal(2);
    const pid = Number(await get());
    process.kill(pid, "SIGSTOP");
    // A connection that is open may lead to the stopped process: then the answer is 502 when that is killed.
    const answers = await Promise.all([get(), get(), get()]);
    expect(answers.filter((answer) => answer === "502").length).to.be.at.most(1);
    await until(() => !isAlive(pid));
    const after = new Set(await Promise.all([get("/sleep?0.3"), get("/sleep?0.3")]));
    expect(after.size).to.equal(2);
    expect(after.has(String(pid))).to.equal(false);
  });

  it("os._exit in a request: 502 for that one", async () => {
    const { get } = start();
    const pid = await get();
    expect(await get("/exit")).to.equal("502");
    expect(Number(await get())).not.to.equal(Number(pid));
  });

  it("sys.exit in a request: 500 for that one, and the process goes on", async () => {
    const { get } = start();
    const pid = await get();
    expect(await get("/system-exit")).to.equal("500");
    expect(await get()).to.equal(pid);
  });

  it("endless output to a client that does not read: bounded, and over when the client leaves", async () => {
    const { ask, client, get } = start({ responseBufferSize: 1_000_000 });
    const { answer, leave } = ask("/endless");
    const { body } = await answer;
    if (!(body instanceof Readable)) throw new TypeError("a stream was expected");
    await new Promise((done) => setTimeout(done, 300));
    expect(body.readableLength).to.be.below(1_300_000);
    expect(client.load.running).to.equal(1);
    expect(Number(await get())).to.be.above(600);
    leave();
    await until(() => client.load.running === 0);
  });

  it("forks: the child keeps nothing of the server's, and holds up no replacement", async () => {
    const { group, get, replaced } = start();
    const pid = Number(await get());
    const child = Number(await get("/fork"));
    strays.push(child);
    expect(isAlive(child)).to.equal(true);
    expect(await group.restart()).to.deep.equal([]);
    await replaced(pid);
    await until(() => !isAlive(pid));
  });

  it("closed descriptors 0 to 2: it serves on, and is replaced as ever", async () => {
    const { group, get, replaced } = start();
    const pid = await get();
    expect(await get("/close")).to.equal(pid);
    expect(await get()).to.equal(pid);
    expect(await group.restart()).to.deep.equal([]);
    await replaced(Number(pid));
    await until(() => !isAlive(Number(pid)));
  });

  it("megabytes on standard error: lines in the log, each of bounded length", async () => {
    const { test, get } = start({ socketTimeout: 60_000 });
    const pid = await get();
    expect(await get("/print")).to.equal(pid);
    await until(() => test.logged(/^y{100}/));
    expect(Math.max(...test.logs.map(({ message }) => message.length))).to.be.below(10_000);
    expect(await get()).to.equal(pid);
  });

  it("threads that are no daemons: it ends all the same, when its time is over", async () => {
    const { group, get } = start({ gracefulTimeout: 500, shutdownTimeout: 500 });
    const pid = Number(await get());
    await get("/thread");
    expect(await group.restart()).to.deep.equal([]);
    await until(() => !isAlive(pid));
    expect(Number(await get())).not.to.equal(pid);
  });

  it("a changed directory, umask, locale and environment: it serves on, and its successor has what it should", async () => {
    const { group, get, replaced } = start();
    const pid = await get();
    expect(await get("/move")).to.equal(pid);
    expect(await get()).to.equal(pid);
    expect(await group.restart()).to.deep.equal([]);
    await replaced(Number(pid));
  });
});
