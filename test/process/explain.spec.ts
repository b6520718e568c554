// The explanation of a request: the server's own pipeline, and the lines that made each step.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { modules } from "../../src/modules/index.js";
import { explain, type Explanation, type Question } from "../../src/process/explain.js";
import { rehearsalOf } from "../../src/process/explain-command.js";
import { explanationText } from "../../src/process/explain-text.js";
import { readConfiguration } from "../../src/config/expand.js";
import { foreignModules } from "../../src/config/owners.js";
import { makeRoot } from "../support/modhost.js";
import { tool } from "../support/tool.js";

const names = modules.map((module) => ({ ...module, directives: Object.keys(module.directives) }));

describe("the explanation of a request", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "modhost-explain-"));
    for (const folder of ["docs", "docs/private", "files", "other"]) mkdirSync(join(root, folder));
    for (const file of ["docs/index.html", "files/a.txt", "docs/app.wsgi", "docs/denied.html"]) {
      writeFileSync(join(root, file), "x\n");
    }
  });
  after(() => rmSync(root, { recursive: true }));

  /** Explains under these lines; the modules of the list are loaded in front of them. */
  async function tell(lines: string, asked: Partial<Question> = {}): Promise<Explanation> {
    const loads = [
      "alias",
      "dir",
      "mime",
      "env",
      "setenvif",
      "authz_core",
      "authz_host",
      "proxy",
      "proxy_http",
      "wsgi",
    ];
    const text = `${loads.map((name) => `LoadModule ${name}_module modules/mod_${name}.so`).join(" \n")}
ServerName main.example
DocumentRoot ${root}/docs
<Directory ${root}>
    Require all granted
</Directory>
${lines.replaceAll("@ROOT@", root)}
`;
    writeFileSync(join(root, "main.conf"), text);
    const foreign = foreignModules(names);
    const read = readConfiguration({ serverRoot: root, file: "main.conf", environment: {}, modules: names, foreign });
    expect(read.errors.map(({ message }) => message)).to.deep.equal([]);
    const rehearsal = rehearsalOf(read.tree, modules);
    for (const { lifecycle } of rehearsal.server.modules) {
      const errorLog = { write: () => undefined, takes: () => false };
      await lifecycle.start?.({
        server: rehearsal.server,
        errorLog,
        secret: Buffer.alloc(32),
        openLog: () => ({ write: () => undefined }),
      });
    }
    return explain(rehearsal, {
      method: "GET",
      target: "/",
      headers: [["Host", "main.example"]],
      secure: false,
      localAddress: "127.0.0.1",
      localPort: 80,
      remoteAddress: "192.0.2.7",
      ...asked,
    });
  }

  /** The lines that steps went by, by number, with their text. */
  const wentBy = ({ requests }: Explanation): string[] =>
    requests.flatMap(({ steps: each }) =>
      each.flatMap(({ lines }) => lines.map(({ line, text }) => `${line} ${text}`)),
    );

  const mappings: readonly [line: string, target: string][] = [
    ["Alias /files @ROOT@/files", "/files/a.txt"],
    ["AliasMatch ^/f(.*) @ROOT@/files$1", "/f/a.txt"],
    ["Redirect 301 /old http://new.example/", "/old/x"],
    ["RedirectMatch gone ^/gone", "/gone"],
    ["WSGIScriptAlias /app @ROOT@/docs/app.wsgi", "/app/x"],
    ["ProxyPass /api http://127.0.0.1:9/", "/api/x"],
    ["ProxyPass /api/not !", "/api/not/x"],
    ["RewriteRule ^/r(.*) /files$1 [PT]", "/r/a.txt"],
  ];
  for (const [line, target] of mappings) {
    it(`names the line that mapped it: ${line}`, async () => {
      const told = await tell(
        `LoadModule rewrite_module modules/mod_rewrite.so\nRewriteEngine on\nAlias /none @ROOT@/other\nRewriteRule ^/none - [F]\n${line}\nAlias /else @ROOT@/other`,
        { target },
      );
      expect(wentBy(told)).to.include(`20 ${line.replaceAll("@ROOT@", root)}`);
      expect(wentBy(told)).to.have.length(1);
      expect(explanationText(told, { root, full: false })).to.include(
        `  by ${line.replaceAll("@ROOT@", root)}  (main.conf:20)\n`,
      );
    });
  }

  it("names the line of a section", async () => {
    expect(wentBy(await tell("<Location /sec>\nAlias @ROOT@/files\n</Location>", { target: "/sec" }))).to.deep.equal([
      `17 Alias ${root}/files`,
    ]);
  });

  /** "phase module verdict" of the steps that did something. */
  const steps = ({ requests: [first] }: Explanation): string[] =>
    (first?.steps ?? [])
      .filter(({ verdict }) => verdict !== "declined")
      .map(({ phase, module, verdict }) => `${phase} ${module} ${verdict}`);

  /** A line of the file: in front stand ten modules, ServerName, DocumentRoot, three of the directory. */
  const lineOf = (line: number): number => 15 + line;

  const hosts = `<VirtualHost *:80>
    ServerName a.example
    ServerAlias *.a.example
</VirtualHost>
<VirtualHost *:80>
    ServerName b.example
    ServerAlias www.b.example
</VirtualHost>
<VirtualHost 127.0.0.2:80>
    ServerName only.example
</VirtualHost>
`;
  const choices: readonly [host: string, to: string, name: string, why: RegExp][] = [
    ["a.example", "127.0.0.1", "a.example", /"a\.example" is its ServerName/],
    ["x.a.example", "127.0.0.1", "a.example", /matched by its ServerAlias "\*\.a\.example"/],
    ["WWW.b.example", "127.0.0.1", "b.example", /a ServerAlias of it/],
    ["nobody.example", "127.0.0.1", "a.example", /none of them has the name "nobody\.example": the first/],
    ["", "127.0.0.1", "a.example", /the client names no host/],
    ["b.example", "127.0.0.2", "only.example", /the only one, whatever the Host field says/],
  ];
  for (const [host, to, name, why] of choices) {
    it(`says why "${host}" on ${to} meets ${name}`, async () => {
      const { virtualHost } = await tell(hosts, { headers: [["Host", host]], localAddress: to });
      expect(virtualHost.name).to.equal(name);
      expect(virtualHost.why.join("\n")).to.match(why);
    });
  }

  it("says that the main server answers where no virtual host has the address", async () => {
    const { virtualHost } = await tell(hosts, { localPort: 8080 });
    expect(virtualHost.why).to.deep.equal(["no <VirtualHost> has the address 127.0.0.1:8080: the main server answers"]);
  });

  it("shows the mapping step by step", async () => {
    const story = await tell(`Alias /files "@ROOT@/files"`, { target: "/files/a.txt" });
    expect(steps(story)).to.deep.equal([
      "translateName mod_alias done",
      "mapToStorage server found a file",
      "typeChecker mod_mime done",
      "handler core answered 200",
    ]);
    expect(story.requests[0]?.steps[0]?.changes).to.deep.equal([
      { field: "filename", from: "", to: `${root}/files/a.txt` },
    ]);
    expect(story.outcome).to.include({ status: 200, by: "core in handler", refused: false });
  });

  it("names each section that matched with its place, in the order they are merged", async () => {
    const { requests } = await tell(
      `<Location /files>
    SetEnv A b
</Location>
Alias /files @ROOT@/files
<Files *.txt>
    ForceType text/x-own
</Files>
<Directory @ROOT@/files>
    Options None
</Directory>
<Location /elsewhere>
    SetEnv A c
</Location>`,
      { target: "/files/a.txt" },
    );
    expect(requests[0]?.sections.map(({ section, line }) => `${section} ${line}`)).to.deep.equal([
      `<Directory ${root}> ${lineOf(-2)}`,
      `<Directory ${root}/files> ${lineOf(8)}`,
      `<Files *.txt> ${lineOf(5)}`,
      `<Location /files> ${lineOf(1)}`,
    ]);
    const core = requests[0]?.settings.find(({ module }) => module === "core");
    expect(core?.lines.map(({ text, inside }) => `${text} in ${inside}`)).to.include.members([
      `Options None in <Directory ${root}/files>`,
      "ForceType text/x-own in <Files *.txt>",
    ]);
    expect(requests[0]?.contentType).to.equal("text/x-own");
  });

  it("leaves out lines that an inner section or a later line replaced", async () => {
    const { requests } = await tell(
      `Timeout 10
Timeout 20
<VirtualHost *:80>
    Timeout 30
    DirectoryIndex one
    ServerAdmin me
</VirtualHost>
DirectoryIndex two`,
      { target: "/denied.html" },
    );
    const texts = requests[0]?.settings.flatMap(({ lines }) => lines.map(({ text }) => text));
    expect(texts).to.include.members(["Timeout 30", "ServerAdmin me"]).and.not.include("Timeout 20");
    expect(texts).not.to.include("ServerName main.example");
  });

  it("says who refuses, with the words of the error log and the lines of that module", async () => {
    const story = await tell(
      `<Location /private>
    Require ip 10.0.0.0/8
</Location>`,
      { target: "/private/x" },
    );
    expect(story.outcome).to.include({ status: 403, by: "mod_authz_core in accessChecker", refused: true });
    const refusal = story.requests[0]?.steps.find(({ phase }) => phase === "accessChecker");
    expect(refusal?.messages[0]).to.match(/^\[authz_core\] AH01630: client denied by server configuration/);
    const rules = story.requests[0]?.settings.find(({ module }) => module === "mod_authz_core");
    expect(rules?.lines.map(({ text }) => text)).to.deep.equal(["Require ip 10.0.0.0/8"]);
  });

  it("tells of the same request from an address that is let in", async () => {
    const lines = `<Location /private>
    Require ip 10.0.0.0/8
</Location>`;
    expect((await tell(lines, { target: "/private/", remoteAddress: "10.1.1.1" })).outcome.refused).to.equal(true);
    expect((await tell(lines, { target: "/private/../private/", remoteAddress: "10.1.1.1" })).outcome.status).to.equal(
      404,
    );
  });

  it("says what a handler would do that acts outside, and does not do it", async () => {
    const proxied = await tell(`ProxyPass /back http://127.0.0.1:1/app`, { target: "/back/x" });
    expect(proxied.outcome).to.include({
      by: "mod_proxy in handler",
      foretold: "passes the request to http://127.0.0.1:1/app/x",
    });
    const run = await tell(
      `WSGIDaemonProcess shop processes=1
WSGIScriptAlias /app @ROOT@/docs/app.wsgi process-group=shop application-group=%{GLOBAL}`,
      { target: "/app/x" },
    );
    expect(run.outcome.foretold).to.equal(
      `runs application of ${root}/docs/app.wsgi in process group "shop", the main application group`,
    );
    expect(run.requests[0]?.pathInfo).to.equal("/x");
  });

  it("follows an ErrorDocument, and keeps who refused", async () => {
    const story = await tell("ErrorDocument 404 /index.html", { target: "/nowhere" });
    expect(story.requests.map(({ kind, target }) => `${kind} ${target}`)).to.deep.equal([
      "request /nowhere",
      "internal redirect /index.html",
    ]);
    expect(story.outcome).to.include({ status: 404, by: "core in handler", refused: true });
  });

  it("shows the look-ups of DirectoryIndex", async () => {
    const { requests } = await tell("DirectoryIndex missing.html index.html");
    expect(requests.map(({ kind, target }) => `${kind} ${target}`)).to.deep.equal([
      "request /",
      "look-up /missing.html",
      "look-up /index.html",
    ]);
  });

  it("sends a redirect's fields along", async () => {
    const { outcome } = await tell("Redirect permanent /old http://new.example/", { target: "/old" });
    expect(outcome.status).to.equal(301);
    expect(outcome.headers).to.deep.include(["Location", "http://new.example/"]);
  });

  it("refuses a target that no path can be made of", async () => {
    expect((await tell("", { target: "/a%2fb" })).outcome).to.include({ status: 404, by: "server" });
  });

  it("reads well", async () => {
    const story = await tell("Redirect permanent /old http://new.example/", { target: "/old" });
    const text = explanationText(story, { root, full: false });
    expect(text).to.match(/^GET http:\/\/main\.example\/old\n\nVirtual host: main\.example {2}\(main\.conf:1\)\n/);
    expect(text).to.match(/^ {4}translateName {3}mod_alias {10}answered 301$/m);
    expect(text).to.match(
      /^ {6}Redirect permanent \/old http:\/\/new\.example\/ {2}\(main\.conf:16\) {2}main server$/m,
    );
    expect(text).to.match(/\nAnswer: 301, by mod_alias in translateName\n {2}Location: http:\/\/new\.example\/\n/);
  });
});

describe("modhostctl explain", function () {
  this.timeout(60_000);
  let root: string;
  let port: number;
  before(async () => {
    ({ root, port } = await makeRoot(`<Location /closed>
    Require all denied
</Location>
`));
  });
  after(() => rmSync(root, { recursive: true }));

  const ctl = (...args: string[]): ReturnType<typeof tool> => tool("modhostctl", ["-d", root, "explain", ...args]);

  it("explains a path on the first address listened on", async () => {
    const { status, out, err } = await ctl("/closed");
    expect(err).to.equal("");
    expect(out).to.include(`GET http://localhost:${port}/closed\n`);
    expect(out).to.match(/\nRefused: 403, by mod_authz_core in accessChecker\n/);
    expect(out).to.match(/ {4}Require all denied +\(apache2\.conf:\d+\) +<Location \/closed>\n/);
    expect(status).to.equal(0);
  });

  it("may read no more than who serves", async function () {
    if (process.getuid?.() !== 0) this.skip();
    writeFileSync(join(root, "htdocs/secret.html"), "x\n", { mode: 0o600 });
    const { out } = await ctl("/secret.html");
    expect(out).to.match(/\nRefused: 403, by core in handler\n {2}.*\n[^]*log: \[core\] AH00132/);
  });

  it("takes what OPTIONS asks of the whole server", async () => {
    const { out } = await ctl("--method", "OPTIONS", "*");
    expect(out).to.match(/^OPTIONS \*\n[^]*\nAnswer: 200/);
  });

  it("takes method, fields, addresses, and gives JSON", async () => {
    const { out } = await ctl(
      ...["--method", "POST", "--header", "X-A: b", "--from", "10.0.0.1", "--to", "127.0.0.9", "--format", "json"],
      `http://other.example:${port}/x?y`,
    );
    const story = JSON.parse(out) as Explanation;
    expect(story).to.deep.include({ method: "POST", url: `http://other.example:${port}/x?y` });
    expect(story.connection).to.deep.equal({ local: `127.0.0.9:${port}`, client: "10.0.0.1", secure: false });
    expect(story.outcome.status).to.equal(404);
  });

  it("warns of a port that nothing listens on", async () => {
    const { status, err } = await ctl("http://localhost:1/");
    expect([status, err]).to.deep.equal([0, `warning: nothing listens on port 1; Listen names ${port}\n`]);
  });

  for (const [args, what] of [
    [[], /^Usage: modhostctl/],
    [["--nonsense", "/"], /nonsense/],
    [["--format", "xml", "/"], /^Usage: modhostctl/],
    [["--header", "no colon", "/"], /write "Name: value"/],
    [["--from", "me", "/"], /"me" is no IP address/],
    [["ftp://x/"], /is neither a URL nor a path/],
  ] as const) {
    it(`refuses ${JSON.stringify(args)}`, async () => {
      const { status, err } = await ctl(...args);
      expect(err).to.match(what);
      expect(status).to.equal(1);
    });
  }

  it("shows the faults of a configuration that cannot be served", async () => {
    writeFileSync(join(root, "broken.conf"), "Nonsense\n");
    const { status, err } = await ctl("-f", "broken.conf", "/");
    expect(err).to.match(/Invalid command 'Nonsense'/);
    expect(status).to.equal(1);
  });

  it("shows its options when they are asked for", async () => {
    const { status, out } = await ctl("--help");
    expect(out).to.match(/^Usage: modhostctl .* explain/);
    expect(status).to.equal(0);
  });
});
