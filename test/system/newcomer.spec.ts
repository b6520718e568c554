// What a fresh server root does, started as a newcomer starts it: the landing page, its links, the tools, Ctrl-C.
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { WebSocket, WebSocketServer } from "ws";
import { freePorts, runProgram, until, type Running } from "../support/running.js";
import { makeSkeleton, type Skeleton } from "../support/skeleton.js";
import { tool, type Ended } from "../support/tool.js";

const modhost = fileURLToPath(new URL("../../bin/modhost", import.meta.url));
const isRoot = process.getuid?.() === 0;

/** What a server that has ended has left in run/, but for the bytecode that daemons keep for the next start. */
function leftIn(root: string): string[] {
  return readdirSync(join(root, "run")).filter((name) => !/^python-\d+$/.test(name));
}

describe("a fresh server root", function () {
  this.timeout(60_000);
  let skeleton: Skeleton;
  let running: Running;
  const get = (path: string, port = skeleton.port): Promise<Response> => fetch(`http://localhost:${port}${path}`);
  const serves = (): Promise<boolean> =>
    get("/").then(
      () => true,
      () => false,
    );
  const start = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    running = runProgram([process.execPath, modhost, "-d", skeleton.root, "-DFOREGROUND"], environment);
    await until("the server serves", () => running.child.exitCode !== null || serves());
  };
  afterEach(async () => {
    await running.end();
    skeleton.remove();
  });

  it("ends on a Ctrl-C that comes while it starts", async () => {
    skeleton = await makeSkeleton();
    running = runProgram([process.execPath, modhost, "-d", skeleton.root, "-DFOREGROUND"]);
    await until("it has begun", () => existsSync(join(skeleton.root, "run/modhost.pid")));
    process.kill(-(running.child.pid ?? 0), "SIGINT");
    expect(await running.exit).to.equal(0);
    await until("all have ended", () => running.family().length === 0);
    expect(leftIn(skeleton.root)).to.deep.equal([]);
    expect(running.output()).to.match(/^\[.*AH00491: caught SIGINT, shutting down\n$/);
  });

  describe("in the foreground", () => {
    beforeEach(async () => {
      skeleton = await makeSkeleton();
      await start();
    });

    it("serves the landing page, and what it links to", async () => {
      const page = await (await get("/")).text();
      const links = [...page.matchAll(/href="([^"]+)"/g)].map(([, link = ""]) => link);
      expect(links).to.include.members(["style.css", "/node", "/node-daemon", "/wsgi"]);
      for (const link of links) expect((await get(new URL(link, "http://any/").pathname)).status, link).to.equal(200);
      const [embedded, daemon, python] = await Promise.all(
        ["/node", "/node-daemon", "/wsgi"].map(async (path) => (await get(path)).text()),
      );
      expect(embedded).to.include(`Node ${process.version}`);
      expect(daemon).to.include(`Node ${process.version}`);
      expect(python).to.match(/Python 3\.\d+/);
      const processes = [embedded, daemon, python].map((text) => /Process (\d+)/.exec(text ?? "")?.[1]);
      expect(new Set(processes).size).to.equal(3);
    });

    it("logs to the terminal", async () => {
      await get("/node?some=query");
      await until("the access log shows it", () => running.output().includes('"GET /node?some=query HTTP/1.1" 200 '));
      const started = /AH00489: modhost\/\S+ .*configured -- resuming normal operations/;
      await until("the error log shows the start", () => started.test(running.output()));
    });

    it("ends on Ctrl-C, quietly and with everything that it started", async () => {
      await Promise.all(["/node", "/node-daemon", "/wsgi"].map((path) => get(path)));
      await until("all of it has started", () => running.output().includes("AH00094"));
      const before = running.output();
      expect(running.family().length).to.be.greaterThan(3);
      // A terminal sends the signal to all processes of the group.
      process.kill(-(running.child.pid ?? 0), "SIGINT");
      expect(await running.exit).to.equal(0);
      await until("all have ended", () => running.family().length === 0);
      const lines = running
        .output()
        .slice(before.length)
        .split("\n")
        .filter((line) => line !== "" && !line.includes('"GET '));
      expect(lines).to.have.length(1);
      expect(lines[0]).to.match(/AH00491: caught SIGINT, shutting down$/);
      expect(leftIn(skeleton.root)).to.deep.equal([]);
    });

    it("puts the proxy in front of itself, as it stands, with the commands of the landing page", async () => {
      const commands =
        /<pre>([^<]*)</
          .exec(await (await get("/")).text())?.[1]
          ?.trim()
          .split("\n") ?? [];
      expect(commands).to.have.length(3);
      for (const command of commands) {
        const [name = "", ...args] = command.replace("bin/", "").split(" ");
        expect((await tool(name, args, { cwd: skeleton.root })).status, command).to.equal(0);
      }
      expect(await (await get("/", skeleton.proxyPort)).text()).to.include("It serves.");
    });

    it("fronts an application on another port, WebSockets included, once its address is set in the file", async () => {
      const application = new WebSocketServer({ port: 0, host: "127.0.0.1" });
      application.on("connection", (socket) =>
        socket.on("message", (data: Buffer) => socket.send(`heard ${String(data)}`)),
      );
      try {
        await once(application, "listening");
        const file = join(skeleton.root, "sites-available/proxy.conf");
        const { port } = application.address() as AddressInfo;
        const text = readFileSync(file, "utf8");
        writeFileSync(file, text.replace(/http:\/\/127\.0\.0\.1:\d+\//g, `http://127.0.0.1:${port}/`));
        const at = { cwd: skeleton.root };
        expect((await tool("a2ensite", ["proxy.conf"], at)).status).to.equal(0);
        expect((await tool("modhostctl", ["configtest"], at)).status).to.equal(0);
        expect((await tool("modhostctl", ["graceful"], at)).status).to.equal(0);
        const client = new WebSocket(`ws://127.0.0.1:${skeleton.proxyPort}/live`);
        await once(client, "open");
        client.send("hello");
        const [answer] = (await once(client, "message")) as [Buffer];
        expect(String(answer)).to.equal("heard hello");
        client.terminate();
      } finally {
        for (const each of application.clients) each.terminate();
        application.close();
      }
    });

    it("takes over a site that was edited and enabled", async () => {
      const [port = 0] = await freePorts(1);
      const at = { cwd: join(skeleton.root, "htdocs") };
      writeFileSync(
        join(skeleton.root, "sites-available/shop.conf"),
        `Listen ${port}\n<VirtualHost *:${port}>\n    Redirect / http://shop.example/\n</VirtualHost>\n`,
      );
      expect(await tool("a2ensite", ["shop.conf"], at)).to.deep.equal({
        status: 0,
        out: "Enabling site shop.\nTo activate the new configuration, you need to run:\n  modhostctl graceful\n",
        err: "",
      });
      const tested = await tool("modhostctl", ["configtest"], at);
      expect(tested).to.include({ status: 0, out: "" });
      // Above it stands what was found of Python.
      expect(tested.err).to.match(/^Syntax OK( \(1 warning\))?\n$/m);
      expect(await tool("modhostctl", ["graceful"], at)).to.deep.equal({ status: 0, out: "", err: "" });
      const response = await fetch(`http://localhost:${port}/x`, { redirect: "manual" });
      expect(response.headers.get("Location")).to.equal("http://shop.example/x");
      expect((await tool("a2dissite", ["shop"], at)).out).to.match(/^Site shop disabled\.\n/);
      expect((await tool("modhostctl", ["restart"], at)).status).to.equal(0);
      expect(await fetch(`http://localhost:${port}/x`).catch(() => "refused")).to.equal("refused");
      expect((await get("/")).status).to.equal(200);
    });

    it("goes on, and modhostctl says why, when a new configuration cannot be had", async () => {
      const at = { cwd: skeleton.root };
      const refused = (text: string): Promise<Ended> => {
        writeFileSync(join(skeleton.root, "sites-enabled/bad.conf"), text);
        return tool("modhostctl", ["graceful"], at);
      };
      const typo = await refused("ServerNam x\n");
      expect(typo.status).to.equal(1);
      expect(typo.err).to.include("sites-enabled/bad.conf:1:1: error: AH00526: Invalid command 'ServerNam'");
      expect(typo.err).to.include("did you mean ServerName");
      expect(typo.out).to.include("Action 'graceful' failed.");
      const { port, close } = await occupiedPort();
      const busy = await refused(`Listen 127.0.0.1:${port}\n`);
      close();
      expect(busy.status).to.equal(1);
      expect(busy.err).to.include(
        `Address already in use: AH00072: make_sock: could not bind to address 127.0.0.1:${port}`,
      );
      expect(busy.err).to.include("the server goes on with the one it has");
      expect((await get("/node-daemon")).status).to.equal(200);
    });
  });

  (isRoot ? describe : describe.skip)("that only root may enter", () => {
    beforeEach(async () => {
      skeleton = await makeSkeleton({ mode: 0o700 });
    });

    it("is served all the same, with a warning", async () => {
      await start();
      for (const path of ["/", "/node", "/node-daemon", "/wsgi"]) expect((await get(path)).status, path).to.equal(200);
      expect(running.output()).to.match(
        /^warning: pages and applications are served as root, because User \S+ cannot/m,
      );
    });

    it("is not, where envvars does not want it", async () => {
      await start({ MODHOST_AS_ROOT: "never" });
      expect((await get("/")).status).to.equal(403);
      expect(running.output()).to.match(/^warning: User \S+ cannot get at .*: .* is closed to it/m);
    });
  });

  describe("in the background", () => {
    beforeEach(async () => {
      skeleton = await makeSkeleton();
      // Marks the family of processes.
      running = runProgram([process.execPath, modhost, "-d", skeleton.root, "-k", "start"]);
      expect(await running.exit).to.equal(0);
    });

    it("serves, tells its state, and leaves nothing when it stops", async () => {
      const at = { environment: { MODHOST_ROOT: skeleton.root } };
      expect((await get("/wsgi")).status).to.equal(200);
      expect(await tool("modhostctl", ["start"], at)).to.deep.include({ status: 0, err: "" });
      const status = await tool("modhostctl", ["status"], at);
      expect(status.status).to.equal(0);
      expect(status.out).to.match(/^modhost\/\S+ .*\(pid \d+\): serving, up /);
      expect(status.out).to.include("wsgi-example");
      expect(await tool("modhostctl", ["stop"], at)).to.deep.equal({ status: 0, out: "", err: "" });
      await until("all have ended", () => running.family().length === 0);
      expect(leftIn(skeleton.root)).to.deep.equal([]);
      expect(await tool("modhostctl", ["status"], at)).to.deep.include({ status: 3, out: "modhost is not running\n" });
      expect(await tool("modhostctl", ["stop"], at)).to.deep.include({
        status: 0,
        out: "httpd (no pid file) not running\n",
      });
      expect(readdirSync(join(skeleton.root, "logs"))).to.include.members(["access.log", "error.log"]);
    });
  });
});

async function occupiedPort(): Promise<{ port: number; close: () => void }> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, close: () => void server.close() };
}
