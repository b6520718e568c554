// nginx in front of modhost, as it is set up for applications with WebSockets and events.
import { expect } from "chai";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocketServer } from "ws";
import { skipWithout } from "../conformance/servers.js";
import { closeAll, closing, startFront } from "../modules/mod_proxy/front.js";
import { freePorts, runProgram, until, type Running } from "../support/running.js";
import { endClients, WebSocketClient } from "../support/websocket-client.js";

const configuration = (port: number, upstream: number, folder: string): string => `
daemon off;
pid ${folder}/nginx.pid;
error_log stderr warn;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/bodies;
  proxy_temp_path ${folder}/proxied;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  upstream modhost { server 127.0.0.1:${upstream}; keepalive 4; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://modhost;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
  }
}
`;

describe("nginx in front of modhost, in front of an application", function () {
  this.timeout(60_000);
  let folder = "";
  let port = 0;
  let nginx: Running | undefined;
  let application: Server | undefined;
  const events: ServerResponse[] = [];

  before(async function () {
    skipWithout(this, existsSync("/usr/sbin/nginx") ? undefined : "apt-get install nginx-light");
    folder = mkdtempSync(join(tmpdir(), "modhost-nginx-"));
    chmodSync(folder, 0o755);
    const server = createServer((request, response) => {
      if (request.url === "/events") {
        response.writeHead(200, { "Content-Type": "text/event-stream" });
        response.write("data: 1\n\n");
        events.push(response);
        return;
      }
      let length = 0;
      request.on("data", (bytes: Buffer) => (length += bytes.length));
      request.on("end", () => response.end(`${length} from ${String(request.headers["x-forwarded-for"])}`));
    });
    application = server;
    new WebSocketServer({ server, path: "/socket" }).on("connection", (socket) => {
      socket.on("message", (message: Buffer) => socket.send(`echo of ${message.toString()}`));
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const back = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const front = closing(await startFront(`ProxyPass / ${back} upgrade=websocket`));
    [port = 0] = await freePorts(1);
    writeFileSync(`${folder}/nginx.conf`, configuration(port, front.port, folder));
    nginx = runProgram(["/usr/sbin/nginx", "-c", `${folder}/nginx.conf`]);
    await until(`it listens: ${nginx.output()}`, () => accepts(port));
  });
  after(async () => {
    endClients();
    for (const response of events) response.end();
    await nginx?.end();
    closeAll();
    application?.close();
    application?.closeAllConnections();
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  const url = (path: string): string => `http://127.0.0.1:${port}${path}`;

  it("serves requests one after the other, and the client's address goes through both", async () => {
    for (let count = 0; count < 20; count++) {
      const response = await fetch(url("/"));
      expect(await response.text()).to.equal("0 from 127.0.0.1, 127.0.0.1");
    }
  });

  it("takes bodies with a length and in chunks", async () => {
    const whole = "x".repeat(1_000_000);
    const sized = await fetch(url("/"), { method: "POST", body: whole });
    expect(await sized.text()).to.match(/^1000000 /);
    const stream = new Blob([whole]).stream();
    const chunked = await fetch(url("/"), { method: "POST", body: stream, duplex: "half" });
    expect(await chunked.text()).to.match(/^1000000 /);
  });

  it("passes events on as they come", async () => {
    const response = await fetch(url("/events"));
    const reader = response.body?.getReader();
    const next = async (): Promise<string> => {
      const part = (await reader?.read()) as { readonly value?: Uint8Array } | undefined;
      return new TextDecoder().decode(part?.value);
    };
    expect(await next()).to.equal("data: 1\n\n");
    events.at(-1)?.write("data: 2\n\n");
    expect(await next()).to.equal("data: 2\n\n");
    await reader?.cancel();
  });

  it("talks by WebSockets", async () => {
    const client = new WebSocketClient(`ws://127.0.0.1:${port}/socket`);
    await until("it is open", () => client.socket.readyState === 1);
    client.socket.send("hello");
    await until("the echo is there", () => client.messages.includes("echo of hello"));
  });
});

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
