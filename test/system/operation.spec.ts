// A server with two virtual hosts, as its operator sees it: logs, limits and faults apart, signals, and what goes wrong.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { askSupervisor } from "../../src/process/control-socket.js";
import { findPython } from "../../src/process/python-interpreter.js";
import type { SupervisorStatus } from "../../src/process/status.js";
import { fill, makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { freePorts, runProgram, until } from "../support/running.js";

const isRoot = process.getuid?.() === 0;
const modhost = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

const application = `
import os, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/raise":
        raise ValueError("raised for " + environ["HTTP_HOST"])
    if path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    environ["wsgi.errors"].write("noted for %s\\n" % environ["HTTP_HOST"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/read":
        return [str(len(environ["wsgi.input"].read())).encode()]
    return [str(os.getpid()).encode()]
`;

/** Behind it, what the test changes. */
const site = `
LogFormat "%v %r %>s" short
CustomLog run/access.log short
WSGIDaemonProcess app threads=2 socket-timeout=1
WSGIProcessGroup app
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /app @ROOT@/app.wsgi
<Directory @ROOT@>
    Require all granted
</Directory>
<VirtualHost *:@PORT@>
    ServerName strict
    ErrorLog run/strict.log
    LogLevel warn core:info
    Timeout 1
    KeepAlive Off
    LimitRequestLine 100
    LimitRequestFields 3
    LimitRequestFieldSize 60
    LimitRequestBody 10
</VirtualHost>
<VirtualHost *:@OTHER@>
    ServerName easy
    ErrorLog run/easy.log
    LogLevel info core:warn
    KeepAliveTimeout 1
</VirtualHost>
`;

describe("a server in operation", function () {
  this.timeout(60_000);
  let served: ServedRoot;
  let other = 0;
  let third = 0;

  let written = "";

  // One server for all of them, which the last one ends.
  before(async function () {
    if ("missing" in findPython(undefined)) return this.skip();
    [other = 0, third = 0] = await freePorts(2);
    const { root, port } = await makeRoot(`Listen 127.0.0.1:${other}\n${site.replaceAll("@OTHER@", String(other))}`, {
      files: { "app.wsgi": application, "htdocs/index.html": "the page", "htdocs/closed.html": "" },
      modules: ["wsgi"],
    });
    written = readFileSync(join(root, "apache2.conf"), "utf8");
    served = await serveRoot(root, port);
    await until("all workers serve", () => log("error.log").includes("resuming normal operations"));
    await until("the daemons serve", async () => (await ask(other, "/app")).startsWith("HTTP/1.1 200"));
  });
  afterEach(() => change(() => written));
  after(() => served?.end());

  /** One request on a connection of its own, and all that comes back until the server closes. */
  const ask = (port: number, path: string, fields = "", body = ""): Promise<string> =>
    new Promise((resolve) => {
      const host = port === other ? "easy" : "strict";
      const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
      const socket = connect(port, "127.0.0.1", () =>
        socket.write(
          `${body === "" ? "GET" : "POST"} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${length}${fields}\r\n${body}`,
        ),
      );
      let text = "";
      socket.on("data", (bytes) => (text += bytes.toString()));
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(text));
    });
  const statusOf = async (...args: Parameters<typeof ask>): Promise<string> => (await ask(...args)).slice(9, 12);
  const log = (name: string): string => {
    const file = join(served.root, "run", name);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  };
  const supervisor = (): number => Number(log("modhost.pid"));
  const change = (edit: (text: string) => string): void => {
    const file = join(served.root, "apache2.conf");
    writeFileSync(file, edit(readFileSync(file, "utf8")));
  };
  /** Sends a signal and waits until what the log says of its outcome stands there once more. */
  const signal = async (name: NodeJS.Signals, outcome: string, file = "error.log"): Promise<void> => {
    const count = (): number => log(file).split(outcome).length;
    const before = count();
    process.kill(supervisor(), name);
    await until(`${name} has been obeyed`, () => count() > before);
  };

  it("logs what an application says and raises where its virtual host logs, by the levels of each", async () => {
    expect(await statusOf(served.port, "/app/raise")).to.equal("500");
    expect(await statusOf(served.port, "/nowhere")).to.equal("404");
    expect(await statusOf(other, "/nowhere")).to.equal("404");
    await until(
      "all is logged",
      () =>
        log("strict.log").includes("AH00128") &&
        log("strict.log").includes("ValueError: raised for strict") &&
        log("easy.log").includes("noted for easy"),
    );
    expect(log("strict.log")).to.contain("ValueError: raised for strict").and.not.to.contain("easy");
    expect(log("easy.log")).not.to.contain("strict").and.not.to.contain("AH00128");
    expect(log("error.log")).not.to.contain("raised for").and.not.to.contain("noted for");
  });

  it("keeps to the limits of each virtual host", async () => {
    const long = `/${"a".repeat(100)}`;
    const rows = [
      [await statusOf(served.port, long), await statusOf(other, long), "414", "404"],
      [
        await statusOf(served.port, "/", "a: 1\r\nb: 2\r\n"),
        await statusOf(other, "/", "a: 1\r\nb: 2\r\n"),
        "400",
        "200",
      ],
      [await statusOf(served.port, "/", `a: ${long}\r\n`), await statusOf(other, "/", `a: ${long}\r\n`), "400", "200"],
      [await statusOf(served.port, "/app/read", "", long), await statusOf(other, "/app/read", "", long), "413", "200"],
    ];
    for (const [strict, easy, ...expected] of rows) expect([strict, easy]).to.deep.equal(expected);
  });

  it("waits as long as each virtual host says, for a request and for the next one", async () => {
    const silent = (port: number, text: string): Promise<string> =>
      new Promise((resolve) => {
        let answer = "";
        const socket = connect(port, "127.0.0.1", () => socket.write(text));
        socket.on("data", (bytes) => (answer += bytes.toString()));
        socket.on("close", () => resolve(answer));
      });
    const [half, kept, notKept] = await Promise.all([
      silent(served.port, "GET / HTTP/1.1\r\nHost: str"),
      silent(other, "GET / HTTP/1.1\r\nHost: easy\r\n\r\n"),
      silent(served.port, "GET / HTTP/1.1\r\nHost: strict\r\n\r\n"),
    ]);
    expect(half).to.match(/^HTTP\/1.1 408 /);
    expect(kept)
      .to.match(/^HTTP\/1.1 200 /)
      .and.not.to.match(/^Connection: close/m);
    expect(notKept)
      .to.match(/^HTTP\/1.1 200 /)
      .and.to.match(/^Connection: close/m);
  });

  it("answers 403 for what its user cannot read, and says why", async function () {
    if (!isRoot) return this.skip();
    mkdirSync(join(served.root, "htdocs/private"));
    writeFileSync(join(served.root, "htdocs/private/page.html"), "");
    chmodSync(join(served.root, "htdocs/private"), 0o700);
    chmodSync(join(served.root, "htdocs/closed.html"), 0o600);
    expect(await statusOf(other, "/closed.html")).to.equal("403");
    expect(await statusOf(other, "/private/page.html")).to.equal("403");
    await until(
      "the log says so",
      () => /AH00132.*closed\.html/.test(log("easy.log")) && /AH00035.*private/.test(log("easy.log")),
    );
  });

  for (const name of ["SIGUSR1", "SIGHUP"] as const) {
    it(`goes on as it is when ${name} meets a broken configuration, and tells where it is broken`, async () => {
      change((text) => `${text}\nNonsense on\n`);
      await signal(name, "the new configuration is not taken");
      expect(log("error.log")).to.match(/apache2\.conf:\d+:1: error: AH00526: Invalid command 'Nonsense'/);
      expect(await statusOf(other, "/app")).to.equal("200");
      const status = runProgram([process.execPath, modhost, "-d", served.root, "-k", "status"]);
      expect(await status.exit).to.equal(1);
      expect(status.output()).to.contain(`(pid ${supervisor()}): serving`).and.to.contain("'Nonsense'");
      await status.end();
    });
  }

  it("replaces a worker that was killed, with nobody hurt but who was connected to it", async () => {
    await signalWorker("SIGKILL");
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(other, "/index.html")));
    expect(new Set(statuses)).to.deep.equal(new Set(["200"]));
    await until("the log says so", () => log("error.log").includes("AH00052"));
  });

  it("answers 504 within socket-timeout when a daemon stands still, and is well when it goes on", async () => {
    const pid = Number((await ask(other, "/app")).split("\r\n\r\n")[1]?.match(/\d{2,}/)?.[0]);
    process.kill(pid, "SIGSTOP");
    await until("it stands still", () => /^\d+ \(python3\) T/.test(readFileSync(`/proc/${pid}/stat`, "utf8")));
    expect(await statusOf(other, "/app")).to.equal("504");
    expect(await statusOf(other, "/index.html")).to.equal("200");
    process.kill(pid, "SIGCONT");
    await until("it serves again", async () => (await statusOf(other, "/app")) === "200");
  });

  it("opens every log anew, and takes listeners on and off, on a graceful restart", async () => {
    for (const name of ["strict.log", "access.log", "error.log"]) {
      renameSync(join(served.root, "run", name), join(served.root, "run", `${name}.1`));
    }
    change((text) => text.replaceAll(`:${other}`, `:${third}`));
    await signal("SIGUSR1", "resuming normal operations");
    expect(await statusOf(served.port, "/app/raise?again")).to.equal("500");
    expect(await statusOf(third, "/app")).to.equal("200");
    await until("the old address is closed", async () => (await ask(other, "/")) === "");
    await until(
      "all is logged",
      () =>
        log("strict.log").includes("ValueError") &&
        log("access.log").includes("?again") &&
        log("access.log").includes("easy GET /app"),
    );
    expect(log("access.log.1")).not.to.contain("?again");
  });

  it("serves with logs that cannot be written", async () => {
    change((text) => text.replaceAll("run/access.log", "/dev/full").replaceAll("run/easy.log", "/dev/full"));
    await signal("SIGUSR1", "resuming normal operations");
    for (let count = 0; count < 5; count++) expect(await statusOf(other, "/app")).to.equal("200");
    change((text) => fill(text.replaceAll("/dev/full", "run/again.log"), served.root, served.port));
    await signal("SIGUSR1", "resuming normal operations");
    await ask(other, "/app");
    await until("lines flow", () => log("again.log").includes("easy GET /app"));
  });

  it("finishes what it has begun on SIGWINCH, and takes nothing more", async () => {
    const running = ask(other, "/app/sleep?1");
    await until("it is served", async () => (await activeRequests()) > 0);
    process.kill(supervisor(), "SIGWINCH");
    await until("nothing more is taken", async () => (await ask(other, "/")) === "");
    expect(await running).to.match(/^HTTP\/1.1 200 /);
    expect(await served.running.exit).to.equal(0);
    expect(log("modhost.pid")).to.equal("");
  });

  async function activeRequests(): Promise<number> {
    const { workers } = (await askSupervisor(join(served.root, "run/modhost.pid"), "status")) as SupervisorStatus;
    return workers.reduce((sum, { active }) => sum + active, 0);
  }

  /** Signals one worker: a child of the supervisor that listens on nothing but its channel. */
  async function signalWorker(name: NodeJS.Signals): Promise<void> {
    const worker = served.running
      .family()
      .find((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("modhost: worker"));
    expect(worker, "a worker").to.be.a("number");
    process.kill(worker ?? 0, name);
    await until("it is gone", () => !served.running.family().includes(worker ?? 0));
  }
});
