import { expect } from "chai";
import { Client, exchange, startWire, text, until, type Wire } from "./wire.js";

/** The status lines and the fields that say how a connection goes on. */
function heads(answer: string): string[] {
  return answer
    .split(/(?=HTTP\/1\.1 \d)/)
    .filter((part) => part !== "")
    .map((part) => {
      const [line = "", ...fields] = (part.split("\r\n\r\n")[0] ?? "").split("\r\n");
      const about = fields.filter((field) => /^(Connection|Keep-Alive|Content-Length|Transfer-Encoding):/.test(field));
      return [line.slice(9), ...about].join("; ");
    });
}

describe("a connection", () => {
  let wire: Wire;

  before(async () => {
    wire = await startWire((request, send) => {
      send(text(200, `${request.method} ${request.target}`));
    });
  });
  after(() => wire.serving.cut());
  beforeEach(() => {
    wire.sent.length = 0;
    wire.exchanges.length = 0;
  });

  const ok = "200 OK; Content-Length: 5";
  const close = "Connection: close";
  // Bytes sent, the client's side ended, and what comes back until the server closes.
  const rows: readonly (readonly [string, string, readonly string[]])[] = [
    ["keeps HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", [ok]],
    [
      "answers pipelined requests in order",
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n".repeat(20),
      Array<string>(40).fill("200 OK; Content-Length: 6"),
    ],
    [
      "closes when asked",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      [`${ok}; ${close}`],
    ],
    [
      "closes when asked among other words",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: x,\tClose\r\n\r\n",
      [`${ok}; ${close}`],
    ],
    ["closes HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", [`${ok}; ${close}`]],
    [
      "keeps HTTP/1.0 when asked",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
      [`${ok}; Keep-Alive: timeout=5, max=100; Connection: Keep-Alive`, `${ok}; ${close}`],
    ],
    [
      "says that it keeps when asked",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Keep-Alive\r\n\r\n",
      [`${ok}; Keep-Alive: timeout=5, max=100; Connection: Keep-Alive`],
    ],
    [
      "closes after a fault",
      "GET  / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
      [`400 Bad Request; Content-Length: 0; ${close}`],
    ],
    [
      "closes without a word after an unknown expectation",
      "GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n",
      ["417 Expectation Failed; Content-Length: 0"],
    ],
    [
      "answers a head that breaks off with 400",
      "GET / HTTP/1.1\r\nHost: a\r\n",
      [`400 Bad Request; Content-Length: 0; ${close}`],
    ],
    ["does not answer a request line that breaks off", "GET / HTT", []],
    ["does not answer empty lines", "\r\n\r\n", []],
    ["does not answer nothing", "", []],
    ["answers what came before a request that breaks off", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", [ok]],
  ];
  for (const [name, bytes, expected] of rows) {
    it(name, async () => {
      expect(heads(await exchange(wire.port, bytes, { end: true }))).to.deep.equal(expected);
    });
  }

  it("gives the bare body to HTTP/0.9", async () => {
    expect(await exchange(wire.port, "GET /x\r\n")).to.equal("GET /x");
    expect(wire.exchanges[0]?.protocol).to.equal("HTTP/0.9");
  });

  it("answers the same wherever the bytes are split", async () => {
    const bytes =
      "\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
    const whole = await exchange(wire.port, bytes);
    expect(heads(whole)).to.deep.equal(["200 OK; Content-Length: 6", "200 OK; Content-Length: 7; Connection: close"]);
    await Promise.all(
      Array.from({ length: bytes.length - 1 }, async (_, index) => {
        const client = new Client(wire.port);
        client.send(bytes.slice(0, index + 1));
        await new Promise((resolve) => setImmediate(resolve));
        client.send(bytes.slice(index + 1));
        const answer = await client.all();
        expect(answer.replace(/Date: [^\r]*\r\n/g, ""), `split at ${index + 1}`).to.equal(whole);
      }),
    );
  });

  it("counts requests and bytes", async () => {
    const first = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
    const second = "HEAD /23 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    const client = new Client(wire.port);
    client.send(first + second);
    const all = await client.all();
    const [one, two] = wire.sent;
    expect(one).to.include({ status: 200, bodyBytes: 6, bytesIn: first.length, connectionState: "+" });
    expect(two).to.include({ status: 200, bodyBytes: 0, bytesIn: second.length, connectionState: "-" });
    expect((one?.bytesOut ?? 0) + (two?.bytesOut ?? 0)).to.equal(all.length);
    expect(one?.headers.get("content-length")).to.equal("6");
    expect(wire.exchanges[0]?.connection.id).to.equal(wire.exchanges[1]?.connection.id);
  });

  it("counts the requests before", async () => {
    const counts: number[] = [];
    const own = await startWire(
      (request, send) => {
        counts.push(request.connection.keepalives);
        send(text(200, "x"));
      },
      { transmission: { maxKeepAliveRequests: 2 } },
    );
    const answer = await exchange(own.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n".repeat(5));
    expect(heads(answer)).to.deep.equal([
      "200 OK; Content-Length: 1; Keep-Alive: timeout=5, max=2; Connection: Keep-Alive",
      "200 OK; Content-Length: 1; Keep-Alive: timeout=5, max=1; Connection: Keep-Alive",
      "200 OK; Content-Length: 1; Connection: close",
    ]);
    expect(counts).to.deep.equal([0, 1, 2]);
    own.serving.cut();
  });

  it("gives the addresses and the request as it was sent", async () => {
    await exchange(wire.port, "GET /a%20b?c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    const [request] = wire.exchanges;
    expect(request?.requestLine).to.equal("GET /a%20b?c HTTP/1.1");
    expect(request?.connection).to.include({
      remoteAddress: "127.0.0.1",
      localAddress: "127.0.0.1",
      localPort: wire.port,
      secure: false,
    });
    expect(Math.abs((request?.startTime ?? 0) - Date.now())).to.be.lessThan(60_000);
  });

  it("works on one request at a time", async () => {
    const waiting: (() => void)[] = [];
    const own = await startWire((_request, send) => waiting.push(() => send(text(200, "x"))));
    const client = new Client(own.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(2));
    await until(() => waiting.length === 1, "the first request is there");
    expect(own.exchanges).to.have.length(1);
    waiting.shift()?.();
    await until(() => waiting.length === 1, "the second request is there");
    await client.has("\r\n\r\nx");
    expect(client.received.match(/200 OK/g)).to.have.length(1);
    own.serving.cut();
  });

  it("reads no more than a little ahead", async () => {
    const own = await startWire(() => undefined);
    const client = new Client(own.port);
    const request = `GET / HTTP/1.1\r\nHost: a\r\nX: ${"y".repeat(8000)}\r\n\r\n`;
    client.send(request);
    await until(() => own.exchanges.length === 1, "the request is there");
    for (let i = 0; i < 4000; i++) client.send(request);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // 32 MB were given to the client's socket; the kernel holds a few of them.
    expect(client.socket.writableLength).to.be.greaterThan(10_000_000);
    client.socket.destroy();
    own.serving.cut();
  });
});

describe("the time on a connection", () => {
  const limits = { timeout: 200, keepAliveTimeout: 5000 };

  const rows: readonly (readonly [string, string, string])[] = [
    ["ends without an answer while nothing comes", "", ""],
    ["ends without an answer in a request line", "GET / HTTP", ""],
    ["ends with 408 in a head", "GET / HTTP/1.1\r\nHost: a\r\n", "408 Request Timeout"],
    [
      "ends with 408 in a body that is read",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc",
      "408 Request Timeout",
    ],
  ];
  for (const [name, bytes, expected] of rows) {
    it(name, async () => {
      const wire = await startWire(
        (request, send) => {
          void Promise.resolve(request.body.discard()).then(() => send(text(request.body.error?.status ?? 200, "")));
        },
        { limits },
      );
      const client = new Client(wire.port);
      if (bytes !== "") client.send(bytes);
      const answer = await client.all();
      expect(answer.slice(9, 9 + expected.length)).to.equal(expected);
      // Half a request line is logged, nothing at all is not.
      expect(wire.sent.map(({ status }) => status)).to.deep.equal(bytes === "" ? [] : [408]);
      if (expected === "" && bytes !== "") expect(wire.exchanges[0]?.requestLine).to.equal("");
      wire.serving.cut();
    });
  }

  const parts: readonly (readonly [string, string, string])[] = [
    ["head", "GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"],
    ["body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", "abc"],
  ];
  for (const [part, start, more] of parts) {
    it(`ends with 408 where a ${part} comes bit by bit, slower than allowed`, async () => {
      const slow = { first: 300, rate: 10_000, most: 0 };
      const wire = await startWire(
        (request, send) => {
          void Promise.resolve(request.body.discard()).then(() => send(text(request.body.error?.status ?? 200, "")));
        },
        { limits: { timeout: 10_000, reading: { header: slow, body: slow } } },
      );
      const client = new Client(wire.port);
      client.send(start);
      const trickle = setInterval(() => client.socket.writable && client.socket.write(more), 50);
      const answer = await client.all();
      clearInterval(trickle);
      expect(answer).to.match(/^HTTP\/1\.1 408 /);
      wire.serving.cut();
    });
  }

  it("does not end with a head that comes fast enough", async () => {
    const wire = await startWire((_request, send) => send(text(200, "x")), {
      limits: { reading: { header: { first: 300, rate: 1, most: 0 }, body: { first: 0, rate: 0, most: 0 } } },
    });
    const client = new Client(wire.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n");
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      client.send("X: y\r\n");
    }
    client.send("\r\n");
    await until(() => client.received.includes("200 OK"), "the answer is there");
    client.socket.destroy();
    wire.serving.cut();
  });

  it("ends a kept connection after its KeepAliveTimeout", async () => {
    const wire = await startWire((_request, send) => send(text(200, "x")), { transmission: { keepAliveTimeout: 200 } });
    const client = new Client(wire.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.all();
    expect(client.received).to.match(/^HTTP\/1\.1 200/);
    await until(() => wire.serving.counts().connections === 0, "the connection is gone");
    wire.serving.cut();
  });

  it("does not end a request in work", async () => {
    const wire = await startWire((_request, send) => setTimeout(() => send(text(200, "late")), 1200), { limits });
    expect(await exchange(wire.port, "GET / HTTP/1.0\r\n\r\n")).to.match(/late$/);
    wire.serving.cut();
  });

  it("answers a client that has ended its side", async () => {
    const wire = await startWire((_request, send) => setTimeout(() => send(text(200, "late")), 600), { limits });
    expect(await exchange(wire.port, "GET / HTTP/1.0\r\n\r\n", { end: true })).to.match(/late$/);
    wire.serving.cut();
  });
});

describe("a client that leaves", () => {
  it("aborts the signal of its request, and the answer goes nowhere", async () => {
    let answer = (): void => undefined;
    const wire = await startWire((_request, send) => {
      answer = () => send(text(200, "x"));
    });
    const client = new Client(wire.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => wire.exchanges.length === 1, "the request is there");
    const { signal } = wire.exchanges[0]?.connection ?? {};
    expect(signal?.aborted).to.equal(false);
    client.socket.resetAndDestroy();
    await until(() => signal?.aborted === true, "the signal is aborted");
    answer();
    expect(wire.sent).to.have.length(1);
    expect(wire.sent[0]).to.include({ connectionState: "X", bodyBytes: 0 });
    expect(wire.serving.counts()).to.deep.equal({ connections: 0, active: 0, requests: 1 });
    wire.serving.cut();
  });

  it("has a signal that outlives a request that was answered", async () => {
    const signals: AbortSignal[] = [];
    const wire = await startWire((request, send) => {
      signals.push(request.connection.signal);
      send(text(200, "x"));
    });
    await exchange(wire.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false, false]);
    wire.serving.cut();
  });
});
