// A Django project as its documentation says to deploy it under mod_wsgi: static files by Alias, the rest by WSGIScriptAlias.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { expect } from "chai";
import { Browsing, fieldOf, type Page } from "../support/browsing.js";
import { debianPython, needPython } from "../support/debian.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";
import { djangoProject } from "./django-project.js";

const configuration = `
Alias /static/ @ROOT@/site/static/
<Directory @ROOT@/site/static>
    Require all granted
</Directory>

@GROUP@
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /mounted/here @ROOT@/site/shop/wsgi.py
WSGIScriptAlias / @ROOT@/site/shop/wsgi.py
<Directory @ROOT@/site/shop>
    <Files wsgi.py>
        Require all granted
    </Files>
</Directory>
`;

const password = "correct horse battery";

const ways = [
  ["in a daemon group", "WSGIDaemonProcess shop processes=2 threads=3 python-path=@ROOT@/site\nWSGIProcessGroup shop"],
  ["inside the workers", "WSGIPythonPath @ROOT@/site"],
] as const;

for (const [where, group] of ways)
  describe(`a Django project ${where}`, function () {
    this.timeout(60_000);
    let served: ServedRoot;
    let browsing: Browsing;

    before(async function () {
      needPython(this, "python3-django", "django");
      const files = Object.fromEntries(Object.entries(djangoProject).map(([name, text]) => [`site/${name}`, text]));
      const { root, port } = await makeRoot(configuration.replace("@GROUP@", group), { files, modules: ["wsgi"] });
      const data = join(root, "site/data");
      mkdirSync(data);
      execFileSync(debianPython, ["prepare.py"], {
        cwd: join(root, "site"),
        env: { ...process.env, DJANGO_SUPERUSER_PASSWORD: password },
        stdio: "pipe",
      });
      // The daemons run as www-data when the tests run as root; sqlite writes beside its file too.
      chmodSync(data, 0o777);
      chmodSync(join(data, "db.sqlite3"), 0o666);
      served = await serveRoot(root, port);
    });
    after(() => served?.end());
    beforeEach(() => {
      browsing = new Browsing(served.url("/"));
    });

    const sign = async (fields: Readonly<Record<string, string>>): Promise<Page> => {
      const form = await browsing.get("/");
      return browsing.post("/", { csrfmiddlewaretoken: fieldOf(form, "csrfmiddlewaretoken"), ...fields });
    };
    const logIn = async (as: { username: string; password: string }): Promise<Page> => {
      const form = await browsing.get("/admin/login/?next=/admin/");
      const token = fieldOf(form, "csrfmiddlewaretoken");
      return browsing.post("/admin/login/?next=/admin/", { csrfmiddlewaretoken: token, next: "/admin/", ...as });
    };

    it("shows its page", async () => {
      const { status, headers, text } = await browsing.get("/");
      expect(status).to.equal(200);
      expect(headers.get("content-type")).to.equal("text/html; charset=utf-8");
      expect(headers.get("x-frame-options")).to.equal("DENY");
      expect(text).to.include("<title>Guestbook</title>").and.to.include("no entries of yours");
    });

    it("takes a form, redirects to what was made, and remembers the session", async () => {
      const answer = await sign({ name: "Grace", text: "I was here; <b>äöü</b>" });
      expect(answer.status).to.equal(302);
      const entry = await browsing.follow(answer);
      expect(entry.text).to.include("<h1>Grace</h1><p>I was here; &lt;b&gt;äöü&lt;/b&gt;</p>");
      expect((await browsing.get("/")).text)
        .to.include("1 entries of yours")
        .and.to.include("Grace");
      expect((await new Browsing(served.url("/")).get("/")).text).to.include("no entries of yours");
    });

    it("shows the form again when a field is at fault", async () => {
      const { status, text } = await sign({ name: "x".repeat(21), text: "" });
      expect(status).to.equal(200);
      expect(text).to.include("at most 20 characters (it has 21)").and.to.include("This field is required");
    });

    it("refuses a form without its CSRF token", async () => {
      expect((await sign({ name: "Mallory", text: "x", csrfmiddlewaretoken: "wrong" })).status).to.equal(403);
      expect((await new Browsing(served.url("/")).post("/", { name: "Mallory", text: "x" })).status).to.equal(403);
    });

    it("is served by all processes of its daemon group", async function () {
      if (where !== "in a daemon group") return this.skip();
      const processes = new Set<string>();
      await until("two processes have answered", async () => {
        const pages = await Promise.all(Array.from({ length: 8 }, () => browsing.get("/process/")));
        for (const { text } of pages) processes.add(text);
        return processes.size === 2;
      });
    });

    it("streams, sends files and takes uploads", async () => {
      const lines = (await browsing.get("/stream/")).text;
      expect(lines).to.equal(Array.from({ length: 1000 }, (_, number) => `line ${number}\n`).join(""));
      const { headers, text } = await browsing.get("/download/");
      expect(text).to.equal(djangoProject["guestbook/views.py"]);
      expect(headers.get("content-disposition")).to.equal('attachment; filename="views.py"');
      // More than Django keeps in memory: 2.5 MiB.
      const upload = await browsing.post("/upload/", { file: new File(["begin", "x".repeat(4_000_000)], "big.txt") });
      expect(JSON.parse(upload.text)).to.deep.equal({ name: "big.txt", size: 4_000_005, start: "begin" });
    });

    it("redirects to the URL with a slash, and answers 404 and 400 itself", async () => {
      const { status, headers } = await browsing.get("/process");
      expect([status, headers.get("location")]).to.deep.equal([301, "/process/"]);
      expect((await browsing.get("/entries/4711/")).status).to.equal(404);
      // ALLOWED_HOSTS is about the Host the client sent.
      const disallowed = request(served.url("/process/"), { headers: { Host: "elsewhere.test" } }).end();
      const [response] = (await once(disallowed, "response")) as [IncomingMessage];
      expect(response.resume().statusCode).to.equal(400);
    });

    it("answers 500 where a view fails, with the traceback in the error log", async () => {
      const { status, text } = await browsing.get("/fails/");
      expect(status).to.equal(500);
      expect(text).to.include("Server Error (500)");
      await until("the traceback is logged", () => served.errors().includes("RuntimeError: the view fails on purpose"));
      expect(served.errors())
        .to.include("Internal Server Error: /fails/")
        .and.to.match(/views\.py", line \d+, in fails/);
    });

    it("makes its URLs below where it is mounted", async () => {
      await sign({ name: "Below", text: "x" });
      const { text } = await browsing.get("/mounted/here/");
      expect(text).to.include('<a href="/mounted/here/entries/');
      expect((await browsing.get("/mounted/here/admin/")).headers.get("location")).to.equal(
        "/mounted/here/admin/login/?next=/mounted/here/admin/",
      );
    });

    describe("with static files by Alias", () => {
      it("has them sent by the server itself", async () => {
        const { status, headers, text } = await browsing.get("/static/admin/css/base.css");
        expect(status).to.equal(200);
        expect(headers.get("content-type")).to.equal("text/css");
        expect(headers.get("x-frame-options")).to.equal(null);
        expect(text).to.equal(readFileSync(join(served.root, "site/static/admin/css/base.css"), "utf8"));
        const again = await fetch(served.url("/static/admin/css/base.css"), {
          headers: { "If-None-Match": headers.get("etag") ?? "" },
        });
        expect(again.status).to.equal(304);
      });

      it("finds every file the admin's login page names", async () => {
        const { text } = await browsing.get("/admin/login/");
        const named = [...text.matchAll(/(?:href|src)="(\/static\/[^"]+)"/g)].map(([, path = ""]) => path);
        expect(named).to.include("/static/admin/css/base.css");
        for (const path of named) expect([path, (await browsing.get(path)).status]).to.deep.equal([path, 200]);
      });

      it("answers 404 for those that do not exist, and shows no folder and no source", async () => {
        expect((await browsing.get("/static/none.css")).status).to.equal(404);
        expect((await browsing.get("/static/admin/css/")).status).to.equal(404);
        expect((await browsing.get("/static/..%2fshop/settings.py")).status).to.equal(404);
        expect((await browsing.get("/site/shop/settings.py")).status).to.equal(404);
      });
    });

    describe("with the admin", () => {
      it("asks who it is", async () => {
        const answer = await browsing.get("/admin/");
        expect(answer.status).to.equal(302);
        expect((await browsing.follow(answer)).text).to.include('name="password"');
      });

      it("refuses a wrong password", async () => {
        const { status, text } = await logIn({ username: "ada", password: "wrong" });
        expect(status).to.equal(200);
        expect(text).to.include("Please enter the correct username and password");
        expect(browsing.cookies.has("sessionid")).to.equal(false);
        expect((await browsing.get("/admin/")).status).to.equal(302);
      });

      it("logs in, shows its index, adds, lists and deletes, and logs out", async () => {
        const answer = await logIn({ username: "ada", password });
        expect([answer.status, answer.headers.get("location")]).to.deep.equal([302, "/admin/"]);
        const index = await browsing.follow(answer);
        expect(index.status).to.equal(200);
        expect(index.text).to.include("Site administration").and.to.include("/admin/guestbook/entry/");

        const form = await browsing.get("/admin/guestbook/entry/add/");
        const added = await browsing.post("/admin/guestbook/entry/add/", {
          csrfmiddlewaretoken: fieldOf(form, "csrfmiddlewaretoken"),
          name: "by the admin",
          text: "text",
          _save: "Save",
        });
        const list = await browsing.follow(added);
        expect(list.text).to.include("was added successfully").and.to.include("by the admin</a>");

        const [, path = ""] =
          /href="(\/admin\/guestbook\/entry\/\d+\/change\/)[^"]*">by the admin/.exec(list.text) ?? [];
        const question = await browsing.get(path.replace("change", "delete"));
        const deleted = await browsing.post(path.replace("change", "delete"), {
          csrfmiddlewaretoken: fieldOf(question, "csrfmiddlewaretoken"),
          post: "yes",
        });
        expect((await browsing.follow(deleted)).text).to.include("was deleted successfully");

        expect((await browsing.get("/admin/logout/")).text).to.include("Logged out");
        expect((await browsing.get("/admin/")).status).to.equal(302);
      });
    });
  });
