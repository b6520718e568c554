import { expect } from "chai";
import { connect } from "node:net";
import { serve } from "../../src/server/listen.js";
import { Client, limits, startWire, text, until } from "./http1/wire.js";

const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe("draining", () => {
  it("stops accepting, and closes each connection with its next response", async () => {
    const wire = await startWire((_request, send) => send(text(200, "x")));
    const client = new Client(wire.port);
    client.send(get);
    await client.has("\r\n\r\nx");
    expect(client.received).to.not.contain("Connection: close");
    let isDrained = false;
    const drained = wire.serving.drain().then(() => {
      isDrained = true;
    });
    const refused = new Client(wire.port);
    await until(() => refused.isReset, "a new connection is refused");
    expect(client.isEnded).to.equal(false);
    expect(isDrained).to.equal(false);
    client.send(get);
    expect(await client.all()).to.match(/Connection: close\r\nContent-Type: text\/plain\r\n\r\nx$/);
    await drained;
    expect(wire.serving.counts()).to.deep.equal({ connections: 0, active: 0, requests: 2 });
  });

  it("lets a request in work come to its end", async () => {
    let answer = (): void => undefined;
    const wire = await startWire((_request, send) => {
      answer = () => send(text(200, "late"));
    });
    const client = new Client(wire.port);
    client.send(get);
    await until(() => wire.serving.counts().active === 1, "the request is there");
    const drained = wire.serving.drain();
    answer();
    expect(await client.all()).to.match(/Connection: close\r\n[^]*late$/);
    await drained;
  });

  it("lets an idle connection end at its KeepAliveTimeout, not before", async () => {
    const wire = await startWire((_request, send) => send(text(200, "x")), { transmission: { keepAliveTimeout: 600 } });
    const client = new Client(wire.port);
    client.send(get);
    await client.has("\r\n\r\nx");
    const start = Date.now();
    const drained = wire.serving.drain();
    await client.all();
    expect(Date.now() - start).to.be.greaterThan(400);
    await drained;
  });

  it("cuts what is left when the time is over", async () => {
    const wire = await startWire(() => undefined);
    const client = new Client(wire.port);
    client.send(get);
    await until(() => wire.serving.counts().active === 1, "the request is there");
    await wire.serving.drain(100);
    await client.all();
    expect(client.received).to.equal("");
  });

  it("is over at once without connections", async () => {
    const wire = await startWire(() => undefined);
    await wire.serving.drain();
    await wire.serving.drain();
  });
});

describe("a server with a limit of connections", () => {
  it("lets further clients wait, and ends kept connections for them", async () => {
    const wire = await startWire((_request, send) => send(text(200, "x")), { maxConnections: 1 });
    const first = new Client(wire.port);
    first.send(get);
    await first.has("\r\n\r\nx");
    const others = [new Client(wire.port), new Client(wire.port), new Client(wire.port)];
    for (const other of others) other.send("GET / HTTP/1.0\r\n\r\n");
    for (const other of others) expect(await other.all()).to.match(/x$/);
    await first.all();
    wire.serving.cut();
  });

  it("does not wait for a client that gave up", async () => {
    const waiting: (() => void)[] = [];
    const wire = await startWire((_request, send) => waiting.push(() => send(text(200, "x"))), { maxConnections: 1 });
    const first = new Client(wire.port);
    first.send("GET / HTTP/1.0\r\n\r\n");
    await until(() => waiting.length === 1, "the first request is there");
    const second = new Client(wire.port);
    await until(() => wire.serving.counts().connections === 2, "the second client is there");
    second.socket.resetAndDestroy();
    await until(() => wire.serving.counts().connections === 1, "the second client is gone");
    const third = new Client(wire.port);
    third.send("GET / HTTP/1.0\r\n\r\n");
    waiting.shift()?.();
    await until(() => waiting.length === 1, "the third request is there");
    waiting.shift()?.();
    await third.all();
    wire.serving.cut();
  });
});

describe("a listening server", () => {
  it("listens on several sockets, and on none if one fails", async () => {
    const handler = { limits: () => limits, handle: () => undefined };
    const serving = await serve({
      handler,
      sockets: [{ where: { port: 0, host: "127.0.0.1" } }, { where: { port: 0, host: "127.0.0.1" } }],
    });
    const [one, two] = serving.addresses.map((address) => (typeof address === "object" ? (address?.port ?? 0) : 0));
    expect(one).to.not.equal(two);
    let failure: unknown;
    try {
      await serve({
        handler,
        sockets: [{ where: { port: 0, host: "127.0.0.1" } }, { where: { port: one ?? 0, host: "127.0.0.1" } }],
      });
    } catch (error) {
      failure = error;
    }
    expect(failure).to.have.property("code", "EADDRINUSE");
    serving.cut();
  });

  it("survives connections that are gone at once", async () => {
    const wire = await startWire((_request, send) => send(text(200, "x")));
    for (let i = 0; i < 100; i++)
      connect(wire.port, "127.0.0.1", function (this: ReturnType<typeof connect>) {
        this.resetAndDestroy();
      });
    const client = new Client(wire.port);
    client.send("GET / HTTP/1.0\r\n\r\n");
    expect(await client.all()).to.match(/x$/);
    await until(() => wire.serving.counts().connections === 0, "all are gone");
    wire.serving.cut();
  });
});
