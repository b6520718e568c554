// A group of Python daemons: changed scripts, failing preloads, stuck and killed processes.
import { expect } from "chai";
import { rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DaemonGroupSpec } from "../../src/api/index.js";
import { findPython } from "../../src/process/python-interpreter.js";
import { isAlive, TestGroup, until } from "../support/daemon-groups.js";
import { bodyOf, requestFor } from "../support/python-pool.js";

const pythonDaemon = fileURLToPath(new URL("../../python/modhost_wsgi", import.meta.url));

describe("a daemon group of Python", () => {
  let tests: TestGroup[] = [];
  let time = 1_000_000_000;

  before(function () {
    const python = findPython(undefined);
    if (!("missing" in python)) return;
    console.log(`      ${python.missing}`);
    this.skip();
  });

  afterEach(async () => {
    await Promise.all(tests.map((test) => test.stop()));
    tests = [];
  });

  /** A group with a script of its own, and a worker's client. */
  function start(spec: Partial<DaemonGroupSpec>, text: string, { preloads = false } = {}) {
    const test = new TestGroup(spec, { pythonDaemon });
    tests.push(test);
    const script = preloads ? test.preload(text) : join(test.folder, "app.wsgi");
    const save = (changed: string): void => {
      writeFileSync(script, changed);
      utimesSync(script, ++time, time);
    };
    save(text);
    const client = test.client();
    if (preloads) test.group.start();
    else test.group.want("", "python");
    const get = async (path = "/", of = script): Promise<{ status: number; text: string }> => {
      const { call, request } = requestFor({ script: of, path });
      const response = await client.run(call, request);
      return { status: response.status, text: (await bodyOf(response)).toString() };
    };
    return { test, save, get };
  }

  const says = (word: string): string => `
import os, time
def application(environ, start_response):
    if environ["PATH_INFO"] == "/sleep":
        time.sleep(3600)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"${word}" if environ["PATH_INFO"] == "/" else str(os.getpid()).encode()]
`;

  it("loads a changed script in new processes, and goes on with the old where that fails", async () => {
    const { test, save, get } = start({ processes: 2 }, says("one"));
    expect((await get()).text).to.equal("one");
    save(says("two"));
    const answers = await Promise.all([get(), get(), get()]);
    expect(answers.map(({ text }) => text)).to.deep.equal(["two", "two", "two"]);
    save("import nothing_of_that_name\n");
    expect((await get()).text).to.equal("two");
    expect(test.logged(/ModuleNotFoundError: No module named 'nothing_of_that_name'/)).to.equal(true);
    save(says("three"));
    expect((await get()).text).to.equal("three");
  });

  it("asks a script that failed to load anew for its own reasons no more for a while", async () => {
    const hooked = `${says("one")}
import os
if os.path.exists(__file__ + ".broken"):
    raise ValueError("broken by what it needs")
def reload_required(path):
    return os.path.exists(path + ".broken")
`;
    const { test, get } = start({}, hooked);
    expect((await get()).text).to.equal("one");
    writeFileSync(join(test.folder, "app.wsgi.broken"), "");
    for (let i = 0; i < 3; i++) expect((await get()).text).to.equal("one");
    expect(test.logs.filter(({ message }) => message.includes("go on with what they have loaded"))).to.have.length(1);
  });

  it("loads a changed script anew beside one that was deleted, and says which other one holds it up", async () => {
    const { test, save, get } = start({}, says("one"));
    const other = join(test.folder, "other.wsgi");
    writeFileSync(other, says("other"));
    expect((await get()).text).to.equal("one");
    expect((await get("/", other)).text).to.equal("other");
    rmSync(other);
    save(says("two"));
    expect((await get()).text).to.equal("two");
    expect(test.logged(/other\.wsgi is not there/)).to.equal(true);
    writeFileSync(other, says("other"));
    expect((await get("/", other)).text).to.equal("other");
    writeFileSync(other, "1 / 0\n");
    save(says("three"));
    expect((await get()).text).to.equal("two");
    await until(() => test.logged(/app\.wsgi has changed and a new process cannot load \S+other\.wsgi beside it/));
  });

  it("answers 500 where a preload fails, and serves when that is mended", async () => {
    const { test, save, get } = start({}, "1 / 0\n", { preloads: true });
    await test.serving();
    expect(test.logged(/ZeroDivisionError/)).to.equal(true);
    expect((await get()).status).to.equal(500);
    save(says("mended"));
    expect((await get()).text).to.equal("mended");
  });

  it("ends a process in which a request is stuck, with the stack of each thread, and replaces it", async () => {
    const { test, get } = start({ requestTimeout: 4000, shutdownTimeout: 500 }, says("one"));
    const pid = Number((await get("/pid")).text);
    expect((await get("/sleep")).status).to.equal(504);
    await until(() => test.logged(/app.wsgi", line 5 in application/));
    await until(() => !isAlive(pid));
    expect(Number((await get("/pid")).text)).not.to.equal(pid);
  });

  it("replaces a process that was killed, without a fault for those who come then", async () => {
    const { get } = start({}, says("one"));
    const pid = Number((await get("/pid")).text);
    process.kill(pid, "SIGKILL");
    await until(() => !isAlive(pid));
    expect((await get()).text).to.equal("one");
  });
});
