// Sites in the manner of well-known applications: their site files and .htaccess files, and what visitors ask of them.
import { daemonGroup } from "./dump-application.js";
import type { Case, FileSpec, Suite } from "./harness.js";

/** A request: what it shows, where it goes, and what else it says. */
type Row = readonly [name: string, target: string, more?: Partial<Case>];

const modules = ["rewrite", "headers", "expires", "setenvif", "deflate", "filter", "negotiation", "autoindex"];
const passwords = ["auth_basic", "authn_core", "authn_file", "authz_user"];
const load = (names: readonly string[]): string =>
  names.map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so\n`).join("");

/** "editor" with the password "secret". */
const users = "editor:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
const editor = "Authorization: Basic ZWRpdG9yOnNlY3JldA==";
const wrong = "Authorization: Basic ZWRpdG9yOndyb25n";
const tls = "X-Forwarded-Proto: https";

function site(
  name: string,
  { configuration, files, rows }: { configuration: string; files: Record<string, FileSpec>; rows: readonly Row[] },
): Suite {
  const cases = rows.map(([title, target, more]): Case => ({ name: title, target, ...more }));
  return { name, configuration, files, cases };
}

/** The usual visit of a site: its pages, forms, files, and what bots look for. */
const visits = (paths: readonly string[], more: Partial<Case> = {}): readonly Row[] =>
  paths.map((path): Row => [`answers ${path}`, path, more]);

const blog = site("a blog with a front controller", {
  configuration: `${load(modules)}DocumentRoot "@ROOT@/htdocs"
ServerName blog.test
DirectoryIndex index.php index.html
<Directory "@ROOT@/htdocs">
  Options FollowSymLinks
  AllowOverride All
  Require all granted
</Directory>
`,
  files: {
    "htdocs/.htaccess": `# One name, encrypted
<IfModule mod_rewrite.c>
RewriteEngine On
RewriteCond %{HTTP_HOST} ^www\\.(.+)$ [NC]
RewriteRule ^(.*)$ https://%1/$1 [R=301,L]
RewriteCond %{HTTP:X-Forwarded-Proto} !https
RewriteCond %{HTTP_HOST} ^secure\\. [NC]
RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteCond %{QUERY_STRING} ^author=\\d+$ [NC]
RewriteRule ^ /? [L,R=301]
RewriteCond %{HTTP_REFERER} !^$
RewriteCond %{HTTP_REFERER} !^https?://(www\\.)?blog\\.test/ [NC]
RewriteRule \\.(jpe?g|png|gif)$ - [NC,F,L]
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteRule ^wp-admin$ wp-admin/ [R=301,L]
RewriteRule ^wp-content/uploads/.*\\.php$ - [F]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
</IfModule>
<Files "wp-config.php">
  Require all denied
</Files>
<Files xmlrpc.php>
  Require all denied
</Files>
<Files wp-login.php>
  Require ip 10.0.0.0/8
</Files>
<FilesMatch "^\\.|~$|\\.(bak|sql|log|sh)$">
  Require all denied
</FilesMatch>
Options -Indexes
<IfModule mod_expires.c>
  ExpiresActive On
  ExpiresByType text/css "access plus 1 year"
  ExpiresByType image/png "access plus 1 month"
</IfModule>
<IfModule mod_headers.c>
  Header set X-Content-Type-Options nosniff
  Header always set X-Frame-Options SAMEORIGIN
  <FilesMatch "\\.(css|js)$">
    Header set Cache-Control "public, max-age=31536000, immutable"
    Header unset ETag
  </FilesMatch>
</IfModule>
<IfModule mod_deflate.c>
  AddOutputFilterByType DEFLATE text/html text/css text/plain
</IfModule>
<IfModule mod_php.c>
  php_value upload_max_filesize 64M
</IfModule>
`,
    "htdocs/index.php": "front controller\n",
    "htdocs/wp-config.php": "secret\n",
    "htdocs/wp-login.php": "login\n",
    "htdocs/xmlrpc.php": "rpc\n",
    "htdocs/dump.sql": "secret\n",
    "htdocs/readme.html": "<p>read me</p>\n".repeat(20),
    "htdocs/wp-admin/index.php": "admin\n",
    "htdocs/wp-content/style.css": "body { margin: 0 }\n".repeat(20),
    "htdocs/wp-content/uploads/a.png": "png\n",
    "htdocs/wp-content/uploads/shell.php": "never\n",
    "htdocs/wp-content/uploads/.htaccess": "Options -ExecCGI\nRemoveHandler .php\nRemoveType .php\n",
  },
  rows: [
    ...visits(
      [
        "/",
        "/2024/05/hello-world/",
        "/index.php",
        "/index.php/path",
        "/readme.html",
        "/feed/?paged=2",
        "/wp-admin",
      ].concat(
        ["/wp-admin/", "/wp-config.php", "/wp-login.php", "/xmlrpc.php", "/dump.sql", "/.htaccess", "/.git/config"],
        ["/wp-content/", "/wp-content/style.css", "/wp-content/uploads/a.png", "/wp-content/uploads/shell.php"],
        ["/wp-content/uploads/none.php", "/?author=1", "/?author=x", "/%2e%2e/etc/passwd", "/a%2fb", "/a%0d%0aX: y"],
      ),
      { host: "blog.test" },
    ),
    ["takes the www away", "/2024/a%20b?x=1", { host: "www.blog.test" }],
    ["sends to https", "/page?x=1", { host: "secure.blog.test" }],
    ["is content with https", "/page?x=1", { host: "secure.blog.test", headers: [tls] }],
    ["packs", "/wp-content/style.css", { host: "blog.test", headers: ["Accept-Encoding: gzip"] }],
    ["refuses hot links", "/wp-content/uploads/a.png", { host: "blog.test", headers: ["Referer: http://other.test/"] }],
    [
      "takes its own links",
      "/wp-content/uploads/a.png",
      { host: "blog.test", headers: ["Referer: http://blog.test/a"] },
    ],
    ["takes a form", "/wp-comments-post", { host: "blog.test", method: "POST", body: "a=b" }],
    ["answers HEAD", "/2024/", { host: "blog.test", method: "HEAD" }],
    [
      "answers a condition",
      "/wp-content/style.css",
      { host: "blog.test", headers: ["If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"] },
    ],
  ],
});

const portal = site("a portal with precompressed files", {
  configuration: `${load(modules)}DocumentRoot "@ROOT@/htdocs"
ServerName portal.test
<Directory "@ROOT@/htdocs">
  AllowOverride All
</Directory>
`,
  files: {
    "htdocs/.htaccess": `<FilesMatch "\\.(engine|inc|install|module|profile|po|sh|.*sql|theme|twig|xtmpl|yml)(~|\\.sw[op]|\\.bak|\\.orig|\\.save)?$|^(\\.(?!well-known).*|Entries.*|composer\\.(json|lock)|web\\.config)$|^#.*#$">
  <IfModule mod_authz_core.c>
    Require all denied
  </IfModule>
  <IfModule !mod_authz_core.c>
    Order allow,deny
  </IfModule>
</FilesMatch>
Options -Indexes
ErrorDocument 404 /index.php
DirectoryIndex index.php index.html index.htm
AddType image/svg+xml svg svgz
AddEncoding gzip svgz
<IfModule mod_expires.c>
  ExpiresActive On
  ExpiresDefault A1209600
  <FilesMatch \\.php$>
    ExpiresActive Off
  </FilesMatch>
</IfModule>
<IfModule mod_rewrite.c>
  RewriteEngine on
  RewriteRule ^ - [E=protossl]
  RewriteCond %{HTTPS} on
  RewriteRule ^ - [E=protossl:s]
  RewriteRule "/\\.|^\\.(?!well-known/)" - [F]
  RewriteCond %{REQUEST_URI} ^(.*)?/(install.php) [OR]
  RewriteCond %{REQUEST_URI} ^(.*)?/(rebuild.php)
  RewriteCond %{REQUEST_URI} !core
  RewriteRule ^ %1/core/%2 [L,QSA,R=301]
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteCond %{REQUEST_URI} !=/favicon.ico
  RewriteRule ^ index.php [L]
  RewriteRule "^(.+/.*|autoload)\\.php($|/)" - [F]
  <IfModule mod_headers.c>
    RewriteCond %{HTTP:Accept-encoding} gzip
    RewriteCond %{REQUEST_FILENAME}\\.gz -s
    RewriteRule ^(.*css_[a-zA-Z0-9-_]+)\\.css$ $1\\.css\\.gz [QSA]
    RewriteRule \\.css\\.gz$ - [T=text/css,E=no-gzip:1,E=no-brotli:1]
    <FilesMatch "(\\.js\\.gz|\\.css\\.gz)$">
      Header set Content-Encoding gzip
      Header append Vary Accept-Encoding
    </FilesMatch>
  </IfModule>
</IfModule>
<IfModule mod_headers.c>
  Header always set X-Content-Type-Options nosniff
  RequestHeader unset Proxy
</IfModule>
`,
    "htdocs/index.php": "portal\n",
    "htdocs/autoload.php": "never\n",
    "htdocs/core/install.php": "install\n",
    "htdocs/core/lib.module": "never\n",
    "htdocs/composer.json": "{}\n",
    "htdocs/.well-known/security.txt": "contact\n",
    "htdocs/.git/config": "never\n",
    "htdocs/logo.svg": "<svg/>\n",
    "htdocs/sites/default/files/css/css_ab-12.css": "plain css\n",
    "htdocs/sites/default/files/css/css_ab-12.css.gz": "packed css\n",
    "htdocs/sites/default/files/notes.txt": "notes\n",
    "htdocs/sites/default/files/evil.php": "never\n",
    "htdocs/sites/default/files/.htaccess": `SetHandler Do_Not_Remove
Options None
Options +SymLinksIfOwnerMatch
<Files *>
  SetHandler none
</Files>
<FilesMatch "\\.php$">
  Require all denied
</FilesMatch>
`,
    "htdocs/favicon.png": "icon\n",
  },
  rows: [
    ...visits(
      ["/", "/node/1", "/index.php", "/index.php/node/1", "/user/login?destination=/a", "/autoload.php"].concat(
        ["/install.php", "/install.php?langcode=de", "/core/install.php", "/core/lib.module", "/composer.json"],
        ["/.well-known/security.txt", "/.well-known/none", "/.git/config", "/a/.hidden/b", "/web.config", "/logo.svg"],
        ["/favicon.ico", "/favicon.png", "/sites/default/files/", "/sites/default/files/notes.txt"],
        ["/sites/default/files/evil.php", "/sites/default/files/css/css_ab-12.css", "/x.sql~", "/%23a%23"],
      ),
      { host: "portal.test" },
    ),
    ["serves the packed file", "/sites/default/files/css/css_ab-12.css", { headers: ["Accept-Encoding: gzip, br"] }],
    ["serves the packed file by its name", "/sites/default/files/css/css_ab-12.css.gz"],
    [
      "takes a form",
      "/node/add",
      { method: "POST", body: "title=x", headers: ["Content-Type: application/x-www-form-urlencoded"] },
    ],
    ["answers HEAD", "/node/1", { method: "HEAD" }],
  ],
});

const cloud = site("a cloud with DAV addresses", {
  configuration: `${load(modules)}DocumentRoot "@ROOT@/htdocs"
ServerName cloud.test
<Directory "@ROOT@/htdocs/">
  Require all granted
  AllowOverride All
  Options FollowSymLinks MultiViews
</Directory>
<VirtualHost *:@PORT@>
  ServerName cloud.test
  <IfModule mod_headers.c>
    Header always set Strict-Transport-Security "max-age=15552000; includeSubDomains"
  </IfModule>
</VirtualHost>
`,
  files: {
    "htdocs/.htaccess": `<IfModule mod_headers.c>
  <IfModule mod_setenvif.c>
    SetEnvIfNoCase ^Authorization$ "(.+)" XAUTHORIZATION=$1
    RequestHeader set XAuthorization %{XAUTHORIZATION}e env=XAUTHORIZATION
  </IfModule>
  <IfModule mod_env.c>
    Header onsuccess unset Referrer-Policy
    Header always set Referrer-Policy "no-referrer"
    Header onsuccess unset X-Robots-Tag
    Header always set X-Robots-Tag "noindex, nofollow"
    SetEnv modHeadersAvailable true
  </IfModule>
  <FilesMatch "\\.(css|js|mjs|svg|gif|png|jpg|webp|ico|wasm)$">
    <If "%{QUERY_STRING} =~ /(^|&)v=/">
      Header set Cache-Control "max-age=15778463, immutable"
    </If>
    <Else>
      Header set Cache-Control "max-age=15778463"
    </Else>
  </FilesMatch>
</IfModule>
<IfModule mod_rewrite.c>
  RewriteEngine on
  RewriteCond %{HTTP_USER_AGENT} DavClnt
  RewriteRule ^$ /remote.php/webdav/ [L,R=302]
  RewriteRule .* - [env=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
  RewriteRule ^\\.well-known/carddav /remote.php/dav/ [R=301,L]
  RewriteRule ^\\.well-known/caldav /remote.php/dav/ [R=301,L]
  RewriteRule ^remote/(.*) remote.php [QSA,L]
  RewriteRule ^(?:build|tests|config|lib|3rdparty|templates)/.* - [R=404,L]
  RewriteRule ^\\.well-known/(?!acme-challenge|pki-validation) /index.php [QSA,L]
  RewriteRule ^(?:\\.(?!well-known)|autotest|occ|issue|indie|db_|console).* - [R=404,L]
</IfModule>
<IfModule mod_mime.c>
  AddType image/svg+xml svg svgz
  AddType application/wasm wasm
  AddEncoding gzip svgz
</IfModule>
<IfModule mod_dir.c>
  DirectoryIndex index.php index.html
</IfModule>
AddDefaultCharset utf-8
Options -Indexes
ErrorDocument 403 /index.php/error/403
ErrorDocument 404 /index.php/error/404
`,
    "htdocs/index.php": "cloud\n",
    "htdocs/remote.php": "dav\n",
    "htdocs/robots.txt": "User-agent: *\nDisallow: /\n",
    "htdocs/config/config.php": "never\n",
    "htdocs/lib/base.php": "never\n",
    "htdocs/core/img/logo.svg": "<svg/>\n",
    "htdocs/core/js/main.js": "js\n",
    "htdocs/data/.htaccess": "Require all denied\n",
    "htdocs/data/file.txt": "never\n",
    "htdocs/occ": "never\n",
    "htdocs/.well-known/acme-challenge/token": "token\n",
  },
  rows: [
    ...visits(
      [
        "/",
        "/index.php/apps/files/?dir=/a",
        "/remote.php/dav/files/me",
        "/remote/caldav?x",
        "/.well-known/carddav",
      ].concat(
        ["/.well-known/caldav", "/.well-known/acme-challenge/token"],
        ["/config/config.php", "/lib/base.php", "/data/file.txt", "/data/", "/occ", "/.user.ini", "/robots.txt"],
        [
          "/core/img/logo.svg",
          "/core/js/main.js",
          "/core/js/main.js?v=12",
          "/core/js/main.js?a=1&v=2",
          "/core/",
          "/none",
        ],
      ),
      { host: "cloud.test" },
    ),
    [
      "answers /.well-known/webfinger?resource=x",
      "/.well-known/webfinger?resource=x",
      { host: "cloud.test", differs: "the entity tag lacks its closing quote in Apache" },
    ],
    ["sends Windows to its folder", "/", { host: "cloud.test", headers: ["User-Agent: Microsoft-WebDAV DavClnt"] }],
    ["takes a password along", "/index.php", { host: "cloud.test", headers: [editor] }],
    ["refuses PUT to a file", "/robots.txt", { host: "cloud.test", method: "PUT", body: "x" }],
    ["refuses PROPFIND of a file", "/robots.txt", { host: "cloud.test", method: "PROPFIND", body: "<x/>" }],
    ["answers OPTIONS", "/robots.txt", { host: "cloud.test", method: "OPTIONS" }],
    ["serves a range", "/core/js/main.js?v=1", { host: "cloud.test", headers: ["Range: bytes=0-1"] }],
  ],
});

const project = site("an application with static files", {
  configuration: `${daemonGroup}${load([...modules, ...passwords])}ServerName project.test
<VirtualHost *:@PORT@>
  ServerName project.test
  ServerAlias www.project.test old.project.test
  DocumentRoot "@ROOT@/htdocs"
  RewriteEngine On
  RewriteCond %{HTTP_HOST} !^project\\.test$ [NC]
  RewriteRule ^/(.*)$ http://project.test/$1 [R=301,L]
  RewriteCond "@ROOT@/maintenance/%{HTTP:X-Try-Maintenance}" -f
  RewriteCond %{REQUEST_URI} !^/static/
  RewriteRule ^ - [R=503,L]
  ErrorDocument 503 /static/maintenance.html
  ErrorDocument 404 "not here, says the server"
  Alias /static/ "@ROOT@/static/"
  Alias /media/ "@ROOT@/media/"
  Alias /robots.txt "@ROOT@/static/robots.txt"
  <Directory "@ROOT@/static">
    Require all granted
    Options -Indexes
    ExpiresActive On
    ExpiresDefault "access plus 1 year"
    <FilesMatch "\\.[0-9a-f]{12}\\.(css|js)$">
      Header set Cache-Control "public, max-age=31536000, immutable"
    </FilesMatch>
    <FilesMatch "\\.(woff2?|css)$">
      Header set Access-Control-Allow-Origin "*"
    </FilesMatch>
  </Directory>
  <Directory "@ROOT@/media">
    Require all granted
    Options -Indexes -ExecCGI
    AllowOverride None
    <FilesMatch "(?i)\\.(html?|svg|js)$">
      Header set Content-Disposition attachment
      ForceType text/plain
    </FilesMatch>
  </Directory>
  WSGIScriptAlias / "@ROOT@/project/wsgi.py" process-group=apps
  <Directory "@ROOT@/project">
    <Files wsgi.py>
      Require all granted
    </Files>
  </Directory>
  <Location /admin>
    AuthType Basic
    AuthName "Administration"
    AuthUserFile "@ROOT@/conf/users"
    <RequireAny>
      Require ip 10.1.2.3
      Require valid-user
    </RequireAny>
  </Location>
  <Location /internal>
    Require ip 192.0.2.0/24
  </Location>
  <Location /api>
    SetEnvIf Origin "^https://(app|beta)\\.project\\.test$" CORS_ORIGIN=$0
    Header always set Access-Control-Allow-Origin "%{CORS_ORIGIN}e" env=CORS_ORIGIN
    Header always merge Vary Origin
    <If "%{REQUEST_METHOD} == 'OPTIONS'">
      Header always set Access-Control-Allow-Methods "GET, POST"
    </If>
  </Location>
  Header always set X-Frame-Options DENY
  Header always set Content-Security-Policy "default-src 'self'"
</VirtualHost>
`,
  files: {
    "conf/users": users,
    "maintenance/on": "",
    "static/robots.txt": "User-agent: *\n",
    "static/maintenance.html": "<h1>Back soon</h1>\n",
    "static/app.0123456789ab.css": "hashed\n",
    "static/app.css": "plain\n",
    "static/font.woff2": "font\n",
    "media/upload.html": "<script>\n",
    "media/photo.png": "png\n",
    "htdocs/index.html": "never\n",
    "project/settings.py": "SECRET_KEY = 'never'\n",
    "project/wsgi.py": `
def application(environ, start_response):
    path = environ["PATH_INFO"]
    status = "404 Not Found" if path.startswith("/none") else "200 OK"
    start_response(status, [("Content-Type", "text/plain"), ("X-Frame-Options", "SAMEORIGIN")])
    user = environ.get("REMOTE_USER")
    return [("%s %s %s %r" % (environ["REQUEST_METHOD"], environ["SCRIPT_NAME"], path, user)).encode()]
`,
  },
  rows: [
    ...visits(
      [
        "/",
        "/blog/2024/",
        "/none/x",
        "/robots.txt",
        "/static/",
        "/static/app.css",
        "/static/app.0123456789ab.css",
      ].concat(
        ["/static/font.woff2", "/static/none.css", "/static/..%2fproject/settings.py", "/static../project/settings.py"],
        [
          "/static",
          "/media/upload.html",
          "/media/photo.png",
          "/media/",
          "/admin",
          "/admin/",
          "/internal/metrics",
          "/api/items",
        ],
        ["/project/settings.py", "/api//items", "/a;b=c", "/%e2%82%ac"],
      ),
      { host: "project.test" },
    ),
    ["has one name", "/a%20b?x=1", { host: "www.project.test" }],
    ["is closed for maintenance", "/page", { host: "project.test", headers: ["X-Try-Maintenance: on"] }],
    [
      "serves its files during maintenance",
      "/static/app.css",
      { host: "project.test", headers: ["X-Try-Maintenance: on"] },
    ],
    ["lets an editor in", "/admin/", { host: "project.test", headers: [editor] }],
    ["keeps others out", "/admin/", { host: "project.test", headers: [wrong] }],
    ["allows an origin", "/api/items", { host: "project.test", headers: ["Origin: https://app.project.test"] }],
    ["does not allow another origin", "/api/items", { host: "project.test", headers: ["Origin: https://evil.test"] }],
    [
      "answers a preflight",
      "/api/items",
      { host: "project.test", method: "OPTIONS", headers: ["Origin: https://beta.project.test"] },
    ],
    ["takes a form", "/form", { host: "project.test", method: "POST", body: "a=b" }],
    ["answers HEAD", "/blog/", { host: "project.test", method: "HEAD" }],
  ],
});

const school = site("a school with paths behind its scripts", {
  configuration: `${load(modules)}ServerName school.test
DocumentRoot "@ROOT@/htdocs"
AllowEncodedSlashes NoDecode
AcceptPathInfo On
DirectoryIndex index.php
Redirect permanent /old /new
RedirectMatch 404 "/\\.(git|svn|hg)(/|$)"
RedirectMatch 404 "^/(vendor|node_modules|phpunit\\.xml)"
<Directory "@ROOT@/htdocs">
  Options -Indexes +FollowSymLinks
  AllowOverride None
  Require all granted
  ErrorDocument 404 /error/index.php
  <FilesMatch "^(composer\\.(json|lock)|README.*|upgrade\\.txt|db/install\\.xml)$">
    Require all denied
  </FilesMatch>
  <LimitExcept GET POST HEAD>
    Require all denied
  </LimitExcept>
</Directory>
<DirectoryMatch "^@ROOT@/htdocs/(local|mod)/.+/(db|tests|classes)">
  Require all denied
</DirectoryMatch>
<LocationMatch "^/theme/(?:styles|image)\\.php">
  ExpiresActive On
  ExpiresDefault "access plus 60 days"
</LocationMatch>
<IfModule mod_deflate.c>
  SetOutputFilter DEFLATE
  SetEnvIfNoCase Request_URI "\\.(?:gif|jpe?g|png|zip)$" no-gzip dont-vary
</IfModule>
`,
  files: {
    "htdocs/index.php": "school\n".repeat(20),
    "htdocs/pluginfile.php": "file\n",
    "htdocs/theme/styles.php": "styles\n".repeat(20),
    "htdocs/theme/image.png": "png\n".repeat(40),
    "htdocs/error/index.php": "sorry\n",
    "htdocs/vendor/autoload.php": "never\n",
    "htdocs/.git/config": "never\n",
    "htdocs/composer.json": "never\n",
    "htdocs/README.md": "never\n",
    "htdocs/mod/quiz/view.php": "quiz\n",
    "htdocs/mod/quiz/db/install.xml": "never\n",
    "htdocs/mod/quiz/tests/a.php": "never\n",
    "htdocs/new/index.php": "new\n",
  },
  rows: [
    ...visits(
      [
        "/",
        "/index.php",
        "/pluginfile.php/12/mod/a%20b.pdf",
        "/pluginfile.php/12/a%2fb",
        "/old/x?y=1",
        "/older",
      ].concat(
        ["/new/", "/new", "/vendor/autoload.php", "/vendor", "/.git/config", "/sub/.svn/entries", "/phpunit.xml"],
        [
          "/composer.json",
          "/README.md",
          "/mod/quiz/view.php?id=3",
          "/mod/quiz/db/install.xml",
          "/mod/quiz/tests/a.php",
        ],
        ["/mod/quiz/", "/theme/styles.php/boost/1/all", "/none.php", "/none/", "/theme/image.png"],
      ),
      { host: "school.test" },
    ),
    ["packs", "/index.php", { headers: ["Accept-Encoding: gzip"] }],
    ["does not pack images", "/theme/image.png", { headers: ["Accept-Encoding: gzip"] }],
    ["packs for HEAD", "/index.php", { method: "HEAD", headers: ["Accept-Encoding: gzip"] }],
    ["refuses other methods", "/index.php", { method: "DELETE" }],
    ["refuses OPTIONS", "/index.php", { method: "OPTIONS" }],
    ["takes a form", "/index.php", { method: "POST", body: "a=b" }],
  ],
});

const tool = site("an administration tool beside a site", {
  configuration: `${load([...modules, ...passwords, "access_compat"])}ServerName tool.test
DocumentRoot "@ROOT@/htdocs"
Alias /phpmyadmin "@ROOT@/tool"
Alias /pma "@ROOT@/tool"
<Directory "@ROOT@/tool">
  Options SymLinksIfOwnerMatch
  DirectoryIndex index.php
  Require all granted
  <IfModule mod_php7.c>
    AddType application/x-httpd-php .php
    php_admin_value open_basedir /usr/share
  </IfModule>
</Directory>
<Directory "@ROOT@/tool/setup">
  <IfModule mod_authz_core.c>
    <IfModule mod_authn_file.c>
      AuthType Basic
      AuthName "Setup"
      AuthUserFile "@ROOT@/conf/users"
    </IfModule>
    Require valid-user
  </IfModule>
</Directory>
<Directory "@ROOT@/tool/templates">
  Require all denied
</Directory>
<Directory "@ROOT@/tool/libraries">
  Order Deny,Allow
  Deny from all
</Directory>
<Directory "@ROOT@/tool/local">
  <RequireAll>
    Require local
    Require method GET HEAD
    Require not env blocked
  </RequireAll>
</Directory>
SetEnvIf User-Agent "sqlmap|nikto" blocked
<Location /pma>
  Header always set X-Robots-Tag noindex
</Location>
<Files "config.inc.php">
  Require all denied
</Files>
`,
  files: {
    "conf/users": users,
    "htdocs/index.html": "site\n",
    "tool/index.php": "tool\n",
    "tool/config.inc.php": "never\n",
    "tool/setup/index.php": "setup\n",
    "tool/templates/a.twig": "never\n",
    "tool/libraries/a.php": "never\n",
    "tool/local/a.php": "local\n",
  },
  rows: [
    ...visits([
      ...[
        "/",
        "/phpmyadmin",
        "/phpmyadmin/",
        "/pma/",
        "/pma/index.php",
        "/pma/config.inc.php",
        "/pma/setup/",
        "/pma/setup",
      ],
      ...["/pma/templates/a.twig", "/pma/libraries/a.php", "/pma/local/a.php", "/pmax", "/phpmyadmin../conf/users"],
      ...["/PMA/", "/pma//index.php", "/pma/%2e%2e/conf/users", "/pma/none"],
    ]),
    ["asks for a password", "/phpmyadmin/setup/", { headers: [wrong] }],
    ["takes a password", "/phpmyadmin/setup/", { headers: [editor] }],
    ["refuses a method", "/pma/local/a.php", { method: "POST", body: "x" }],
    ["refuses a scanner", "/pma/local/a.php", { headers: ["User-Agent: sqlmap/1.0"] }],
  ],
});

export const suite: Suite = blog;
export const further: readonly Suite[] = [portal, cloud, project, school, tool];
