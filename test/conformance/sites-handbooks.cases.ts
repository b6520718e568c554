// Mail, lists, tickets, an encyclopaedia and a store of versions, as their handbooks have them served: what visitors get.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

/** A request: the host, what it shows, where it goes, and what else it says. */
type Row = readonly [host: string, name: string, target: string, more?: Partial<Case>];

const names = [
  "rewrite",
  "headers",
  "setenvif",
  "expires",
  "deflate",
  "filter",
  "autoindex",
  "access_compat",
  "userdir",
];
const passwords = ["auth_basic", "auth_digest", "authn_core", "authn_file", "authz_user", "authz_groupfile"];

/** Name of the host → its lines. */
const hosts: Readonly<Record<string, string>> = {
  // Mail in the browser, under an alias: the folders that are not for visitors are shut in three ways.
  "mail.test": `Alias /roundcube/program/js/tiny_mce/ "@ROOT@/mail/js/"
  Alias /roundcube "@ROOT@/mail"
  <Directory "@ROOT@/mail/js">
    Options -MultiViews -FollowSymLinks
    AllowOverride None
    <IfVersion >= 2.3>
      Require all granted
    </IfVersion>
    <IfVersion < 2.3>
      Order allow,deny
      Allow from all
    </IfVersion>
  </Directory>
  <Directory "@ROOT@/mail">
    Options +FollowSymLinks
    AllowOverride All
    DirectoryIndex index.php
  </Directory>
  <Directory "@ROOT@/mail/config">
    Options -FollowSymLinks
    AllowOverride None
    Require all denied
  </Directory>
  <Directory "@ROOT@/mail/logs">
    AllowOverride None
    Order allow,deny
    Deny from all
  </Directory>
  <IfModule mod_headers.c>
    Header always append X-Frame-Options SAMEORIGIN
    Header set X-Robots-Tag noindex
  </IfModule>`,
  // Lists: an application at two paths, its files beside, the old addresses kept.
  "lists.test": `Alias /mailman3/favicon.ico "@ROOT@/lists/static/favicon.ico"
  Alias /mailman3/static "@ROOT@/lists/static"
  <Directory "@ROOT@/lists/static">
    Require all granted
  </Directory>
  <IfModule mod_wsgi.c>
    WSGIScriptAlias /mailman3 "@ROOT@/apps/dump.wsgi" process-group=apps application-group=%{GLOBAL}
    <Directory "@ROOT@/apps">
      <Files dump.wsgi>
        Order deny,allow
        Allow from all
      </Files>
    </Directory>
  </IfModule>
  RedirectMatch permanent ^/pipermail/([^/]+)/?$ /mailman3/hyperkitty/list/$1@lists.test/
  RedirectMatch ^/cgi-bin/mailman/listinfo/?$ /mailman3/postorius/lists/
  RedirectMatch ^/cgi-bin/mailman/(admin|listinfo)/([-\\w]+)(?:/.*)?$ /mailman3/postorius/lists/$2.lists.test/
  RedirectMatch ^/$ /mailman3/
  Redirect gone /cgi-bin/mailman/private`,
  // Tickets: the application asks for nobody itself; one path logs in, one needs a group.
  "trac.test": `WSGIScriptAlias /trac "@ROOT@/apps/dump.wsgi"
  WSGIPassAuthorization Off
  <Location "/trac/login">
    AuthType Digest
    AuthName "trac"
    AuthDigestDomain /trac
    AuthUserFile "@ROOT@/conf/digests"
    Require valid-user
  </Location>
  <LocationMatch "^/trac/[^/]+/admin">
    AuthType Basic
    AuthName "Trac"
    AuthUserFile "@ROOT@/conf/users"
    AuthGroupFile "@ROOT@/conf/groups"
    Require group keepers
  </LocationMatch>
  <Location /trac/chrome>
    SetEnv no-gzip
    ExpiresActive On
    ExpiresByType text/css "access plus 1 hour"
    ExpiresByType text/html "access plus 2 minutes"
    ExpiresDefault "access plus 1 week"
  </Location>
  Alias /trac/chrome/common "@ROOT@/trac"`,
  // An encyclopaedia with short addresses, pictures behind a script, and no scripts among uploads.
  "wiki.test": `DocumentRoot "@ROOT@/wiki"
  DirectoryIndex index.php
  RewriteEngine On
  RewriteRule ^/?wiki(/.*)?$ %{DOCUMENT_ROOT}/w/index.php [L]
  RewriteRule ^/*$ %{DOCUMENT_ROOT}/w/index.php [L]
  RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f
  RewriteRule ^/?w/images/thumb/[0-9a-f]/[0-9a-f][0-9a-f]/([^/]+)/([0-9]+)px-.*$ %{DOCUMENT_ROOT}/w/thumb.php?f=$1&width=$2 [L,QSA,B]
  <Directory "@ROOT@/wiki/w/images">
    AllowOverride None
    AddType text/plain .html .htm .shtml .php
    Options -Indexes
    Header set X-Content-Type-Options nosniff
  </Directory>
  <DirectoryMatch "^@ROOT@/wiki/w/(cache|includes|maintenance)">
    Require all denied
  </DirectoryMatch>
  <FilesMatch "^(LocalSettings\\.php|composer\\.(json|lock)|.*\\.(bak|sql|swp|inc))$">
    Require all denied
  </FilesMatch>`,
  // Versions: reading for all, writing for some, the store's own folders for nobody.
  "svn.test": `DocumentRoot "@ROOT@/svn"
  RedirectMatch 404 /\\.(svn|git|hg|bzr)(/|$)
  RedirectMatch ^/svn$ /svn/
  <Location /svn/>
    AuthType Basic
    AuthName "Versions"
    AuthUserFile "@ROOT@/conf/users"
    <LimitExcept GET PROPFIND OPTIONS REPORT>
      Require valid-user
    </LimitExcept>
    <Limit GET PROPFIND OPTIONS REPORT>
      Require all granted
    </Limit>
  </Location>
  <LocationMatch "/svn/[^/]+/(conf|db|hooks|locks)(/|$)">
    Require all denied
  </LocationMatch>
  <Directory "@ROOT@/svn">
    Options +Indexes
    IndexOptions SuppressHTMLPreamble SuppressColumnSorting SuppressDescription SuppressLastModified
    IndexIgnore .??* *~ README* conf
  </Directory>`,
};

const editor = "Authorization: Basic ZWRpdG9yOnNlY3JldA==";
const wrong = "Authorization: Basic ZWRpdG9yOndyb25n";

const visits = (host: string, targets: readonly string[]): readonly Row[] =>
  targets.map((target): Row => [host, `answers ${target}`, target]);

const rows: readonly Row[] = [
  ...visits("mail.test", ["/roundcube", "/roundcube/", "/roundcube/?_task=login", "/roundcube/config/config.inc.php"]),
  ...visits("mail.test", ["/roundcube/logs/errors", "/roundcube/program/js/tiny_mce/a.js", "/roundcube/SQL/a.sql"]),
  ...visits("mail.test", [
    "/roundcube/bin/a.sh",
    "/roundcube/skins/a.css",
    "/roundcube/README.md",
    "/roundcube/.git/config",
  ]),
  ["mail.test", "keeps what it did not change", "/roundcube/skins/a.css", { headers: ['If-None-Match: "x", *'] }],
  ...visits("lists.test", ["/", "/mailman3", "/mailman3/", "/mailman3/hyperkitty/list/a@lists.test/?page=2"]),
  ...visits("lists.test", ["/mailman3/static/a.css", "/mailman3/static/", "/mailman3/favicon.ico", "/pipermail/news/"]),
  ...visits("lists.test", ["/cgi-bin/mailman/listinfo", "/cgi-bin/mailman/admin/news/members?letter=a"]),
  ...visits("lists.test", ["/cgi-bin/mailman/private/news/", "/mailman3x", "/pipermail/news/2020-May/1.html"]),
  ...visits("trac.test", [
    "/trac",
    "/trac/env/ticket/1?format=csv",
    "/trac/chrome/common/a.css",
    "/trac/chrome/common/a.png",
  ]),
  ...visits("trac.test", ["/trac/chrome/common", "/trac/chrome/common/none", "/trac/chrome/site/x", "/trac/env/admin"]),
  ["trac.test", "lets a keeper in", "/trac/env/admin/users", { headers: [editor] }],
  ["trac.test", "asks again", "/trac/env/admin/users", { headers: [wrong] }],
  [
    "trac.test",
    "refuses who is in no group",
    "/trac/env/admin",
    { headers: ["Authorization: Basic Z3Vlc3Q6c2VjcmV0"] },
  ],
  ["trac.test", "asks for no digest elsewhere", "/trac/wiki", { headers: [editor] }],
  ...visits("wiki.test", [
    "/",
    "/wiki",
    "/wiki/",
    "/wiki/Main_Page",
    "/wiki/C%2B%2B",
    "/wiki/A%26B?action=edit",
    "/wiki/%C3%89",
  ]),
  ...visits("wiki.test", ["/w/index.php?title=A", "/w/images/thumb/a/ab/A%26b.png/120px-A.png", "/w/images/evil.php"]),
  ...visits("wiki.test", ["/w/images/a.html", "/w/images/", "/w/cache/a", "/w/includes/a.php", "/w/LocalSettings.php"]),
  ...visits("wiki.test", ["/w/composer.json", "/w/none.bak", "/w", "/w/", "//wiki/A", "/wiki/AC/DC", "/wiki/What%3F"]),
  ...visits("svn.test", ["/", "/svn", "/svn/", "/svn/shop/", "/svn/shop/conf/passwd", "/svn/shop/db", "/.svn/entries"]),
  ...visits("svn.test", ["/svn/shop/trunk/a.c", "/svn/shop/.git", "/svn/shop/.gitx", "/svn/shop/conference"]),
  ["svn.test", "asks who writes", "/svn/shop/trunk/a.c", { method: "PUT", body: "x" }],
  ["svn.test", "knows who writes", "/svn/shop/trunk/a.c", { method: "PUT", body: "x", headers: [editor] }],
  ["svn.test", "asks who locks", "/svn/shop/trunk/a.c", { method: "LOCK" }],
  ["svn.test", "answers HEAD", "/svn/shop/trunk/a.c", { method: "HEAD" }],
];

const configuration = `${daemonGroup}
${[...names, ...passwords].map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so\n`).join("")}
<Directory "@ROOT@">
  Options FollowSymLinks
  Require all granted
</Directory>
${Object.entries(hosts)
  .map(([name, lines]) => `<VirtualHost *:@PORT@>\n  ServerName ${name}\n  ${lines}\n</VirtualHost>\n`)
  .join("")}`;

/** Sites as their handbooks have them. */
export const suite: Suite = {
  name: "sites of handbooks",
  configuration,
  files: {
    "apps/dump.wsgi": dumpApplication,
    "conf/users": "editor:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nguest:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    "conf/groups": "keepers: editor\n",
    "conf/digests": "editor:trac:0123456789abcdef0123456789abcdef\n",
    "mail/index.php": "mail\n",
    "mail/.htaccess": `AddDefaultCharset UTF-8
<IfModule mod_rewrite.c>
Options +SymLinksIfOwnerMatch
RewriteEngine On
RewriteRule ^favicon\\.ico$ skins/a.css
RewriteRule ^(?!installer|\\.well-known\\/|[a-zA-Z0-9]{16})(\\.?[^\\.]+)$ - [F]
RewriteRule ^/?(\\.git|\\.tx|SQL|bin|config|logs|temp|tests|vendor|program\\/(include|lib|localization|steps)) - [F]
RewriteRule /?(README.*|meta\\.json|composer\\..*|jsdeps.json)$ - [F]
</IfModule>
<IfModule mod_deflate.c>
SetOutputFilter DEFLATE
</IfModule>
<IfModule mod_expires.c>
ExpiresActive On
ExpiresDefault "access plus 1 month"
</IfModule>
FileETag MTime Size
<IfModule mod_autoindex.c>
Options -Indexes
</IfModule>
`,
    "mail/config/config.inc.php": "never\n",
    "mail/logs/errors": "never\n",
    "mail/SQL/a.sql": "never\n",
    "mail/bin/a.sh": "never\n",
    "mail/js/a.js": "1;\n",
    "mail/skins/a.css": "a {}\n",
    "mail/README.md": "never\n",
    "mail/.git/config": "never\n",
    "lists/static/a.css": "a {}\n",
    "lists/static/favicon.ico": "icon\n",
    "trac/a.css": "a {}\n",
    "trac/a.png": "png\n",
    "wiki/w/index.php": "article\n",
    "wiki/w/thumb.php": "picture\n",
    "wiki/w/LocalSettings.php": "never\n",
    "wiki/w/composer.json": "{}\n",
    "wiki/w/cache/a": "never\n",
    "wiki/w/includes/a.php": "never\n",
    "wiki/w/images/evil.php": "<?php\n",
    "wiki/w/images/a.html": "<p>\n",
    "svn/.svn/entries": "never\n",
    "svn/svn/shop/conf/passwd": "never\n",
    "svn/svn/shop/db/current": "never\n",
    "svn/svn/shop/trunk/a.c": "int a;\n",
    "svn/svn/shop/README.txt": "shop\n",
    "svn/svn/shop/.git": "never\n",
    "svn/svn/shop/conference": "talk\n",
  },
  cases: rows.map(([host, name, target, more]): Case => ({ name: `${host} ${name}`, target, host, ...more })),
};
