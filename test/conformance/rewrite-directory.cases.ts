// RewriteRule in directories, Locations and .htaccess files, as the sites of well-known applications have them.
import type { Case, Suite } from "./harness.js";

/** .htaccess files by folder. */
const access: Readonly<Record<string, string>> = {
  wordpress: `# BEGIN WordPress
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /wordpress/
RewriteRule ^index\\.html$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /wordpress/index.html [L]
</IfModule>
# END WordPress
`,
  drupal: `Options +FollowSymLinks
DirectoryIndex index.html
RewriteEngine on
RewriteRule "/\\.|^\\.(?!well-known/)" - [F]
RewriteCond %{REQUEST_URI} ^(.*)?/(install\\.php) [OR]
RewriteCond %{REQUEST_URI} ^(.*)?/(rebuild\\.php)
RewriteCond %{REQUEST_URI} !core
RewriteRule ^ %1/core/%2 [L,QSA,R=301]
RewriteRule "(^|/)vendor/" - [F]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_URI} !=/favicon.ico
RewriteRule ^ index.html [L]
RewriteCond %{HTTP:Accept-encoding} gzip
RewriteCond %{REQUEST_FILENAME}\\.gz -s
RewriteRule ^(.*)\\.css $1\\.css\\.gz [QSA]
RewriteRule \\.css\\.gz$ - [T=text/css,E=no-gzip:1]
`,
  nextcloud: `RewriteEngine on
RewriteCond %{HTTP_USER_AGENT} DavClnt
RewriteRule ^$ /nextcloud/remote.php/webdav/ [L,R=302]
RewriteRule .* - [env=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteRule ^\\.well-known/carddav /nextcloud/remote.php/dav/ [R=301,L]
RewriteRule ^remote/(.*) remote.html [QSA,L]
RewriteRule ^(?:build|tests|config|lib|3rdparty|templates)/.* - [R=404,L]
RewriteRule ^\\.well-known/(?!acme-challenge|pki-validation) /nextcloud/index.html [QSA,L]
RewriteRule ^(?:\\.(?!well-known)|autotest|occ|issue|indie|db_|console).* - [R=404,L]
`,
  laravel: `RewriteEngine On
RewriteCond %{HTTP:Authorization} .
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_URI} (.+)/$
RewriteRule ^ %1 [L,R=301]
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ index.html [L]
`,
  symfony: `RewriteEngine On
RewriteCond %{REQUEST_URI}::$0 ^(/.+)/(.*)::\\2$
RewriteRule .* - [E=BASE:%1]
RewriteCond %{ENV:REDIRECT_STATUS} =""
RewriteRule ^index\\.html(?:/(.*)|$) %{ENV:BASE}/$1 [R=301,L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ %{ENV:BASE}/index.html [L]
`,
  rules: `RewriteEngine On
RewriteRule ^a$ b.txt
RewriteRule ^redirect$ b.txt [R]
RewriteRule ^redirect-abs$ /rules/b.txt [R=301]
RewriteRule ^away$ http://e.test/x [L]
RewriteRule ^up$ ../plain/p.txt
RewriteRule ^abs$ @ROOT@/htdocs/plain/p.txt [L]
RewriteRule ^none$ - [F]
RewriteRule ^gone$ - [G]
RewriteRule ^self$ self [L]
RewriteRule ^loop(.*)$ loop$1x [L]
RewriteRule ^end$ b.txt [END]
RewriteRule ^query$ b.txt?x=1 [QSA,L]
RewriteRule ^qmark/(.*)$ b.txt?p=$1 [L]
RewriteRule ^back/(.*)$ $1 [L]
RewriteRule ^back-b/(.*)$ $1 [L,B]
RewriteRule ^cookie$ b.txt [CO=c:v:e.test,L]
RewriteRule ^handler$ b.txt [H=default-handler,L]
RewriteRule ^b\\.txt$ - [T=text/x-b,E=SEEN:%{ENV:REDIRECT_STATUS}]
RewriteRule ^info/(.*)$ b.txt/$1 [L]
RewriteRule ^pt$ /plain/p.txt [PT]
RewriteRule ^hash$ b.txt#frag [L]
RewriteRule ^percent/(.*)$ $1%25.txt [L]
RewriteCond %{HTTP:X-Vary} .
RewriteRule ^vary$ b.txt [L]
RewriteCond expr "%{REQUEST_METHOD} == 'POST' && %{HTTP:X-E} =~ /^(.)(.)/"
RewriteRule ^expr$ http://e.test/%1-%2 [R,L]
RewriteCond expr "! %{REMOTE_ADDR} -ipmatch '127.0.0.0/8'"
RewriteRule ^expr2$ - [F]
RewriteCond expr "%{HTTP:X-E} =~ /^(.)/"
RewriteRule ^expr3$ b.txt [L]
`,
  base: `RewriteEngine On
RewriteBase /based
RewriteRule ^a$ b.txt
RewriteRule ^r$ b.txt [R]
RewriteRule ^deep/(.*)$ $1 [R]
`,
  parent: `RewriteEngine On
RewriteRule ^(sub|inherit|before|off)/x$ from-parent.txt [L]
RewriteRule ^x$ from-parent.txt [L]
`,
  "parent/sub": "RewriteEngine On\nRewriteRule ^y$ own.txt\n",
  "parent/inherit": "RewriteEngine On\nRewriteOptions Inherit\nRewriteRule ^y$ own.txt\n",
  "parent/before": "RewriteOptions InheritBefore\nRewriteRule ^x$ own.txt\n",
  "parent/off": "RewriteEngine Off\n",
  nolinks: "Options None\nRewriteEngine On\nRewriteRule ^a$ b.txt\n",
  lookahead: `RewriteEngine On
RewriteCond %{LA-U:REQUEST_FILENAME} real\\.txt$
RewriteRule ^real\\.txt$ /plain/p.txt [L]
RewriteCond %{LA-F:REQUEST_FILENAME} other\\.txt$
RewriteRule ^other\\.txt$ /plain/p.txt [L]
`,
};

const configuration = `
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
  AllowOverride All
</Directory>
Alias /based "@ROOT@/elsewhere/base"
Alias /context "@ROOT@/elsewhere/context"
LogFormat "%>s %U%q %f A=%{HTTP_AUTHORIZATION}e R=%{REDIRECT_STATUS}e B=%{REDIRECT_BASE}e S=%{SEEN}e" rewritten
CustomLog "@RUN@/access.log" rewritten
<Directory "@ROOT@/htdocs/plain">
  RewriteEngine On
  RewriteRule ^d$ p.txt
  RewriteRule ^d2$ /rules/b.txt
</Directory>
<Directory "@ROOT@/htdocs/slash">
  RewriteEngine On
  RewriteOptions AllowNoSlash
  RewriteRule ^$ /plain/p.txt [L]
</Directory>
<Location "/location">
  RewriteEngine On
  RewriteRule /one$ /plain/p.txt
  RewriteRule ^two$ /plain/p.txt
</Location>
<LocationMatch "^/match">
  RewriteEngine On
  RewriteRule p.txt$ - [F]
</LocationMatch>
<VirtualHost *:@PORT@>
  ServerName www.test
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName server.test
  RewriteEngine On
  RewriteRule ^/rules/s$ /rules/a
  RewriteRule ^/loc(.*)$ /plain/p.txt [E=X:1]
  <Location "/loc-off">
    RewriteEngine Off
  </Location>
  <Files "b.txt">
    RewriteRule . - [F]
  </Files>
</VirtualHost>
`;

const targets = [
  ..."/wordpress/ /wordpress /wordpress/index.html /wordpress/2024/05/post/?p=1 /wordpress/real.txt /wordpress/sub/ /wordpress/sub".split(
    " ",
  ),
  ..."/wordpress/%c3%a9/ /wordpress/a%20b /wordpress/real.txt/more /wordpress/a%3fb /wordpress/a%0ab".split(" "),
  ..."/drupal/ /drupal/node/1?x=y /drupal/.git/config /drupal/.well-known/x /drupal/install.php?a=b /drupal/vendor/x".split(
    " ",
  ),
  ..."/drupal/favicon.ico /drupal/style.css /drupal/core/install.php".split(" "),
  ..."/nextcloud/ /nextcloud/.well-known/carddav /nextcloud/.well-known/other /nextcloud/remote/x?y=1 /nextcloud/config/x".split(
    " ",
  ),
  ..."/nextcloud/occ /nextcloud/.htaccess /nextcloud/.ht /nextcloud/index.html".split(" "),
  ..."/laravel/ /laravel/users/ /laravel/users?x=1 /laravel/real/ /laravel/a/b/c/".split(" "),
  ..."/symfony/ /symfony/index.html /symfony/index.html/a/b /symfony/a/b?c=d /symfony/real.txt".split(" "),
  ..."/rules/a /rules/redirect /rules/redirect-abs?x /rules/away?y=1 /rules/up /rules/abs /rules/none /rules/gone".split(
    " ",
  ),
  ..."/rules/self /rules/loop /rules/end /rules/query?y=2 /rules/query /rules/qmark/a%20b /rules/qmark/a%26b=c".split(
    " ",
  ),
  ..."/rules/back/a%2520b.txt /rules/back/b.txt%3fx /rules/back//etc/passwd /rules/back-b/b.txt".split(" "),
  ..."/rules/back/a%2525 /rules/cookie /rules/handler /rules/b.txt /rules/info/x/y /rules/pt /rules/hash /rules/percent/a".split(
    " ",
  ),
  ..."/rules/vary /rules/expr /rules/expr2 /rules/back/%252e%252e/plain/p.txt /rules/back/http://e.test/".split(" "),
  ..."/based/a /based/r /based/deep/x/y?z /base/a /context/a /context/ra".split(" "),
  ..."/parent/x /parent/sub/x /parent/sub/y /parent/inherit/x /parent/inherit/y /parent/before/x /parent/off/x".split(
    " ",
  ),
  ..."/nolinks/a /nolinks/b.txt /lookahead/real.txt /lookahead/other.txt /lookahead/none".split(" "),
  ..."/plain/d /plain/d2 /slash /slash/ /location/one /location/two /match/p.txt /match/q.txt".split(" "),
];

const others: readonly Case[] = [
  { name: "POST to a front controller", method: "POST", target: "/wordpress/form", body: "a=b" },
  { name: "encoded slashes", target: "/rules/back/..%2f..%2fsecret", logs: [] },
  { name: "HEAD of a front controller", method: "HEAD", target: "/wordpress/page" },
  { name: "PUT to a front controller", method: "PUT", target: "/wordpress/page", body: "x" },
  { name: "OPTIONS of a front controller", method: "OPTIONS", target: "/wordpress/page" },
  { name: "Authorization goes on", target: "/wordpress/page", headers: ["Authorization: Basic abc"] },
  { name: "a range of a front controller", target: "/wordpress/page", headers: ["Range: bytes=0-3"] },
  {
    name: "a condition behind a rewrite",
    target: "/wordpress/x",
    headers: ["If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"],
  },
  { name: "a compressed twin", target: "/drupal/style.css?v=1", headers: ["Accept-Encoding: gzip"] },
  { name: "a client of DAV", target: "/nextcloud/", headers: ["User-Agent: DavClnt/1"] },
  { name: "Vary through an internal redirect", target: "/rules/vary", headers: ["X-Vary: 1"] },
  { name: "an expression with groups", method: "POST", target: "/rules/expr", headers: ["X-E: abc"], body: "x" },
  { name: "an expression that varies", target: "/rules/expr3", headers: ["X-E: abc"] },
  ...["/rules/s", "/loc/x", "/loc-off", "/rules/b.txt", "/plain/p.txt"].map((target): Case => ({
    name: `with rules of the server: ${target}`,
    target,
    host: "server.test",
  })),
];

const documents = Object.keys(access).map((folder) => [`htdocs/${folder}/.htaccess`, access[folder] ?? ""]);

export const suite: Suite = {
  name: "rules of directories",
  configuration,
  files: {
    ...(Object.fromEntries(documents) as Record<string, string>),
    "htdocs/wordpress/index.html": "wordpress front\n",
    "htdocs/wordpress/real.txt": "real\n",
    "htdocs/wordpress/sub/index.html": "sub index\n",
    "htdocs/drupal/index.html": "drupal front\n",
    "htdocs/drupal/style.css": "body {}\n",
    "htdocs/drupal/style.css.gz": "not really gzip\n",
    "htdocs/drupal/.git/config": "git\n",
    "htdocs/drupal/core/install.php": "install\n",
    "htdocs/nextcloud/index.html": "nextcloud front\n",
    "htdocs/nextcloud/remote.html": "remote\n",
    "htdocs/laravel/index.html": "laravel front\n",
    "htdocs/laravel/real/index.html": "real\n",
    "htdocs/symfony/index.html": "symfony front\n",
    "htdocs/symfony/real.txt": "real\n",
    "htdocs/rules/b.txt": "rules b\n",
    "htdocs/rules/a b.txt": "rules a b\n",
    "htdocs/rules/a%.txt": "rules a%\n",
    "htdocs/plain/p.txt": "plain p\n",
    "htdocs/slash/index.html": "slash index\n",
    "htdocs/location/one": "one\n",
    "htdocs/location/two": "two\n",
    "htdocs/match/p.txt": "match p\n",
    "htdocs/match/q.txt": "match q\n",
    "htdocs/parent/from-parent.txt": "from parent\n",
    "htdocs/parent/sub/own.txt": "own\n",
    "htdocs/parent/sub/from-parent.txt": "from parent in sub\n",
    "htdocs/parent/inherit/own.txt": "own\n",
    "htdocs/parent/inherit/from-parent.txt": "from parent in inherit\n",
    "htdocs/parent/before/own.txt": "own\n",
    "htdocs/parent/before/from-parent.txt": "from parent in before\n",
    "htdocs/parent/off/x": "x\n",
    "htdocs/nolinks/b.txt": "b\n",
    "htdocs/lookahead/real.txt": "real\n",
    "htdocs/lookahead/other.txt": "other\n",
    "secret/index.html": "secret\n",
    "elsewhere/base/.htaccess": access["base"] ?? "",
    "elsewhere/base/b.txt": "base b\n",
    "elsewhere/context/.htaccess": "RewriteEngine On\nRewriteRule ^a$ b.txt\nRewriteRule ^ra$ b.txt [R]\n",
    "elsewhere/context/b.txt": "context b\n",
  },
  cases: [
    ...targets.map((target): Case => ({ name: target, target, logs: ["access.log"] })),
    ...others.map((one): Case => ({ logs: ["access.log"], ...one })),
  ],
};
