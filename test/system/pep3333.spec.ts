// PEP 3333 through the whole server: every way to read a body, to answer, to end; and whose log wsgi.errors is.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const application = String.raw`
import io, json, sys, threading, zlib

PLAIN = [("Content-Type", "text/plain")]
closed = []

# Ways to read: each gives the pieces it got.
def until_empty(read):
    return list(iter(read, b""))

READERS = {
    "read()": lambda body: [body.read()],
    "read(-1)": lambda body: [body.read(-1)],
    "read(7)": lambda body: until_empty(lambda: body.read(7)),
    "read(65536)": lambda body: until_empty(lambda: body.read(65536)),
    "readline()": lambda body: until_empty(body.readline),
    "readline(5)": lambda body: until_empty(lambda: body.readline(5)),
    "readlines()": lambda body: body.readlines(),
    "readlines(10)": lambda body: sum(iter(lambda: body.readlines(10), []), []),
    "iteration": lambda body: list(body),
    "a mixture": lambda body: [body.read(3), body.readline(), body.readline(2), body.read(0), next(body, b""), *body.readlines()],
}

def reading(environ, start_response):
    from urllib.parse import unquote
    body = environ["wsgi.input"]
    pieces = READERS[unquote(environ["QUERY_STRING"])](body)
    after = [body.read(), body.read(10), body.readline(), body.readlines()]
    whole = b"".join(pieces)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({
        "lengths": [len(piece) for piece in pieces],
        "size": len(whole),
        "crc": zlib.crc32(whole),
        "after": sum(map(len, after)),
        "length": environ.get("CONTENT_LENGTH"),
        "coding": environ.get("HTTP_TRANSFER_ENCODING"),
    }).encode()]

def answers_first(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"begun\n"
    yield environ["wsgi.input"].read()

def writes(environ, start_response):
    write = start_response("200 OK", PLAIN)
    write(b"one ")
    write(b"")
    write(b"two ")
    return iter([b"three ", b"four"])

def writes_much(environ, start_response):
    write = start_response("200 OK", PLAIN)
    for number in range(100):
        write(b"%05d" % number * 2000)
    return []

def replaced(environ, start_response):
    start_response("200 OK", PLAIN + [("X-First", "1")])
    try:
        raise ValueError("on purpose")
    except ValueError:
        start_response("503 Replaced", PLAIN + [("X-Second", "1")], sys.exc_info())
    return [b"sorry"]

def replaced_late(environ, start_response):
    start_response("200 OK", PLAIN)
    yield b"begun"
    # Goes on when the client has something of it.
    environ["wsgi.input"].readline()
    try:
        raise ValueError("too late on purpose")
    except ValueError:
        start_response("503 Replaced", PLAIN, sys.exc_info())
    yield b"never"

class Closing:
    def __init__(self, name, items):
        self.name = name
        self.items = iter(items)

    def __iter__(self):
        return self.items

    def close(self):
        closed.append(self.name)

class ClosingFile(io.BytesIO):
    name = "file"

    def close(self):
        closed.append("wrapped")
        super().close()

def fails(*items):
    yield from items
    raise RuntimeError("on purpose")

def wholly(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing("wholly", [b"a", b"b"])

def without_items(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing("without-items", [])

def failing(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing("failing", fails())

def failing_late(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing("failing-late", fails(b"some"))

def too_much(environ, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "3")])
    return Closing("too-much", [b"ab", b"cd", b"ef"])

def too_little(environ, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "30")])
    return Closing("too-little", [b"ab"])

def no_bytes(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing("no-bytes", ["text"])

def not_modified(environ, start_response):
    start_response("304 Not Modified", [("ETag", '"x"')])
    return Closing("not-modified", [b"never seen"])

def endless(environ, start_response):
    start_response("200 OK", PLAIN)
    return Closing("endless", iter(lambda: b"x" * 65536, b""))

def wrapped(environ, start_response):
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](ClosingFile(b"like a file"), 3)

class NamedFile(io.FileIO):
    def close(self):
        if not self.closed:
            closed.append("opened")
        super().close()

def opened(environ, start_response):
    file = NamedFile("../htdocs/data.txt")
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](file)

def opened_from(environ, start_response):
    file = open("../htdocs/data.txt", "rb")
    file.seek(10)
    start_response("200 OK", PLAIN)
    return environ["wsgi.file_wrapper"](file)

def opened_part(environ, start_response):
    start_response("200 OK", PLAIN + [("Content-Length", "4")])
    return environ["wsgi.file_wrapper"](open("../htdocs/data.txt", "rb"))

def tell(environ, start_response):
    start_response("200 OK", PLAIN)
    told = json.dumps(closed).encode()
    del closed[:]
    return [told]

def logs(environ, start_response):
    errors = environ["wsgi.errors"]
    name = environ["HTTP_HOST"]
    errors.write("%s says one\n%s says tw" % (name, name))
    errors.write("o\n")
    errors.writelines(["%s says three\n" % name])
    errors.flush()
    print("%s prints" % name)
    print("%s prints an error" % name, file=sys.stderr)
    start_response("200 OK", PLAIN)
    return [b"logged"]

def application(environ, start_response):
    return globals()[environ["PATH_INFO"][1:].replace("-", "_")](environ, start_response)
`;

const configuration = `
WSGIDaemonProcess pep processes=1 threads=6 request-buffer-size=0 home=@ROOT@/app
WSGIProcessGroup pep
WSGIApplicationGroup %{GLOBAL}
WSGIChunkedRequest On
<Directory @ROOT@/app>
    Require all granted
</Directory>
<VirtualHost *:@PORT@>
    ServerName one.test
    ErrorLog run/one.log
    WSGIScriptAlias / @ROOT@/app/app.wsgi
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName two.test
    ErrorLog run/two.log
    WSGIScriptAlias / @ROOT@/app/app.wsgi
</VirtualHost>
`;

const data = "0123456789".repeat(1000);

describe("PEP 3333", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    needPython(this);
    served = await serveModhost(configuration, {
      files: { "app/app.wsgi": application, "htdocs/data.txt": data },
      modules: ["wsgi"],
    });
  });
  after(() => served?.end());

  describe("wsgi.input", () => {
    const lines = (count: number): string =>
      Array.from({ length: count }, (_, i) => `line ${i} ${"x".repeat(i % 90)}\n`).join("");
    const bodies: readonly (readonly [string, Buffer])[] = [
      ["nothing", Buffer.alloc(0)],
      ["one line without its end", Buffer.from("abc")],
      ["lines", Buffer.from("ab\ncdef\n\r\n\nlonger than the others\nxyz")],
      ["many lines", Buffer.from(lines(5000))],
      ["one line of 300,000 bytes", Buffer.alloc(300_000, "x")],
    ];
    const ways: Readonly<Record<string, (body: Buffer) => number[]>> = {
      "read()": (body) => [body.length],
      "read(-1)": (body) => [body.length],
      "read(7)": (body) => sizes(body.length, 7),
      "read(65536)": (body) => sizes(body.length, 65_536),
      "readline()": linesOf,
      "readline(5)": (body) => linesOf(body).flatMap((length) => sizes(length, 5)),
      "readlines()": linesOf,
      "readlines(10)": linesOf,
      iteration: linesOf,
    };

    for (const [what, body] of bodies) {
      for (const sent of ["with its length", "in chunks", "in chunks of all sizes"]) {
        it(`gives ${what}, sent ${sent}, in every way to read it`, async () => {
          for (const way of [...Object.keys(ways), "a mixture"]) {
            const { text } = await ask(`/reading?${encodeURIComponent(way)}`, { body, sent });
            const { lengths, ...read } = JSON.parse(text) as { lengths: number[] };
            expect(read, way).to.deep.equal({
              size: body.length,
              crc: crc32(body),
              after: 0,
              ...(sent === "with its length"
                ? { length: String(body.length), coding: null }
                : { length: null, coding: "chunked" }),
            });
            const expected = ways[way]?.(body);
            if (expected) expect(lengths, way).to.deep.equal(expected);
          }
        });
      }
    }

    it("is not waited for before the application reads it, and waits for the client then", async () => {
      const socket = connect(served.port, "127.0.0.1");
      let answer = "";
      socket.setEncoding("latin1").on("data", (piece: string) => (answer += piece));
      socket.write("POST /answers-first HTTP/1.1\r\nHost: one.test\r\nContent-Length: 8\r\nConnection: close\r\n\r\n");
      await until("the response has begun", () => answer.includes("begun\n"));
      socket.write("the ");
      socket.write("body");
      await once(socket, "close");
      expect(answer)
        .to.include("the body")
        .and.to.match(/\r\n0\r\n\r\n$/);
    });
  });

  describe("an answer", () => {
    const rows: readonly {
      readonly path: string;
      readonly method?: string;
      readonly status?: number;
      readonly text: string;
      readonly fields?: OutgoingHttpHeaders;
    }[] = [
      { path: "/writes", text: "one two three four" },
      {
        path: "/writes-much",
        text: Array.from({ length: 100 }, (_, i) => String(i).padStart(5, "0").repeat(2000)).join(""),
      },
      { path: "/replaced", status: 503, text: "sorry", fields: { "x-first": undefined, "x-second": "1" } },
      { path: "/wrapped", text: "like a file" },
      { path: "/opened", text: data, fields: { "content-length": String(data.length) } },
      { path: "/opened", method: "HEAD", text: "", fields: { "content-length": String(data.length) } },
      { path: "/opened-from", text: data.slice(10), fields: { "content-length": String(data.length - 10) } },
      { path: "/opened-part", text: data.slice(0, 4), fields: { "content-length": "4" } },
      { path: "/too-much", text: "abc", fields: { "content-length": "3" } },
      { path: "/not-modified", status: 304, text: "", fields: { etag: '"x"' } },
    ];
    for (const { path, method = "GET", status = 200, text, fields = {} } of rows) {
      it(`to ${method} ${path} is as the application gives it`, async () => {
        const answer = await ask(path, { method });
        expect([answer.status, answer.isWhole]).to.deep.equal([status, true]);
        expect(answer.text === text, `${answer.text.slice(0, 100)} of ${answer.text.length}`).to.equal(true);
        for (const [name, value] of Object.entries(fields)) expect(answer.headers[name], name).to.equal(value);
      });
    }

    it("is broken off by start_response with exc_info when it has begun", async () => {
      const asked = request({
        port: served.port,
        path: "/replaced-late",
        method: "POST",
        headers: { Host: "one.test", "Content-Length": 3 },
        agent: false,
      });
      asked.flushHeaders();
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      expect(response.statusCode).to.equal(200);
      asked.on("error", () => undefined).end("go\n");
      expect(await readWhole(response)).to.deep.equal({ text: "begun", isWhole: false });
      await until("the traceback is logged", () => log("one").includes("ValueError: too late on purpose"));
    });
  });

  describe("close()", () => {
    const rows: readonly (readonly [path: string, method?: string, closed?: string])[] = [
      ["/wholly"],
      ["/wholly", "HEAD"],
      ["/without-items"],
      ["/failing"],
      ["/failing-late"],
      ["/too-much"],
      ["/too-little"],
      ["/no-bytes"],
      ["/not-modified"],
      ["/wrapped"],
      ["/opened"],
      ["/opened", "HEAD"],
    ];
    beforeEach(() => ask("/tell"));

    for (const [path, method = "GET"] of rows) {
      it(`is called once after ${method} ${path}`, async () => {
        await ask(path, { method });
        expect(await closed()).to.deep.equal([path.slice(1)]);
      });
    }

    it("is called once when the client leaves", async () => {
      const socket = connect(served.port, "127.0.0.1");
      socket.write("GET /endless HTTP/1.1\r\nHost: one.test\r\n\r\n");
      await once(socket, "data");
      socket.destroy();
      expect(await closed()).to.deep.equal(["endless"]);
    });

    /** What was closed; a client may have its response before that. */
    const closed = async (): Promise<string[]> => {
      const names: string[] = [];
      await until("close() is called", async () => {
        names.push(...(JSON.parse((await ask("/tell")).text) as string[]));
        return names.length > 0;
      });
      return [...names, ...(JSON.parse((await ask("/tell")).text) as string[])];
    };
  });

  it("has wsgi.errors, and what is printed, in the error log of the virtual host that was asked", async () => {
    await Promise.all(["one.test", "two.test"].map((host) => ask("/logs", { host })));
    for (const [name, other] of [
      ["one", "two"],
      ["two", "one"],
    ] as const) {
      const said = ["says one", "says two", "says three", "prints", "prints an error"];
      await until("all lines are there", () => said.every((what) => log(name).includes(`${name}.test ${what}\n`)));
      expect(log(name)).not.to.include(`${other}.test`);
    }
    expect(served.errors()).not.to.match(/(one|two)\.test (says|prints)/);
  });

  const log = (name: string): string => readFileSync(join(served.root, `run/${name}.log`), "utf8");

  interface Asked {
    readonly method?: string;
    readonly body?: Buffer;
    readonly sent?: string;
    readonly host?: string;
  }

  async function ask(
    path: string,
    { body, sent = "", host = "one.test", method = body ? "POST" : "GET" }: Asked = {},
  ): Promise<{ status: number | undefined; headers: OutgoingHttpHeaders; text: string; isWhole: boolean }> {
    const framing = !body
      ? {}
      : sent === "with its length"
        ? { "Content-Length": body.length }
        : { "Transfer-Encoding": "chunked" };
    const asked = request({ port: served.port, path, method, headers: { Host: host, ...framing }, agent: false });
    if (body && sent === "in chunks of all sizes") {
      let at = 0;
      for (let size = 1; at < body.length; size = size < 20_000 ? size * 3 : 1) {
        asked.write(body.subarray(at, at + size));
        at += size;
      }
      asked.end();
    } else asked.end(body);
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, ...(await readWhole(response)) };
  }
});

async function readWhole(response: IncomingMessage): Promise<{ text: string; isWhole: boolean }> {
  let text = "";
  response.setEncoding("latin1").on("data", (piece: string) => (text += piece));
  await new Promise((resolve) => response.on("close", resolve).on("error", () => undefined));
  return { text, isWhole: response.complete };
}

/** Lengths of pieces of `size` bytes, the last one shorter. */
function sizes(length: number, size: number): number[] {
  return Array.from({ length: Math.ceil(length / size) }, (_, i) => Math.min(size, length - i * size));
}

function linesOf(body: Buffer): number[] {
  return (
    body
      .toString("latin1")
      .match(/[^\n]*\n|[^\n]+$/g)
      ?.map(({ length }) => length) ?? []
  );
}
