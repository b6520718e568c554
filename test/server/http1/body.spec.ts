import { expect } from "chai";
import type { Readable } from "node:stream";
import { RequestBodyError } from "../../../src/api/index.js";
import type { Exchange } from "../../../src/server/exchange.js";
import { Client, exchange, startWire, text, until, type Wire } from "./wire.js";

/** Answers with the body, or with why it could not be read. */
function echo(request: Exchange, send: (response: ReturnType<typeof text>) => void): void {
  const chunks: Buffer[] = [];
  request.body
    .stream()
    .on("data", (chunk: Buffer) => chunks.push(chunk))
    .on("end", () => send(text(200, `[${Buffer.concat(chunks).toString("latin1")}]`)))
    .on("error", (error: RequestBodyError) => send(text(error.status, error.message)));
}

/** Status and body, of each answer. */
function answers(bytes: string): string[] {
  return bytes
    .split(/(?=HTTP\/1\.1 \d)/)
    .filter((part) => part !== "" && !part.startsWith("HTTP/1.1 100"))
    .map((part) =>
      `${part.slice(9, 12)} ${part.startsWith("HTTP/1.1 200") ? (part.split("\r\n\r\n")[1] ?? "") : ""}`.trim(),
    );
}

const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const last = "GET / HTTP/1.0\r\n\r\n";

describe("the body of a request", () => {
  let wire: Wire;

  before(async () => {
    wire = await startWire((request, send) => {
      request.limitBody(1_000_000);
      echo(request, send);
    });
  });
  after(() => wire.serving.cut());

  // As a real Apache 2.4.71 takes or refuses them.
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ["of a length", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${last}`, ["200 [abc]", "200 []"]],
    [
      "of a length with zeros in front",
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabc${last}`,
      ["200 [abc]", "200 []"],
    ],
    ["of length 0", `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n${last}`, ["200 []", "200 []"]],
    ["that ends early", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc", ["400"]],
    ["beyond the limit", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000001\r\n\r\nabc", ["413"]],
    ["in chunks", `${chunked}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n${last}`, ["200 [abcde]", "200 []"]],
    ["in no chunk", `${chunked}0\r\n\r\n${last}`, ["200 []", "200 []"]],
    [
      "in chunks and of a length, which closes",
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n${last}`,
      ["200 [abc]"],
    ],
    [
      "in chunks of HTTP/1.0",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      ["200 [abc]"],
    ],
    ["with extensions", `${chunked}3 ; a="b;c"\r\nabc\r\n0;x\r\n\r\n${last}`, ["200 [abc]", "200 []"]],
    ["with ten blanks behind a size", `${chunked}3          \r\nabc\r\n0\r\n\r\n${last}`, ["200 [abc]", "200 []"]],
    ["with eleven blanks behind a size", `${chunked}3           \r\nabc\r\n0\r\n\r\n`, ["400"]],
    [
      "with zeros in front of a size",
      `${chunked}00000000000000000000003\r\nabc\r\n0\r\n\r\n${last}`,
      ["200 [abc]", "200 []"],
    ],
    ["with trailers", `${chunked}3\r\nabc\r\n0\r\nX: y\r\nZ: w\r\n\r\n${last}`, ["200 [abc]", "200 []"]],
    ["with a control character in an extension", `${chunked}3;\x01\r\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with a blank before a size", `${chunked} 3\r\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with two sizes", `${chunked}3 3\r\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with a bare LF behind a size", `${chunked}3\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with a bare LF behind data", `${chunked}3\r\nabc\n0\r\n\r\n`, ["400"]],
    ["with more data than said", `${chunked}3\r\nabcd\r\n0\r\n\r\n`, ["400"]],
    ["with less data than said", `${chunked}4\r\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with a size that is none", `${chunked}x\r\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with an empty size", `${chunked}\r\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with a signed size", `${chunked}+3\r\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with 0x before a size", `${chunked}0x3\r\nabc\r\n0\r\n\r\n`, ["400"]],
    ["with a size of 2^63", `${chunked}8000000000000000\r\nabc`, ["413"]],
    ["with a size of 17 digits", `${chunked}fffffffffffffffff\r\nabc`, ["413"]],
    ["with a size line that does not end", `${chunked}3;${"x".repeat(9000)}`, ["413"]],
    ["with a trailer that is none", `${chunked}0\r\nX y\r\n\r\n`, ["400"]],
    ["with a trailer that is too long", `${chunked}0\r\nX: ${"y".repeat(9000)}\r\n\r\n`, ["400"]],
    ["in chunks beyond the limit", `${chunked}f4240\r\n${"x".repeat(1_000_000)}\r\n1\r\nx\r\n0\r\n\r\n`, ["413"]],
    ["in chunks that end early", `${chunked}5\r\nabc`, ["400"]],
  ];
  for (const [name, bytes, expected] of rows) {
    it(`${name}: ${expected.join(", ")}`, async () => {
      expect(answers(await exchange(wire.port, bytes, { end: true }))).to.deep.equal(expected);
    });
  }

  it("is the same wherever the bytes are split", async () => {
    const bytes = `${chunked}3;x\r\nabc\r\n00a\r\n0123456789\r\n0\r\nT: r\r\n\r\n${last}`;
    await Promise.all(
      Array.from({ length: bytes.length - 1 }, async (_, index) => {
        const client = new Client(wire.port);
        client.send(bytes.slice(0, index + 1));
        await new Promise((resolve) => setImmediate(resolve));
        client.send(bytes.slice(index + 1));
        expect(answers(await client.all()), `split at ${index + 1}`).to.deep.equal(["200 [abc0123456789]", "200 []"]);
      }),
    );
  });

  it("has arrived when it came with the head", async () => {
    const seen: unknown[] = [];
    const own = await startWire((request, send) => {
      seen.push(request.body.length, request.body.arrived?.toString());
      send(text(200, "x"));
    });
    const bytes = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${chunked}3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n${last}`;
    expect(answers(await exchange(own.port, bytes))).to.have.length(3);
    expect(seen).to.deep.equal([3, "abc", undefined, "abcd", 0, ""]);
    own.serving.cut();
  });

  it("is dropped when nobody reads it, and the connection goes on", async () => {
    const own = await startWire((_request, send) => send(text(200, "x")));
    const client = new Client(own.port);
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n`);
    await client.has("\r\n\r\nx");
    client.send("y".repeat(1_000_000) + last);
    expect(answers(await client.all())).to.deep.equal(["200 x", "200 x"]);
    own.serving.cut();
  });

  it("is not read before it is asked for, and no faster than it is used", async () => {
    let body: Readable | undefined;
    const own = await startWire((request) => {
      body = request.body.stream();
    });
    const client = new Client(own.port);
    const size = 64 * 1024 * 1024;
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
    for (let i = 0; i < 64; i++) client.socket.write(Buffer.alloc(1024 * 1024));
    await until(() => body !== undefined, "the request is there");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(client.socket.writableLength).to.be.greaterThan(size / 2);
    let read = 0;
    body?.on("data", (chunk: Buffer) => {
      read += chunk.length;
    });
    await until(() => read === size, "all is read");
    client.socket.destroy();
    own.serving.cut();
  });

  it("fails when its client leaves", async () => {
    let failure: unknown;
    const own = await startWire((request) => {
      request.body
        .stream()
        .on("error", (error) => {
          failure = error;
        })
        .resume();
    });
    const client = new Client(own.port);
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc");
    await until(() => own.exchanges.length === 1, "the request is there");
    client.socket.resetAndDestroy();
    await until(() => failure !== undefined, "the body fails");
    expect(failure).to.be.instanceOf(RequestBodyError);
    own.serving.cut();
  });

  it("says true when discarded to its end, and false when it breaks", async () => {
    const results: unknown[] = [];
    const own = await startWire((request, send) => {
      void Promise.resolve(request.body.discard()).then((result) => {
        results.push(result, request.body.error?.status);
        send(text(request.body.error?.status ?? 200, ""));
      });
    });
    await exchange(own.port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc${chunked}3\r\nabcd`);
    expect(results).to.deep.equal([true, undefined, false, 400]);
    own.serving.cut();
  });
});

describe("Expect: 100-continue", () => {
  const head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n";

  it("is answered when the body is first read", async () => {
    const wire = await startWire(echo);
    const client = new Client(wire.port);
    client.send(head);
    await client.has("HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    await client.has("[abc]");
    expect(client.received).to.not.contain("Connection: close");
    wire.serving.cut();
  });

  it("is answered even when the body has come", async () => {
    const wire = await startWire(echo);
    const client = new Client(wire.port);
    client.send(`${head}abc`);
    await client.has("[abc]");
    expect(client.received).to.match(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
    wire.serving.cut();
  });

  it("is not answered when nobody reads, and the connection closes", async () => {
    const wire = await startWire((request, send) => {
      expect(request.body.arrived).to.equal(undefined);
      send(text(404, "no"));
    });
    expect(await exchange(wire.port, head)).to.match(
      /^HTTP\/1\.1 404 Not Found\r\nServer: test\r\nContent-Length: 2\r\nConnection: close\r\n/,
    );
    wire.serving.cut();
  });

  it("is not answered when the body is too large", async () => {
    const wire = await startWire((request, send) => {
      request.limitBody(2);
      echo(request, send);
    });
    expect(await exchange(wire.port, head)).to.match(/^HTTP\/1\.1 413 /);
    wire.serving.cut();
  });

  it("means nothing in HTTP/1.0", async () => {
    const wire = await startWire(echo);
    expect(await exchange(wire.port, `${head.replace("1.1", "1.0")}abc`)).to.match(/^HTTP\/1\.1 200 /);
    wire.serving.cut();
  });
});
