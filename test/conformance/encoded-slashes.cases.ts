// AllowEncodedSlashes in each form against each way from a URL to a file: %2f, %252f, backslashes and parameters.
import type { Case, Suite } from "./harness.js";

const kinds = ["Off", "On", "NoDecode"];
const configuration = `
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule negotiation_module @MODULES@/mod_negotiation.so
LoadModule cgid_module @MODULES@/mod_cgid.so
ScriptSock @RUN@/cgisock
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs">
  Options +MultiViews
</Directory>
${kinds
  .map(
    (kind) => `<VirtualHost *:@PORT@>
  ServerName ${kind.toLowerCase()}.test
  AllowEncodedSlashes ${kind}
  Alias /alias/ "@ROOT@/htdocs/in/"
  AliasMatch ^/matched/(.*)$ "@ROOT@/htdocs/in/$1"
  ScriptAlias /cgi-bin/ "@ROOT@/cgi-bin/"
  Redirect /moved http://e.test/to
  RedirectMatch ^/found/(.*)$ http://e.test/$1
  RewriteEngine On
  RewriteRule ^/rule/(.*)$ /in/$1
  RewriteRule ^/away/(.*)$ http://e.test/$1 [R]
  <Location /closed>
    Require all denied
  </Location>
</VirtualHost>
`,
  )
  .join("")}`;

const ways = ["in", "alias", "matched", "rule", "away", "moved", "found", "cgi-bin/show", "closed"];
const tricks = [
  "%2fa.txt",
  "a.txt%2fx",
  "a%252fb",
  "..%2f..%2fsecret",
  "a.txt;x=y",
  ";/a.txt",
  "%5ca.txt",
  "a%2Fb;c%2fd",
  "%2e%2e%2fin/a.txt",
];

export const suite: Suite = {
  name: "encoded slashes",
  configuration,
  files: {
    "htdocs/in/a.txt": "a\n",
    "htdocs/in/b.txt.en": "b\n",
    "htdocs/closed/a.txt": "closed\n",
    secret: "secret\n",
    "cgi-bin/show": {
      text: "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'; echo \"$PATH_INFO $SCRIPT_NAME $REQUEST_URI\"; sleep 0.1\n",
      mode: 0o755,
    },
  },
  cases: kinds.flatMap((kind) =>
    ways.flatMap((way) =>
      tricks.map((trick): Case => ({
        name: `${kind}: /${way}/${trick}`,
        target: `/${way}/${trick}`,
        host: `${kind.toLowerCase()}.test`,
      })),
    ),
  ),
};
