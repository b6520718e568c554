import { expect } from "chai";
import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { connect as connectPlain, type Socket } from "node:net";
import { Readable } from "node:stream";
import { answer, Headers, http2, type Response } from "../../../src/api/index.js";
import type { Exchange, Http2Limits } from "../../../src/server/exchange.js";
import { startWire, text, until, type Handle, type Wire, type WireOptions } from "../http1/wire.js";

const initial = Object.fromEntries(Object.entries(http2.settings).map(([name, { initial }]) => [name, initial]));
const limits = (more: Partial<Http2Limits> = {}): Http2Limits => ({
  ...(initial as unknown as Http2Limits),
  ended: () => undefined,
  begins: { plain: true, encrypted: false },
  ...more,
});

const sessions: ClientHttp2Session[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
  for (const socket of sockets.splice(0)) socket.destroy();
});

function start(handle: Handle, more: Partial<Http2Limits> = {}, options: WireOptions = {}): Promise<Wire> {
  return startWire(handle, { ...options, limits: { http2: limits(more), ...options.limits } });
}

/** A client, and what its session was told. */
function client({ port }: Wire): { session: ClientHttp2Session; told: string[] } {
  const session = connect(`http://127.0.0.1:${port}`);
  const told: string[] = [];
  session.on("goaway", (code: number, last: number) => told.push(`goaway ${code} ${last}`));
  session.on("error", () => told.push("error"));
  session.on("close", () => told.push("close"));
  sessions.push(session);
  return { session, told };
}

interface Asked {
  status: number;
  body: string;
  /** "code N" once it has ended. */
  end: string;
  readonly stream: ClientHttp2Stream;
}

function ask(session: ClientHttp2Session, path = "/", endStream = true): Asked {
  const stream = session.request({ ":path": path, ":method": endStream ? "GET" : "POST" }, { endStream });
  const asked: Asked = { status: 0, body: "", end: "", stream };
  stream.on("response", (fields) => (asked.status = Number(fields[":status"])));
  stream.on("data", (data: Buffer) => (asked.body += data.toString("latin1")));
  stream.on("error", () => undefined);
  stream.on("close", () => (asked.end = `code ${stream.rstCode}`));
  return asked;
}

const whole = (asked: Asked): Promise<void> => until(() => asked.end !== "", "the stream ends");

describe("a connection of HTTP/2", function () {
  this.timeout(60_000);

  it("answers requests at the same time, in any order", async () => {
    const answers = new Map<string, () => void>();
    const wire = await start(
      (exchange, send) => void answers.set(exchange.target, () => send(text(200, exchange.target))),
    );
    const { session } = client(wire);
    const [first, second] = [ask(session, "/1"), ask(session, "/2")];
    await until(() => answers.size === 2, "both are there");
    answers.get("/2")?.();
    await whole(second);
    expect(first.end).to.equal("");
    answers.get("/1")?.();
    await whole(first);
    expect([first.body, second.body]).to.deep.equal(["/1", "/2"]);
    await until(() => wire.sent.length === 2, "both are reported");
    expect(wire.serving.counts()).to.deep.equal({ connections: 1, active: 0, requests: 2 });
  });

  it("tells that one of its requests was given up, and keeps the others", async () => {
    const aborted: string[] = [];
    let finish = (): void => undefined;
    const wire = await start((exchange, send) => {
      exchange.connection.signal.addEventListener("abort", () => aborted.push(exchange.target));
      finish = () => send(text(200, "x"));
    });
    const { session } = client(wire);
    const given = ask(session, "/given-up");
    await until(() => wire.exchanges.length === 1, "the first is there");
    const kept = ask(session, "/kept");
    await until(() => wire.exchanges.length === 2, "the second is there");
    given.stream.close(constants.NGHTTP2_CANCEL);
    await until(() => aborted.length === 1, "the first hears of it");
    finish();
    await whole(kept);
    expect(aborted).to.deep.equal(["/given-up"]);
    expect(kept.body).to.equal("x");
  });

  it("breaks a response off where its stream fails", async () => {
    const wire = await start((_exchange, send) => {
      const body = new Readable({ read: () => undefined });
      send(answer(200, new Headers(), body));
      body.push("begun");
      setImmediate(() => body.destroy(new Error("broken")));
    });
    const asked = ask(client(wire).session);
    await whole(asked);
    expect(asked.end).to.equal(`code ${constants.NGHTTP2_INTERNAL_ERROR}`);
    await until(() => wire.sent.length === 1, "it is reported");
    expect(wire.sent[0]?.connectionState).to.equal("X");
  });

  it("holds back an answer that nobody reads, and ends it after the timeout", async () => {
    let isClosed = false;
    const chunk = Buffer.alloc(65_536);
    let given = 0;
    const wire = await start(
      (_exchange, send) => {
        const body = new Readable({
          read() {
            given += chunk.length;
            this.push(chunk);
          },
        });
        body.on("close", () => (isClosed = true));
        send(answer(200, new Headers(), body));
      },
      { streamTimeout: 300 },
    );
    const { session } = client(wire);
    const stream = session.request({ ":path": "/" });
    stream.on("error", () => undefined);
    await until(() => given > 0, "it has begun");
    await until(() => isClosed, "it is ended");
    expect(given).to.be.lessThan(4 << 20);
  });

  it("takes a body no faster than it is read", async () => {
    let body: Readable | undefined;
    let read = 0;
    const wire = await start((exchange, send) => {
      body = exchange.body.stream();
      body.on("end", () => send(text(200, String(read))));
    });
    const asked = ask(client(wire).session, "/", false);
    let written = 0;
    const write = (): void => {
      while (written < 4 << 20) {
        written += 65_536;
        if (!asked.stream.write(Buffer.alloc(65_536))) return void asked.stream.once("drain", write);
      }
      asked.stream.end();
    };
    write();
    await until(() => body !== undefined && written >= 65_536, "it has begun");
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(written, "held back").to.be.lessThan(2 << 20);
    body?.on("data", (data: Buffer) => (read += data.length));
    await whole(asked);
    expect(asked.body).to.equal(String(4 << 20));
  });

  it("refuses a body that is larger than it may be", async () => {
    const wire = await start((exchange, send) => {
      exchange.limitBody(1000);
      const body = exchange.body.stream();
      body.on("error", () => send(text(exchange.body.error?.status ?? 0, "")));
      body.resume();
    });
    const asked = ask(client(wire).session, "/", false);
    asked.stream.write(Buffer.alloc(2000));
    await whole(asked);
    expect(asked.status).to.equal(413);
  });

  it("refuses streams beyond H2MaxSessionStreams, also when the client has given up those before", async () => {
    const wire = await start(() => undefined, { maxStreams: 3 });
    const { session } = client(wire);
    const asked = Array.from({ length: 3 }, () => ask(session));
    await until(() => wire.exchanges.length === 3, "they are there");
    for (const { stream } of asked) stream.close(constants.NGHTTP2_CANCEL);
    await Promise.all(asked.map(whole));
    const refused = ask(session);
    await whole(refused);
    expect(refused.end).to.equal(`code ${constants.NGHTTP2_REFUSED_STREAM}`);
    expect(wire.exchanges.length).to.equal(3);
  });

  it("ends when a client opens streams only to give them up", async () => {
    const wire = await start(() => undefined);
    const { session, told } = client(wire);
    let isOver = false;
    session.on("close", () => (isOver = true));
    for (let round = 0; round < 40 && !isOver; round++) {
      for (let i = 0; i < 50 && !session.destroyed && !session.closed; i++)
        ask(session).stream.close(constants.NGHTTP2_CANCEL);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => isOver, "the connection is ended");
    expect(told.join()).to.match(/goaway|error/);
    expect(wire.exchanges.length).to.be.lessThan(400);
  });

  it("serves what a client sends before it hears that the server stops, then ends", async () => {
    const wire = await start((exchange, send) => send(text(200, exchange.target)));
    const { session, told } = client(wire);
    await whole(ask(session, "/first"));
    const drained = wire.serving.drain();
    // Until the client has heard of it, it goes on.
    const answered: Asked[] = [];
    while (told.length === 0) {
      const asked = ask(session, "/more");
      answered.push(asked);
      await whole(asked);
    }
    await drained;
    const whole200 = answered.filter(({ status, end }) => status === 200 && end === "code 0");
    expect(whole200.length, "all that came is answered").to.equal(wire.exchanges.length - 1);
    // The client's own library takes back what it has not sent when it hears that the server stops.
    expect(answered.length - whole200.length).to.be.lessThan(2);
    expect(told[0]).to.equal(`goaway 0 ${2 ** 31 - 1}`);
  });

  it("lets a request in work come to its end when the server stops", async () => {
    let finish = (): void => undefined;
    const wire = await start((_exchange, send) => {
      finish = () => send(text(200, "late"));
    });
    const { session, told } = client(wire);
    const asked = ask(session);
    await until(() => wire.exchanges.length === 1, "it is there");
    const drained = wire.serving.drain();
    await until(() => told.length > 0, "the client hears of it");
    finish();
    await whole(asked);
    expect(asked.body).to.equal("late");
    await drained;
  });

  it("is closed when it has idled for KeepAliveTimeout", async () => {
    const wire = await start((_exchange, send) => send(text(200, "")), {}, { limits: { keepAliveTimeout: 100 } });
    const { session, told } = client(wire);
    await whole(ask(session));
    await until(() => told.includes("close"), "it is closed");
    await until(() => wire.serving.counts().connections === 0, "the server has forgotten it");
    expect(told[0]).to.match(/^goaway 0 /);
  });

  it("sends interim responses, and fields as they are", async () => {
    const wire = await start((exchange, send) => {
      exchange.connection.inform?.(103, new Headers([["Link", "</a>; rel=preload"]]));
      const headers = new Headers([
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["X-Latin", "\xe9"],
        ["Connection", "close"],
        ["ETag", '"a"'],
      ]);
      send({ ...answer(200, headers, Buffer.from("x")) });
    });
    const stream = client(wire).session.request({ ":path": "/" });
    const early: unknown[] = [];
    let fields: Record<string, unknown> = {};
    stream.on("headers", (interim: Record<string, unknown>) => early.push(interim[":status"], interim["link"]));
    stream.on("response", (found) => (fields = found));
    stream.resume();
    await until(() => stream.closed, "it has ended");
    expect(early).to.deep.equal([103, "</a>; rel=preload"]);
    expect(fields).to.include({ "x-latin": "\xe9", etag: '"a"', "content-length": "1", server: "test" });
    expect(fields["set-cookie"]).to.deep.equal(["a=1", "b=2"]);
    expect(fields).to.not.have.property("connection");
  });

  for (const { name, field } of [
    { name: "a field with a line end", field: ["X", "a\r\nSet-Cookie: b=1"] as const },
    { name: "a name that is none", field: ["X Y", "a"] as const },
  ]) {
    it(`answers 500 in the place of a response with ${name}`, async () => {
      const wire = await start((_exchange, send) => send(answer(200, new Headers([field]), Buffer.from("x"))));
      const asked = ask(client(wire).session);
      await whole(asked);
      expect(asked.status).to.equal(500);
    });
  }
});

describe("the beginning of a connection", () => {
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const answering = (_exchange: Exchange, send: (response: Response) => void): void => send(text(200, "x"));

  function talk(port: number): { socket: Socket; received: () => string; isOver: () => boolean } {
    const socket = connectPlain({ port, host: "127.0.0.1" });
    sockets.push(socket);
    let received = "";
    let isOver = false;
    socket.on("data", (data: Buffer) => (received += data.toString("latin1")));
    socket.on("error", () => undefined).on("close", () => (isOver = true));
    return { socket, received: () => received, isOver: () => isOver };
  }

  it("is HTTP/2 although it comes byte by byte", async () => {
    const wire = await start(answering);
    const { socket, received } = talk(wire.port);
    for (const byte of `${preface}\0\0\0\x04\0\0\0\0\0`) {
      socket.write(byte, "latin1");
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The server's settings, and that it has taken ours.
    await until(() => received().includes("\0\0\0\x04\x01"), "the settings are answered");
  });

  it("is HTTP/1.1 when it looks like it", async () => {
    const wire = await start(answering);
    const { socket, received } = talk(wire.port);
    socket.write("PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(() => received().includes("HTTP/1.1 200"), "it is answered");
  });

  it("is a bad request where HTTP/2 may not begin", async () => {
    const wire = await start(answering, { begins: { plain: false, encrypted: false } });
    const { socket, received } = talk(wire.port);
    socket.write(preface);
    await until(() => received().includes("HTTP/1.1 400"), "it is refused");
  });

  it("is ended where something else follows a 101", async () => {
    const wire = await start((_exchange, send) => send({ ...answer(101), becomes: "h2c" }));
    const { socket, received, isOver } = talk(wire.port);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n");
    await until(() => received().includes("101 Switching"), "it is agreed to");
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(isOver, "it is ended");
  });

  for (const { name, bytes } of [
    { name: "settings", bytes: Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]) },
    { name: "pings", bytes: Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]) },
    { name: "empty data", bytes: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1]) },
  ]) {
    it(`does not grow with a client that sends ${name} without end and reads nothing`, async () => {
      const wire = await start(answering);
      const { socket, isOver } = talk(wire.port);
      socket.pause();
      socket.write(`${preface}\0\0\0\x04\0\0\0\0\0`, "latin1");
      const flood = Buffer.concat(Array.from({ length: 2000 }, () => bytes));
      let isStuck = false;
      for (let round = 0; round < 500 && !isOver() && !isStuck; round++) {
        if (!socket.write(flood)) {
          isStuck = await Promise.race([
            new Promise<boolean>((resolve) =>
              socket.once("drain", () => resolve(false)).once("close", () => resolve(false)),
            ),
            new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 2000)),
          ]);
        }
      }
      expect(isOver() || isStuck, "ended, or held back").to.equal(true);
    });
  }
});
