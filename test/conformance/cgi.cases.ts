// CGI: the environment, fields and statuses of scripts, redirects, arguments, bodies, failures, NPH, the script log.
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule cgid_module @MODULES@/mod_cgid.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule actions_module @MODULES@/mod_actions.so
LoadModule negotiation_module @MODULES@/mod_negotiation.so
ScriptSock @RUN@/cgisock
Timeout 4
DocumentRoot "@ROOT@/htdocs"
ScriptAlias /cgi-bin/ @ROOT@/cgi-bin/
Alias /plain/ @ROOT@/cgi-bin/
SetEnv FROM_CONFIGURATION "a value"
SetEnv with-dash dashed
PassEnv LANG
ErrorDocument 404 /cgi-bin/error
ErrorDocument 410 /cgi-bin/error-with-status
<Directory @ROOT@/htdocs>
  AllowOverride All
  AddHandler cgi-script .cgi
</Directory>
<Directory @ROOT@/htdocs/run>
  Options +ExecCGI +MultiViews
  DirectoryIndex index.cgi
</Directory>
<Directory @ROOT@/htdocs/typed>
  Options +ExecCGI
  ForceType application/x-httpd-cgi
</Directory>
<Location /cgi-bin/auth>
  CGIPassAuth On
</Location>
<Location /cgi-bin/slow>
  CGIDScriptTimeout 1
</Location>
<Location /cgi-bin/always>
  Header set X-Set set
  Header always set X-Always always
  Header unset X-Own
</Location>
<Location /cgi-bin/unset>
  Header always unset X-Own
</Location>
<Location /cgi-bin/noinfo>
  AcceptPathInfo Off
</Location>
<Directory @ROOT@/cgi-bin/current>
  CGIVar REQUEST_URI current-uri
</Directory>
Redirect gone /gone
Action shout /cgi-bin/env
<Files shouted.txt>
  SetHandler shout
</Files>
AddDefaultCharset UTF-8
`;

// Ends late, so that Apache never knows the length of a body when it sends the head.
const script = (text: string) => ({ text: `#!/bin/sh\n${text}\nsleep 0.1\n`, mode: 0o755 });
const shown = `env | grep -Ev '^(SERVER_SOFTWARE|SERVER_SIGNATURE|PATH|PWD|OLDPWD|SHLVL|_|LD_LIBRARY_PATH|REDIRECT_PATH|REDIRECT_SERVER_S.*|REDIRECT_LD.*|CONFORMANCE_RUN)=|^$' | LC_ALL=C sort`;
const printed = (head: string, body = "body\n") =>
  script(`printf '%s' '${head.replaceAll("'", "'\\''")}' | sed 's/$/\\r/'\nprintf '\\r\\n'\nprintf '%s' '${body}'`);

/** Heads that are not as they should be. */
const heads = Object.fromEntries(
  Object.entries({
    "carriage-return": "Content-Type: text/plain\\r\\nX-A: b\\rX-C: d\\r\\nX-D: e\\r\\n\\r\\n",
    tab: "Content-Type: text/plain\\nX-A: b\\tc\\n\\n",
    nul: "Content-Type: text/plain\\nX-A: b\\000c\\nX-B: d\\n\\n",
    high: "Content-Type: text/plain\\nX-A: caf\\351\\n\\n",
    fold: "Content-Type: text/plain\\nX-A: b\\n c\\n\\n",
    "status-with-control": "Content-Type: text/plain\\nStatus: 200 O\\001K\\n\\n",
    "status-404-with-control": "Content-Type: text/plain\\nStatus: 404 No\\033[1m\\n\\n",
    "status-with-return": "Content-Type: text/plain\\nStatus: 404 No\\rX-B: c\\n\\n",
    "status-low": "Content-Type: text/plain\\nStatus: 99 Low\\n\\n",
    "status-high": "Content-Type: text/plain\\nStatus: 1000 High\\n\\n",
    "status-of-words": "Content-Type: text/plain\\nStatus: fine\\n\\n",
    "status-of-nothing": "Content-Type: text/plain\\nStatus:\\n\\n",
    "status-line": "HTTP/1.1 404 Nope\\nContent-Type: text/plain\\n\\n",
    "location-with-return": "Location: http://a.test/\\rX-B: c\\n\\n",
    "location-of-nothing": "Location: \\nContent-Type: text/plain\\n\\n",
    "location-with-fragment": "Location: /page.txt#part\\n\\n",
    "location-with-control": "Location: /page.txt\\001\\n\\n",
    "location-relative": "Location: page.txt\\n\\n",
    "type-of-nothing": "Content-Type:\\n\\n",
    "mixed-line-ends": "Content-Type: text/plain\\nX-A: b\\r\\n\\nx",
    "returns-alone": "Content-Type: text/plain\\r\\rx",
    "blank-of-spaces": "Content-Type: text/plain\\n \\nX-A: b\\n\\n",
    "own-server": "Content-Type: text/plain\\nServer: me\\nDate: Mon, 01 Jan 2001 00:00:00 GMT\\n\\n",
    "connection-fields": "Content-Type: text/plain\\nConnection: close\\nKeep-Alive: x\\nUpgrade: y\\nTrailer: z\\n\\n",
    "asks-for-a-name": "Content-Type: text/plain\\nStatus: 401\\nWWW-Authenticate: Basic realm=x\\n\\n",
  }).map(([name, head]) => [`cgi-bin/head-${name}`, script(`printf '${head}body\\n'`)]),
);
/** Fields that may not be sent: Apache cuts the page of its own error off. */
const unfit = Object.fromEntries(
  Object.entries({
    "a control in a field": "X-A: b\\001c",
    "a DEL in a field": "X-A: b\\177c",
    "an escape sequence in a field": "X-A: \\033[31mred",
    "a blank in a name": "X A: b",
    "a blank behind a name": "X-A : b",
    "a control in a name": "X\\001A: b",
    "an empty name": ": b",
  }).map(([name, field]) => [name, script(`printf 'Content-Type: text/plain\\n${field}\\n\\nbody\\n'`)]),
);

const files = {
  ...Object.fromEntries(Object.values(unfit).map((each, index) => [`cgi-bin/unfit-${index}`, each])),
  "htdocs/page.txt": "a page\n",
  "htdocs/shouted.txt": "quiet\n",
  "htdocs/plain.cgi": script("printf 'Content-Type: text/plain\\n\\nran\\n'"),
  "htdocs/run/own.cgi": script("printf 'Content-Type: text/plain\\n\\nran\\n'"),
  "htdocs/run/index.cgi": script(`printf 'Content-Type: text/plain\\n\\n'; ${shown}`),
  "htdocs/run/many.en.cgi": script("printf 'Content-Type: text/plain\\n\\nmany\\n'"),
  "htdocs/typed/any": script("printf '\\ntyped\\n'"),
  "cgi-bin/env": script(`printf 'Content-Type: text/plain\\n\\n'; cat >/dev/null; ${shown}`),
  "cgi-bin/auth": script(`printf 'Content-Type: text/plain\\n\\n'; ${shown}`),
  "cgi-bin/current/env": script(`printf 'Content-Type: text/plain\\n\\n'; ${shown}`),
  "cgi-bin/to-current": printed("Location: /cgi-bin/current/env?x=y\n"),
  "cgi-bin/args": script('printf "Content-Type: text/plain\\n\\n"; for a in "$@"; do echo "[$a]"; done; pwd'),
  "cgi-bin/echo": script('printf "Content-Type: text/plain\\n\\n$CONTENT_LENGTH:"; cat'),
  "cgi-bin/fields": printed(
    'X-Own: 1\nContent-Type: Text/HTML; Charset=X  \nX-Own: 2\nSet-Cookie: a=1\nETag: "tag"\nSet-Cookie: b=2\nVary: A\nLast-Modified: Wed, 01 May 2024 12:00:00 GMT\nContent-Length: 3\nContent-Language: en\n',
  ),
  "cgi-bin/validated": printed('ETag: "tag"\nLast-Modified: Wed, 01 May 2024 12:00:00 GMT\nContent-Type: text/plain\n'),
  "cgi-bin/odd-dates": printed("Last-Modified: yesterday\nContent-Type: text/plain\n"),
  "cgi-bin/status": printed("Status: 404 Not Here\nContent-Type: text/plain\nX-Own: 1\n"),
  "cgi-bin/status-bare": printed("Status: 403\nContent-Type: text/plain\n"),
  "cgi-bin/status-200": printed("Status: 200 Fine\nContent-Type: text/plain\n"),
  "cgi-bin/status-created": printed("Status: 201\nLocation: http://elsewhere.test/new\nContent-Type: text/plain\n"),
  "cgi-bin/status-moved": printed("Status: 301 Moved\nLocation: /page.txt\nContent-Type: text/plain\n"),
  "cgi-bin/status-unmodified": printed("Status: 304\nContent-Type: text/plain\nX-Own: 1\n", ""),
  "cgi-bin/status-empty": printed("Status: 204\n", ""),
  "cgi-bin/status-odd": printed("Status: 299 Odd One\nContent-Type: text/plain\n"),
  "cgi-bin/local": printed("Location: /cgi-bin/env?from=script\nSet-Cookie: kept=1\nX-Own: 1\n"),
  "cgi-bin/local-static": printed("Content-Type: text/plain\nLocation: /page.txt\n"),
  "cgi-bin/remote": printed("Location: http://elsewhere.test/x?y\nSet-Cookie: kept=1\n"),
  "cgi-bin/encoded": printed("Content-Encoding: x-odd\nContent-Type: text/plain\n"),
  "cgi-bin/chunked": printed("Transfer-Encoding: chunked\nContent-Type: text/plain\n", "0\r\n\r\n"),
  "cgi-bin/untyped": script("printf '\\nuntyped\\n'"),
  "cgi-bin/always": printed("X-Own: 1\nContent-Type: text/plain\n"),
  "cgi-bin/unset": printed("X-Own: 1\nContent-Type: text/plain\n"),
  "cgi-bin/noinfo": printed("Content-Type: text/plain\n"),
  "cgi-bin/malformed": script("printf 'no field at all\\n\\nbody\\n'"),
  "cgi-bin/premature": script("printf 'Content-Type: text/plain\\n'"),
  "cgi-bin/silent": script("exit 3"),
  "cgi-bin/slow": script("sleep 3; printf '\\nlate\\n'"),
  "cgi-bin/not-executable": { text: "#!/bin/sh\nprintf '\\nran\\n'", mode: 0o644 },
  "cgi-bin/no-interpreter": { text: "printf '\\nran\\n'", mode: 0o755 },
  "cgi-bin/missing-interpreter": { text: "#!/does/not/exist\n", mode: 0o755 },
  "cgi-bin/folder/x": "x",
  "cgi-bin/nph-own": script(
    "printf 'HTTP/1.1 200 Own Words\\r\\nX-Own: 1\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\nown\\n'",
  ),
  "cgi-bin/error": script(
    'printf "Content-Type: text/plain\\n\\n$REDIRECT_STATUS $REDIRECT_URL $REQUEST_METHOD $REDIRECT_REQUEST_METHOD\\n"',
  ),
  "cgi-bin/error-with-status": script('printf "Status: 200 OK\\nContent-Type: text/plain\\n\\nnothing gone\\n"'),
  "cgi-bin/inputs": script(
    'printf "Content-Type: text/plain\\n\\n"; cat | tr a-z A-Z; echo; echo kept > /dev/stderr; stat -L -c %F /dev/stderr | sed "s/regular.*file/fifo/"',
  ),
  ...heads,
  "cgi-bin/large": script("printf 'Content-Type: text/plain\\n\\n'; head -c 300000 /dev/zero | tr '\\0' x"),
};

const basic = "Authorization: Basic dXNlcjpwYXNz";
const cases: readonly Case[] = [
  { name: "the environment of a script", target: "/cgi-bin/env" },
  { name: "the environment with query and path info", target: "/cgi-bin/env/more/inf%20o?a=b&c" },
  {
    name: "fields in the environment",
    target: "/cgi-bin/env",
    headers: ["X-Twice: 1", "X-Twice: 2", "X_Under: 1", "Proxy: evil", "Accept: */*", "User-Agent: me", basic],
  },
  { name: "bytes that are no UTF-8", target: "/cgi-bin/env/caf%e9/%c3%a9" },
  { name: "doubled slashes in path info", target: "/cgi-bin/env//a//b" },
  { name: "HEAD", method: "HEAD", target: "/cgi-bin/env" },
  { name: "POST", method: "POST", target: "/cgi-bin/env", headers: ["Content-Type: text/x"], body: "a=b" },
  { name: "another method", method: "DELETE", target: "/cgi-bin/env" },
  { name: "OPTIONS", method: "OPTIONS", target: "/cgi-bin/args" },
  { name: "CGIPassAuth", target: "/cgi-bin/auth", headers: [basic] },
  { name: "CGIVar current-uri", target: "/cgi-bin/to-current" },
  { name: "a query without = is arguments", target: "/cgi-bin/args?one+t%77o+th'r$e+%3cfo%ur" },
  { name: "a query with = is none", target: "/cgi-bin/args?one+two=3" },
  { name: "an empty query", target: "/cgi-bin/args?" },
  { name: "a body", method: "POST", target: "/cgi-bin/echo", body: "hello\nworld" },
  { name: "a body of 100,000 bytes", method: "POST", target: "/cgi-bin/echo", body: "0123456789".repeat(10_000) },
  {
    name: "a chunked body",
    method: "POST",
    target: "/cgi-bin/echo",
    headers: ["Transfer-Encoding: chunked"],
    body: "5\r\nhello\r\n0\r\n\r\n",
  },
  { name: "fields", target: "/cgi-bin/fields" },
  { name: "a date that is none", target: "/cgi-bin/odd-dates" },
  { name: "If-None-Match", target: "/cgi-bin/validated", headers: ['If-None-Match: "tag"'] },
  { name: "If-None-Match, HEAD", method: "HEAD", target: "/cgi-bin/validated", headers: ['If-None-Match: "tag"'] },
  {
    name: "If-Modified-Since",
    target: "/cgi-bin/validated",
    headers: ["If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"],
  },
  { name: "If-Match", target: "/cgi-bin/validated", headers: ['If-Match: "other"'] },
  { name: "a range", target: "/cgi-bin/validated", headers: ["Range: bytes=0-1"] },
  { name: "Status with words", target: "/cgi-bin/status" },
  { name: "Status without words", target: "/cgi-bin/status-bare" },
  { name: "Status 200", target: "/cgi-bin/status-200" },
  { name: "Status 201 with Location", target: "/cgi-bin/status-created" },
  { name: "Status 301 with Location", target: "/cgi-bin/status-moved" },
  { name: "Status 304", target: "/cgi-bin/status-unmodified" },
  { name: "Status 204", target: "/cgi-bin/status-empty" },
  { name: "a status nobody knows", target: "/cgi-bin/status-odd" },
  { name: "a redirect to another script", target: "/cgi-bin/local" },
  { name: "a redirect of a POST", method: "POST", target: "/cgi-bin/local", body: "lost" },
  { name: "a redirect to a file", target: "/cgi-bin/local-static" },
  { name: "a redirect to another host", target: "/cgi-bin/remote" },
  { name: "Content-Encoding of a script", target: "/cgi-bin/encoded" },
  { name: "Transfer-Encoding of a script", target: "/cgi-bin/chunked" },
  { name: "no Content-Type", target: "/cgi-bin/untyped" },
  { name: "Header set and always", target: "/cgi-bin/always" },
  { name: "Header always unset", target: "/cgi-bin/unset" },
  { name: "AcceptPathInfo Off", target: "/cgi-bin/noinfo/more" },
  { name: "a malformed head", target: "/cgi-bin/malformed" },
  { name: "an unfinished head", target: "/cgi-bin/premature" },
  { name: "no output", target: "/cgi-bin/silent" },
  { name: "a script that is too slow", target: "/cgi-bin/slow" },
  { name: "a script that is not executable", target: "/cgi-bin/not-executable" },
  { name: "a script that names no interpreter", target: "/cgi-bin/no-interpreter" },
  { name: "a script whose interpreter is missing", target: "/cgi-bin/missing-interpreter" },
  { name: "a script that is not there", target: "/cgi-bin/nowhere" },
  { name: "a folder", target: "/cgi-bin/folder/" },
  { name: "the folder of scripts", target: "/cgi-bin/" },
  { name: "a script in a folder that is only an alias", target: "/plain/env" },
  { name: "AddHandler without ExecCGI", target: "/plain.cgi" },
  { name: "AddHandler with ExecCGI", target: "/run/own.cgi" },
  { name: "DirectoryIndex", target: "/run/" },
  { name: "MultiViews", target: "/run/many" },
  { name: "the type of CGI", target: "/typed/any" },
  { name: "an Action", target: "/shouted.txt?q" },
  { name: "a script that speaks for itself", target: "/cgi-bin/nph-own" },
  { name: "HEAD of a script that speaks for itself", method: "HEAD", target: "/cgi-bin/nph-own" },
  { name: "an ErrorDocument", target: "/nothing", method: "POST", body: "x" },
  { name: "an ErrorDocument with a status", target: "/gone" },
  { name: "a large response", target: "/cgi-bin/large" },
  { name: "a body, and standard error by its name", method: "POST", target: "/cgi-bin/inputs", body: "hello" },
  { name: "no body, and standard error by its name", target: "/cgi-bin/inputs" },
  {
    name: "an upload that does not come to its end",
    method: "POST",
    target: "/cgi-bin/args",
    headers: ["Content-Length: 100"],
    body: "12345",
  },
  ...Object.keys(heads).map((name) => ({
    name: `the head of ${name.slice("cgi-bin/head-".length)}`,
    target: `/${name}`,
    ...(/status-(?:low|high|of)/.test(name) ? { differs: "a 500 is the last answer of its connection" } : {}),
  })),
  ...Object.keys(unfit).map((name, index) => ({
    name,
    target: `/cgi-bin/unfit-${index}`,
    differs: "the page of the 500 is whole; Apache cuts it off",
  })),
  { name: "HTTP/1.0", raw: "GET /cgi-bin/args HTTP/1.0\r\nHost: www.test\r\nConnection: keep-alive\r\n\r\n" },
];

export const suite: Suite = { name: "mod_cgi", configuration, files, cases };
