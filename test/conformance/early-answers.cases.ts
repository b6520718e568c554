// What is answered before the file is known: the settings, variables and the path it goes by; and sections by regular
// expressions, which see the whole name of a file.
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
DocumentRoot @ROOT@/htdocs
<Directory @ROOT@/htdocs>
  Require all granted
  AllowOverride All
</Directory>
AddType text/plain .txt
AddType text/html .html
DirectoryIndex index.html
SetEnvIf Request_URI "x" PLAIN
SetEnvIf Request_URI "%7[8x]|%78" ENCODED
SetEnvIf X-A . GOOD
SetEnvIf Request_Method "TRACE" TRACED
SetEnvIfExpr "%{HTTP:X-B} == 'b'" EXPRESSION
Header always set X-Vars "%{PLAIN}e %{ENCODED}e %{GOOD}e %{EXPRESSION}e %{TRACED}e"
Header always set X-Good good env=GOOD
<Location /loc>
  ErrorDocument 404 "404 of a location"
  ErrorDocument 400 "400 of a location"
  Header always set X-Loc loc
</Location>
<If "-n reqenv('GOOD')">
  Header always set X-If if
  ErrorDocument 404 "404 of a condition"
</If>
<Location /condition>
  <If "-n reqenv('GOOD')">
    Redirect 307 /condition http://other.test/
  </If>
</Location>
<Location /wrong>
  Header always set X-Wrong wrong
  ErrorDocument 500 "500 of a location"
</Location>
RewriteEngine On
RewriteCond %{ENV:GOOD} .
RewriteRule ^/rewritten$ /b.txt
RewriteRule ^/document1$ - [R=410]
RewriteRule ^/document2$ - [F]
RewriteRule ^/document3$ http://other.test/ [R=303]
ErrorDocument 410 "410 in words"
ErrorDocument 403 /b.txt
${[1, 2, 3, 4, 5].map((n) => `<Location /lost${n}>\n  ErrorDocument 404 /${n === 4 ? "sub/" : ""}document${n}\n</Location>`).join("\n")}
<Location /document5>
  RedirectMatch . http://other.test/
</Location>
${["deep$", "deep/$", "b\\.txt$", "/none$", "index\\.html$", "/sub/deep/", "info"]
  .map((regex, i) => `<DirectoryMatch "${regex}">\n  Header always set X-M${i} "${regex}"\n</DirectoryMatch>`)
  .join("\n")}
<Directory ~ "closed$">
  Require all denied
</Directory>
<Directory @ROOT@/htdocs/edited>
  Header set X-One abcdef
  Header edit* X-One ^(.) z
  Header set X-Two "a a a b"
  Header edit* X-Two "\\ba" "<$0>"
  Header set X-Three "foobarfoo"
  Header edit* X-Three "(?<=o)b" "Q"
  Header set X-Four "aXbX"
  Header edit* X-Four "X" "XX"
  Header set X-Five "hello world"
  Header edit* X-Five "^h|o" "."
  Header set Vary "one two"
</Directory>
<Directory @ROOT@/htdocs/index>
  Header echo ^X-A$
  RequestHeader set X-A main
  <Files index.html>
    RequestHeader append X-A file
  </Files>
</Directory>
`;

const withA = ["X-A: 1"];
const ask = (target: string, headers: readonly string[] = [], method = "GET"): Case => ({
  name: `${method} ${target}${headers.length > 0 ? ` with ${headers.join(", ")}` : ""}`,
  ...{ method, target, headers },
});

export const suite: Suite = {
  name: "early answers and names of files",
  configuration,
  files: {
    "htdocs/b.txt": "b\n",
    "htdocs/sub/index.html": "index of sub\n",
    "htdocs/sub/b.txt": "b of sub\n",
    "htdocs/sub/.htaccess": "RewriteEngine On\nRewriteRule document4 /b.txt [R=307]\n",
    "htdocs/sub/deep/index.html": "index of deep\n",
    "htdocs/sub/deep/b.txt": "b of deep\n",
    "htdocs/closed/index.html": "open\n",
    "htdocs/wrong/.htaccess": "Nonsense\n",
    "htdocs/wrong/a.txt": "a\n",
    "htdocs/edited/a.txt": "a\n",
    "htdocs/index/index.html": "index\n",
  },
  cases: [
    ...["/loc/%2fx", "/loc/%zz", "/loc/../../x", "/loc%00x", "/loc/x", "/%78", "/x%78%79", "/wrong/a.txt"].map(
      (target) => ask(target, withA),
    ),
    ask("/loc/%2fx"),
    ask("*", withA, "OPTIONS"),
    ask("/loc/x", withA, "TRACE"),
    ask("/condition", withA),
    ask("/condition"),
    ask("/rewritten", withA),
    ask("/b.txt", ["X-B: b"]),
    ...[1, 2, 3, 4, 5].map((n) => ask(`/lost${n}`)),
    ask("/lost3", [], "HEAD"),
    ask("/lost3", ["Content-Length: 0"], "POST"),
    ...["/sub/deep", "/sub/deep/", "/sub/deep/index.html", "/sub/deep/b.txt", "/sub/none", "/sub/deep/none/more"].map(
      (target) => ask(target),
    ),
    ...["/b.txt/info", "/sub/deep/info", "/sub/deep/info/x", "/closed", "/closed/"].map((target) => ask(target)),
    ask("/closed", [], "DELETE"),
    ask("/edited/a.txt"),
    ask("/index/", withA),
    ask("/index/index.html", withA),
  ],
};
