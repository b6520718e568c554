// Frames that cost a server much and a client little → a connection that ends, while others go on.
import { expect } from "chai";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { http2 } from "../../../src/api/index.js";
import type { Http2Limits } from "../../../src/server/exchange.js";
import { startWire, text, until } from "../http1/wire.js";

const initial = Object.fromEntries(Object.entries(http2.settings).map(([name, { initial }]) => [name, initial]));
/** What was noted of connections that were ended. */
const noted: string[] = [];
const limits: Http2Limits = {
  ...(initial as unknown as Http2Limits),
  begins: { plain: true, encrypted: false },
  ended: (reason, { remoteAddress, remotePort }) => noted.push(`${remoteAddress}:${remotePort} ${reason}`),
};

function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const [data, headers, reset, settings, ping, continuation] = [0, 1, 3, 4, 6, 9];
const endStream = 1;
const whole = endStream | 4;
const begin = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1"), frame(4, 0, 0)]);
/** GET and POST of http / by the table that both know, and an authority "x". */
const get = Buffer.from([0x82, 0x86, 0x84, 0x01, 1, 0x78]);
const post = Buffer.from([0x83, 0x86, 0x84, 0x01, 1, 0x78]);
/** A field that nobody need remember, and one that is put into the table: 62 stands for it from then on. */
const field = (size: number): Buffer =>
  Buffer.concat([
    Buffer.from([0, 1, 0x78, 0x7f, 0x80 | ((size - 127) & 127), (size - 127) >> 7]),
    Buffer.alloc(size, 97),
  ]);
const kept = Buffer.concat([
  Buffer.from([0x40, 1, 0x78, 0x7f, 0x80 | ((3900 - 127) & 127), (3900 - 127) >> 7]),
  Buffer.alloc(3900, 97),
]);

/** What a client sends again and again, the number of the round given. */
const floods: Readonly<
  Record<string, { readonly first?: Buffer; readonly more: (round: number) => Buffer; readonly said?: string }>
> = {
  // More of them at once than their answers may wait.
  settings: {
    more: () => Buffer.concat(Array.from({ length: 2000 }, () => frame(settings, 0, 0))),
    said: "Flooding was detected",
  },
  pings: {
    more: () => Buffer.concat(Array.from({ length: 2000 }, () => frame(ping, 0, 0, Buffer.alloc(8)))),
    said: "Flooding was detected",
  },
  "a request given up at once": {
    more: (round) =>
      Buffer.concat([
        frame(headers, whole, 2 * round + 1, get),
        frame(reset, 0, 2 * round + 1, Buffer.from([0, 0, 0, 8])),
      ]),
  },
  "a head without an end": {
    first: frame(headers, endStream, 1, get),
    more: () => frame(continuation, 0, 1, field(8000)),
  },
  "a head that goes on with nothing": {
    first: frame(headers, endStream, 1, get),
    more: () => frame(continuation, 0, 1),
  },
  "a head that unpacks to a thousand times its size": {
    first: frame(headers, endStream, 1, Buffer.concat([get, kept])),
    more: () => frame(continuation, 0, 1, Buffer.alloc(8000, 0xbe)),
  },
  "a head of very many fields": {
    first: frame(headers, endStream, 1, get),
    more: () =>
      frame(continuation, 0, 1, Buffer.concat(Array.from({ length: 2000 }, () => Buffer.from([0, 1, 0x78, 0])))),
  },
};

/** Bytes a client may get rid of before it is stopped: some that wait in buffers on the way are in it. */
const mostSent = 64 * 1024 * 1024;

describe("a connection of HTTP/2 flooded with", function () {
  this.timeout(60_000);
  const ends: (() => void)[] = [];
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });

  for (const [name, { first = Buffer.alloc(0), more, said = "Too many " }] of Object.entries(floods)) {
    it(`${name} ends, and others live`, async () => {
      const wire = await startWire((exchange, send) => send(text(200, exchange.target)), {
        limits: { http2: limits, keepAliveTimeout: 60_000 },
      });
      const other = connectHttp2(`http://127.0.0.1:${wire.port}`);
      ends.push(() => other.destroy());
      const statusOf = (): Promise<unknown> =>
        new Promise((resolve, reject) => {
          const stream = other.request({ ":path": "/other" }).resume();
          stream.on("response", (fields) => resolve(fields[":status"])).on("error", reject);
        });
      expect(await statusOf()).to.equal(200);
      const socket: Socket = connect({ port: wire.port, host: "127.0.0.1" });
      ends.push(() => socket.destroy());
      let isOver = false;
      socket
        .on("error", () => undefined)
        .on("close", () => (isOver = true))
        .resume();
      socket.write(Buffer.concat([begin, first]));
      const before = process.memoryUsage().rss;
      let sent = 0;
      for (let round = 0; !isOver && sent < mostSent;) {
        const bytes = Buffer.concat(Array.from({ length: 50 }, () => more(round++)));
        sent += bytes.length;
        if (socket.write(bytes)) await new Promise((resolve) => setImmediate(resolve));
        else await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
      }
      await until(() => isOver, "the connection is ended");
      await until(() => noted.length > 0, "it is noted");
      expect(noted.splice(0).join("\n"))
        .to.match(/^127\.0\.0\.1:\d+ connection of HTTP\/2 ended: /)
        .and.contain(said);
      expect(process.memoryUsage().rss - before, "memory").to.be.lessThan(256 * 1024 * 1024);
      // As many as were read with the one that was too many.
      expect(wire.exchanges.length, "requests that were begun").to.be.lessThan(10_000);
      expect(await statusOf()).to.equal(200);
    });
  }

  it("data without a byte in it counts as silence: the request ends with the patience for it", async () => {
    const wire = await startWire(
      (exchange, send) => {
        const body = exchange.body.stream();
        body.on("error", ({ message }: Error) => send(text(408, message))).resume();
      },
      { limits: { http2: limits, timeout: 500 } },
    );
    const socket = connect({ port: wire.port, host: "127.0.0.1" });
    ends.push(() => socket.destroy());
    socket.on("error", () => undefined).resume();
    socket.write(Buffer.concat([begin, frame(headers, 4, 1, post)]));
    const more = setInterval(() => socket.write(frame(data, 0, 1)), 5);
    ends.push(() => clearInterval(more));
    await until(() => wire.sent.length > 0, "the request is answered");
    expect(wire.sent.map(({ status }) => status)).to.deep.equal([408]);
  });
});
