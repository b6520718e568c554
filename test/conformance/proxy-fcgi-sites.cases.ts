// Sites of PHP that have one script answer for all paths, as their .htaccess files ask for it, through both servers to one PHP-FPM.
import { missingForPhp, startPhpFpm } from "../support/php-fpm.js";
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_fcgi_module @MODULES@/mod_proxy_fcgi.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
DocumentRoot "@ROOT@/htdocs"
DirectoryIndex index.php index.html
SetEnvIfNoCase ^Authorization$ "(.+)" HTTP_AUTHORIZATION=$1
<FilesMatch ".+\\.ph(?:ar|p|tml)$">
  SetHandler "proxy:unix:@ROOT@/php.sock|fcgi://localhost"
</FilesMatch>
<FilesMatch "^\\.ph(?:ar|p|ps|tml)$">
  Require all denied
</FilesMatch>
<Directory "@ROOT@/htdocs">
  Require all granted
  AllowOverride All
</Directory>
<Directory "@ROOT@/htdocs/fallback">
  FallbackResource /fallback/index.php
</Directory>
<Directory "@ROOT@/htdocs/checked">
  <If "-f %{REQUEST_FILENAME}">
    SetHandler "proxy:unix:@ROOT@/php.sock|fcgi://localhost"
  </If>
  FallbackResource /checked/index.php
</Directory>
<Location "/private/">
  AuthType Basic
  AuthName private
  AuthUserFile "@ROOT@/passwords"
  Require valid-user
</Location>
`;

/** What the script knows of the request, with forms and files of forms taken apart. */
const dump = `<?php
header("Content-Type: text/plain");
foreach (["SCRIPT_NAME", "SCRIPT_FILENAME", "PATH_INFO", "PATH_TRANSLATED", "PHP_SELF", "REQUEST_URI", "QUERY_STRING", "DOCUMENT_URI",
  "REDIRECT_URL", "REDIRECT_STATUS", "REDIRECT_QUERY_STRING", "REDIRECT_BASE", "REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH",
  "HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION", "REMOTE_USER", "REDIRECT_REMOTE_USER", "PHP_AUTH_USER", "REDIRECT_UNIQUE_ID"] as $name)
  echo "$name=", $_SERVER[$name] ?? "(none)", "\\n";
foreach (["_GET" => $_GET, "_POST" => $_POST, "_COOKIE" => $_COOKIE] as $name => $values) echo $name, "=", json_encode($values), "\\n";
foreach ($_FILES as $name => $file)
  echo "$name: ", json_encode([$file["name"], $file["type"], $file["size"], $file["error"]]), " ",
    is_array($file["tmp_name"]) ? count($file["tmp_name"]) : md5_file($file["tmp_name"]), "\\n";
`;

const wordPress = `RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /blog/
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /blog/index.php [L]
`;

const laravel = `<IfModule mod_negotiation.c>
  Options -MultiViews -Indexes
</IfModule>
RewriteEngine On
RewriteCond %{HTTP:Authorization} .
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_URI} (.+)/$
RewriteRule ^ %1 [L,R=301]
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ index.php [L]
`;

const symfony = `RewriteEngine On
RewriteCond %{REQUEST_URI}::$0 ^(/.+)/(.*)::\\2$
RewriteRule .* - [E=BASE:%1]
RewriteCond %{HTTP:Authorization} .+
RewriteRule ^ - [E=HTTP_AUTHORIZATION:%0]
RewriteCond %{ENV:REDIRECT_STATUS} =""
RewriteRule ^index\\.php(?:/(.*)|$) %{ENV:BASE}/$1 [R=301,L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ %{ENV:BASE}/index.php [L]
`;

const codeIgniter = `RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule ^(.*)$ index.php/$1 [L]
ErrorDocument 403 /info/index.php/denied
<Files "secret.txt">
  Require all denied
</Files>
`;

const drupal = `RewriteEngine On
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteCond %{REQUEST_URI} !=/favicon.ico
RewriteRule ^(.*)$ index.php?q=$1 [L,QSA]
ErrorDocument 404 /query/index.php
`;

/** A folder of the site, its .htaccess, and what asks for its script. */
const sites = {
  fallback: undefined,
  checked: undefined,
  blog: wordPress,
  app: laravel,
  framework: symfony,
  info: codeIgniter,
  query: drupal,
  own: "FallbackResource /own/index.php\nCGIPassAuth On\n",
} as const;

const part = (name: string, more: string, text: string): string =>
  `--XX\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${text}\r\n`;
const upload = `${part("title", "", "A day")}${part("one", '; filename="one.txt"\r\nContent-Type: text/plain', "text\nof it")}${part(
  "many[]",
  '; filename="a.bin"\r\nContent-Type: application/octet-stream',
  "\0\x01\xff".repeat(30_000),
)}${part("many[]", '; filename="b.bin"', "")}--XX--\r\n`;
const multipart = "Content-Type: multipart/form-data; boundary=XX";

const cases: readonly Case[] = [
  ...Object.keys(sites).flatMap((site): Case[] => [
    { name: `${site}: its folder`, target: `/${site}/` },
    { name: `${site}: a path of its own`, target: `/${site}/posts/2024/hello%20world?page=2&a%5B%5D=x` },
    { name: `${site}: a path with an end that says PHP`, target: `/${site}/none.php` },
    { name: `${site}: a path with a slash at its end`, target: `/${site}/posts/` },
    { name: `${site}: the script itself`, target: `/${site}/index.php?x=1` },
    { name: `${site}: a path behind the script`, target: `/${site}/index.php/posts/1?x` },
    { name: `${site}: a file`, target: `/${site}/style.css` },
    { name: `${site}: a folder that is there`, target: `/${site}/there` },
    { name: `${site}: a script that is there`, target: `/${site}/there/other.php/more` },
    {
      name: `${site}: a form`,
      method: "POST",
      target: `/${site}/save?draft=1`,
      headers: ["Content-Type: application/x-www-form-urlencoded", "Cookie: s=1; t=%20"],
      body: "title=A+day&tags%5B%5D=a&tags%5B%5D=b",
    },
    { name: `${site}: files of a form`, method: "POST", target: `/${site}/upload`, headers: [multipart], body: upload },
    {
      name: `${site}: files of a form in chunks`,
      method: "POST",
      target: `/${site}/upload`,
      headers: [multipart, "Transfer-Encoding: chunked"],
      body: `${upload.length.toString(16)}\r\n${upload}\r\n0\r\n\r\n`,
    },
    { name: `${site}: a word of who asks`, target: `/${site}/api/me`, headers: ["Authorization: Bearer abc.def"] },
    { name: `${site}: HEAD`, method: "HEAD", target: `/${site}/posts/1` },
    { name: `${site}: PUT`, method: "PUT", target: `/${site}/posts/1`, body: "text" },
  ]),
  { name: "a page of a script for a file that is denied", target: "/info/secret.txt" },
  { name: "a file that rules keep from the script", target: "/query/favicon.ico" },
  { name: "a script whose name is nothing but its end", target: "/blog/.php" },
  { name: "a script behind a password, without it", target: "/private/me" },
  { name: "a script behind a password", target: "/private/me", headers: ["Authorization: Basic YW5uYTpzZWNyZXQ="] },
  { name: "an encoded slash in a path of the script", target: "/blog/a%2Fb" },
  { name: "encoded letters in a path of the script", target: "/info/%C3%A9t%C3%A9/%41" },
  { name: "dots and slashes in a path of the script", target: "/app//a/../b/./c" },
  { name: "a question in a path of the script", target: "/info/what%3Fnow" },
];

export const suite: Suite = {
  name: "sites of PHP-FPM",
  configuration,
  files: {
    ...Object.fromEntries(
      Object.entries({ ...sites, private: "FallbackResource /private/index.php\n" }).flatMap(
        ([site, rules]): [string, string][] => [
          ...(rules === undefined ? [] : [[`htdocs/${site}/.htaccess`, rules] satisfies [string, string]]),
          [`htdocs/${site}/index.php`, dump],
          [`htdocs/${site}/style.css`, "p { margin: 0 }\n"],
          [`htdocs/${site}/there/other.php`, dump],
        ],
      ),
    ),
    "htdocs/info/secret.txt": "secret\n",
    "htdocs/blog/.php": dump,
    passwords: "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
  },
  cases,
  needs: missingForPhp,
  beside: (root) => startPhpFpm(root),
  masks: [
    [/apache|modhost/gi, "SERVER"],
    [/conformance-[A-Za-z0-9]+/g, "ROOT"],
  ],
};
