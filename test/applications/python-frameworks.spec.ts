// Bottle, Pyramid, Falcon and CherryPy, as Debian packages them, in a daemon group and inside the workers.
import { expect } from "chai";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";

/** The same small site in each: a page, a path with a number, a form, a redirect, a cookie, an error of its own, a failure. */
const sites: Readonly<Record<string, { readonly package: string; readonly module: string; readonly script: string }>> =
  {
    bottle: {
      package: "python3-bottle",
      module: "bottle",
      script: `
import bottle
application = bottle.Bottle()

@application.route("/")
def home():
    bottle.response.set_cookie("seen", "yes")
    return "home of bottle"

@application.route("/number/<number:int>")
def number(number):
    return {"number": number}

@application.post("/form")
def form():
    return "got " + bottle.request.forms.getunicode("name")

@application.route("/moved")
def moved():
    bottle.redirect(bottle.request.script_name)

@application.route("/streamed")
def streamed():
    for number in range(50):
        yield "%d," % number

@application.route("/refused")
def refused():
    bottle.abort(403, "not you")

@application.route("/fails")
def fails():
    raise ValueError("on purpose")
`,
    },
    falcon: {
      package: "python3-falcon",
      module: "falcon",
      script: `
import falcon

class Home:
    def on_get(self, request, response):
        response.set_cookie("seen", "yes", secure=False)
        response.text = "home of falcon"

class Number:
    def on_get(self, request, response, number):
        response.media = {"number": number}
    on_head = on_get

class Form:
    def on_post(self, request, response):
        response.text = "got " + request.get_media()["name"]

class Moved:
    def on_get(self, request, response):
        raise falcon.HTTPFound(request.app + "/")

class Streamed:
    def on_get(self, request, response):
        response.stream = (b"%d," % number for number in range(50))

class Refused:
    def on_get(self, request, response):
        raise falcon.HTTPForbidden(title="not you")

class Fails:
    def on_get(self, request, response):
        raise ValueError("on purpose")

application = falcon.App()
for path, resource in (("/", Home()), ("/number/{number:int}", Number()), ("/form", Form()), ("/moved", Moved()),
                       ("/streamed", Streamed()), ("/refused", Refused()), ("/fails", Fails())):
    application.add_route(path, resource)
`,
    },
    pyramid: {
      package: "python3-pyramid",
      module: "pyramid",
      script: `
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPForbidden, HTTPFound
from pyramid.response import Response

def home(request):
    response = Response("home of pyramid")
    response.set_cookie("seen", "yes")
    return response

def number(request):
    return {"number": int(request.matchdict["number"])}

def form(request):
    return Response("got " + request.POST["name"])

def moved(request):
    return HTTPFound(location=request.route_url("home"))

def streamed(request):
    return Response(app_iter=(b"%d," % number for number in range(50)), content_type="text/plain")

def refused(request):
    return HTTPForbidden("not you")

def fails(request):
    raise ValueError("on purpose")

with Configurator() as config:
    for path, view, more in (("/", home, {}), ("/number/{number}", number, {"renderer": "json"}),
                             ("/form", form, {"request_method": "POST"}), ("/moved", moved, {}),
                             ("/streamed", streamed, {}), ("/refused", refused, {}), ("/fails", fails, {})):
        config.add_route(view.__name__, path)
        config.add_view(view, route_name=view.__name__, **more)
    application = config.make_wsgi_app()
`,
    },
    cherrypy: {
      package: "python3-cherrypy3",
      module: "cherrypy",
      script: `
import cherrypy
cherrypy.config.update({"environment": "embedded", "log.screen": False})

class Site:
    @cherrypy.expose
    def index(self):
        cherrypy.response.cookie["seen"] = "yes"
        return "home of cherrypy"

    @cherrypy.expose
    @cherrypy.tools.json_out()
    def number(self, number):
        return {"number": int(number)}

    @cherrypy.expose
    def form(self, name):
        return "got " + name

    @cherrypy.expose
    def moved(self):
        raise cherrypy.HTTPRedirect("./")

    @cherrypy.expose
    def streamed(self):
        return ("%d," % number for number in range(50))
    streamed._cp_config = {"response.stream": True}

    @cherrypy.expose
    def refused(self):
        raise cherrypy.HTTPError(403, "not you")

    @cherrypy.expose
    def fails(self):
        raise ValueError("on purpose")

application = cherrypy.Application(Site(), script_name=None)
`,
    },
  };

const names = Object.keys(sites);
const aliases = names
  .map((name) => `WSGIScriptAlias /${name} @ROOT@/${name}_site.py application-group=${name}`)
  .join("\n");

for (const [where, groups] of [
  ["in a daemon group", "WSGIDaemonProcess site threads=4\nWSGIProcessGroup site"],
  ["inside the workers", "ServerLimit 1\nStartServers 1"],
] as const) {
  describe(`frameworks of Python ${where}`, function () {
    this.timeout(60_000);
    let server: ServedRoot;
    before(async () => {
      server = await serveModhost(`${groups}\n${aliases}\n<Directory @ROOT@>\n  Require all granted\n</Directory>`, {
        files: Object.fromEntries(names.map((name) => [`${name}_site.py`, sites[name]?.script ?? ""])),
        modules: ["wsgi"],
      });
    });
    after(() => server.end());

    for (const [name, site] of Object.entries(sites)) {
      it(`serve ${name}`, async function () {
        needPython(this, site.package, site.module);
        const url = (path: string): string => server.url(`/${name}${path}`);
        const home = await fetch(url("/"));
        expect([home.status, await home.text()]).to.deep.equal([200, `home of ${name}`]);
        expect(home.headers.get("set-cookie")).to.match(/^seen="?yes/);
        expect(await (await fetch(url("/number/42"))).json()).to.deep.equal({ number: 42 });
        const body = new URLSearchParams({ name: "Zoë & co" });
        expect(await (await fetch(url("/form"), { method: "POST", body })).text()).to.equal("got Zoë & co");
        const moved = await fetch(url("/moved"), { redirect: "manual" });
        expect(moved.status).to.be.within(302, 303);
        expect(new URL(moved.headers.get("location") ?? "", url("/")).href).to.equal(url("/"));
        const numbers = [...Array(50).keys()].map((number) => `${number},`).join("");
        expect(await (await fetch(url("/streamed"))).text()).to.equal(numbers);
        expect((await fetch(url("/refused"))).status).to.equal(403);
        expect((await fetch(url("/fails"))).status).to.equal(500);
        expect((await fetch(url("/nowhere"))).status).to.equal(404);
        const head = await fetch(url("/number/1"), { method: "HEAD" });
        expect([head.status, await head.text()]).to.deep.equal([200, ""]);
      });
    }
  });
}
