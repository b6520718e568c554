// Every option of WSGIDaemonProcess in one server: what its processes and its applications see of it.
import { execFileSync } from "node:child_process";
import { mkdirSync, realpathSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { findPython } from "../../src/process/python-interpreter.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { probedGroups, toldBy } from "../support/probes.js";
import { until } from "../support/running.js";

const isRoot = process.getuid?.() === 0;

const probe = `
import grp, json, locale, os, pwd, sys, threading, time
try:
    import own
    own = own.name
except ImportError:
    own = None

served = 0
barrier = {}

def application(environ, start_response):
    global served
    served += 1
    path = environ["PATH_INFO"]
    if path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    with open("/proc/self/cmdline", "rb") as f:
        title = f.read().rstrip(b"\\0").decode()
    umask = os.umask(0)
    os.umask(umask)
    found = {
        "pid": os.getpid(), "served": served, "cwd": os.getcwd(), "umask": umask, "own": own,
        "user": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name,
        "prefix": sys.prefix, "path": sys.path, "title": title,
        "LANG": os.environ.get("LANG"), "LC_ALL": os.environ.get("LC_ALL"),
        "locale": locale.setlocale(locale.LC_CTYPE), "HOME": os.environ.get("HOME"),
        "threads": environ["wsgi.multithread"], "processes": environ["wsgi.multiprocess"],
        "process_group": environ["mod_wsgi.process_group"],
        "application_group": environ["mod_wsgi.application_group"],
        "authorization": environ.get("HTTP_AUTHORIZATION"),
    }
    body = json.dumps(found).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
`;

interface Found {
  readonly pid: number;
  readonly served: number;
  readonly [name: string]: unknown;
}

/** The options of each group; its application is at /NAME. */
const groups: Readonly<Record<string, string>> = {
  plain: "",
  sized: "processes=2 threads=1",
  placed: "home=@ROOT@/home umask=0027 python-path=@ROOT@/lib1:@ROOT@/lib2 display-name=%{GROUP}",
  spoken: "lang=de_DE.UTF-8 locale=C.UTF-8 display-name=speaks",
  venv: "python-home=@ROOT@/venv",
  worn: "maximum-requests=3",
  slow: "threads=1 queue-timeout=1",
  stuck: "threads=1 request-timeout=1 shutdown-timeout=1",
  late: "startup-timeout=1",
  ...(isRoot ? { other: "user=nobody group=games socket-user=www-data" } : {}),
};

describe("the options of WSGIDaemonProcess", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    if ("missing" in findPython(undefined)) return this.skip();
    const configuration = `
WSGISocketPrefix @ROOT@/sockets/s
WSGIPythonPath @ROOT@/lib3
${probedGroups(groups, { late: "late" })}
WSGIScriptAlias /separate @ROOT@/apps/probe.wsgi process-group=plain application-group=separate
WSGIScriptAlias /shared @ROOT@/apps/probe.wsgi process-group=plain application-group=separate
WSGIScriptAlias /passing @ROOT@/apps/probe.wsgi process-group=plain application-group=%{GLOBAL}
WSGIScriptAlias /still @ROOT@/apps/still.wsgi process-group=plain application-group=%{GLOBAL}
<Location /passing>
    WSGIPassAuthorization On
</Location>
<Location /still>
    WSGIScriptReloading Off
</Location>
<Directory @ROOT@/apps>
    Require all granted
</Directory>
`;
    const { root, port } = await makeRoot(configuration, {
      modules: ["wsgi"],
      files: {
        "apps/probe.wsgi": probe,
        "apps/still.wsgi": probe,
        "apps/late.wsgi": "import time\ntime.sleep(60)\n",
        "lib1/own.py": "name = 'lib1'\n",
        "lib2/own.py": "name = 'lib2'\n",
        "lib3/own.py": "name = 'lib3'\n",
        "home/x": "",
        "htdocs/index.html": "static\n",
      },
    });
    mkdirSync(join(root, "sockets"));
    execFileSync("python3", ["-m", "venv", "--without-pip", join(root, "venv")]);
    served = await serveRoot(root, port);
  });
  after(() => served?.end());

  const probeAt = (path: string, init: RequestInit = {}): Promise<Found> => toldBy(served, path, init);
  const at = (path: string): string => path.replaceAll("@ROOT@", realpathSync(served.root));

  it("have mod_wsgi's defaults", async () => {
    const found = await probeAt("/plain");
    expect(found).to.include({
      threads: true,
      processes: false,
      process_group: "plain",
      application_group: "",
      own: "lib3",
    });
    expect(found["cwd"]).to.equal("/");
    if (isRoot) expect([found["user"], found["group"]]).to.deep.equal(["www-data", "www-data"]);
  });

  it("processes and threads", async () => {
    const all = await Promise.all([0, 1, 2, 3].map((i) => probeAt(`/sized/sleep?0.3&${i}`.replace(`&${i}`, ""))));
    expect(new Set(all.map(({ pid }) => pid)).size).to.equal(2);
    expect(all[0]).to.include({ threads: false, processes: true });
  });

  it("home, umask, python-path and display-name", async () => {
    const found = await probeAt("/placed");
    expect(found).to.include({ cwd: at("@ROOT@/home"), umask: 0o27, own: "lib1", title: "(wsgi:placed)" });
    expect((found["path"] as string[]).slice(0, 3)).to.deep.equal(
      ["home", "lib1", "lib2"].map((name) => join(served.root, name)),
    );
  });

  it("lang, locale and display-name", async () => {
    const found = await probeAt("/spoken");
    expect(found).to.include({ LANG: "de_DE.UTF-8", LC_ALL: "C.UTF-8", locale: "C.UTF-8", title: "speaks" });
  });

  it("python-home", async () => {
    expect((await probeAt("/venv"))["prefix"]).to.equal(join(served.root, "venv"));
  });

  it("user and group, with the socket open to socket-user alone", async function () {
    if (!isRoot) return this.skip();
    expect(await probeAt("/other")).to.include({ user: "nobody", group: "games", HOME: "/nonexistent" });
  });

  it("maximum-requests, after which another process goes on", async () => {
    const { pid } = await probeAt("/worn");
    await until("another process serves", async () => (await probeAt("/worn")).pid !== pid);
    await until("the log says so", () => /maximum.requests/.test(served.errors()));
  });

  it("queue-timeout: 504 for who waits too long, and for nobody else", async () => {
    const statuses = await Promise.all([0, 1].map(async () => (await fetch(served.url("/slow/sleep?2.5"))).status));
    expect(statuses.sort()).to.deep.equal([200, 504]);
  });

  it("request-timeout", async () => {
    const { pid } = await probeAt("/stuck");
    expect((await fetch(served.url("/stuck/sleep?30"))).status).to.be.oneOf([500, 502, 503, 504]);
    expect((await probeAt("/stuck")).pid).not.to.equal(pid);
  });

  it("startup-timeout: 503 and a line in the log", async () => {
    const response = await fetch(served.url("/late"));
    expect(response.status).to.equal(503);
    await response.text();
    expect(served.errors()).to.contain("startup-timeout");
  });

  it("have sockets under WSGISocketPrefix that only the server can use", () => {
    const sockets = readdirSync(join(served.root, "sockets"));
    expect(sockets.length).to.be.greaterThan(5);
    for (const name of sockets) {
      expect(name).to.match(/^s/);
      const { mode, uid } = statSync(join(served.root, "sockets", name));
      expect(mode & 0o077).to.equal(0);
      if (isRoot) expect(uid).to.equal(33);
    }
  });

  it("hold for each application group, which has processes of its own", async () => {
    const [global, separate, shared] = await Promise.all(
      ["/plain", "/separate", "/shared"].map((path) => probeAt(path)),
    );
    expect(separate?.pid).not.to.equal(global?.pid);
    expect(shared?.pid).to.equal(separate?.pid);
    expect(separate?.["application_group"]).to.equal("separate");
  });

  it("leave Authorization out but under WSGIPassAuthorization", async () => {
    const headers = { Authorization: "Basic eDp5" };
    expect((await probeAt("/plain", { headers }))["authorization"]).to.equal(null);
    expect((await probeAt("/passing", { headers }))["authorization"]).to.equal("Basic eDp5");
  });

  it("keep a changed script under WSGIScriptReloading Off", async () => {
    const before = await probeAt("/still");
    writeFileSync(join(served.root, "apps/still.wsgi"), "this is no Python\n");
    const after = await probeAt("/still");
    expect(after.pid).to.equal(before.pid);
    expect(after.served).to.be.greaterThan(before.served);
  });
});

describe("a server with WSGIPythonHome and socket-user", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    if ("missing" in findPython(undefined)) return this.skip();
    const { root, port } = await makeRoot(
      `
WSGIPythonHome @ROOT@/venv
WSGIDaemonProcess first
WSGIDaemonProcess closed socket-user=nobody connect-timeout=1
WSGIScriptAlias /first @ROOT@/probe.wsgi process-group=first application-group=%{GLOBAL}
WSGIScriptAlias /closed @ROOT@/probe.wsgi process-group=closed application-group=%{GLOBAL}
<Directory @ROOT@>
    Require all granted
</Directory>
`,
      { modules: ["wsgi"], files: { "probe.wsgi": probe } },
    );
    execFileSync("python3", ["-m", "venv", "--without-pip", join(root, "venv")]);
    served = await serveRoot(root, port);
  });
  after(() => served?.end());

  it("runs the interpreter of the virtual environment", async () => {
    const response = await fetch(served.url("/first"));
    expect(((await response.json()) as Found)["prefix"]).to.equal(join(served.root, "venv"));
  });

  it("lets nobody but socket-user connect", async function () {
    if (!isRoot) return this.skip();
    const sockets = readdirSync(join(served.root, "run")).filter((name) => name.endsWith(".sock"));
    expect(new Set(sockets.map((name) => statSync(join(served.root, "run", name)).uid)).size).to.equal(2);
    expect((await fetch(served.url("/closed"))).status).to.equal(503);
    const reason = /daemon group "closed" is not available: cannot connect to .*: EACCES/;
    await until("the log says why", () => reason.test(served.errors()));
  });
});
