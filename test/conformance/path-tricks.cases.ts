// Paths that want to leave their folder, or to put something into a header or a log, against each way of mapping URLs.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule userdir_module @MODULES@/mod_userdir.so
LoadModule vhost_alias_module @MODULES@/mod_vhost_alias.so
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule actions_module @MODULES@/mod_actions.so
Listen 127.0.0.1:@PORT2@
<Directory "@ROOT@">
  Require all granted
</Directory>
<Directory "@ROOT@/open/closed">
  Require all denied
</Directory>
LogFormat "%>s %r R=%{Location}o V=%{X-Path}o A=%{User-Agent}i" tricks
CustomLog "@RUN@/access.log" tricks
<VirtualHost *:@PORT@>
  ServerName tricks.test
  DocumentRoot "@ROOT@/open/htdocs"
  Alias /alias "@ROOT@/open/pub"
  Alias /slash/ "@ROOT@/open/pub/"
  Alias /off "@ROOT@/open/pub/"
  AliasMatch "^/match/(.*)" "@ROOT@/open/pub/$1"
  UserDir "@ROOT@/open/users"
  Redirect /gone http://elsewhere.test/x
  RedirectMatch "^/gone-match/(.*)" "http://elsewhere.test/$1"
  WSGIScriptAlias /app "@ROOT@/apps/app.wsgi"
  RewriteEngine On
  RewriteRule "^/file/(.*)" "@ROOT@/open/pub/$1"
  RewriteRule "^/through/(.*)" "/alias/$1" [PT]
  RewriteRule "^/query/(.*)" "/alias/a.txt?p=$1"
  RewriteRule "^/escaped/(.*)" "/alias/a.txt?p=$1" [B,PT]
  RewriteRule "^/moved/(.*)" "/alias/$1" [R]
  RewriteRule "^/raw/(.*)" "http://elsewhere.test/$1" [R,NE]
  RewriteRule "^/passed/(.*)" "http://127.0.0.1:@PORT2@/pub/$1" [P]
  RewriteRule "^/var/(.*)" "/alias/a.txt" [E=P:$1,PT]
  Header set X-Path "%{P}e" env=P
  ProxyPass /back http://127.0.0.1:@PORT2@/pub
  ProxyPass /back-slash/ http://127.0.0.1:@PORT2@/pub/
  <Location /alias/denied>
    Require all denied
  </Location>
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName names.test
  ServerAlias *.names.test
  VirtualDocumentRoot "@ROOT@/open/hosts/%0"
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName back.test
  CustomLog "@RUN@/back.log" tricks
  DocumentRoot "@ROOT@/open"
</VirtualHost>
`;

const bases = [
  "/alias",
  "/slash",
  "/off",
  "/match",
  "/~joe",
  "/app",
  "/file",
  "/through",
  "/query",
  "/escaped",
  "/moved",
  "/raw",
  "/passed",
  "/var",
  "/back",
  "/back-slash",
  "/gone",
  "/gone-match",
];

const tricks = [
  "../closed/s.txt",
  "/../closed/s.txt",
  "/%2e%2e/closed/s.txt",
  "/..%2fclosed/s.txt",
  "/%252e%252e/closed/s.txt",
  "/..%252fclosed/s.txt",
  "/..;/closed/s.txt",
  "/..%5cclosed%5cs.txt",
  "/./../closed/./s.txt",
  "//..//closed//s.txt",
  "/denied/s.txt",
  "/DENIED/../denied/s.txt",
  "/a.txt;v=1",
  "/a.txt%3Fx=1",
  "/a.txt%3F",
  "/a.txt%23x",
  "/a.txt%0d%0aX-Put:%201",
  "/%0d%0a%0d%0a<script>",
  "/a%0ab",
  "/a.txt%00.html",
  "/a.txt%20HTTP/1.1",
  "/%1b%5b31m",
  "/%22quoted%22%5c",
  "/a%26b%3dc",
  "/%c0%ae%c0%ae/closed/s.txt",
];

/** What would break a Location field in two, or worse. */
const control = /%0d|%0a|%1b/;

const named = bases.flatMap((base) =>
  tricks.map((trick): Case => ({
    ...{ name: base + trick, target: base + trick, host: "tricks.test", logs: ["access.log"] },
    ...(base === "/raw" && control.test(trick)
      ? { differs: "the page of the 500 names the status of the redirect too in Apache" }
      : {}),
  })),
);

const hosts = ["..", "../closed", "..%2fclosed", "a..names.test", ".names.test", "a/../../closed", "a\\..\\closed"].map(
  (host): Case => ({ name: `Host: ${host}`, target: "/s.txt", host, logs: ["access.log"] }),
);

const fields: readonly Case[] = ["\u001b[31mred", 'a"b\\c', "tab\there", "\u007f", "\u00e9"].map((agent) => ({
  name: `User-Agent: ${JSON.stringify(agent)}`,
  target: "/alias/a.txt",
  host: "tricks.test",
  headers: [`User-Agent: ${agent}`],
  logs: ["access.log"],
}));

export const suite: Suite = {
  name: "paths that play tricks",
  configuration,
  files: {
    "apps/app.wsgi": dumpApplication,
    "open/htdocs/index.html": "index",
    "open/pub/a.txt": "a of pub",
    "open/pub/denied/s.txt": "denied",
    "open/closed/s.txt": "secret",
    "open/users/joe/a.txt": "a of joe",
    "open/hosts/a/s.txt": "s of a",
  },
  cases: [...named, ...hosts, ...fields],
};
