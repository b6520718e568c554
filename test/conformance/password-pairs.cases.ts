// Passwords together with what else a site has: error documents, redirects, filters, ranges, listings, headers, logs.
import type { Case, Suite } from "./harness.js";

const area = (more = ""): string =>
  `AuthType Basic\nAuthName "Members"\nAuthUserFile "@ROOT@/conf/users"\nRequire user member\n${more}`;

const basic = (user: string): string => `Authorization: Basic ${Buffer.from(`${user}:secret`).toString("base64")}`;

/** Lines of `<Location /NAME>`, all areas with a password. */
const places: Readonly<Record<string, string>> = {
  plain: area(),
  "document-open": area("ErrorDocument 401 /open/401.html"),
  "document-own": area("ErrorDocument 401 /document-own/401.html"),
  "document-other": area("ErrorDocument 401 /plain/401.html"),
  "document-missing": area("ErrorDocument 401 /open/missing.html"),
  "document-text": area('ErrorDocument 401 "log in, %{REMOTE_USER}"'),
  "document-403": area("AuthzSendForbiddenOnFailure On\nErrorDocument 403 /open/403.html"),
  "headers-always": area(
    'Header always set X-Frame-Options DENY\nHeader set X-Set yes\nHeader always set X-User "%{REMOTE_USER}e"',
  ),
  "headers-challenge": area("Header always unset WWW-Authenticate"),
  "headers-edit": area('Header always edit WWW-Authenticate "^Basic" "xBasic"'),
  "headers-user": area('Header set X-User "expr=%{REMOTE_USER}"\nRequestHeader unset Authorization'),
  expires: area("ExpiresActive On\nExpiresDefault A600"),
  packed: area("SetOutputFilter DEFLATE"),
  listing: area("Options +Indexes\nDirectoryIndex disabled"),
  rewritten: area("RewriteEngine On\nRewriteRule a\\.html$ /open/a.html"),
  "rewritten-out": area("RewriteEngine On\nRewriteRule a\\.html$ http://other.test/ [R,L]"),
  "rewritten-user": area(
    "RewriteEngine On\nRewriteCond %{LA-U:REMOTE_USER} ^member$\nRewriteRule b\\.html$ /open/a.html",
  ),
  forbidden: area("RewriteEngine On\nRewriteRule a\\.html$ - [F]"),
  redirected: area("Redirect 302 /redirected/a.html http://www.test/open/"),
  fallback: area("FallbackResource /fallback/index.html"),
  typed: area("ForceType text/plain\nAddDefaultCharset utf-8"),
  conditional: area("<If \"%{REMOTE_USER} == 'member'\">\nHeader set X-If user\n</If>"),
  closed: area("<If \"%{HTTP:X-Close} == 'yes'\">\nRequire all denied\n</If>"),
  allowed: area("AllowMethods GET"),
  large: area("LimitRequestBody 10"),
};

const right = basic("member");
const other = basic("other");

/** Why the two differ at some places, for those who are not let in. */
const different: Readonly<Record<string, string>> = {
  "/falls/x": "the challenge is sent",
  "/error/missing": "the refusal of the document is neither logged nor sent",
};

/** Asked by nobody, by the member and by another user. */
const byAll = (target: string, differs?: string): readonly Case[] => {
  const more = differs === undefined ? {} : { differs };
  return [
    { name: `asks at ${target}`, target, logs: ["users.log"], ...more },
    { name: `serves ${target}`, target, headers: [right], logs: ["users.log"] },
    { name: `refuses at ${target}`, target, headers: [other], logs: ["users.log"], ...more },
  ];
};

const targets = ["", "a.html", "a", "missing.html", "sub", "sub/"];
export const suite: Suite = {
  name: "passwords and others",
  configuration: `
${[
  "setenvif",
  "rewrite",
  "headers",
  "expires",
  "filter",
  "deflate",
  "autoindex",
  "negotiation",
  "allowmethods",
  "actions",
  "userdir",
]
  .map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so`)
  .join("\n")}
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LogFormat "%u %>s %s %U %{REMOTE_USER}e" users
SetEnvIf Request_URI conformance-probe probe
CustomLog "@RUN@/users.log" users env=!probe
DocumentRoot "@ROOT@/htdocs"
DirectoryIndex index.html
<Directory "@ROOT@/htdocs">
  Require all granted
  Options FollowSymLinks
</Directory>
<Directory "@ROOT@/htdocs/mixed/closed">
  ${area()}
</Directory>
<Directory "@ROOT@/htdocs/mixed">
  Options +Indexes
  <Files "secret.html">
    ${area()}
  </Files>
</Directory>
RewriteEngine On
RewriteRule ^/into/(.*)$ /plain/$1 [PT]
Alias /aliased "@ROOT@/htdocs/mixed/closed"
<Location "/indexed">
  DirectoryIndex /plain/a.html
</Location>
<Location "/falls">
  FallbackResource /plain/a.html
</Location>
<Location "/error">
  ErrorDocument 404 /plain/a.html
</Location>
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
`,
  files: {
    "conf/users": "member:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nother:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    "htdocs/open/401.html": "please log in",
    "htdocs/open/403.html": "not for you",
    "htdocs/open/a.html": "open a",
    "htdocs/open/index.html": "open",
    "htdocs/plain/401.html": "401 of plain",
    "htdocs/document-own/401.html": "own 401",
    "htdocs/mixed/secret.html": "secret",
    "htdocs/mixed/free.html": "free",
    "htdocs/mixed/closed/index.html": "closed",
    "htdocs/indexed/x.txt": "x",
    "htdocs/falls/x.txt": "x",
    "htdocs/error/x.txt": "x",
    ...Object.fromEntries(
      Object.keys(places).flatMap((name) => [
        [`htdocs/${name}/a.html`, `${name} a\n`],
        [`htdocs/${name}/b.html`, `${name} b\n`],
        [`htdocs/${name}/index.html`, `${name}\n`],
        [`htdocs/${name}/sub/index.html`, `${name} sub\n`],
      ]),
    ),
  },
  cases: [
    ...Object.keys(places).flatMap((name) => targets.flatMap((target) => byAll(`/${name}/${target}`, different[name]))),
    ...[
      "/into/a.html",
      "/aliased/",
      "/indexed/",
      "/falls/x",
      "/error/missing",
      "/mixed/",
      "/mixed/secret.html",
      "/mixed/closed",
    ].flatMap((target) => byAll(target, different[target])),
    ...["plain", "packed", "document-open", "expires"].flatMap((name): Case[] =>
      [
        ["a range", "Range: bytes=0-2"],
        ["a range beyond the end", "Range: bytes=100-"],
        ["If-None-Match", "If-None-Match: *"],
        ["If-Modified-Since", "If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"],
        ["gzip", "Accept-Encoding: gzip"],
      ].flatMap(([what = "", field = ""]) => [
        { name: `asks at ${name} with ${what}`, target: `/${name}/a.html`, headers: [field] },
        { name: `serves ${name} with ${what}`, target: `/${name}/a.html`, headers: [field, right] },
      ]),
    ),
    ...["HEAD", "OPTIONS", "TRACE", "POST", "PUT", "DELETE"].flatMap((method): Case[] =>
      ["plain", "allowed", "document-open"].flatMap((name) => [
        { name: `asks at ${name} for ${method}`, method, target: `/${name}/a.html` },
        { name: `serves ${name} by ${method}`, method, target: `/${name}/a.html`, headers: [right] },
      ]),
    ),
    { name: "closes by a condition", target: "/closed/a.html", headers: [right, "X-Close: yes"] },
    {
      name: "asks before a body is taken",
      method: "POST",
      target: "/plain/a.html",
      headers: ["Expect: 100-continue"],
      body: "x",
    },
    {
      name: "asks before a body is measured",
      method: "POST",
      target: "/large/a.html",
      body: "x".repeat(100),
      differs: "who is not let in is asked for a name, whatever the body",
    },
    { name: "serves a short body", method: "POST", target: "/large/a.html", headers: [right], body: "x" },
  ],
};

/** With mod_wsgi or mod_allowmethods, internal redirects are checked anew even under the same settings. */
export const further: readonly Suite[] = [
  { name: "an error document in its own area", lines: "" },
  {
    name: "an error document in its own area, beside mod_wsgi",
    lines: "LoadModule wsgi_module @MODULES@/mod_wsgi.so\nWSGIPythonHome /usr",
  },
].map(({ name, lines }) => ({
  name,
  configuration: `${lines}
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
DocumentRoot "@ROOT@/htdocs"
DirectoryIndex index.html
<Location "/own">
  ${area("ErrorDocument 401 /own/401.html\nErrorDocument 404 /own/404.html")}
</Location>
<Location "/denied">
  Require all denied
  ErrorDocument 403 /denied/403.html
</Location>
`,
  files: {
    "conf/users": "member:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    "htdocs/own/401.html": "own 401",
    "htdocs/own/404.html": "own 404",
    "htdocs/own/index.html": "own",
    "htdocs/denied/403.html": "denied 403",
  },
  cases: ["/own/", "/own/missing", "/denied/", "/denied/missing"].flatMap((target): Case[] => [
    { name: `asks at ${target}`, target },
    { name: `serves ${target}`, target, headers: [right] },
    { name: `refuses at ${target}`, target, headers: [other] },
  ]),
}));
