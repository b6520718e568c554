// The same requests through mod_proxy_uwsgi and mod_proxy_scgi of both servers, to one uWSGI that speaks both protocols.
import { missingForUwsgi, startUwsgi } from "../support/uwsgi.js";
import type { Case, Suite } from "./harness.js";

const configuration = (kind: "uwsgi" | "scgi"): string => `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_${kind}_module @MODULES@/mod_proxy_${kind}.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
SetEnvIf Request_URI "info" proxy-scgi-pathinfo=1
ProxyPass /app/info unix:@ROOT@/${kind}.sock|${kind}://localhost/app/info
ProxyPass /app unix:@ROOT@/${kind}.sock|${kind}://localhost
ProxyPass /below/ unix:@ROOT@/${kind}.sock|${kind}://localhost/in/
<Location /own>
  ProxyPass unix:@ROOT@/${kind}.sock|${kind}://localhost/
  ProxyErrorOverride On
  ErrorDocument 404 "a page of the front"
</Location>
ProxyPass /dead/ ${kind}://127.0.0.1:@PORT3@/
RewriteEngine On
RewriteRule ^/rw/(.*)$ "unix:@ROOT@/${kind}.sock|${kind}://localhost/$1" [P]
ProxyPass / unix:@ROOT@/${kind}.sock|${kind}://localhost/
`;

const application = `
import sys

left = ("REMOTE_PORT", "SERVER_SOFTWARE", "SERVER_SIGNATURE", "PATH", "HTTP_HOST", "PATH_TRANSLATED")

def application(environ, start_response):
    query = environ.get("QUERY_STRING", "")
    status, headers, body = "200 OK", [("Content-Type", "text/plain")], b""
    if query == "status":
        status, body = "299 Nearly Fine", b"text"
    elif query == "teapot":
        status, body = "418 I'm a teapot", b"text"
    elif query == "missing":
        status, body = "404 Not Found", b"own page"
    elif query == "redirect":
        status = "302 Found"
        headers.append(("Location", "/elsewhere"))
    elif query == "created":
        status = "201 Created"
        headers.append(("Location", "/elsewhere"))
    elif query == "cookies":
        headers += [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Two", "1"), ("X-Two", "2")]
        body = b"ok"
    elif query == "length":
        body = b"hello"
        headers.append(("Content-Length", "5"))
    elif query == "named":
        headers += [("Server", "own"), ("Date", "Mon, 01 Jan 2024 00:00:00 GMT")]
        body = b"ok"
    elif query == "nothing":
        status = "204 No Content"
        headers = []
    elif query == "unchanged":
        status, headers = "304 Not Modified", [("ETag", '"x"')]
    elif query == "tagged":
        headers.append(("ETag", '"x"'))
        body = b"ok"
    elif query == "big":
        body = b"0123456789abcdef" * 20000
    else:
        keys = sorted(key for key in environ if key[0].isupper() and key not in left)
        body = "".join("%s=%s\\n" % (key, environ[key]) for key in keys).encode("latin-1", "backslashreplace")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body += b"body=" + environ["wsgi.input"].read(length)
    start_response(status, headers)
    return [body]
`;

const cases = (kind: "uwsgi" | "scgi"): readonly Case[] => [
  { name: "variables", target: "/app/a?b=c&d=%20" },
  { name: "variables of the path itself", target: "/app" },
  { name: "variables of the root", target: "/" },
  { name: "variables of a path below", target: "/below/x/y" },
  { name: "variables of an encoded path", target: "/app/a%20b/%C3%A9" },
  { name: "variables by RewriteRule", target: "/rw/x/y?z" },
  { name: "variables with path info", target: "/app/info/x" },
  { name: "variables of a double slash", target: "/app//a" },
  {
    name: "fields of a request",
    target: "/app/x",
    headers: ["Cookie: a=1", "X-Y: z", "X-Y: w", "Authorization: Basic YTpi", "Proxy: http://bad/"],
  },
  { name: "a body", method: "POST", target: "/app", body: "a=1&b=2" },
  { name: "no body where one could be", method: "POST", target: "/app", headers: ["Content-Length: 0"] },
  {
    name: "a body in chunks",
    method: "POST",
    target: "/app",
    headers: ["Transfer-Encoding: chunked"],
    body: "5\r\nhello\r\n0\r\n\r\n",
    differs: "one of less than 64 KiB is counted and sent; Apache answers 411",
  },
  { name: "HEAD", method: "HEAD", target: "/app?length" },
  ...[
    "status",
    "teapot",
    "missing",
    "redirect",
    "created",
    "cookies",
    "length",
    "nothing",
    "unchanged",
    "tagged",
    "big",
  ].map((what): Case => ({ name: `a response: ${what}`, target: `/app?${what}` })),
  { name: "a condition", target: "/app?tagged", headers: ['If-None-Match: "x"'] },
  {
    name: "a response that names its server",
    target: "/app?named",
    ...(kind === "scgi" ? { differs: "the server names itself" } : {}),
  },
  {
    name: "a page of the front",
    target: "/own?missing",
    ...(kind === "scgi"
      ? { differs: "ProxyErrorOverride acts for all schemes; Apache's mod_proxy_scgi does not know it" }
      : {}),
  },
  { name: "a page of the front, not asked for", target: "/own?length" },
  { name: "a back end that is not there", target: "/dead/" },
];

const suiteOf = (kind: "uwsgi" | "scgi"): Suite => ({
  name: `mod_proxy_${kind}`,
  configuration: configuration(kind),
  files: { "app.py": application, "htdocs/x": "x" },
  cases: cases(kind),
  needs: missingForUwsgi,
  beside: startUwsgi,
  masks: [
    // Apache waits for the end of a short response; here it goes on as it comes.
    ...(kind === "scgi" ? [[/(Transfer-Encoding: chunked|Content-Length: \d+)\n/g, ""] as const] : []),
    [/apache|modhost/gi, "SERVER"],
    [/conformance-[A-Za-z0-9]+/g, "ROOT"],
    // Apache's note to itself, for lines of back ends that it has no pool for.
    [/proxy-nokeepalive=1\n/g, ""],
  ],
});

export const suite = suiteOf("uwsgi");
export const further: readonly Suite[] = [suiteOf("scgi")];
