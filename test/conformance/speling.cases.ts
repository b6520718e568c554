// Misspelt paths: what they are redirected to, and the lists to choose from.
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule speling_module @MODULES@/mod_speling.so
LoadModule negotiation_module @MODULES@/mod_negotiation.so
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs">
  CheckSpelling On
  AllowOverride Options
</Directory>
<Directory "@ROOT@/htdocs/case">
  CheckSpelling On
  CheckCaseOnly On
</Directory>
<Directory "@ROOT@/htdocs/exact">
  CheckSpelling On
  CheckBasenameMatch Off
</Directory>
<Directory "@ROOT@/htdocs/off">
  CheckCaseOnly On
</Directory>
<Directory "@ROOT@/htdocs/views">
  Options +MultiViews
</Directory>
Alias /other "@ROOT@/elsewhere"
<Directory "@ROOT@/elsewhere">
  Require all granted
  CheckSpelling On
</Directory>
ErrorDocument 403 /404.txt
`;

const rows: readonly (readonly [name: string, target: string, more?: Partial<Case>])[] = [
  ["serves what is there", "/index.html"],
  ["redirects upper case", "/INDEX.HTML"],
  ["redirects two letters changed over", "/idnex.html"],
  ["redirects a letter missing", "/inex.html"],
  ["redirects a letter too many", "/inndex.html"],
  ["redirects a wrong letter", "/inbex.html"],
  ["redirects a letter too many at the end", "/index.htmll"],
  ["redirects a letter missing at the end", "/index.htm"],
  ["does not redirect two wrong letters", "/inbax.html"],
  ["lists names that are alike up to the dot", "/report.doc"],
  ["lists one name alike up to the dot", "/single.pdf"],
  ["lists names in other case", "/REPORT.doc"],
  ["prefers a slip in case to a wrong letter", "/cArt.html"],
  ["keeps the query", "/INDEX.html?a=b&c=%20"],
  ["keeps what is behind a misspelt file", "/INDEX.html/more/path"],
  ["escapes a name with blanks and signs", "/With%20Space%3f.TXT"],
  ["escapes a query in a list", "/report.doc?a=<b>&c"],
  ["names the referring page in a list", "/report.doc", { headers: ["Referer: http://r.test/<x>"] }],
  ["redirects to a folder", "/FOLDER"],
  ["redirects to a folder with a slash", "/FOLDER/"],
  ["redirects to a folder of a path", "/FOLDER/page.html"],
  ["corrects one part of a path only", "/FOLDER/PAGE.html"],
  ["corrects the last part", "/folder/PAGE.html"],
  ["leaves POST alone", "/INDEX.html", { method: "POST", body: "x" }],
  ["corrects HEAD", "/INDEX.html", { method: "HEAD" }],
  ["lists for HEAD", "/report.doc", { method: "HEAD" }],
  ["leaves an unknown method alone", "/INDEX.html", { method: "PUT", body: "x" }],
  ["looks at case only where it is told", "/case/INDEX.html"],
  ["looks at nothing but case where it is told", "/case/inex.html"],
  ["lists names alike up to the dot where it looks at case only", "/case/index.pdf"],
  ["redirects nothing but slips where it is told", "/exact/inex.html"],
  ["leaves names that are alike up to the dot alone where it is told", "/exact/index.pdf"],
  ["takes nothing over in a section with lines of its own", "/off/INDEX.html"],
  ["is switched by .htaccess", "/access/INDEX.html"],
  ["works below an Alias", "/other/A.txt"],
  ["leaves a path above a missing folder alone", "/missing/folder/x.html"],
  ["leaves a link that leads nowhere alone", "/broken.html"],
  ["corrects hidden names too", "/.Hidden"],
  ["works beside MultiViews", "/views/DOC"],
  ["uses the host the client names", "/INDEX.html", { host: "Named.test:8080" }],
  ["corrects a name of bytes", "/%e9t%e9.TXT"],
];

export const suite: Suite = {
  name: "misspelt paths",
  configuration,
  files: {
    "htdocs/index.html": "index\n",
    "htdocs/report.txt": "report\n",
    "htdocs/report.html": "report\n",
    "htdocs/report.docs": "report\n",
    "htdocs/single.txt": "single\n",
    "htdocs/cart.html": "cart\n",
    "htdocs/dart.html": "dart\n",
    "htdocs/with space?.txt": "with\n",
    "htdocs/folder/page.html": "page\n",
    "htdocs/case/index.html": "index\n",
    "htdocs/exact/index.html": "index\n",
    "htdocs/off/index.html": "index\n",
    "htdocs/access/index.html": "index\n",
    "htdocs/access/.htaccess": "CheckSpelling Off\n",
    "htdocs/broken.html": { link: "nowhere.html" },
    "htdocs/.hidden": "hidden\n",
    "htdocs/views/doc.html": "doc\n",
    "htdocs/404.txt": "no\n",
    "elsewhere/a.txt": "a\n",
  },
  cases: rows.map(([name, target, more]): Case => ({ name, target, ...more })),
};
