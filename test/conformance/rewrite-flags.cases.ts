// Flags of RewriteRule one by one, at server level and in directories; cookies of odd bytes; maps whose programs misbehave.
import type { Case, Suite } from "./harness.js";

/** A name, what the rule matches behind it, its substitution and flags; `$` is the folder of documents. */
const rules: readonly (readonly [name: string, substitution: string, flags: string])[] = [
  ["b", "/show?p=$1", "B,L"],
  ["b-some", "/show?p=$1", "B=;?#,L"],
  ["b-some-ne", "http://e.test/?p=$1", "R,NE,B=;/"],
  ["b-bnp", "/show?p=$1", "B,BNP,L"],
  ["bnp-alone", "http://e.test/?p=$1", "R,NE,BNP"],
  ["b-bne", "http://e.test/$1", "R,NE,B,BNE=/&"],
  ["bctls", "http://e.test/$1", "R,NE,BCTLS"],
  ["bctls-local", "/a.txt?p=$1", "BCTLS,L"],
  ["bctls-b", "http://e.test/$1", "R,NE,B=/,BCTLS"],
  ["ne", "http://e.test/#$1%20?x=%41", "R,NE"],
  ["no-ne", "http://e.test/#$1%20?x=%41", "R"],
  ["ne-local", "/a.txt?x=%41#$1", "NE,L"],
  ["dpi", "/a.txt", "DPI"],
  ["no-dpi", "/a.txt", "L"],
  ["qsa", "/a.txt?x=$1", "QSA,L"],
  ["qsa-end", "/a.txt?x=$1&", "QSA,L"],
  ["qsa-none", "/a.txt", "QSA,L"],
  ["qsd", "/a.txt", "QSD,L"],
  ["qsd-qsa", "/a.txt?x=1", "QSD,QSA,L"],
  ["qsl", "/a?b.txt?c=$1", "QSL,L"],
  ["qsl-qsa", "/a?b.txt?c=$1", "QSL,QSA,L"],
  ["qsl-r", "http://e.test/a?b?c=$1", "QSL,R,L"],
  ["qsl-none", "/a.txt", "QSL,L"],
  ["allow-3f", "/$1", "UnsafeAllow3F,L"],
  ["no-3f", "/$1", "L"],
  ["allow-3f-r", "http://e.test/$1", "R,UnsafeAllow3F,L"],
  ["no-3f-r", "http://e.test/$1", "R,L"],
  ["no-3f-b", "/show?p=$1", "B,L"],
  ["prefix", "$1", "L"],
  ["prefix-unsafe", "$1", "UnsafePrefixStat,L"],
  ["prefix-slash", "/$1", "UnsafePrefixStat,L"],
  ["unc", "//$1", "UNC,L"],
  ["no-unc", "//$1", "L"],
  ["f-ignored", "/a.txt", "F,L"],
  ["g-env", "-", "G,E=SEEN:$1"],
  ["r-status-env", "-", "R=429,L"],
  ["r-300", "http://e.test/$1", "R=300,L"],
  ["r-305", "http://e.test/$1", "R=305,L"],
  ["r-206", "-", "R=206,L"],
  ["r-451", "-", "R=451,L"],
  ["r-511", "-", "R=511,L"],
  ["r-pt", "/a.txt", "R,PT"],
  ["r-pt-301", "/passed", "R=301,PT,L"],
  ["r-then", "/r-next/$1", "R=301"],
  ["r-then-error", "/r-missing/$1", "R=302"],
  ["h", "/a.txt", "H=none-such,L"],
  ["h-empty", "/a.txt", "H=,L"],
  ["t", "/a.txt", "T=text/html;charset=$1,L"],
  ["t-empty", "/a.txt", "T=,L"],
  ["e-empty", "/a.txt", "E=SEEN:,L"],
  ["e-bytes", "/a.txt", "E=SEEN:$1,L"],
  ["e-name", "/a.txt", "E=S$1:x,L"],
  ["e-unset", "/a.txt", "E=SEEN:x,E=!SEEN,L"],
  ["s", "/a.txt", "S=1"],
  ["s-many", "/a.txt", "S=900"],
  ["n", "/n/$1", "N=3"],
  ["nc", "/a.txt", "NC,L"],
  ["ns", "/a.txt", "NS,L"],
  ["end", "/b.txt", "END"],
  ["c", "-", "C"],
];
const cookies: readonly (readonly [name: string, cookie: string])[] = [
  ["value", "n:$1:d.test"],
  ["name", "$1:v:d.test"],
  ["domain", "n:v:$1"],
  ["path", "n:v:d.test:10:$1"],
  ["site", "n:v:d.test:10:/:1:1:$1"],
  ["time", "n:v:d.test:$1:/"],
  ["secure", "n:v:d.test:0:/:$1"],
  ["only", "n:v:d.test:0:/:0:$1"],
  ["semicolon", ";n;$1;d.test;0;/;secure;HttpOnly;Strict"],
];

const missed = "RewriteRule ^r-missing/ nowhere-at-all.txt\n  RewriteRule ^r-next/(.*)$ a.txt";
const server = `${rules.map(([name, to, flags]) => `  RewriteRule ^/${name}/(.*)$ ${to} [${flags}]`).join("\n")}
  RewriteRule ^/r-missing/ /nowhere-at-all.txt
  RewriteRule ^/r-next/ /a.txt
  RewriteRule ^/co-([a-z]+)-off/ - [L]
${cookies.map(([name, cookie]) => `  RewriteRule ^/co-${name}/(.*)$ /a.txt [CO=${cookie},L]`).join("\n")}
`;
const directory = `${rules.map(([name, to, flags]) => `  RewriteRule ^${name}/(.*)$ ${to} [${flags}]`).join("\n")}
  ${missed}
${cookies.map(([name, cookie]) => `  RewriteRule ^co-${name}/(.*)$ a.txt [CO=${cookie},L]`).join("\n")}
`;

const configuration = `
LoadModule rewrite_module @MODULES@/mod_rewrite.so
DocumentRoot "@ROOT@/htdocs"
LogFormat "%>s %s %U%q %f SEEN=%{SEEN}e handler=%R" seen
CustomLog "@RUN@/access.log" seen
ErrorDocument 404 /error.txt
<Directory "@ROOT@">
  Options FollowSymLinks
  Require all granted
</Directory>
<VirtualHost *:@PORT@>
  ServerName server.test
  RewriteEngine On
${server}</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName directory.test
  <Directory "@ROOT@/htdocs">
  RewriteEngine On
${directory}  </Directory>
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName maps.test
  RewriteEngine On
  RewriteMap wordy prg:@ROOT@/conf/wordy.sh
  RewriteMap blank prg:@ROOT@/conf/blank.sh
  RewriteMap args "prg:@ROOT@/conf/args.sh one two"
  RewriteMap rnd rnd:@ROOT@/conf/rnd.txt
  RewriteMap txt txt:@ROOT@/conf/txt.txt
  RewriteMap esc int:escape
  RewriteMap un int:unescape
  RewriteMap up int:toupper
  RewriteRule ^/wordy/(.*)$ http://e.test/\${wordy:$1|none} [R,L]
  RewriteRule ^/blank/(.*)$ http://e.test/[\${blank:$1|none}] [R,L]
  RewriteRule ^/args/(.*)$ http://e.test/\${args:$1|none} [R,L]
  RewriteRule ^/rnd/(.*)$ http://e.test/[\${rnd:$1|none}] [R,L]
  RewriteRule ^/txt/(.*)$ http://e.test/[\${txt:$1|none}] [R,L]
  RewriteRule ^/esc/(.*)$ http://e.test/\${esc:$1} [R,L,NE]
  RewriteRule ^/un/(.*)$ http://e.test/\${un:$1} [R,L,NE]
  RewriteRule ^/up/(.*)$ http://e.test/\${up:$1} [R,L,NE]
  RewriteRule ^/default/(.*)$ http://e.test/[\${txt:$1|a|b}] [R,L]
  RewriteRule ^/of-default/(.*)$ http://e.test/[\${txt:$1|\${up:$1}}] [R,L]
  RewriteRule ^/no-key/ http://e.test/[\${txt:|none}] [R,L]
  RewriteRule ^/open/ http://e.test/\${txt:a [R,L]
  RewriteRule ^/no-map/ http://e.test/[\${:a}] [R,L]
</VirtualHost>
`;

const behind = ["x", "a%20b;c%26d+e%23", "b.txt%3fq=1&y=%41?z"];
const odd = ["x", "a%0d%0aX-Put:%20y", "a%3bb%22%01", "true", "-5"];

const logs = ["access.log"];
const levels = ["server.test", "directory.test"];
const cases: readonly Case[] = [
  ...levels.flatMap((host) =>
    rules.flatMap(([name]) =>
      behind.map((rest): Case => ({ name: `${host} /${name}/${rest}`, target: `/${name}/${rest}`, host, logs })),
    ),
  ),
  ...levels.flatMap((host) =>
    cookies.flatMap(([name]) =>
      odd.map((rest): Case => ({
        name: `${host} /co-${name}/${rest}`,
        target: `/co-${name}/${rest}`,
        host,
        logs,
        ...(name === "only" && rest === "true"
          ? { differs: "Apache forgets HttpOnly where a cookie is not secure" }
          : {}),
      })),
    ),
  ),
  ...[
    ...["a", "b", "none"].map((key) => `/wordy/${key}`),
    ...["a", "none"].flatMap((key) => [`/blank/${key}`, `/args/${key}`]),
    ...["same", "empty", "bars", "one", "nothing", "none"].map((key) => `/rnd/${key}`),
    ...["a", "A", "tab", "hash", "quoted", "spaces", "value-hash", "cr", "%c3%a9", "none"].map((key) => `/txt/${key}`),
    ...["a%20b", "%c3%a9", "a%2fb", "a%25b", "a;b,c:d@e&f=g+h$i!j*k'l(m)", "%22%3c%3e"].flatMap((key) => [
      `/esc/${key}`,
      `/un/${key}`,
      `/up/${key}`,
    ]),
    ..."/un/a%2520b /un/%25zz /un/%2500 /un/%252f /default/none /of-default/none /of-default/a /no-key/x /open/x /no-map/x".split(
      " ",
    ),
  ].map((target): Case => ({ name: `maps.test ${target}`, target, host: "maps.test", logs })),
];

const program = (text: string) => ({ text: `#!/bin/sh\n${text}\n`, mode: 0o755 });

export const suite: Suite = {
  name: "flags of rules",
  configuration,
  files: {
    "htdocs/index.html": "index\n",
    "htdocs/a.txt": "a\n",
    "htdocs/b.txt": "b\n",
    "htdocs/show": "shown\n",
    "htdocs/x": "x\n",
    "htdocs/error.txt": "an error\n",
    "htdocs/passed": "passed\n",
    "htdocs/a?b.txt": "a question\n",
    "htdocs/b.txt?q=1": "b question\n",
    "conf/wordy.sh": program('while read -r line; do echo "said: $line "; done'),
    "conf/blank.sh": program("while read -r line; do echo; done"),
    "conf/args.sh": program('while read -r line; do echo "$#:$1:$2:$line"; done'),
    "conf/rnd.txt": "same v|v\nempty |\nbars ||\none v\nnothing\n",
    "conf/txt.txt":
      'a A-one\ntab\tby-tab\n#hash h\nhash# h2\nquoted "v w"\nspaces   v   w\nvalue-hash v#w\ncr v\r\n\u00c3\u00a9 accent\n\n',
  },
  cases,
};
