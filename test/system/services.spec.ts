// Daemon groups with threads=0, which run scripts and no requests; modules named mod_wsgi and apache; ends of processes.
import { appendFileSync, chmodSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

/** Text of a script that writes lines into a file of the folder notes/. */
const noting = (name: string, rest: string): string => `
import os, signal, sys, time, atexit

def note(text):
    with open("@NOTES@/${name}", "a") as file:
        file.write(text + "\\n")
${rest}`;

const scripts: Readonly<Record<string, string>> = {
  runs: noting(
    "runs",
    `
import mod_wsgi
def ended(number, frame):
    note("asked to end")
    sys.exit(0)
signal.signal(signal.SIGTERM, ended)
atexit.register(note, "atexit")
note("started %d %s %d" % (os.getpid(), mod_wsgi.process_group, mod_wsgi.threads_per_process))
while True:
    time.sleep(0.02)
`,
  ),
  unhandled: noting(
    "unhandled",
    'note("started %d" % os.getpid())\ntry:\n    time.sleep(600)\nfinally:\n    note("left")\n',
  ),
  fails: noting("fails", 'note("started")\nraise RuntimeError("this service fails")\n'),
  returns: noting("returns", 'note("started")\n'),
  ends: noting(
    "ends",
    `
import json, mod_wsgi, apache, mod_wsgi.express
atexit.register(note, "atexit")
mod_wsgi.subscribe_shutdown(lambda name, **rest: note(name))

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    found = {
        "express": mod_wsgi.express.name, "version": mod_wsgi.version, "description": apache.description, "mpm": apache.mpm_name,
        "built": apache.build_date, "extended": getattr(apache, "installed", None), "apache": apache.version,
        "eggs": os.environ.get("PYTHON_EGG_CACHE"),
    }
    return [json.dumps(found).encode()]
`,
  ),
};

const configuration = `
WSGIDestroyInterpreter @DESTROY@
WSGIPythonPath @ROOT@/installed
WSGIPythonEggs @ROOT@/eggs
WSGIDaemonProcess service threads=0
WSGIImportScript @ROOT@/runs.py process-group=service application-group=%{GLOBAL}
WSGIDaemonProcess plain threads=0 shutdown-timeout=2
WSGIImportScript @ROOT@/unhandled.py process-group=plain application-group=%{GLOBAL}
WSGIDaemonProcess failing threads=0
WSGIImportScript @ROOT@/fails.py process-group=failing application-group=%{GLOBAL}
WSGIDaemonProcess returning threads=0
WSGIImportScript @ROOT@/returns.py process-group=returning application-group=%{GLOBAL}
WSGIDaemonProcess site threads=1
WSGIScriptAlias /service @ROOT@/ends.py process-group=service application-group=%{GLOBAL}x
WSGIScriptAlias /site @ROOT@/ends.py process-group=site application-group=%{GLOBAL}
WSGIScriptAlias /embedded @ROOT@/ends.py process-group=%{GLOBAL} application-group=%{GLOBAL}
<Directory @ROOT@>
    Require all granted
</Directory>
`;

describe("a daemon group without threads", function () {
  this.timeout(90_000);
  let served: ServedRoot | undefined;

  beforeEach(function () {
    needPython(this);
  });
  afterEach(async () => {
    await served?.end();
    served = undefined;
  });

  async function serve(destroy: "On" | "Off"): Promise<ServedRoot> {
    const { root, port } = await makeRoot(configuration.replace("@DESTROY@", destroy), {
      modules: ["wsgi"],
      files: {
        "installed/mod_wsgi/__init__.py": "",
        "installed/mod_wsgi/express.py": "name = 'the package'\n",
        "installed/apache.py": "installed = True\n",
      },
    });
    mkdirSync(join(root, "notes"));
    chmodSync(join(root, "notes"), 0o777);
    for (const [name, text] of Object.entries(scripts)) {
      appendFileSync(join(root, `${name}.py`), text.replaceAll("@NOTES@", join(root, "notes")));
    }
    served = await serveRoot(root, port);
    return served;
  }
  const notes = (name: string): string[] => {
    try {
      return readFileSync(join(served?.root ?? "", "notes", name), "utf8")
        .trim()
        .split("\n");
    } catch {
      return [];
    }
  };

  it("runs its scripts, is run again when they end, and takes no requests", async () => {
    const server = await serve("On");
    await until("the service runs", () => notes("runs").some((line) => /^started \d+ service 0$/.test(line)));
    await until("those that end are run again", () => notes("fails").length > 1 && notes("returns").length > 1);
    await until("the traceback is in the log", () => server.errors().includes("RuntimeError: this service fails"));
    expect((await fetch(server.url("/service"))).status).to.equal(503);
    await until("the log says why", () =>
      server.errors().includes("has threads=0: it runs scripts, and takes no requests"),
    );
    expect(notes("runs")).to.have.length(1);
  });

  it("is asked to end by SIGTERM, which is sys.exit() where the script does not handle it", async () => {
    const { running } = await serve("On");
    await until("both run", () => notes("runs").length === 1 && notes("unhandled").length === 1);
    running.child.kill("SIGTERM");
    await until("both have ended", () => notes("runs").includes("atexit") && notes("unhandled").includes("left"));
    expect(notes("runs").slice(1)).to.deep.equal(["asked to end", "atexit"]);
  });

  it("is replaced by a graceful restart, and only one goes on", async () => {
    const { running } = await serve("On");
    await until("it runs", () => notes("runs").length === 1);
    running.child.kill("SIGUSR1");
    await until("the other has ended", () => notes("runs").includes("atexit"));
    expect(notes("runs").filter((line) => line.startsWith("started"))).to.have.length(2);
  });

  for (const destroy of ["On", "Off"] as const) {
    it(`leaves modules that are installed as they are; WSGIDestroyInterpreter ${destroy}`, async () => {
      const server = await serve(destroy);
      const { running, root } = server;
      for (const [path, eggs] of [
        ["/site", null],
        ["/embedded", `${root}/eggs`],
      ] as const) {
        const { description, ...found } = (await (await fetch(server.url(path))).json()) as Record<string, unknown>;
        expect(description).to.match(/^Apache\/2\.4\.\d+ .*mod_wsgi\/6\.0\.5 Python\/3\.\d+$/);
        expect(found).to.deep.equal({
          ...{
            express: "the package",
            version: [6, 0, 5],
            mpm: "event",
            built: "",
            extended: true,
            apache: [2, 4, 71],
          },
          eggs,
        });
      }
      running.child.kill("SIGTERM");
      await until("the server has ended", () => running.child.exitCode !== null);
      expect(notes("ends")).to.include("process_stopping");
      expect(notes("ends").includes("atexit")).to.equal(destroy === "On");
    });
  }
});
