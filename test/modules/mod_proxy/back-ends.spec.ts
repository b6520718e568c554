// What back ends and clients do to each other; the table of http-proxy's hazards is in test/conformance/http-proxy-table.ts.
import { createServer, type IncomingMessage } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { freePorts, runNode, until } from "../../support/running.js";
import {
  after,
  always,
  closeAll,
  closing,
  ok,
  pair,
  request,
  startBackEnd,
  startFront,
  type Accepted,
} from "./front.js";

const kept = "Host: f\r\n\r\n";

/** A request on a connection that is kept. */
const keep = (line: string, fields = ""): string => `${line} HTTP/1.1\r\n${fields}${kept}`;

describe("mod_proxy and its back ends", () => {
  afterEach(closeAll);

  it("are a 503 when nobody listens there, and tried again by the next request", async () => {
    const [port = 0] = await freePorts(1);
    const front = closing(await startFront(`ProxyPass / http://127.0.0.1:${port}/`));
    expect(await front.send(request("GET /"))).to.match(/^HTTP\/1.1 503 Service Unavailable\r\n/);
    closing(await startBackEnd(always(ok), { port, host: "127.0.0.1" }));
    expect(await front.send(request("GET /"))).to.match(/ok$/);
    expect(front.log.map(({ message }) => message.slice(0, 8))).to.deep.equal(["AH00957:", "AH01114:"]);
  });

  it("are a 500 when their name is not known", async () => {
    const front = closing(await startFront("ProxyPass / http://no.such.host.invalid/"));
    const answer = await front.send(request("GET /"));
    expect(answer).to.match(/^HTTP\/1.1 500 Proxy Error\r\n/);
    expect(answer).to.contain("DNS lookup failure for: no.such.host.invalid");
  });

  it("may listen on a Unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "mod-proxy-"));
    closing({ close: () => rmSync(folder, { recursive: true }) });
    const path = join(folder, "app.sock");
    const backEnd = closing(await startBackEnd(always(ok), { path }));
    const front = closing(
      await startFront(`ProxyPass /a unix:${path}|http://app.test/b\nProxyPass /gone unix:${path}x|http://h/`),
    );
    expect(await front.send(request("GET /a/x"))).to.match(/ok$/);
    expect(backEnd.received()).to.match(/^GET \/b\/x HTTP\/1.1\r\nHost: app.test\r\n/i);
    expect(await front.send(request("GET /gone"))).to.match(/^HTTP\/1.1 503 /);
  });

  describe("bodies", () => {
    for (const method of ["POST", "DELETE", "OPTIONS", "GET", "REPORT"]) {
      it(`of ${method} in chunks are framed, and nothing in them becomes a request`, async () => {
        const seen: string[] = [];
        let begun = 0;
        const server = createServer((message, response) => {
          begun++;
          void textOf(message).then((body) => {
            seen.push(`${message.method} ${message.url} ${message.headers["transfer-encoding"]} ${body.length}`);
            response.end("ok");
          });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
        closing({ close: () => server.close().closeAllConnections() });
        const front = closing(
          await startFront(`ProxyPass / http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
        );
        const talk = front.open();
        const smuggled = "GET /smuggled HTTP/1.1\r\nHost: f\r\n\r\n";
        talk.socket.write(keep(`${method} /a`, "Transfer-Encoding: chunked\r\n"));
        // The head goes on before the body is there, so that it cannot be sent with a length.
        await until("the head has arrived", () => begun === 1);
        talk.socket.write(`${smuggled.length.toString(16)}\r\n${smuggled}\r\n`);
        talk.socket.write("0\r\n\r\n");
        await until("the answer is there", () => talk.received().includes("ok"));
        talk.socket.write(keep("GET /b"));
        await until("the next answer is there", () => talk.received().split("ok").length === 3);
        expect(seen.map((line) => line.replace("undefined", "chunked"))).to.deep.equal([
          `${method} /a chunked ${smuggled.length}`,
          "GET /b chunked 0",
        ]);
      });
    }

    it("that have arrived go with their length, and methods without one say so", async () => {
      const front = await pair(
        ({ received, socket }) =>
          void (received.endsWith("\r\n\r\n") || received.endsWith("hello") ? socket.write(ok) : 0),
      );
      await front.send(`${request("POST /c", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`);
      await front.send(request("POST /none"));
      await front.send(request("DELETE /none"));
      const lines = front.backEnd.received().split("\r\n");
      expect(
        lines
          .map((line) => line.toLowerCase())
          .filter((line) => /^(post|delete|content-length|transfer)/.test(line.replace("hello", ""))),
      ).to.deep.equal([
        "post /c http/1.1",
        "content-length: 5",
        "hellopost /none http/1.1",
        "content-length: 0",
        "delete /none http/1.1",
      ]);
    });

    it("go on as they come, and stop when the back end does not read", async () => {
      let reads = false;
      const front = await pair(({ socket }) => void (reads || socket.pause()));
      const talk = front.open();
      const size = 256 * 1024 * 1024;
      talk.socket.write(`POST / HTTP/1.1\r\nHost: f\r\nContent-Length: ${size}\r\n\r\n`);
      const block = Buffer.alloc(1024 * 1024);
      let sent = 0;
      const feed = (): void => {
        while (sent < size) {
          sent += block.length;
          if (!talk.socket.write(block)) return void talk.socket.once("drain", feed);
        }
      };
      feed();
      await untilStill(() => talk.socket.bytesWritten - talk.socket.writableLength);
      expect(sent).to.be.lessThan(64 * 1024 * 1024);
      talk.socket.destroy();
      reads = true;
      front.backEnd.connections[0]?.socket.resume();
      await until("the back end's connection is free", () =>
        front.backEnd.connections.every(({ hasClosed }) => hasClosed),
      );
    });

    it("wait for the back end's word where the client asks for it", async () => {
      const front = await pair((connection) => {
        if (connection.received.endsWith("hello")) connection.socket.write(ok);
        else if (connection.received.endsWith("\r\n\r\n")) connection.socket.write("HTTP/1.1 100 Continue\r\n\r\n");
      });
      const talk = front.open();
      talk.socket.write(request("POST /", "Content-Length: 5", "Expect: 100-continue"));
      await until("the client may go on", () => talk.received() === "HTTP/1.1 100 Continue\r\n\r\n");
      expect(front.backEnd.received()).to.match(/\r\nExpect: 100-continue\r\n/);
      talk.socket.write("hello");
      await until("the answer is there", () => talk.hasEnded());
      expect(talk.received()).to.match(/ok$/);
    });

    it("are not asked for where the back end answers without them", async () => {
      const front = await pair("HTTP/1.1 413 Big\r\nContent-Length: 2\r\n\r\nok");
      const talk = front.open();
      talk.socket.write(`POST / HTTP/1.1\r\nHost: f\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
      await until("the answer is there", () => talk.hasEnded());
      expect(talk.received()).to.match(/^HTTP\/1.1 413 Big\r\n[^]*ok$/);
      await until("the back end's connection is closed", () =>
        front.backEnd.connections.every(({ hasClosed }) => hasClosed),
      );
    });

    it("that are too large are a 413, and the back end gets no whole request", async () => {
      const front = await pair(after("never", ok), "LimitRequestBody 1000\nProxyPass / http://127.0.0.1:@PORT@/");
      expect(await front.send(request("POST /", "Content-Length: 2000") + "x".repeat(10))).to.match(/^HTTP\/1.1 413 /);
      const talk = front.open();
      talk.socket.write(request("POST /", "Transfer-Encoding: chunked"));
      talk.socket.write(`1f4\r\n${"x".repeat(500)}\r\n`);
      await until("the first part is there", () => front.backEnd.received().includes("x".repeat(500)));
      talk.socket.write(`1f5\r\n${"x".repeat(501)}\r\n0\r\n\r\n`);
      await until("the answer is there", () => talk.received().includes("\r\n\r\n"));
      expect(talk.received()).to.match(/^HTTP\/1.1 413 /);
      await until("the back end's connection is closed", () =>
        front.backEnd.connections.every(({ hasClosed }) => hasClosed),
      );
      expect(front.backEnd.received()).not.to.match(/0\r\n\r\n$/);
    });
  });

  describe("responses", () => {
    it("come as the back end sends them, event after event", async () => {
      const front = await pair("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
      const talk = front.open();
      talk.socket.write(keep("GET /"));
      await until("the head is there", () => talk.received().includes("\r\n\r\n"));
      for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
        front.backEnd.connections[0]?.socket.write(event);
        await until("the event is there", () => talk.received().includes(event));
      }
      front.backEnd.connections[0]?.socket.end();
      await until("the response has ended", () => talk.received().endsWith("\r\n0\r\n\r\n"));
    });

    it("stop when the client does not read, without a timeout, and go on", async () => {
      const size = 256 * 1024 * 1024;
      let written = 0;
      const front = await pair(({ socket }) => {
        const block = Buffer.alloc(1024 * 1024);
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        const feed = (): void => {
          while (written < size) {
            written += block.length;
            if (!socket.write(block)) return void socket.once("drain", feed);
          }
        };
        feed();
      }, "ProxyPass / http://127.0.0.1:@PORT@/ timeout=1");
      const talk = front.open();
      talk.socket.pause();
      talk.socket.write(keep("GET /"));
      await until("the back end sends", () => written > 0);
      await untilStill(() => written, 1300);
      expect(written).to.be.lessThan(64 * 1024 * 1024);
      let read = 0;
      talk.socket.removeAllListeners("data");
      talk.socket.on("data", (bytes: Buffer) => (read += bytes.length));
      talk.socket.resume();
      await until("all has come", () => read > size);
    });
  });

  describe("connections", function () {
    this.timeout(60_000);
    const pooled = "ProxyPass / http://127.0.0.1:@PORT@/";

    it("are kept for the next request", async () => {
      const front = await pair(ok);
      for (let i = 0; i < 5; i++) await front.send(request(`GET /${i}`));
      expect(front.backEnd.connections).to.have.length(1);
    });

    it("are kept for no other where disablereuse says so", async () => {
      const front = await pair(ok, `${pooled} disablereuse=On`);
      for (let i = 0; i < 3; i++) await front.send(request(`GET /${i}`));
      expect(front.backEnd.connections).to.have.length(3);
      expect(front.backEnd.received()).to.match(/\r\nConnection: close\r\n/);
    });

    it("idle no longer than ttl", async () => {
      const front = await pair(ok, `${pooled} ttl=1`);
      await front.send(request("GET /"));
      await until("it is closed", () => front.backEnd.connections.every(({ hasClosed }) => hasClosed));
    });

    it("are no more than max, and a request waits for one no longer than acquire", async () => {
      const front = await pair(after("never", ok), `${pooled} max=1 acquire=50`);
      const first = front.open();
      first.socket.write(request("GET /first"));
      await until("the first is under way", () => front.backEnd.connections.length === 1);
      expect(await front.send(request("GET /second"))).to.match(/^HTTP\/1.1 503 /);
      front.backEnd.connections[0]?.socket.write(ok);
      await until("the first is answered", () => first.hasEnded());
      expect(front.backEnd.connections).to.have.length(1);
    });

    it("are given up within connectiontimeout", async () => {
      // An address of the documentation range: packets go nowhere. Where there is no route at all, that is a 503 too.
      const front = closing(await startFront("ProxyPass / http://192.0.2.1/ connectiontimeout=50ms"));
      expect(await front.send(request("GET /"))).to.match(/^HTTP\/1.1 503 /);
    });

    for (const [method, body, status] of [
      ["GET", "", 200],
      ["PUT", "hello", 200],
      ["POST", "hello", 502],
    ] as const) {
      it(`that turn out to be closed make ${method} a ${status}`, async () => {
        // The first connection answers once, and resets with the next request.
        const front = await pair((connection) => {
          const { received, socket } = connection;
          if (connection === front.backEnd.connections[0] && received.includes("/second")) socket.resetAndDestroy();
          else if (received.endsWith(body) || received.endsWith("\r\n\r\n")) socket.write(ok);
        });
        await front.send(request("GET /first"));
        const answer = await front.send(request(`${method} /second`, `Content-Length: ${body.length}`) + body);
        expect(answer).to.match(new RegExp(`^HTTP/1.1 ${status} `));
        expect(front.backEnd.connections).to.have.length(status === 200 ? 2 : 1);
      });
    }

    it("are tried once more, not twice", async () => {
      const front = await pair((connection) => {
        if (connection.received.includes("/second")) connection.socket.resetAndDestroy();
        else connection.socket.write(ok);
      });
      await front.send(request("GET /first"));
      expect(await front.send(request("GET /second"))).to.match(/^HTTP\/1.1 502 /);
      expect(front.backEnd.connections).to.have.length(2);
    });

    it("are closed when the client leaves before the answer", async () => {
      const front = await pair(after("never", ok));
      const talk = front.open();
      talk.socket.write(keep("GET /"));
      await until("the back end works", () => front.backEnd.received().endsWith("\r\n\r\n"));
      talk.socket.destroy();
      await until("the back end hears of it", () => front.backEnd.connections.every(({ hasClosed }) => hasClosed));
    });

    it("stay while the client has ended its side and waits for its answer", async () => {
      const front = await pair(after("never", ok));
      const talk = front.open();
      talk.socket.end(keep("GET /"));
      await until("the back end works", () => front.backEnd.received().endsWith("\r\n\r\n"));
      setTimeout(() => front.backEnd.connections[0]?.socket.write(ok), 200);
      await until("the answer is there", () => talk.received().endsWith("ok"));
    });

    it("are closed when the client leaves in the middle of the answer", async () => {
      const front = await pair("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
      const talk = front.open();
      talk.socket.write(keep("GET /"));
      await until("the answer begins", () => talk.received().endsWith("abc"));
      talk.socket.destroy();
      await until("the back end hears of it", () => front.backEnd.connections.every(({ hasClosed }) => hasClosed));
    });

    it("are closed when the client leaves in the middle of its request", async () => {
      const front = await pair(after("never", ok));
      const talk = front.open();
      talk.socket.write(`POST / HTTP/1.1\r\nHost: f\r\nContent-Length: 10\r\n\r\nabc`);
      await until("it begins", () => front.backEnd.received().endsWith("abc"));
      talk.socket.destroy();
      await until("the back end hears of it", () => front.backEnd.connections.every(({ hasClosed }) => hasClosed));
    });

    it("of hundreds of clients that come and go are all freed", async () => {
      const front = await pair((connection: Accepted) => {
        if (connection.received.includes("/odd")) connection.socket.destroy();
        else if (!connection.received.includes("/never")) connection.socket.write(ok);
      });
      const talks = Array.from({ length: 300 }, (_, i) => {
        const talk = front.open();
        talk.socket.write(request(`GET ${["/", "/odd", "/never"][i % 3]}`));
        return talk;
      });
      await until("two thirds are answered", () => talks.filter((_, i) => i % 3 < 2).every((talk) => talk.hasEnded()));
      for (const { socket } of talks) socket.destroy();
      await until("no request is under way", () =>
        front.backEnd.connections.filter(({ received }) => /never/.test(received)).every(({ hasClosed }) => hasClosed),
      );
    });
  });

  it("work without a deprecated part of Node", async function () {
    this.timeout(60_000);
    const running = runNode([
      "--throw-deprecation",
      "--pending-deprecation",
      fileURLToPath(new URL("one-request.ts", import.meta.url)),
    ]);
    closing({ close: () => void running.end() });
    expect(await running.exit, running.output()).to.equal(0);
    expect(running.output()).to.equal("ok\n");
  });
});

async function textOf(message: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of message) text += String(chunk);
  return text;
}

/** Waits until a number does not change for that time. */
async function untilStill(measure: () => number, milliseconds = 300): Promise<void> {
  let last = measure();
  let since = Date.now();
  await until("it stands still", () => {
    const now = measure();
    if (now !== last) [last, since] = [now, Date.now()];
    return Date.now() - since > milliseconds;
  });
}
