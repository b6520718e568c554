// Options of WSGIDaemonProcess, and directives beside them, of which an application or its clients see something: in one server.
import { execFileSync } from "node:child_process";
import { utimesSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { findPython } from "../../src/process/python-interpreter.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { probedGroups, toldBy } from "../support/probes.js";
import { until } from "../support/running.js";

const isRoot = process.getuid?.() === 0;

const probe = `
import json, os, resource, socket, stat, sys, threading, time
import mod_wsgi

def buffers():
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                one = socket.socket(fileno=os.dup(int(name)))
                with one:
                    if not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) and one.getsockname():
                        found.add((one.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), one.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)))
        except OSError:
            pass
    return sorted(found)

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/sleep":
        time.sleep(float(environ["QUERY_STRING"]))
    if path == "/spin":
        end = time.time() + float(environ["QUERY_STRING"])
        while time.time() < end:
            pass
    metrics = mod_wsgi.server_metrics()
    found = {
        "pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid(), "groups": sorted(os.getgroups()), "cwd": os.getcwd(),
        "eggs": os.environ.get("PYTHON_EGG_CACHE"), "buffers": buffers(), "path": sys.path,
        "data": resource.getrlimit(resource.RLIMIT_DATA)[0], "space": resource.getrlimit(resource.RLIMIT_AS)[0],
        "cpu": resource.getrlimit(resource.RLIMIT_CPU), "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "stack": threading.stack_size(), "interval": sys.getswitchinterval(),
        "multithread": environ["wsgi.multithread"], "multiprocess": environ["wsgi.multiprocess"],
        "once": environ["wsgi.run_once"], "hidden": sorted(sys.modules.keys() & {"by_directive", "by_option"}),
        "metrics": None if metrics is None else sorted(metrics),
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
  single: "processes=1 threads=1 maximum-requests=1",
  bounded:
    "memory-limit=2000000000 virtual-memory-limit=4000000000 cpu-time-limit=1000 shutdown-timeout=9 cpu-priority=3 stack-size=524288 switch-interval=0.02",
  sockets: "listen-backlog=37 send-buffer-size=70000 receive-buffer-size=60000",
  eggs: "python-eggs=@ROOT@/eggs",
  added: "python-path=@ROOT@/option",
  returning: "restart-interval=1",
  idle: "inactivity-timeout=1",
  planned: "threads=2 restart-interval=2 graceful-timeout=1",
  evicted: "threads=2 graceful-timeout=60 eviction-timeout=1",
  interrupted: "threads=2 request-timeout=1 interrupt-timeout=20",
  ...(isRoot
    ? { grouped: "user=games group=#20 supplementary-groups=www-data,#60", numbered: "user=#5 group=#60" }
    : {}),
};

describe("what options of WSGIDaemonProcess do", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    if ("missing" in findPython(undefined)) return this.skip();
    const { root, port } = await makeRoot(
      `
WSGIPythonPath @ROOT@/directive
WSGIServerMetrics On
${probedGroups(groups)}
WSGIScriptAlias /inside @ROOT@/apps/probe.wsgi process-group=%{GLOBAL} application-group=%{GLOBAL}
WSGIScriptAlias /elsewhere @ROOT@/apps/probe.wsgi process-group=plain application-group=%{GLOBAL}
<Location /idle/check>
    WSGIIgnoreActivity On
</Location>
<Location /elsewhere>
    WSGIRestrictProcess single %{GLOBAL}
</Location>
<Location /inside>
    WSGIRestrictProcess single %{GLOBAL}
</Location>
<Directory @ROOT@/apps>
    Require all granted
</Directory>
`,
      {
        modules: ["wsgi"],
        files: {
          "apps/probe.wsgi": probe,
          "directive/site.pth": "import sys; sys.modules['by_directive'] = sys\n@ROOT@",
          "option/site.pth": "../deeper\nimport sys; sys.modules['by_option'] = sys\n",
          "deeper/x": "",
        },
      },
    );
    served = await serveRoot(root, port);
  });
  after(() => served?.end());

  const at = (path: string): Promise<Found> => toldBy(served, path);

  it("processes, threads and maximum-requests: what WSGI says of them", async () => {
    expect(await at("/plain")).to.include({ multithread: true, multiprocess: false, once: false });
    expect(await at("/single")).to.include({ multithread: false, multiprocess: true, once: true });
  });

  it("memory-limit, virtual-memory-limit, cpu-time-limit, cpu-priority, stack-size and switch-interval", async () => {
    const found = await at("/bounded");
    expect(found).to.include({ data: 2e9, space: 4e9, nice: 3, stack: 524_288, interval: 0.02 });
    // The kernel ends what is still there when shutdown-timeout is over.
    expect(found["cpu"]).to.deep.equal([1000, 1000 + 1 + 9]);
  });

  it("send-buffer-size and receive-buffer-size, of which the kernel makes twice as much", async () => {
    expect((await at("/sockets"))["buffers"]).to.deep.include([140_000, 120_000]);
    expect((await at("/plain"))["buffers"]).not.to.deep.include([140_000, 120_000]);
  });

  it("listen-backlog", function () {
    let listening: string;
    try {
      listening = execFileSync("ss", ["-xlH"], { encoding: "utf8" });
    } catch {
      return this.skip();
    }
    const own = listening.split("\n").filter((line) => line.includes(served.root));
    expect(own.filter((line) => /\s37\s/.test(line))).to.have.length(1);
    expect(own.filter((line) => /\s100\s/.test(line)).length).to.be.greaterThan(3);
  });

  it("python-eggs", async () => {
    expect((await at("/eggs"))["eggs"]).to.equal(join(served.root, "eggs"));
    expect((await at("/plain"))["eggs"]).to.equal(null);
  });

  it("WSGIPythonPath, and python-path in place of it, as site folders with their .pth files", async () => {
    const [plain, added] = [await at("/plain"), await at("/added")];
    expect(plain["hidden"]).to.deep.equal(["by_directive"]);
    expect((plain["path"] as string[])[0]).to.equal(join(served.root, "directive"));
    expect(added["hidden"]).to.deep.equal(["by_option"]);
    expect((added["path"] as string[]).slice(0, 2)).to.deep.equal(
      ["option", "deeper"].map((name) => join(served.root, name)),
    );
  });

  it("user, group and supplementary-groups, by names and numbers, in the user's home", async function () {
    if (!isRoot) return this.skip();
    expect(await at("/grouped")).to.deep.include({ uid: 5, gid: 20, groups: [33, 60], cwd: "/usr/games" });
    expect(await at("/numbered")).to.deep.include({ uid: 5, gid: 60 });
  });

  it("restart-interval: another process, and no request lost", async () => {
    const { pid } = await at("/returning");
    await until("another serves", async () => (await at("/returning")).pid !== pid);
  });

  it("graceful-timeout: what still runs then is cut off when a process is replaced as planned", async () => {
    const { pid } = await at("/planned");
    const cut = await fetch(served.url("/planned/sleep?30"));
    expect(cut.status).to.equal(502);
    await cut.text();
    expect((await at("/planned")).pid).not.to.equal(pid);
  });

  it("eviction-timeout: the same, sooner, on SIGUSR1", async () => {
    const { pid } = await at("/evicted");
    const running = fetch(served.url("/evicted/sleep?30"));
    await until("the request runs", async () => (await at("/evicted")).pid === pid);
    process.kill(pid, "SIGUSR1");
    const cut = await running;
    expect(cut.status).to.equal(502);
    await cut.text();
    expect((await at("/evicted")).pid).not.to.equal(pid);
  });

  it("inactivity-timeout: requests that WSGIIgnoreActivity names do not keep a process", async () => {
    const { pid } = await at("/idle");
    await until("it is replaced although it is asked", async () => (await at("/idle/check")).pid !== pid);
    await until("the log says why", () => /inactivity.timeout/.test(served.errors()));
  });

  it("interrupt-timeout: 504 for the request, and the log has it whole, with the stack", async () => {
    const { pid } = await at("/interrupted");
    const response = await fetch(served.url("/interrupted/spin?30"));
    expect(response.status).to.equal(504);
    await response.text();
    expect((await at("/interrupted")).pid).to.equal(pid);
    await until("the log has the stack", () => /probe\.wsgi", line \d+,? in application/.test(served.errors()));
    const line =
      /"GET \/interrupted\/spin\?30 HTTP\/1.1" \(\S+, localhost\) has run .* of process (\d+) of daemon group/;
    expect(line.exec(served.errors())?.[1]).to.equal(String(pid));
  });

  it("WSGIRestrictProcess: 500 for an application of another group", async () => {
    const response = await fetch(served.url("/elsewhere"));
    expect(response.status).to.equal(500);
    await response.text();
    await until("the log says why", () => /WSGI0149/.test(served.errors()));
  });

  it("WSGIServerMetrics: for applications inside the server alone", async function () {
    expect((await at("/plain"))["metrics"]).to.equal(null);
    const response = await fetch(served.url("/inside"));
    // Without koffi, or without a shared library of Python.
    if (response.status === 503) return this.skip();
    const found = (await response.json()) as Found;
    expect(found["metrics"]).to.include("processes");
    expect(found).to.include({ multithread: true, once: false });
  });

  it("a touched script replaces the process of a group", async () => {
    const { pid } = await at("/plain");
    utimesSync(join(served.root, "apps/probe.wsgi"), 1, 1);
    await until("another serves", async () => (await at("/plain")).pid !== pid);
  });
});
