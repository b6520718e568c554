// Header and RequestHeader: every action, conditions, tables, error pages, and what WordPress or Django sites write.
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule wsgi_module @MODULES@/mod_wsgi.so
DocumentRoot "@ROOT@/htdocs"
SetEnvIf X-Flag (.+) FLAG=$1
SetEnvIf X-Lines (.*) LINES=$1
Header set X-Server outer
Header always set X-Always "on all"
Header set X-Early before early
RequestHeader set X-Early-Request "seen" early
ErrorDocument 404 /page.html
ErrorDocument 410 "gone for good"
Redirect /moved http://elsewhere.test/
Redirect gone /gone
Redirect 403 /forbidden
WSGIDaemonProcess app threads=2
WSGIScriptAlias /app @ROOT@/app.wsgi process-group=app application-group=%{GLOBAL}
WSGISocketPrefix @RUN@/wsgi
<Location /set.txt>
  Header set X-One 1
  Header set X-One 2
  Header set X-Server inner
</Location>
<Location /add.txt>
  Header add X-Many a
  Header add X-Many b
  Header append X-Many c
</Location>
<Location /append.txt>
  Header append X-List a
  Header append X-List b
  Header append Vary Cookie
  Header append Vary User-Agent
</Location>
<Location /merge.txt>
  Header set Cache-Control "no-store, private"
  Header merge Cache-Control private
  Header merge Cache-Control no-cache
  Header merge Cache-Control no-cache
  Header merge X-New one
</Location>
<Location /unset.txt>
  Header unset ETag
  Header unset Last-Modified
  Header unset X-Server
  Header always unset X-Always
  FileETag None
</Location>
<Location /echo.txt>
  Header echo ^X-Ask
</Location>
<Location /edit.txt>
  Header set X-Text "one two one"
  Header edit X-Text one 1
  Header set X-All "one two one"
  Header edit* X-All o(.) [$1]
  Header add X-Two aab
  Header add X-Two baa
  Header edit X-Two a+ x
  Header edit X-None a b
</Location>
<Location /ifempty.txt>
  Header setifempty X-Server other
  Header setifempty X-New new
</Location>
<Location /note.txt>
  Header set X-Noted kept
  Header note X-Noted text
</Location>
<Location /env.txt>
  Header set X-With "flag is %{FLAG}e" env=FLAG
  Header set X-Without "none" env=!FLAG
  Header set X-Null "%{NOTHING}e and %{NOTHING}s"
</Location>
<Location /type.txt>
  Header set Content-Type text/css
</Location>
<Location /type2.txt>
  AddDefaultCharset UTF-8
  Header edit Content-Type plain html
</Location>
<Location /untyped.txt>
  Header unset Content-Type
</Location>
<Location /expr.txt>
  Header set X-Ok yes "expr=%{REQUEST_STATUS} == 200"
  Header set X-Not yes "expr=%{REQUEST_STATUS} == 404"
  Header set X-Asked "expr=%{tolower:%{HTTP:X-Ask}} of %{REQUEST_METHOD}"
  Header always set X-Type yes "expr=%{CONTENT_TYPE} =~ m#^text/#"
  Header set X-Method yes "expr=-n req('X-Ask')"
  Header edit X-Asked of "expr=by"
</Location>
<Location /percent.txt>
  Header set X-Percent "100%% of\\tit"
  Header set X-Back "a\\b \\\\"
  Header set X-Empty ""
  Header set X-Colon: "with a colon"
</Location>
<Location /security>
  Header always set X-Frame-Options "SAMEORIGIN"
  Header always set X-Content-Type-Options "nosniff"
  Header always set Strict-Transport-Security "max-age=63072000; includeSubDomains; preload"
  Header set Access-Control-Allow-Origin "*"
  Header set Content-Security-Policy "default-src 'self'; img-src *"
  Header always append X-Frame-Options DENY
</Location>
<Location /gone>
  Header always set X-Gone yes
  Header set X-Lost yes
</Location>
<Location /page.html>
  Header set X-Page shown
</Location>
<Location /app>
  RequestHeader set X-Made "by server"
  RequestHeader append X-Ask more
  RequestHeader unset X-Secret
  RequestHeader edit X-Edit ^old new
  RequestHeader add X-Twice one
  RequestHeader setifempty X-Ask none
  RequestHeader merge X-Merge a
  Header edit Set-Cookie ^(.*)$ "$1; Secure; HttpOnly"
  Header always set X-From-App "%{FLAG}e"
  Header unset X-App
</Location>
`;

const app = `def application(environ, start_response):
    status = environ['PATH_INFO'].strip('/') or '200 OK'
    lines = ['%s=%s' % (k, environ[k]) for k in sorted(environ) if k.startswith('HTTP_X_')]
    body = '\\n'.join(lines).encode('latin1')
    start_response({'404': '404 Not Found', '500': '500 Internal Server Error', '302': '302 Found'}.get(status, status), [
        ('Content-Type', 'text/plain'), ('Content-Length', str(len(body))), ('X-App', 'mine'),
        ('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')] + ([('Location', '/x')] if status == '302' else []))
    return [body]
`;

const date = "Wed, 01 May 2024 12:00:00 GMT";

const rows: readonly (readonly [name: string, target: string, ...headers: string[]])[] = [
  ["set", "/set.txt"],
  ["add, then append", "/add.txt"],
  ["append", "/append.txt"],
  ["merge", "/merge.txt"],
  ["unset", "/unset.txt"],
  ["echo", "/echo.txt", "X-Ask: one", "X-Ask-Two: two", "X-Other: no"],
  ["echo of names in other case", "/echo.txt", "x-ask: one"],
  ["edit and edit*", "/edit.txt"],
  ["setifempty", "/ifempty.txt"],
  ["note", "/note.txt"],
  ["env= where it is set", "/env.txt", "X-Flag: up"],
  ["env= where it is not", "/env.txt"],
  ["set of Content-Type", "/type.txt"],
  ["edit of Content-Type with a default charset", "/type2.txt"],
  ["unset of Content-Type", "/untyped.txt"],
  ["escapes", "/percent.txt"],
  ["expressions", "/expr.txt", "X-Ask: SHOUT"],
  ["expressions without what they ask for", "/expr.txt"],
  ["expressions on a 304", "/expr.txt", `If-Modified-Since: ${date}`],
  ["an early field", "/plain.txt"],
  ["304", "/plain.txt", `If-Modified-Since: ${date}`],
  ["412", "/plain.txt", 'If-Match: "x"'],
  ["206", "/plain.txt", "Range: bytes=0-3"],
  ["416", "/plain.txt", "Range: bytes=100-"],
  ["several ranges", "/set.txt", "Range: bytes=0-1,4-5"],
  ["security fields", "/security/a.txt"],
  ["security fields on a 404 with its own document", "/security/none.txt"],
  ["a redirect", "/moved/x"],
  ["an error with a text", "/gone"],
  ["an error with the built-in page", "/forbidden"],
  ["a directory's redirect", "/security"],
  ["an application's response", "/app", "X-Ask: a", "X-Secret: s", "X-Edit: old one", "X-Flag: f"],
  ["an application's 404", "/app/404"],
  ["an application's redirect", "/app/302"],
  ["a value merged in once", "/app", "X-Merge: b"],
  ["a value that is there", "/app", "X-Merge: b, a"],
];

const methods: readonly (readonly [name: string, method: string, target: string])[] = [
  ["HEAD", "HEAD", "/set.txt"],
  ["OPTIONS", "OPTIONS", "/set.txt"],
  ["an unknown method", "FROB", "/set.txt"],
  ["PUT", "PUT", "/security/a.txt"],
];

const files = Object.fromEntries(
  "set add append merge unset echo edit ifempty note env type type2 untyped percent expr plain security/a"
    .split(" ")
    .map((name) => [`htdocs/${name}.txt`, `this is ${name}\n`]),
);

export const suite: Suite = {
  name: "Header and RequestHeader",
  configuration,
  files: { ...files, "htdocs/page.html": "<p>not found</p>", "app.wsgi": app },
  cases: [
    ...rows.map(([name, target, ...headers]): Case => ({ name, target, headers })),
    ...methods.map(([name, method, target]): Case => ({ name, method, target })),
    { name: "malformed", raw: "GET / HTTP/1.1\r\nHost: a b\r\n\r\n" },
  ],
};
