import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Duplex, duplexPair, PassThrough } from "node:stream";
import { expect } from "chai";
import { Headers, switchProtocols, type Response } from "../../../src/api/index.js";
import { Client, startWire, text, until, type Wire, type WireOptions } from "./wire.js";

const ask = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: echo\r\n\r\n";

/** A server that changes protocols wherever it may, to what `stream` gives. */
function startTunnel(stream: () => Duplex, options: WireOptions & { idleTimeout?: number } = {}): Promise<Wire> {
  return startWire((exchange, send) => {
    const { idleTimeout } = options;
    if (exchange.upgrade === undefined) send(text(200, "no upgrade"));
    else send(switchProtocols(exchange.upgrade, stream(), { idleTimeout }));
  }, options);
}

describe("a change of protocols", () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  /** A socket that is connected to a server of this test. */
  async function backEnd(serve: (socket: Socket) => void): Promise<() => Socket> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      serve(socket);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return () => createConnection({ port, host: "127.0.0.1", allowHalfOpen: true });
  }

  it("joins the client with the stream, also with what came behind its request", async () => {
    const wire = await startTunnel(await backEnd((socket) => socket.pipe(socket)));
    const client = new Client(wire.port);
    client.send(`${ask}early `);
    await client.has("early ");
    client.send("late");
    await client.has("late");
    client.socket.end();
    const all = (await client.all()).replace(/Date: [^\r]*\r\n/, "");
    expect(all).to.equal(
      "HTTP/1.1 101 Switching Protocols\r\nServer: test\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nearly late",
    );
    await until(() => wire.sent.length === 1, "the end is reported");
    expect(wire.sent[0]).to.include({ status: 101, bodyBytes: 0, connectionState: "-", bytesIn: ask.length + 10 });
    expect(wire.sent[0]?.bytesOut).to.be.above(10);
    await until(() => wire.serving.counts().connections === 0, "the connection is gone");
    expect(wire.serving.counts()).to.deep.equal({ connections: 0, active: 0, requests: 1 });
  });

  it("sends the fields of the handler, and its own Upgrade and Connection", async () => {
    const wire = await startWire((_exchange, send) => {
      const headers = new Headers([
        ["Connection", "x-secret"],
        ["Upgrade", "other"],
        ["Sec-WebSocket-Accept", "abc="],
      ]);
      send(switchProtocols("websocket", new PassThrough(), { headers }));
    });
    const client = new Client(wire.port);
    client.send(ask);
    await client.has("\r\n\r\n");
    expect(client.received).to.match(
      /Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: abc=\r\n\r\n$/,
    );
    client.socket.destroy();
  });

  const withoutUpgrade: readonly (readonly [string, string])[] = [
    ["without Upgrade", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n"],
    ["without Connection", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\n\r\n"],
    ["with another Connection", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgraded\r\n\r\n"],
    ["in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n"],
    ["with a body", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgrade\r\nContent-Length: 1\r\n\r\nx"],
    [
      "with a chunked body",
      "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgrade\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["by HEAD", "HEAD / HTTP/1.1\r\nHost: a\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n"],
  ];
  for (const [how, request] of withoutUpgrade) {
    it(`is not offered ${how}, and a handler that changes all the same is answered for with 500`, async () => {
      const offered = await startTunnel(() => new PassThrough());
      const client = new Client(offered.port);
      client.send(request);
      await client.has("HTTP/1.1 200");
      client.socket.destroy();
      const stream = new PassThrough();
      const forced = await startWire((_exchange, send) => send(switchProtocols("echo", stream)));
      const other = new Client(forced.port);
      other.send(request);
      expect(await other.all()).to.match(/^HTTP\/1\.1 500/);
      expect(stream.destroyed).to.equal(true);
    });
  }

  it("leaves the connection as it is when the request is answered otherwise", async () => {
    const wire = await startWire((_exchange, send) => send(text(403, "no")));
    const client = new Client(wire.port);
    client.send(ask + ask);
    await client.has("no");
    await until(() => wire.sent.length === 2, "both are answered");
    client.socket.destroy();
  });

  it("makes the client wait for a stream that does not take its bytes", async () => {
    const most = 32 << 20;
    let received = 0;
    let mostHeld = 0;
    let open: (() => void) | undefined;
    const stream = new Duplex({
      read: () => undefined,
      write(chunk: Buffer, _encoding, done) {
        received += chunk.length;
        mostHeld = Math.max(mostHeld, stream.writableLength);
        if (received > chunk.length) setImmediate(done);
        else open = done;
      },
    });
    const client = new Client((await startTunnel(() => stream)).port);
    client.send(ask);
    await client.has("\r\n\r\n");
    const piece = Buffer.alloc(1 << 20, "x");
    for (let written = 0; written < most; written += piece.length) client.socket.write(piece);
    await until(() => stream.writableNeedDrain, "the stream has enough");
    open?.();
    await until(() => received === most, "all has arrived");
    // One read of the socket beyond what the stream itself holds.
    expect(mostHeld).to.be.lessThan(2 * 65_536 + 1);
    client.socket.destroy();
  });

  it("makes a stream wait for a client that does not read", async () => {
    const most = 64 << 20;
    const piece = Buffer.alloc(1 << 20, "x");
    let given = 0;
    let giving: Socket | undefined;
    const wire = await startTunnel(
      await backEnd((socket) => {
        giving = socket;
        const give = (): void => {
          do given += piece.length;
          while (socket.write(piece) && given < most);
          if (given >= most) socket.end();
        };
        socket.on("drain", () => given < most && give());
        give();
      }),
    );
    const client = new Client(wire.port);
    client.send(ask);
    await client.has("\r\n\r\n");
    client.socket.pause();
    await until(() => (giving?.writableLength ?? 0) > 0, "the stream waits");
    const reported = wire.serving.report().connections[0]?.bytes ?? 0;
    expect(reported).to.be.lessThan(most);
    client.socket.resume();
    await client.all();
    expect(client.received.length).to.be.greaterThan(most);
    await until(() => wire.sent.length === 1, "the end is reported");
    expect(wire.sent[0]?.bytesOut).to.be.above(most);
  });

  it("destroys the stream when the client is gone, and reports what was sent", async () => {
    const [mine, theirs] = duplexPair();
    const wire = await startTunnel(() => theirs);
    const client = new Client(wire.port);
    client.send(ask);
    mine.write("hello");
    await client.has("hello");
    client.socket.resetAndDestroy();
    await until(() => theirs.destroyed, "the stream is destroyed");
    await until(() => wire.sent.length === 1, "the end is reported");
    expect(wire.sent[0]).to.include({ status: 101, bodyBytes: 0, connectionState: "X" });
  });

  it("passes the end of the client on, and lets the stream say its last word", async () => {
    const wire = await startTunnel(
      await backEnd((socket) => {
        let text = "";
        socket.on("data", (data) => (text += data.toString()));
        socket.on("end", () => socket.end(`you said ${text}`));
      }),
    );
    const client = new Client(wire.port);
    client.send(ask);
    await client.has("\r\n\r\n");
    client.socket.end("bye");
    expect(await client.all()).to.match(/\r\n\r\nyou said bye$/);
    await until(() => wire.sent.length === 1, "the end is reported");
    expect(wire.sent[0]).to.include({ bodyBytes: 0, connectionState: "-" });
  });

  it("passes the end of the stream on, and lets the client say its last word", async () => {
    let heard = "";
    const wire = await startTunnel(
      await backEnd((socket) => {
        socket.end("over");
        socket.on("data", (data) => (heard += data.toString()));
      }),
    );
    const client = new Client(wire.port);
    client.send(ask);
    await until(() => client.isEnded, "the end has come");
    expect(client.received).to.match(/\r\n\r\nover$/);
    client.socket.end("and out");
    await until(() => heard === "and out", "the last word is heard");
    await until(() => wire.sent.length === 1, "the end is reported");
    expect(wire.sent[0]).to.include({ bodyBytes: 0, connectionState: "-" });
  });

  it("ends the connection with a stream that was closed, and resets it with one that broke", async () => {
    const [, closed] = duplexPair();
    const wire = await startTunnel(() => closed);
    const client = new Client(wire.port);
    client.send(ask);
    await client.has("\r\n\r\n");
    closed.destroy();
    await client.all();
    expect(client.isReset).to.equal(false);

    const broken = new PassThrough();
    const other = new Client((await startTunnel(() => broken)).port);
    other.send(ask);
    await other.has("\r\n\r\n");
    broken.destroy(new Error("the back end is gone"));
    await until(() => other.isReset, "the connection is reset");
  });

  it("is ended when nothing passes for idleTimeout, and not before", async () => {
    const [mine, theirs] = duplexPair();
    const wire = await startTunnel(() => theirs, { idleTimeout: 700, transmission: { timeout: 60_000 } });
    const client = new Client(wire.port);
    client.send(ask);
    await client.has("\r\n\r\n");
    // Either direction keeps it alive, for longer than the limit; on a machine that sleeps so long itself nothing is said.
    let longestGap = 0;
    let last = performance.now();
    for (let i = 0; i < 40 && !theirs.destroyed; i++) {
      if (i % 2 === 0) mine.write(`${i};`);
      else client.send("x");
      await new Promise((resolve) => setTimeout(resolve, 50));
      longestGap = Math.max(longestGap, performance.now() - last);
      last = performance.now();
    }
    expect(theirs.destroyed && longestGap < 300).to.equal(false);
    await until(() => theirs.destroyed, "it is ended");
    await until(() => client.isEnded, "the client sees it");
  });

  it("stays open through a graceful stop until the time is over", async () => {
    const [mine, theirs] = duplexPair();
    const wire = await startTunnel(() => theirs);
    const client = new Client(wire.port);
    client.send(ask);
    await client.has("\r\n\r\n");
    const drained = wire.serving.drain();
    expect(wire.serving.report().states.working).to.equal(1);
    expect(wire.serving.report().connections[0]).to.include({ state: "working", requestLine: "GET /chat HTTP/1.1" });
    mine.write("still here");
    await client.has("still here");
    wire.serving.cut();
    await drained;
    expect(theirs.destroyed).to.equal(true);
    expect(wire.serving.counts()).to.deep.equal({ connections: 0, active: 0, requests: 1 });
  });

  it("destroys the stream of a response that comes when the client has left", async () => {
    const stream = new PassThrough();
    let answer: ((response: Response) => void) | undefined;
    const wire = await startWire((_exchange, send) => (answer = send));
    const client = new Client(wire.port);
    client.send(ask);
    await until(() => answer !== undefined, "the request is there");
    client.socket.resetAndDestroy();
    await until(() => wire.serving.counts().connections === 0, "the client has left");
    answer?.(switchProtocols("echo", stream));
    expect(stream.destroyed).to.equal(true);
    expect(wire.sent[0]).to.include({ status: 101, bodyBytes: 0, connectionState: "X" });
  });
});
