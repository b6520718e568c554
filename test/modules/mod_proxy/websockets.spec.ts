import { expect } from "chai";
import { until } from "../../support/running.js";
import { closeAll, closing, ok, pair, request, startBackEnd, startFront, type Accepted } from "./front.js";

const asking = (path: string, ...fields: readonly string[]): string =>
  [
    `GET ${path} HTTP/1.1`,
    "Host: front.test",
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    ...fields,
    "",
    "",
  ].join("\r\n");
const switching =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n";

const ways = [
  ["ws://", "ProxyPass / ws://127.0.0.1:@PORT@/"],
  ["upgrade=websocket", "ProxyPass / http://127.0.0.1:@PORT@/ upgrade=websocket"],
  ["upgrade=ANY", "ProxyPass / http://127.0.0.1:@PORT@/ upgrade=ANY"],
  [
    "a rule for both",
    "RewriteEngine On\nRewriteCond %{HTTP:Upgrade} websocket [NC]\nRewriteRule ^/(.*) ws://127.0.0.1:@PORT@/$1 [P]\nProxyPass / http://127.0.0.1:@PORT@/",
  ],
  ["a balancer", "<Proxy balancer://b>\nBalancerMember ws://127.0.0.1:@PORT@\n</Proxy>\nProxyPass / balancer://b/"],
] as const;

describe("mod_proxy and WebSockets", () => {
  afterEach(closeAll);

  for (const [name, configuration] of ways) {
    it(`joins client and back end by ${name}`, async () => {
      const front = await pair(({ socket, received }) => {
        if (received.endsWith("\r\n\r\n")) socket.write(`${switching}first`);
        else if (received.endsWith("ping")) socket.write("pong");
      }, configuration);
      const talk = front.open();
      talk.socket.write(asking("/chat?a=b", "Sec-WebSocket-Key: k", "Sec-WebSocket-Protocol: p"));
      await until("the first bytes are there", () => talk.received().endsWith("first"));
      expect(talk.received()).to.match(/^HTTP\/1.1 101 Switching Protocols\r\n/);
      expect(talk.received()).to.match(/\r\nSec-WebSocket-Accept: x\r\n/);
      const head = front.backEnd.received();
      expect(head).to.match(/^GET \/chat\?a=b HTTP\/1.1\r\n/);
      for (const field of [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: k",
        "Sec-WebSocket-Protocol: p",
      ]) {
        expect(head).to.contain(`\r\n${field}\r\n`);
      }
      talk.socket.write("ping");
      await until("the answer is there", () => talk.received().endsWith("pong"));
      talk.socket.destroy();
      await until("the back end hears of it", () => front.backEnd.connections.every(({ hasClosed }) => hasClosed));
    });
  }

  it("takes them to the member of their session, again and again", async () => {
    const says = (letter: string) => (connection: Accepted) => {
      if (connection.received.endsWith("\r\n\r\n")) connection.socket.write(`${switching}${letter}`);
    };
    const backEnds = [closing(await startBackEnd(says("a"))), closing(await startBackEnd(says("b")))];
    const [a, b] = backEnds.map(({ port }) => port);
    const front = closing(
      await startFront(
        `Header add Set-Cookie "ROUTE=.%{BALANCER_WORKER_ROUTE}e; path=/" env=BALANCER_ROUTE_CHANGED
<Proxy balancer://b>
BalancerMember http://127.0.0.1:${a} route=a upgrade=websocket
BalancerMember http://127.0.0.1:${b} route=b upgrade=websocket
ProxySet stickysession=ROUTE
</Proxy>
ProxyPass / balancer://b/`,
      ),
    );
    const join = async (...fields: string[]): Promise<string> => {
      const talk = front.open();
      talk.socket.write(asking("/socket", ...fields));
      await until("they are joined", () => /\r\n\r\n[ab]$/.test(talk.received()));
      return talk.received();
    };
    for (let i = 0; i < 2; i++) {
      const first = await join();
      const [, cookie = "", route] = /\r\nSet-Cookie: (ROUTE=\.([ab]));/.exec(first) ?? [];
      expect(first.slice(-1)).to.equal(route);
      for (let again = 0; again < 3; again++) {
        const more = await join(`Cookie: ${cookie}`);
        expect(more.slice(-1)).to.equal(route);
        expect(more).to.not.contain("Set-Cookie");
      }
    }
  });

  it("ends the client's connection with the back end's", async () => {
    const front = await pair(switching, ways[0][1]);
    const talk = front.open();
    talk.socket.write(asking("/"));
    await until("it is joined", () => talk.received().endsWith("\r\n\r\n"));
    front.backEnd.connections[0]?.socket.end();
    await until("the client hears of it", () => talk.hasEnded());
  });

  it("relays a refusal as it is", async () => {
    const front = await pair("HTTP/1.1 403 Go Away\r\nX: y\r\nContent-Length: 2\r\n\r\nno", ways[1][1]);
    const talk = front.open();
    talk.socket.write(asking("/"));
    await until("the answer is there", () => talk.received().endsWith("no"));
    expect(talk.received()).to.match(/^HTTP\/1.1 403 Go Away\r\n[^]*\r\nX: y\r\n/);
    // The connection is one for requests still.
    talk.socket.write(request("GET /"));
    await until("the next answer is there", () => talk.received().split("no").length === 3);
  });

  it("survives a client that leaves before the answer", async () => {
    const front = await pair(() => undefined, ways[0][1]);
    const talk = front.open();
    talk.socket.write(asking("/"));
    await until("the back end is asked", () => front.backEnd.received().endsWith("\r\n\r\n"));
    talk.socket.resetAndDestroy();
    await until("the back end's connection is free", () =>
      front.backEnd.connections.every(({ hasClosed }) => hasClosed),
    );
  });

  it("asks for no other protocol than the line allows", async () => {
    const front = await pair(ok, ways[1][1]);
    await front.send(asking("/").replace("Upgrade: websocket", "Upgrade: h2c").replace("keep-alive", "close"));
    expect(front.backEnd.received()).not.to.match(/Upgrade/i);
  });

  it("asks ws:// back ends as http:// ones where no WebSocket is asked for", async () => {
    const front = await pair(ok, ways[0][1]);
    expect(await front.send(request("GET /x"))).to.match(/ok$/);
  });

  it("refuses that with 426 where ProxyWebsocketFallbackToProxyHttp is Off", async () => {
    const front = await pair(ok, `${ways[0][1]}\nProxyWebsocketFallbackToProxyHttp Off`);
    expect(await front.send(request("GET /x"))).to.match(/^HTTP\/1.1 426 Upgrade Required\r\n/);
  });

  it("is a 503 where nobody listens", async () => {
    const front = closing(await startFront("ProxyPass / ws://127.0.0.1:1/"));
    expect(await front.send(asking("/").replace("keep-alive", "close"))).to.match(/^HTTP\/1.1 503 /);
  });
});
