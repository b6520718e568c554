// Options of WSGIDaemonProcess that prepare a process, guard it, or let it know of the server, in one server.
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { findPython } from "../../src/process/python-interpreter.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { probedGroups, toldBy } from "../support/probes.js";
import { until } from "../support/running.js";

const probe = `
import json, os, sys, time

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    if path == "/metrics":
        import mod_wsgi
        body = json.dumps(mod_wsgi.server_metrics()).encode()
        start_response("200 OK", [("Content-Type", "application/json")])
        return [body]
    if path == "/field":
        start_response("200 OK", [("X-Long", "x" * int(environ["QUERY_STRING"] or 0))])
        return [b"{}"]
    if path == "/flood":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * 65536 for _ in range(1600))
    found = {
        "pid": os.getpid(), "prefix": sys.prefix, "warmed": sys.modules.get("warmed"),
        "LC_ALL": os.environ.get("LC_ALL"), "HOME": os.environ.get("HOME"), "GREETING": os.environ.get("GREETING"),
        "own": {name: value for name, value in os.environ.items() if name.startswith("OWN_")},
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
`;

interface Found {
  readonly pid: number;
  readonly [name: string]: unknown;
}

/** The options of each group; its application is at /NAME. */
const groups: Readonly<Record<string, string>> = {
  plain: "",
  named: "python-executable=@ROOT@/venv/bin/python3 env-file=@ROOT@/site.env",
  lost: "env-file=@ROOT@/lost.env",
  warmed: "preload=@ROOT@/warm.py processes=2",
  cold: "preload=@ROOT@/cold.py",
  told: "server-metrics=On header-buffer-size=8192",
  pressing: "response-socket-timeout=1",
  owned: `script-user=#${process.getuid?.()}`,
  stranger: "script-user=#12345",
  shared: `script-group=#${process.getgid?.()}`,
};

describe("options of WSGIDaemonProcess that prepare and guard", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    if ("missing" in findPython(undefined)) return this.skip();
    const configuration = `
CustomLog @ROOT@/run/access.log "%r %>s"
${probedGroups(groups)}
<Directory @ROOT@/apps>
    Require all granted
</Directory>
`;
    const { root, port } = await makeRoot(configuration, {
      modules: ["wsgi", "log_config"],
      files: {
        "apps/probe.wsgi": probe,
        "site.env": `# of the site
HOME="/from the file"
export LC_ALL=C
GREETING=one

OWN_SINGLE='a "quoted" word'   # and a remark
OWN_HASH="kept # here"
OWN_LINES="first
second"
  OWN_SPACED = around
OWN_EMPTY=
OWN_EQUALS=a=b==
OWN_AGAIN=1
OWN_AGAIN=2
OWN_LITERAL=$HOME/x
this line is none
`,
        "lost.env": "",
        "warm.py": "import sys, time\ntime.sleep(0.2)\nsys.modules['warmed'] = 'yes'\n",
        "cold.py": "raise KeyError('no settings')\n",
        "htdocs/index.html": "static\n",
      },
    });
    execFileSync("python3", ["-m", "venv", "--without-pip", join(root, "venv")]);
    served = await serveRoot(root, port);
  });
  after(() => served?.end());

  const probeAt = (path: string): Promise<Found> => toldBy(served, path);

  it("python-executable and env-file", async () => {
    const prefix = join(served.root, "venv");
    const { pid, own, ...found } = await probeAt("/named");
    expect(own).to.deep.equal({
      ...{ OWN_SINGLE: 'a "quoted" word', OWN_HASH: "kept # here", OWN_LINES: "first\nsecond", OWN_SPACED: "around" },
      ...{ OWN_EMPTY: "", OWN_EQUALS: "a=b==", OWN_AGAIN: "2", OWN_LITERAL: "$HOME/x" },
    });
    expect(found).to.include({ prefix, HOME: "/from the file", LC_ALL: "C", GREETING: "one" });
    // A new process reads the file again.
    writeFileSync(join(served.root, "site.env"), "GREETING=two\n");
    process.kill(pid, "SIGUSR1");
    await until("its successor serves", async () => (await probeAt("/named"))["GREETING"] === "two");
  });

  it("env-file that is gone: 503, the reason in the log, and well again when it is back", async () => {
    const file = join(served.root, "lost.env");
    const { pid } = await probeAt("/lost");
    rmSync(file);
    process.kill(pid, "SIGKILL");
    await until("requests are refused", async () => (await fetch(served.url("/lost"))).status === 503);
    await until("the log says why", () => /env-file \S+lost\.env cannot be read: ENOENT/.test(served.errors()));
    writeFileSync(file, "GREETING=back\n");
    await until("it serves", async () => (await fetch(served.url("/lost"))).status === 200);
    expect((await probeAt("/lost"))["GREETING"]).to.equal("back");
  });

  it("preload: run in each process before the application", async () => {
    const all = await Promise.all([0, 1, 2, 3].map(() => probeAt("/warmed/sleep?0.3")));
    for (const { warmed } of all) expect(warmed).to.equal("yes");
  });

  it("preload that fails: 503, and the traceback in the log", async () => {
    const response = await fetch(served.url("/cold"));
    expect(response.status).to.equal(503);
    await response.text();
    await until("the log says why", () =>
      /Failed to exec Python script file '.*cold\.py'[^]*KeyError: 'no settings'/.test(served.errors()),
    );
  });

  it("server-metrics: what all workers do, for those who may know", async () => {
    const metrics = await probeAt("/told/metrics?x");
    expect(metrics).to.have.keys([
      ...["server_limit", "thread_limit", "running_generation", "restart_time", "current_time", "running_time"],
      "processes",
    ]);
    const [process] = metrics["processes"] as [{ readonly pid: number; readonly workers: Record<string, unknown>[] }];
    expect(process).to.include({ process_num: 0, generation: 1, quiescing: false });
    expect(process.workers).to.have.length(metrics["thread_limit"] as number);
    const all = (metrics["processes"] as (typeof process)[]).flatMap(({ workers }) => workers);
    const own = all.find(({ request }) => request === "GET /told/metrics?x HTTP/1.1");
    expect(own).to.include({ status: "W", client: "127.0.0.1" });
    expect(all.map(({ status }) => status)).to.include("_");
    expect(await probeAt("/plain/metrics")).to.equal(null);
  });

  it("header-buffer-size: 500 for a response with a longer field", async () => {
    const statuses = await Promise.all(
      [8000, 9000].map(async (length) => (await fetch(served.url(`/told/field?${length}`))).status),
    );
    expect(statuses).to.deep.equal([200, 500]);
    await until("the log says why", () => /WSGI0144: the field X-Long of the response/.test(served.errors()));
    expect((await fetch(served.url("/plain/field?9000"))).status).to.equal(200);
  });

  it("response-socket-timeout: a client that takes nothing is cut", async () => {
    const client = connect(Number(new URL(served.url("/")).port), "127.0.0.1");
    client.write("GET /pressing/flood HTTP/1.1\r\nHost: x\r\n\r\n");
    // It reads only when the server has given it up: what it then gets is not all.
    const log = join(served.root, "run/access.log");
    await until("the server has logged it", () => readFileSync(log, "utf8").includes("/pressing/flood"));
    let bytes = 0;
    client.on("data", (data: Buffer) => (bytes += data.length));
    await new Promise<void>((done) => client.on("error", () => undefined).on("close", () => done()));
    expect(bytes)
      .to.be.greaterThan(0)
      .and.lessThan(1600 * 65_536);
  });

  it("script-user and script-group: 403 for scripts of others", async () => {
    const status = async (path: string): Promise<number> => (await fetch(served.url(path))).status;
    expect([await status("/owned"), await status("/shared"), await status("/stranger")]).to.deep.equal([200, 200, 403]);
    await until("the log says why", () => /the script does not belong to user #12345/.test(served.errors()));
    chmodSync(join(served.root, "apps/probe.wsgi"), 0o664);
    expect([await status("/owned"), await status("/shared")]).to.deep.equal([403, 200]);
    chmodSync(join(served.root, "apps/probe.wsgi"), 0o644);
    chmodSync(join(served.root, "apps"), 0o777);
    expect([await status("/owned"), await status("/shared")]).to.deep.equal([403, 403]);
    chmodSync(join(served.root, "apps"), 0o755);
  });
});

describe("directives about the interpreter", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    if ("missing" in findPython(undefined)) return this.skip();
    const text = `
import json, random, signal, sys

def refused(name):
    try:
        getattr(sys, name).readline if name == "stdin" else getattr(sys, name).write("x")
    except IOError as error:
        return str(error)

def application(environ, start_response):
    found = {
        "optimize": sys.flags.optimize, "bytecode": sys.flags.dont_write_bytecode, "warnings": sys.warnoptions,
        "random": sys.flags.hash_randomization, "hash": hash("x"), "interval": sys.getswitchinterval(),
        "stdin": refused("stdin"), "stdout": refused("stdout"), "signal": signal.signal.__name__,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
`;
    const configuration = `
WSGIPythonOptimize 1
WSGIPythonWarnings ignore::DeprecationWarning
WSGIPythonHashSeed 7
WSGIDontWriteBytecode On
WSGISwitchInterval 0.02
WSGIRestrictStdin On
WSGIRestrictStdout On
WSGIRestrictSignal Off
WSGIDaemonProcess one threads=1
WSGIDaemonProcess other threads=1 switch-interval=0.03
WSGIScriptAlias /one @ROOT@/apps/flags.wsgi process-group=one application-group=%{GLOBAL}
WSGIScriptAlias /other @ROOT@/apps/flags.wsgi process-group=other application-group=%{GLOBAL}
WSGIScriptAlias /inside @ROOT@/apps/flags.wsgi application-group=%{GLOBAL}
<Directory @ROOT@/apps>
    Require all granted
</Directory>
`;
    const { root, port } = await makeRoot(configuration, { modules: ["wsgi"], files: { "apps/flags.wsgi": text } });
    served = await serveRoot(root, port);
  });
  after(() => served?.end());

  const expected = {
    optimize: 1,
    bytecode: 1,
    random: 1,
    interval: 0.02,
    stdin: "sys.stdin access restricted by mod_wsgi",
    stdout: "sys.stdout access restricted by mod_wsgi",
  };
  const at = async (path: string): Promise<Found> => (await (await fetch(served.url(path))).json()) as Found;

  it("hold in daemons", async () => {
    const [one, other] = [await at("/one"), await at("/other")];
    expect(one).to.include({ ...expected, signal: "signal" });
    expect(one["warnings"]).to.deep.equal(["ignore::DeprecationWarning"]);
    expect(other["interval"]).to.equal(0.03);
    // Two processes with the same seed.
    expect(other["hash"]).to.equal(one["hash"]);
  });

  it("hold inside the server, where signals are always the server's", async function () {
    const response = await fetch(served.url("/inside"));
    // Without koffi, or without a shared library of Python.
    if (response.status === 503) return this.skip();
    const { hash } = await at("/one");
    const found = (await response.json()) as Found;
    expect(found).to.include({ ...expected, signal: "ignored", hash });
  });
});
