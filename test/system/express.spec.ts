// A configuration in the form that mod_wsgi-express writes: files before the application, its options empty where it was told nothing.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { findPython } from "../../src/process/python-interpreter.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { until } from "../support/running.js";

/** Like the handler of mod_wsgi-express, whose application stands below a mount point. */
const handler = `
import json, os

def handle_request(environ, start_response):
    path = environ["mod_wsgi.script_name"] + environ["mod_wsgi.path_info"]
    found = {
        "path": path, "uri": environ["REQUEST_URI"], "handler": environ["mod_wsgi.request_handler"],
        "handler_script": os.path.basename(environ["mod_wsgi.handler_script"]), "callable": environ["mod_wsgi.callable_object"],
        "file": os.path.basename(environ["SCRIPT_FILENAME"]), "authorization": environ.get("HTTP_AUTHORIZATION"),
        "shop": environ.get("SHOP"), "address": environ["REMOTE_ADDR"], "scheme": environ["wsgi.url_scheme"],
        "multiprocess": environ["wsgi.multiprocess"], "cwd": os.getcwd(),
    }
    status = "404 Not Found" if path.endswith("/missing") else "200 OK"
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
`;

const resource = `
def handle_request(environ, start_response):
    with open(environ["SCRIPT_FILENAME"], "rb") as file:
        text = file.read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"rendered " + text]
`;

const service = `
import time
print("the service runs", flush=True)
while True:
    time.sleep(0.2)
`;

const daemon = `home='@ROOT@/app' threads=3 maximum-requests=0 python-path='' python-eggs='@ROOT@/eggs' \\
   lang='C.UTF-8' locale='C.UTF-8' listen-backlog=100 queue-timeout=45 socket-timeout=60 connect-timeout=15 \\
   request-timeout=60 interrupt-timeout=0 inactivity-timeout=0 startup-timeout=15 deadlock-timeout=60 graceful-timeout=15 \\
   eviction-timeout=0 restart-interval=0 cpu-time-limit=0 shutdown-timeout=5 send-buffer-size=0 receive-buffer-size=0 \\
   header-buffer-size=0 response-buffer-size=0 response-socket-timeout=0 response-flush-delay=5 server-metrics=Off`;

const configuration = `
Define LISTENER 127.0.0.1:@PORT@
LimitRequestBody 1000
KeepAliveTimeout 2
RequestReadTimeout header=15-30,MinRate=500 body=15,MinRate=500
WSGIVerboseDebugging 'Off'
WSGISocketPrefix '@ROOT@/run/wsgi'
WSGISocketRotation Off
WSGIDestroyInterpreter On
WSGIRestrictEmbedded On
<IfDefine !MULTIPROCESS>
WSGIDaemonProcess '127.0.0.1:@PORT@' \\
   display-name='(wsgi:127.0.0.1:@PORT@:0)' \\
   ${daemon}
</IfDefine>
WSGIPassAuthorization On
WSGIMapHEADToGET Auto
WSGIErrorOverride On
WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto
WSGITrustedProxies 127.0.0.0/8
ErrorDocument 404 /instead.html
SetEnv 'SHOP' 'open all day'
AddOutputFilterByType DEFLATE application/json
<Directory '@ROOT@/express'>
  <Files handler.wsgi>
    Require all granted
  </Files>
</Directory>
<Directory '@ROOT@/htdocs'>
    RewriteEngine On
    RewriteOptions InheritDownBefore
    Require all granted
</Directory>
<Directory '@ROOT@/htdocs/'>
    RewriteCond %{REQUEST_FILENAME} !-f
    RewriteRule .* - [H=wsgi-handler]
</Directory>
WSGIHandlerScript wsgi-handler '@ROOT@/express/handler.wsgi' \\
    process-group='\${LISTENER}' application-group=%{GLOBAL}
WSGIImportScript '@ROOT@/express/handler.wsgi' process-group='\${LISTENER}' application-group=%{GLOBAL}
Alias '/favicon.ico' '@ROOT@/other/icon.txt'
<Directory '@ROOT@/other'>
  <Files 'icon.txt'>
    Require all granted
  </Files>
</Directory>
WSGIHandlerScript wsgi-resource '@ROOT@/express/resource.wsgi' process-group='\${LISTENER}' application-group=%{GLOBAL}
AddHandler wsgi-resource .wiki
WSGIDaemonProcess 'service:mail' display-name=%{GROUP} home='@ROOT@/app' threads=0 python-path='' lang='' locale='' server-metrics=Off
WSGIImportScript '@ROOT@/app/service.py' process-group='service:mail' application-group=%{GLOBAL}
`;

describe("a configuration of mod_wsgi-express", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    if ("missing" in findPython(undefined)) return this.skip();
    served = await serveModhost(configuration, {
      modules: ["wsgi", "rewrite", "reqtimeout", "filter", "deflate"],
      files: {
        "express/handler.wsgi": handler,
        "express/resource.wsgi": resource,
        "app/service.py": service,
        "other/icon.txt": "an icon",
        "htdocs/page.html": "a page",
        "htdocs/text.wiki": "a text",
        "htdocs/instead.html": "nothing here",
      },
    });
    mkdirSync(join(served.root, "eggs"));
  });
  after(() => served?.end());

  const at = async (path: string, init: RequestInit = {}): Promise<Record<string, unknown>> =>
    (await (await fetch(served.url(path), init)).json()) as Record<string, unknown>;
  const textAt = async (path: string, init: RequestInit = {}): Promise<string> => {
    const response = await fetch(served.url(path), init);
    return `${response.status} ${await response.text()}`;
  };

  it("has the handler answer for what is no file, however deep", async () => {
    const rest = { handler: "wsgi-handler", handler_script: "handler.wsgi", callable: "handle_request" };
    expect(await at("/")).to.include({ path: "/", ...rest, multiprocess: false, shop: "open all day" });
    expect(await at("/a/b%20c?d=e")).to.include({ path: "/a/b c", uri: "/a/b%20c?d=e", file: "a", ...rest });
    expect((await at("/"))["cwd"]).to.equal(join(served.root, "app"));
  });

  it("sends files, and aliases, itself", async () => {
    expect(await textAt("/page.html")).to.equal("200 a page");
    expect(await textAt("/favicon.ico")).to.equal("200 an icon");
  });

  it("has --add-handler render files of its extension", async () => {
    expect(await textAt("/text.wiki")).to.equal("200 rendered a text");
    expect((await at("/none.wiki"))["handler"]).to.equal("wsgi-handler");
  });

  it("runs --service-script beside it", async () => {
    await until("it has said so", () => /the service runs/.test(served.errors()));
  });

  it("passes Authorization on, believes the named proxies, and bounds bodies", async () => {
    const headers = { Authorization: "Basic eDp5", "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https" };
    expect(await at("/x", { headers })).to.include({
      authorization: "Basic eDp5",
      address: "192.0.2.7",
      scheme: "https",
    });
    expect(await textAt("/x", { method: "POST", body: "x".repeat(1001) })).to.match(/^413 /);
  });

  it("has the server's pages in place of the application's errors", async () => {
    expect(await textAt("/missing")).to.equal("404 nothing here");
  });
});
