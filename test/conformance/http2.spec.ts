// The same requests of HTTP/2 to mod_http2 of a real Apache and to modhost → the same answers.
import { expect } from "chai";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectPlain } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { connect as connectTls } from "node:tls";
import { selfSigned } from "./certificates.js";
import { daemonGroup, dumpApplication } from "./dump-application.js";
import { fileTime, linesOf } from "./harness.js";
import { until } from "../support/running.js";
import { missingForApache, skipWithout, startServer, type Server } from "./servers.js";

const pair = selfSigned("/CN=first.test", "subjectAltName=DNS:first.test,DNS:alias.test");
const other = selfSigned("/CN=second.test");

const configuration = `${daemonGroup}
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule http2_module @MODULES@/mod_http2.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule autoindex_module @MODULES@/mod_autoindex.so
LoadModule expires_module @MODULES@/mod_expires.so
LoadModule actions_module @MODULES@/mod_actions.so
LoadModule cache_module @MODULES@/mod_cache.so
LoadModule cache_disk_module @MODULES@/mod_cache_disk.so
CacheRoot "@RUN@/cache"
CacheEnable disk /kept-pages
CacheHeader On
CacheDetailHeader On
Protocols h2 h2c http/1.1
H2EarlyHints On
H2Push Off
LogFormat '%H "%r" %m %U %q %>s %b "%{User-Agent}i" "%{X-Sum}^ti"' compared
CustomLog "@RUN@/access.log" compared
Listen 127.0.0.1:@PORT2@ https
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
    Require all granted
    Options Indexes FollowSymLinks
    AllowOverride All
</Directory>
WSGIScriptAlias /app "@ROOT@/apps/dump.wsgi"
WSGIScriptAlias /chosen "@ROOT@/apps/dump.wsgi" callable-object=chosen
WSGIScriptAlias /echo-all "@ROOT@/apps/echo.wsgi"
WSGIScriptAlias /echo "@ROOT@/apps/echo.wsgi"
<Location /echo-all>
    WSGIChunkedRequest On
</Location>
<Location /small>
    LimitRequestBody 10
</Location>
Alias /kept-pages "@ROOT@/htdocs"
<Location /early>
    H2PushResource /style.css
    H2PushResource add /script.js critical
</Location>
<Location /denied>
    Require all denied
</Location>
<Location /private>
    AuthType Basic
    AuthName "private"
    AuthUserFile "@ROOT@/conf/users"
    Require valid-user
</Location>
Redirect 301 /moved /elsewhere
Redirect 307 /kept https://other.test/
Redirect gone /gone
RewriteEngine On
RewriteRule ^/rewritten$ /text.txt
RewriteRule ^/forbidden$ - [F]
RewriteCond %{SERVER_PROTOCOL} =HTTP/2.0
RewriteRule ^/by-protocol$ /text.txt
RewriteCond %{HTTP2} =on
RewriteRule ^/by-variable$ /text.txt
ErrorDocument 404 /not-found.txt
ErrorDocument 410 "gone, says a text"
<Location /varied>
    Header append Vary X-One
    Header append Vary X-Two
    Header add Set-Cookie a=1
    Header add Set-Cookie b=2
    Header set X-Stream %{HTTP2}e
    Header set Connection close
</Location>
<Location /expiring>
    ExpiresActive On
    ExpiresDefault "modification plus 1 day"
</Location>
<VirtualHost *:@PORT@>
    ServerName www.test
    RewriteEngine On
    RewriteOptions Inherit
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName plain.test
    Protocols h2c http/1.1
</VirtualHost>
<VirtualHost *:@PORT@>
    ServerName old.test
    Protocols http/1.1 h2c
</VirtualHost>
<VirtualHost *:@PORT2@>
    ServerName first.test
    ServerAlias alias.test
    SSLEngine on
    SSLCertificateFile "@ROOT@/conf/first.pem"
    SSLCertificateKeyFile "@ROOT@/conf/first.key"
    SSLOptions +StdEnvVars
    Header set X-Host first
    Header set X-TLS "%{SSL_PROTOCOL}e"
</VirtualHost>
<VirtualHost *:@PORT2@>
    ServerName second.test
    SSLEngine on
    SSLCertificateFile "@ROOT@/conf/second.pem"
    SSLCertificateKeyFile "@ROOT@/conf/second.key"
    SSLCipherSuite ECDHE+AESGCM
    SSLVerifyClient optional_no_ca
    Header set X-Host second
</VirtualHost>
<VirtualHost *:@PORT2@>
    ServerName old.test
    Protocols http/1.1
    SSLEngine on
    SSLCertificateFile "@ROOT@/conf/second.pem"
    SSLCertificateKeyFile "@ROOT@/conf/second.key"
</VirtualHost>
`;

const files: Readonly<Record<string, string>> = {
  "htdocs/index.html": "index\n",
  "htdocs/text.txt": "a text of some words\n",
  "htdocs/not-found.txt": "not found, says a file\n",
  "htdocs/large.bin": "0123456789abcdef".repeat(40_000),
  "htdocs/folder/one.txt": "one\n",
  "htdocs/early/index.html": "early\n",
  "htdocs/varied/index.html": "varied\n",
  "htdocs/expiring/index.html": "expiring\n",
  "htdocs/private/index.html": "private\n",
  "htdocs/small/index.html": "small\n",
  "htdocs/denied/index.html": "denied\n",
  "htdocs/with/.htaccess": "Header set X-Access file\nH2PushResource /from-access-file.css\n",
  "htdocs/with/index.html": "with\n",
  "conf/users": "joe:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n",
  "conf/first.pem": pair.cert,
  "conf/first.key": pair.key,
  "conf/second.pem": other.cert,
  "conf/second.key": other.key,
  "conf/mime.types": "text/html html\ntext/plain txt\ntext/css css\n",
  "apps/dump.wsgi": dumpApplication,
  "apps/echo.wsgi": `
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Length", environ.get("CONTENT_LENGTH", "none")),
        ("X-Size", str(len(body))), ("X-Cookie", environ.get("HTTP_COOKIE", "none")), ("X-Host", environ["HTTP_HOST"]),
        ("X-Protocol", environ["SERVER_PROTOCOL"]), ("X-Method", environ["REQUEST_METHOD"]),
        ("X-Encoding", environ.get("HTTP_TRANSFER_ENCODING", "none"))])
    return [body[:100]]
`,
};

interface Row {
  readonly name: string;
  readonly path?: string;
  readonly method?: string;
  readonly fields?: OutgoingHttpHeaders;
  readonly body?: string | readonly string[];
  readonly trailers?: OutgoingHttpHeaders;
  /** The name in the handshake; none: not encrypted. */
  readonly tls?: string;
  readonly authority?: string;
  /** Why the two differ. It is an error when they do not. */
  readonly differs?: string;
}

const words = "word ".repeat(30_000);
const unlimited = "Apache does not hold requests of HTTP/2 to LimitRequestBody";
const twice = "Apache names each resource twice in the 103 of a folder with an index";
const rows: readonly Row[] = [
  { name: "a file" },
  { name: "a file, for HEAD", method: "HEAD", path: "/text.txt" },
  { name: "a large file", path: "/large.bin" },
  { name: "a query", path: "/text.txt?a=b&c" },
  { name: "a missing file", path: "/nowhere" },
  { name: "a missing file, for HEAD", path: "/nowhere", method: "HEAD" },
  { name: "a folder without its slash", path: "/folder" },
  { name: "a list of a folder", path: "/folder/" },
  { name: "a path that leaves the documents", path: "/../../etc/passwd" },
  { name: "an encoded slash", path: "/folder%2fone.txt" },
  { name: "a bad escape", path: "/%zz" },
  { name: "an encoded NUL", path: "/a%00b" },
  { name: "a redirect", path: "/moved/on?x=y" },
  { name: "a redirect to another server", path: "/kept/a" },
  { name: "what is gone", path: "/gone" },
  { name: "what is denied", path: "/denied/" },
  { name: "what is forbidden by a rule", path: "/forbidden" },
  { name: "a rewritten path", path: "/rewritten" },
  { name: "a rule by protocol", path: "/by-protocol" },
  { name: "a rule by HTTP2", path: "/by-variable" },
  { name: "what needs a password", path: "/private/" },
  { name: "a good password", path: "/private/", fields: { authorization: "Basic am9lOnNlY3JldA==" } },
  { name: "a bad password", path: "/private/", fields: { authorization: "Basic am9lOndyb25n" } },
  { name: "a range", path: "/text.txt", fields: { range: "bytes=2-5" } },
  { name: "the last bytes", path: "/text.txt", fields: { range: "bytes=-4" } },
  { name: "a range behind the end", path: "/text.txt", fields: { range: "bytes=100-" } },
  { name: "If-Modified-Since", path: "/text.txt", fields: { "if-modified-since": "Wed, 01 May 2024 12:00:00 GMT" } },
  { name: "If-None-Match *", path: "/text.txt", fields: { "if-none-match": "*" } },
  { name: "If-Match that fails", path: "/text.txt", fields: { "if-match": '"other"' } },
  {
    name: "If-Unmodified-Since in the past",
    path: "/text.txt",
    fields: { "if-unmodified-since": "Wed, 01 May 2019 12:00:00 GMT" },
  },
  { name: "OPTIONS", path: "/text.txt", method: "OPTIONS" },
  { name: "OPTIONS *", path: "*", method: "OPTIONS" },
  { name: "TRACE", path: "/text.txt", method: "TRACE" },
  { name: "a method nobody knows", path: "/text.txt", method: "BREW" },
  { name: "DELETE of a file", path: "/text.txt", method: "DELETE" },
  { name: "POST to a file", path: "/text.txt", method: "POST", body: "a=b" },
  { name: "PUT to a file", path: "/text.txt", method: "PUT", body: "content" },
  { name: "several fields of one name", path: "/varied/" },
  { name: "Expires", path: "/expiring/" },
  { name: "a .htaccess file", path: "/with/", differs: twice },
  { name: "early hints", path: "/early/", differs: twice },
  { name: "early hints of a missing file", path: "/early/nothing" },
  { name: "early hints, for HEAD", path: "/early/", method: "HEAD", differs: twice },
  { name: "a body with its length", path: "/echo", method: "POST", body: "12345", fields: { "content-length": "5" } },
  { name: "a body without its length", path: "/echo", method: "POST", body: "12345" },
  { name: "an empty body", path: "/echo", method: "POST", body: "", fields: { "content-length": "0" } },
  { name: "a body in pieces", path: "/echo", method: "POST", body: ["one ", "two ", "three"] },
  { name: "a large body", path: "/echo", method: "POST", body: words },
  { name: "a body with trailers", path: "/echo", method: "POST", body: "12345", trailers: { "x-trailer": "last" } },
  { name: "a body of GET", path: "/echo", body: "12345" },
  { name: "a body that is awaited", path: "/echo", method: "POST", body: "12345", fields: { expect: "100-continue" } },
  { name: "another expectation", path: "/echo", fields: { expect: "something-else" } },
  { name: "a type without a body", path: "/echo", method: "POST", fields: { "content-type": "text/plain" } },
  { name: "cookies one by one", path: "/echo", fields: { cookie: ["a=1", "b=2", "c=3"] } },
  { name: "the environ", path: "/app/in/fo?q=1", authority: "www.test" },
  { name: "the environ of a body", path: "/app", method: "POST", body: "12345", authority: "www.test" },
  {
    name: "a body that is too large",
    path: "/small/",
    method: "POST",
    body: "more than ten bytes",
    fields: { "content-length": "19" },
    differs: unlimited,
  },
  {
    name: "a body without its length that is too large",
    path: "/small/",
    method: "POST",
    body: "more than ten bytes",
    differs: unlimited,
  },
  { name: "a large field", path: "/text.txt", fields: { "x-large": "x".repeat(8000) } },
  { name: "a field that is too large", path: "/text.txt", fields: { "x-large": "x".repeat(8200) } },
  {
    name: "a path that is too long",
    path: `/${"a".repeat(8300)}`,
    differs: "Apache tells of a 400 besides, though there is no ErrorDocument",
  },
  {
    name: "too many fields",
    path: "/text.txt",
    fields: Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-field-${i}`, "x"])),
  },
  {
    name: "as many fields as there may be",
    path: "/text.txt",
    fields: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`x-field-${i}`, "x"])),
  },
  { name: "a malformed authority", path: "/text.txt", authority: "a b" },
  {
    name: "an authority with a user",
    path: "/text.txt",
    authority: "joe@www.test",
    // RFC 9113, 8.3.1: it must not have one.
    ...(Number(process.versions.nghttp2?.split(".")[1]) > 61 ? { differs: "Node.js 22 resets the stream" } : {}),
  },
  { name: "an authority and another Host", path: "/echo", authority: "www.test", fields: { host: "other.test" } },
  { name: "another scheme", path: "/text.txt", fields: { ":scheme": "ftp" } },
  { name: "a path without a slash", path: "text.txt" },
  { name: "an encrypted request", tls: "first.test", authority: "first.test" },
  { name: "an encrypted request to an alias", tls: "first.test", authority: "alias.test" },
  { name: "the second virtual host", tls: "second.test", authority: "second.test" },
  { name: "a misdirected request", tls: "first.test", authority: "second.test" },
  { name: "a name nobody has", tls: "first.test", authority: "unknown.test" },
  {
    name: "the environ of an encrypted request",
    tls: "first.test",
    authority: "first.test",
    path: "/chosen?HTTPS,PROTOCOL,HTTP2,SCRIPT_NAME",
  },
];

/** What one server answered. */
async function answerTo(server: Server, row: Row): Promise<string> {
  const { tls, path = "/", method = "GET", body, trailers } = row;
  const port = server.ports[tls === undefined ? 0 : 1];
  const session = tls === undefined ? connect(`http://127.0.0.1:${port}`) : encrypted(port, tls);
  try {
    return withoutNames(
      await ask(session, { ":path": path, ":method": method, ...row.fields }, row.authority ?? "www.test", {
        body,
        trailers,
      }),
      server,
    );
  } finally {
    session.destroy();
  }
}

function encrypted(port: number, servername: string): ClientHttp2Session {
  return connect(`https://127.0.0.1:${port}`, { servername, rejectUnauthorized: false });
}

async function ask(
  session: ClientHttp2Session,
  fields: OutgoingHttpHeaders,
  authority: string,
  { body, trailers }: { body: Row["body"] | undefined; trailers: OutgoingHttpHeaders | undefined },
): Promise<string> {
  const lines: string[] = [];
  await new Promise<void>((resolve) => {
    session.on("error", (error: Error) => lines.push(`session: ${error.message}`));
    session.on("close", () => resolve());
    const stream = session.request(
      { ":authority": authority, ...fields },
      { endStream: body === undefined, waitForTrailers: trailers !== undefined },
    );
    const bytes: Buffer[] = [];
    const expects = "expect" in fields;
    const send = (): void => {
      for (const piece of typeof body === "string" ? [body] : (body ?? [])) stream.write(piece);
      if (body !== undefined) stream.end();
    };
    if (trailers) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.on("headers", (early) => lines.push(showFields(early)));
    stream.on("continue", () => {
      lines.push("-- continue");
      send();
    });
    stream.on("response", (answer) => lines.push(showFields(answer)));
    stream.on("trailers", (last: IncomingHttpHeaders) => lines.push(`trailers ${showFields(last)}`));
    stream.on("data", (data: Buffer) => bytes.push(data));
    stream.on("error", (error: Error) => lines.push(`stream: ${error.message}`));
    stream.on("close", () => {
      lines.push(showBody(Buffer.concat(bytes)), `-- code ${stream.rstCode}`);
      resolve();
    });
    if (!expects) send();
  });
  return lines.join("\n");
}

function showFields(fields: IncomingHttpHeaders): string {
  const lines = Object.entries(fields)
    .filter(([name]) => name !== ":status")
    .map(([name, value]) => `${name}: ${name === "date" ? "DATE" : name === "server" ? "PRODUCT" : show(name, value)}`);
  return [`HTTP/2 ${fields[":status" as keyof IncomingHttpHeaders] as unknown as number}`, ...lines.sort(), ""].join(
    "\n",
  );
}

function show(name: string, value: string | string[] | undefined): string {
  // The order of methods differs between two starts of one Apache.
  if (name === "allow") return String(value).split(",").sort().join(",");
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}

function showBody(body: Buffer): string {
  return body.length < 20_000
    ? body.toString("latin1")
    : `${body.length} bytes ${createHash("sha256").update(body).digest("hex")}`;
}

function withoutNames(text: string, { ports, run }: Server): string {
  const isTagged = text.includes("H2_STREAM_TAG");
  return text
    .replace(/H2_STREAM_TAG = '.*'/, "H2_STREAM_TAG = TAG")
    .replace(/^content-length: .*$/m, isTagged ? "content-length: N" : "$&")
    .replaceAll(run, "@RUN@")
    .replace(/\b(Apache|modhost)\/[\d.]+[^<\n]*?(?= Server at)/g, "PRODUCT")
    .replaceAll(String(ports[0]), "PORT1")
    .replaceAll(String(ports[1]), "PORT2");
}

/** One after another, of a page that mod_cache keeps. */
const kept: readonly (readonly [name: string, more: Partial<Row>])[] = [
  ["at first", {}],
  ["again", {}],
  ["by HEAD", { method: "HEAD" }],
  ["a range", { fields: { range: "bytes=2-5" } }],
  ["a condition that holds", { fields: { "if-modified-since": "Wed, 01 May 2024 12:00:00 GMT" } }],
  ["another encoding", { fields: { "accept-encoding": "gzip" } }],
  ["no-cache", { fields: { "cache-control": "no-cache" } }],
  ["after that", {}],
  ["by POST", { method: "POST", body: "x" }],
  ["after that too", {}],
];

const logged: readonly { name: string; path: string; lines: number; more?: Partial<Row>; differs?: string }[] = [
  {
    name: "the trailers of a body",
    path: "/echo-all",
    lines: 1,
    differs: "Apache shows those of HTTP/1.1 alone",
    // Without a length: with one the answer, and its line, may come before the trailers do.
    more: { method: "POST", body: "12345", trailers: { "x-sum": "nine" } },
  },
  { name: "a file", path: "/text.txt?a=b", lines: 1 },
  { name: "a missing file", path: "/nowhere", lines: 1 },
  { name: "an application", path: "/echo", lines: 1 },
  { name: "a bad escape", path: "/%zz", lines: 1 },
];

const handshakes: readonly { name: string; servername: string; offers: string[] }[] = [
  { name: "a browser", servername: "first.test", offers: ["h2", "http/1.1"] },
  { name: "a browser that likes the old better", servername: "first.test", offers: ["http/1.1", "h2"] },
  { name: "an old client", servername: "first.test", offers: ["http/1.1"] },
  { name: "a client that speaks nothing else", servername: "first.test", offers: ["h2"] },
  { name: "a client without offers", servername: "first.test", offers: [] },
  { name: "a client of a host without HTTP/2", servername: "old.test", offers: ["h2", "http/1.1"] },
  { name: "a client that knows something newer", servername: "first.test", offers: ["h3", "h2", "http/1.1"] },
];

const asks = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"];
const upgrades: readonly { name: string; lines: readonly string[]; differs?: string }[] = [
  { name: "a request that asks for HTTP/2", lines: ["GET /text.txt HTTP/1.1", "Host: www.test", ...asks] },
  { name: "one for HEAD", lines: ["HEAD /text.txt HTTP/1.1", "Host: www.test", ...asks] },
  { name: "one for a missing file", lines: ["GET /nowhere HTTP/1.1", "Host: www.test", ...asks] },
  { name: "one with an empty body", lines: ["GET /text.txt HTTP/1.1", "Host: www.test", "Content-Length: 0", ...asks] },
  { name: "one without settings", lines: ["GET /text.txt HTTP/1.1", "Host: www.test", ...asks.slice(0, 2)] },
  { name: "one that does not say so", lines: ["GET /text.txt HTTP/1.1", "Host: www.test", ...asks.slice(1)] },
  {
    name: "one for something else",
    lines: ["GET /text.txt HTTP/1.1", "Host: www.test", "Connection: upgrade", "Upgrade: foo"],
  },
  { name: "one for what is denied", lines: ["GET /denied/ HTTP/1.1", "Host: www.test", ...asks] },
  { name: "a first request", lines: ["GET /text.txt HTTP/1.1", "Host: plain.test"] },
  { name: "a first request for a missing file", lines: ["GET /nowhere HTTP/1.1", "Host: plain.test"] },
  { name: "a first request where the old is preferred", lines: ["GET /text.txt HTTP/1.1", "Host: old.test"] },
  {
    name: "a first request where h2 may be spoken too",
    lines: ["GET /text.txt HTTP/1.1", "Host: www.test"],
    differs: "h2 cannot be asked for by Upgrade (RFC 9113 section 3.1)",
  },
];

const preface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1"),
  // SETTINGS without any.
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** What comes back for a request of HTTP/1.1; of HTTP/2 behind a 101 the data of the first stream. */
function upgrade(port: number, lines: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectPlain({ port, host: "127.0.0.1" });
    socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
    let received = Buffer.alloc(0);
    let head = "";
    const settle = (text: string): void => {
      socket.destroy();
      resolve(text.replace(/^Date: .*$/m, "Date: DATE").replace(/^Server: .*$/m, "Server: PRODUCT"));
    };
    socket.on("error", () => settle("error")).on("close", () => settle(`${head}-- closed`));
    socket.on("data", (data: Buffer) => {
      received = Buffer.concat([received, data]);
      if (head === "") {
        const end = received.indexOf("\r\n\r\n");
        if (end < 0) return;
        head = received.toString("latin1", 0, end + 4);
        received = received.subarray(end + 4);
        if (!head.startsWith("HTTP/1.1 101")) return settle(head);
        socket.write(preface);
      }
      const stream = firstStream(received);
      if (stream !== undefined) settle(head + stream);
    });
  });
}

/** Types of the frames of stream 1 and its data, once it has ended. */
function firstStream(bytes: Buffer): string | undefined {
  let text = "";
  for (let at = 0; at + 9 <= bytes.length;) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) return undefined;
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
    if (bytes.readUInt32BE(at + 5) === 1) {
      if (type === 0) text += bytes.toString("latin1", at + 9, end);
      else text += `[${type}]`;
      if ((type === 0 || type === 1) && (flags & 1) !== 0) return text;
    }
    at = end;
  }
  return undefined;
}

describe("HTTP/2, as Apache", function () {
  this.timeout(60_000);
  let root = "";
  const servers: Server[] = [];

  before(async function () {
    skipWithout(this, missingForApache());
    root = mkdtempSync(join(tmpdir(), "http2-"));
    chmodSync(root, 0o755);
    for (const [name, text] of Object.entries(files)) {
      const path = join(root, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, "latin1");
      utimesSync(path, fileTime, fileTime);
    }
    for (const name of Object.keys(files)) utimesSync(dirname(join(root, name)), fileTime, fileTime);
    for (const kind of ["apache", "modhost"]) {
      mkdirSync(join(root, kind, "cache"), { recursive: true });
      chmodSync(join(root, kind, "cache"), 0o777);
    }
    servers.push(await startServer("apache", configuration, root), await startServer("modhost", configuration, root));
  });

  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    if (root !== "") rmSync(root, { recursive: true, force: true });
  });

  for (const row of rows) {
    it(row.name + (row.differs === undefined ? "" : ` (differs: ${row.differs})`), async () => {
      const [expected, found] = await Promise.all(servers.map((server) => answerTo(server, row)));
      if (row.differs === undefined) expect(found).to.equal(expected);
      else expect(found, "listed as different, and equal").to.not.equal(expected);
    });
  }

  it("keeps pages for clients of either protocol", async () => {
    const [expected, found] = await Promise.all(
      servers.map(async (server) => {
        const answers: string[] = [];
        for (const [name, more] of kept) {
          const answer = await answerTo(server, { name, path: "/kept-pages/text.txt", ...more });
          answers.push(`${name}: ${answer.replace(/^age: \d+$/m, "age: AGE")}`);
        }
        return answers;
      }),
    );
    expect(found).to.deep.equal(expected);
  });

  for (const { name, path, lines, more, differs } of logged) {
    it(`logs ${name}${differs === undefined ? "" : ` (differs: ${differs})`}`, async () => {
      const [expected, found] = await Promise.all(
        servers.map(async (server) => {
          const agent = `agent-${name.replaceAll(" ", "-")}`;
          const log = (): readonly string[] =>
            linesOf(`${server.run}/access.log`).filter((line) => line.includes(agent));
          await answerTo(server, { name, path, ...more, fields: { ...more?.fields, "user-agent": agent } });
          await until("the line is there", () => log().length >= lines);
          return log();
        }),
      );
      if (differs !== undefined) expect(found, "listed as different, and equal").to.not.deep.equal(expected);
      else expect(found).to.deep.equal(expected);
    });
  }

  for (const { name, offers, servername } of handshakes) {
    it(`agrees with ${name} on the same protocol`, async () => {
      const [expected, found] = await Promise.all(
        servers.map(
          (server) =>
            new Promise((resolve) => {
              const port = server.ports[1];
              const socket = connectTls({ port, servername, ALPNProtocols: offers, rejectUnauthorized: false });
              const settle = (what: unknown): void => {
                socket.destroy();
                resolve(what);
              };
              socket.on("secureConnect", () => settle(socket.alpnProtocol)).on("error", () => settle("refused"));
            }),
        ),
      );
      expect(found).to.equal(expected);
    });
  }

  for (const { name, lines, differs } of upgrades) {
    it(`answers ${name}${differs === undefined ? "" : ` (differs: ${differs})`}`, async () => {
      const [expected, found] = await Promise.all(servers.map((server) => upgrade(server.ports[0], lines)));
      if (differs === undefined) expect(found).to.equal(expected);
      else expect(found).to.not.equal(expected);
    });
  }
});
