// The lines of access logs.
import { daemonGroup } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-agent}i\\"" combined
LogFormat "%v:%p %h \\"%r\\" %>s out=%O" vhost_combined
LogFormat "%a %{c}a %A %h %{c}h %l %u m=%m U=%U q=%q H=%H f=%f p=%p %{local}p %{canonical}p v=%v V=%V k=%k X=%X R=%R s=%s %>s %<s b=%b B=%B" items
LogFormat "%{X-In}i %{Content-Type}i %{Host}i %{Content-Type}o %{Location}o %{Set-Cookie}o %{X-Out}o %{a}C %{b}C %{S_VAR}e %{none}n" fields
LogFormat "%400,404{Referer}i %!200{Referer}i %200m %!404m %%\\ttab\\nnewline\\\\back %q" conditions
LogFormat "in=%I out=%O sum=%S %b" bytes
LogFormat "took=%D took=%T took=%{ms}T took=%{us}T epoch=%{sec}t %{%Y}t pid=%P pid=%{pid}P" times
LogFormat "took=%^FB %!200^FB %U" first
CustomLog "@RUN@/first.log" first
<Location /logged>
  LogIOTrackTTFB On
</Location>
CustomLog "@RUN@/common.log" common
CustomLog "@RUN@/items.log" items
CustomLog "@RUN@/fields.log" fields
CustomLog "@RUN@/conditions.log" conditions
CustomLog "@RUN@/bytes.log" bytes
CustomLog "@RUN@/times.log" times
CustomLog "@RUN@/literal.log" "literal %U"
CustomLog "@RUN@/env.log" "%U" env=S_LOGGED
CustomLog "@RUN@/not-env.log" "%U" env=!S_LOGGED
TransferLog "@RUN@/transfer.log"
SetEnv S_VAR "a \\"b\\""
WSGIScriptAlias /app "@ROOT@/app.wsgi"
ErrorDocument 404 /errors/404.html
Redirect 403 /refused
<Location /limited>
  LimitRequestBody 3
</Location>
<Location /logged>
  SetEnv S_LOGGED 1
</Location>
<VirtualHost *:@PORT@>
  ServerName main-logs.test:81
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName own-logs.test
  CustomLog "@RUN@/own.log" combined
  CustomLog "@RUN@/vhost.log" vhost_combined
</VirtualHost>
`;

interface Row {
  readonly name: string;
  readonly log: string;
  readonly target?: string;
  readonly more?: Partial<Case>;
}

const rows: readonly Row[] = [
  { name: "a file", log: "common", target: "/a.txt" },
  { name: "a missing file", log: "common", target: "/missing" },
  { name: "HEAD", log: "common", target: "/a.txt", more: { method: "HEAD" } },
  { name: "304", log: "common", target: "/a.txt", more: { headers: ["If-None-Match: *"] } },
  { name: "a range", log: "common", target: "/a.txt", more: { headers: ["Range: bytes=0-1"] } },
  { name: "a redirect", log: "common", target: "/folder" },
  { name: "an index", log: "common", target: "/folder/" },
  { name: "a query with quotes", log: "common", target: '/a.txt?"q"\\x' },
  { name: "bytes above 127", log: "common", target: "/a.txt?\u00e9" },
  { name: "HTTP/1.0", log: "common", more: { raw: "GET /a.txt HTTP/1.0\r\n\r\n" } },
  { name: "an absolute target", log: "common", target: "http://main-logs.test/a.txt?x" },
  { name: "a password in an absolute target", log: "common", target: "http://user:secret@main-logs.test/a.txt" },
  { name: "a bad request line", log: "common", more: { raw: "GET  /a.txt HTTP/1.1\r\nHost: x\r\n\r\n" } },
  {
    name: "a control character in a request line",
    log: "common",
    more: { raw: "GET /a\x01\x7f HTTP/1.1\r\nHost: x\r\n\r\n" },
  },
  { name: "a request line that is too long", log: "common", target: `/${"x".repeat(9000)}` },
  { name: "no Host", log: "common", more: { raw: "GET /a.txt HTTP/1.1\r\n\r\n" } },
  { name: "a bad Host", log: "common", target: "/a.txt", more: { host: "a..b" } },
  { name: "a bad field", log: "common", more: { raw: "GET /a.txt HTTP/1.1\r\nHost: x\r\nbad field\r\n\r\n" } },
  { name: "HTTP/0.9", log: "common", more: { raw: "GET /a.txt\r\n" } },
  { name: "an unknown method", log: "common", target: "/a.txt", more: { method: "FROB" } },
  { name: "an application", log: "common", target: "/app/x?y" },
  { name: "an application that fails", log: "common", target: "/app/fail" },
  {
    name: "100 Continue",
    log: "common",
    target: "/a.txt",
    more: { method: "POST", body: "x", headers: ["Expect: 100-continue"] },
  },
  { name: "all items of a file", log: "items", target: "/a.txt?q=1" },
  { name: "all items of a missing file", log: "items", target: "/missing?q" },
  { name: "all items of a refusal", log: "items", target: "/refused" },
  { name: "all items of an index", log: "items", target: "/folder/" },
  { name: "all items of a redirect", log: "items", target: "/folder" },
  { name: "all items of an application", log: "items", target: "/app/path%20info?q" },
  { name: "all items of an encoded path", log: "items", target: "//a%2etxt" },
  { name: "all items of a Host with a port", log: "items", target: "/a.txt", more: { host: "MAIN-logs.test:8080" } },
  { name: "all items of an unknown Host", log: "items", target: "/a.txt", more: { host: "other.test" } },
  { name: "all items of HTTP/1.0 without Host", log: "items", more: { raw: "GET /a.txt HTTP/1.0\r\n\r\n" } },
  { name: "all items of a bad request", log: "items", more: { raw: "BAD\r\n\r\n" } },
  {
    name: "all items of a request with a bad field",
    log: "items",
    more: { raw: "GET /a%2etxt?q HTTP/1.1\r\nHost: x\r\nbad field\r\n\r\n" },
  },
  { name: "all items of a request with a bad Host", log: "items", target: "//a.txt?q", more: { host: "a..b" } },
  { name: "all items of a request without Host", log: "items", more: { raw: "GET /a.txt HTTP/1.1\r\n\r\n" } },
  { name: "all items of a bad target", log: "items", more: { raw: "GET /a\x01.txt?q HTTP/1.1\r\nHost: x\r\n\r\n" } },
  {
    name: "all items of a target without slash",
    log: "items",
    more: { raw: "GET a.txt?q HTTP/1.1\r\nHost: x\r\n\r\n" },
  },
  { name: "all items of a bad version", log: "items", more: { raw: "GET /a.txt?q HTTP/x\r\nHost: x\r\n\r\n" } },
  { name: "all items of doubled blanks", log: "items", more: { raw: "GET  /a.txt?q HTTP/1.1\r\nHost: x\r\n\r\n" } },
  { name: "all items of a path above the root", log: "items", target: "/../a.txt?q" },
  { name: "all items of a bad escape", log: "items", target: "/a%zz?q" },
  { name: "all items of an encoded slash", log: "items", target: "/a%2fb?q" },
  { name: "all items of an unknown method", log: "items", target: "/a.txt", more: { method: "FROB" } },
  { name: "all items of an absolute target", log: "items", target: "http://main-logs.test/a.txt?x" },
  {
    name: "all items of a body beyond the limit",
    log: "items",
    target: "/limited/a.txt",
    more: { method: "POST", body: "0123456789" },
  },
  {
    name: "all items of a closed connection",
    log: "items",
    target: "/a.txt",
    more: { headers: ["Connection: close"] },
  },
  {
    name: "all items of the second request",
    log: "items",
    more: {
      raw: ["GET /a.txt HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /a.txt HTTP/1.1\r\nHost: x\r\n\r\n"],
      answers: ["GET", "HEAD"],
    },
  },
  { name: "all items of OPTIONS *", log: "items", target: "*", more: { method: "OPTIONS" } },
  {
    name: "fields",
    log: "fields",
    target: "/a.txt",
    more: { headers: ['X-In: "a"\tb\u00e9', "Cookie: a=1; b=two words; c"] },
  },
  {
    name: "repeated fields",
    log: "fields",
    target: "/a.txt",
    more: { headers: ["X-In: a", "X-In: b", "Cookie: a=1", "Cookie: b=2"] },
  },
  { name: "fields of an answer", log: "fields", target: "/app/fields" },
  { name: "fields of a redirect", log: "fields", target: "/folder" },
  { name: "conditions on 200", log: "conditions", target: "/a.txt?q", more: { headers: ["Referer: http://r.test/"] } },
  { name: "conditions on 404", log: "conditions", target: "/missing", more: { headers: ["Referer: http://r.test/"] } },
  { name: "bytes of a file", log: "bytes", target: "/a.txt" },
  { name: "bytes of a body", log: "bytes", target: "/a.txt", more: { method: "POST", body: "0123456789" } },
  { name: "times and processes", log: "times", target: "/a.txt" },
  { name: "the time to the first byte", log: "first", target: "/logged/a.txt" },
  { name: "the time to the first byte of an error", log: "first", target: "/logged/missing" },
  { name: "no time to the first byte where it is not measured", log: "first", target: "/a.txt" },
  { name: "a literal format", log: "literal", target: "/a.txt" },
  { name: "env=", log: "env", target: "/logged/a.txt" },
  { name: "env=!", log: "not-env", target: "/a.txt" },
  { name: "TransferLog", log: "transfer", target: "/a.txt" },
  {
    name: "logs of a virtual host's own",
    log: "own",
    target: "/a.txt",
    more: { host: "own-logs.test", headers: ['User-Agent: me "and" you', "Referer: http://r.test/"] },
  },
  { name: "logs with the virtual host's name", log: "vhost", target: "/a.txt", more: { host: "own-logs.test:99" } },
];

export const suite: Suite = {
  name: "access log",
  configuration,
  files: {
    "htdocs/a.txt": "aaaaa\n",
    "htdocs/limited/a.txt": "limited\n",
    "htdocs/logged/a.txt": "logged\n",
    "htdocs/folder/index.html": "index\n",
    "htdocs/errors/404.html": "not found\n",
    "app.wsgi": `
def application(environ, start_response):
    if environ["PATH_INFO"] == "/fail":
        raise RuntimeError("wanted")
    fields = [("Content-Type", "text/plain; charset=utf-8"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Out", "1"), ("X-Out", "2")]
    start_response("200 OK", fields if environ["PATH_INFO"] == "/fields" else [("Content-Type", "text/plain")])
    return [b"application"]
`,
  },
  cases: rows.map(({ name, log, target, more }): Case => ({
    name: `shows ${name}`,
    host: "main-logs.test",
    logs: [`${log}.log`],
    ...(target === undefined ? {} : { target }),
    ...more,
  })),
};
