// One ASGI application under uvicorn and here: scopes, messages, failures, early ends, closes of WebSockets. What differs has a reason.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { debianPython, needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { freePorts, runProgram, until, type Running } from "../support/running.js";
import { endClients, WebSocketClient } from "../support/websocket-client.js";

const application = `
import asyncio, json

def plain(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value

async def start(send, *headers, status=200):
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain"), *headers]})

async def body(send, data, more=False):
    await send({"type": "http.response.body", "body": data, "more_body": more})

async def whole(send, data, *headers, status=200):
    await start(send, *headers, status=status)
    await body(send, data)

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        return await send({"type": "lifespan.shutdown.complete"})
    path = scope["path"]
    if scope["type"] == "websocket":
        return await web_socket(path, scope, receive, send)
    if path.startswith("/scope"):
        shown = {key: plain(scope[key]) for key in (
            "type", "http_version", "method", "scheme", "path", "raw_path", "query_string", "root_path")}
        shown["headers"] = sorted(plain(scope["headers"]))
        shown["types"] = {key: type(scope[key]).__name__ for key in (*shown, "client", "server")}
        return await whole(send, json.dumps(shown, sort_keys=True).encode())
    if path == "/echo":
        seen, size = set(), 0
        while True:
            message = await receive()
            seen.add(message["type"])
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                return await whole(send, ("%s %d" % (sorted(seen), size)).encode())
    if path == "/after":
        await receive()
        await start(send)
        waits = asyncio.ensure_future(receive())
        await body(send, b"a", True)
        await asyncio.sleep(0.05)
        return await body(send, b"early" if waits.done() else b"later")
    if path == "/raises":
        raise ValueError("before")
    if path == "/raises-started":
        await start(send)
        raise ValueError("started")
    if path == "/raises-between":
        await start(send)
        await body(send, b"part", True)
        raise ValueError("between")
    if path == "/raises-after":
        await whole(send, b"whole")
        raise ValueError("after")
    if path == "/returns":
        return
    if path == "/returns-started":
        return await start(send)
    if path == "/returns-between":
        await start(send)
        return await body(send, b"part", True)
    if path == "/cancelled":
        raise asyncio.CancelledError()
    if path == "/starts-twice":
        await start(send)
        return await whole(send, b"twice")
    if path == "/body-first":
        return await body(send, b"first")
    if path == "/unknown":
        return await send({"type": "http.nonsense"})
    if path == "/short":
        return await whole(send, b"abc", (b"content-length", b"10"))
    if path == "/long":
        return await whole(send, b"abcdef", (b"content-length", b"3"))
    if path == "/no-body":
        await start(send)
        return await send({"type": "http.response.body"})
    if path == "/no-headers":
        await send({"type": "http.response.start", "status": 200})
        return await body(send, b"bare")
    if path == "/pieces":
        await start(send)
        for piece in (b"a", b"", b"b"):
            await body(send, piece, True)
        return await body(send, b"")
    if path == "/fields":
        return await whole(send, b"f", (b"X-MiXed", b"V"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-latin", b"\\xe9"))
    if path == "/framed":
        return await whole(send, b"framed", (b"transfer-encoding", b"chunked"))
    if path == "/newline":
        return await whole(send, b"n", (b"x-a", b"b\\r\\nx-evil: 1"))
    if path.startswith("/status/"):
        return await whole(send, b"s", status=int(path[8:]))
    await whole(send, b"x" * 3_000_000 if path == "/big" else b"hello")

async def web_socket(path, scope, receive, send):
    connect = await receive()
    if path == "/denies":
        return await send({"type": "websocket.close", "code": 4003})
    if path == "/raises-first":
        raise ValueError("first")
    if path == "/returns-first":
        return
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[-1], "headers": [(b"x-one", b"1")]})
    if path == "/closes":
        return await send({"type": "websocket.close", "code": 3001, "reason": "bye"})
    if path == "/closes-plainly":
        return await send({"type": "websocket.close"})
    if path == "/raises":
        raise ValueError("later")
    if path == "/returns":
        return await send({"type": "websocket.send", "text": json.dumps(
            [connect, scope["path"], scope["query_string"].decode(), scope["scheme"], scope["subprotocols"]])})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            codes.append(message["code"])
            return
        if message.get("text") == "codes":
            await send({"type": "websocket.send", "text": json.dumps(codes)})
        else:
            await send({"type": "websocket.send", "text": message.get("text"), "bytes": message.get("bytes")})

codes = []
`;

/** What is asked for; what uvicorn answers where that is something else, and why. */
interface Row {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly differs?: readonly [uvicorn: string, modhost: string, reason: string];
  /** What may be answered here too, by the moment. */
  readonly orElse?: string;
}

const unfinished = ["200 broken off", "500", "nothing has left yet: there is still a whole answer to give"] as const;

const rows: readonly Row[] = [
  { path: "/scope/a%20b%C3%A9?x=%20y&z", headers: { "X-One": "1", Cookie: "a=1; b=2" } },
  { path: "/scope", method: "POST", headers: { "Content-Type": "a/b" }, body: "abc" },
  { path: "/scope/~a;b,c%3Fd" },
  { path: "/echo" },
  { path: "/echo", method: "POST", body: "abc" },
  { path: "/echo", method: "POST", body: "y".repeat(2_500_000) },
  { path: "/after" },
  { path: "/raises" },
  { path: "/raises-started", differs: unfinished },
  { path: "/raises-between", orElse: "500" },
  { path: "/raises-after" },
  { path: "/returns" },
  { path: "/returns-started", differs: unfinished },
  { path: "/returns-between", orElse: "500" },
  { path: "/cancelled" },
  { path: "/starts-twice", differs: unfinished },
  { path: "/body-first" },
  { path: "/unknown" },
  { path: "/short", differs: ["200 broken off abc", "500", unfinished[2]] },
  { path: "/long", differs: ["200 broken off", "200 abc", "as in mod_wsgi, what is more than promised is dropped"] },
  { path: "/no-body" },
  { path: "/no-headers" },
  { path: "/pieces" },
  { path: "/fields" },
  { path: "/framed" },
  { path: "/newline", differs: ["no answer", "500", "a field that is none is the application's failure"] },
  { path: "/status/204" },
  { path: "/status/304" },
  { path: "/status/404" },
  { path: "/big" },
  { path: "/", method: "HEAD" },
];

/** Paths of WebSockets, and how they end; where uvicorn ends them otherwise, how it does. */
const ends: readonly (readonly [path: string, end: string, uvicorn?: string])[] = [
  ["/denies", "refused 403"],
  ["/raises-first", "refused 500"],
  ["/returns-first", "refused 500"],
  ["/closes", "3001 bye"],
  ["/closes-plainly", "1000"],
  ["/returns", "1000"],
  // Something has gone wrong, and the client is told so.
  ["/raises", "1011", "1006"],
];

describe("an ASGI application beside uvicorn", function () {
  this.timeout(60_000);
  let modhost: ServedRoot | undefined;
  let uvicorn: Running | undefined;
  let folder = "";
  const urls = { uvicorn: "", modhost: "" };

  before(async function () {
    needPython(this);
    needPython(this, "python3-uvicorn", "uvicorn");
    needPython(this, "python3-websockets", "websockets");
    folder = mkdtempSync(join(tmpdir(), "modhost-"));
    writeFileSync(join(folder, "beside.py"), application);
    const [port = 0] = await freePorts(1);
    urls.uvicorn = `http://127.0.0.1:${port}`;
    const words = ["--app-dir", folder, "--port", String(port), "--log-level", "critical", "beside:application"];
    uvicorn = runProgram([debianPython, "-m", "uvicorn", ...words]);
    modhost = await serveModhost(
      `WSGIDaemonProcess site threads=8
WSGIScriptAlias / @ROOT@/beside.py process-group=site application-group=%{GLOBAL}
<Directory @ROOT@>
  Require all granted
</Directory>`,
      { files: { "beside.py": application }, modules: ["wsgi"] },
    );
    urls.modhost = modhost.url("");
    await until("uvicorn accepts", () => accepts(port));
  });
  afterEach(endClients);
  after(async () => {
    await Promise.all([modhost?.end(), uvicorn?.end()]);
    if (folder !== "") rmSync(folder, { recursive: true });
  });

  for (const row of rows) {
    const { path, method = "GET", body, differs, orElse } = row;
    const name = `${method} ${path}${body === undefined ? "" : ` with ${body.length} bytes`}`;
    it(differs ? `differs, for ${differs[2]}: ${name}` : `answers as there: ${name}`, async () => {
      const [there, here] = await Promise.all([ask(urls.uvicorn, row), ask(urls.modhost, row)]);
      if (differs) expect([there, here]).to.deep.equal(differs.slice(0, 2));
      else expect(here).to.be.oneOf(orElse === undefined ? [there] : [there, orElse]);
    });
  }

  for (const [path, end, other] of ends) {
    it(`WebSockets end ${other ? "otherwise" : "as there"}: ${path}`, async () => {
      const [there, here] = await Promise.all([endOf(urls.uvicorn + path), endOf(urls.modhost + path)]);
      expect(here).to.match(new RegExp(`^${end}`));
      expect(there).to.equal(other ?? here);
    });
  }

  it("WebSockets tell how their clients ended", async () => {
    const told = async (url: string): Promise<string> => {
      for (const code of [1000, 4000, undefined]) {
        const client = await new WebSocketClient(`${url}/waits`).opened();
        client.socket.close(code);
        await client.end();
      }
      (await new WebSocketClient(`${url}/waits`).opened()).socket.terminate();
      const client = await new WebSocketClient(`${url}/waits`).opened();
      let codes = "";
      await until("all have ended", async () => {
        client.send("codes");
        codes = String(await client.next());
        return codes.split(",").length === 4;
      });
      return codes;
    };
    expect(await told(urls.modhost)).to.equal(await told(urls.uvicorn));
  });
});

/** Status, fields of the application's and body; whether it broke off. */
function ask(url: string, { path, method = "GET", headers = {}, body }: Row): Promise<string> {
  return new Promise((resolve) => {
    // The same name for both, since it is in the scope.
    const length = body === undefined ? {} : { "Content-Length": String(body.length) };
    const options = { method, headers: { Host: "h", ...headers, ...length }, agent: false, path };
    let hasAnswer = false;
    const asked = request(url, options, (response) => {
      hasAnswer = true;
      let text = "";
      response.setEncoding("latin1").on("data", (more: string) => (text += more));
      response.on("error", () => undefined);
      response.on("close", () => {
        const { statusCode = 0, headers: fields, complete } = response;
        if (statusCode >= 500) return resolve(String(statusCode));
        const own = ["x-mixed", "x-latin", "x-evil", "set-cookie"].flatMap((field) => fields[field] ?? []);
        const shown = text.length > 2000 ? `${text.length} bytes` : text;
        resolve([statusCode, ...own, ...(complete ? [] : ["broken off"]), ...(shown === "" ? [] : [shown])].join(" "));
      });
    });
    // A server that answers early may reset what is still being sent.
    asked.on("error", () => {
      if (!hasAnswer) resolve("no answer");
    });
    asked.end(body);
  });
}

async function endOf(url: string): Promise<string> {
  const client = new WebSocketClient(`${url}?a=b`, ["one", "two"]);
  await until("it has ended", () => client.closed !== undefined || client.refusal !== undefined);
  if (client.refusal) return `refused ${client.refusal.status}`;
  const { code, reason } = client.closed ?? { code: 0, reason: "" };
  // What a broken connection had brought before is a matter of the moment.
  const before =
    code === 1006 || code === 1011 ? [] : [client.socket.protocol, client.headers["x-one"], ...client.messages];
  return [`${code} ${reason}`, ...before].join(" ").trim();
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1")
      .once("connect", () => resolve(true))
      .once("error", () => resolve(false))
      .once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}
