// Internal redirects and what fails behind them: statuses of logs, ErrorDocuments, and the REDIRECT_ variables.
import type { Case, Suite } from "./harness.js";

const shown = `#!/bin/sh
cat >/dev/null; printf 'Content-Type: text/plain\\n\\n'
env | grep -E '^(REDIRECT_(STATUS|URL|QUERY_STRING|REDIRECT_.*|SEEN|REQUEST_METHOD)|SEEN|SCRIPT_NAME|REQUEST_URI)=' | LC_ALL=C sort
sleep 0.1
`;

const configuration = `
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule cgid_module @MODULES@/mod_cgid.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
ScriptSock @RUN@/cgisock
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
  AllowOverride All
  Options FollowSymLinks ExecCGI
</Directory>
AddHandler cgi-script .cgi
LogFormat "%s %>s %U %>U %f %>f url=%{REDIRECT_URL}e query=%{REDIRECT_QUERY_STRING}e status=%{REDIRECT_STATUS}e seen=%{SEEN}e %{REDIRECT_SEEN}e" redirected
CustomLog "@RUN@/access.log" redirected
ErrorDocument 404 /shown.cgi
ErrorDocument 403 /page.txt
ErrorDocument 410 /missing-too
<Location /own>
  ErrorDocument 404 "the page of a Location"
</Location>
<VirtualHost *:@PORT@>
  ServerName whole.test
  QualifyRedirectURL On
</VirtualHost>
`;

const rules = `RewriteEngine On
RewriteRule ^to-missing$ missing [E=SEEN:outer]
RewriteRule ^to-own$ own/missing
RewriteRule ^to-closed$ closed/a.txt
RewriteRule ^to-gone$ gone
RewriteRule ^gone$ - [G]
RewriteRule ^to-page$ page.txt [E=SEEN:outer]
RewriteRule ^to-away$ away
RewriteRule ^away$ http://e.test/ [R]
RewriteRule ^to-script$ shown.cgi?a=b [E=SEEN:outer]
RewriteRule ^to-to-script$ to-script [L]
RewriteRule ^loop(.*)$ loop$1x [L]
RewriteCond %{ENV:REDIRECT_URL} .
RewriteRule ^by-url$ - [F]
RewriteRule ^to-by-url$ by-url [L]
`;

const targets = [
  ...["to-missing", "to-missing?q=1", "to-own", "to-closed", "to-gone", "gone", "to-page", "to-away", "away"],
  ...[
    "to-script",
    "to-script?q=1",
    "to-to-script",
    "loop",
    "by-url",
    "to-by-url",
    "missing",
    "missing?q=%20",
    "closed/a.txt",
  ],
  ...["own/missing", "page.txt", "shown.cgi"],
];

const asked = (method: string, host: string): Case[] =>
  targets.map((target) => ({
    name: `${method} /${target} at ${host}`,
    ...{ method, host, target: `/${target}`, logs: ["access.log"] },
    ...(method === "POST" ? { body: "x" } : {}),
  }));

export const suite: Suite = {
  name: "internal redirects",
  configuration,
  files: {
    "htdocs/.htaccess": rules,
    "htdocs/page.txt": "a page\n",
    "htdocs/by-url": "by url\n",
    "htdocs/own/a.txt": "own\n",
    "htdocs/closed/.htaccess": "Require all denied\n",
    "htdocs/closed/a.txt": "closed\n",
    "htdocs/shown.cgi": { text: shown, mode: 0o755 },
  },
  cases: [...asked("GET", "www.test"), ...asked("POST", "whole.test")],
};
