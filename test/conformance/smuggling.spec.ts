// Requests whose framing can be read in two ways, through mod_proxy of a real Apache and of modhost → the same statuses.
import { expect } from "chai";
import { chmodSync } from "node:fs";
import { connect, createServer, type Server as NetServer, type Socket } from "node:net";
import { endCompared, makeComparedRoot, missingForApache, skipWithout, startServer, type Server } from "./servers.js";
import { attempts, requestsIn } from "./smuggling-table.js";

const configuration = `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
Timeout 2
KeepAliveTimeout 2
DocumentRoot "@ROOT@/htdocs"
ProxyPass / unix:@ROOT@/raw.sock|http://raw.test/
`;

/** Rows whose statuses differ, and why. */
const differs: Readonly<Record<string, string>> = {
  "Expect with a body that comes at once": "Apache waits for the word of the back end until Timeout, here for a second",
};

/** Answers each request that is whole with its request line. */
function startRaw(path: string): Promise<{ readonly server: NetServer; readonly sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = "";
    let answered = 0;
    socket.on("data", (bytes: Buffer) => {
      received += bytes.toString("latin1");
      const { lines } = requestsIn(received);
      for (; answered < lines.length; answered++) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  return new Promise((resolve) => server.listen(path, () => resolve({ server, sockets })));
}

/** Statuses of all answers to these bytes. */
function statusesOf({ ports }: Server, raw: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(ports[0], "127.0.0.1");
    let text = "";
    socket.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve((text.match(/^HTTP\/1\.1 \d{3}/gm) ?? []).map((line) => line.slice(9)).join(" ")));
    socket.end(raw, "latin1");
  });
}

describe("framing that can be read in two ways, as Apache", function () {
  this.timeout(60_000);
  const servers: Server[] = [];
  let root = "";
  let raw: Awaited<ReturnType<typeof startRaw>> | undefined;

  before(async function () {
    skipWithout(this, missingForApache());
    root = makeComparedRoot();
    raw = await startRaw(`${root}/raw.sock`);
    chmodSync(`${root}/raw.sock`, 0o777);
    for (const kind of ["apache", "modhost"] as const) servers.push(await startServer(kind, configuration, root));
  });
  after(async () => {
    await endCompared(servers, root, () => {
      raw?.server.close();
      for (const socket of raw?.sockets ?? []) socket.destroy();
    });
  });

  for (const { name, raw: bytes } of attempts) {
    const reason = differs[name];
    it(name + (reason === undefined ? "" : ` (differs: ${reason})`), async () => {
      const [expected = "", found = ""] = await Promise.all(servers.map((server) => statusesOf(server, bytes)));
      if (reason === undefined) expect(found).to.equal(expected);
      else expect(found, "listed as different, and equal").to.not.equal(expected);
    });
  }
});
