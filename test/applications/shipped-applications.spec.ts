// The applications that Python and Debian's packages of frameworks ship for trying a server, in a daemon group and inside the workers.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { findPython } from "../../src/process/python-interpreter.js";

// Django, Bottle, Pyramid, Falcon and Starlette come without an application: what they ship for tests calls applications
// without a server. CherryPy's suite is in cherrypy-suite.long.ts.
const flaskExample = "/usr/share/doc/python3-flask/examples";

const scripts: Readonly<Record<string, string>> = {
  demo: "from wsgiref.simple_server import demo_app as application\n",
  validated: `from wsgiref.simple_server import demo_app
from wsgiref.validate import validator
application = validator(demo_app)
`,
  werkzeug: "from werkzeug.testapp import test_app as application\n",
  flaskr: `import os, sys, tempfile
sys.dont_write_bytecode = True
sys.path.insert(0, "${flaskExample}")
import flaskr
folder = tempfile.mkdtemp()
os.environ["FLASK_APP"] = "flaskr"
from flask import Flask
# The example makes a folder beside itself, which is not ours.
Flask.auto_find_instance_path = lambda self: folder
application = flaskr.create_app({"TESTING": True, "SECRET_KEY": "dev", "DATABASE": os.path.join(folder, "db")})
with application.app_context():
    flaskr.db.init_db()
`,
};

const configuration = `
StartServers 1
ServerLimit 1
WSGIDaemonProcess apps threads=3
WSGIScriptAliasMatch ^/daemon/(demo|validated|werkzeug|flaskr) @ROOT@/$1.wsgi process-group=apps application-group=%{GLOBAL}
WSGIScriptAliasMatch ^/inside/(demo|validated|werkzeug|flaskr) @ROOT@/$1.wsgi application-group=%{GLOBAL}
<Directory @ROOT@>
  Require all granted
</Directory>
`;

describe("applications that are shipped", function () {
  this.timeout(90_000);
  let served: ServedRoot | undefined;

  before(async function () {
    if ("missing" in findPython(undefined)) return this.skip();
    const files = Object.fromEntries(Object.entries(scripts).map(([name, text]) => [`${name}.wsgi`, text]));
    served = await serveModhost(configuration, { modules: ["wsgi"], files });
  });
  after(() => served?.end());

  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(served?.url(path) ?? "", { redirect: "manual", ...init });

  for (const mode of ["daemon", "inside"]) {
    describe(mode === "daemon" ? "in a daemon group" : "inside the workers", () => {
      for (const name of ["demo", "validated"]) {
        it(`wsgiref's demo_app${name === "validated" ? ", as its validator allows" : ""}`, async () => {
          const response = await ask(`/${mode}/${name}/path?query=1`);
          const text = await response.text();
          expect(response.status, served?.errors()).to.equal(200);
          expect(text).to.match(/^Hello world!/);
          expect(text).to.include(`SCRIPT_NAME = '/${mode}/${name}'`).and.include("PATH_INFO = '/path'");
        });
      }

      it("Werkzeug's test application", async function () {
        needPython(this, "python3-werkzeug", "werkzeug.testapp");
        const response = await ask(`/${mode}/werkzeug`);
        expect(response.status, served?.errors()).to.equal(200);
        expect(await response.text())
          .to.include("WSGI Information")
          .and.include("mod_wsgi.process_group");
        expect((await ask(`/${mode}/werkzeug?resource=logo`)).headers.get("content-type")).to.equal("image/png");
      });

      it("Flask's example, a blog", async function () {
        needPython(this, "python3-flask", "flask");
        if (!existsSync(join(flaskExample, "flaskr"))) {
          console.log(`      skipped, ${flaskExample} is missing: dpkg leaves documentation out on this machine`);
          return this.skip();
        }
        const at = `/${mode}/flaskr`;
        const post = (path: string, form: Record<string, string>, cookie = ""): Promise<Response> =>
          ask(at + path, { method: "POST", body: new URLSearchParams(form), headers: { cookie } });
        expect(await (await ask(`${at}/hello`)).text(), served?.errors()).to.equal("Hello, World!");
        const account = { username: "somebody", password: "secret" };
        expect((await post("/auth/register", account)).headers.get("location")).to.equal(`${at}/auth/login`);
        const login = await post("/auth/login", account);
        expect(login.headers.get("location")).to.equal(`${at}/`);
        const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? "";
        expect((await post("/create", { title: "A title", body: "text" })).headers.get("location")).to.equal(
          `${at}/auth/login`,
        );
        expect((await post("/create", { title: "A title", body: "text" }, cookie)).headers.get("location")).to.equal(
          `${at}/`,
        );
        expect(await (await ask(`${at}/`)).text())
          .to.include("A title")
          .and.include("by somebody");
        expect((await ask(`${at}/static/style.css`)).headers.get("content-type")).to.match(/^text\/css/);
        expect((await post("/1/update", { title: "", body: "" }, cookie)).status).to.equal(200);
        expect((await post("/9/update", { title: "x", body: "" }, cookie)).status).to.equal(404);
      });
    });
  }
});
