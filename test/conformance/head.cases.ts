// HEAD of what has no bytes, and of what has: which of them say how long they are. The log values of early refusals.
import type { Case, Suite } from "./harness.js";

const script = (text: string) => ({ text: `#!/bin/sh\n${text}\nsleep 0.1\n`, mode: 0o755 });

const configuration = `
LoadModule include_module @MODULES@/mod_include.so
LoadModule cgid_module @MODULES@/mod_cgid.so
LoadModule deflate_module @MODULES@/mod_deflate.so
LoadModule filter_module @MODULES@/mod_filter.so
LoadModule asis_module @MODULES@/mod_asis.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
ScriptSock @RUN@/cgisock
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
  Options Includes ExecCGI
</Directory>
AddOutputFilter INCLUDES .shtml
AddHandler cgi-script .cgi
AddHandler send-as-is .asis
ErrorDocument 403 "%{reqenv:NOTHING}"
ErrorDocument 410 /empty.txt
LogFormat "%s %>s %r U=%U f=%f q=%q b=%B m=%m R=%R" early
CustomLog "@RUN@/access.log" early
LimitRequestLine 300
LimitRequestFieldSize 200
AllowEncodedSlashes Off
<Location /packed>
  SetOutputFilter DEFLATE
</Location>
<Location /denied>
  Require all denied
</Location>
Redirect gone /gone
Alias /aliased/ "@ROOT@/htdocs/folder/"
ProxyPass /back http://127.0.0.1:@PORT2@
ProxyPass /down http://127.0.0.1:1/x
RewriteEngine On
RewriteRule ^/passed/(.*) http://127.0.0.1:@PORT2@/$1 [P]
<VirtualHost *:@PORT2@>
  ServerName back.test
  CustomLog "@RUN@/back.log" early
</VirtualHost>
`;

const paths = [
  ...[
    "/empty.txt",
    "/empty.html",
    "/full.txt",
    "/empty.shtml",
    "/nothing.shtml",
    "/full.shtml",
    "/empty.asis",
    "/packed/empty.txt",
  ],
  ...["/empty.cgi", "/length.cgi", "/zero.cgi", "/full.cgi", "/denied/x", "/gone", "/missing", "/folder", "/folder/"],
  ...["/back/empty.txt", "/back/full.txt", "/back/zero.cgi", "/back/missing"],
];

/** What is refused before a file is known, or known elsewhere. */
const early: readonly Case[] = [
  ["a proxied request", "GET /back/full.txt?q=1 HTTP/1.1"],
  ["a proxied request with an encoded path", "GET /back/full%2etxt?q=%20 HTTP/1.1"],
  ["a proxied request that is rewritten", "GET /passed/full.txt?q=1 HTTP/1.1"],
  ["a back end that is not there", "GET /down/a?b HTTP/1.1"],
  ["an Alias", "GET /aliased/x.txt HTTP/1.1"],
  ["path info", "GET /full.txt/more?x HTTP/1.1"],
  ["what may not be had", "GET /denied/a?x HTTP/1.1"],
  ["a redirect", "GET /gone/a?x HTTP/1.1"],
  ["a bad escape", "GET /a%zz?x HTTP/1.1"],
  ["an encoded slash", "GET /a%2fb?x HTTP/1.1"],
  ["an encoded zero", "GET /a%00b?x HTTP/1.1"],
  ["a way out", "GET /a/../../b?x HTTP/1.1"],
  ["an encoded way out", "GET /a/%2e%2e/%2e%2e/b?x HTTP/1.1"],
  ["no slash", "GET a?x HTTP/1.1"],
  ["a whole URL", "GET http://www.test/full.txt?x HTTP/1.1"],
  ["a whole URL of no path", "GET http://www.test HTTP/1.1"],
  ["a whole URL of a bad host", "GET http://ww w.test/ HTTP/1.1"],
  ["*", "OPTIONS * HTTP/1.1"],
  ["GET of *", "GET * HTTP/1.1"],
  ["CONNECT", "CONNECT www.test:80 HTTP/1.1"],
  ["TRACE", "TRACE /x?y HTTP/1.1"],
  ["an unknown method", "BREW /full.txt?x HTTP/1.1"],
  ["an unknown version", "GET /full.txt?x HTTP/3.0"],
  ["no version", "GET /full.txt?x"],
  ["a bad version", "GET /full.txt?x HTTP/one"],
  ["a line that is too long", `GET /${"a".repeat(400)}?x HTTP/1.1`],
  ["a control in the path", "GET /a\u0001b HTTP/1.1"],
  ["an empty line", ""],
].map(([name = "", line = ""]): Case => ({
  name: `logs ${name}`,
  raw: `${line}\r\nHost: www.test\r\nConnection: close\r\n\r\n`,
  logs: ["access.log"],
  ...(name === "a whole URL of a bad host" ? { differs: "Apache reads no version behind a host with a blank" } : {}),
  ...(name === "a line that is too long" ? { differs: "what was read of it is a path" } : {}),
}));

const faults: readonly Case[] = [
  ["a field that is too long", `X-A: ${"a".repeat(300)}`],
  ["a field without a name", ": x"],
  ["a field with a blank name", "X A: b"],
  ["two lengths", "Content-Length: 1\r\nContent-Length: 2"],
  ["a length that is none", "Content-Length: x"],
  ["an unknown coding", "Transfer-Encoding: odd"],
  ["an unknown expectation", "Expect: miracles"],
  ["a second Host", "Host: other.test"],
].map(([name = "", field = ""]): Case => ({
  name: `logs ${name}`,
  raw: `GET /full.txt?x HTTP/1.1\r\nHost: www.test\r\n${field}\r\nConnection: close\r\n\r\n`,
  logs: ["access.log"],
}));

export const suite: Suite = {
  name: "HEAD, and logs of early refusals",
  configuration,
  files: {
    "htdocs/empty.txt": "",
    "htdocs/empty.html": "",
    "htdocs/packed/empty.txt": "",
    "htdocs/full.txt": "full\n",
    "htdocs/empty.shtml": "",
    "htdocs/nothing.shtml": '<!--#set var="a" value="b" -->',
    "htdocs/full.shtml": '<!--#echo var="QUERY_STRING" -->full',
    "htdocs/empty.asis": "Content-Type: text/plain\n\n",
    "htdocs/folder/x.txt": "x",
    "htdocs/empty.cgi": script("printf 'Content-Type: text/plain\\n\\n'"),
    "htdocs/length.cgi": script("printf 'Content-Type: text/plain\\nContent-Length: 5\\n\\nhello'"),
    "htdocs/zero.cgi": script("printf 'Content-Type: text/plain\\nContent-Length: 0\\n\\n'"),
    "htdocs/full.cgi": script("printf 'Content-Type: text/plain\\n\\nfull'"),
  },
  cases: [
    ...paths.flatMap((target): Case[] => [
      { name: `HEAD ${target}`, method: "HEAD", target, logs: ["access.log"] },
      { name: `GET ${target}`, target, logs: ["access.log"] },
    ]),
    ...early,
    ...faults,
  ],
};
