// Python applications without a daemon group: CPython inside the HTTP worker.
import { appendFileSync, chmodSync, utimesSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { fill, makeRoot, serveModhost, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const application = `
import atexit, json, os, sys, threading, time

number = 0

def application(environ, start_response):
    global number
    number += 1
    path = environ["PATH_INFO"]
    if path == "/raises":
        raise ValueError("on purpose")
    if path == "/sleeps":
        time.sleep(float(environ["QUERY_STRING"]))
    if path == "/file":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](open(environ["QUERY_STRING"], "rb"))
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"%d," % each for each in range(1000))
    if path == "/prints":
        print("printed by", environ["mod_wsgi.application_group"])
        sys.stderr.write("written to stderr\\n")
    body = environ["wsgi.input"].read(1000000)
    answer = {
        "pid": os.getpid(), "number": number, "length": len(body), "group": environ["mod_wsgi.application_group"],
        "process": environ["mod_wsgi.process_group"], "multi": [environ["wsgi.multithread"], environ["wsgi.multiprocess"]],
        "module": sys.modules["mod_wsgi"].application_group, "daemon": environ["mod_wsgi.daemon_start"],
        "path": sys.path[:2], "argv": sys.argv, "secret": os.environ.get("PYTHONHASHSEED"),
    }
    start_response("200 OK", [("Content-Type", "application/json"), ("X-One", "1"), ("X-One", "2")])
    return [json.dumps(answer).encode()]

atexit.register(lambda: print("the end of", threading.current_thread().name))
`;

const configuration = `
LogLevel info
WSGIPythonPath @ROOT@/library
WSGIScriptAlias /main @ROOT@/app.wsgi application-group=%{GLOBAL}
WSGIScriptAlias /other @ROOT@/app.wsgi application-group=other
WSGIScriptAlias /broken @ROOT@/broken.wsgi
WSGIScriptAlias /changing @ROOT@/changing.wsgi
WSGIScriptAlias /preloaded @ROOT@/preloaded.wsgi process-group=%{GLOBAL} application-group=%{GLOBAL}
<Directory @ROOT@>
  Require all granted
</Directory>
`;

const files = {
  "app.wsgi": application,
  "library/there.py": "name = 'there'\n",
  "broken.wsgi": "import there\nimport not_there\n",
  "changing.wsgi": version(1),
  "preloaded.wsgi": "print('loaded at the start')\n" + application,
};

function version(number: number): string {
  return `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"version ${number}"]
`;
}

describe("embedded Python", function () {
  this.timeout(60_000);
  before(function () {
    needPython(this);
  });
  let server: ServedRoot;
  before(async () => {
    server = await serveModhost(`${configuration}\nServerLimit 1\nStartServers 1`, { files, modules: ["wsgi"] });
  });
  after(() => server.end());

  const ask = (path: string, options?: RequestInit): Promise<Response> => fetch(server.url(path), options);
  const text = async (path: string, options?: RequestInit): Promise<string> => (await ask(path, options)).text();
  const json = async (path: string, options?: RequestInit): Promise<Record<string, unknown>> =>
    (await (await ask(path, options)).json()) as Record<string, unknown>;

  it("runs applications in the worker, each application group in an interpreter of its own", async () => {
    const [main, other] = [await json("/main"), await json("/other")];
    expect(main["pid"]).to.equal(other["pid"]);
    expect([main["number"], other["number"]]).to.deep.equal([1, 1]);
    expect([main["group"], other["group"], other["module"], main["process"]]).to.deep.equal(["", "other", "other", ""]);
    expect(main["multi"]).to.deep.equal([true, false]);
    expect([main["daemon"], main["argv"]]).to.deep.equal([0, ["mod_wsgi"]]);
    expect(other["path"]).to.include(join(server.root, "library"));
  });

  it("reads bodies, streams answers and sends files", async () => {
    expect((await json("/main", { method: "POST", body: "x".repeat(300_000) }))["length"]).to.equal(300_000);
    expect(await text("/main/stream")).to.equal([...Array(1000).keys()].map((each) => `${each},`).join(""));
    expect(await text(`/other/file?${join(server.root, "changing.wsgi")}`)).to.equal(version(1));
  });

  it("keeps repeated fields apart, as mod_wsgi does here", async () => {
    const socket = connect(server.port, "127.0.0.1").setEncoding("latin1");
    socket.end("GET /main HTTP/1.0\r\n\r\n");
    let answer = "";
    for await (const piece of socket) answer += String(piece);
    expect(answer).to.include("X-One: 1\r\nX-One: 2\r\n");
  });

  it("serves while other requests of the same application sleep, and while a loop runs", async () => {
    const ended: string[] = [];
    const sleep = async (seconds: number): Promise<void> => {
      await text(`/main/sleeps?${seconds}`);
      ended.push(String(seconds));
    };
    await Promise.all([sleep(4), sleep(3), sleep(0.2), sleep(0.1)]);
    expect(ended.slice(0, 2)).to.have.members(["0.1", "0.2"]);
  });

  it("answers 500 to a failure, with its traceback in the log", async () => {
    expect((await ask("/main/raises")).status).to.equal(500);
    expect((await ask("/broken")).status).to.equal(500);
    await until("the log has both", () =>
      /ValueError: on purpose[^]*No module named 'not_there'/.test(server.errors()),
    );
    expect((await ask("/main")).status).to.equal(200);
  });

  it("has what is printed in the log", async () => {
    await text("/other/prints");
    await until("the log has it", () => /printed by other[^]*written to stderr/.test(server.errors()));
  });

  it("has loaded what both options of an alias name before the first request", () => {
    expect(server.errors()).to.include("loaded at the start");
  });

  it("loads a changed script anew in place, and goes on with the former while the new one does not load", async () => {
    const file = join(server.root, "changing.wsgi");
    const change = (content: string, second: number): void => {
      writeFileSync(file, content);
      utimesSync(file, second, second);
    };
    expect(await text("/changing")).to.equal("version 1");
    change(version(2), 1_000_000);
    expect(await text("/changing")).to.equal("version 2");
    change("import gone_for_good\n", 1_000_001);
    expect(await text("/changing")).to.equal("version 2");
    expect(await text("/changing")).to.equal("version 2");
    await until("the log has it", () => server.errors().includes("No module named 'gone_for_good'"));
    change(version(3), 1_000_002);
    expect(await text("/changing")).to.equal("version 3");
    expect(server.errors().split("No module named 'gone_for_good'")).to.have.length(2);
  });

  it("runs the functions for the end in each interpreter when the server stops", async () => {
    server.running.child.kill("SIGTERM");
    await until("modhost ended", () => server.running.child.exitCode !== null);
    expect(server.errors().split("the end of").length - 1).to.be.at.least(2);
  });
});

describe("embedded Python that cannot be had", function () {
  this.timeout(60_000);
  before(function () {
    needPython(this);
  });

  it("answers 503 and names the remedy, for a Python without a shared library", async () => {
    const home = {
      "home/bin/python3": "#!/bin/sh\n" + `echo '{"version": "3.12.1", "files": ["/opt/lib/libpython3.12.so.1.0"]}'\n`,
    };
    const { root, port } = await makeRoot(`WSGIPythonHome @ROOT@/home\nWSGIScriptAlias /app @ROOT@/app.wsgi`, {
      files: { ...home, "app.wsgi": application },
      modules: ["wsgi"],
    });
    chmodSync(join(root, "home/bin/python3"), 0o755);
    appendFileSync(
      join(root, "apache2.conf"),
      fill("\n<Directory @ROOT@>\nRequire all granted\n</Directory>\n", root, port),
    );
    const server = await serveRoot(root, port);
    try {
      const response = await fetch(server.url("/app"));
      expect(response.status).to.equal(503);
      expect(await response.text()).to.include("WSGIDaemonProcess");
      await until("the log has it", () => /no shared library[^]*apt-get install libpython3\.12/.test(server.errors()));
    } finally {
      await server.end();
    }
  });
});
