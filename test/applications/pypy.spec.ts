// Applications under PyPy, which Debian ships: python-executable=/usr/bin/pypy3.
import { existsSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const pypy = "/usr/bin/pypy3";
const program = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

const application = `
import os, sys, threading, time
import mod_wsgi

class Closing:
    def __init__(self, items):
        self.items = items
    def __iter__(self):
        return iter(self.items)
    def close(self):
        print("closed")

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/fail":
        raise ValueError("in pypy")
    if path == "/spin":
        until = time.monotonic() + 30
        while time.monotonic() < until:
            pass
    if path == "/late":
        def items():
            yield b"first"
            raise ValueError("too late")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return items()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/file":
        return environ["wsgi.file_wrapper"](open(__file__, "rb"))
    if path == "/echo":
        return [environ["wsgi.input"].read()]
    if path == "/stream":
        return (b"%d" % number for number in range(5))
    if path == "/closing":
        return Closing([b"closing"])
    return [("%s %s %d" % (sys.implementation.name, mod_wsgi.process_group, os.getpid())).encode()]
`;

const asgi = `
import asyncio, sys

async def application(scope, receive, send):
    if scope["type"] != "http":
        raise ValueError(scope["type"])
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for piece in (sys.implementation.name.encode(), b" ", body):
        await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})
`;

const configuration = `
WSGIDaemonProcess pypy python-executable=${pypy} processes=2 threads=4 maximum-requests=200
WSGIDaemonProcess timed python-executable=${pypy} threads=2 request-timeout=1 interrupt-timeout=20
WSGIScriptAlias /wsgi @ROOT@/app.wsgi process-group=pypy application-group=%{GLOBAL}
WSGIScriptAlias /asgi @ROOT@/asgi.py process-group=pypy application-group=other
WSGIScriptAlias /timed @ROOT@/app.wsgi process-group=timed application-group=%{GLOBAL}
<Directory @ROOT@>
    Require all granted
</Directory>
`;

describe("PyPy in daemon groups", function () {
  this.timeout(180_000);
  let served: ServedRoot;

  before(async function () {
    if (!existsSync(pypy)) {
      const remedy = "pypy3 is missing: apt-get install pypy3";
      if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; ${remedy}`);
      console.log(`      skipped, ${remedy}`);
      this.skip();
    }
    served = await serveModhost(configuration, {
      modules: ["wsgi"],
      files: { "app.wsgi": application, "asgi.py": asgi },
    });
  });
  after(() => (served as ServedRoot | undefined)?.end());

  const ask = async (path: string, init?: RequestInit): Promise<[number, string]> => {
    const response = await fetch(served.url(path), init);
    return [response.status, await response.text()];
  };

  it("is what -t says", () => {
    const { stdout, stderr } = spawnSync(process.execPath, [program, "-d", served.root, "-t"], { encoding: "utf8" });
    const output = stdout + stderr;
    expect(output).to.match(
      /pypy \(Python 3\.\d+\.\d+\), \/usr\/bin\/pypy3, prefix \/usr: daemon groups "pypy", "timed"/,
    );
  });

  const rows: readonly (readonly [string, RequestInit, number, RegExp])[] = [
    ["/wsgi/", {}, 200, /^pypy pypy \d+$/],
    ["/wsgi/echo", { method: "POST", body: "a body" }, 200, /^a body$/],
    ["/wsgi/echo", { method: "POST", body: "x".repeat(3_000_000) }, 200, /^x{3000000}$/],
    ["/wsgi/stream", {}, 200, /^01234$/],
    ["/wsgi/file", {}, 200, /^\nimport os, sys/],
    ["/wsgi/fail", {}, 500, /Internal Server Error/],
    ["/wsgi/closing", {}, 200, /^closing$/],
    ["/asgi/", { method: "POST", body: "asynchronous" }, 200, /^pypy asynchronous$/],
  ];
  for (const [path, init, status, text] of rows) {
    it(`answers ${init.method ?? "GET"} ${path}`, async () => {
      const [found, body] = await ask(path, init);
      expect(found).to.equal(status);
      expect(body).to.match(text);
    });
  }

  it("breaks off a response that fails in the middle, and logs its traceback", async () => {
    const outcome = await ask("/wsgi/late").then(
      ([status]) => status,
      () => "broken off",
    );
    // A 500 where the first bytes had not left yet.
    expect(outcome).to.be.oneOf(["broken off", 500]);
    await until("the traceback is in the log", () => served.errors().includes("ValueError: too late"));
  });

  it("interrupts a request that runs too long, and the process lives", async () => {
    const [, before] = await ask("/timed/");
    expect((await ask("/timed/spin"))[0]).to.equal(504);
    await until("the thread is free", async () => (await ask("/timed/"))[1] === before);
  });

  it("replaces processes without losing a request", async () => {
    const pids = new Set<string>();
    const asking = async (): Promise<void> => {
      for (let count = 0; count < 150; count++) {
        const [status, text] = await ask("/wsgi/");
        expect(status).to.equal(200);
        pids.add(text);
      }
    };
    await Promise.all([asking(), asking(), asking(), asking()]);
    await until("there is another process", async () => pids.add((await ask("/wsgi/"))[1]).size > 2);
  });

  it("takes a changed script", async () => {
    const [, before] = await ask("/timed/");
    const script = join(served.root, "app.wsgi");
    utimesSync(script, new Date(), new Date(statSync(script).mtimeMs + 5000));
    await until("a new process serves", async () => (await ask("/timed/"))[1] !== before);
  });
});
