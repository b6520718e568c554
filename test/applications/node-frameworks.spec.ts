// One table of requests, answered alike by Express and by Hono, in the HTTP worker and in a daemon group.
import { once } from "node:events";
import { symlinkSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const express = `
import { createReadStream, existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import express from "express";

const app = express();
const folder = import.meta.dirname;
app.use((request, response, next) => {
  response.set("X-Seen", request.method);
  next();
});
app.use("/static", express.static(folder + "/public"));
app.use(express.json({ limit: "2mb" }));
app.use(express.urlencoded({ extended: false }));
app.get("/", (request, response) => response.type("text").send("hello from Express".slice(0, 5)));
app.get("/items/:id", (request, response) => response.json({ id: request.params.id, q: request.query.q ?? null }));
app.put("/items/:id", (request, response) => response.json({ id: request.params.id, put: request.body }));
app.delete("/items/:id", (request, response) => response.status(204).end());
app.post("/json", (request, response) => response.status(201).json({ got: request.body }));
app.post("/form", (request, response) => response.json({ name: request.body.name }));
app.post("/size", async (request, response) => {
  let size = 0;
  for await (const chunk of request) size += chunk.length;
  response.json({ size });
});
app.get("/cookies", (request, response) => response.cookie("a", "1").cookie("b", "2").json({ had: request.headers.cookie ?? null }));
app.get("/redirect", (request, response) => response.redirect(request.baseUrl + "/"));
app.get("/large", (request, response) => {
  response.type("text");
  return pipeline(Readable.from((function* () { for (let i = 0; i < 100; i++) yield "x".repeat(10000); })()), response);
});
app.get("/events", async (request, response) => {
  response.set("Content-Type", "text/event-stream").flushHeaders();
  for (let number = 0; number < 3; number++) {
    while (number > 0 && !existsSync(folder + "/go-" + request.query.run + "-" + number)) await pause(5);
    response.write("data: " + number + "\\n\\n");
  }
  response.end();
});
app.get("/throws", () => { throw new Error("thrown on purpose"); });
app.get("/rejects", async () => { await null; throw new Error("rejected on purpose"); });
app.get("/teapot", () => { throw Object.assign(new Error("short and stout"), { status: 418 }); });
app.use((request, response) => response.status(404).type("text").send("nothing at " + request.originalUrl));
app.use((error, request, response, next) => {
  if (!error.status) console.error(error.stack);
  response.status(error.status ?? 500).type("text").send(error.status ? "refused: " + error.status : "it failed");
});
export default app;
`;

const hono = `
import { existsSync, readFileSync } from "node:fs";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { setCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { serveStatic } from "hono/serve-static";
import { stream, streamSSE } from "hono/streaming";

const app = new Hono();
const folder = import.meta.dirname;
app.use(async (context, next) => {
  await next();
  context.header("X-Seen", context.req.method);
});
app.use("/static/*", serveStatic({
  root: folder + "/public",
  rewriteRequestPath: (path) => path.replace("/static", ""),
  getContent: async (path) => { try { return readFileSync(path); } catch { return null; } },
}));
app.get("/", (context) => context.text("hello"));
app.get("/items/:id", (context) => context.json({ id: context.req.param("id"), q: context.req.query("q") ?? null }));
app.put("/items/:id", async (context) => context.json({ id: context.req.param("id"), put: await context.req.json() }));
app.delete("/items/:id", (context) => context.body(null, 204));
app.post("/json", bodyLimit({ maxSize: 2_000_000 }), async (context) => {
  const got = await context.req.json().catch(() => { throw new HTTPException(400); });
  return context.json({ got }, 201);
});
app.post("/form", async (context) => context.json({ name: (await context.req.parseBody()).name }));
app.post("/size", async (context) => {
  let size = 0;
  for await (const chunk of context.req.raw.body) size += chunk.length;
  return context.json({ size });
});
app.get("/cookies", (context) => {
  setCookie(context, "a", "1");
  setCookie(context, "b", "2");
  return context.json({ had: context.req.header("cookie") ?? null });
});
app.get("/redirect", (context) => context.redirect(context.env.mount + "/"));
app.get("/large", (context) => {
  context.header("Content-Type", "text/plain; charset=utf-8");
  return stream(context, async (out) => { for (let i = 0; i < 100; i++) await out.write("x".repeat(10000)); });
});
app.get("/events", (context) =>
  streamSSE(context, async (out) => {
    for (let number = 0; number < 3; number++) {
      while (number > 0 && !existsSync(folder + "/go-" + context.req.query("run") + "-" + number)) await out.sleep(5);
      await out.writeSSE({ data: String(number) });
    }
  }),
);
app.get("/throws", () => { throw new Error("thrown on purpose"); });
app.get("/rejects", async () => { await null; throw new Error("rejected on purpose"); });
app.get("/teapot", () => { throw new HTTPException(418); });
app.notFound((context) => context.text("nothing at " + context.env.originalUrl, 404));
app.onError((error, context) => {
  if (!(error instanceof HTTPException)) console.error(error.stack);
  const status = error.status ?? 500;
  return context.text(error.status ? "refused: " + status : "it failed", status);
});
export default app;
`;

const mounts = [
  { framework: "Express", place: "the HTTP worker", mount: "/express" },
  { framework: "Hono", place: "the HTTP worker", mount: "/hono" },
  { framework: "Express", place: "a daemon group", mount: "/daemons/express" },
  { framework: "Hono", place: "a daemon group", mount: "/daemons/hono" },
] as const;

const configuration = `
WSGIDaemonProcess frameworks processes=2 threads=10
WSGIScriptAlias /daemons/express @ROOT@/app/express.mjs process-group=frameworks application-group=%{GLOBAL}
WSGIScriptAlias /daemons/hono @ROOT@/app/hono.mjs process-group=frameworks application-group=%{GLOBAL}
WSGIScriptAlias /express @ROOT@/app/express.mjs
WSGIScriptAlias /hono @ROOT@/app/hono.mjs
WSGIChunkedRequest On
<Directory @ROOT@/app>
    Require all granted
</Directory>
`;

type Init = RequestInit & { readonly duplex?: "half" };

interface Row {
  readonly asks: string;
  readonly init?: Init;
  readonly status?: number;
  /** The text, or what its JSON says; MOUNT stands for where it is mounted. */
  readonly answers: unknown;
  readonly fields?: Readonly<Record<string, RegExp>>;
}

const json = { "Content-Type": "application/json" };
const post = (body: string | URLSearchParams, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  body,
  headers,
});
const inPieces = (...pieces: string[]): Init => ({
  method: "POST",
  body: new Blob(pieces).stream(),
  headers: json,
  duplex: "half",
});

/** Made anew for each mount: a stream is sent once. */
const rows = (): readonly Row[] => [
  { asks: "/", answers: "hello", fields: { "content-type": /^text\/plain/, "content-length": /^5$/, "x-seen": /GET/ } },
  { asks: "", answers: "hello" },
  { asks: "/", init: { method: "HEAD" }, answers: "", fields: { "x-seen": /HEAD/ } },
  { asks: "/items/a%20b?q=%C3%A4", answers: { id: "a b", q: "ä" } },
  { asks: "/items/7", init: { ...post('{"n":1}', json), method: "PUT" }, answers: { id: "7", put: { n: 1 } } },
  { asks: "/items/7", init: { method: "DELETE" }, status: 204, answers: "" },
  { asks: "/json", init: post('{"a":["ä"]}', json), status: 201, answers: { got: { a: ["ä"] } } },
  { asks: "/json", init: inPieces('{"a":', "1}"), status: 201, answers: { got: { a: 1 } } },
  { asks: "/json", init: post("{", json), status: 400, answers: "refused: 400" },
  { asks: "/form", init: post(new URLSearchParams({ name: "Grace & Ada" })), answers: { name: "Grace & Ada" } },
  { asks: "/size", init: post("x".repeat(3_000_000), { "Content-Type": "text/plain" }), answers: { size: 3_000_000 } },
  {
    asks: "/cookies",
    init: { headers: { Cookie: "c=3" } },
    answers: { had: "c=3" },
    fields: { "set-cookie": /a=1.*, b=2/ },
  },
  { asks: "/redirect", status: 302, answers: /.*/, fields: { location: /^MOUNT\/$/ } },
  { asks: "/static/style.css", answers: "p { color: red }\n", fields: { "content-type": /^text\/css/ } },
  { asks: "/static/none.css", status: 404, answers: "nothing at MOUNT/static/none.css" },
  { asks: "/large", answers: "x".repeat(1_000_000), fields: { "content-type": /^text\/plain/ } },
  { asks: "/teapot", status: 418, answers: "refused: 418" },
  { asks: "/nowhere?q", status: 404, answers: "nothing at MOUNT/nowhere?q" },
  { asks: "/throws", status: 500, answers: "it failed" },
  { asks: "/rejects", status: 500, answers: "it failed" },
];

describe("an application of a Node framework", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async () => {
    const { root, port } = await makeRoot(configuration, {
      files: { "app/express.mjs": express, "app/hono.mjs": hono, "app/public/style.css": "p { color: red }\n" },
      modules: ["wsgi"],
    });
    symlinkSync(fileURLToPath(new URL("../../node_modules", import.meta.url)), join(root, "node_modules"));
    served = await serveRoot(root, port);
  });
  after(() => served?.end());

  for (const { framework, place, mount } of mounts) {
    describe(`${framework}, in ${place}`, () => {
      for (const { asks, init, status = 200, answers, fields = {} } of rows()) {
        it(`answers ${init?.method ?? "GET"} ${asks || "its mount"} with ${status}`, async () => {
          const response = await fetch(served.url(mount + asks), { redirect: "manual", ...init });
          const text = await response.text();
          expect(response.status, text).to.equal(status);
          if (answers instanceof RegExp) expect(text).to.match(answers);
          else if (typeof answers === "string") expect(text).to.equal(answers.replace("MOUNT", mount));
          else expect(JSON.parse(text)).to.deep.equal(answers);
          for (const [name, { source }] of Object.entries(fields)) {
            expect(response.headers.get(name)).to.match(new RegExp(source.replace("MOUNT", mount)));
          }
        });
      }

      it("sends events one by one", async () => {
        const run = mount.replaceAll("/", "");
        const [response] = (await once(get(served.url(`${mount}/events?run=${run}`)), "response")) as [IncomingMessage];
        expect(response.headers["content-type"]).to.match(/^text\/event-stream/);
        let text = "";
        response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
        let expected = "";
        for (const number of [0, 1, 2]) {
          if (number > 0) writeFileSync(join(served.root, `app/go-${run}-${number}`), "");
          expected += `data: ${number}\n\n`;
          await until(`event ${number} has come`, () => text.length >= expected.length);
          expect(text).to.equal(expected);
        }
        await until("the end has come", () => response.complete);
      });

      it("has the stack of what failed in the error log", async () => {
        const before = served.errors().length;
        await (await fetch(served.url(`${mount}/throws`))).text();
        await until("the stack is logged", () => served.errors().slice(before).includes("Error: thrown on purpose"));
        expect(served.errors().slice(before)).to.match(/at .*(express|hono)\.mjs/);
      });
    });
  }
});
