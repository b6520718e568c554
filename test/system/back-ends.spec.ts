// Application servers as people run them, behind mod_proxy: a small site each, asked as browsers ask.
import { expect } from "chai";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawnSync } from "node:child_process";
import { closeAll, closing, request, startFront, type Front } from "../modules/mod_proxy/front.js";
import { debianPython } from "../support/debian.js";
import { freePorts, runProgram, until, type Running } from "../support/running.js";
import { endClients, WebSocketClient } from "../support/websocket-client.js";

const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** A site of WSGI: its pages are those of every site here. */
const wsgi = `
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/moved":
        start_response("302 Found", [("Location", "http://%s/there" % environ["HTTP_HOST"]), ("Content-Type", "text/plain")])
        return [b""]
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Path=/")])
    if path == "/form":
        left = int(environ.get("CONTENT_LENGTH") or 0)
        return [b"took %d bytes" % len(environ["wsgi.input"].read(left))]
    if path == "/large":
        return (b"x" * 10000 for _ in range(100))
    return [("page of %s for %s" % (path, environ.get("HTTP_X_FORWARDED_FOR", "nobody"))).encode()]
`;

const waitress = `${wsgi}
import sys, waitress
waitress.serve(application, host="127.0.0.1", port=int(sys.argv[1]))
`;

const cherrypy = `
import sys, cherrypy

class Site:
    def _cookies(self):
        cherrypy.response.headers["Content-Type"] = "text/plain"
        for name, value in (("a", "1"), ("b", "2")):
            cherrypy.response.cookie[name] = value
            cherrypy.response.cookie[name]["path"] = "/"

    @cherrypy.expose
    def index(self):
        self._cookies()
        return "page of / for " + cherrypy.request.headers["X-Forwarded-For"]

    @cherrypy.expose
    def form(self):
        self._cookies()
        return "took %d bytes" % len(cherrypy.request.body.read())

    @cherrypy.expose
    def large(self):
        self._cookies()
        return (b"x" * 10000 for _ in range(100))
    large._cp_config = {"response.stream": True}

    @cherrypy.expose
    def moved(self):
        raise cherrypy.HTTPRedirect("http://%s/there" % cherrypy.request.headers["Host"], 302)

cherrypy.config.update({
    "server.socket_host": "127.0.0.1", "server.socket_port": int(sys.argv[1]),
    "engine.autoreload.on": False, "log.screen": False,
})
cherrypy.quickstart(Site(), "/")
`;

const tornado = `
import asyncio, sys, tornado.web, tornado.websocket

class Page(tornado.web.RequestHandler):
    def prepare(self):
        self.set_header("Content-Type", "text/plain")
        self.set_cookie("a", "1")
        self.set_cookie("b", "2")

    async def get(self, path):
        if path == "moved":
            return self.redirect("http://%s/there" % self.request.host)
        if path == "large":
            for _ in range(100):
                self.write(b"x" * 10000)
                await self.flush()
            return
        self.write("page of /%s for %s" % (path, self.request.headers["X-Forwarded-For"]))

    def post(self, path):
        self.write("took %d bytes" % len(self.request.body))

class Echo(tornado.websocket.WebSocketHandler):
    def on_message(self, message):
        self.write_message("echo of " + message)

async def main():
    tornado.web.Application([("/socket", Echo), ("/(.*)", Page)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()

asyncio.run(main())
`;

const pages = `
  if (path === "/large") return "x".repeat(1000000);
  return "page of " + path + " for " + from;
`;
const load = `const { createRequire } = require("node:module"); const load = createRequire(${JSON.stringify(`${modules}/x.js`)});`;

const express = `${load}
const page = (path, from) => {${pages}};
const app = load("express")();
app.get("/moved", (request, response) => response.redirect("http://" + request.get("host") + "/there"));
app.use((request, response, next) => { response.cookie("a", "1").cookie("b", "2").type("text"); next(); });
app.post("/form", (request, response) => {
  let length = 0;
  request.on("data", (bytes) => (length += bytes.length)).on("end", () => response.send("took " + length + " bytes"));
});
app.use((request, response) => response.send(page(request.path, request.get("x-forwarded-for"))));
const server = app.listen(Number(process.argv[2]), "127.0.0.1");
const { WebSocketServer } = load("ws");
new WebSocketServer({ server, path: "/socket" }).on("connection", (socket) => {
  socket.on("message", (message) => socket.send("echo of " + message));
});
`;

const socketIo = `${express.slice(0, express.indexOf("const { WebSocketServer }"))}
const { Server } = load("socket.io");
new Server(server).on("connection", (socket) => {
  socket.on("say", (text, answer) => answer("echo of " + text));
});
`;

const fastify = `${load}
const page = (path, from) => {${pages}};
const app = load("fastify")({ bodyLimit: 1e7 });
app.addContentTypeParser("*", { parseAs: "buffer" }, (request, body, done) => done(null, body));
app.addHook("onSend", async (request, reply) => { if (reply.statusCode === 200) reply.header("set-cookie", ["a=1; Path=/", "b=2; Path=/"]); });
app.get("/moved", (request, reply) => reply.redirect("http://" + request.headers.host + "/there"));
app.post("/form", (request, reply) => reply.type("text/plain").send("took " + request.body.length + " bytes"));
app.get("/*", (request, reply) => reply.type("text/plain").send(page(request.url, request.headers["x-forwarded-for"])));
app.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
`;

/** One server: its program, the script, and how it is started. */
interface Server {
  readonly name: string;
  readonly script: string;
  readonly file: string;
  readonly command: (file: string, port: number, folder: string) => readonly string[];
  readonly needs?: readonly [module: string, debianPackage: string];
  readonly program?: readonly [path: string, debianPackage: string];
  readonly webSocket?: true;
  readonly socketIo?: true;
  /** The scheme and parameters of the ProxyPass line, where it is not http. */
  readonly scheme?: string;
}

const python = (file: string, port: number): readonly string[] => [debianPython, file, String(port)];
const node = (file: string, port: number): readonly string[] => [process.execPath, file, String(port)];
const uwsgi = (file: string, port: number, kind: string): readonly string[] => [
  ...["/usr/bin/uwsgi", "--plugin", "python3", "--wsgi-file", file, "--master", "--need-app", "--die-on-term"],
  ...["--disable-logging", "--threads", "2", kind, `127.0.0.1:${port}`],
];

const servers: readonly Server[] = [
  {
    ...{ name: "gunicorn", script: wsgi, file: "shop.py", program: ["/usr/bin/gunicorn", "gunicorn"] },
    command: (_file, port, folder) => [
      "/usr/bin/gunicorn",
      "--chdir",
      folder,
      "-b",
      `127.0.0.1:${port}`,
      "--threads",
      "2",
      "shop:application",
    ],
  },
  { name: "waitress", script: waitress, file: "served.py", command: python, needs: ["waitress", "python3-waitress"] },
  { name: "CherryPy", script: cherrypy, file: "cherry.py", command: python, needs: ["cherrypy", "python3-cherrypy3"] },
  {
    name: "Tornado",
    script: tornado,
    file: "whirl.py",
    command: python,
    needs: ["tornado", "python3-tornado"],
    webSocket: true,
  },
  {
    ...{
      name: "uWSGI by HTTP",
      script: wsgi,
      file: "shop.py",
      program: ["/usr/bin/uwsgi", "uwsgi-core uwsgi-plugin-python3"],
    },
    command: (file, port) => uwsgi(file, port, "--http-socket"),
  },
  {
    ...{
      name: "uWSGI by uwsgi",
      script: wsgi,
      file: "shop.py",
      program: ["/usr/bin/uwsgi", "uwsgi-core uwsgi-plugin-python3"],
    },
    command: (file, port) => uwsgi(file, port, "--uwsgi-socket"),
    scheme: "uwsgi",
  },
  { name: "Express with ws", script: express, file: "express.cjs", command: node, webSocket: true },
  { name: "Express with socket.io", script: socketIo, file: "socket.cjs", command: node, socketIo: true },
  { name: "Fastify", script: fastify, file: "fastify.cjs", command: node },
  {
    ...{ name: "nginx", script: "x".repeat(1_000_000), file: "large", program: ["/usr/sbin/nginx", "nginx-light"] },
    command: (_file, port, folder) => {
      chmodSync(folder, 0o755);
      writeFileSync(`${folder}/nginx.conf`, nginx(port, folder));
      return ["/usr/sbin/nginx", "-c", `${folder}/nginx.conf`];
    },
  },
];

/** The same pages by nginx, which counts bodies by what is said of them. */
const nginx = (port: number, folder: string): string => `
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
  default_type text/plain;
  map $content_length $taken { "" 0; default $content_length; }
  server {
    listen 127.0.0.1:${port};
    root ${folder};
    location / {
      add_header Set-Cookie "a=1; Path=/";
      add_header Set-Cookie "b=2; Path=/";
      return 200 "page of $uri for $http_x_forwarded_for";
    }
    location = /moved { return 302 http://$http_host/there; }
    location = /form { return 200 "took $taken bytes"; }
    location = /large { }
  }
}
`;

function missingFor({ needs, program }: Server): string | undefined {
  if (program && !existsSync(program[0])) return program[1];
  if (needs && spawnSync(debianPython, ["-c", `import ${needs[0]}`]).status !== 0) return needs[1];
  return undefined;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

for (const server of servers) {
  describe(`${server.name} behind mod_proxy`, function () {
    this.timeout(60_000);
    let folder = "";
    let running: Running | undefined;
    let front: Front | undefined;
    const send = (text: string): Promise<string> => front?.send(text) ?? Promise.reject(new Error("no front"));

    before(async function () {
      const missing = missingFor(server);
      if (missing !== undefined) {
        if (process.env["CI"] === "true") throw new Error(`nothing may be skipped here; missing: ${missing}`);
        console.log(`      skipped, missing: apt-get install ${missing}`);
        this.skip();
      }
      folder = mkdtempSync(join(tmpdir(), "modhost-back-end-"));
      const file = `${folder}/${server.file}`;
      writeFileSync(file, server.script);
      const [port = 0] = await freePorts(1);
      const child = runProgram(server.command(file, port, folder));
      running = child;
      await until(`it listens: ${child.output()}`, () => {
        if (child.child.exitCode !== null) throw new Error(`it has ended: ${child.output()}`);
        return accepts(port);
      });
      const url = `${server.scheme ?? "http"}://127.0.0.1:${port}/`;
      const upgrade = server.webSocket || server.socketIo ? " upgrade=websocket" : "";
      front = closing(
        await startFront(
          `ProxyPass / ${url}${upgrade}\nProxyPassReverse / http://127.0.0.1:${port}/\nProxyPassReverseCookiePath / /site/`,
        ),
      );
    });
    after(async () => {
      endClients();
      closeAll();
      await running?.end();
      if (folder !== "") rmSync(folder, { recursive: true, force: true });
    });

    it("gives pages", async () => {
      const text = await send(request("GET /"));
      expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text).to.match(server.scheme === undefined ? /page of \/ for 127\.0\.0\.1/ : /page of \/ for nobody/);
    });

    it("keeps repeated fields apart", async () => {
      const text = await send(request("GET /"));
      expect(text.match(/^set-cookie: /gim)?.length).to.equal(2);
      if (server.scheme === undefined) expect(text).to.match(/path=\/site\//i);
    });

    it("takes bodies with a length and in chunks", async () => {
      const body = "0123456789".repeat(5_000);
      const type = "Content-Type: application/octet-stream";
      expect(await send(`${request("POST /form", type, `Content-Length: ${body.length}`)}${body}`)).to.include(
        "took 50000 bytes",
      );
      const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      const text = await send(`${request("POST /form", type, "Transfer-Encoding: chunked")}${chunked}`);
      // What an application is told of chunks is its server's affair; the answer has to be whole.
      expect(text).to.match(/^HTTP\/1\.1 (200 [^]*took (0|50000) bytes|411 )/);
      expect(await send(request("GET /"))).to.match(/^HTTP\/1\.1 200 /);
    });

    it("gives large responses whole", async () => {
      const text = await send(request("GET /large"));
      expect(text.split("x".repeat(100)).length).to.be.above(5_000);
      expect(text).to.match(/x(\r\n0\r\n\r\n)?$/);
    });

    it("redirects to where the client can reach it", async () => {
      const text = await send(request("GET /moved"));
      expect(text).to.match(/^HTTP\/1\.1 302 /);
      expect(text).to.match(/^location: http:\/\/front\.test:81\/there\r$/im);
    });

    it("serves many at the same time over kept connections", async () => {
      const texts = await Promise.all(Array.from({ length: 30 }, () => send(request("GET /"))));
      expect(texts.filter((text) => !text.includes("page of /"))).to.deep.equal([]);
    });

    if (server.socketIo) {
      it("talks as clients of socket.io do: by polling, then by WebSockets", async () => {
        const path = "/socket.io/?EIO=4&transport=";
        const polled = await send(request(`GET ${path}polling`));
        expect(polled).to.match(/^HTTP\/1\.1 200 [^]*0\{"sid":"[^"]+","upgrades":\["websocket"\]/);
        const [, session = ""] = /"sid":"([^"]+)"/.exec(polled) ?? [];
        const posted = await send(`${request(`POST ${path}polling&sid=${session}`, "Content-Length: 2")}40`);
        expect(posted).to.match(/^HTTP\/1\.1 200 [^]*ok/);
        expect(await send(request(`GET ${path}polling&sid=${session}`))).to.match(/40\{"sid":/);
        const client = new WebSocketClient(`ws://127.0.0.1:${front?.port ?? 0}${path}websocket&sid=${session}`);
        await until("it is open", () => client.socket.readyState === 1);
        client.socket.send("2probe");
        await until("the way is known", () => client.messages.includes("3probe"));
        client.socket.send("5");
        client.socket.send('420["say","hello"]');
        await until("the echo is there", () => client.messages.includes('430["echo of hello"]'));
      });
    }

    if (server.webSocket) {
      it("talks by WebSockets", async () => {
        const client = new WebSocketClient(`ws://127.0.0.1:${front?.port ?? 0}/socket`);
        await until("it is open", () => client.socket.readyState === 1);
        client.socket.send("hello");
        await until("the echo is there", () => client.messages.includes("echo of hello"));
      });
    }
  });
}
