// Lifespans of ASGI applications that fail, and callables of which it is not plain what they are.
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const applications = `
import asyncio, functools, json

async def answer(send, value):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": value.encode()})

async def fails(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        return await send({"type": "lifespan.startup.failed", "message": "no database"})
    await answer(send, "served")

async def raises(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        raise ValueError("the cache is away")
    await answer(send, "served")

async def has_none(scope, receive, send):
    assert scope["type"] == "http"
    await answer(send, "served")

async def hangs(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await asyncio.Event().wait()
    await answer(send, "served")

async def ends_badly(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return await send({"type": "lifespan.shutdown.failed", "message": "left unsaved"})
    await answer(send, "served")

async def with_word(word, scope, receive, send):
    if scope["type"] == "http":
        await answer(send, word)

part = functools.partial(functools.partial(with_word), "in part")

class Methods:
    async def asgi(self, scope, receive, send):
        await with_word("a method", scope, receive, send)
    def wsgi(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"of WSGI"]

method = Methods().asgi
ordinary = functools.partial(Methods.wsgi, None)
`;

/** What each answers: status and body. */
const answers: Readonly<Record<string, readonly [number, string?]>> = {
  fails: [500],
  raises: [200, "served"],
  has_none: [200, "served"],
  ends_badly: [200, "served"],
  part: [200, "in part"],
  method: [200, "a method"],
  ordinary: [200, "of WSGI"],
};

for (const mode of ["in a daemon group", "inside the workers"]) {
  describe(`ASGI applications with odd lives ${mode}`, function () {
    this.timeout(60_000);
    let server: ServedRoot;
    before(async function () {
      needPython(this);
      const lines = [...Object.keys(answers), "hangs"].map(
        (name) => `WSGIScriptAlias /${name} @ROOT@/lives.py callable-object=${name}`,
      );
      const group =
        mode === "in a daemon group" ? "WSGIDaemonProcess site threads=4 startup-timeout=5\nWSGIProcessGroup site" : "";
      server = await serveModhost(
        `${group}
StartServers 1
ServerLimit 1
WSGIApplicationGroup %{GLOBAL}
${lines.join("\n")}
<Directory @ROOT@>
  Require all granted
</Directory>`,
        { files: { "lives.py": applications }, modules: ["wsgi"] },
      );
    });
    after(() => server.end());

    for (const [name, [status, body]] of Object.entries(answers)) {
      it(`answer as they should: ${name}`, async () => {
        const response = await fetch(server.url(`/${name}`));
        const text = await response.text();
        expect(response.status, server.errors()).to.equal(status);
        if (body !== undefined) expect(text).to.equal(body);
      });
    }

    if (mode === "in a daemon group") {
      it("are not waited for without end", async () => {
        const statuses = await Promise.all([1, 2].map(async () => (await fetch(server.url("/hangs"))).status));
        expect(statuses).to.deep.equal([500, 500]);
        await until("the log says why", () =>
          /has not answered lifespan.startup within 5 s \(startup-timeout\)/.test(server.errors()),
        );
      });
    }

    it("leave in the log what failed", async () => {
      await until("the startup that failed is there", () =>
        /the ASGI application's startup failed: no database/.test(server.errors()),
      );
      await until("the exception is there", () => /ValueError: the cache is away/.test(server.errors()));
      expect(server.errors()).not.to.contain("AssertionError");
    });

    it("leave in the log what fails at their end", async () => {
      server.running.child.kill("SIGTERM");
      await until("it is there", () => /the ASGI application's shutdown failed: left unsaved/.test(server.errors()));
    });
  });
}
