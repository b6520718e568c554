// ExpiresActive, ExpiresByType and ExpiresDefault, with what else sets those fields.
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule expires_module @MODULES@/mod_expires.so
DocumentRoot "@ROOT@/htdocs"
ExpiresActive On
ExpiresByType text/css "modification plus 100 years"
ExpiresByType image/* "modification plus 90 years 2 months 3 weeks 4 days 5 hours 6 minutes 7 seconds"
ExpiresByType image/gif A0
Redirect /moved http://elsewhere.test/
ErrorDocument 404 /missing.html
<Location /default/>
  ExpiresDefault "modification plus 99 years"
</Location>
<Location /short/>
  ExpiresDefault M1
</Location>
<Location /past/>
  ExpiresDefault "modification plus 1 second"
</Location>
<Location /off/>
  ExpiresActive Off
</Location>
<Location /inner/>
  ExpiresByType text/css "access plus 0 seconds"
  ExpiresByType text/plain now
</Location>
<Location /control/>
  ExpiresDefault "modification plus 1 second"
  Header set Cache-Control public
</Location>
<Location /added/>
  ExpiresDefault "modification plus 1 second"
  Header append Cache-Control public
</Location>
<Location /merged/>
  ExpiresDefault A0
  Header merge Cache-Control max-age=0
</Location>
<Location /missing.html>
  ExpiresDefault A0
</Location>
<Location /moved>
  ExpiresDefault A0
</Location>
Redirect /typed http://elsewhere.test/
<LocationMatch ^/(typed|folder)>
  ExpiresDefault "access plus 30 days"
  ExpiresByType text/html "access plus 1 minute"
</LocationMatch>
<Location /forbidden/>
  ExpiresDefault A0
  Require all denied
</Location>
`;

const date = "Wed, 01 May 2024 12:00:00 GMT";

const rows: readonly (readonly [name: string, target: string, ...headers: string[]])[] = [
  ["access plus nothing", "/a.gif"],
  ["now", "/inner/a.txt"],
  ["no line for the type", "/a.txt"],
  ["a time in the past", "/past/a.txt"],
  ["switched off", "/off/a.css"],
  ["an inner line for the type", "/inner/a.css"],
  ["Cache-Control set by a Header line", "/control/a.txt"],
  ["Cache-Control added to by a Header line", "/added/a.txt"],
  ["a field merged in", "/merged/a.txt"],
  ["a 304", "/past/a.txt", `If-Modified-Since: ${date}`],
  ["a 206", "/past/a.txt", "Range: bytes=0-1"],
  ["a 412", "/past/a.txt", 'If-Match: "x"'],
  ["a 404 with a document", "/past/none"],
  ["a redirect", "/moved/x"],
  ["a redirect, by the type of its page", "/typed/a.gif"],
  ["a folder without its slash, by the type of its page", "/folder"],
  ["a 403", "/forbidden/a.txt"],
  ["a wildcard hidden by an inner line", "/inner/a.png"],
];

const files = Object.fromEntries(
  ["", "default/", "past/", "off/", "inner/", "control/", "added/", "merged/", "forbidden/", "short/"].flatMap(
    (folder) => ["txt", "css", "gif", "png"].map((type) => [`htdocs/${folder}a.${type}`, `${folder} as ${type}`]),
  ),
);

export const suite: Suite = {
  name: "ExpiresActive",
  configuration,
  files: { ...files, "htdocs/missing.html": "<p>missing", "htdocs/folder/a.gif": "gif" },
  cases: [
    ...rows.map(([name, target, ...headers]): Case => ({ name, target, headers })),
    { name: "HEAD", method: "HEAD", target: "/past/a.txt" },
    { name: "POST", method: "POST", target: "/past/a.txt", body: "x" },
  ],
};
