// The same requests for PHP scripts through mod_proxy_fcgi of both servers, to one PHP-FPM.
import { missingForPhp, startPhpFpm } from "../support/php-fpm.js";
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_fcgi_module @MODULES@/mod_proxy_fcgi.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
DocumentRoot "@ROOT@/htdocs"
DirectoryIndex index.php
<Directory "@ROOT@/htdocs">
  Require all granted
  AllowOverride All
</Directory>
<Directory "@ROOT@/htdocs/site">
  SetEnv FROM_SETENV "a value"
  <FilesMatch "\\.php$">
    SetHandler "proxy:unix:@ROOT@/php.sock|fcgi://localhost"
  </FilesMatch>
</Directory>
<Directory "@ROOT@/htdocs/fixed">
  <FilesMatch "\\.php$">
    SetHandler "proxy:unix:@ROOT@/php.sock|fcgi://localhost"
  </FilesMatch>
  ProxyFCGIBackendType GENERIC
  ProxyFCGISetEnvIf "reqenv('PATH_INFO') =~ m#^/foo(\\d+)#" OWN "number $1"
  ProxyFCGISetEnvIf "true" !SERVER_ADMIN
  ProxyFCGISetEnvIf "true" SERVER_NAME "%{REQUEST_METHOD} renamed"
  ProxyFCGISetEnvIf "false" NOT_THERE "x"
</Directory>
ProxyPassMatch "^/pm/(.*\\.php(/.*)?)$" "unix:@ROOT@/php.sock|fcgi://localhost@ROOT@/htdocs/site/$1"
ProxyPass "/pp/" "unix:@ROOT@/php.sock|fcgi://localhost@ROOT@/htdocs/site/" enablereuse=on
SetEnvIf Request_URI "^/first/" proxy-fcgi-pathinfo=first-dot
ProxyPassMatch "^/first/(.*)$" "unix:@ROOT@/php.sock|fcgi://localhost@ROOT@/htdocs/site/$1"
SetEnvIf Request_URI "^/last/" proxy-fcgi-pathinfo=last-dot
ProxyPassMatch "^/last/(.*)$" "unix:@ROOT@/php.sock|fcgi://localhost@ROOT@/htdocs/site/$1"
SetEnvIf Request_URI "^/full/" proxy-fcgi-pathinfo=full
ProxyPassMatch "^/full/(.*)$" "unix:@ROOT@/php.sock|fcgi://localhost@ROOT@/htdocs/site/$1"
<Location /own>
  ProxyErrorOverride On
  ErrorDocument 404 "a page of the front"
  ErrorDocument 503 "another page of the front"
</Location>
ProxyPassMatch "^/own/(.*)$" "unix:@ROOT@/php.sock|fcgi://localhost@ROOT@/htdocs/site/$1"
ProxyPass /dead/ fcgi://127.0.0.1:@PORT3@/
RewriteEngine On
RewriteRule ^/rw/(.*)$ "unix:@ROOT@/php.sock|fcgi://localhost@ROOT@/htdocs/site/$1" [P]
`;

const dump = `<?php
header("X-Own: 1");
$known = $_SERVER;
foreach (["REQUEST_TIME", "REQUEST_TIME_FLOAT", "REMOTE_PORT", "SERVER_SOFTWARE", "SERVER_SIGNATURE", "PATH", "argv", "argc", "UNIQUE_ID"] as $name) unset($known[$name]);
ksort($known);
foreach ($known as $name => $value) echo "$name=", str_replace("\\0", "NUL", $value), "\\n";
echo "body=", file_get_contents("php://input"), "\\n";
`;

const answers = `<?php
switch ($_GET["do"] ?? "") {
case "status": http_response_code(418); echo "teapot"; break;
case "reason": header("Status: 299 Nearly Fine"); echo "text"; break;
case "redirect": header("Location: /elsewhere"); break;
case "away": header("Location: http://away.test/", true, 301); echo "gone"; break;
case "cookies": setcookie("a", "1"); setcookie("b", "2"); header("X-Two: 1"); header("X-Two: 2", false); echo "ok"; break;
case "length": header("Content-Length: 3"); echo "abcdef"; break;
case "type": header("Content-Type: application/json"); echo "{}"; break;
case "nothing": header_remove("Content-Type"); break;
case "missing": http_response_code(404); echo "own page"; break;
case "busy": http_response_code(503); echo "own page"; break;
case "date": header("Date: Mon, 01 Jan 2024 00:00:00 GMT"); header("Server: php"); echo "ok"; break;
case "connection": header("Connection: close"); header("Keep-Alive: x"); echo "ok"; break;
case "modified": header("Last-Modified: Mon, 01 Jan 2024 00:00:00 GMT"); header("ETag: \\"x\\""); echo "ok"; break;
case "error": error_log("an error of the script"); echo "ok"; break;
case "big": echo str_repeat("0123456789abcdef", 20000); break;
case "head": header("X-Method: " . $_SERVER["REQUEST_METHOD"]); echo "body"; break;
case "fatal": no_such_function(); break;
}
`;

const ways = ["site", "pm", "pp", "rw"];
const cases: readonly Case[] = [
  ...ways.flatMap((way): Case[] => [
    { name: `variables by ${way}`, target: `/${way}/dump.php?a=b&c=%20d` },
    {
      name: `a body by ${way}`,
      method: "POST",
      target: `/${way}/dump.php`,
      body: "a=1&b=2",
      headers: ["Content-Type: application/x-www-form-urlencoded"],
    },
    { name: `a path behind the script by ${way}`, target: `/${way}/dump.php/more/of%20it?x` },
    { name: `a script that is not there by ${way}`, target: `/${way}/none.php` },
  ]),
  { name: "an index", target: "/site/" },
  {
    name: "fields of a request",
    target: "/site/dump.php",
    headers: [
      "Cookie: a=1",
      "X-Y: z",
      "X-Y: w",
      "Authorization: Basic YTpi",
      "Proxy: http://bad/",
      "Accept-Encoding: gzip",
      "TE: trailers",
    ],
  },
  { name: "names with underscores", target: "/site/dump.php", headers: ["X_Y: z"] },
  {
    name: "a body in chunks",
    method: "POST",
    target: "/site/dump.php",
    headers: ["Transfer-Encoding: chunked"],
    body: "5\r\nhello\r\n3\r\n ww\r\n0\r\n\r\n",
  },
  { name: "no body where one could be", method: "POST", target: "/site/dump.php", headers: ["Content-Length: 0"] },
  { name: "PUT", method: "PUT", target: "/site/dump.php", body: "x" },
  { name: "a generic back end and its rules", target: "/fixed/dump.php/foo17/x" },
  { name: "a generic back end without a match", target: "/fixed/dump.php" },
  { name: "an encoded name", target: "/site/a%20b.php" },
  { name: "an encoded name by ProxyPass", target: "/pp/a%20b.php" },
  ...["first", "last", "full"].map((way): Case => ({
    name: `path info by ${way}`,
    target: `/${way}/dump.php/more/${way === "last" ? "x" : "x.y"}`,
  })),
  { name: "a back end that is not there", target: "/dead/x.php" },
  { name: "HEAD", method: "HEAD", target: "/site/answers.php?do=head" },
  ...[
    "status",
    "reason",
    "redirect",
    "away",
    "cookies",
    "length",
    "type",
    "nothing",
    "missing",
    "busy",
    "date",
    "connection",
    "modified",
    "error",
    "big",
    "fatal",
  ].map((what): Case => ({
    name: `a script's ${what}`,
    target: `/site/answers.php?do=${what}`,
    ...(what === "date" ? { differs: "the server names itself" } : {}),
  })),
  { name: "a condition that holds", target: "/site/answers.php?do=modified", headers: ['If-None-Match: "x"'] },
  {
    name: "a time that has not passed",
    target: "/site/answers.php?do=modified",
    headers: ["If-Modified-Since: Mon, 01 Jan 2024 00:00:00 GMT"],
  },
  { name: "a page of the front for 404", target: "/own/answers.php?do=missing" },
  { name: "a page of the front for 503", target: "/own/answers.php?do=busy" },
  { name: "a page of the front, not asked for", target: "/own/answers.php?do=type" },
];

export const suite: Suite = {
  name: "mod_proxy_fcgi",
  configuration,
  files: {
    "htdocs/site/dump.php": dump,
    "htdocs/site/index.php": dump,
    "htdocs/site/a b.php": dump,
    "htdocs/site/answers.php": answers,
    "htdocs/fixed/dump.php": dump,
  },
  cases,
  needs: missingForPhp,
  beside: (root) => startPhpFpm(root),
  masks: [
    [/apache|modhost/gi, "SERVER"],
    // Apache's note to itself, for lines of back ends that it has no pool for.
    [/proxy-nokeepalive=1\n/g, ""],
    [/conformance-[A-Za-z0-9]+/g, "ROOT"],
  ],
};
