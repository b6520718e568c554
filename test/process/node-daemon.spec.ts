import { expect } from "chai";
import { once } from "node:events";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { DaemonGroupSpec, Response } from "../../src/api/index.js";
import { DaemonClient, type OverdueReport } from "../../src/process/daemon-client.js";
import { fixture, isAlive, TestGroup, until } from "../support/daemon-groups.js";
import { bodyOf, requestFor, type RequestOptions } from "../support/python-pool.js";

// As built: a loader for TypeScript does not reach its second thread.
const program = fileURLToPath(new URL("../../dist/process/node-daemon.js", import.meta.url));

describe("a Node daemon", () => {
  let tests: TestGroup[] = [];
  let clients: DaemonClient[] = [];

  /** A group of real Node daemons, and a worker's client of them that hears of its states. */
  async function start(spec: Partial<DaemonGroupSpec> = {}) {
    const test = new TestGroup(spec, { nodeDaemon: program });
    tests.push(test);
    const overdue: OverdueReport[] = [];
    const client = new DaemonClient({
      spec: test.options.spec,
      applicationGroup: "",
      sharesAccount: false,
      overdue: (report) => {
        overdue.push(report);
        test.group.overdue(report);
      },
    });
    clients.push(client);
    test.onState = (state) => client.update(state);
    test.group.want("", "node");
    await test.serving();
    const ask = async (path: string, options: RequestOptions = {}) => {
      const asked = requestFor({ script: fixture("applications/listener-application.mjs"), path, ...options });
      const response = await client.run(asked.call, asked.request);
      return { ...asked, response };
    };
    const text = async (path: string, options?: RequestOptions) =>
      (await bodyOf((await ask(path, options)).response)).toString();
    return { test, client, overdue, ask, text };
  }

  afterEach(async () => {
    for (const client of clients) client.close();
    await Promise.all(tests.map((test) => test.stop()));
    tests = [];
    clients = [];
  });

  const json = { CONTENT_TYPE: "application/json" };
  const rows: [script: string, path: string, options: RequestOptions, status: number, body: string | RegExp][] = [
    ["express-application.mjs", "/", {}, 200, "hello from Express"],
    ["express-application.mjs", "/", { method: "HEAD" }, 200, /^(hello from Express)?$/],
    [
      "express-application.mjs",
      "/json",
      { method: "POST", body: Buffer.from('{"a":1}'), environ: json },
      201,
      '{"got":{"a":1}}',
    ],
    [
      "express-application.mjs",
      "/json",
      { method: "POST", body: Readable.from([Buffer.from('{"a":1}')]), environ: json },
      201,
      '{"got":{"a":1}}',
    ],
    [
      "express-application.mjs",
      "/where",
      { environ: { SCRIPT_NAME: "/app", REQUEST_URI: "/app/where" } },
      200,
      /"url":"\/where".*"baseUrl":"\/app"/,
    ],
    ["koa-application.mjs", "/x", {}, 200, /"path":"\/x"/],
    ["fastify-application.mjs", "/", {}, 200, '{"hello":"Fastify"}'],
    ["hono-application.mjs", "/", {}, 200, "hello from Hono"],
    ["hono-application.mjs", "/stream", {}, 200, "one two three "],
    ["hono-application.mjs", "/json", { method: "POST", body: Buffer.from('{"a":1}') }, 201, '{"got":{"a":1}}'],
    ["wsgi-application.cjs", "/list", {}, 200, "GET /list"],
    ["wsgi-application.cjs", "/generator", {}, 202, "one two"],
    [
      "wsgi-application.cjs",
      "/input",
      { method: "POST", body: Readable.from([Buffer.from("some "), Buffer.from("text")]) },
      200,
      "some text",
    ],
    ["wsgi-application.cjs", "/throws", {}, 500, ""],
    ["listener-application.mjs", "/quick", {}, 200, "quick"],
    ["listener-application.mjs", "/pieces", {}, 200, "abc"],
    ["listener-application.mjs", "/later", {}, 200, "ab"],
    ["listener-application.mjs", "/flush", {}, 200, "data: x\n\n"],
    ["exports-nothing.mjs", "/", {}, 500, ""],
    ["does-not-parse.mjs", "/", {}, 500, ""],
  ];
  it("answers by every convention", async () => {
    const { ask } = await start();
    for (const [script, path, options, status, body] of rows) {
      const { response } = await ask(path, { script: fixture(`applications/${script}`), ...options });
      const text = (await bodyOf(response)).toString();
      expect([script, path, response.status], text).to.deep.equal([script, path, status]);
      if (typeof body === "string") expect(text).to.equal(body);
      else expect(text).to.match(body);
    }
  });

  it("logs what fails with the request it failed in", async () => {
    const { ask } = await start();
    const { logs } = await ask("/throws", { script: fixture("applications/wsgi-application.cjs") });
    expect(logs[0]).to.match(/^error: .*wsgi-application.cjs failed: Error: thrown by the application/);
    expect(logs[1]).to.match(/^error: +at /);
  });

  it("breaks a response off that fails in mid-response", async () => {
    const { ask } = await start();
    const { response } = await ask("/breaks");
    // Where it failed before anything was sent on, that is the answer.
    if (response.status === 500) return;
    const error = await bodyOf(response).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(Error);
  });

  it("takes a large body and gives it back, without holding all of it", async () => {
    const { ask } = await start();
    const size = 32 * 1024 * 1024;
    let sent = 0;
    const body = new Readable({
      read() {
        sent += 65_536;
        this.push(sent > size ? null : Buffer.alloc(65_536, "x"));
      },
    });
    const { response } = await ask("/echo", { method: "POST", body, length: size });
    let received = 0;
    for await (const chunk of response.body as Readable) received += (chunk as Buffer).length;
    expect(received).to.equal(size);
  });

  it("reads on after a body whose end came together with more than the application has taken", async () => {
    const { ask, text } = await start({ threads: 1 });
    const body = new Readable({ read: () => undefined });
    // The last two are read together with the end, and are more than is kept.
    const sent = (async () => {
      for (const size of [70_000, 60_000, 10_000]) {
        await pause(50);
        body.push(Buffer.alloc(size, "x"));
      }
      body.push(null);
    })();
    const { response } = await ask("/peeks", { method: "POST", body, length: 140_000 });
    await sent;
    expect(String(await bodyOf(response))).to.equal("peeked");
    expect(await text("/quick")).to.equal("quick");
  });

  it("stops a response that nobody reads any more", async () => {
    const { ask, client, text } = await start({ threads: 1 });
    const { response, leave } = await ask("/endless");
    await once(response.body as Readable, "readable");
    leave();
    await until(() => client.load.running === 0);
    expect(await text("/quick")).to.equal("quick");
  });

  it("runs as many requests at a time as it has threads, and lets workers take turns", async () => {
    const { ask, client, test, text } = await start({ threads: 2 });
    const second = new DaemonClient({
      spec: test.options.spec,
      applicationGroup: "",
      sharesAccount: false,
      overdue: () => undefined,
    });
    clients.push(second);
    if (test.state) second.update(test.state);
    const first = await Promise.all([ask("/endless"), ask("/endless")]);
    let isThere = false;
    const third = text("/quick").then((answer) => {
      isThere = true;
      return answer;
    });
    await until(() => client.load.waiting === 1);
    expect(isThere).to.equal(false);
    for (const { leave } of first) leave();
    expect(await third).to.equal("quick");
    const script = fixture("applications/listener-application.mjs");
    for (let i = 0; i < 3; i++) {
      const asked = [client, second, client, second].map(async (one) => {
        const { call, request } = requestFor({ script, path: "/quick" });
        return await one.run(call, request);
      });
      const answers = await Promise.all(asked);
      expect(answers.map(({ status }: Response) => status)).to.deep.equal([200, 200, 200, 200]);
    }
  });

  it("uses all processes when all requests come at once", async () => {
    const { text } = await start({ threads: 1, processes: 2 });
    const script = fixture("applications/waits-a-little.mjs");
    const pids = new Set(await Promise.all(Array.from({ length: 40 }, () => text("/", { script }))));
    expect(pids.size).to.equal(2);
  });

  it("is replaced after maximum-requests without losing one", async () => {
    const { text } = await start({ maximumRequests: 5 });
    const script = fixture("applications/spins.mjs");
    const pids = new Set<string>();
    await until(() => {
      void text("/", { script }).then((pid) => pids.add(pid));
      return pids.size >= 2;
    });
    expect([...pids].every((pid) => /^\d+$/.test(pid))).to.equal(true);
  });

  it("is ended and replaced with its stack in the log when a request spins past request-timeout", async () => {
    const { test, ask, text, overdue } = await start({ requestTimeout: 400, shutdownTimeout: 5000 });
    const script = fixture("applications/spins.mjs");
    const { response } = await ask("/spin", { script });
    expect(response.status).to.equal(504);
    const pid = overdue[0]?.pid ?? 0;
    await until(() => test.logged(/at spin \(file:.*spins.mjs:3:/));
    await until(() => !isAlive(pid));
    expect(Number(await text("/", { script }))).not.to.equal(pid);
  });

  describe("whose script changes", () => {
    async function changing() {
      const started = await start();
      const script = join(started.test.folder, "changing.mjs");
      let time = 1_000_000_000;
      const save = (text: string): void => {
        writeFileSync(script, text);
        utimesSync(script, ++time, time);
      };
      return { ...started, save, get: () => started.text("/", { script }) };
    }

    it("is replaced by one that has loaded it", async () => {
      const { test, save, get } = await changing();
      save('export default (_, response) => response.end("one");');
      expect(await get()).to.equal("one");
      save('export default (_, response) => response.end("two");');
      expect(await Promise.all([get(), get(), get()])).to.deep.equal(["two", "two", "two"]);
      expect(test.states.every(({ state }, i) => state === (i === 0 ? "starting" : "serving"))).to.equal(true);
    });

    it("goes on with what it has when the change does not load", async () => {
      const { test, save, get } = await changing();
      save('export default (_, response) => response.end("one");');
      expect(await get()).to.equal("one");
      save("export default (");
      expect(await Promise.all([get(), get()])).to.deep.equal(["one", "one"]);
      expect(test.logged(/changing.mjs did not load|SyntaxError/)).to.equal(true);
      save('export default (_, response) => response.end("three");');
      expect(await get()).to.equal("three");
    });
  });
});
