// ASGI applications, plain and of Starlette, in daemon groups and inside the workers.
import { request, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const plain = `
import asyncio, json, os

events = []

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            events.append(message["type"])
            if message["type"] == "lifespan.startup":
                scope["state"]["started"] = os.getpid()
                await send({"type": "lifespan.startup.complete"})
            else:
                print("asgi shutdown")
                await send({"type": "lifespan.shutdown.complete"})
                return
    path = scope["path"].removeprefix(scope["root_path"])
    async def start(status=200, *headers):
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain"), *headers]})
    if path == "/scope":
        shown = {key: scope[key] for key in ("type", "http_version", "method", "scheme", "path", "root_path")}
        shown["raw_path"] = scope["raw_path"].decode()
        shown["query_string"] = scope["query_string"].decode()
        shown["headers"] = sorted([name.decode(), value.decode()] for name, value in scope["headers"] if name.startswith(b"x-"))
        shown["client"] = scope["client"][0]
        shown["state"] = scope["state"]["started"] == os.getpid()
        shown["events"] = events
        await start()
        return await send({"type": "http.response.body", "body": json.dumps(shown).encode()})
    if path == "/echo":
        await start(201, (b"x-twice", b"1"), (b"x-twice", b"2"))
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            await send({"type": "http.response.body", "body": message["body"], "more_body": more})
        return
    if path == "/streams":
        await start()
        for number in range(3):
            await send({"type": "http.response.body", "body": b"data: %d\\n\\n" % number, "more_body": True})
            await asyncio.sleep(0.01)
        return await send({"type": "http.response.body"})
    if path == "/endless":
        await start()
        await receive()
        left = asyncio.ensure_future(receive())
        try:
            while not left.done():
                await send({"type": "http.response.body", "body": b"more", "more_body": True})
                await asyncio.sleep(0.02)
        except OSError:
            pass
        print("saw", (await left)["type"])
        return
    if path == "/keeps":
        # A field that is the server's business.
        await start(200, (b"Transfer-Encoding", b"chunked"))
        return await send({"type": "http.response.body", "body": b"kept"})
    if path == "/uploaded":
        message = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
        print("upload ended with", message["type"])
        return
    if path == "/background":
        await start()
        await send({"type": "http.response.body", "body": b"answered"})
        await asyncio.sleep(0.05)
        print("background is done")
        return
    if path == "/sleeps":
        await asyncio.sleep(float(scope["query_string"] or 0.1))
        await start()
        return await send({"type": "http.response.body", "body": b"slept"})
    if path == "/raises":
        raise ValueError("on purpose")
    if path == "/returns":
        return
    if path == "/breaks":
        await start()
        await send({"type": "http.response.body", "body": b"x" * 100000, "more_body": True})
        raise ValueError("in the middle")
    await start(404)
    await send({"type": "http.response.body", "body": b"nothing"})

class Callable:
    async def __call__(self, scope, receive, send):
        await application(scope, receive, send)

callable_object = Callable()
def wrapped(scope, receive, send):
    return application(scope, receive, send)
`;

const starlette = `
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.routing import Mount, Route

started = []

async def home(request):
    return PlainTextResponse("home of " + request.query_params.get("name", "nobody"))

async def item(request):
    return JSONResponse({"number": request.path_params["number"], "path": str(request.url.path)})

async def form(request):
    return JSONResponse({"json": await request.json(), "started": started})

async def streamed(request):
    async def pieces():
        for number in range(100):
            yield "%d," % number
    return StreamingResponse(pieces(), media_type="text/plain")

async def moved(request):
    return RedirectResponse(request.url_for("home"))

def synchronous(request):
    return PlainTextResponse("from a thread")

application = Starlette(
    routes=[
        Route("/", home, name="home"),
        Route("/item/{number:int}", item),
        Route("/form", form, methods=["POST"]),
        Route("/streamed", streamed),
        Route("/moved", moved),
        Route("/synchronous", synchronous),
        Mount("/below", routes=[Route("/home", home)]),
    ],
    on_startup=[lambda: started.append("yes")],
)
`;

for (const [name, groups] of [
  ["in a daemon group", "WSGIDaemonProcess site threads=8\nWSGIProcessGroup site\nWSGIApplicationGroup %{GLOBAL}"],
  ["inside the workers", "WSGIApplicationGroup %{GLOBAL}\nServerLimit 1\nStartServers 1"],
] as const) {
  describe(`an ASGI application ${name}`, function () {
    this.timeout(60_000);
    let server: ServedRoot;
    before(async function () {
      needPython(this);
      server = await serveModhost(
        `${groups}
WSGIScriptAlias /plain @ROOT@/plain.py
WSGIScriptAlias /object @ROOT@/plain.py callable-object=callable_object
WSGIScriptAlias /wrapped @ROOT@/plain.py callable-object=wrapped interface=asgi
WSGIScriptAlias /starlette @ROOT@/starlette_app.py application-group=starlette
<Directory @ROOT@>
  Require all granted
</Directory>`,
        { files: { "plain.py": plain, "starlette_app.py": starlette }, modules: ["wsgi"] },
      );
    });
    after(() => server.end());

    const text = async (path: string, options?: RequestInit): Promise<string> =>
      (await fetch(server.url(path), options)).text();

    it("gets the scope of its request, and its lifespan before that", async () => {
      const scope = JSON.parse(await text("/plain/%73cope?a=b", { headers: { "X-One": "1" } })) as Record<
        string,
        unknown
      >;
      expect(scope).to.deep.include({
        type: "http",
        http_version: "1.1",
        method: "GET",
        scheme: "http",
        path: "/plain/scope",
      });
      expect(scope).to.deep.include({ root_path: "/plain", query_string: "a=b", state: true });
      expect(scope["raw_path"]).to.equal("/plain/%73cope");
      expect(scope["headers"]).to.deep.equal([["x-one", "1"]]);
      expect(scope["events"]).to.deep.equal(["lifespan.startup"]);
      expect(scope["client"]).to.equal("127.0.0.1");
    });

    it("is known by being a coroutine, or by interface=", async () => {
      expect(await text("/object/sleeps")).to.equal("slept");
      expect(await text("/wrapped/sleeps")).to.equal("slept");
    });

    it("reads bodies as they come, and answers with its own status and fields", async () => {
      const response = await fetch(server.url("/plain/echo"), { method: "POST", body: "y".repeat(400_000) });
      expect(response.status).to.equal(201);
      expect(response.headers.get("x-twice")).to.equal("1, 2");
      expect(await response.text()).to.equal("y".repeat(400_000));
      expect(await text("/plain/echo")).to.equal("");
    });

    it("streams", async () => {
      expect(await text("/plain/streams")).to.equal("data: 0\n\ndata: 1\n\ndata: 2\n\n");
    });

    it("answers requests side by side", async () => {
      const ended: number[] = [];
      const sleep = async (seconds: number): Promise<void> => {
        await text(`/plain/sleeps?${seconds}`);
        ended.push(seconds);
      };
      await Promise.all([4, 3.9, 3.8, 3.7, 3.6, 0.2, 0.1].map(sleep));
      expect(ended.slice(0, 2)).to.have.members([0.1, 0.2]);
    });

    it("hears that its client has left", async () => {
      const call = request(server.url("/plain/endless")).on("error", () => undefined);
      call.end();
      const [response] = (await once(call, "response")) as [IncomingMessage];
      response.on("error", () => undefined);
      await once(response, "data");
      call.destroy();
      await until("the log has it", () => server.errors().includes("saw http.disconnect"));
    });

    it("hears that a body has broken off", async () => {
      const socket = connect(server.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write("POST /plain/uploaded HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n");
      socket.end("x".repeat(100_000));
      await until("the log has it", () => server.errors().includes("upload ended with http.disconnect"));
      socket.destroy();
    });

    it("leaves the framing of its body to the server", async () => {
      const response = await fetch(server.url("/plain/keeps"));
      expect([response.status, await response.text()]).to.deep.equal([200, "kept"]);
    });

    it("goes on in the background when its response is sent", async () => {
      expect(await text("/plain/background")).to.equal("answered");
      await until("the log has it", () => server.errors().includes("background is done"));
    });

    it("gets 500 for an exception, and for an answer that never came", async () => {
      expect((await fetch(server.url("/plain/raises"))).status).to.equal(500);
      expect((await fetch(server.url("/plain/returns"))).status).to.equal(500);
      await until("the log has it", () => server.errors().includes("ValueError: on purpose"));
    });

    it("never leaves a broken response that looks complete", async () => {
      const broken = await text("/plain/breaks").then(
        () => "complete",
        () => "broken off",
      );
      expect(broken).to.equal("broken off");
    });

    it("may be Starlette: routes, JSON, streams, redirects, threads", async function () {
      needPython(this, "python3-starlette", "starlette");
      expect(await text("/starlette/?name=me")).to.equal("home of me");
      expect(JSON.parse(await text("/starlette/item/42"))).to.deep.include({ number: 42 });
      const posted = await text("/starlette/form", { method: "POST", body: '{"a": [1, 2]}' });
      expect(JSON.parse(posted)).to.deep.equal({ json: { a: [1, 2] }, started: ["yes"] });
      expect((await text("/starlette/streamed")).split(",")).to.have.length(101);
      expect(await text("/starlette/below/home")).to.equal("home of nobody");
      expect(await text("/starlette/synchronous")).to.equal("from a thread");
      expect((await fetch(server.url("/starlette/missing"))).status).to.equal(404);
      const moved = await fetch(server.url("/starlette/moved"), { redirect: "manual" });
      expect(moved.headers.get("location")).to.equal(server.url("/starlette/"));
    });

    it("is shut down with its process", async () => {
      server.running.child.kill("SIGTERM");
      await until("modhost ended", () => server.running.child.exitCode !== null);
      expect(server.errors()).to.include("asgi shutdown");
    });
  });
}
