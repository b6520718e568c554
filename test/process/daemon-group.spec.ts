import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, lstatSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { DaemonGroupSpec } from "../../src/api/index.js";
import type { PoolState } from "../../src/process/channel.js";
import { bindPoolSocket } from "../../src/process/pool-socket.js";
import { mostPools } from "../../src/process/daemon-group.js";
import { daemonUser, fixture, isAlive, TestGroup, until } from "../support/daemon-groups.js";

describe("a daemon group", () => {
  let made: TestGroup[] = [];

  /** A group whose Node daemons are that fixture. */
  function groupOf(program: string, spec: Partial<DaemonGroupSpec> = {}, environment: Record<string, string> = {}) {
    const test = new TestGroup(spec, { nodeDaemon: fixture(program), environment });
    made.push(test);
    return test;
  }

  afterEach(async () => {
    await Promise.all(made.map((test) => test.stop()));
    made = [];
  });

  describe("at its start", () => {
    it("starts the application groups of its preloads, each with its own preloads", async () => {
      const preloads = ["/", "/etc"].map((script, i) => ({
        script: `${script}.mjs`,
        callable: "",
        applicationGroup: `${i}`,
      }));
      const test = groupOf("daemon-obeys.mjs", { preloads });
      for (const { script } of preloads) writeFileSync(join(test.folder, script.slice(1)), "");
      const { group } = test;
      group.start();
      expect(group.states().map(({ applicationGroup }) => applicationGroup)).to.deep.equal(["0", "1"]);
      await group.stop();
    });

    it("hands down a socket that only its owner may use", async () => {
      const test = groupOf("daemon-obeys.mjs");
      test.group.want("", "node");
      const { socket } = await test.serving();
      expect(socket).to.equal(join(test.folder, `wsgi.${process.pid}.1.1.sock`));
      expect(lstatSync(socket).mode & 0o777).to.equal(0o600);
      expect(isAlive((await test.talk()).pid)).to.equal(true);
    });

    it("removes the sockets of a supervisor that was killed, and no others", () => {
      const test = groupOf("daemon-obeys.mjs");
      const prefix = join(test.folder, "wsgi");
      const gone = spawnSync("true").pid;
      const left = bindPoolSocket(`${prefix}.${gone}.1.1.sock`);
      const ours = bindPoolSocket(`${prefix}.${process.pid}.1.1.sock`);
      test.group.start();
      expect([existsSync(left.path), existsSync(ours.path)]).to.deep.equal([false, true]);
      for (const socket of [left, ours]) socket.close();
    });

    it("runs daemons as User, with its groups and home, and with no environment of the server's", async function () {
      if (daemonUser === undefined) this.skip();
      process.env["MODHOST_SECRET"] = "secret";
      const test = groupOf("daemon-obeys.mjs", { lang: "C.UTF-8", user: "www-data" }, { FROM_ENVVARS: "yes" });
      test.group.want("", "node");
      await test.serving();
      delete process.env["MODHOST_SECRET"];
      const talk = await test.talk();
      talk.say("tell environment");
      const environment = JSON.parse(await talk.next()) as Record<string, string>;
      expect(environment).to.include({ LANG: "C.UTF-8", FROM_ENVVARS: "yes", USER: "www-data" });
      expect(environment).not.to.have.property("MODHOST_SECRET");
      talk.say("tell state");
      const state = JSON.parse(await talk.next()) as { uid: number; groups: number[] };
      expect(state.uid).not.to.equal(0);
      expect(state.groups).not.to.include(0);
    });

    const refusals: [string, Partial<DaemonGroupSpec>, RegExp, boolean][] = [
      ["a user that is root", { user: "root" }, /user "root" is root/, true],
      ["a user nobody knows", { user: "no-such-user" }, /user "no-such-user" is unknown/, true],
      ["a home that is not there", { home: "/no/such/folder" }, /home \/no\/such\/folder is not a directory/, false],
      [
        "a socket path that is too long",
        { socketPrefix: `/tmp/${"x".repeat(120)}` },
        /bytes long and may be 107/,
        false,
      ],
    ];
    for (const [what, spec, reason, rootOnly] of refusals) {
      it(`fails on ${what}`, async function () {
        if (rootOnly && daemonUser === undefined) this.skip();
        const test = groupOf("daemon-obeys.mjs", spec);
        test.group.want("", "node");
        await test.group.settled();
        expect(test.state).to.include({ state: "failed" });
        expect(test.state?.reason).to.match(reason);
        expect(test.logged(reason)).to.equal(true);
      });
    }

    it("says which Python is missing", async () => {
      const test = groupOf("", { pythonHome: "/no/such/venv" });
      test.group.want("", "python");
      await test.group.settled();
      expect(test.state?.state).to.equal("failed");
      expect(test.state?.reason).to.match(/python-home \/no\/such\/venv is not a directory: .*bin\/python3/);
    });

    it("fails with what a process said last that was never ready, and tries again ever more slowly", async () => {
      const test = groupOf("daemon-exits-at-once.mjs");
      test.group.want("", "node");
      await test.group.settled();
      expect(test.state?.state).to.equal("failed");
      expect(test.state?.reason).to.match(/exited with code 3: there is no luck today/);
      const start = Date.now();
      await until(() => test.logs.filter(({ message }) => /exited with code 3/.test(message)).length === 3);
      expect(Date.now() - start).to.be.greaterThan(290);
    });

    it("gives up a process that is not ready within startup-timeout", async () => {
      const test = groupOf("daemon-never-ready.mjs", { startupTimeout: 300 });
      test.group.want("", "node");
      await test.group.settled();
      expect(test.state?.reason).to.match(/was not ready within 0.3 s \(startup-timeout\)/);
    });

    it("serves without the preload when it cannot be loaded, so that requests get the 500", async () => {
      const test = groupOf("daemon-obeys.mjs", {}, {});
      const script = join(test.folder, "app.mjs");
      writeFileSync(script, "broken");
      const broken = groupOf("daemon-obeys.mjs", { preloads: [{ script, callable: "", applicationGroup: "" }] });
      broken.group.start();
      await broken.serving();
      expect(broken.states.map(({ state }) => state)).to.deep.equal(["starting", "serving"]);
      expect(broken.logged(/SyntaxError in/)).to.equal(true);
    });

    it("has processes for a bounded number of application groups", () => {
      const test = groupOf("", { home: "/no/such/folder" });
      for (let i = 0; i <= mostPools; i++) test.group.want(`group ${i}`, "node");
      expect(test.group.states()).to.have.length(mostPools);
      expect(test.state).to.include({ applicationGroup: `group ${mostPools}`, state: "failed" });
    });
  });

  describe("while it serves", () => {
    it("replaces a process that died", async () => {
      const test = groupOf("daemon-obeys.mjs");
      test.group.want("", "node");
      await test.serving();
      const first = await test.talk();
      process.kill(first.pid, "SIGKILL");
      await until(() => test.state?.state !== "serving");
      await test.serving();
      expect((await test.talk()).pid).not.to.equal(first.pid);
      expect(test.logged(new RegExp(`process ${first.pid} .*was killed by SIGKILL`))).to.equal(true);
    });

    it("passes on what processes print, line by line", async () => {
      const test = groupOf("daemon-obeys.mjs");
      test.group.want("", "node");
      await test.serving();
      const talk = await test.talk();
      talk.say("print a few words");
      talk.say(`print ${"x".repeat(10_000)}`);
      await until(() => test.logs.length >= 2);
      expect(test.logs[0]).to.deep.include({ level: "error", module: "wsgi", message: "a few words", pid: talk.pid });
      expect(test.logs[1]?.message).to.have.length(8192 + " [cut]".length);
    });

    it("replaces a process that leaves when its successor is ready, and not before", async () => {
      const test = groupOf("daemon-obeys.mjs");
      test.group.want("", "node");
      await test.serving();
      const talk = await test.talk();
      talk.say("leave");
      await until(() => test.logged(/leaves: maximum_requests/));
      talk.close();
      await until(() => test.logged(new RegExp(`process ${talk.pid} .*has ended: exited with code 0`)));
      expect(test.states.map(({ state }) => state)).to.deep.equal(["starting", "serving"]);
      expect((await test.talk()).pid).not.to.equal(talk.pid);
    });

    it("ends a process that a request is stuck in, with its stack in the log, and replaces it at once", async () => {
      const test = groupOf("daemon-obeys.mjs", { shutdownTimeout: 300 });
      test.group.want("", "node");
      await test.serving();
      const talk = await test.talk();
      talk.say("hold");
      const overdue = {
        type: "overdue",
        limit: "request-timeout",
        processGroup: "test",
        applicationGroup: "",
        pid: talk.pid,
        thread: 1,
        requestLine: "GET /slow HTTP/1.1",
        requestId: "an-id",
        virtualHost: "www.example.com",
        runningFor: 2500,
      } as const;
      expect(test.group.overdue({ ...overdue, pid: 1 })).to.equal(false);
      expect(test.group.overdue(overdue)).to.equal(true);
      await until(() => test.logged(/asked for its stacks/));
      const { message } = test.logs.find((entry) => /GET \/slow/.test(entry.message)) ?? {};
      expect(message).to.match(
        /"GET \/slow HTTP\/1.1" \(an-id, www.example.com\) has run for 2.5 s in thread 1 of process/,
      );
      await until(() => !isAlive(talk.pid));
      await test.serving();
    });
  });

  describe("when a script has changed", () => {
    async function withScript(processes: number) {
      const test = groupOf("daemon-obeys.mjs", { processes });
      const script = join(test.folder, "app.mjs");
      writeFileSync(script, "good");
      test.group.want("", "node");
      await test.serving();
      return { test, script };
    }

    it("starts processes that load it first, then drains the old ones", async () => {
      const { test, script } = await withScript(2);
      const old = await test.talk();
      old.say(`stale ${script} 1`);
      await until(() => test.state?.revision === 1);
      expect(test.state?.state).to.equal("serving");
      old.close();
      await until(() => test.logs.filter(({ message }) => /has ended: exited with code 0/.test(message)).length === 2);
      const talk = await test.talk();
      expect(talk.pid).not.to.equal(old.pid);
      talk.say("tell state");
      expect(JSON.parse(await talk.next())).to.deep.include({ preloads: [script] });
      expect(test.states.every(({ state }, i) => state === (i === 0 ? "starting" : "serving"))).to.equal(true);
    });

    it("goes on with what is loaded when it cannot be loaded, and tells once", async () => {
      const { test, script } = await withScript(1);
      const talk = await test.talk();
      writeFileSync(script, "broken");
      talk.say(`stale ${script} 2`);
      await until(() => test.state?.revision === 1);
      talk.say("tell state");
      expect(JSON.parse(await talk.next())).to.deep.include({ kept: [script] });
      expect(test.logged(/SyntaxError in/)).to.equal(true);
      talk.say(`stale ${script} 2`);
      await until(() => test.state?.revision === 2);
      expect(test.logs.filter(({ message }) => /SyntaxError in/.test(message))).to.have.length(1);
      expect((await test.talk()).pid).to.equal(talk.pid);
    });
  });

  describe("at its end", () => {
    it("ends every process and removes the socket", async () => {
      const test = groupOf("daemon-obeys.mjs");
      test.group.want("", "node");
      const { socket } = await test.serving();
      const { pid } = await test.talk();
      await test.stop();
      expect(isAlive(pid)).to.equal(false);
      expect(existsSync(socket)).to.equal(false);
    });

    it("kills what does not end within shutdown-timeout", async () => {
      const test = groupOf("daemon-will-not-end.mjs", { shutdownTimeout: 100 });
      test.group.want("", "node");
      await test.serving();
      const start = Date.now();
      await test.stop();
      expect(Date.now() - start).to.be.at.least(500);
    });

    it("leaves nothing behind when the supervisor is killed", async () => {
      const test = groupOf("daemon-obeys.mjs");
      const { spec, generation, socketPrefix, surroundings } = test.options;
      const options = { spec, generation, socketPrefix, surroundings };
      const program = [...process.execArgv, fixture("supervisor-with-a-daemon.ts"), JSON.stringify(options)];
      const supervisor = spawn(process.execPath, program, { stdio: ["ignore", "pipe", "inherit"] });
      let socket = "";
      for await (const line of createInterface({ input: supervisor.stdout })) {
        const state = JSON.parse(line) as PoolState;
        socket = state.socket;
        if (state.state === "serving") break;
      }
      const { pid } = await test.talk(socket);
      supervisor.kill("SIGKILL");
      await until(() => !isAlive(pid));
    });
  });
});
