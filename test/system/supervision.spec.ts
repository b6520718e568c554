// The product as its users run it: what is promised of restarts, faults and ends, on a real server root.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { request as httpRequest, Agent } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const modhost = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

const application = `
import os, sys, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise ValueError("it broke on purpose")
    if path == "/stream":
        def stream():
            yield b"first\\n"
            time.sleep(30)
            yield b"last\\n"
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream()
    if path == "/block":
        time.sleep(60)
    body = ("pid %d\\n" % os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;

const site = `
WSGIDaemonProcess app processes=2 threads=3 request-timeout=2 shutdown-timeout=2
WSGIScriptAlias /app @ROOT@/app.wsgi process-group=app application-group=%{GLOBAL}
<Directory @ROOT@>
    <Files app.wsgi>
        Require all granted
    </Files>
</Directory>
`;

const ctl = (served: ServedRoot, ...args: string[]): Promise<{ status: number; text: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [modhost, "-d", served.root, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes: Buffer) => (text += bytes.toString()));
    child.once("exit", (code) => resolve({ status: code ?? 1, text }));
  });

const get = async (served: ServedRoot, path: string): Promise<string> => (await fetch(served.url(path))).text();

describe("a server with a daemon group", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  beforeEach(async () => {
    served = await serveModhost(site, {
      files: { "app.wsgi": application, "htdocs/index.html": "static\n" },
      modules: ["wsgi"],
    });
    await until("the application answers", async () => (await fetch(served.url("/app"))).status === 200);
  });
  afterEach(() => served.end());

  it("answers 500 and logs the traceback when the application raises", async () => {
    expect((await fetch(served.url("/app/raise"))).status).to.equal(500);
    await until("the traceback is logged", () => served.errors().includes("ValueError: it broke on purpose"));
    expect(served.errors()).to.include("Traceback (most recent call last)");
  });

  it("breaks the response of a killed daemon, fails no other request, and replaces the process", async () => {
    const broken = new Promise<{ text: string; complete: boolean }>((resolve, reject) => {
      httpRequest(served.url("/app/stream"), { agent: false }, (response) => {
        let text = "";
        response.on("data", (bytes: Buffer) => {
          text += bytes.toString();
          if (text === "first\n") killStreaming();
        });
        response.on("error", () => undefined);
        response.on("close", () => resolve({ text, complete: response.complete }));
      })
        .on("error", reject)
        .end();
    });
    const before = new Set(daemons(served));
    const killStreaming = (): void => {
      // Which of the two streams cannot be seen from outside: the one whose death breaks it off.
      for (const pid of before) process.kill(pid, "SIGKILL");
    };
    const { text, complete } = await broken;
    expect(text).to.equal("first\n");
    expect(complete).to.equal(false);
    await until("two new processes serve", () => daemons(served).filter((pid) => !before.has(pid)).length === 2);
    await until("the application answers again", async () => (await fetch(served.url("/app"))).status === 200);
  });

  it("ends a request past request-timeout, logs its URL and the Python stacks, and replaces the process", async () => {
    const response = await fetch(served.url("/app/block"));
    expect(response.status).to.equal(504);
    await until("the stack is logged", () => /app\.wsgi", line \d+ in application/.test(served.errors()));
    expect(served.errors()).to.include("/app/block");
    await until("the application answers", async () => (await fetch(served.url("/app"))).status === 200);
  });

  it("loads a touched script anew without losing a request", async () => {
    const statuses: number[] = [];
    let going = true;
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (going) statuses.push((await fetch(served.url("/app"))).status);
      }),
    );
    const script = join(served.root, "app.wsgi");
    writeFileSync(script, application.replace('"pid %d', '"new %d'));
    const soon = new Date(Date.now() + 2000);
    utimesSync(script, soon, soon);
    await until("new code answers", async () => (await get(served, "/app")).startsWith("new"));
    going = false;
    await load;
    expect(statuses.filter((status) => status !== 200)).to.deep.equal([]);
  });

  it("replaces the processes of a group on restart-group, or tells why the new code does not load", async () => {
    const before = await get(served, "/app");
    const { status, text } = await ctl(served, "-k", "restart-group", "app");
    expect([status, text]).to.deep.equal([0, 'daemon group "app": all processes are replaced\n']);
    const after = await get(served, "/app");
    expect(after).not.to.equal(before);
    writeFileSync(join(served.root, "app.wsgi"), "import nowhere_to_be_found\n");
    const failed = await ctl(served, "-k", "restart-group", "app");
    expect(failed.status).to.equal(1);
    expect(failed.text).to.match(/Traceback [^]*No module named 'nowhere_to_be_found'/);
    expect((await fetch(served.url("/app"))).status).to.equal(200);
    const unknown = await ctl(served, "-k", "restart-group", "other");
    expect([unknown.status, unknown.text]).to.deep.equal([
      1,
      'no daemon group is called "other"; there are "app"\nthe new process is not taken; the group goes on with the ones it has\n',
    ]);
  });

  it("goes on with the old code when the touched script does not load", async () => {
    const script = join(served.root, "app.wsgi");
    writeFileSync(script, "import nowhere_to_be_found\n");
    const soon = new Date(Date.now() + 2000);
    utimesSync(script, soon, soon);
    expect((await fetch(served.url("/app"))).status).to.equal(200);
    await until("the traceback is logged", () => served.errors().includes("nowhere_to_be_found"));
    expect((await fetch(served.url("/app"))).status).to.equal(200);
  });

  it("takes over a new site on graceful, and keeps the old one when the new configuration is broken", async () => {
    const file = join(served.root, "apache2.conf");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, `${text}\nAlias /more @ROOT@/htdocs\n`.replaceAll("@ROOT@", served.root));
    expect(await ctl(served, "-k", "graceful")).to.have.property("status", 0);
    await until("the new alias is served", async () => (await fetch(served.url("/more/"))).status === 200);
    writeFileSync(file, `${text}\nAlais /x /y\n`);
    const { status, text: said } = await ctl(served, "-k", "graceful");
    expect(status).to.equal(1);
    expect(said).to.include("Alais").and.to.include("Alias");
    expect((await fetch(served.url("/more/"))).status).to.equal(200);
  });

  it("loses no request in graceful restarts under kept-alive load", async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const failures: string[] = [];
    let going = true;
    const one = (): Promise<void> =>
      new Promise((resolve) => {
        httpRequest(served.url("/app"), { agent }, (response) => {
          if (response.statusCode !== 200) failures.push(`status ${response.statusCode}`);
          response
            .resume()
            .on("end", resolve)
            .on("error", (error) => (failures.push(error.message), resolve()));
        })
          .on("error", (error) => (failures.push(error.message), resolve()))
          .end();
      });
    const load = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (going) await one();
      }),
    );
    for (let i = 0; i < 3; i++) expect((await ctl(served, "-k", "graceful")).status).to.equal(0);
    going = false;
    await load;
    agent.destroy();
    expect(failures).to.deep.equal([]);
  });

  it("leaves nothing running after stop", async () => {
    expect((await ctl(served, "-k", "stop")).status).to.equal(0);
    expect(await served.running.exit).to.equal(0);
    await until("all have ended", () => served.running.family().length === 0);
    expect(existsSync(join(served.root, "run/modhost.pid"))).to.equal(false);
  });

  it("leaves nothing running when the supervisor is killed", async () => {
    served.running.child.kill("SIGKILL");
    await until("all have ended", () => served.running.family().length === 0);
  });

  it("frees the thread of a client that leaves while it waits", async () => {
    const socket = connect(served.port, "127.0.0.1");
    socket.write("GET /app/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
    const answers = await Promise.all(Array.from({ length: 12 }, () => get(served, "/app")));
    expect(answers.every((text) => text.startsWith("pid"))).to.equal(true);
  });

  // As Apache with mod_wsgi: only a connection that is broken ends what runs for it.
  it("answers a client in full that has ended its side", async () => {
    const socket = connect({ port: served.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.end("GET /app HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let text = "";
    for await (const bytes of socket) text += String(bytes);
    expect(text).to.match(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\npid \d+\n$/);
  });

  it("is the same server through a link to its root", async () => {
    const link = `${served.root}-link`;
    symlinkSync(served.root, link);
    try {
      expect((await ctl({ ...served, root: link }, "-t")).status).to.equal(0);
    } finally {
      unlinkSync(link);
    }
  });
});

/** Process ids of the daemons: children of the supervisor that run Python. */
function daemons(served: ServedRoot): number[] {
  return served.running
    .family()
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("modhost_wsgi"));
}
