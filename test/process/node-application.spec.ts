import { expect } from "chai";
import { once } from "node:events";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Response } from "../../src/api/index.js";
import type { NodeCall } from "../../src/process/node/call.js";
import { ClientSocket } from "../../src/process/node/client-socket.js";
import { loadScript } from "../../src/process/node/scripts.js";
import { mountedUrl } from "../../src/process/node/url.js";
import { EmbeddedNodeApplications } from "../../src/process/node-application.js";
import { serve, type Ask, type Asked } from "../support/ask.js";
import { fixture, until } from "../support/daemon-groups.js";

const folder = fixture("applications");

/** Serves scripts of fixtures/applications below /app, in this process. */
function embed(script: string, mount = "/app", where = folder): Asked & { kept: string[] } {
  const kept: string[] = [];
  const applications = new EmbeddedNodeApplications((_script, failure) => kept.push(failure));
  const configuration = `
    WSGIScriptAlias ${mount} ${where}/${script}
    WSGIPassAuthorization Off
    WSGIChunkedRequest On
    <Directory ${where}>
      Require all granted
    </Directory>`;
  return { ...serve(configuration, { application: (call, request) => applications.run(call, request) }), kept };
}

function logged({ log }: Asked, pattern: RegExp): boolean {
  return log.some(({ message }) => pattern.test(message));
}

type Row = [
  target: string,
  ask: Ask,
  status: number,
  body: string | RegExp,
  fields?: Record<string, string | undefined>,
];

function table(script: string, rows: readonly Row[]): void {
  for (const [target, ask, status, body, fields = {}] of rows) {
    it(`answers ${ask.method ?? "GET"} ${target}`, async () => {
      const answered = await embed(script).ask(target, ask);
      expect(answered.status).to.equal(status);
      if (typeof body === "string") expect(answered.body).to.equal(body);
      else expect(answered.body).to.match(body);
      for (const [name, value] of Object.entries(fields)) expect(answered.headers.get(name)).to.equal(value);
    });
  }
}

const json = { "Content-Type": "application/json" };

describe("an embedded Node application", () => {
  describe("of Express", () => {
    table("express-application.mjs", [
      ["/app/", {}, 200, "hello from Express", { "content-type": "text/html; charset=utf-8", "content-length": "18" }],
      ["/app", {}, 200, "hello from Express"],
      ["/app/", { method: "HEAD" }, 200, "", { "content-length": "18" }],
      ["/app/json", { method: "POST", body: '{"a":[1]}', headers: json }, 201, '{"got":{"a":[1]}}'],
      ["/app/json", { method: "POST", body: '{"a":[1]}', headers: json, chunked: true }, 201, '{"got":{"a":[1]}}'],
      ["/app/json", { method: "POST", body: "{", headers: json }, 400, /SyntaxError/],
      [
        "/app/form",
        { method: "POST", body: "a=1&b=x+y", headers: { "Content-Type": "application/x-www-form-urlencoded" } },
        200,
        '{"a":"1","b":"x y"}',
      ],
      ["/app/cookies", {}, 302, /Redirecting/, { "set-cookie": "a=1; Path=/, b=2; Path=/", location: "/" }],
      ["/app/file", {}, 200, /An Express application/, { "accept-ranges": "bytes" }],
      ["/app/file", { headers: { Range: "bytes=3-4" } }, 206, "An"],
      ["/app/long", { headers: { "Accept-Encoding": "gzip" } }, 200, /^[^x]/, { "content-encoding": "gzip" }],
      ["/app/throws", {}, 500, /thrown by the route/],
      ["/app/rejects", {}, 500, /rejected by the route/],
      ["/app/none", {}, 404, /Cannot GET \/app\/none/],
      ["/app/below/x?q", {}, 200, '{"baseUrl":"/app/below","url":"/x?q"}'],
    ]);

    it("shows it the URL below its mount, and the whole one", async () => {
      const { body } = await embed("express-application.mjs").ask("/app/where?a=b%20c", { from: "192.0.2.7" });
      expect(JSON.parse(body)).to.deep.equal({
        url: "/where?a=b%20c",
        originalUrl: "/app/where?a=b%20c",
        baseUrl: "/app",
        path: "/where",
        query: { a: "b c" },
        ip: "192.0.2.7",
        protocol: "http",
        hostname: "h.test",
      });
    });
  });

  describe("of Koa", () => {
    table("koa-application.mjs", [
      ["/app/x?q=1", {}, 200, '{"path":"/x","query":"1","ip":"127.0.0.1"}', { "x-after": "yes" }],
      ["/app/throws", {}, 418, "short and stout"],
    ]);
  });

  describe("of Fastify", () => {
    table("fastify-application.mjs", [
      ["/app/", {}, 200, '{"hello":"Fastify"}', { "content-type": "application/json; charset=utf-8" }],
      ["/app/", { method: "POST", body: '{"a":1}', headers: json }, 200, '{"got":{"a":1}}'],
      ["/app/none", {}, 404, /Route GET:\/none not found/],
    ]);
  });

  describe("of Hono", () => {
    table("hono-application.mjs", [
      ["/app/", {}, 200, "hello from Hono"],
      ["/app/where", { from: "192.0.2.7" }, 200, '{"path":"/where","mount":"/app","ip":"192.0.2.7"}'],
      ["/app/json", { method: "POST", body: '{"a":[1]}', headers: json }, 201, '{"got":{"a":[1]}}'],
      ["/app/json", { method: "POST", body: '{"a":[1]}', headers: json, chunked: true }, 201, '{"got":{"a":[1]}}'],
      ["/app/stream", {}, 200, "one two three "],
      ["/app/throws", {}, 500, "Internal Server Error"],
      ["/app/cookies", {}, 204, "", { "set-cookie": "a=1, b=2" }],
    ]);
  });

  describe("by the WSGI calling convention", () => {
    table("wsgi-application.cjs", [
      ["/app/list", { method: "POST", body: "x" }, 200, "POST /list"],
      ["/app/generator", {}, 202, "one two", { "x-style": "generator" }],
      ["/app/input", { method: "POST", body: "some text" }, 200, "some text"],
      ["/app/input", {}, 200, ""],
      ["/app/write", {}, 200, "written, returned"],
      ["/app/keys", {}, 200, '[[1,0],"http","/app"]'],
      ["/app/replaced", {}, 500, "replaced"],
      ["/app/throws", {}, 500, /Internal Server Error/],
      ["/app/twice", {}, 500, /Internal Server Error/],
      ["/app/injected", {}, 500, /Internal Server Error/],
    ]);

    it("logs what is written to wsgi.errors, and the stack of what is thrown", async () => {
      const served = embed("wsgi-application.cjs");
      await served.ask("/app/errors");
      expect(logged(served, /^a word to the log$/)).to.equal(true);
      await served.ask("/app/throws");
      expect(logged(served, /wsgi-application.cjs failed: Error: thrown by the application/)).to.equal(true);
      expect(logged(served, /^ +at .*wsgi-application.cjs/)).to.equal(true);
    });
  });

  describe("that is a listener", () => {
    table("listener-application.mjs", [
      ["/app/quick", {}, 200, "quick"],
      ["/app/pieces", {}, 200, "abc", { "x-pieces": "yes" }],
      ["/app/later", {}, 200, "ab"],
      ["/app/echo", { method: "POST", body: "echoed" }, 200, "echoed"],
      ["/app/empty", {}, 204, ""],
      ["/app/flush", {}, 200, "data: x\n\n"],
      ["/app/fields", {}, 200, "false", { "x-many": "1, 2", connection: undefined }],
      ["/app/destroys", {}, 500, /Internal Server Error/],
    ]);

    it("gets the fields as they were sent, without those that are not for it", async () => {
      const headers = { "X-One": "1", Authorization: "Basic x", Proxy: "evil" };
      const { body } = await embed("listener-application.mjs").ask("/app/request?x", { headers });
      expect(JSON.parse(body)).to.deep.equal({
        headers: { host: "h.test", "x-one": "1" },
        rawHeaders: ["Host", "h.test", "X-One", "1"],
        httpVersion: "1.1",
        ip: "127.0.0.1",
        url: "/request?x",
        method: "GET",
      });
    });
  });

  describe("whose script is at fault", () => {
    const faults: [string, RegExp][] = [
      ["exports-nothing.mjs", /exports neither a function "application", nor "fetch".*it exports answer/],
      ["does-not-parse.mjs", /does-not-parse.mjs cannot be served: SyntaxError/],
    ];
    for (const [script, message] of faults) {
      it(`answers 500 for ${script}, with the reason in the log`, async () => {
        const served = embed(script);
        expect((await served.ask("/app")).status).to.equal(500);
        expect((await served.ask("/app")).status).to.equal(500);
        expect(logged(served, message)).to.equal(true);
      });
    }
  });

  describe("that changes", () => {
    let temporary: string;
    let time = 1_000_000_000;
    const extensions = { mjs: "export default", cjs: "module.exports =" };

    beforeEach(() => (temporary = mkdtempSync(join(tmpdir(), "modhost-"))));
    afterEach(() => rmSync(temporary, { recursive: true }));

    function save(name: string, text: string): void {
      writeFileSync(join(temporary, name), text);
      utimesSync(join(temporary, name), ++time, time);
    }

    for (const [extension, begin] of Object.entries(extensions)) {
      it(`is loaded anew (.${extension}), and goes on as it was where that fails`, async () => {
        const name = `changing.${extension}`;
        const served = embed(name, "/app", temporary);
        const ask = async () => (await served.ask("/app")).body;
        save(name, `${begin} (_, response) => response.end("one");`);
        expect(await ask()).to.equal("one");
        save(name, `${begin} (_, response) => response.end("two");`);
        expect(await Promise.all([ask(), ask()])).to.deep.equal(["two", "two"]);
        save(name, `${begin} (;`);
        expect(await ask()).to.equal("two");
        expect(await ask()).to.equal("two");
        expect(served.kept).to.have.length(1);
        save(name, `${begin} (_, response) => response.end("three");`);
        expect(await ask()).to.equal("three");
      });
    }
  });

  it("is named for an error nobody caught", async () => {
    const applications = new EmbeddedNodeApplications();
    const script = join(folder, "wsgi-application.cjs");
    await applications.preload(script);
    const error = Object.assign(new Error("x"), { stack: `Error: x\n    at ${script}:3:1` });
    expect(applications.scriptOf(error)).to.equal(script);
    expect(applications.scriptOf(new Error("of our own"))).to.equal(undefined);
  });
});

/** A call made by hand, and what becomes of it. */
class Call implements NodeCall {
  readonly script = "test.mjs";
  readonly method = "GET";
  readonly url: string;
  readonly mount = "";
  readonly originalUrl: string;
  readonly protocol = "HTTP/1.1";
  readonly rawHeaders: string[] = [];
  readonly socket = new ClientSocket({
    ...{ remoteAddress: "127.0.0.1", remotePort: 1, localAddress: "127.0.0.1", localPort: 2, encrypted: false },
  });
  readonly body = { length: 0, arrived: undefined, stream: () => Readable.from([]) };
  readonly mayUpgrade = false;
  readonly messages: string[] = [];
  readonly #left = new Set<() => void>();

  constructor(path: string) {
    this.url = this.originalUrl = path;
  }

  environ(): Record<string, string> {
    return { PATH_INFO: this.url };
  }

  whenAbandoned(left: () => void): () => void {
    this.#left.add(left);
    return () => void this.#left.delete(left);
  }

  get isWatched(): boolean {
    return this.#left.size > 0;
  }

  leave(): void {
    for (const left of this.#left) left();
  }

  log(_level: string, message: string): void {
    this.messages.push(message);
  }
}

describe("a response of a listener", () => {
  let seen: unknown[];

  async function run(path: string): Promise<{ call: Call; response: Response | Promise<Response> }> {
    const script = join(folder, "listener-application.mjs");
    seen = ((await import(script)) as { seen: unknown[] }).seen;
    seen.length = 0;
    const call = new Call(path);
    return { call, response: (await loadScript(script)).application("")(call) };
  }

  // The first load of a script is the module that others see too.
  before(() => loadScript(join(folder, "listener-application.mjs")));

  for (const [path, text] of [
    ["/quick", "quick"],
    ["/pieces", "abc"],
  ] as const) {
    it(`is there at once, as one buffer, when ${path} ends before it returns`, async () => {
      const { response, call } = await run(path);
      expect(response).not.to.be.instanceOf(Promise);
      expect(((response as Response).body as Buffer).toString()).to.equal(text);
      expect(call.isWatched).to.equal(false);
    });
  }

  it("waits for its reader", async () => {
    const { call, response } = await run("/endless");
    const body = (await response).body as Readable;
    await once(body, "readable");
    const size = body.readableLength;
    await new Promise(setImmediate);
    expect(body.readableLength).to.equal(size).and.to.be.lessThan(200_000);
    body.read();
    await until(() => body.readableLength > 0);
    body.destroy();
    await until(() => call.isWatched === false);
  });

  it("is closed when its reader leaves", async () => {
    const { call, response } = await run("/endless");
    const body = (await response).body as Readable;
    call.leave();
    expect(body.destroyed || !call.isWatched).to.equal(true);
  });

  it("is aborted when the client leaves before it has begun", async () => {
    const { call, response } = await run("/waits");
    call.leave();
    expect((await response).status).to.equal(408);
    expect(call.isWatched).to.equal(false);
  });

  it("is broken off by an error in the middle of it", async () => {
    const { call, response } = await run("/breaks");
    const body = (await response).body as Readable;
    const error = await new Promise<Error>((done) => body.resume().on("error", done));
    expect(error.message).to.equal("thrown in mid-response");
    expect(call.messages[0]).to.match(/test.mjs failed: Error: thrown in mid-response/);
  });
});

describe("the URL below a mount", () => {
  const rows: [script: string, pathInfo: string, target: string, query: string, url: string][] = [
    ["", "/a", "/a", "", "/a"],
    ["", "", "/", "", "/"],
    ["/app", "", "/app?x", "x", "/?x"],
    ["/app", "/a b", "/app/a%20b?x=%20", "x=%20", "/a%20b?x=%20"],
    ["/app", "/a", "/app//a", "", "/a"],
    ["/app", "/\xc3\xa4", "/other/way", "", "/%C3%A4"],
    ["/ap p", "/x", "/ap%20p/x", "", "/x"],
    ["/app.mjs", "/a%", "/app.mjs/a%25", "", "/a%25"],
  ];
  for (const [mount, pathInfo, target, query, url] of rows) {
    it(`of ${target} with PATH_INFO ${JSON.stringify(pathInfo)} is ${url}`, () => {
      const environ = { SCRIPT_NAME: mount, PATH_INFO: pathInfo, REQUEST_URI: target, QUERY_STRING: query };
      const found = mountedUrl((name) => environ[name as keyof typeof environ]);
      expect(found).to.deep.equal({ mount, url, originalUrl: target });
    });
  }
});
