// Applications of Node that change protocols, as under plain node: ws, Express, socket.io, listeners of their own.
import { connect } from "node:net";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { io, type Socket as IoClient } from "socket.io-client";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";
import { endClients, WebSocketClient } from "../support/websocket-client.js";

const { resolve } = createRequire(import.meta.url);
const from = (name: string): string => JSON.stringify(pathToFileURL(resolve(name)).href);

const express = `
import { createServer } from "node:http";
import express from ${from("express")};
import ws from ${from("ws")};

const app = express();
app.get("/", (request, response) => response.send("express"));
const server = createServer(app);
const sockets = new ws.WebSocketServer({ server, path: "/chat" });
sockets.on("connection", (socket, request) => {
  socket.send(JSON.stringify({ url: request.url, original: request.originalUrl, address: request.socket.remoteAddress }));
  socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  socket.on("close", (code) => console.error("ws closed", code));
});
export default server;
`;

const socketIo = `
import { createServer } from "node:http";
import { Server } from ${from("socket.io")};

const server = createServer((request, response) => response.end("beside socket.io"));
const io = new Server(server);
io.on("connection", (socket) => {
  socket.on("hello", (name, done) => done("hello " + name));
  socket.on("shout", (text) => io.emit("shouted", text));
});
export default server;
`;

const raw = `
import { setTimeout as sleep } from "node:timers/promises";

export default (request, response) => response.end("no upgrade");

export async function upgrade(request, socket, head) {
  const accept = () => socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\nX-Own: 1\\r\\n\\r\\n");
  socket.on("error", () => undefined);
  socket.on("close", () => console.error("closed", request.url));
  if (request.url === "/refuses") {
    socket.write("HTTP/1.1 401 Unauthorized\\r\\nX-Why: no ticket\\r\\n\\r\\n");
    return socket.destroy();
  }
  if (request.url === "/explains") return socket.end("HTTP/1.1 402 Pay First\\r\\nContent-Length: 3\\r\\n\\r\\npay");
  if (request.url === "/closes") return socket.destroy();
  if (request.url === "/throws") throw new Error("on purpose");
  if (request.url === "/rejects") { await sleep(1); throw new Error("later"); }
  if (request.url === "/garbage") return socket.end("hello there\\r\\n\\r\\n");
  if (request.url === "/waits") return console.error("waits");
  await sleep(request.url === "/late" ? 50 : 0);
  accept();
  if (request.url === "/farewell") {
    socket.on("end", () => socket.end("farewell"));
    return socket.resume();
  }
  if (request.url === "/resets") return socket.on("data", () => socket.destroy(new Error("enough")));
  if (request.url === "/says-bye") return socket.end("bye");
  if (request.url === "/floods") {
    let left = 256;
    const piece = Buffer.alloc(1 << 18, "x");
    const more = () => {
      while (left > 0) {
        left--;
        if (!socket.write(piece)) return socket.once("drain", more);
      }
      socket.end();
    };
    return more();
  }
  socket.pipe(socket);
}
`;

for (const [name, groups] of [
  ["in the HTTP worker", ""],
  ["in a daemon group", "WSGIDaemonProcess site threads=2\nWSGIProcessGroup site\nWSGIApplicationGroup %{GLOBAL}"],
] as const) {
  describe(`a change of protocols by an application of Node ${name}`, function () {
    this.timeout(60_000);
    let server: ServedRoot;
    before(async () => {
      server = await serveModhost(
        `${groups}
StartServers 1
ServerLimit 1
WSGIScriptAlias /raw @ROOT@/raw.mjs
WSGIScriptAlias /io @ROOT@/io.mjs
WSGIScriptAlias /site @ROOT@/site.mjs
WSGIPassAuthorization On
<Directory @ROOT@>
  Require all granted
</Directory>`,
        { files: { "raw.mjs": raw, "io.mjs": socketIo, "site.mjs": express }, modules: ["wsgi"] },
      );
    });
    after(() => server.end());
    const clients: IoClient[] = [];
    afterEach(() => {
      endClients();
      for (const client of clients.splice(0)) client.disconnect();
    });

    const logged = (text: string): Promise<void> =>
      until(`the log has "${text}"`, () => server.errors().includes(text));

    /** All that comes on a connection that asks for "echo", until its end. */
    async function ask(path: string, { say = "", end = false, until: last = "" } = {}): Promise<string> {
      const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
      let text = "";
      let isOver = false;
      socket
        .setEncoding("latin1")
        .on("data", (data: string) => (text += data))
        .on("end", () => (isOver = true))
        .on("error", () => (isOver = true));
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: echo\r\n\r\n${say}`);
      if (end) socket.end();
      await until(`${path} ends`, () => isOver || (last !== "" && text.includes(last)));
      socket.destroy();
      return text;
    }

    it("reaches ws on a server of node:http, with Express beside it", async () => {
      expect(await (await fetch(server.url("/site/"))).text()).to.equal("express");
      const client = await new WebSocketClient(server.url("/site/chat?a=1")).opened();
      expect(JSON.parse(String(await client.next()))).to.deep.equal({
        ...{ url: "/chat?a=1", original: "/site/chat?a=1", address: "127.0.0.1" },
      });
      for (const text of ["one", "x".repeat(300_000)]) {
        client.send(text);
        expect(await client.next()).to.equal(text);
      }
      client.send(Buffer.from([1, 2]));
      expect(await client.next()).to.deep.equal(Buffer.from([1, 2]));
      client.socket.close(4000);
      expect((await client.end()).code).to.equal(4000);
      await logged("ws closed 4000");
      const lost = await new WebSocketClient(server.url("/site/chat")).opened();
      lost.socket.terminate();
      await logged("ws closed 1006");
      expect((await new WebSocketClient(server.url("/site/other")).refused()).status).to.equal(400);
    });

    for (const transports of [["websocket"], ["polling", "websocket"]]) {
      it(`reaches socket.io by ${transports.join(", then ")}`, async () => {
        const url = server.url("/");
        const client = io(url, { path: "/io/socket.io", transports, reconnection: false, forceNew: true });
        clients.push(client);
        await until("it is connected", () => client.connected && client.io.engine.transport.name === "websocket");
        expect(await client.emitWithAck("hello", "me")).to.equal("hello me");
        const shouted = new Promise((done) => client.once("shouted", done));
        client.emit("shout", "all");
        expect(await shouted).to.equal("all");
        expect(await (await fetch(server.url("/io/"))).text()).to.equal("beside socket.io");
      });
    }

    it("carries bytes both ways, also those that came with the request, and passes ends on", async () => {
      const text = await ask("/raw/echo", { say: "early", end: true });
      expect(text).to.match(
        /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*Upgrade: echo\r\nConnection: Upgrade\r\nX-Own: 1\r\n\r\nearly$/,
      );
      expect(await ask("/raw/late", { say: "early", end: true })).to.match(/\r\n\r\nearly$/);
      expect(await ask("/raw/farewell", { end: true })).to.match(/\r\n\r\nfarewell$/);
      expect(await ask("/raw/says-bye")).to.match(/\r\n\r\nbye$/);
      expect((await ask("/raw/floods")).length).to.be.greaterThan(1 << 26);
    });

    for (const [path, expected] of [
      ["/raw/refuses", /^HTTP\/1\.1 401 Unauthorized\r\n[^]*X-Why: no ticket\r\n[^]*\r\n\r\n$/],
      ["/raw/explains", /^HTTP\/1\.1 402 Pay First\r\n[^]*Content-Length: 3\r\n[^]*\r\n\r\npay$/],
      ["/raw/closes", /^HTTP\/1\.1 400 /],
      ["/raw/throws", /^HTTP\/1\.1 500 /],
      ["/raw/rejects", /^HTTP\/1\.1 500 /],
      ["/raw/garbage", /^HTTP\/1\.1 500 /],
    ] as const) {
      it(`answers ${path} as the application says`, async () => {
        expect(await ask(path)).to.match(expected);
      });
    }

    it("tells the application of a client that leaves, before and after the answer", async () => {
      const socket = connect(server.port, "127.0.0.1");
      socket.write("GET /raw/waits HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      await logged("waits");
      socket.resetAndDestroy();
      await logged("closed /waits");
      await ask("/raw/gone", { until: "\r\n\r\n" });
      await logged("closed /gone");
    });

    it("is not offered to requests that do not ask for it", async () => {
      expect(await (await fetch(server.url("/raw/echo"))).text()).to.equal("no upgrade");
    });

    it("holds no thread", async () => {
      const url = server.url("/site/chat");
      const sockets = await Promise.all(Array.from({ length: 20 }, () => new WebSocketClient(url).opened()));
      for (const client of sockets) {
        await client.next();
        client.send("x");
        expect(await client.next()).to.equal("x");
      }
      expect(await (await fetch(server.url("/site/"))).text()).to.equal("express");
    });
  });
}
