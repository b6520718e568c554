// DEFLATE, INFLATE and BROTLI_COMPRESS: which responses, which fields, and with ranges, conditions, errors and HEAD.
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule expires_module @MODULES@/mod_expires.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule filter_module @MODULES@/mod_filter.so
LoadModule deflate_module @MODULES@/mod_deflate.so
LoadModule brotli_module @MODULES@/mod_brotli.so
LoadModule wsgi_module @MODULES@/mod_wsgi.so
DocumentRoot "@ROOT@/htdocs"
AddOutputFilterByType DEFLATE text/html text/css application/javascript
AddOutputFilter DEFLATE .json
AddEncoding x-gzip .gz
BrowserMatch ^NoGzip no-gzip
BrowserMatch ^OnlyHtml gzip-only-text/html
BrowserMatch ^Force force-gzip
Header append Vary Cookie env=COOKIES
SetEnvIf Cookie . COOKIES
ErrorDocument 404 /missing.html
ErrorDocument 410 "gone, gone, gone, gone, gone, gone, gone, gone, gone, gone, gone, gone, gone, gone, gone, gone"
Redirect gone /gone
Redirect /moved http://elsewhere.test/
WSGIDaemonProcess app threads=2
WSGISocketPrefix @RUN@/wsgi
WSGIScriptAlias /app @ROOT@/app.wsgi process-group=app application-group=%{GLOBAL}
ExpiresActive On
ExpiresByType text/css A0
<Location /set/>
  SetOutputFilter DEFLATE
</Location>
<Location /none/>
  SetOutputFilter DEFLATE
  SetEnv no-gzip 1
</Location>
<Location /br/>
  SetOutputFilter BROTLI_COMPRESS;DEFLATE
</Location>
<Location /inflate/>
  SetOutputFilter INFLATE
</Location>
<Location /types/>
  AddOutputFilterByType DEFLATE text/plain
</Location>
<Location /vary/>
  Header set Vary Accept-Language
</Location>
<Location /encoded/>
  Header set Content-Encoding identity
</Location>
<Location /chain/>
  FilterDeclare pack CONTENT_SET
  FilterProvider pack DEFLATE "%{CONTENT_TYPE} = 'text/plain'"
  FilterChain =pack
</Location>
<Location /input/>
  SetInputFilter DEFLATE
</Location>
`;

const app = `def application(environ, start_response):
    path = environ['PATH_INFO']
    if environ['REQUEST_METHOD'] == 'POST':
        body = environ['wsgi.input'].read()
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [body]
    body = b'an application says a lot of things, again and again. ' * 20
    if path == '/small': body = b'short'
    fields = [('Content-Type', 'text/html')]
    if path == '/length': fields.append(('Content-Length', str(len(body))))
    if path == '/tag': fields.append(('ETag', '"mine"'))
    if path == '/weak': fields.append(('ETag', 'W/"mine"'))
    if path == '/encoded': fields.append(('Content-Encoding', 'compress'))
    if path == '/vary': fields.append(('Vary', 'accept-encoding'))
    start_response('404 Not Found' if path == '/404' else '200 OK', fields)
    return [body]
`;

const text = "a line of text that comes again and again\n".repeat(40);
const long = Array.from({ length: 30_000 }, (_, i) => ((i * 7919) % 104_729).toString(36)).join(" ");
const gzip = "Accept-Encoding: gzip";
const date = "Wed, 01 May 2024 12:00:00 GMT";

const rows: readonly (readonly [name: string, target: string, ...headers: string[]])[] = [
  ["a type that is compressed", "/a.html", gzip],
  ["a type that is not", "/a.txt", gzip],
  ["a file by its extension", "/a.json", gzip],
  ["a type added by a section", "/types/a.txt", gzip],
  ["a type of outer lines in such a section", "/types/a.html", gzip],
  ["SetOutputFilter", "/set/a.txt", gzip],
  ["a file of 100 KiB that packs well", "/set/long.txt", gzip],
  ["a range of such a file", "/set/long.txt", gzip, "Range: bytes=0-9"],
  ["a declared filter", "/chain/a.txt", gzip],
  ["a declared filter that does not fit", "/chain/a.html", gzip],
  ["a client that does not say", "/a.html"],
  ["a client that takes nothing", "/a.html", "Accept-Encoding: identity"],
  ["a client that refuses gzip", "/a.html", "Accept-Encoding: gzip;q=0"],
  ["a client that refuses gzip with decimals", "/a.html", "Accept-Encoding: gzip;q=0.000"],
  ["a client that takes it a little", "/a.html", "Accept-Encoding: gzip;q=0.001"],
  ["a list", "/a.html", "Accept-Encoding: br, deflate, gzip;q=0.5"],
  ["a star", "/a.html", "Accept-Encoding: *"],
  ["x-gzip", "/a.html", "Accept-Encoding: x-gzip"],
  ["capitals", "/a.html", "Accept-Encoding: GZIP"],
  ["two fields", "/a.html", "Accept-Encoding: br", "Accept-Encoding: gzip"],
  ["a small file", "/small.html", gzip],
  ["an empty file", "/empty.html", gzip],
  ["a file of 68 bytes", "/68.html", gzip],
  ["a file of 69 bytes", "/69.html", gzip],
  ["a long file", "/long.html", gzip],
  ["a file that is compressed", "/a.html.gz", gzip],
  ["no-gzip by the browser", "/a.html", gzip, "User-Agent: NoGzip"],
  ["no-gzip by SetEnv", "/none/a.txt", gzip],
  ["only text/html", "/a.css", gzip, "User-Agent: OnlyHtml"],
  ["only text/html, and it is", "/a.html", gzip, "User-Agent: OnlyHtml"],
  ["force-gzip", "/a.html", "User-Agent: Force"],
  ["Expires beside it", "/a.css", gzip],
  ["a Vary field added to", "/a.html", gzip, "Cookie: a"],
  ["a Vary field set", "/vary/a.html", gzip],
  ["an encoding by Header", "/encoded/a.html", gzip],
  ["a 304 by date", "/a.html", gzip, `If-Modified-Since: ${date}`],
  ["a 304 by tag", "/a.html", gzip, 'If-None-Match: "690-6176339d93000"'],
  ["the tag of the compressed one", "/a.html", gzip, 'If-None-Match: "690-6176339d93000-gzip"'],
  ["If-Match with the tag of the compressed one", "/a.html", gzip, 'If-Match: "690-6176339d93000-gzip"'],
  ["a 412", "/a.html", gzip, 'If-Match: "x"'],
  ["a 404 with a document", "/none.html", gzip],
  ["a 410 with a text", "/gone", gzip],
  ["a redirect", "/moved", gzip],
  ["a directory's redirect", "/set", gzip],
  ["br, where both are set", "/br/a.txt", "Accept-Encoding: gzip, br"],
  ["gzip, where both are set", "/br/a.txt", gzip],
  ["neither, where both are set", "/br/a.txt"],
  ["br of a small file", "/br/small.txt", "Accept-Encoding: br"],
  ["br of an empty file", "/br/empty.txt", "Accept-Encoding: br"],
  ["INFLATE", "/inflate/a.txt.gz", gzip],
  ["INFLATE of what is not compressed", "/inflate/a.txt", gzip],
  ["an application's response", "/app", gzip],
  ["an application's response of known length", "/app/length", gzip],
  ["an application's tag", "/app/tag", gzip],
  ["an application's weak tag", "/app/weak", gzip],
  ["an application's encoding", "/app/encoded", gzip],
  ["an application's Vary", "/app/vary", gzip],
  ["an application's 404", "/app/404", gzip],
];

const parts: readonly (readonly [name: string, target: string, ...headers: string[]])[] = [
  ["a range without compression", "/a.html", "Range: bytes=0-9"],
  ["a range of a type that is not compressed", "/a.txt", gzip, "Range: bytes=0-9"],
  ["a range that is too far", "/a.txt", gzip, "Range: bytes=9999-"],
];

const methods: readonly Case[] = [
  {
    name: "HEAD",
    method: "HEAD",
    target: "/a.html",
    headers: [gzip],
  },
  { name: "HEAD of a small file", method: "HEAD", target: "/small.html", headers: [gzip] },
  { name: "HEAD without compression", method: "HEAD", target: "/a.html" },
  { name: "HEAD of a long file", method: "HEAD", target: "/long.html", headers: [gzip] },
  { name: "POST", method: "POST", target: "/a.html", headers: [gzip], body: "x" },
  { name: "OPTIONS", method: "OPTIONS", target: "/a.html", headers: [gzip] },
  {
    name: "a body that is compressed",
    method: "POST",
    target: "/input/app",
    headers: ["Content-Encoding: gzip"],
    body: gzipSync("hello ".repeat(50)).toString("latin1"),
  },
];

export const suite: Suite = {
  name: "compression",
  configuration: configuration + "WSGIScriptAlias /input/app @ROOT@/app.wsgi process-group=app\n",
  files: {
    ...Object.fromEntries(
      ["a.html", "a.txt", "a.json", "a.css", "types/a.txt", "types/a.html", "set/a.txt", "chain/a.txt", "chain/a.html"]
        .concat(["none/a.txt", "vary/a.html", "encoded/a.html", "br/a.txt", "inflate/a.txt", "missing.html"])
        .map((name) => [`htdocs/${name}`, text]),
    ),
    "htdocs/set/long.txt": "the line of a text that can be made smaller\n".repeat(2300),
    "htdocs/small.html": "small",
    "htdocs/empty.html": "",
    "htdocs/br/small.txt": "small",
    "htdocs/br/empty.txt": "",
    "htdocs/68.html": "x".repeat(68),
    "htdocs/69.html": "x".repeat(69),
    "htdocs/long.html": long,
    "htdocs/a.html.gz": gzipSync(text).toString("latin1"),
    "htdocs/inflate/a.txt.gz": gzipSync(text).toString("latin1"),
    "htdocs/br.txt": brotliCompressSync(text).toString("latin1"),
    "app.wsgi": app,
  },
  cases: [...[...rows, ...parts].map(([name, target, ...headers]): Case => ({ name, target, headers })), ...methods],
};
