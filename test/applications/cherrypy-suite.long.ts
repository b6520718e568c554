// CherryPy's own tests, which Debian ships with it, asked of CherryPy under modhost in place of its own server.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { debianPython, needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";
import { freePorts } from "../support/running.js";

/**
 * Classes of tests by module. Left out are the modules that test CherryPy's server, its processes, its log files or its
 * bus, and those that need packages Debian does not have (session and static: path; routes: routes).
 */
const classes: Readonly<Record<string, readonly string[]>> = {
  test_auth_basic: ["BasicAuthTest"],
  test_auth_digest: ["DigestAuthTest"],
  test_caching: ["CacheTest"],
  test_core: ["CoreRequestHandlingTest", "ErrorTests"],
  test_dynamicobjectmapping: ["DynamicObjectMappingTest"],
  test_encoding: ["EncodingTests"],
  test_etags: ["ETagTest"],
  test_http: ["HTTPTests"],
  test_iterator: ["IteratorTest"],
  test_json: ["JsonTest"],
  test_mime: ["MultipartTest", "SafeMultipartHandlingTest"],
  test_objectmapping: ["ObjectMappingTest"],
  test_params: ["ParamsTest"],
  test_proxy: ["ProxyTest"],
  test_request_obj: ["RequestObjectTests"],
  test_sessionauthenticate: ["SessionAuthenticateTest"],
  test_tools: ["ToolTests"],
  test_virtualhost: ["VirtualHostTest"],
  test_wsgi_ns: ["WSGI_Namespace_Test"],
  test_wsgi_vhost: ["WSGI_VirtualHost_Test"],
  test_wsgiapps: ["WSGIGraftTests"],
  test_xmlrpc: ["XmlRpcTest"],
};

/** Tests that cannot hold under another server than CherryPy's own, by why. */
const others: Readonly<Record<string, readonly string[]>> = {
  "Debian leaves the files out that they serve": [
    "CacheTest.testExpiresTool",
    "CoreRequestHandlingTest.testFavicon",
    "CoreRequestHandlingTest.testRanges",
    "VirtualHostTest.test_VHost_plus_Static",
  ],
  "they ask for the words of CherryPy's own server": [
    "HTTPTests.test_garbage_in",
    "HTTPTests.test_malformed_header",
    "HTTPTests.test_malformed_request_line",
    "RequestObjectTests.testParamErrors",
    "RequestObjectTests.test_CONNECT_method",
    "RequestObjectTests.test_CONNECT_method_invalid_authority",
    "RequestObjectTests.test_dangerous_host",
  ],
  "an encoded slash is decoded in PATH_INFO, as by Apache": ["ObjectMappingTest.testObjectMapping"],
  "they change the application in the process that asks": [
    "ObjectMappingTest.testKeywords",
    "ParamsTest.test_error",
    "ParamsTest.test_syntax",
  ],
};

/** Where an application fails in its body, what is seen depends on the moment: a 500, or a response that is broken off. */
const either = new Set(["EncodingTests.testGzip", "RequestObjectTests.testErrorHandling", "ToolTests.testHookErrors"]);

/** The side of the server: mounts what the class of a test sets up, when that is asked for. */
const application = `
import importlib
import cherrypy
from cherrypy.lib import gctools
cherrypy.config.update({"environment": "test_suite", "log.screen": False})
cherrypy.server.unsubscribe()
cherrypy.engine.start()

def application(environ, start_response):
    if environ["PATH_INFO"] == "/mount-the-class":
        module, name = environ["QUERY_STRING"].split(".")
        cherrypy.config.reset()
        cherrypy.config.update({"environment": "test_suite", "log.screen": False})
        cherrypy.tree = cherrypy._cptree.Tree()
        cherrypy.server.socket_host = environ["SERVER_ADDR"]
        cherrypy.server.socket_port = int(environ["SERVER_PORT"])
        getattr(importlib.import_module("cherrypy.test." + module), name).setup_server()
        cherrypy.tree.mount(gctools.GCRoot(), "/gc")
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"mounted"]
    return cherrypy.tree(environ, start_response)
`;

/** The side of the client: a plugin of pytest that puts this server in the place of CherryPy's own. */
const plugin = `
import json, os, urllib.request
from cherrypy.test import helper

class Elsewhere(helper.Supervisor):
    # A response that breaks off is to be seen as such.
    using_apache = False
    using_wsgi = True
    def start(self, modulename=None):
        pass
    def stop(self):
        pass

def instead(**conf):
    conf.update(host="127.0.0.1", port=int(os.environ["SUITE_PORT"]))
    return Elsewhere(**conf)

helper.CPWebCase.available_servers = {"wsgi": instead}
original = helper.CPWebCase.setup_class.__func__

def setup_class(cls):
    original(cls)
    name = "%s.%s" % (cls.__module__.rpartition(".")[2], cls.__name__)
    url = "http://127.0.0.1:%s/mount-the-class?%s" % (os.environ["SUITE_PORT"], name)
    assert urllib.request.urlopen(url).read() == b"mounted"

helper.CPWebCase.setup_class = classmethod(setup_class)

def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome == "failed":
        told = "" if report.outcome != "failed" else report.longreprtext[-1500:]
        with open(os.environ["SUITE_REPORT"], "a") as out:
            out.write(json.dumps([report.nodeid, report.outcome, told]) + "\\n")
`;

const configuration = `
StartServers 1
ServerLimit 1
Listen 127.0.0.1:@INSIDE@
WSGIChunkedRequest On
WSGIPassAuthorization On
AllowEncodedSlashes On
WSGIApplicationGroup %{GLOBAL}
WSGIDaemonProcess apps threads=5
<VirtualHost *:@PORT@>
  WSGIScriptAlias / @ROOT@/app.wsgi process-group=apps application-group=%{GLOBAL}
</VirtualHost>
<VirtualHost *:@INSIDE@>
  WSGIScriptAlias / @ROOT@/app.wsgi
</VirtualHost>
<Directory @ROOT@>
  Require all granted
</Directory>
`;

interface Told {
  readonly passed: readonly string[];
  readonly failed: Readonly<Record<string, string>>;
}

/** Runs the suite against a port: what passed, and what failed with why. */
async function suite({ root }: ServedRoot, port: number): Promise<Told> {
  const report = join(root, `report-${port}`);
  writeFileSync(report, "");
  const modules = Object.keys(classes).map((name) => `cherrypy.test.${name}`);
  const options = ["-q", "-p", "modhost_suite", "-p", "no:cacheprovider", "-o", "python_classes=*", "--pyargs"];
  const env = {
    ...process.env,
    ...{ SUITE_PORT: String(port), SUITE_REPORT: report, PYTHONPATH: join(root, "client") },
    ...{ WEBTEST_INTERACTIVE: "false", PYTHONDONTWRITEBYTECODE: "1" },
  };
  await new Promise<void>((done) => {
    // Its status is not 0 where a test fails.
    execFile(debianPython, ["-m", "pytest", ...options, ...modules], { cwd: root, env }, () => done());
  });
  const passed: string[] = [];
  const failed: Record<string, string> = {};
  for (const line of readFileSync(report, "utf8").split("\n").slice(0, -1)) {
    const [id, outcome, why] = JSON.parse(line) as [string, string, string];
    const name = id.split("::").slice(-2).join(".");
    if (outcome === "passed") passed.push(name);
    else if (outcome === "failed") failed[name] = why;
  }
  return { passed, failed };
}

describe("CherryPy's own tests", function () {
  this.timeout(600_000);
  let served: ServedRoot | undefined;
  let inside = 0;

  before(async function () {
    needPython(this, "python3-cherrypy3", "cherrypy");
    needPython(this, "python3-pytest", "pytest");
    [inside = 0] = await freePorts(1);
    served = await serveModhost(configuration.replaceAll("@INSIDE@", String(inside)), {
      modules: ["wsgi"],
      files: { "app.wsgi": application, "client/modhost_suite.py": plugin },
    });
  });
  after(() => served?.end());

  it("hold in a daemon group, and inside the server", async () => {
    if (!served) throw new TypeError("it has been started");
    const [daemon, embedded] = await Promise.all([suite(served, served.port), suite(served, inside)]);
    const known = new Set(Object.values(others).flat());
    for (const { passed, failed } of [daemon, embedded]) {
      expect(Object.entries(failed).filter(([name]) => !known.has(name) && !either.has(name))).to.deep.equal([]);
      expect(passed.length).to.be.above(100);
      expect(passed.filter((name) => known.has(name))).to.deep.equal([]);
    }
  });
});
