// A configuration with faults of every kind → the text of -t: each at its word, all in one run.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { showOutcome } from "../../src/config/show-error.js";
import { modules } from "../../src/modules/index.js";
import { readServer } from "../../src/process/load.js";

const prelude = `LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule alias_module modules/mod_alias.so
LoadModule wsgi_module modules/mod_wsgi.so
ServerName localhost
User nobody
DocumentRoot /
`;

describe("a configuration that is checked", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "load-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** The text of -t, with lines counted from behind the prelude. */
  const check = (configuration: string): string => {
    writeFileSync(join(root, "httpd.conf"), `${prelude}${configuration}\n`);
    const { tree, errors, warnings } = readServer({
      ...{ serverRoot: root, file: "httpd.conf", modules, environment: {}, debug: false },
      ...{ defines: [], before: [], after: [], own: [] },
    });
    const lines = prelude.split("\n").length - 1;
    return showOutcome({ errors, warnings }, tree.sources)
      .replaceAll(root, "ROOT")
      .replace(/httpd\.conf:(\d+)/g, (_, line: string) => `:${Number(line) - lines}`);
  };

  const rows: readonly (readonly [string, string, string])[] = [
    ["Listen 99999", "1:8", "^~~~~"],
    ["Redirect 999 /a http://b/", "1:10", "^~~"],
    ['ErrorDocument  "999" foo', "1:16", "^~~~~"],
    ["WSGIDaemonProcess a threads=x", "1:21", "^~~~~~~~~"],
    ["WSGIDaemonProcess a \\\n  proceses=2", "2:3", "did you mean processes="],
    ["Options +Indexes None", "1:1", "^~~~~~~"],
    ["User nosuchuser", "1:1", "AH00543: modhost: bad user name nosuchuser"],
    ["Listen 8080\nGroup nosuchgroup", "2:1", "AH00544: modhost: bad group name nosuchgroup"],
    ["Listen 8080\nErrorLog /no/where/error.log", "2:1", "ErrorLog /no/where/error.log"],
    ["Listen 8080\nWSGIPythonHome /no/where", "2:1", "WSGIPythonHome: /no/where does not exist"],
    [
      "Listen 8080\n<Location />\n  WSGIProcessGroup nope\n</Location>",
      "3:3",
      'no WSGIDaemonProcess defines the process group "nope"',
    ],
  ];
  for (const [configuration, place, text] of rows) {
    it(`is at fault at ${place} in ${JSON.stringify(configuration)}`, () => {
      expect(check(configuration)).to.contain(`ROOT/:${place}: `).and.to.contain(text);
    });
  }

  it("shows what the checks find beside what cannot be read", () => {
    const text = check("Listen 8080\nFoo\nDocumentRoot /no/where\nUser nosuchuser\n<Location />");
    expect(text).to.contain("ROOT/:2:1: error: AH00526: Invalid command 'Foo'");
    expect(text).to.contain("ROOT/:3:1: error: DocumentRoot '/no/where' is not a directory");
    expect(text).to.contain("ROOT/:4:1: error: AH00543");
    expect(text).to.contain("ROOT/:5:1: error: <Location> was not closed");
    expect(text).to.contain("4 errors: the configuration is refused");
  });

  it("shows the faults of a file that includes itself once", () => {
    const text = check("Foo\nInclude httpd.conf");
    expect(text.match(/error: AH00526: Invalid command 'Foo'/g)).to.have.length(1);
    expect(text).to.contain('does "ROOT/httpd.conf" include itself?').and.to.contain("2 errors");
  });
});
