// Alias, AliasMatch and the Redirect family.
import type { Case, Suite } from "./harness.js";

const configuration = `
DocumentRoot "@ROOT@/htdocs"
Alias /main-alias "@ROOT@/one"
Redirect /main-redirect http://elsewhere.test/main
Alias /both "@ROOT@/one"
<VirtualHost *:@PORT@>
  ServerName www.test
  Alias /icons "@ROOT@/one"
  Alias /slash/ "@ROOT@/one/"
  Alias /file.txt "@ROOT@/one/a.txt"
  Alias /long/er "@ROOT@/two"
  Alias /long "@ROOT@/one"
  Alias /hidden "@ROOT@/one"
  Alias /hidden/deeper "@ROOT@/two"
  Alias /both "@ROOT@/two"
  Alias /unslashed/ "@ROOT@/one"
  Alias "/quoted space" "@ROOT@/one"
  Alias /nowhere "@ROOT@/nowhere"
  AliasMatch "^/match/(.*)\\.txt$" "@ROOT@/one/$1.txt"
  AliasMatch "^/whole$" "@ROOT@/one/a.txt"
  AliasMatch "^/part" "@ROOT@/one/a.txt"
  AliasMatch "(?i)^/anycase/(\\w)" "@ROOT@/one/$1.txt"
  AliasMatch "^/amp/(\\w)" "@ROOT@/one/&.txt"

  Redirect /old http://elsewhere.test/new
  Redirect /old-slash/ http://elsewhere.test/new/
  Redirect permanent /moved http://elsewhere.test/moved
  Redirect temp /temp http://elsewhere.test/temp
  Redirect seeother /seeother http://elsewhere.test/seeother
  Redirect gone /gone
  Redirect 307 /kept http://elsewhere.test/kept
  Redirect 308 /kept-for-good http://elsewhere.test/kept
  Redirect 404 /never
  Redirect 403 /forbidden
  Redirect 410 /gone-by-number
  Redirect 503 /later
  RedirectPermanent /permanent http://elsewhere.test/permanent
  RedirectTemp /temporary http://elsewhere.test/temporary
  Redirect /local /new/place
  Redirect /with-query http://elsewhere.test/q?x=1
  Redirect /with-fragment http://elsewhere.test/q#part
  Redirect /icons/redirected http://elsewhere.test/before-alias
  RedirectMatch "^/m/(.*)\\.gif$" http://elsewhere.test/$1.png
  RedirectMatch 301 "^/m2/(\\w+)/(\\w+)" /$2/$1
  RedirectMatch 404 "\\.secret$"
  RedirectMatch gone "^/mgone"
  RedirectMatch "^/mq/(.*)$" http://elsewhere.test/?path=$1&all=$0
  <Location /in-location>
    Redirect /in-location http://elsewhere.test/from-location
  </Location>
  <Location /status-location>
    Redirect 410
  </Location>
  <Location /to-location>
    Redirect permanent http://elsewhere.test/target
  </Location>
  <Directory "@ROOT@/htdocs/in-directory">
    Redirect /in-directory/x http://elsewhere.test/from-directory
    RedirectMatch "^/in-directory/(\\d+)$" http://elsewhere.test/number/$1
  </Directory>
  <Location /relative>
    RedirectRelative On
    Redirect /relative /rel/place
  </Location>
</VirtualHost>
`;

const targets: readonly string[] = [
  "/icons/a.txt",
  "/icons",
  "/icons/",
  "/icons//a.txt",
  "/icons/../icons/a.txt",
  "/iconsa.txt",
  "/icons/%61.txt",
  "/%69cons/a.txt",
  "/ICONS/a.txt",
  "/slash/a.txt",
  "/slash",
  "/file.txt",
  "/file.txt/more",
  "/file.txts",
  "/long/er/b.txt",
  "/long/er",
  "/hidden/deeper/b.txt",
  "/both/b.txt",
  "/main-alias/a.txt",
  "/unslashed/a.txt",
  "/quoted%20space/a.txt",
  "/nowhere/a.txt",
  "/match/a.txt",
  "/match/../one/a.txt",
  "/match/x/a.txt",
  "/whole",
  "/whole/more",
  "/part",
  "/partial",
  "/part/more",
  "/AnyCase/a",
  "/amp/a",
  "/old",
  "/old/",
  "/old/path/x?q=1&r",
  "/old?q",
  "/older",
  "/old/sp%20ace",
  "/old/%3cb%3e%22",
  "/old/caf%c3%a9",
  "/old/caf\u00e9",
  "/old/a%3fb",
  "/old/a%23b",
  "/old/a%25b",
  "/old/../old/x",
  "/old//x",
  "/old-slash/x",
  "/old-slash",
  "/moved/x",
  "/temp",
  "/seeother",
  "/gone",
  "/gone/below",
  "/kept",
  "/kept-for-good",
  "/never",
  "/forbidden/x",
  "/gone-by-number",
  "/later",
  "/permanent/x",
  "/temporary/x",
  "/local",
  "/local/below?q",
  "/with-query/more",
  "/with-query?y=2",
  "/with-fragment",
  "/icons/redirected/x",
  "/main-redirect/x",
  "/m/pic.gif",
  "/m/pic.gif?x=1",
  "/m/sp%20ace.gif",
  "/m2/one/two",
  "/some.secret",
  "/mgone",
  "/mq/a/b?c=d",
  "/in-location",
  "/in-location/x?q",
  "/status-location/x",
  "/to-location",
  "/to-location/more?q=1",
  "/in-directory/x",
  "/in-directory/x/y",
  "/in-directory/12",
  "/in-directory/a.txt",
  "/relative",
  "/relative/x?q",
];

const others: readonly Case[] = [
  { name: "redirects POST", method: "POST", target: "/old", body: "x" },
  { name: "redirects HEAD", method: "HEAD", target: "/old" },
  { name: "redirects OPTIONS", method: "OPTIONS", target: "/old" },
  { name: "redirects an unknown method", method: "FROB", target: "/old" },
  { name: "redirects HTTP/1.0", raw: "GET /local HTTP/1.0\r\n\r\n" },
  { name: "refuses HEAD with a status", method: "HEAD", target: "/gone" },
  { name: "redirects with the port of Host", target: "/local", host: "www.test:8080" },
  { name: "redirects an absolute target", target: "http://www.test/local" },
];

export const suite: Suite = {
  name: "Alias and Redirect",
  configuration,
  files: {
    "one/a.txt": "one a\n",
    "one/index.html": "one index\n",
    "two/b.txt": "two b\n",
    "two/index.html": "two index\n",
    "htdocs/in-directory/a.txt": "a\n",
    "htdocs/part": "part\n",
  },
  cases: [...targets.map((target): Case => ({ name: `answers ${JSON.stringify(target)}`, target })), ...others],
};
