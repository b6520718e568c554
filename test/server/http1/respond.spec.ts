import { expect } from "chai";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { Headers, type Body, type Response } from "../../../src/api/index.js";
import { Client, exchange, startWire, text, until } from "./wire.js";

const get = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const get10 = "GET / HTTP/1.0\r\n\r\n";
const head = "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/** What the server sends of a response to these bytes. */
async function sent(response: Response | (() => Response), bytes: string): Promise<string> {
  const wire = await startWire((_request, send) => send(typeof response === "function" ? response() : response));
  const answer = await exchange(wire.port, bytes);
  await until(() => wire.sent.length === 1, "the response is reported");
  wire.serving.cut();
  return answer;
}

function response(status: number, fields: readonly (readonly [string, string])[], body?: Body): Response {
  return { status, headers: new Headers(fields), body };
}

describe("a response", () => {
  const plain = [["Content-Type", "text/plain"]] as const;
  const rows: readonly (readonly [string, () => Response, string, string])[] = [
    [
      "of bytes has a length",
      () => text(200, "abc"),
      get,
      "200 OK\r\nServer: test\r\nContent-Length: 3\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nabc",
    ],
    [
      "without a body has length 0",
      () => response(200, []),
      get,
      "200 OK\r\nServer: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ],
    [
      "of unstated length comes in chunks",
      () => ({ ...text(200, "abc"), unsized: true }),
      get,
      "200 OK\r\nServer: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    [
      "of unstated length to HTTP/1.0 ends with the connection",
      () => ({ ...text(200, "abc"), unsized: true }),
      get10,
      "200 OK\r\nServer: test\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nabc",
    ],
    [
      "to HEAD has no body",
      () => text(200, "abc"),
      head,
      "200 OK\r\nServer: test\r\nContent-Length: 3\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n",
    ],
    [
      "to HEAD keeps the length it states",
      () => response(200, [["Content-Length", "7"]]),
      head,
      "200 OK\r\nServer: test\r\nContent-Length: 7\r\nConnection: close\r\n\r\n",
    ],
    [
      "to HEAD without a body states no length",
      () => response(404, plain),
      head,
      "404 Not Found\r\nServer: test\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n",
    ],
    [
      "of 204 has no body, length or type",
      () =>
        text(204, "abc", [
          ["X-A", "b"],
          ["Content-Length", "3"],
        ]),
      get,
      "204 No Content\r\nServer: test\r\nX-A: b\r\nConnection: close\r\n\r\n",
    ],
    [
      "of 304 has no body, length or type",
      () => text(304, "abc", [["ETag", '"x"']]),
      get,
      '304 Not Modified\r\nServer: test\r\nETag: "x"\r\nConnection: close\r\n\r\n',
    ],
    [
      "corrects a length that is wrong",
      () =>
        text(200, "abc", [
          ["Content-Length", "7"],
          ["X-A", "b"],
        ]),
      get,
      "200 OK\r\nServer: test\r\nContent-Length: 3\r\nX-A: b\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nabc",
    ],
    [
      "has its fields in Apache's order",
      () => ({
        ...text(200, "a", [
          ["Content-Language", "de"],
          ["Content-Encoding", "x"],
          ["X-B", "c"],
          ["Date", "then"],
          ["Server", "mine"],
          ["Transfer-Encoding", "y"],
        ]),
        always: new Headers([["X-A", "b"]]),
      }),
      get,
      "200 OK\r\nServer: test\r\nX-A: b\r\nX-B: c\r\nContent-Length: 1\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Language: de\r\nContent-Encoding: x\r\n\r\na",
    ],
    [
      "keeps words of its own in Connection",
      () => text(200, "a", [["Connection", "x"]]),
      get,
      "200 OK\r\nServer: test\r\nConnection: x, close\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\r\na",
    ],
    [
      "closes when it says so",
      () => text(200, "a", [["Connection", "close"]]),
      get.replace("close", "keep-alive"),
      "200 OK\r\nServer: test\r\nConnection: close\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\r\na",
    ],
    [
      "closes when told to",
      () => ({ ...text(200, "a"), close: true }),
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "200 OK\r\nServer: test\r\nContent-Length: 1\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\na",
    ],
    [
      "closes after a 500",
      () => text(500, "a"),
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "500 Internal Server Error\r\nServer: test\r\nContent-Length: 1\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\na",
    ],
    [
      "has a reason of its own",
      () => ({ ...response(299, []), reason: "Odd" }),
      get,
      "299 Odd\r\nServer: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ],
    [
      "has an empty reason",
      () => ({ ...response(299, []), reason: "" }),
      get,
      "299 \r\nServer: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ],
    [
      "of a status without reason reads as 500",
      () => response(299, []),
      get,
      "500 Internal Server Error\r\nServer: test\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ],
    [
      "has one Vary without repeats",
      () =>
        response(200, [
          ["Vary", "a, b"],
          ["X-A", "b"],
          ["vary", "B,c"],
        ]),
      get,
      "200 OK\r\nServer: test\r\nVary: a,b,c\r\nX-A: b\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ],
    [
      "of a stream comes in chunks",
      () => response(200, plain, Readable.from([Buffer.from("abc"), Buffer.from("de")])),
      get,
      "200 OK\r\nServer: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    ],
    [
      "of a stream to HTTP/1.0 ends with the connection",
      () => response(200, plain, Readable.from([Buffer.from("abc")])),
      get10,
      "200 OK\r\nServer: test\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nabc",
    ],
    [
      "of a stream may state its length",
      () => response(200, [["Content-Length", "3"]], Readable.from([Buffer.from("abc")])),
      get,
      "200 OK\r\nServer: test\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    ],
    [
      "of a stream that is empty",
      () => response(200, plain, Readable.from([])),
      get,
      "200 OK\r\nServer: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n0\r\n\r\n",
    ],
    [
      "of a stream does not exceed the length stated",
      () => response(200, [["Content-Length", "3"]], Readable.from([Buffer.from("abcdef")])),
      get,
      "200 OK\r\nServer: test\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
    ],
  ];
  for (const [name, make, bytes, expected] of rows) {
    it(name, async () => {
      expect(await sent(make, bytes)).to.equal(`HTTP/1.1 ${expected}`);
    });
  }

  it("has a Date", async () => {
    const wire = await startWire((_request, send) => send(text(200, "")));
    const client = new Client(wire.port);
    client.send(get);
    const date = /\r\nDate: ([^\r]*)\r\n/.exec(await client.all())?.[1] ?? "";
    expect(new Date(date).toUTCString()).to.equal(date);
    expect(Math.abs(Date.parse(date) - Date.now())).to.be.lessThan(60_000);
    wire.serving.cut();
  });

  it("lets go of a stream that HEAD has no use for", async () => {
    const stream = new PassThrough();
    await sent(response(200, [], stream), head);
    expect(stream.destroyed).to.equal(true);
  });

  const harmful = ["a\r\nX-B: c", "a\nb", "a\rb", "a\0b", "a\x7fb", "a\u010db", "a\u010ab", "a\u{1f600}"];
  for (const value of harmful) {
    it(`with ${JSON.stringify(value)} in a field becomes a 500`, async () => {
      for (const one of [
        response(200, [["X-A", value]]),
        { ...response(200, []), always: new Headers([["X-A", value]]) },
        { ...response(200, []), reason: value },
        response(200, [[`X-${value}`, "a"]]),
      ]) {
        const answer = await sent(one, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        expect(answer).to.match(
          /^HTTP\/1\.1 500 Internal Server Error\r\nServer: test\r\nConnection: close\r\nContent-Type: text\/html/,
        );
        expect(answer).to.not.contain("X-");
      }
    });
  }
});

describe("a body", () => {
  let folder: string;
  let file: string;
  const content = Array.from({ length: 50_000 }, (_, index) => String(index).padStart(9, "0") + "\n").join("");

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "wire-"));
    file = join(folder, "file");
    writeFileSync(file, content);
  });
  after(() => rmSync(folder, { recursive: true }));

  const slice = (offset: number, length: number): { path: string; offset: number; length: number } => ({
    path: file,
    offset,
    length,
  });
  const bodies: readonly (readonly [string, () => Body, string])[] = [
    ["of a short slice of a file", () => slice(10, 25), content.slice(10, 35)],
    ["of an empty slice", () => slice(10, 0), ""],
    ["of a whole file", () => slice(0, content.length), content],
    ["of a long slice", () => slice(7, 400_001), content.slice(7, 400_008)],
    [
      "of short parts",
      () => [Buffer.from("a"), slice(0, 10), Buffer.from("b"), slice(20, 10)],
      `a${content.slice(0, 10)}b${content.slice(20, 30)}`,
    ],
    [
      "of long parts",
      () => [slice(0, 200_000), Buffer.from("-"), slice(300_000, 150_000), Buffer.alloc(100_000, "x"), slice(5, 0)],
      `${content.slice(0, 200_000)}-${content.slice(300_000, 450_000)}${"x".repeat(100_000)}`,
    ],
    ["of no parts", () => [], ""],
    ["of many bytes", () => Buffer.from(content), content],
    ["of 20,000 bytes", () => Buffer.from(content.slice(0, 20_000)), content.slice(0, 20_000)],
  ];
  for (const [name, body, expected] of bodies) {
    it(name, async () => {
      const wire = await startWire((_request, send) => send(response(200, [], body())));
      const answer = await exchange(wire.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n" + get10);
      const one = `HTTP/1.1 200 OK\r\nServer: test\r\nContent-Length: ${expected.length}\r\n`;
      expect(answer === `${one}\r\n${expected}${one}Connection: close\r\n\r\n${expected}`).to.equal(true);
      expect(wire.sent.map(({ bodyBytes }) => bodyBytes)).to.deep.equal([expected.length, expected.length]);
      wire.serving.cut();
    });
  }

  it("of a file that does not open becomes a 500", async () => {
    for (const length of [10, 1_000_000]) {
      const answer = await sent(response(200, [], { path: join(folder, "none"), offset: 0, length }), get);
      expect(answer).to.match(/^HTTP\/1\.1 500 /);
    }
  });

  it("of a file that became shorter is never complete", async () => {
    const shrunk = join(folder, "shrunk");
    for (const size of [100, 300_000]) {
      writeFileSync(shrunk, content.slice(0, size));
      truncateSync(shrunk, size - 50);
      const answer = await sent(
        response(200, [], { path: shrunk, offset: 0, length: size }),
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      );
      expect(answer).to.contain(`Content-Length: ${size}\r\n`);
      expect(answer.split("\r\n\r\n")[1]).to.have.length(size - 50);
    }
  });

  const broken: readonly (readonly [string, (stream: PassThrough) => void])[] = [
    ["that fails", (stream) => stream.destroy(new Error("broken"))],
    ["that is destroyed", (stream) => stream.destroy()],
  ];
  for (const [name, end] of broken) {
    it(`of a stream ${name} has no last chunk`, async () => {
      const stream = new PassThrough();
      const wire = await startWire((_request, send) => send(response(200, [], stream)));
      const client = new Client(wire.port);
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      stream.write("abc");
      await client.has("3\r\nabc\r\n");
      end(stream);
      const answer = await client.all();
      expect(answer.endsWith("3\r\nabc\r\n")).to.equal(true);
      expect(wire.sent[0]?.connectionState).to.equal("-");
      wire.serving.cut();
    });

    it(`of a stream ${name} resets the connection where its end alone would tell`, async () => {
      const stream = new PassThrough();
      const wire = await startWire((_request, send) => send(response(200, [], stream)));
      const client = new Client(wire.port);
      client.send(get10);
      stream.write("abc");
      await client.has("abc");
      end(stream);
      await client.all();
      expect(client.isReset).to.equal(true);
      wire.serving.cut();
    });

    it(`of a stream ${name} stays short of the length stated`, async () => {
      const stream = new PassThrough();
      const wire = await startWire((_request, send) => send(response(200, [["Content-Length", "9"]], stream)));
      const client = new Client(wire.port);
      client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      stream.write("abc");
      await client.has("abc");
      end(stream);
      expect(await client.all()).to.match(/\r\n\r\nabc$/);
      wire.serving.cut();
    });
  }

  it("of a stream that ends before the length stated closes the connection", async () => {
    const answer = await sent(
      response(200, [["Content-Length", "9"]], Readable.from([Buffer.from("abc")])),
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    expect(answer).to.match(/\r\n\r\nabc$/);
  });

  it("of a stream arrives piece by piece", async () => {
    const stream = new PassThrough();
    const wire = await startWire((_request, send) => send(response(200, [], stream)));
    const client = new Client(wire.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.has("\r\n\r\n");
    for (const piece of ["one", "two", "three"]) {
      stream.write(piece);
      await client.has(`\r\n${piece}\r\n`);
    }
    client.socket.destroy();
    wire.serving.cut();
  });

  it("of a stream is let go when the client leaves", async () => {
    const stream = new PassThrough();
    const wire = await startWire((_request, send) => send(response(200, [], stream)));
    const client = new Client(wire.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.has("\r\n\r\n");
    client.socket.resetAndDestroy();
    await until(() => stream.destroyed, "the stream is destroyed");
    await until(() => wire.sent.length === 1, "the response is reported");
    expect(wire.sent[0]?.connectionState).to.equal("X");
    wire.serving.cut();
  });
});

describe("a client that reads slowly", () => {
  const size = 200 * 1024 * 1024;

  for (const kind of ["a stream", "a file", "bytes"] as const) {
    it(`does not make ${kind} pile up`, async function () {
      this.timeout(60_000);
      const folder = mkdtempSync(join(tmpdir(), "wire-"));
      const file = join(folder, "large");
      writeFileSync(file, "");
      truncateSync(file, size);
      let given = 0;
      const piece = Buffer.alloc(65_536);
      const stream = new Readable({
        read() {
          given += piece.length;
          this.push(given > size ? null : piece);
        },
      });
      const large = kind === "bytes" ? Buffer.alloc(size) : undefined;
      const body: Body =
        kind === "a stream" ? stream : kind === "bytes" ? large : { path: file, offset: 0, length: size };
      const wire = await startWire((_request, send) => send(response(200, [["Content-Length", String(size)]], body)));
      const client = new Client(wire.port);
      const before = process.memoryUsage.rss();
      client.socket.pause();
      client.send("GET / HTTP/1.0\r\n\r\n");
      await until(() => wire.exchanges.length === 1, "the request is there");
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(process.memoryUsage.rss() - before).to.be.lessThan(32 * 1024 * 1024);
      if (kind === "a stream") expect(given).to.be.lessThan(32 * 1024 * 1024);
      // And all of it arrives in the end.
      let received = 0;
      client.socket.removeAllListeners("data");
      client.socket.on("data", (data: string) => {
        received += data.length;
      });
      client.socket.resume();
      await until(() => client.isEnded, "all is received", 50_000);
      expect(received).to.be.greaterThan(size);
      expect(received).to.be.lessThan(size + 1000);
      wire.serving.cut();
      rmSync(folder, { recursive: true });
    });
  }

  it("is cut when it does not read for the timeout", async () => {
    const wire = await startWire((_request, send) => send(response(200, [], Buffer.alloc(size / 10))), {
      transmission: { timeout: 200 },
    });
    const client = new Client(wire.port);
    client.socket.pause();
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => wire.sent.length === 1, "the response is given up");
    expect(wire.sent[0]?.connectionState).to.equal("X");
    expect(wire.sent[0]?.bodyBytes).to.be.lessThan(size / 10);
    await until(() => wire.serving.counts().connections === 0, "the connection is gone");
    client.socket.destroy();
    wire.serving.cut();
  });
});

describe("a client still sending", () => {
  it("sees the answer given before its body was read", async () => {
    const wire = await startWire((_request, send) => send({ ...text(413, "too much"), close: true }));
    const client = new Client(wire.port);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n");
    client.socket.write(Buffer.alloc(8_000_000));
    expect(await client.all()).to.match(/too much$/);
    expect(client.isReset).to.equal(false);
    wire.serving.cut();
  });

  it("is not read for ever", async () => {
    const wire = await startWire((_request, send) => send({ ...text(413, "too much"), close: true }));
    const client = new Client(wire.port);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.socket.on("drain", () => client.socket.write(Buffer.alloc(1024 * 1024)));
    client.socket.write(Buffer.alloc(1024 * 1024));
    await until(() => wire.serving.counts().connections === 0, "the connection is given up");
    client.socket.destroy();
    wire.serving.cut();
  });
});
