// <WSGIInterpreterOptions>: what interpreters of daemon groups and of the server itself see of it, and what is refused.
import { expect } from "chai";
import { underLayers } from "../../src/process/interpreter-layers.js";
import { faultsOf } from "../support/ask.js";
import { needPython } from "../support/debian.js";
import { serveModhost, type ServedRoot } from "../support/modhost.js";

const application = `
import json, signal, sys

def application(environ, start_response):
    def refused(name):
        try:
            getattr(sys, name).write("")
            return False
        except IOError:
            return True
    found = {
        "path": [entry.rpartition("/")[2] for entry in sys.path if "/part-" in entry],
        "interval": round(sys.getswitchinterval(), 4),
        "stdout": refused("stdout"),
        "signal": signal.signal.__module__ != "signal",
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(found).encode()]
`;

const libraries = ["base", "all", "group", "own", "both"];
const options = `
WSGIPythonPath @ROOT@/part-base
WSGIRestrictSignal On
<WSGIInterpreterOptions process-group=one application-group=special>
    WSGIPythonPath @ROOT@/part-both
    WSGISwitchInterval 0.02
    WSGIRestrictSignal On
</WSGIInterpreterOptions>
<WSGIInterpreterOptions>
    WSGIPythonPath @ROOT@/part-all
</WSGIInterpreterOptions>
<WSGIInterpreterOptions process-group="one">
    WSGIPythonPath @ROOT@/part-group
    WSGISwitchInterval 0.01
    WSGIRestrictStdout On
    WSGIRestrictSignal Off
</WSGIInterpreterOptions>
<WSGIInterpreterOptions process-group=%{GLOBAL} application-group=special>
    WSGIPythonPath @ROOT@/part-own
    WSGIRestrictStdout On
    WSGISwitchInterval 0.5
</WSGIInterpreterOptions>
WSGIDaemonProcess one threads=1
WSGIDaemonProcess two threads=1 switch-interval=0.03
<WSGIInterpreterOptions process-group=two>
    WSGISwitchInterval 0.04
    WSGIPerInterpreterGIL On
    WSGIFreeThreading Off
</WSGIInterpreterOptions>
<Directory @ROOT@>
    Require all granted
</Directory>
`;

interface Row {
  readonly group: string;
  readonly application: string;
  readonly path: readonly string[];
  readonly interval: number;
  readonly stdout: boolean;
  readonly signal: boolean;
}
const rows: readonly Row[] = [
  {
    group: "one",
    application: "special",
    path: ["both", "group", "all", "base"],
    interval: 0.02,
    stdout: true,
    signal: true,
  },
  { group: "one", application: "plain", path: ["group", "all", "base"], interval: 0.01, stdout: true, signal: false },
  { group: "two", application: "special", path: ["all", "base"], interval: 0.03, stdout: false, signal: true },
  {
    group: "%{GLOBAL}",
    application: "special",
    path: ["own", "all", "base"],
    interval: 0.005,
    stdout: true,
    signal: true,
  },
  { group: "%{GLOBAL}", application: "plain", path: ["all", "base"], interval: 0.005, stdout: false, signal: true },
];

describe("WSGIInterpreterOptions", function () {
  this.timeout(60_000);
  let served: ServedRoot;

  before(async function () {
    needPython(this, "libpython3.11");
    const aliases = rows.map(
      ({ group, application: name }, index) =>
        `WSGIScriptAlias /${index} @ROOT@/app.wsgi process-group=${group} application-group=${name}`,
    );
    served = await serveModhost(options + aliases.join("\n"), {
      modules: ["wsgi"],
      files: {
        "app.wsgi": application,
        ...Object.fromEntries(libraries.map((name) => [`part-${name}/named_${name}.py`, ""])),
      },
    });
  });
  after(() => (served as ServedRoot | undefined)?.end());

  for (const [index, { group, application: name, path, ...expected }] of rows.entries()) {
    it(`is laid over process group ${group}, application group ${name}`, async () => {
      const response = await fetch(served.url(`/${index}`));
      expect(await response.json()).to.deep.equal({ path: path.map((library) => `part-${library}`), ...expected });
    });
  }

  it("adds paths, and leaves the rest as it is where it says nothing", () => {
    expect(underLayers({ pythonPath: ["/a"], interpreters: [] }, "x")).to.deep.equal({
      pythonPath: ["/a"],
      restricted: ["signal"],
      switchInterval: 0,
    });
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ["<WSGIInterpreterOptions group=a>\n</WSGIInterpreterOptions>", /option group does not exist/],
    ["<WSGIInterpreterOptions one>\n</WSGIInterpreterOptions>", /options are key=value, found "one"/],
    [
      "<WSGIInterpreterOptions process-group=a process-group=b>\n</WSGIInterpreterOptions>",
      /option process-group stands there twice/,
    ],
    ["<WSGIInterpreterOptions>\nWSGIRestrictEmbedded On\n</WSGIInterpreterOptions>", /WSGIRestrictEmbedded/],
    ["<WSGIInterpreterOptions>\n", /WSGIInterpreterOptions/],
    ["<VirtualHost *:80>\n<WSGIInterpreterOptions>\n</WSGIInterpreterOptions>\n</VirtualHost>", /not allowed/],
  ];
  for (const [text, reason] of refused) {
    it(`refuses ${text.replaceAll("\n", " ")}`, () => {
      expect(faultsOf(text).errors.join("\n")).to.match(reason);
    });
  }
});
