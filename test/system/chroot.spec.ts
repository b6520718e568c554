// chroot= of WSGIDaemonProcess: what its processes see, what is passed to them, and what is refused.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { makeJail } from "../support/jail.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const program = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

const application = `
import json, os, sys
import helping

def application(environ, start_response):
    if environ["PATH_INFO"] == "/fail":
        raise ValueError("inside")
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return environ["wsgi.file_wrapper"](open("/srv/page.txt", "rb"))
    found = {
        "pid": os.getpid(), "root": sorted(os.listdir("/")), "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(),
        "cwd": os.getcwd(), "path": sys.path, "file": __file__, "helping": helping.__file__, "set": os.environ.get("SET"),
        "outside": os.path.exists(@OUTSIDE@), "preloaded": getattr(sys, "preloaded", None),
        "descriptors": descriptors(),
        "environ": {name: value for name, value in environ.items() if isinstance(value, str)},
        "body": environ["wsgi.input"].read().decode(),
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]

def descriptors():
    import stat
    folders = []
    for number in range(64):
        try:
            if stat.S_ISDIR(os.fstat(number).st_mode):
                folders.append(number)
        except OSError:
            pass
    return folders
`;

const configuration = `
WSGIDaemonProcess shut chroot=@ROOT@/jail/ user=nobody home=/srv/home python-path=/srv/lib preload=@ROOT@/jail/srv/first.py env-file=@ROOT@/set.env threads=2 processes=1
WSGIDaemonProcess empty chroot=@ROOT@/run
WSGIDaemonProcess script chroot=@ROOT@/jail user=nobody
WSGIScriptAlias /app @ROOT@/jail/srv/app.wsgi process-group=shut application-group=%{GLOBAL}
WSGIScriptAlias /out @ROOT@/outside.wsgi process-group=shut
WSGIScriptAlias /empty @ROOT@/run/app.wsgi process-group=empty
WSGIScriptAlias /node @ROOT@/jail/srv/app.mjs process-group=script
WSGIHandlerScript shown @ROOT@/jail/srv/handler.py process-group=script
<Directory @ROOT@>
    Require all granted
</Directory>
<Location /handled>
    SetHandler shown
</Location>
`;

const files = (outside: string): Record<string, string> => ({
  "jail/srv/app.wsgi": application.replace("@OUTSIDE@", JSON.stringify(outside)),
  "jail/srv/app.mjs": "export default (request, response) => response.end('node');",
  "jail/srv/handler.py":
    "def handle_request(environ, start_response):\n    start_response('200 OK', [])\n" +
    "    return [('%s %s' % (environ['mod_wsgi.handler_script'], environ['DOCUMENT_ROOT'])).encode()]\n",
  "jail/srv/first.py": "import sys\nsys.preloaded = __file__\n",
  "jail/srv/lib/helping.py": "",
  "jail/srv/home/in.txt": "",
  "jail/srv/page.txt": "a page of the jail\n",
  "run/app.wsgi": "",
  "outside.wsgi": "def application(environ, start_response):\n    return []\n",
  "set.env": "SET=from outside\n",
});

interface Found {
  readonly pid: number;
  readonly environ: Readonly<Record<string, string>>;
  readonly path: readonly string[];
  readonly [name: string]: unknown;
}

(process.getuid?.() === 0 ? describe : describe.skip)("chroot of a daemon group", function () {
  this.timeout(120_000);
  let served: ServedRoot;
  const outside = mkdtempSync(join(tmpdir(), "modhost-outside-"));

  before(async function () {
    needPython(this);
    const { root, port } = await makeRoot(configuration, { modules: ["wsgi"], files: files(outside) });
    makeJail(join(root, "jail"));
    served = await serveRoot(root, port);
  });
  after(async () => {
    rmSync(outside, { recursive: true });
    await (served as ServedRoot | undefined)?.end();
  });

  const ask = async (path: string, init?: RequestInit): Promise<{ status: number; text: string }> => {
    const response = await fetch(served.url(path), init);
    return { status: response.status, text: await response.text() };
  };
  const found = async (path = "/app/x"): Promise<Found> => JSON.parse((await ask(path)).text) as Found;

  it("shuts the processes in, as their user and without a way out", async () => {
    const { root, uid, groups, outside: seesOutside, descriptors } = await found();
    expect(root).to.include.members(["srv", "tmp", "usr"]).and.not.include("proc");
    expect([uid, seesOutside, descriptors]).to.deep.equal([65534, false, []]);
    expect(groups).to.not.include(0);
  });

  it("takes home, python-path and the modules from inside, env-file and preload as the server sees them", async () => {
    const { cwd, path, helping, set, preloaded } = await found();
    expect(cwd).to.equal("/srv/home");
    expect(path.slice(0, 2)).to.deep.equal(["/srv/home", "/srv/lib"]);
    expect(path).to.not.include("");
    expect([helping, set, preloaded]).to.deep.equal(["/srv/lib/helping.py", "from outside", "/srv/first.py"]);
  });

  it("shows scripts and folders as they are inside", async () => {
    const { environ, file } = await found();
    expect([file, environ["SCRIPT_FILENAME"]]).to.deep.equal(["/srv/app.wsgi", "/srv/app.wsgi"]);
    expect(environ["DOCUMENT_ROOT"]).to.equal(`${served.root}/htdocs`);
    expect(await ask("/handled/any")).to.deep.equal({ status: 200, text: `/srv/handler.py ${served.root}/htdocs` });
  });

  it("passes bodies, files and tracebacks", async () => {
    const answer = await ask("/app/", { method: "POST", body: "a body" });
    expect((JSON.parse(answer.text) as Found)["body"]).to.equal("a body");
    expect(await ask("/app/file")).to.deep.equal({ status: 200, text: "a page of the jail\n" });
    expect((await ask("/app/fail")).status).to.equal(500);
    await until("the traceback is logged", () =>
      served.errors().includes('File "/srv/app.wsgi", line 7, in application'),
    );
  });

  it("notices a changed script", async () => {
    const before = await found();
    const script = join(served.root, "jail/srv/app.wsgi");
    utimesSync(script, new Date(), new Date(statSync(script).mtimeMs + 5000));
    await until("a new process serves", async () => (await found()).pid !== before.pid);
  });

  it("refuses a script outside, Node inside, and a folder without Python", async () => {
    expect((await ask("/out")).status).to.equal(500);
    expect((await ask("/node")).status).to.equal(503);
    expect((await ask("/empty")).status).to.equal(503);
    const said = [
      `WSGI0081: the script ${served.root}/outside.wsgi is not inside of the chroot ${served.root}/jail`,
      "chroot is for Python: an application in JavaScript cannot run inside",
      `no Python interpreter inside of the chroot ${served.root}/run: /usr/bin/python3`,
    ];
    for (const line of said) await until("it is in the log", () => served.errors().includes(line));
  });

  it("is looked into by -t", async () => {
    const { root } = await makeRoot(
      `WSGIDaemonProcess good chroot=${served.root}/jail home=/srv/home
WSGIDaemonProcess bad chroot=@ROOT@/run
WSGIDaemonProcess homeless chroot=${served.root}/jail home=/nowhere
WSGIDaemonProcess gone chroot=@ROOT@/gone`,
      { modules: ["wsgi"] },
    );
    try {
      const output = check(root);
      expect(output).to.include(`option chroot: ${root}/gone is not a directory`);
      const file = join(root, "apache2.conf");
      writeFileSync(file, readFileSync(file, "utf8").replace(/.*gone chroot.*/, ""));
      const more = check(root);
      expect(more).to.match(/Python 3\.\d+\.\d+, \/usr\/bin\/python3, prefix \/usr: daemon group "good"/);
      expect(more).to.include(`no Python interpreter inside of the chroot ${root}/run`);
      expect(more).to.include(`home /nowhere is not a directory inside of the chroot ${served.root}/jail`);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it("does not serve without root", async () => {
    const { root } = await makeRoot(`WSGIDaemonProcess shut chroot=${served.root}/jail`, { modules: ["wsgi"] });
    try {
      chmodSync(join(root, "run"), 0o777);
      const output = check(root, ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
      expect(output).to.include("chroot needs a server that was started as root");
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  function check(root: string, before: readonly string[] = []): string {
    const [command = "", ...args] = [...before, process.execPath, program, "-d", root, "-t"];
    try {
      return execFileSync(command, args, { stdio: "pipe" }).toString();
    } catch (error) {
      const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
      return stdout.toString() + stderr.toString();
    }
  }
});
