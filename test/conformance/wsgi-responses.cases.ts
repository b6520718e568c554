// What becomes of an application's answers: statuses, fields, bodies, failures.
import { answersApplication } from "./answers-application.js";
import { daemonGroup } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
DocumentRoot "@ROOT@/htdocs"
WSGIScriptAlias /app "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /override "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /chunked "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /small "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /missing "@ROOT@/apps/missing.wsgi"
WSGIScriptAlias /no-callable "@ROOT@/apps/no-callable.wsgi"
WSGIScriptAlias /other-callable "@ROOT@/apps/no-callable.wsgi" callable-object=other
WSGIScriptAlias /not-callable "@ROOT@/apps/no-callable.wsgi" callable-object=number
WSGIScriptAlias /syntax "@ROOT@/apps/syntax.wsgi"
WSGIScriptAlias /import "@ROOT@/apps/import.wsgi"
WSGIScriptAlias /exit "@ROOT@/apps/exit.wsgi"
WSGIScriptAlias /denied "@ROOT@/apps/denied.wsgi"
WSGIScriptAlias /class "@ROOT@/apps/class.wsgi" callable-object=Application
WSGIScriptAlias /no-group "@ROOT@/apps/app.wsgi" process-group=nobody
WSGIScriptAlias /expanded-callable "@ROOT@/apps/app.wsgi" callable-object=%{ENV:S_CALLABLE}
ErrorDocument 503 "server says 503"
<Location /override>
  WSGIErrorOverride On
  ErrorDocument 404 "server says 404"
</Location>
<Location /chunked>
  WSGIChunkedRequest On
</Location>
<Location /small>
  LimitRequestBody 10
  WSGIChunkedRequest On
</Location>
<Files denied.wsgi>
  Require all denied
</Files>
Redirect 404 /gone-text
`;

const plain: readonly string[] = [
  "hello",
  "length",
  "too-much",
  "no-type",
  "nothing",
  "empty-items",
  "generator",
  "late-start",
  "writes",
  "writes-only",
  "large",
  "closing",
  "closed",
  "bad-close",
  "closed",
  "raises",
  "raises-started",
  "raises-first",
  "raises-closing",
  "closed",
  "system-exit",
  "interrupt",
  "never-starts",
  "never-starts-empty",
  "none",
  "text",
  "one-text",
  "one-bytes",
  "starts-twice",
  "exc-info",
  "exc-info-first",
  "file",
  "file-offset",
  "file-length",
  "file-like",
  "file-text-mode",
  "file-after-write",
  "errors",
  "changes-environ",
];

const statuses: readonly string[] = [
  "200 OK",
  "200 Fine",
  "200 ",
  "200",
  "2000 OK",
  "20 OK",
  "OK",
  "abc OK",
  "",
  "200  OK",
  "200 OK\r\nX: y",
  "200 \u00e9",
  "201 Created",
  "202 Accepted",
  "203 Non-Authoritative Information",
  "204 No Content",
  "205 Reset Content",
  "206 Partial Content",
  "299 Odd",
  "300 Multiple Choices",
  "301 Moved Permanently",
  "304 Not Modified",
  "400 Bad Request",
  "401 Unauthorized",
  "403 Forbidden",
  "404 Not Found",
  "405 Method Not Allowed",
  "408 Request Timeout",
  "411 Length Required",
  "413 Too Large",
  "414 Too Long",
  "416 No Range",
  "418 I'm a teapot",
  "500 Internal Server Error",
  "501 Not Implemented",
  "502 Bad Gateway",
  "503 Service Unavailable",
  "599 Odd",
];

const fields: readonly string[] = [
  "X-A: 1",
  "x-lower:a",
  "X-A:1|X-A:2",
  "Set-Cookie:a=1|Set-Cookie:b=2",
  "WWW-Authenticate:Basic|WWW-Authenticate:Digest",
  "Vary:Accept|Vary:Cookie|Vary:accept",
  "Cache-Control:no-cache|Cache-Control:no-store",
  "Link:<a>|Link:<b>",
  "Content-Type:text/plain; charset=utf-8",
  "content-type:TEXT/Plain",
  "Content-Type:text/plain|Content-Type:text/html",
  "Content-Length:6",
  "content-length:6",
  "Content-Length:x",
  "Content-Length:-1",
  "Content-Length:6|Content-Length:6",
  "Content-Encoding:gzip|Content-Language:de",
  "Location:http://elsewhere.test/",
  "Location:/there.txt",
  "Location:/app/hello?q",
  "Location:relative",
  "Status:404 Gone Missing",
  "Date:Wed, 01 May 2024 12:00:00 GMT",
  "Server:mine",
  "Last-Modified:Wed, 01 May 2024 12:00:00 GMT",
  "Last-Modified:nonsense",
  'ETag:"x"',
  "Accept-Ranges:none",
  "Expires:0",
  "Allow:GET",
  "X-Empty:",
  "X-Padded:  a  ",
  "X-Latin:caf\u00e9",
  "X-Tab:a\tb",
  "X-Break:a\nb",
  "X-Return:a\rb",
  "X Blank:a",
  ":no name",
  "Upgrade:h2c",
  "Age:5|Warning:x",
  "X-Long:" + "y".repeat(4000),
];

const wanted = (query: string): string => encodeURIComponent(query).replace(/%C3%A9/g, "%E9");

const more: readonly Case[] = [
  ...["X-Control:a\x01b", "X-Bad(:a"].map((line): Case => ({
    name: `fields ${JSON.stringify(line)}`,
    target: `/app/fields?${wanted(line)}`,
    differs: "Apache sends the page of the 500 twice",
  })),
  {
    name: "a field with NUL in its value",
    target: `/app/fields?${wanted("X-Nul:a\0b")}`,
    differs: "a value with NUL is refused; mod_wsgi cuts it there",
  },
  { name: "a missing script", target: "/missing" },
  { name: "a missing callable", target: "/no-callable" },
  { name: "another callable", target: "/other-callable" },
  { name: "a callable that is none", target: "/not-callable" },
  { name: "a callable with a name to expand", target: "/expanded-callable/hello" },
  { name: "a class as callable", target: "/class" },
  { name: "a syntax error", target: "/syntax" },
  { name: "a syntax error again", target: "/syntax" },
  { name: "a failing import", target: "/import" },
  { name: "an exit while loading", target: "/exit" },
  { name: "a denied script", target: "/denied" },
  { name: "a process group that is not defined", target: "/no-group/hello" },
  ...["int", "bytes", "list", "three", "tuple", "unicode", "none", "status-int", "status-bytes"].map((kind): Case => ({
    name: `odd fields or statuses: ${kind}`,
    target: `/app/odd-fields?${kind}`,
  })),
  { name: "a file of another name", target: "/class/missing" },
  { name: "HEAD", method: "HEAD", target: "/app/hello" },
  { name: "HEAD with a length", method: "HEAD", target: "/app/length" },
  { name: "HEAD of nothing", method: "HEAD", target: "/app/nothing" },
  { name: "HEAD of a failure", method: "HEAD", target: "/app/raises" },
  { name: "HEAD of a file", method: "HEAD", target: "/app/file" },
  { name: "HEAD of 204", method: "HEAD", target: "/app/status?204%20No%20Content" },
  { name: "HEAD of 404", method: "HEAD", target: "/app/status?404%20Not%20Found" },
  { name: "HTTP/1.0", raw: "GET /app/hello HTTP/1.0\r\n\r\n" },
  { name: "HTTP/1.0 with a length", raw: "GET /app/length HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" },
  { name: "HTTP/1.0 without a length, kept", raw: "GET /app/generator HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" },
  { name: "HTTP/0.9", raw: "GET /app/hello\r\n" },
  { name: "204 with a length", target: "/app/status-length?204%20No%20Content" },
  { name: "304 with a length", target: "/app/status-length?304%20Not%20Modified" },
  { name: "205 with a length", target: "/app/status-length?205%20Reset" },
  { name: "404 with a length", target: "/app/status-length?404%20Not%20Found" },
  { name: "If-None-Match for a tag", target: "/app/tagged", headers: ['If-None-Match: "tag"'] },
  {
    name: "If-Modified-Since for a date",
    target: "/app/tagged",
    headers: ["If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"],
  },
  { name: "If-Match for another tag", target: "/app/tagged", headers: ['If-Match: "x"'] },
  { name: "a range of a known length", target: "/app/tagged", headers: ["Range: bytes=2-4"] },
  { name: "ranges of a known length", target: "/app/tagged", headers: ["Range: bytes=2-4,6-7"] },
  { name: "a range that cannot be met", target: "/app/tagged", headers: ["Range: bytes=20-"] },
  { name: "a range of an unknown length", target: "/app/hello", headers: ["Range: bytes=0-1"] },
  { name: "a range of a file", target: "/app/file", headers: ["Range: bytes=5-9"] },
  { name: "If-None-Match for an application without tag", target: "/app/hello", headers: ["If-None-Match: *"] },
  { name: "a body", method: "POST", target: "/app/echo", body: "a=b&c=d" },
  { name: "a body of GET", target: "/app/echo", body: "get body" },
  { name: "no body", method: "POST", target: "/app/echo" },
  { name: "a large body", method: "POST", target: "/app/echo", body: "0123456789".repeat(30_000) },
  { name: "a body of all bytes", method: "POST", target: "/app/echo", body: String.fromCharCode(...Array(256).keys()) },
  { name: "a body in parts", method: "POST", target: "/app/echo-parts", body: "one\ntwo\nthree four\nfive\n\nsix" },
  { name: "a body in lines", method: "POST", target: "/app/echo-lines", body: "one\ntwo\r\nthree" },
  { name: "a body with more asked for", method: "POST", target: "/app/echo-more", body: "abc" },
  { name: "a body sent back as it comes", method: "POST", target: "/app/echo-as-it-comes", body: "one\ntwo\nthree" },
  { name: "a body nobody reads", method: "POST", target: "/app/ignores-body", body: "x".repeat(1000) },
  { name: "a large body nobody reads", method: "POST", target: "/app/ignores-body", body: "x".repeat(300_000) },
  {
    name: "chunks",
    method: "POST",
    target: "/app/echo",
    headers: ["Transfer-Encoding: chunked"],
    body: "3\r\na=b\r\n0\r\n\r\n",
  },
  {
    name: "chunks where allowed",
    method: "POST",
    target: "/chunked/echo",
    headers: ["Transfer-Encoding: chunked"],
    body: "3\r\na=b\r\n2\r\n&c\r\n0\r\n\r\n",
  },
  {
    name: "chunks with trailers where allowed",
    method: "POST",
    target: "/chunked/echo",
    headers: ["Transfer-Encoding: chunked"],
    body: "3\r\na=b\r\n0\r\nX: y\r\n\r\n",
  },
  {
    name: "chunks nobody reads",
    method: "POST",
    target: "/chunked/ignores-body",
    headers: ["Transfer-Encoding: chunked"],
    body: "3\r\na=b\r\n0\r\n\r\n",
  },
  { name: "a body within the limit", method: "POST", target: "/small/echo", body: "0123456789" },
  { name: "a body beyond the limit", method: "POST", target: "/small/echo", body: "0123456789a" },
  { name: "Expect: 100-continue", method: "POST", target: "/app/echo", headers: ["Expect: 100-continue"], body: "abc" },
  {
    name: "Expect: 100-continue, waiting",
    raw: ["POST /app/echo HTTP/1.1\r\nHost: www.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n", "abc"],
  },
  {
    name: "pipelined requests",
    raw: ["hello", "length", "nothing"].map((name) => `GET /app/${name} HTTP/1.1\r\nHost: www.test\r\n\r\n`).join(""),
    answers: ["GET", "GET", "GET"],
  },
  {
    name: "pipelined bodies",
    raw: "POST /app/echo HTTP/1.1\r\nHost: www.test\r\nContent-Length: 3\r\n\r\nabcPOST /app/echo HTTP/1.1\r\nHost: www.test\r\nContent-Length: 2\r\n\r\nde",
    answers: ["POST", "POST"],
  },
  {
    name: "a body nobody reads and a second request",
    raw: "POST /app/ignores-body HTTP/1.1\r\nHost: www.test\r\nContent-Length: 5\r\n\r\nabcdeGET /app/hello HTTP/1.1\r\nHost: www.test\r\n\r\n",
    answers: ["POST", "GET"],
  },
  { name: "keep-alive asked for", target: "/app/generator", headers: ["Connection: keep-alive"] },
  { name: "close asked for", target: "/app/generator", headers: ["Connection: close"] },
  { name: "WSGIErrorOverride and 404", target: "/override/status?404%20Not%20Found" },
  { name: "WSGIErrorOverride and 503", target: "/override/status?503%20Busy" },
  { name: "WSGIErrorOverride and 403", target: "/override/status?403%20No" },
  { name: "WSGIErrorOverride and 418", target: "/override/status?418%20Teapot" },
  { name: "WSGIErrorOverride and 200", target: "/override/status?200%20OK" },
  { name: "WSGIErrorOverride and 302", target: "/override/status?302%20Found" },
  { name: "WSGIErrorOverride and HEAD 404", method: "HEAD", target: "/override/status?404%20Not%20Found" },
  {
    name: "an exception in the middle of a body",
    target: "/app/raises-midway",
    differs: "an answer that broke off is never made to look complete",
  },
  {
    name: "a second start in the middle of a body",
    target: "/app/starts-twice-late",
    differs: "an answer that broke off is never made to look complete",
  },
];

export const suite: Suite = {
  name: "answers of applications",
  configuration,
  files: {
    "apps/app.wsgi": answersApplication,
    "apps/data.txt": "0123456789abcdefghijklmnopqrstuvwxyz\n",
    "apps/no-callable.wsgi": `number = 5
def other(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"other"]
`,
    "apps/syntax.wsgi": "def application(:\n",
    "apps/import.wsgi": "import nothing_of_this_name\n",
    "apps/exit.wsgi": "import sys\nsys.exit(3)\n",
    "apps/denied.wsgi": answersApplication,
    "apps/class.wsgi": `class Application:
    def __init__(self, environ, start_response):
        self.start = start_response
    def __iter__(self):
        self.start("200 OK", [("Content-Type", "text/plain")])
        yield b"from a class"
`,
    "htdocs/there.txt": "there\n",
  },
  cases: [
    ...plain.map((name, index): Case => ({
      name: `${name}${plain.indexOf(name) < index ? " again" : ""}`,
      target: `/app/${name}`,
    })),
    ...statuses.map((status): Case => ({
      name: `status ${JSON.stringify(status)}`,
      target: `/app/status?${wanted(status)}`,
    })),
    ...fields.map((lines): Case => ({
      name: `fields ${JSON.stringify(lines.slice(0, 60))}`,
      target: `/app/fields?${wanted(lines)}`,
    })),
    ...more,
  ],
};
