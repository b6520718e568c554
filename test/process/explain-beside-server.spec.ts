// The explanation of a request and the server's answer to the same one: they have to agree.
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { request as httpsRequest } from "node:https";
import { type AddressInfo } from "node:net";
import { chmodSync, mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { modules } from "../../src/modules/index.js";
import { explain, type Explanation, type Rehearsal } from "../../src/process/explain.js";
import { questionFor, rehearse, startModules } from "../../src/process/explain-command.js";
import { findPython } from "../../src/process/python-interpreter.js";
import { selfSigned } from "../conformance/certificates.js";
import { chainConfiguration, chainFiles, chainRequests, type Asked } from "./explain-chains.js";
import { makeRoot, serveRoot, type ServedRoot } from "../support/modhost.js";
import { freePorts, until } from "../support/running.js";

const loaded = [
  ...["rewrite", "headers", "setenvif", "negotiation", "proxy", "proxy_http", "proxy_balancer", "lbmethod_byrequests"],
  ...[
    "slotmem_shm",
    "wsgi",
    "auth_basic",
    "authn_core",
    "authn_file",
    "authz_user",
    "authz_groupfile",
    "access_compat",
  ],
  ...[
    "actions",
    "asis",
    "autoindex",
    "cgid",
    "expires",
    "filter",
    "deflate",
    "include",
    "userdir",
    "vhost_alias",
    "ssl",
  ],
  ...["status", "speling", "substitute", "allowmethods", "macro", "authz_owner", "auth_digest", "socache_shmcb"],
  ...["info", "reflector", "ext_filter", "cache", "cache_disk"],
];

const application = `def application(environ, start_response):
    import json
    names = ["mod_wsgi.process_group", "mod_wsgi.application_group", "SCRIPT_NAME", "PATH_INFO", "SCRIPT_FILENAME"]
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({name: environ.get(name) for name in names}).encode()]
`;

const files: Readonly<Record<string, string>> = {
  "htdocs/index.html": "<p>index</p>\n",
  "htdocs/a.txt": "text\n",
  "htdocs/page.html.en": "english\n",
  "htdocs/page.html.de": "deutsch\n",
  "htdocs/sub/index.html": "sub\n",
  "htdocs/sub/deep/index.html": "deep\n",
  "htdocs/only/x.txt": "x\n",
  "htdocs/ht/.htaccess": "Header set X-Level one\nDirectoryIndex start.html\n",
  "htdocs/ht/start.html": "start\n",
  "htdocs/ht/two/.htaccess": 'Header set X-Level two\n<Files "secret*">\nRequire all denied\n</Files>\n',
  "htdocs/ht/two/page.html": "page\n",
  "htdocs/ht/two/secret.txt": "secret\n",
  "htdocs/ht/broken/.htaccess": "Hedaer set X-Level broken\n",
  "htdocs/ht/broken/page.html": "page\n",
  "htdocs/ht/forbidden/.htaccess": "Options +ExecCGI\n",
  "htdocs/ht/forbidden/page.html": "page\n",
  "htdocs/ht/rw/.htaccess":
    "RewriteEngine on\nRewriteBase /ht/rw\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^(.*)$ front.html?q=$1 [L,QSA,E=WENT:yes]\n",
  "htdocs/ht/rw/front.html": "front\n",
  "htdocs/ht/loop/.htaccess": "RewriteEngine on\nRewriteRule (.*) x$1\n",
  "htdocs/none/.htaccess": "Nonsense\n",
  "htdocs/none/page.html": "page\n",
  "htdocs/err/404.html": "lost\n",
  "htdocs/hello.cgi": "#!/bin/sh\necho\n",
  "htdocs/page.asis": "Status: 202 Taken\nContent-Type: text/plain\nX-As: is\n\nas it is\n",
  "htdocs/page.shtml": "<!--#echo var='DOCUMENT_URI' -->\n",
  "htdocs/noexec.cgi": "#!/bin/sh\necho\n",
  "htdocs/exec.shtml": "<!--#exec cmd='echo done' -->\n",
  "files/x.unknown": "x\n",
  "files/x.gz": "x\n",
  "htdocs/act.own": "acted on\n",
  "htdocs/sp ace.txt": "space\n",
  "htdocs/ümlaut.txt": "umlaut\n",
  "htdocs/misspelt.html": "right\n",
  "files/a.txt": "file\n",
  "files/deep/b.txt": "deep\n",
  "filesoff/a.txt": "off\n",
  "app/app.wsgi": application,
  "app/embedded.wsgi": application,
  "conf/passwords": "joe:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n",
  "conf/groups": "staff: joe ann\n",
  "hosts/b/index.html": "b\n",
  "hosts/tls/index.html": "tls\n",
  "hosts/mass/one.example/index.html": "mass\n",
  "hosts/mass/two.example/index.html": "mass\n",
};

const configuration = `Listen 127.0.0.1:@PORT2@
Listen 127.0.0.1:@PORT3@
Listen 127.0.0.1:@PORT4@
Header always set X-Handler "expr=%{HANDLER}"
Header always set X-Host "expr=%{SERVER_NAME}"
AddHandler send-as-is asis
AddOutputFilter INCLUDES .shtml
AddLanguage en .en
AddLanguage de .de
<Macro Closed $where>
  <Location $where>
    Require all denied
  </Location>
</Macro>
<Directory @ROOT@>
  Require all granted
  Options +Indexes +FollowSymLinks +Includes
</Directory>
<Directory @ROOT@/htdocs/ht>
  AllowOverride All
  Options +FollowSymLinks
</Directory>
<Directory @ROOT@/htdocs/ht/forbidden>
  AllowOverride AuthConfig
</Directory>
<Directory @ROOT@/htdocs/none>
  AllowOverride None
</Directory>
<Directory @ROOT@/htdocs>
  Options +MultiViews
  <If "%{QUERY_STRING} =~ /secret/">
    Require all denied
  </If>
  <ElseIf "req('X-Mood') == 'good'">
    Header set X-Mood "%{MOOD}e"
    SetEnv MOOD better
    ForceType text/x-mood
  </ElseIf>
  <Else>
    Header set X-Else yes
  </Else>
</Directory>
<Files "*.own">
  ForceType text/x-own
</Files>
Alias /files @ROOT@/files
Alias /filesoff/ @ROOT@/filesoff/
AliasMatch ^/match/(.*)\\.txt$ @ROOT@/files/$1.txt
Redirect 301 /old http://new.example/path
RedirectMatch 410 ^/gone
Redirect 302 /query /target
ErrorDocument 404 /err/404.html
ErrorDocument 403 "No way"
ErrorDocument 410 http://elsewhere.example/gone
RewriteEngine on
RewriteRule ^/rw/pt/(.*) /files/$1 [PT]
RewriteRule ^/rw/file/(.*) @ROOT@/files/$1
RewriteRule ^/rw/redirect/(.*) /files/$1 [R=307,L]
RewriteRule ^/rw/forbidden - [F]
RewriteRule ^/rw/gone - [G]
RewriteRule ^/rw/proxy/(.*) http://127.0.0.1:@BACK@/by-rewrite/$1 [P,QSA]
RewriteCond %{QUERY_STRING} ^id=(\\d+)$
RewriteRule ^/rw/query$ /files/a.txt?num=%1 [PT]
RewriteRule ^/rw/status - [R=404]
ProxyPass /back/not !
ProxyPass /back http://127.0.0.1:@BACK@/app
ProxyPassMatch ^/pm/(\\w+)/(.*)$ http://127.0.0.1:@BACK@/$1?rest=$2
ProxyPass /bal balancer://group/x
<Proxy balancer://group>
  BalancerMember http://127.0.0.1:@BACK@ route=one
  ProxySet stickysession=ROUTE
</Proxy>
<Location /loc-proxied>
  ProxyPass http://127.0.0.1:@BACK@/loc
</Location>
<Proxy "http://127.0.0.1:@BACK@/app/closed*">
  Require all denied
</Proxy>
WSGIDaemonProcess shop processes=1 threads=2
WSGIScriptAlias /app @ROOT@/app/app.wsgi process-group=shop application-group=%{GLOBAL}
WSGIScriptAlias /emb @ROOT@/app/embedded.wsgi
WSGIScriptAliasMatch ^/wm/(\\w+) @ROOT@/app/$1.wsgi
<Location /app/closed>
  Require all denied
</Location>
<Location /neg>
  <RequireAll>
    Require all granted
    Require not ip 127.0.0.7
    <RequireNone>
      Require env BLOCKED
    </RequireNone>
  </RequireAll>
</Location>
SetEnvIf X-Block yes BLOCKED
Alias /neg @ROOT@/files
Alias /auth @ROOT@/files
<Location /auth>
  AuthType Basic
  AuthName "Our place"
  AuthBasicProvider file
  AuthUserFile @ROOT@/conf/passwords
  AuthGroupFile @ROOT@/conf/groups
  Require valid-user
</Location>
<Location /auth/deep>
  Require group nobody
</Location>
<Location /any>
  Satisfy any
  Order deny,allow
  Deny from all
  Allow from 127.0.0.3
  AuthType Basic
  AuthName any
  AuthUserFile @ROOT@/conf/passwords
  Require user joe
</Location>
Alias /any @ROOT@/files
<Location /lim>
  <Limit POST PUT>
    Require all denied
  </Limit>
  <LimitExcept GET POST PUT>
    Require ip 127.0.0.9
  </LimitExcept>
</Location>
Alias /lim @ROOT@/files
<LocationMatch "^/lm/(?<WHAT>[a-z]+)">
  Header set X-What "%{MATCH_WHAT}e"
  Require expr env('MATCH_WHAT') != 'closed'
</LocationMatch>
Use Closed /macro
<Location /ssl>
  SSLRequireSSL
</Location>
Alias /ssl @ROOT@/files
<Location /own-status>
  SetHandler server-status
</Location>
<Location /methods>
  AllowMethods GET
</Location>
Alias /methods @ROOT@/files
Action own /files/a.txt virtual
<Location /act>
  SetHandler own
</Location>
ScriptAlias /cgi-bin/ @ROOT@/htdocs/
UserDir disabled
<Location /spell>
  CheckSpelling on
</Location>
Alias /spell @ROOT@/htdocs
<Location /unknown-handler>
  SetHandler no-such-thing
</Location>
<Location /exp>
  ExpiresActive on
  ExpiresDefault "access plus 1 month"
  FileETag None
</Location>
Alias /exp @ROOT@/files
<Location /subst>
  SetOutputFilter SUBSTITUTE
  Substitute s/file/FILE/
</Location>
Alias /subst @ROOT@/files
AddHandler cgi-script .cgi
ProxyBlock blocked.example
ProxyPass /blocked http://blocked.example/
<Location /info>
  SetHandler server-info
</Location>
<Location /reflect>
  SetHandler reflector
</Location>
<Location /limited>
  LimitRequestBody 10
</Location>
Alias /limited @ROOT@/files
ExtFilterDefine upper mode=output cmd="/usr/bin/tr a-z A-Z"
<Location /filter>
  SetOutputFilter upper
</Location>
Alias /filter @ROOT@/files
Alias /types @ROOT@/files
CacheRoot @ROOT@/cache
CacheEnable disk /cached
CacheIgnoreNoLastMod On
Alias /cached @ROOT@/files
<If "%{REQUEST_URI} == '/if-only'">
  Redirect 303 "http://if.example/"
</If>
<If "%{HTTP_HOST} == 'alias.if'">
  ErrorDocument 404 "If says no"
</If>

<VirtualHost 127.0.0.1:@PORT@>
  ServerName first.example
  DocumentRoot @ROOT@/htdocs
  RewriteEngine on
  RewriteOptions Inherit
</VirtualHost>
<VirtualHost 127.0.0.1:@PORT@>
  ServerName b.example
  ServerAlias *.b.example
  DocumentRoot @ROOT@/hosts/b
  ErrorDocument 404 default
  <Location /files>
    <If "-R '127.0.0.5/32'">
      Require all denied
    </If>
  </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:@PORT2@>
  ServerName two.example
  VirtualDocumentRoot @ROOT@/hosts/mass/%0
</VirtualHost>
<VirtualHost 127.0.0.1:@PORT3@>
  ServerName tls.example
  SSLEngine on
  SSLCertificateFile @ROOT@/conf/cert.pem
  SSLCertificateKeyFile @ROOT@/conf/key.pem
  DocumentRoot @ROOT@/hosts/tls
  Header always set X-Tls "expr=%{HTTPS}"
  RewriteEngine on
  RewriteCond %{HTTPS} on
  RewriteRule ^/https$ /files/a.txt [PT]
</VirtualHost>
`;

const joe = { Authorization: `Basic ${Buffer.from("joe:secret").toString("base64")}` };
const wrong = { Authorization: `Basic ${Buffer.from("joe:wrong").toString("base64")}` };

const requests: readonly [target: string, asked?: Asked][] = [
  ["/"],
  ["/index.html"],
  ["/a.txt"],
  ["/a.txt?secret"],
  ["/a.txt", { headers: { "X-Mood": "good" } }],
  ["/a.txt", { method: "HEAD" }],
  ["/a.txt", { method: "POST" }],
  ["/a.txt", { method: "DELETE" }],
  ["/a.txt", { method: "OPTIONS" }],
  ["/a.txt", { method: "TRACE" }],
  ["/a.txt", { method: "PROPFIND" }],
  ["/a.txt", { headers: { Range: "bytes=1-2" } }],
  ["/a.txt", { headers: { "If-None-Match": "*" } }],
  ["/a.txt", { headers: { "If-Match": '"no"' } }],
  ["/a.txt", { headers: { Expect: "nonsense" } }],
  ["/a.txt/more"],
  ["/sub"],
  ["/sub/"],
  ["/sub?x=y"],
  ["/only/"],
  ["/only"],
  ["/page"],
  ["/page", { headers: { "Accept-Language": "de" } }],
  ["/page.html", { headers: { "Accept-Language": "fr" } }],
  ["/page", { headers: { Accept: "image/png" } }],
  ["/nowhere"],
  ["/nowhere", { host: "alias.if" }],
  ["/nowhere", { host: "b.example" }],
  ["/", { host: "x.b.example" }],
  ["/", { host: "B.EXAMPLE." }],
  ["/", { host: "nobody.example" }],
  ["/files/a.txt", { host: "b.example", from: "127.0.0.5" }],
  ["/files/a.txt", { host: "b.example" }],
  ["/", { port: 2, host: "one.example" }],
  ["/", { port: 2, host: "three.example" }],
  ["/", { port: 2, host: "../x" }],
  ["/", { port: 3, host: "tls.example" }],
  ["/https", { port: 3, host: "tls.example" }],
  ["/ssl/a.txt", { port: 3, host: "tls.example" }],
  ["/ssl/a.txt"],
  ["/", { port: 4, host: "main" }],
  ["/rw/pt/a.txt", { port: 4 }],
  ["/ht/"],
  ["/ht/two/page.html"],
  ["/ht/two/secret.txt"],
  ["/ht/broken/page.html"],
  ["/ht/forbidden/page.html"],
  ["/ht/rw/any/path?z=1"],
  ["/ht/rw/front.html"],
  ["/ht/loop/a"],
  ["/none/page.html"],
  ["/ht/two/.htaccess"],
  ["/files"],
  ["/files/"],
  ["/files/a.txt"],
  ["/filesoff"],
  ["/filesoff/a.txt"],
  ["/filesofx"],
  ["/match/a.txt"],
  ["/match/../a.txt"],
  ["/old/x/y?z"],
  ["/gone/x"],
  ["/query?a=b&c=%20d"],
  ["/rw/pt/a.txt"],
  ["/rw/file/a.txt"],
  ["/rw/redirect/a%20b.txt?x"],
  ["/rw/forbidden"],
  ["/rw/gone"],
  ["/rw/query?id=12"],
  ["/rw/status"],
  ["/rw/proxy/x/y?z=1"],
  ["/back/one/two?q=%20"],
  ["/back"],
  ["/backx"],
  ["/back/not/x"],
  ["/back/closed/x"],
  ["/back/%7euser/a%2fb"],
  ["/back/a%3fb"],
  ["/pm/word/rest/of/it?q"],
  ["/bal/y"],
  ["/loc-proxied/z"],
  ["/app"],
  ["/app/some/path?x"],
  ["/app/closed"],
  ["/emb/x"],
  ["/wm/app/x"],
  ["/wm/none/x"],
  ["/neg/a.txt"],
  ["/neg/a.txt", { from: "127.0.0.7" }],
  ["/neg/a.txt", { headers: { "X-Block": "yes" } }],
  ["/auth/a.txt"],
  ["/auth/a.txt", { headers: joe }],
  ["/auth/a.txt", { headers: wrong }],
  ["/auth/deep/b.txt", { headers: joe }],
  ["/auth/nowhere", { headers: joe }],
  ["/any/a.txt"],
  ["/any/a.txt", { from: "127.0.0.3" }],
  ["/any/a.txt", { headers: joe }],
  ["/lim/a.txt"],
  ["/lim/a.txt", { method: "POST" }],
  ["/lim/a.txt", { method: "DELETE" }],
  ["/lim/a.txt", { method: "DELETE", from: "127.0.0.9" }],
  ["/lm/abc/x"],
  ["/lm/closed/x"],
  ["/macro/x"],
  ["/own-status"],
  ["/methods/a.txt", { method: "POST" }],
  ["/methods/a.txt"],
  ["/act/x"],
  ["/cgi-bin/hello.cgi/info"],
  ["/page.asis"],
  ["/page.shtml"],
  ["/act.own"],
  ["/spell/mispelt.html"],
  ["/unknown-handler"],
  ["/exp/a.txt"],
  ["/subst/a.txt"],
  ["/if-only"],
  ["/sp%20ace.txt"],
  ["/%C3%BCmlaut.txt"],
  ["/a%2fb"],
  ["/a%00b"],
  ["/%zz"],
  ["//a.txt"],
  ["/sub/../a.txt"],
  ["/../../etc/passwd"],
  ["/%2e%2e/a.txt"],
  ["/a.txt?%%%"],
  ["/~root/"],
  ["*", { method: "OPTIONS" }],
  ["/cgi-bin/a.txt"],
  ["/cgi-bin/nowhere"],
  ["/noexec.cgi"],
  ["/back/x", { headers: { "Max-Forwards": "0" } }],
  ["/back/x", { method: "TRACE" }],
  ["/blocked/x"],
  ["/noscheme/x"],
  ["/info"],
  ["/reflect", { method: "POST", headers: { "Content-Length": "0" } }],
  ["/neg/a.txt", { headers: { "Content-Length": "99999999", "Transfer-Encoding": "chunked" } }],
  ["/limited/a.txt", { method: "POST", headers: { "Content-Length": "50" } }],
  ["/a.txt", { headers: { Host2: "x".repeat(9000) } }],
  [`/${"x".repeat(9000)}`],
  ["/a.txt", { headers: { "X-A": "a\x80b" } }],
  ["/filter/a.txt"],
  ["/exec.shtml"],
  ["/types/x.unknown"],
  ["/types/x.gz"],
  ["/match-type/y"],
  ["/sub/deep/"],
  ["/sub/deep/nowhere"],
  ["/a.txt", { host: "a b" }],
  ["/a.txt", { host: "" }],
  ["/a.txt", { host: "first.example:99" }],
];

/** What the server says of each answer by itself, and the framing. */
const ownFields = new Set([
  "date",
  "server",
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "last-modified",
]);

interface Answer {
  readonly status: number;
  readonly fields: readonly string[];
  readonly body: string;
}

describe("an explanation beside the server", function () {
  this.timeout(120_000);
  let served: ServedRoot | undefined;
  let back: Server;
  let ports: number[] = [];
  let seen: string[] = [];
  let rehearsal: Rehearsal;

  before(async function () {
    const python = findPython(undefined);
    if ("missing" in python) {
      console.log(`      ${python.missing}`);
      this.skip();
    }
    const [port2 = 0, port3 = 0, port4 = 0] = await freePorts(3);
    back = createServer((request, response) => {
      seen.push(request.url ?? "");
      response.end("back");
    });
    await new Promise<void>((resolve) => back.listen(0, "127.0.0.1", resolve));
    const text = `${configuration}${chainConfiguration}`
      .replaceAll("@PORT2@", String(port2))
      .replaceAll("@PORT3@", String(port3))
      .replaceAll("@PORT4@", String(port4))
      .replaceAll("@BACK@", String((back.address() as AddressInfo).port));
    const { key, cert } = selfSigned("/CN=tls.example");
    const made = await makeRoot(text, {
      files: { ...files, ...chainFiles, "conf/key.pem": key, "conf/cert.pem": cert },
      modules: loaded,
    });
    chmodSync(join(made.root, "htdocs/hello.cgi"), 0o755);
    mkdirSync(join(made.root, "cache"));
    chmodSync(join(made.root, "cache"), 0o777);
    // A cache takes what was changed long ago for fresh.
    const longAgo = new Date("2020-01-01");
    utimesSync(join(made.root, "files/a.txt"), longAgo, longAgo);
    ports = [made.port, port2, port3, port4, port3];
    served = await serveRoot(made.root, made.port);
    const read = rehearse({
      ...{ serverRoot: made.root, file: "apache2.conf", defines: [], before: [], after: [], environment: process.env },
      ...{ own: [], debug: false, modules },
    });
    if ("errors" in read) throw new Error(read.errors);
    rehearsal = read;
    await startModules(rehearsal.server);
  });
  after(async () => {
    await served?.end();
    back.close();
  });

  const portOf = ({ port = 1 }: Asked): number => ports[port - 1] ?? 0;
  const fieldsOf = (asked: Asked): [string, string][] => [
    ["Host", asked.host ?? "first.example"],
    ...Object.entries(asked.headers ?? {}),
  ];

  function ask(target: string, asked: Asked): Promise<Answer> {
    const { method = "GET", from } = asked;
    return new Promise((resolve, reject) => {
      const send = asked.port === 3 ? httpsRequest : httpRequest;
      send(
        {
          host: "127.0.0.1",
          port: portOf(asked),
          method,
          path: target,
          headers: fieldsOf(asked).flat(),
          ...(from === undefined ? {} : { localAddress: from }),
          agent: false,
          rejectUnauthorized: false,
          setHost: false,
        } as object,
        (response: IncomingMessage) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              fields: pairs(response.rawHeaders),
              body: Buffer.concat(chunks).toString(),
            }),
          );
        },
      )
        .on("error", reject)
        .end();
    });
  }

  function explained(target: string, asked: Asked): Promise<Explanation> {
    const scheme = asked.port === 3 ? "https" : "http";
    const url = target === "*" ? target : `${scheme}://127.0.0.1:${portOf(asked)}${target}`;
    const { method = "GET", from = "127.0.0.1" } = asked;
    const header = fieldsOf(asked).map(([name, value]) => `${name}: ${value}`);
    return explain(rehearsal, questionFor(url, { method, from, header }, rehearsal.server));
  }

  for (const [target, asked = {}] of [...requests, ...chainRequests]) {
    it(`agree on ${asked.method ?? "GET"} ${target} ${JSON.stringify({ ...asked, method: undefined })}`, async () => {
      seen = [];
      const answer = await ask(target, asked);
      const { outcome } = await explained(target, asked);
      const { status, foretold, by } = outcome;
      if (foretold === undefined) {
        const fields = outcome.headers
          .map(([name, value]) => `${name}: ${value}`)
          .filter((line) => !ownFields.has(line.slice(0, line.indexOf(":")).toLowerCase()))
          .sort();
        expect({ status, fields }).to.deep.equal({ status: answer.status, fields: answer.fields });
      } else if (by.startsWith("mod_proxy ")) {
        expect(foretold).to.match(/^passes the request to (?:http|balancer):\/\/[^/]*(\/[^ ,]*)/);
        expect(/\/\/[^/]*(\/[^ ,]*)/.exec(foretold)?.[1]).to.equal(seen[0]);
      } else if (by.startsWith("mod_wsgi ")) {
        const environ = JSON.parse(answer.body) as Record<string, string>;
        const group = environ["mod_wsgi.process_group"] ?? "";
        const application = environ["mod_wsgi.application_group"] ?? "";
        expect(foretold.replace(/, as ErrorDocument of the \d+ by .*/, "")).to.equal(
          `runs application of ${environ["SCRIPT_FILENAME"] ?? ""} ` +
            (group === "" ? "embedded in the worker, " : `in process group "${group}", `) +
            (application === "" ? "the main application group" : `application group "${application}"`),
        );
      } else expect(answer.status).to.equal(200);
    });
  }

  it("agree on plain HTTP where TLS is spoken", async () => {
    const answer = await ask("/", { port: 5 });
    const { outcome } = await explained("/", { port: 5 });
    expect([answer.status, outcome.status, outcome.refused]).to.deep.equal([400, 400, true]);
  });

  it("agree that TLS is spoken with nobody else", async () => {
    const question = questionFor(`https://127.0.0.1:${ports[0]}/`, {}, rehearsal.server);
    const reason = await explain(rehearsal, question).catch((error: Error) => error.message);
    expect(reason).to.match(/^no TLS is spoken at 127\.0\.0\.1:\d+: a client gets no answer\./);
  });

  it("keep and take away nothing of a cache, and tell what is in it", async () => {
    const told = async (method = "GET"): Promise<string> => (await explained("/cached/a.txt", { method })).outcome.by;
    expect([await told(), await told()]).to.deep.equal(["core in handler", "core in handler"]);
    await ask("/cached/a.txt", {});
    await until("the answer is kept", async () => (await told()) === "mod_cache in quickHandler");
    await told("DELETE");
    expect(await told()).to.equal("mod_cache in quickHandler");
  });
});

function pairs(raw: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!ownFields.has((raw[i] ?? "").toLowerCase())) lines.push(`${raw[i]}: ${raw[i + 1]}`);
  }
  return lines.sort();
}
