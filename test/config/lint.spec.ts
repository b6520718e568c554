// Each lint: a configuration it warns of, with both places, and one beside it that is fine.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { arg, defineModule } from "../../src/api/index.js";
import { compile } from "../../src/config/compile.js";
import { readConfiguration } from "../../src/config/expand.js";
import { lints, lintServer } from "../../src/config/lint/index.js";
import { foreignModules } from "../../src/config/owners.js";
import { modules } from "../../src/modules/index.js";

const loaded = ["alias", "access_compat", "authz_core", "authz_host", "proxy", "proxy_http", "wsgi"];
const loads = loaded.map((name) => `LoadModule ${name}_module modules/mod_${name}.so`).join("\n");
/** Lines in front of each configuration. */
const front = loaded.length + 3;

/** What lints look for of authentication, whatever modules of it there are. */
const authentication = defineModule({
  name: "mod_auth_basic",
  summary: "Directives of authentication",
  settings: {},
  directives: (directive) =>
    Object.fromEntries(
      ["AuthType", "AuthUserFile", "SSLCertificateKeyFile"].map((name) => [
        name,
        directive({
          args: [arg.word("value")],
          contexts: ["server config", "virtual host", "directory"],
          summary: "",
          doc: "",
          example: "",
          set: () => undefined,
        }),
      ]),
    ),
  provides: { authzProvider: { "valid-user": { require: () => () => "neutral" } } },
});
const available = [
  ...modules.filter(({ name }) => loaded.includes(name.slice(4)) || !name.includes("auth")),
  authentication,
];
const names = available.map((module) => ({ ...module, directives: Object.keys(module.directives) }));

describe("a lint", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "modhost-lint-"));
    for (const folder of ["docs", "docs/sub", "docs/sub/more", "keys"]) mkdirSync(join(root, folder));
    for (const file of ["docs/app.wsgi", "docs/passwords", "docs/.htpasswd", "keys/open", "keys/closed", "app.wsgi"]) {
      writeFileSync(join(root, file), "");
      chmodSync(join(root, file), 0o640);
    }
    chmodSync(join(root, "keys/open"), 0o644);
  });
  after(() => rmSync(root, { recursive: true }));

  /** "code line: reason | related line" of each finding. */
  function lint(lines: string): string[] {
    const text = `${loads}\nLoadModule auth_basic_module modules/x.so\nServerName main.example\nListen 80\n${lines.replaceAll("@ROOT@", root)}\n`;
    writeFileSync(join(root, "main.conf"), text);
    const foreign = foreignModules(names);
    const read = readConfiguration({ serverRoot: root, file: "main.conf", environment: {}, modules: names, foreign });
    expect(read.errors.map(({ message }) => message)).to.deep.equal([]);
    const { server, errors } = compile(read.tree, available, { unchecked: true });
    expect(errors.map(({ message }) => message)).to.deep.equal([]);
    if (!server) return [];
    return lintServer(server).map(({ message, origin, detail }) => {
      const related = (detail.related ?? []).map((other) => other.origin.line - front).join(" ");
      return `${detail.code} ${origin.line - front}: ${message}${related === "" ? "" : ` | ${related}`}`;
    });
  }

  it("names files of enabled folders that nobody reads, and those that are no text", () => {
    const folder = join(root, "sites-enabled");
    mkdirSync(folder);
    try {
      for (const name of ["shop", "shop.conf~", ".shop.conf.swp", "old.conf.bak"])
        writeFileSync(join(folder, name), "");
      writeFileSync(join(folder, "read.conf"), "# fine\n");
      writeFileSync(join(folder, "wide.conf"), Buffer.from("# wide\n", "utf16le").swap16());
      symlinkSync("../nowhere.conf", join(folder, "gone.conf"));
      expect(lint("IncludeOptional sites-enabled/*.conf").map((each) => each.replace(/ -?\d+:/, ":"))).to.deep.equal([
        "unread-file: the link leads nowhere",
        "unread-file: no Include line takes this file: nothing in it counts",
        "unread-file: the file is in UTF-16: save it as UTF-8, without a byte order mark",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const host = (name: string, lines = "", address = "*:80"): string =>
    `<VirtualHost ${address}>\n    ${name === "" ? "# none" : `ServerName ${name}`}\n${lines}\n</VirtualHost>\n`;

  const rows: readonly [what: string, configuration: string, found: RegExp, fine: string][] = [
    [
      "names the path of a mapping that no request has",
      "Redirect permanent old http://x.example/",
      /^impossible-path 1: "old" is the beginning of no path: this line never acts$/,
      "Redirect permanent /old http://x.example/\n<Location /a>\nRedirect http://x.example/\n</Location>",
    ],
    [
      "names a quotation mark of books that begins a word",
      "ServerAdmin “root@x.example”",
      /^book-quotes 1: “ is no quotation mark here, but a part of the word$/,
      'ServerAdmin "x “root@x.example”"',
    ],
    [
      "names a quotation mark without a second one",
      'Alias /a "/srv/my files',
      /^unclosed-quote 1: the quotation that begins with "\/srv\/my files has no end/,
      'ErrorDocument 404 "Nothing there\nErrorDocument 410 "it\'s gone"',
    ],
    [
      "names a ServerName with a path",
      host("http://a.example/shop"),
      /^impossible-name 2: "a\.example\/shop" is no host name/,
      host("http://a.example"),
    ],
    [
      "names a way to log in that there is not",
      "<Location /a>\nAuthType Basics\n</Location>",
      /^unknown-auth-type 2: nobody authenticates by AuthType "Basics"/,
      "<Location /b>\nAuthType None\n</Location>",
    ],
    [
      "names a virtual host whose name is taken",
      host("a.example") + host("A.example"),
      /^duplicate-host 6: "a\.example" on \*:80 is taken.* \| 2$/,
      host("a.example") + host("a.example", "", "*:8080") + "Listen 8080",
    ],
    [
      "names a ServerAlias that another virtual host has",
      host("a.example") + host("b.example", "ServerAlias www.b.example a.example"),
      /^duplicate-host 7: "a\.example" on \*:80 is taken.* \| 2$/,
      host("a.example", "ServerAlias a.example") + host("b.example"),
    ],
    [
      "names a virtual host without a name that is not the first",
      host("a.example") + host(""),
      /^host-without-name 5: this virtual host has no ServerName.* \| 1$/,
      host("") + host("b.example"),
    ],
    [
      "names a virtual host on a port that nothing listens on",
      host("a.example", "", "*:81"),
      /^unheard-port 1: nothing listens on port 81/,
      host("a.example", "", "*:81") + "Listen 81",
    ],
    [
      "names an alias with a comma in it",
      host("a.example", "ServerAlias b.example, c.example"),
      /^impossible-name 3: "b\.example," never matches: "," stands in no host name/,
      host("a.example", "ServerAlias b.example c.example *.d.example"),
    ],
    [
      "names an alias with a scheme",
      host("a.example", "ServerAlias http://b.example"),
      /^impossible-name 3: "http:\/\/b\.example" never matches: a scheme/,
      host("a.example", "ServerAlias b.example"),
    ],
    [
      "names a ServerName that is replaced",
      host("a.example", "ServerName b.example"),
      /^repeated-name 2: .* \| 3$/,
      host("a.example"),
    ],
    [
      "names an Alias behind ProxyPass /",
      `Alias /static @ROOT@/docs\nProxyPass / http://127.0.0.1:1/`,
      /^hidden-mapping 1: Alias "\/static" never acts: ProxyPass "\/" is asked first.* \| 2$/,
      `Alias /static @ROOT@/docs\nProxyPass /static !\nProxyPass / http://127.0.0.1:1/`,
    ],
    [
      "names a WSGIScriptAlias behind an Alias",
      `WSGIScriptAlias /app/x @ROOT@/app.wsgi\nAlias /app @ROOT@/docs`,
      /^hidden-mapping 1: WSGIScriptAlias "\/app\/x" never acts: Alias "\/app" is asked first.* \| 2$/,
      `Alias /app/static @ROOT@/docs\nWSGIScriptAlias /app @ROOT@/app.wsgi\nAlias /application @ROOT@/docs`,
    ],
    [
      "names an Alias behind a Redirect",
      `Alias /old/files @ROOT@/docs\nRedirect permanent /old http://new.example/`,
      /^hidden-mapping 1: Alias "\/old\/files" never acts: Redirect "\/old".* \| 2$/,
      `Alias /older @ROOT@/docs\nRedirect /old http://new.example/`,
    ],
    [
      "names a Redirect behind a shorter one",
      `Redirect / http://new.example/\nRedirect /old http://old.example/`,
      /^hidden-mapping 2: Redirect "\/old" never acts.* \| 1$/,
      `Redirect /old http://old.example/\nRedirect / http://new.example/`,
    ],
    [
      "names a redirect to itself",
      host("a.example", "Redirect permanent / http://a.example/"),
      /^redirect-loop 3: "http:\/\/a\.example\/" is redirected by this very line/,
      host("a.example", "Redirect permanent / https://a.example/"),
    ],
    [
      "names old access rules beside new ones",
      `<Location /a>\n    Order allow,deny\n    Allow from all\n    Require all granted\n</Location>`,
      /^mixed-access 2: Order beside Require.* \| 4$/,
      `<Location /a>\n    Require all granted\n</Location>\n<Location /b>\n    Order allow,deny\n</Location>`,
    ],
    [
      "names a Require that an open one makes useless",
      `<Location /a>\n    Require all granted\n    Require ip 10.0.0.0/8\n</Location>`,
      /^useless-require 3: "Require ip 10\.0\.0\.0\/8" has no effect.* \| 2$/,
      `<Location /a>\n    <RequireAll>\n        Require all granted\n        Require not ip 10.0.0.0/8\n    </RequireAll>\n</Location>`,
    ],
    [
      "names rules that leave methods open",
      `<Location /a>\n    <Limit GET POST>\n        Require ip 10.0.0.0/8\n    </Limit>\n</Location>`,
      /^methods-left-open 2: .*<Limit GET POST>.* \| 3$/,
      `<Location /a>\n    <LimitExcept GET>\n        Require ip 10.0.0.0/8\n    </LimitExcept>\n</Location>
<Location /b>\n<Limit PUT DELETE>\nOrder deny,allow\nDeny from all\n</Limit>\n</Location>
<Location /c>\n<Limit GET POST>\nOrder allow,deny\nAllow from all\n</Limit>\n</Location>
<Location /d>\n<Limit GET>\nRequire ip 10.0.0.0/8\n</Limit>\n<LimitExcept GET>\nRequire all denied\n</LimitExcept>\n</Location>`,
    ],
    [
      "names old rules that leave methods open",
      `<Location /a>\n    <Limit GET POST>\n        Order allow,deny\n        Allow from 10.0.0.0/8\n    </Limit>\n</Location>`,
      /^methods-left-open 2: .*<Limit GET POST>.* \| 3$/,
      `<Location /a>\n    <Limit GET POST>\n        Order deny,allow\n    </Limit>\n</Location>`,
    ],
    [
      "names a way to log in whose module is not loaded",
      "<Location /a>\nAuthType Digest\n</Location>",
      /^unknown-auth-type 2: nobody authenticates by AuthType "Digest"/,
      "<Location /a>\nAuthType basic\n</Location>",
    ],
    ...["Alias /a @ROOT@/docs/sub", "ScriptAlias /a/ @ROOT@/docs/sub/", "WSGIScriptAlias / @ROOT@/docs/sub/x.wsgi"].map(
      (line): (typeof rows)[number] => [
        `names a folder that nothing opens: ${line}`,
        `<Directory />\n    Require all denied\n</Directory>\n${host("a.example", line)}`,
        /^closed-folder 6: everybody gets a 403: .*\/docs\/sub is closed, and no section opens it \| 1$/,
        `<Directory />\n    Require all denied\n</Directory>\n${[
          "<Directory @ROOT@/docs>\nRequire all granted\n</Directory>",
          ...(line.startsWith("WSGI") ? [] : ["<Directory @ROOT@/docs/sub/more>\nRequire host a\n</Directory>"]),
          "<Directory @ROOT@/docs>\n<Files x.wsgi>\nRequire all granted\n</Files>\n</Directory>",
          "<Directory @ROOT@/docs/>\nAllow from all\n</Directory>",
          "<Directory docs>\nRequire all granted\n</Directory>",
          "<Directory @ROOT@/d*/sub>\nRequire all granted\n</Directory>",
          "<Location />\nRequire ip 127.0.0.1\n</Location>",
          "<Directory @ROOT@>\nAllowOverride AuthConfig\n</Directory>",
        ]
          .map((opener, i) => host(`h${i}.example`, `${line}\n${opener}`))
          .join("")}`,
      ],
    ),
    [
      "names a DocumentRoot that nothing opens",
      `<Directory />\n    Order deny,allow\n    Deny from all\n</Directory>\n${host("a.example", "DocumentRoot @ROOT@/docs\n<FilesMatch ^\\.ht>\nRequire all denied\n</FilesMatch>")}`,
      /^closed-folder 7: everybody gets a 403: .*\/docs is closed/,
      `<Directory />\n    Require all denied\n</Directory>\n${host("a.example", "DocumentRoot @ROOT@/docs\nProxyPass / http://127.0.0.1:9/")}${host("b.example", "DocumentRoot @ROOT@/docs\n<Directory @ROOT@/docs>\nRequire all granted\n</Directory>")}DocumentRoot @ROOT@/docs`,
    ],
    [
      "names a folder that nothing opens, for the main server's line, unless a virtual host does",
      `<Directory />\n    Require all denied\n</Directory>\nAlias /a @ROOT@/docs\n${host("a.example")}`,
      /^closed-folder 4: /,
      `<Directory />\n    Require all denied\n</Directory>\nAlias /a @ROOT@/docs\n${host("a.example", "<Directory @ROOT@/docs>\nRequire all granted\n</Directory>")}`,
    ],
    [
      "names a folder that is not there",
      "<Directory @ROOT@/nowhere>\n    Require all granted\n</Directory>",
      /^missing-directory 1: there is no .*\/nowhere/,
      "<Directory @ROOT@/no*>\n</Directory>\n<Directory @ROOT@/docs>\n</Directory>\n<DirectoryMatch nowhere>\n</DirectoryMatch>",
    ],
    [
      "names a Location that is a folder",
      "DocumentRoot @ROOT@/docs\n<Location @ROOT@/docs/sub>\n</Location>",
      /^location-of-folder 2: /,
      "DocumentRoot @ROOT@/docs\n<Location /sub>\n</Location>",
    ],
    [
      "names a script that can be fetched",
      host("a.example", "DocumentRoot @ROOT@/docs\nWSGIScriptAlias /app @ROOT@/docs/app.wsgi"),
      /^script-in-documents 4: .* \| 3$/,
      // The application has that path too.
      host("a.example", "DocumentRoot @ROOT@/docs\nWSGIScriptAlias / @ROOT@/docs/app.wsgi") +
        host("b.example", "DocumentRoot @ROOT@/docs\nWSGIScriptAlias /app @ROOT@/app.wsgi"),
    ],
    [
      "names a rule about users that nobody asks for",
      "<Location /a>\n    Require valid-user\n</Location>",
      /^user-without-auth 2: "Require valid-user" asks for a user/,
      "AuthType Basic\n<Location /a>\n    Require valid-user\n</Location>",
    ],
    [
      "names a key that everybody can read",
      "SSLCertificateKeyFile @ROOT@/keys/open",
      /^secret-readable 1: everybody on this machine can read .*\/keys\/open$/,
      "SSLCertificateKeyFile @ROOT@/keys/closed\nAuthUserFile @ROOT@/nowhere",
    ],
    [
      "names a password file that can be fetched",
      "DocumentRoot @ROOT@/docs\nAuthUserFile @ROOT@/docs/passwords",
      /^secret-served 2: .*\/docs\/passwords lies in the DocumentRoot/,
      "DocumentRoot @ROOT@/docs\nAuthUserFile @ROOT@/docs/.htpasswd",
    ],
  ];
  for (const [what, configuration, found, fine] of rows) {
    it(what, () => {
      const findings = lint(configuration);
      expect(findings, findings.join("\n")).to.have.length(1);
      expect(findings[0]).to.match(found);
      expect(lint(fine)).to.deep.equal([]);
    });
  }

  it("has a section in docs/lints.md, and every section has a lint", () => {
    const page = readFileSync(new URL("../../docs/lints.md", import.meta.url), "utf8");
    const titles = [...page.matchAll(/^## `([^`]+)`$/gm)].map(([, code]) => code);
    expect(titles.sort()).to.deep.equal(lints.map(({ code }) => code).sort());
  });
});
