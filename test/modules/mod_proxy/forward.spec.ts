import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2, constants, type ClientHttp2Stream } from "node:http2";
import { connect, createServer as createPlain, type AddressInfo, type Socket } from "node:net";
import { createServer as createSecure } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { expect } from "chai";
import { selfSigned } from "../../conformance/certificates.js";
import { faultsOf } from "../../support/ask.js";
import { until } from "../../support/running.js";
import { closeAll, closing, ok, pair, startFront, type Accepted } from "./front.js";

const open = "2: ProxyRequests On makes a proxy that is open to everybody: nothing says who may use it";
const mine = '<Proxy "*">\nRequire ip 127.0.0.1\n</Proxy>\n';

/** Lines behind ProxyRequests On, and whether they say who may use it. */
const guards: readonly (readonly [lines: string, isGuarded: boolean])[] = [
  ["", false],
  [mine, true],
  ["<Proxy *>\nRequire all granted\n</Proxy>", false],
  ["<Proxy *>\nRequire all denied\n</Proxy>", true],
  ["<Proxy *>\nRequire ip 10.0.0.0/8\nRequire all granted\n</Proxy>", false],
  ["<Proxy *>\n<RequireAll>\nRequire all granted\nRequire ip 10.0.0.0/8\n</RequireAll>\n</Proxy>", true],
  ["<Proxy *>\n<RequireAny>\nRequire all granted\nRequire ip 10.0.0.0/8\n</RequireAny>\n</Proxy>", false],
  ["<Proxy *>\nOrder deny,allow\nDeny from all\nAllow from 10.0.0.0/8\n</Proxy>", true],
  ["<Proxy *>\nOrder deny,allow\nAllow from all\n</Proxy>", false],
  ["<Proxy *>\n<Limit GET>\nRequire ip 10.0.0.0/8\n</Limit>\n</Proxy>", false],
  ["<Proxy http://one.test/>\nRequire ip 10.0.0.0/8\n</Proxy>", false],
  ["<ProxyMatch .*>\nRequire ip 10.0.0.0/8\n</ProxyMatch>", true],
  ["<Proxy ~ ^http>\nRequire ip 10.0.0.0/8\n</Proxy>", false],
  [`${mine}<Proxy *>\nRequire all granted\n</Proxy>`, false],
  [`${mine}<Proxy http://one.test/>\nRequire all granted\n</Proxy>`, true],
  ["<Location />\nRequire ip 10.0.0.0/8\n</Location>", false],
  [`<VirtualHost *>\n${mine}</VirtualHost>`, false],
  [`${mine}<VirtualHost *>\nServerName a.test\n</VirtualHost>`, true],
];

/** Lines and their faults. */
const refused: readonly (readonly [string, string])[] = [
  ["ProxyRemote * proxy:3128", '1: ProxyRemote: needs the URL of a proxy, http://host:port, found "proxy:3128"'],
  ["ProxyRemote * https://p/", '1: ProxyRemote: needs a proxy that is spoken to by http://, found "https://p/"'],
  ["ProxyRemote * http://p:0", '1: ProxyRemote: needs a port from 1 to 65535, found "http://p:0"'],
  ["ProxyRemote * http://p joe", '1: ProxyRemote: needs credentials as user:password, found "joe"'],
  ["NoProxy a/b", '1: NoProxy: needs a host, a domain or addresses, found "a/b"'],
  ["ProxyDomain test", '1: ProxyDomain: must start with a dot, found "test"'],
  ["AllowCONNECT 0", '1: AllowCONNECT: needs a port from 1 to 65535, or a range of them, found "0"'],
  ["AllowCONNECT 443-80", '1: AllowCONNECT: needs a port from 1 to 65535, or a range of them, found "443-80"'],
  ["AllowCONNECT 70000", '1: AllowCONNECT: needs a port from 1 to 65535, or a range of them, found "70000"'],
];

const forward = `ProxyRequests On\nAllowCONNECT 1-65535\n${mine}`;
const established = /^HTTP\/1\.0 200 Connection Established\r\nProxy-agent: modhost[^\r]*\r\n\r\n/;
const connectTo = (port: number): string => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe("mod_proxy as a forward proxy", () => {
  afterEach(closeAll);

  for (const [lines, isGuarded] of guards) {
    it(`${isGuarded ? "starts" : "does not start"} with ${lines.replaceAll("\n", "; ") || "nothing"}`, () => {
      const { errors } = faultsOf(`\nProxyRequests On\n${lines}`);
      expect(errors).to.deep.equal(isGuarded ? [] : [open]);
    });
  }

  for (const [lines, error] of refused) {
    it(`refuses ${lines}`, () => {
      expect(faultsOf(lines).errors).to.deep.equal([error]);
    });
  }

  it("is none where ProxyRequests is Off", async () => {
    const front = await pair(ok, "AllowCONNECT 1-65535");
    const { port } = front.backEnd;
    expect(await front.send(`GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)).to.match(
      /^HTTP\/1.1 403 /,
    );
    expect(await front.send(connectTo(port).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))).to.match(
      /^HTTP\/1.1 405 /,
    );
    expect(front.backEnd.connections).to.have.length(0);
  });

  it("keeps no connection for another client, and passes the path on as it came", async () => {
    const front = await pair(ok, forward);
    for (const target of ["/a//b/../%2e", "?q", ""]) {
      const line = `GET http://127.0.0.1:${front.backEnd.port}${target} HTTP/1.1`;
      expect(await front.send(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)).to.match(/ok$/);
    }
    const { port } = front.backEnd;
    expect(front.backEnd.connections.map(({ received }) => received)).to.deep.equal(
      ["/a//b/../%2e", "/?q", "/"].map(
        (path) => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
      ),
    );
  });

  describe("CONNECT", () => {
    const echo = ({ socket, received }: Accepted): void => {
      if (received.endsWith("ping")) socket.write("pong");
    };

    it("joins client and server, bytes both ways", async () => {
      const front = await pair(echo, forward);
      const talk = front.open();
      talk.socket.write(`${connectTo(front.backEnd.port)}ping`);
      await until("the answer is there", () => talk.received().endsWith("pong"));
      expect(talk.received()).to.match(established);
      expect(front.backEnd.received()).to.equal("ping");
    });

    /** A server whose connections may end one side alone. */
    const startHalfOpen = async (joined: (socket: Socket) => void): Promise<number> => {
      const connections: Socket[] = [];
      const server = createPlain({ allowHalfOpen: true }, (socket) => {
        connections.push(socket);
        socket.on("error", () => undefined);
        joined(socket);
      });
      await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
      closing({
        close() {
          server.close();
          for (const socket of connections) socket.destroy();
        },
      });
      return (server.address() as AddressInfo).port;
    };

    it("lets the server go on when the client has ended its side", async () => {
      const port = await startHalfOpen((socket) => socket.on("end", () => socket.end("late")).resume());
      const front = closing(await startFront(forward));
      const talk = front.open();
      talk.socket.end(`${connectTo(port)}ping`);
      await until("the client hears of the end", () => talk.hasEnded());
      expect(talk.received()).to.match(/\r\n\r\nlate$/);
    });

    it("lets the client go on when the server has ended its side", async () => {
      let received = "";
      const port = await startHalfOpen((socket) => {
        socket.on("data", (bytes: Buffer) => (received += bytes.toString("latin1")));
        socket.end("early");
      });
      const front = closing(await startFront(forward));
      const client = connect({ port: front.port, host: "127.0.0.1", allowHalfOpen: true });
      closing({ close: () => client.destroy() });
      let text = "";
      let hasEnded = false;
      client.on("data", (bytes: Buffer) => (text += bytes.toString("latin1"))).on("end", () => (hasEnded = true));
      client.write(connectTo(port));
      await until("the server has ended", () => hasEnded && text.endsWith("early"));
      client.end("late");
      await until("the server has what came then", () => received === "late");
    });

    it("joins streams of HTTP/2, and frees what they have", async () => {
      const front = await pair(echo, `Protocols h2c http/1.1\n${forward}`);
      const session = connectHttp2(`http://127.0.0.1:${front.port}`);
      closing({ close: () => session.destroy() });
      const ask = (): { text: () => string; status: () => unknown; stream: ClientHttp2Stream } => {
        let [text, status] = ["", undefined as unknown];
        const stream = session.request(
          { ":method": "CONNECT", ":authority": `127.0.0.1:${front.backEnd.port}` },
          { endStream: false },
        );
        stream.on("response", (fields) => (status = fields[":status"])).on("error", () => undefined);
        stream.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
        stream.write("ping");
        return { text: () => text, status: () => status, stream };
      };
      const [one, two] = [ask(), ask()];
      await until("both are joined", () => one.text() === "pong" && two.text() === "pong");
      expect([one.status(), two.status()]).to.deep.equal([200, 200]);
      one.stream.close(constants.NGHTTP2_CANCEL);
      await until("one is free", () => front.backEnd.connections.some(({ hasClosed }) => hasClosed));
      two.stream.write("ping");
      await until("the other goes on", () => two.text() === "pongpong");
      two.stream.end();
      await until("all are free", () => front.backEnd.connections.every(({ hasClosed }) => hasClosed));
    });

    it("joins streams of HTTP/2 through another proxy, whose refusal is theirs", async () => {
      const other = await pair(echo, forward);
      const back = `127.0.0.1:${other.backEnd.port}`;
      const way = `ProxyRemote * http://127.0.0.1:${other.port}`;
      const front = closing(await startFront(`Protocols h2c http/1.1\n${way}\n${forward}`));
      const session = connectHttp2(`http://127.0.0.1:${front.port}`);
      closing({ close: () => session.destroy() });
      let [text, status, refusal] = ["", undefined as unknown, undefined as unknown];
      const ask = (authority: string): ClientHttp2Stream =>
        session.request({ ":method": "CONNECT", ":authority": authority }, { endStream: false });
      const stream = ask(back);
      stream.on("response", (fields) => (status = fields[":status"])).on("error", () => undefined);
      stream.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
      stream.write("ping");
      await until("it is joined", () => text.endsWith("pong"));
      expect(status).to.equal(200);
      stream.end();
      await until("it is free", () => other.backEnd.connections.every(({ hasClosed }) => hasClosed));
      const refused = ask("127.0.0.1:1");
      refused.on("response", (fields) => (refusal = fields[":status"])).on("error", () => undefined);
      await until("it is answered", () => refusal !== undefined);
      expect(refusal).to.be.oneOf([403, 502, 503]);
    });

    it("frees the server's connection when the client leaves", async () => {
      const front = await pair(echo, forward);
      const talk = front.open();
      talk.socket.write(`${connectTo(front.backEnd.port)}ping`);
      await until("it is joined", () => talk.received().endsWith("pong"));
      talk.socket.resetAndDestroy();
      await until("it is free", () => front.backEnd.connections.every(({ hasClosed }) => hasClosed));
    });

    it("ends a tunnel that both sides leave silent for ProxyTimeout", async () => {
      const front = await pair(echo, `ProxyTimeout 1\n${forward}`);
      const talk = front.open();
      talk.socket.write(`${connectTo(front.backEnd.port)}ping`);
      await until("it is joined", () => talk.received().endsWith("pong"));
      await until("it is ended", () => talk.hasEnded());
      await until("it is free", () => front.backEnd.connections.every(({ hasClosed }) => hasClosed));
    });

    it("reads no faster than the other side takes it", async () => {
      let isHeld = true;
      const front = await pair(({ socket }) => void (isHeld && socket.pause()), forward);
      const talk = front.open();
      talk.socket.write(`${connectTo(front.backEnd.port)}x`);
      await until("it is joined", () => established.test(talk.received()));
      const piece = Buffer.alloc(1 << 20, "y");
      let sent = 0;
      const most = 64;
      const push = (): void => {
        while (sent < most && talk.socket.write(piece)) sent++;
      };
      talk.socket.on("drain", push);
      push();
      await until("the client is held back", () => talk.socket.writableNeedDrain);
      expect(sent).to.be.below(most);
      isHeld = false;
      front.backEnd.connections[0]?.socket.resume();
      await until("all has gone on", () => sent >= most);
    });

    it("is refused through HTTP/1.1 pipelines without a word of what follows reaching a server", async () => {
      const front = await pair(ok, `ProxyRequests On\nAllowCONNECT 1\n${mine}`);
      const text = await front.send(
        `${connectTo(front.backEnd.port)}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect(text).to.match(/^HTTP\/1.1 403 Proxy Error[^]*HTTP\/1.1 403 Forbidden/);
      expect(front.backEnd.connections).to.have.length(0);
    });
  });

  describe("over TLS", () => {
    let folder = "";
    const own = selfSigned("/CN=localhost", "subjectAltName=DNS:localhost");
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "forward-"));
      writeFileSync(join(folder, "own.pem"), own.cert + own.key);
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    it("opens tunnels for clients that speak TLS to it", async () => {
      const front = await pair(
        ({ socket, received }) => void (received.endsWith("ping") && socket.write("pong")),
        `${forward}SSLEngine On\nSSLCertificateFile ${folder}/own.pem`,
      );
      const client = connectTls({ port: front.port, host: "127.0.0.1", rejectUnauthorized: false });
      closing({ close: () => client.destroy() });
      let text = "";
      client.on("data", (bytes: Buffer) => (text += bytes.toString("latin1"))).on("error", () => undefined);
      client.write(`${connectTo(front.backEnd.port)}ping`);
      await until("the answer is there", () => text.endsWith("pong"));
      expect(text).to.match(established);
    });

    it("reaches https:// servers through another proxy, which sees a tunnel alone", async () => {
      const server = createSecure({ cert: own.cert, key: own.key }, (request, response) => {
        response.end(`${request.url} ${request.headers.host}`);
      });
      await new Promise<void>((resolve) => void server.listen(0, "localhost", resolve));
      closing({
        close() {
          server.close();
          server.closeAllConnections();
        },
      });
      const { port } = server.address() as AddressInfo;
      const asked: string[] = [];
      const other = createPlain((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", (bytes: Buffer) => {
          asked.push(bytes.toString("latin1"));
          const onward = connect(port, "localhost", () => {
            socket.write("HTTP/1.1 200 Go On\r\nX: y\r\n\r\n");
            socket.pipe(onward).pipe(socket);
          });
          onward.on("error", () => socket.destroy());
        });
      });
      await new Promise<void>((resolve) => void other.listen(0, "127.0.0.1", resolve));
      closing(other);
      const lines =
        `SSLProxyEngine On\nSSLProxyCACertificateFile ${folder}/own.pem\nSSLProxyVerify require\n` +
        `ProxyRemote https http://127.0.0.1:${(other.address() as AddressInfo).port} joe:secret\n` +
        `ProxyPass /pass https://localhost:${port}/in\n${forward}`;
      const front = closing(await startFront(lines));
      const ask = (target: string): Promise<string> =>
        front.send(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(await ask("/pass/a?b")).to.match(
        new RegExp(`/in/a\\?b localhost:${port}\\r\\n0\\r\\n\\r\\n$|/in/a\\?b localhost:${port}$`),
      );
      expect(await ask(`https://localhost:${port}/x`)).to.match(/\/x localhost:/);
      for (const head of asked) {
        expect(head).to.equal(
          `CONNECT localhost:${port} HTTP/1.1\r\nHost: localhost:${port}\r\nProxy-Authorization: Basic am9lOnNlY3JldA==\r\n\r\n`,
        );
      }
      expect(asked.length).to.be.above(0);
    });

    it("answers when the other proxy refuses the tunnel", async () => {
      const front = await pair(
        "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n",
        `SSLProxyEngine On\nProxyRemote * http://127.0.0.1:@PORT@\n${forward}`,
      );
      const text = await front.send("GET https://localhost:1/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
      expect(text).to.match(/^HTTP\/1.1 50[0-9] /);
    });
  });
});
