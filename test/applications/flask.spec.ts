// A Flask application in a daemon group, asked for everything such applications usually do.
import { get, type IncomingMessage } from "node:http";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Browsing } from "../support/browsing.js";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

const configuration = `
@GROUP@
WSGIScriptAlias /plain @ROOT@/app/notes.wsgi process-group=@NAME@ application-group=%{GLOBAL}
WSGIScriptAlias /validated @ROOT@/app/validated.wsgi process-group=@NAME@ application-group=%{GLOBAL}
WSGIPassAuthorization On
<Directory @ROOT@/app>
    Require all granted
</Directory>
`;

const application = `
import os
import time
from flask import (
    Blueprint, Flask, Response, abort, flash, get_flashed_messages, jsonify, make_response, redirect,
    render_template_string, request, send_file, session, stream_with_context, url_for,
)

app = Flask(__name__)
app.secret_key = "not a secret: it lives for one test"

@app.route("/")
def index():
    return "hello from Flask"

@app.route("/notes/<int:number>", methods=["GET", "PUT", "DELETE"])
def note(number):
    return {"number": number, "method": request.method, "url": url_for("note", number=number, q="a b")}

@app.route("/page/<name>")
def page(name):
    return render_template_string("<h1>{{ name }}</h1>", name=name)

@app.route("/json", methods=["POST"])
def take_json():
    return jsonify(got=request.get_json()), 201

@app.route("/form", methods=["POST"])
def form():
    return jsonify(name=request.form["name"], tags=request.form.getlist("tag"), q=request.args.get("q"))

@app.route("/upload", methods=["POST"])
def upload():
    file = request.files["file"]
    content = file.read()
    return jsonify(name=file.filename, type=file.mimetype, size=len(content), end=content[-3:].decode(), note=request.form["note"])

@app.route("/old")
def old():
    return redirect(url_for("index"))

@app.route("/cookies")
def cookies():
    response = make_response("cookies")
    response.set_cookie("one", "1")
    response.set_cookie("two", "2", max_age=60, httponly=True)
    return response

@app.route("/count")
def count():
    session["count"] = session.get("count", 0) + 1
    return "%d by then" % session["count"]

@app.route("/forget")
def forget():
    session.clear()
    flash("forgotten")
    return redirect("count-only")

@app.route("/count-only")
def count_only():
    return "%s %s" % (session.get("count"), get_flashed_messages())

@app.route("/stream")
def stream():
    def lines():
        for number in range(3):
            while number > 0 and not os.path.exists(os.path.join(os.path.dirname(__file__), "go-%d" % number)):
                time.sleep(0.005)
            yield "%s %d\\n" % (request.args["word"], number)
    return Response(stream_with_context(lines()), mimetype="text/plain")

@app.route("/file")
def file():
    return send_file(__file__, mimetype="text/x-python", conditional=True)

@app.route("/header")
def header():
    return jsonify({"authorization": request.authorization, "accept": request.headers["Accept"], "address": request.remote_addr})

@app.route("/gone")
def gone():
    abort(410)

@app.route("/raises")
def raises():
    raise LookupError("the route fails on purpose")

@app.errorhandler(404)
def not_found(error):
    return "nothing at %s" % request.path, 404

admin = Blueprint("admin", __name__, url_prefix="/admin")

@admin.before_request
def guard():
    if request.headers.get("X-Key") != "open":
        return "closed", 403

@admin.route("/")
def admin_index():
    return url_for("admin.admin_index")

app.register_blueprint(admin)
`;

const validated = `
from wsgiref.validate import validator

def limited(environ, start_response):
    # Otherwise Werkzeug calls read() without a size, which PEP 3333 does not ask of servers.
    del environ["wsgi.input_terminated"]
    return app(environ, start_response)

application = validator(limited)
`;

interface Row {
  readonly asks: string;
  readonly init?: RequestInit;
  readonly status?: number;
  /** The text, or what its JSON says. */
  readonly answers: unknown;
  readonly fields?: Readonly<Record<string, string>>;
}

const json = { "Content-Type": "application/json" };
const rows: readonly Row[] = [
  {
    asks: "/",
    answers: "hello from Flask",
    fields: { "content-type": "text/html; charset=utf-8", "content-length": "16" },
  },
  { asks: "/", init: { method: "HEAD" }, answers: "", fields: { "content-length": "16" } },
  { asks: "/", init: { method: "POST" }, status: 405, answers: /not allowed/i, fields: { allow: /GET/.source } },
  { asks: "/notes/7", answers: { number: 7, method: "GET", url: "MOUNT/notes/7?q=a+b" } },
  {
    asks: "/notes/7",
    init: { method: "PUT", body: "x" },
    answers: { number: 7, method: "PUT", url: "MOUNT/notes/7?q=a+b" },
  },
  {
    asks: "/notes/7",
    init: { method: "DELETE" },
    answers: { number: 7, method: "DELETE", url: "MOUNT/notes/7?q=a+b" },
  },
  { asks: "/notes/seven", status: 404, answers: "nothing at /notes/seven" },
  { asks: "/page/%C3%A4%20%3Cb%3E", answers: "<h1>ä &lt;b&gt;</h1>" },
  {
    asks: "/json",
    init: { method: "POST", body: '{"a":["ä"]}', headers: json },
    status: 201,
    answers: { got: { a: ["ä"] } },
  },
  { asks: "/json", init: { method: "POST", body: "{", headers: json }, status: 400, answers: /Bad Request/ },
  {
    asks: "/form?q=1",
    init: {
      method: "POST",
      body: new URLSearchParams([
        ["name", "Grace & Ada"],
        ["tag", "x"],
        ["tag", "y"],
      ]),
    },
    answers: { name: "Grace & Ada", tags: ["x", "y"], q: "1" },
  },
  { asks: "/form", init: { method: "POST", body: new URLSearchParams() }, status: 400, answers: /Bad Request/ },
  { asks: "/old", status: 302, answers: /Redirecting/, fields: { location: "MOUNT/" } },
  {
    asks: "/header",
    init: { headers: { Authorization: "Basic YWRhOnB3", Accept: "a/b" } },
    answers: { authorization: { username: "ada", password: "pw" }, accept: "a/b", address: "127.0.0.1" },
  },
  {
    asks: "/file",
    init: { headers: { Range: "bytes=1-6" } },
    status: 206,
    answers: "import",
    fields: { "content-length": "6" },
  },
  { asks: "/gone", status: 410, answers: /no longer available/ },
  { asks: "/nowhere", status: 404, answers: "nothing at /nowhere" },
  { asks: "/admin/", status: 403, answers: "closed" },
  { asks: "/admin/", init: { headers: { "X-Key": "open" } }, answers: "MOUNT/admin/" },
];

const ways = [
  ["in a daemon group", "notes", "WSGIDaemonProcess notes processes=2 threads=4 home=@ROOT@/app"],
  ["inside the workers", "%{GLOBAL}", "WSGIPythonPath @ROOT@/app"],
] as const;

for (const [where, name, group] of ways)
  describe(`a Flask application ${where}`, function () {
    this.timeout(60_000);
    let served: ServedRoot;

    before(async function () {
      needPython(this, "python3-flask", "flask");
      served = await serveModhost(configuration.replace("@GROUP@", group).replaceAll("@NAME@", name), {
        files: {
          "app/notes.wsgi": `${application}\napplication = app\n`,
          "app/validated.wsgi": application + validated,
        },
        modules: ["wsgi"],
      });
    });
    after(() => served?.end());

    for (const mount of ["/plain", "/validated"]) {
      for (const { asks, init = {}, status = 200, answers, fields = {} } of rows) {
        it(`answers ${init.method ?? "GET"} ${mount}${asks} with ${status}`, async () => {
          const response = await fetch(served.url(mount + asks), { redirect: "manual", ...init });
          const text = (await response.text()).replaceAll(mount, "MOUNT");
          expect(response.status, text).to.equal(status);
          if (answers instanceof RegExp) expect(text).to.match(answers);
          else if (typeof answers === "string") expect(text).to.equal(answers);
          else expect(JSON.parse(text)).to.deep.equal(answers);
          for (const [name, value] of Object.entries(fields)) {
            expect(response.headers.get(name)?.replace(mount, "MOUNT")).to.match(new RegExp(value));
          }
        });
      }
    }

    for (const size of [10, 100_000, 3_000_000]) {
      it(`takes a file of ${size} bytes`, async () => {
        const body = new FormData();
        body.set("note", "with a note");
        body.set("file", new File(["x".repeat(size - 3), "end"], "näme.bin", { type: "application/x-test" }));
        const response = await fetch(served.url("/plain/upload"), { method: "POST", body });
        expect(await response.json()).to.deep.equal({
          name: "näme.bin",
          type: "application/x-test",
          size,
          end: "end",
          note: "with a note",
        });
      });
    }

    it("sets several cookies, and keeps a session for each client in both processes", async () => {
      const ada = new Browsing(served.url("/plain/"));
      const { headers } = await ada.get("cookies");
      expect(headers.getSetCookie()).to.have.length(2);
      expect([ada.cookies.get("one"), ada.cookies.get("two")]).to.deep.equal(["1", "2"]);
      for (let count = 1; count <= 10; count++) expect((await ada.get("count")).text).to.equal(`${count} by then`);
      expect((await new Browsing(served.url("/plain/")).get("count")).text).to.equal("1 by then");
      const forgotten = await ada.get("forget");
      expect(forgotten.headers.get("location")).to.equal("count-only");
      expect((await ada.get("count-only")).text).to.equal("None ['forgotten']");
    });

    it("streams each line when it is made, with the request at hand", async () => {
      const [response] = (await once(get(served.url("/plain/stream?word=line")), "response")) as [IncomingMessage];
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      await until("the first line has come", () => text === "line 0\n");
      for (const number of [1, 2]) {
        writeFileSync(join(served.root, `app/go-${number}`), "");
        await until("the next line has come", () => text.endsWith(`line ${number}\n`));
      }
      await until("the end has come", () => response.complete);
      expect(text).to.equal("line 0\nline 1\nline 2\n");
    });

    it("answers 500 where a route fails, with the traceback in the error log", async () => {
      const response = await fetch(served.url("/plain/raises"));
      expect(response.status).to.equal(500);
      expect(await response.text()).to.include("Internal Server Error");
      await until("the traceback is logged", () => served.errors().includes("LookupError: the route fails on purpose"));
      expect(served.errors())
        .to.include("Exception on /raises [GET]")
        .and.to.match(/notes\.wsgi", line \d+, in raises/);
    });

    it("keeps to PEP 3333, as does the server, by wsgiref.validate", () => {
      expect(served.errors()).not.to.match(/AssertionError|WSGIWarning|without being closed/);
    });
  });
