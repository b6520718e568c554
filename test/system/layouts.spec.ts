// The two ways configurations are laid out: Debian's, and conf/httpd.conf with conf.d and conf.modules.d.
import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "../support/ask.js";

const program = fileURLToPath(new URL("../../bin/modhost", import.meta.url));

const identity = process.getuid?.() === 0 ? "User www-data\nGroup www-data\n" : "";

/** As Red Hat's package has it, with paths below the server root. */
const redHat: Readonly<Record<string, string>> = {
  "conf/httpd.conf": `ServerRoot "@ROOT@"
Listen 8080
Include conf.modules.d/*.conf
${identity}ServerAdmin root@localhost
ServerName www.example.org:8080
<Directory />
    AllowOverride none
    Require all denied
</Directory>
DocumentRoot "@ROOT@/html"
<Directory "@ROOT@/html">
    Options FollowSymLinks
    AllowOverride None
    Require all granted
</Directory>
<IfModule dir_module>
    DirectoryIndex index.html
</IfModule>
<Files ".ht*">
    Require all denied
</Files>
ErrorLog "logs/error_log"
LogLevel warn
<IfModule log_config_module>
    LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
    <IfModule logio_module>
      LogFormat "%h %l %u %t \\"%r\\" %>s %b %I %O" combinedio
    </IfModule>
    CustomLog "logs/access_log" common
</IfModule>
<IfModule mime_module>
    TypesConfig conf/mime.types
    AddType application/x-compress .Z
</IfModule>
AddDefaultCharset UTF-8
EnableSendfile on
IncludeOptional conf.d/*.conf
`,
  "conf/mime.types": "text/html html\n",
  "conf.modules.d/00-base.conf": [
    "access_compat alias authz_core authz_host dir env headers log_config logio mime setenvif unixd version watchdog",
  ]
    .join(" ")
    .split(" ")
    .map((name) => `LoadModule ${name}_module modules/mod_${name}.so\n`)
    .join(""),
  "conf.modules.d/00-mpm.conf": "LoadModule mpm_event_module modules/mod_mpm_event.so\n",
  "conf.modules.d/00-systemd.conf": "LoadModule systemd_module modules/mod_systemd.so\n",
  "conf.d/welcome.conf":
    '<LocationMatch "^/+$">\n    Options -Indexes\n    ErrorDocument 403 /.noindex.html\n</LocationMatch>\n',
  "conf.d/README": "Not read.\n",
  "html/index.html": "hello\n",
  "logs/.keep": "",
};

describe("a server root with conf/httpd.conf", function () {
  this.timeout(60_000);
  let root = "";

  before(() => {
    root = mkdtempSync(join(tmpdir(), "layouts-"));
    for (const [name, text] of Object.entries(redHat)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text.replaceAll("@ROOT@", root));
    }
  });
  after(() => rmSync(root, { recursive: true }));

  const run = (...args: string[]) =>
    spawnSync(process.execPath, [program, "-d", root, ...args], { encoding: "utf8", env: { PATH: "/usr/bin:/bin" } });

  it("is found without -f, and taken as it stands but for modules that are linked into Debian's Apache", () => {
    const { stderr, stdout, status } = run("-t", "-DDUMP_VHOSTS");
    expect(status, stderr + stdout).to.equal(0);
  });

  it("includes what its folders hold", () => {
    const { stdout, status } = run("-t", "-D", "DUMP_INCLUDES");
    expect(status).to.equal(0);
    for (const name of [
      "conf/httpd.conf",
      "conf.modules.d/00-base.conf",
      "conf.modules.d/00-mpm.conf",
      "conf.d/welcome.conf",
    ])
      expect(stdout).to.include(`${root}/${name}`);
    expect(stdout).to.not.include("README");
  });

  it("names the file of a fault and the line that included it", () => {
    writeFileSync(join(root, "conf.d/broken.conf"), "Nonsense\n");
    const { stderr, stdout, status } = run("-t");
    rmSync(join(root, "conf.d/broken.conf"));
    expect(status).to.equal(1);
    expect(stderr + stdout).to.match(/conf\.d\/broken\.conf:1:1: .*Nonsense/);
    expect(stderr + stdout).to.match(/included at .*conf\/httpd\.conf:\d+/);
  });

  it("serves its pages", async () => {
    const asked = serve(
      '<Directory ROOT/htdocs>\n  AllowOverride None\n</Directory>\nInclude "ROOT/conf.d/*.conf"\nDirectoryIndex index.html',
      { files: { "htdocs/index.html": "hello\n", "conf.d/welcome.conf": redHat["conf.d/welcome.conf"] ?? "" } },
    );
    expect((await asked.ask("/")).body).to.equal("hello\n");
  });
});
