// WebSockets of ASGI applications, plain and of Starlette, in daemon groups and inside the workers.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";
import { endClients, WebSocketClient } from "../support/websocket-client.js";

const plain = `
import asyncio, json, os

flooded = [0]

async def lifespan(scope, receive, send):
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            scope["state"]["started"] = os.getpid()
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(scope, receive, send)
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        path = scope["path"].removeprefix(scope["root_path"])
        body = b"http " + path.encode() if path != "/flooded" else b"%d" % flooded[0]
        return await send({"type": "http.response.body", "body": body})
    path = scope["path"].removeprefix(scope["root_path"])
    async def text(value):
        await send({"type": "websocket.send", "text": value})
    if path == "/silent":
        return
    if path == "/denies":
        await receive()
        return await send({"type": "websocket.close", "code": 4403})
    if path == "/explains":
        await receive()
        await send({"type": "websocket.http.response.start", "status": 401, "headers": [(b"x-why", b"no ticket"), (b"content-type", b"text/plain")]})
        await send({"type": "websocket.http.response.body", "body": b"no ", "more_body": True})
        return await send({"type": "websocket.http.response.body", "body": b"ticket"})
    if path == "/raises":
        raise ValueError("before the handshake")
    if path == "/waits":
        await receive()
        print("has connected")
        print("waits for", (await receive())["type"])
        return
    connect = await receive()
    assert connect == {"type": "websocket.connect"}, connect
    if path == "/fields":
        await send({"type": "websocket.accept", "subprotocol": "chat.2", "headers": [(b"x-one", b"1"), (b"set-cookie", b"a=b"), (b"set-cookie", b"c=d")]})
        await text(json.dumps(scope["subprotocols"]))
        return await send({"type": "websocket.close", "code": 4001, "reason": "enough \\u00e9"})
    if path == "/bad-field":
        return await send({"type": "websocket.accept", "headers": [(b"x-one", b"1\\r\\nX-Two: 2")]})
    await send({"type": "websocket.accept"})
    if path == "/scope":
        shown = {key: scope[key] for key in ("type", "http_version", "scheme", "path", "root_path", "subprotocols", "asgi")}
        shown["query_string"] = scope["query_string"].decode()
        shown["headers"] = sorted([name.decode(), value.decode()] for name, value in scope["headers"] if name.startswith(b"x-"))
        shown["client"] = scope["client"][0]
        shown["state"] = scope["state"]["started"] == os.getpid()
        shown["has_method"] = "method" in scope
        return await text(json.dumps(shown))
    if path == "/fails":
        await text("so far")
        raise ValueError("after the handshake")
    if path == "/floods":
        piece = b"x" * 65536
        sent = 0
        try:
            for sent in range(1024):
                flooded[0] = sent
                await send({"type": "websocket.send", "bytes": piece})
        except OSError as error:
            print("flood ended with", type(error).__name__)
            return
        return await text("all sent")
    if path == "/reads-late":
        await asyncio.wait_for(receive(), 30)
        total = 0
        while total < 20000000:
            total += len((await receive())["bytes"])
        return await text(str(total))
    if path == "/impatient":
        for _ in range(5):
            try:
                await asyncio.wait_for(receive(), 0.05)
            except asyncio.TimeoutError:
                pass
        await text("ready")
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            print("disconnect", message["code"], message["reason"])
            again = await receive()
            assert again == message
            try:
                await send({"type": "websocket.send", "text": "too late"})
            except OSError:
                print("send fails with OSError")
            return
        if message.get("text") == "close":
            await send({"type": "websocket.close"})
            message = await receive()
            print("closed by us", message["type"], message["code"])
            try:
                await send({"type": "websocket.send", "text": "more"})
            except Exception as error:
                print("after close", type(error).__name__)
            return
        if message.get("text") == "pid":
            await text(str(os.getpid()))
        elif message.get("text") is not None:
            await text("echo " + message["text"])
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"][::-1]})
`;

const starlette = `
import asyncio
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.routing import Route, WebSocketRoute
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocketDisconnect

room = set()

async def echo(websocket):
    await websocket.accept(subprotocol="json" if "json" in websocket.scope["subprotocols"] else None)
    try:
        while True:
            message = await websocket.receive_json()
            message["seen"] = websocket.path_params.get("name")
            await websocket.send_json(message)
    except WebSocketDisconnect as gone:
        print("starlette saw", gone.code)

async def chat(websocket):
    await websocket.accept()
    room.add(websocket)
    try:
        async for text in websocket.iter_text():
            for other in room:
                await other.send_text(text)
    finally:
        room.discard(websocket)

class Numbers(WebSocketEndpoint):
    encoding = "bytes"
    async def on_connect(self, websocket):
        await websocket.accept()
    async def on_receive(self, websocket, data):
        await websocket.send_bytes(bytes(reversed(data)))
    async def on_disconnect(self, websocket, close_code):
        print("numbers saw", close_code)

async def home(request):
    return PlainTextResponse("%d in the room" % len(room))

application = Starlette(routes=[
    Route("/", home),
    WebSocketRoute("/echo/{name}", echo),
    WebSocketRoute("/chat", chat),
    WebSocketRoute("/numbers", Numbers),
])
`;

const wsgi = `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("wsgi saw " + environ.get("HTTP_UPGRADE", "nothing")).encode()]
`;

for (const [name, groups] of [
  ["in a daemon group", "WSGIDaemonProcess site threads=2\nWSGIProcessGroup site\nWSGIApplicationGroup %{GLOBAL}"],
  ["inside the workers", "WSGIApplicationGroup %{GLOBAL}"],
] as const) {
  describe(`a WebSocket of an ASGI application ${name}`, function () {
    this.timeout(60_000);
    let server: ServedRoot;
    before(async function () {
      needPython(this);
      server = await serveModhost(
        `${groups}
StartServers 1
ServerLimit 1
WSGIScriptAlias /plain @ROOT@/plain.py
WSGIScriptAlias /starlette @ROOT@/starlette_app.py application-group=starlette
WSGIScriptAlias /wsgi @ROOT@/wsgi_app.py
CustomLog @ROOT@/run/access.log "%>s %U %B %O"
<Directory @ROOT@>
  Require all granted
</Directory>
<Location /plain/forbidden>
  Require all denied
</Location>
RewriteEngine On
RewriteRule ^/old/(.*) /plain/$1 [PT]
Header always set X-Served-By modhost`,
        {
          files: { "plain.py": plain, "starlette_app.py": starlette, "wsgi_app.py": wsgi },
          modules: ["wsgi", "rewrite", "headers"],
        },
      );
    });
    after(() => server.end());
    afterEach(endClients);

    const open = (path: string, protocols: readonly string[] = []): Promise<WebSocketClient> =>
      new WebSocketClient(server.url(path), protocols).opened();
    const logged = (text: string): Promise<void> =>
      until(`the log has "${text}"`, () => server.errors().includes(text));

    it("carries texts and bytes both ways", async () => {
      const client = await open("/plain/echo");
      for (const text of ["one", "", "Gr\u00fc\u00dfe \u{1f600}"]) {
        client.send(text);
        expect(await client.next()).to.equal(`echo ${text}`);
      }
      client.send(Buffer.from([1, 2, 255]));
      expect(await client.next()).to.deep.equal(Buffer.from([255, 2, 1]));
    });

    it("gets the scope of its request", async () => {
      const client = new WebSocketClient(server.url("/plain/scope?a=b"), [], { headers: { "X-One": "1" } });
      const scope = JSON.parse(String(await client.next())) as Record<string, unknown>;
      expect(scope).to.deep.include({ type: "websocket", http_version: "1.1", scheme: "ws", path: "/plain/scope" });
      expect(scope).to.deep.include({ root_path: "/plain", query_string: "a=b", state: true, has_method: false });
      expect(scope).to.deep.include({ client: "127.0.0.1", subprotocols: [] });
      expect(scope["headers"]).to.deep.equal([["x-one", "1"]]);
      // An application that returns has closed in order.
      expect((await client.end()).code).to.equal(1000);
    });

    it("chooses a subprotocol, sends fields, and closes with a code and a reason", async () => {
      const client = await open("/plain/fields", ["chat.1", "chat.2"]);
      expect(client.socket.protocol).to.equal("chat.2");
      expect(client.headers["x-one"]).to.equal("1");
      expect(client.headers["x-served-by"]).to.equal("modhost");
      expect(client.headers["set-cookie"]).to.deep.equal(["a=b", "c=d"]);
      expect(await client.next()).to.equal('["chat.1", "chat.2"]');
      expect(await client.end()).to.deep.equal({ code: 4001, reason: "enough \u00e9" });
    });

    for (const [path, status] of [
      ["/plain/denies", 403],
      ["/plain/explains", 401],
      ["/plain/raises", 500],
      ["/plain/silent", 500],
      ["/plain/bad-field", 500],
      ["/plain/forbidden", 403],
    ] as const) {
      it(`is refused with ${status} at ${path}`, async () => {
        const refusal = await new WebSocketClient(server.url(path)).refused();
        expect(refusal.status).to.equal(status);
        if (path === "/plain/explains") {
          expect(refusal.headers["x-why"]).to.equal("no ticket");
          expect(refusal.body).to.equal("no ticket");
        }
        if (path === "/plain/raises") await logged("ValueError: before the handshake");
      });
    }

    it("passes rewriting on its way", async () => {
      const client = await open("/old/echo");
      client.send("x");
      expect(await client.next()).to.equal("echo x");
    });

    it("is refused with 400 when the handshake is none", async () => {
      const headers = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "7" };
      const call = request(server.url("/plain/echo"), {
        headers: { ...headers, "Sec-WebSocket-Key": "a".repeat(22) + "==" },
      });
      call.end();
      const [response] = (await once(call, "response")) as [IncomingMessage];
      response.resume();
      expect(response.statusCode).to.equal(400);
      expect(response.headers["sec-websocket-version"]).to.contain("13");
    });

    it("hears how its client closed, and that it can send no more", async () => {
      const client = await open("/plain/echo");
      client.socket.close(4321, "was nice");
      await logged("disconnect 4321 was nice");
      await logged("send fails with OSError");
      const lost = await open("/plain/echo");
      lost.socket.terminate();
      await logged("disconnect 1006");
    });

    it("closes, and hears that the client has", async () => {
      const client = await open("/plain/echo");
      client.send("close");
      expect((await client.end()).code).to.equal(1000);
      await logged("closed by us websocket.disconnect 1000");
      await logged("after close OSError");
    });

    it("is closed with 1011 when its application fails, with the exception in the log", async () => {
      const client = await open("/plain/fails");
      expect(await client.next()).to.equal("so far");
      expect((await client.end()).code).to.equal(1011);
      await logged("ValueError: after the handshake");
    });

    it("holds no thread once it is open", async () => {
      const clients = await Promise.all(Array.from({ length: 60 }, () => open("/plain/echo")));
      for (const [i, client] of clients.entries()) client.send(String(i));
      for (const [i, client] of clients.entries()) expect(await client.next()).to.equal(`echo ${i}`);
      expect(await (await fetch(server.url("/plain/page"))).text()).to.equal("http /page");
    });

    it("frees what worked for a client that leaves in the handshake", async () => {
      const socket = connect(server.port, "127.0.0.1");
      socket.write(
        "GET /plain/waits HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: aaaaaaaaaaaaaaaaaaaaaa==\r\n\r\n",
      );
      await logged("has connected");
      socket.resetAndDestroy();
      await logged("waits for websocket.disconnect");
    });

    it("makes the application wait for a client that does not read", async () => {
      const client = await open("/plain/floods");
      client.socket.pause();
      let before = "";
      await until("the application waits", async () => {
        const last = before;
        before = await (await fetch(server.url("/plain/flooded"))).text();
        return before === last && before !== "0";
      });
      expect(Number(before)).to.be.lessThan(1023);
      client.socket.resume();
      let total = 0;
      for (let last: string | Buffer = ""; last !== "all sent"; last = await client.next()) total += last.length;
      expect(total).to.equal(1024 * 65_536);
    });

    it("ends the application of a client that left while it was sent to", async () => {
      const client = await open("/plain/floods");
      client.socket.pause();
      client.socket.terminate();
      await logged("flood ended with");
    });

    it("makes a client wait for an application that does not read", async () => {
      const client = await open("/plain/reads-late");
      const piece = Buffer.alloc(1_000_000, "x");
      client.send("begin");
      for (let i = 0; i < 20; i++) client.send(piece);
      expect(await client.next()).to.equal("20000000");
    });

    it("is not confused by an application that stops waiting for a message", async () => {
      const client = await open("/plain/impatient");
      expect(await client.next()).to.equal("ready");
      client.send("x".repeat(300_000));
      expect(await client.next()).to.equal(`echo ${"x".repeat(300_000)}`);
    });

    it("is an ordinary request to an application of WSGI", async () => {
      const refusal = await new WebSocketClient(server.url("/wsgi")).refused();
      expect(refusal).to.deep.include({ status: 200, body: "wsgi saw websocket" });
    });

    it("stands in the access log when it is over, with 101 and its bytes", async () => {
      const client = await open("/plain/logged");
      client.send("x".repeat(1000));
      await client.next();
      client.socket.close();
      await client.end();
      await until("the line is there", () =>
        /^101 \/plain\/logged 0 1\d\d\d$/m.test(readFileSync(`${server.root}/run/access.log`, "utf8")),
      );
    });

    it("may be Starlette's: routes, JSON, a room, endpoints", async function () {
      needPython(this, "python3-starlette", "starlette");
      const client = await open("/starlette/echo/me", ["xml", "json"]);
      expect(client.socket.protocol).to.equal("json");
      client.send('{"n": 1}');
      expect(JSON.parse(String(await client.next()))).to.deep.equal({ n: 1, seen: "me" });
      client.socket.close(1001);
      await logged("starlette saw 1001");

      const [one, two] = await Promise.all([open("/starlette/chat"), open("/starlette/chat")]);
      one.send("hello all");
      expect(await one.next()).to.equal("hello all");
      expect(await two.next()).to.equal("hello all");
      expect(await (await fetch(server.url("/starlette/"))).text()).to.equal("2 in the room");

      const numbers = await open("/starlette/numbers");
      numbers.send(Buffer.from([1, 2, 3]));
      expect(await numbers.next()).to.deep.equal(Buffer.from([3, 2, 1]));
      // It wants bytes.
      numbers.send("text");
      expect((await numbers.end()).code).to.equal(1003);
      expect((await new WebSocketClient(server.url("/starlette/nowhere")).refused()).status).to.equal(403);
    });
  });
}

describe("the limits of WebSockets", function () {
  this.timeout(60_000);
  let server: ServedRoot;
  before(async function () {
    needPython(this);
    server = await serveModhost(
      `WSGIDaemonProcess site threads=2 graceful-timeout=3
WSGIProcessGroup site
WSGIApplicationGroup %{GLOBAL}
StartServers 1
ServerLimit 1
WSGIScriptAlias /plain @ROOT@/plain.py
<Directory @ROOT@>
  Require all granted
</Directory>
WSGIWebSocket max-message-size=1000
<Location /plain/watched>
  WSGIWebSocket ping-interval=1 ping-timeout=1
</Location>
<Location /plain/asked>
  WSGIWebSocket ping-interval=1
</Location>`,
      { files: { "plain.py": plain }, modules: ["wsgi"] },
    );
  });
  after(() => server.end());
  afterEach(endClients);

  const open = (path: string, options = {}): Promise<WebSocketClient> =>
    new WebSocketClient(server.url(path), [], options).opened();

  it("close with 1009 what sends too large a message", async () => {
    const client = await open("/plain/echo");
    client.send("x".repeat(1000));
    expect(await client.next()).to.have.length(1005);
    client.send("x".repeat(1001));
    expect((await client.end()).code).to.equal(1009);
  });

  it("cut a client that answers no ping, and leave one alone that does", async () => {
    const answering = await open("/plain/asked");
    let pings = 0;
    answering.socket.on("ping", () => pings++);
    const silent = await open("/plain/watched", { autoPong: false });
    expect((await silent.end()).code).to.equal(1006);
    await until("it was asked twice", () => pings >= 2);
    answering.send("still there");
    expect(await answering.next()).to.equal("echo still there");
  });

  it("let a WebSocket live on in a process that is replaced, and close it with 1012 before its end", async () => {
    const old = await open("/plain/echo");
    old.send("pid");
    const pid = await old.next();
    writeFileSync(join(server.root, "plain.py"), `${plain}\n# changed\n`);
    let fresh = pid;
    await until("a new process serves", async () => {
      const client = await open("/plain/echo");
      client.send("pid");
      fresh = await client.next();
      client.socket.terminate();
      return fresh !== pid;
    });
    expect((await old.end()).code).to.equal(1012);
  });

  it("close with 1011 what is left when the process dies", async () => {
    const client = await open("/plain/echo");
    client.send("pid");
    process.kill(Number(await client.next()), "SIGKILL");
    expect((await client.end()).code).to.equal(1011);
  });
});
