// A thousand WebSockets open across a graceful restart: those passed on, those of Node applications, those of ASGI applications.
import { expect } from "chai";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { WebSocketServer } from "ws";
import { askSupervisor } from "../../src/process/control-socket.js";
import type { SupervisorStatus } from "../../src/process/status.js";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";
import { endClients, WebSocketClient } from "../support/websocket-client.js";

const count = 1000;
/** Handshakes at the same time. */
const atOnce = 50;

const node = `import { createServer } from "node:http";
import { createRequire } from "node:module";
const { WebSocketServer } = createRequire(${JSON.stringify(import.meta.url)})("ws");
const server = createServer((request, response) => response.end("http"));
const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket) => socket.on("message", (data) => socket.send("echo " + data)));
export default server;
`;
const asgi = `
async def application(scope, receive, send):
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] != "websocket.receive":
            return
        await send({"type": "websocket.send", "text": "echo " + message["text"]})
`;

describe("a thousand WebSockets across a graceful restart", function () {
  this.timeout(300_000);
  const back = createServer();
  const sockets = new WebSocketServer({ server: back });
  let served: ServedRoot | undefined;

  before(async () => {
    sockets.on("connection", (socket) => {
      socket.on("message", (data) => socket.send(`echo ${(data as Buffer).toString()}`));
    });
    await new Promise<void>((resolve) => back.listen(0, "127.0.0.1", resolve));
  });
  afterEach(async () => {
    endClients();
    await served?.end();
    served = undefined;
  });
  after(() => {
    for (const socket of sockets.clients) socket.terminate();
    back.close();
  });

  async function start(more: string): Promise<ServedRoot> {
    const { port } = back.address() as AddressInfo;
    const configuration = `ProxyPass /proxied http://127.0.0.1:${port}/ upgrade=websocket
WSGIScriptAlias /node @ROOT@/node.mjs
WSGIDaemonProcess apps processes=2 threads=5
WSGIScriptAlias /daemon @ROOT@/node.mjs process-group=apps application-group=%{GLOBAL}
WSGIScriptAlias /asgi @ROOT@/app.asgi process-group=apps application-group=%{GLOBAL} interface=asgi
<Directory @ROOT@>
  Require all granted
</Directory>
<Location /status>
  SetHandler server-status
</Location>
${more}
`;
    const files = { "node.mjs": node, "app.asgi": asgi };
    served = await serveModhost(configuration, { files, modules: ["wsgi", "proxy", "proxy_http", "status"] });
    return served;
  }

  /** Opens so many, some at a time. */
  async function open(url: string): Promise<WebSocketClient[]> {
    const clients: WebSocketClient[] = [];
    while (clients.length < count) {
      const some = Array.from({ length: atOnce }, () => new WebSocketClient(url, [], { perMessageDeflate: false }));
      clients.push(...(await Promise.all(some.map((client) => client.opened()))));
    }
    return clients;
  }

  /** Each gets its own word back. */
  async function echo(clients: readonly WebSocketClient[], word: string): Promise<void> {
    for (const [index, client] of clients.entries()) client.send(`${word} ${index}`);
    for (const [index, client] of clients.entries()) expect(await client.next()).to.equal(`echo ${word} ${index}`);
  }

  async function status({ root }: ServedRoot): Promise<SupervisorStatus | undefined> {
    return askSupervisor(join(root, "run/modhost.pid"), "status").then(
      (said) => said as SupervisorStatus,
      () => undefined,
    );
  }

  /** WebSockets by configuration, as the supervisor counts them. */
  async function counted(server: ServedRoot): Promise<Readonly<Record<number, number>>> {
    const sums: Record<number, number> = {};
    for (const { generation, upgraded } of (await status(server))?.workers ?? []) {
      sums[generation] = (sums[generation] ?? 0) + upgraded;
    }
    return sums;
  }

  for (const [what, path, isPython] of [
    ["passed on", "/proxied"],
    ["of a Node application in the workers", "/node"],
    ["of a Node application in a daemon group", "/daemon"],
    ["of an ASGI application", "/asgi", true],
  ] as const) {
    it(`live on, and are counted, ${what}`, async function () {
      if (isPython) needPython(this);
      const server = await start("");
      const clients = await open(server.url(path));
      await echo(clients, "before");
      await until("all are counted", async () => (await counted(server))[1] === count);
      const text = await (await fetch(server.url("/status?auto"))).text();
      expect(text).to.contain(`\nConnsUpgraded: ${count}\n`);
      process.kill(server.running.child.pid ?? 0, "SIGUSR1");
      await until("the configuration is taken", async () => (await status(server))?.generation === 2);
      await echo(clients, "after");
      expect(await counted(server)).to.deep.equal({ 1: count, 2: 0 });
      const [first] = await Promise.all([new WebSocketClient(server.url(path)).opened()]);
      await until("a new one is in the new workers", async () => (await counted(server))[2] === 1);
      expect(first?.closed).to.equal(undefined);
      for (const client of clients) client.socket.close();
      await until("the old workers have ended", async () => !(1 in (await counted(server))));
    });
  }

  it("are cut when GracefulShutdownTimeout is over", async () => {
    const server = await start("GracefulShutdownTimeout 3");
    const clients = await open(server.url("/proxied"));
    await echo(clients, "before");
    process.kill(server.running.child.pid ?? 0, "SIGUSR1");
    await until("all are closed", () => clients.every(({ closed }) => closed !== undefined));
    await until("the old workers have ended", async () => {
      const now = await counted(server);
      return 2 in now && !(1 in now);
    });
    const client = await new WebSocketClient(server.url("/proxied")).opened();
    client.send("x");
    expect(await client.next()).to.equal("echo x");
  });
});
