// What an application in a daemon group finds in its environ.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
WSGIDaemonProcess single threads=1
WSGIDaemonProcess many threads=2
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
ServerAdmin admin@main.test
SetEnv S_VAR value
WSGIScriptAlias /app "@ROOT@/apps/dump.wsgi"
WSGIScriptAlias /left "@ROOT@/apps/dump.wsgi" callable-object=left_out
WSGIScriptAlias /chosen "@ROOT@/apps/dump.wsgi" callable-object=chosen
WSGIScriptAlias /deep/er/app "@ROOT@/apps/dump.wsgi"
WSGIScriptAlias /slash/ "@ROOT@/apps/"
WSGIScriptAlias /folder "@ROOT@/apps"
WSGIScriptAlias /glued/ "@ROOT@/apps/dump.wsgi"
WSGIScriptAlias "/sp ace" "@ROOT@/apps/dump.wsgi"
WSGIScriptAlias /single "@ROOT@/apps/dump.wsgi" process-group=single application-group=%{GLOBAL} callable-object=chosen
WSGIScriptAlias /many "@ROOT@/apps/dump.wsgi" process-group=many application-group=%{GLOBAL} callable-object=chosen
WSGIScriptAlias /named "@ROOT@/apps/dump.wsgi" application-group=my-group callable-object=chosen
WSGIScriptAlias /by-server "@ROOT@/apps/dump.wsgi" application-group=%{SERVER} callable-object=chosen
WSGIScriptAlias /by-host "@ROOT@/apps/dump.wsgi" application-group=%{HOST} callable-object=chosen
WSGIScriptAlias /by-resource "@ROOT@/apps/dump.wsgi" application-group=%{RESOURCE} callable-object=chosen
WSGIScriptAlias /by-env "@ROOT@/apps/dump.wsgi" application-group=%{ENV:S_GROUP} callable-object=chosen
WSGIScriptAlias /passed "@ROOT@/apps/dump.wsgi" pass-authorization=On callable-object=chosen
WSGIScriptAliasMatch "^/match/(\\w+)" "@ROOT@/apps/$1.wsgi"
WSGIScriptAliasMatch "^/whole/(\\w+)\\.py$" "@ROOT@/apps/$1.wsgi"
Alias /aliased "@ROOT@/apps"
<Location /by-env>
  SetEnv S_GROUP from-env
</Location>
<Location /by-directive>
  WSGIApplicationGroup directive-group
  WSGICallableObject chosen
</Location>
WSGIScriptAlias /by-directive "@ROOT@/apps/dump.wsgi"
<Location /by-env-callable>
  SetEnv S_CALLABLE chosen
  WSGICallableObject %{ENV:S_CALLABLE}
  WSGIApplicationGroup %{ENV:S_GROUP}
  SetEnv S_GROUP %{SERVER}
</Location>
WSGIScriptAlias /by-env-callable "@ROOT@/apps/dump.wsgi"
<Location /passing>
  WSGIPassAuthorization On
</Location>
WSGIScriptAlias /passing "@ROOT@/apps/dump.wsgi" callable-object=chosen
<Location /chunked>
  WSGIChunkedRequest On
</Location>
WSGIScriptAlias /chunked "@ROOT@/apps/dump.wsgi"
<Location /map-on>
  WSGIMapHEADToGET On
</Location>
WSGIScriptAlias /map-on "@ROOT@/apps/headers.wsgi"
<Location /map-off>
  WSGIMapHEADToGET Off
</Location>
WSGIScriptAlias /map-off "@ROOT@/apps/headers.wsgi"
WSGIScriptAlias /map-auto "@ROOT@/apps/headers.wsgi"
<Directory "@ROOT@/htdocs/cgi">
  Options +ExecCGI
  AddHandler wsgi-script .wsgi
  DirectoryIndex index.wsgi
</Directory>
<Directory "@ROOT@/htdocs/no-cgi">
  AddHandler wsgi-script .wsgi
</Directory>
<Directory "@ROOT@/htdocs/set">
  Options +ExecCGI
  SetHandler wsgi-script
</Directory>
<VirtualHost *:@PORT@>
  ServerName www.test
  ServerAdmin admin@www.test
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName canonical.test:8443
  UseCanonicalName On
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName slashes.test
  AllowEncodedSlashes On
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName root.test
  DocumentRoot "@ROOT@/htdocs"
  Alias /static "@ROOT@/htdocs"
  WSGIScriptAlias / "@ROOT@/apps/dump.wsgi"
</VirtualHost>
<VirtualHost *:@PORT2@>
  WSGIScriptAlias /port "@ROOT@/apps/dump.wsgi"
</VirtualHost>
`;

const groups =
  "mod_wsgi.application_group,mod_wsgi.process_group,wsgi.multithread,wsgi.multiprocess,wsgi.run_once,mod_wsgi.callable_object";

const targets: readonly (readonly [name: string, target: string, host?: string])[] = [
  ["a plain request", "/app"],
  ["a slash behind the mount", "/app/"],
  ["path info", "/app/one/two"],
  ["a query", "/app/x?a=b&c=%20d"],
  ["an empty query", "/app?"],
  ["an encoded path", "/app/sp%20ace/caf%c3%a9"],
  ["an encoded mount", "/%61pp/x"],
  ["an encoded question mark", "/app/a%3fb%23c"],
  ["an encoded percent sign", "/app/a%252fb"],
  ["doubled slashes", "//app//x//y"],
  ["dots", "/x/../app/./y/../z"],
  ["a semicolon", "/app/a;b=c"],
  ["a plus sign", "/app/a+b"],
  ["a raw byte above 127", "/app/\u00e9?\u00e9"],
  ["an encoded slash", "/app/a%2fb"],
  ["an encoded slash where allowed", "/app/a%2fb", "slashes.test"],
  ["an encoded NUL", "/app/a%00b"],
  ["a name that only begins like the mount", "/apple"],
  ["a mount of several parts", "/deep/er/app/x"],
  ["a part of that mount", "/deep/er"],
  ["a folder as target", "/folder/dump.wsgi/x"],
  ["a folder as target without a script", "/folder/"],
  ["a folder as target without slash", "/folder"],
  ["a missing script in a folder", "/folder/missing.wsgi"],
  ["a file of another name in a folder", "/folder/plain.txt"],
  ["a folder as target with slashes", "/slash/dump.wsgi/x"],
  ["a slash that glues", "/glued/x"],
  ["a slash that glues nothing", "/glued/"],
  ["a mount with a blank", "/sp%20ace/x"],
  ["a match", "/match/dump"],
  ["a match with path info", "/match/dump/x/y"],
  ["a match of a missing script", "/match/missing"],
  ["a match of the whole path", "/whole/dump.py"],
  ["the root as mount", "/", "root.test"],
  ["path info of the root", "/one/two?x", "root.test"],
  ["the root as mount and OPTIONS-like path", "/index.html", "root.test"],
  ["an alias in front of the root", "/static/a.txt", "root.test"],
  ["a missing file behind an alias in front of the root", "/static/missing.txt", "root.test"],
  ["a handler by extension", "/cgi/dump.wsgi"],
  ["a handler by extension with path info", "/cgi/dump.wsgi/x/y?q"],
  ["an index by extension", "/cgi/"],
  ["a handler without ExecCGI", "/no-cgi/dump.wsgi"],
  ["a handler by SetHandler", "/set/dump.anything"],
  ["a missing script by SetHandler", "/set/missing"],
  ["a name and port by UseCanonicalName", "/app", "canonical.test:99"],
  ["a Host with a port", "/app", "www.test:8080"],
  ["a Host in capitals", "/app", "WWW.Test"],
  ["an unknown Host", "/app", "other.test"],
  ["a Host that is an address", "/app", "[::1]:80"],
  ["an absolute target", "http://www.test/app/x?y"],
  [`one thread (${groups})`, `/single?${groups}`],
  ["many threads and no processes", `/many?${groups}`],
  ["a named application group", `/named?${groups}`],
  ["an application group by server", `/by-server?${groups}`],
  ["an application group by server with a port in Host", `/by-server?${groups}`, "www.test:8080"],
  ["an application group by server with a port in ServerName", `/by-server?${groups}`, "canonical.test"],
  ["an application group by host", `/by-host?${groups}`, "WWW.test"],
  ["an application group by host with a port", `/by-host?${groups}`, "www.test:8080"],
  ["an application group by host with an unknown Host", `/by-host?${groups}`, "other.test"],
  ["an application group by resource", `/by-resource/x?${groups}`],
  ["an application group by resource with a port", `/by-resource?${groups}`, "www.test:8080"],
  ["an application group by an environment variable", `/by-env?${groups}`],
  ["groups by directives", `/by-directive?${groups}`],
  ["groups by directives and environment variables", `/by-env-callable?${groups}`],
];

const seen = (name: string, headers: readonly string[], keys: string): Case => ({
  name,
  target: `/chosen?${keys}`,
  headers,
});

const cases: readonly Case[] = [
  ...targets.map(([name, target, host]): Case => ({ name: `for ${name}`, target, ...(host ? { host } : {}) })),
  { name: "for a port without ServerName", target: "/port", to: { port: 2 } },
  { name: "for HTTP/1.0", raw: "GET /app HTTP/1.0\r\n\r\n" },
  { name: "for HTTP/1.0 without Host at a port", raw: "GET /port HTTP/1.0\r\n\r\n", to: { port: 2 } },
  { name: "for HTTP/2.0 by name", raw: "GET /app HTTP/2.0\r\nHost: www.test\r\n\r\n" },
  { name: "for POST", method: "POST", target: "/app", headers: ["Content-Type: text/mine; a=b"], body: "abc" },
  { name: "for POST without a body", method: "POST", target: "/app" },
  { name: "for POST with length 0", method: "POST", target: "/app", headers: ["Content-Length: 0"] },
  { name: "for PUT", method: "PUT", target: "/app", body: "abc" },
  { name: "for PATCH", method: "PATCH", target: "/app", body: "abc" },
  { name: "for DELETE", method: "DELETE", target: "/app" },
  { name: "for OPTIONS", method: "OPTIONS", target: "/app" },
  { name: "for TRACE", method: "TRACE", target: "/app" },
  { name: "for an unknown method", method: "FROB", target: "/app" },
  { name: "for HEAD", method: "HEAD", target: "/map-auto" },
  { name: "for HEAD with WSGIMapHEADToGET On", method: "HEAD", target: "/map-on" },
  { name: "for HEAD with WSGIMapHEADToGET Off", method: "HEAD", target: "/map-off" },
  {
    name: "for chunks",
    method: "POST",
    target: "/app",
    headers: ["Transfer-Encoding: chunked"],
    body: "3\r\na=b\r\n0\r\n\r\n",
  },
  {
    name: "for chunks where allowed",
    method: "POST",
    target: "/chunked",
    headers: ["Transfer-Encoding: chunked"],
    body: "3\r\na=b\r\n0\r\n\r\n",
  },
  {
    name: "for many fields",
    target: "/app",
    headers: [
      "Accept: */*",
      "User-Agent: me",
      "Cookie: a=1",
      "Referer: http://r.test/",
      "X-Mine: 1",
      "Connection: keep-alive",
      "Upgrade: websocket",
      "TE: trailers",
      "If-None-Match: *",
      "Range: bytes=0-1",
    ],
  },
  seen(
    "for repeated fields",
    ["X-A: 1", "x-a: 2", "Cookie: a=1", "Cookie: b=2", "Accept: a", "Accept: b"],
    "A,COOKIE,ACCEPT",
  ),
  seen("for fields with underscores", ["X_A: 1", "X-A: 2", "X_B: 3"], "A,B"),
  seen("for fields with dots", ["X.A: 1", "X.B: 2", "X-C: 3"], "A,B,C"),
  seen("for Proxy", ["Proxy: http://bad.test/", "Proxy-Connection: x"], "PROXY,CONNECTION"),
  seen(
    "for Authorization",
    ["Authorization: Basic dTpw", "Proxy-Authorization: Basic dTpw"],
    "AUTHORIZATION,TYPE,USER",
  ),
  {
    name: "for Authorization by the option",
    target: "/passed?AUTHORIZATION,TYPE,USER",
    headers: ["Authorization: Basic dTpw", "Proxy-Authorization: x"],
  },
  {
    name: "for Authorization by the directive",
    target: "/passing?AUTHORIZATION,TYPE,USER",
    headers: ["Authorization: Basic dTpw"],
  },
  seen("for bytes above 127", ["X-A: caf\u00c3\u00a9", "X-B: \u00ff"], "A,B"),
  seen("for folded and padded values", ["X-A:   a \t b  ", "X-B: a", "  b"], "A,B"),
  seen("for an empty value", ["X-A:", "Accept:"], "A,ACCEPT"),
  seen("for empty types and lengths", ["Content-Type:", "Content-Length: 0"], "TYPE,LENGTH"),
  seen("for names with digits", ["X-1-a: b", "3: c"], "A,3"),
  seen(
    "for HTTPS from outside",
    ["HTTPS: on", "X-Forwarded-Proto: https", "Host-X: y"],
    "HTTPS,PROTO,wsgi.url_scheme,X",
  ),
  {
    name: "of keys only mod_wsgi 4.9 has",
    target: "/left",
    differs: "mod_wsgi 6.0 dropped the keys of CGI alone and names its own anew; 4.9 is compared with",
  },
];

export const suite: Suite = {
  name: "environ",
  configuration,
  files: {
    "apps/dump.wsgi": dumpApplication,
    "apps/plain.txt": "this is not Python at all\n",
    "apps/headers.wsgi": `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Method", environ["REQUEST_METHOD"]), ("Content-Length", "5")])
    return [b"12345"]
`,
    "htdocs/a.txt": "static\n",
    "htdocs/index.html": "index\n",
    "htdocs/cgi/dump.wsgi": dumpApplication,
    "htdocs/cgi/index.wsgi": dumpApplication,
    "htdocs/no-cgi/dump.wsgi": dumpApplication,
    "htdocs/set/dump.anything": dumpApplication,
  },
  cases,
};
