// RewriteOptions of the server level and of sections, and the status of [R] without [L].
import type { Case, Suite } from "./harness.js";

const rules = (name: string, more = ""): string =>
  `RewriteEngine On\n${more}RewriteRule ^(.*)$ $1 [E=${name}:yes]\nRewriteRule ^any$ ${name}.txt [L]\n`;

const options = [
  "Inherit",
  "InheritBefore",
  "InheritDown",
  "InheritDownBefore",
  "IgnoreInherit",
  "MergeBase",
  "AllowNoSlash",
];

const host = (option: string, level: "server" | "outer" | "inner"): string => {
  const line = `RewriteOptions ${option}\n`;
  const folder = `@ROOT@/htdocs/${level}-${option}`.toLowerCase();
  return `<VirtualHost *:@PORT@>
  ServerName ${level}-${option}.test
  DocumentRoot "${folder}"
  ${level === "server" ? line : ""}
  <Directory "${folder}">
  RewriteBase /base/
  ${rules("outer", level === "outer" ? line : "")}</Directory>
  <Directory "${folder}/sub">
  ${rules("inner", level === "inner" ? line : "")}</Directory>
</VirtualHost>
`;
};

const levels = ["server", "outer", "inner"] as const;

const configuration = `LoadModule rewrite_module @MODULES@/mod_rewrite.so
LogFormat "%>s %s %U outer=%{outer}e inner=%{inner}e %{REDIRECT_STATUS}e" options
CustomLog "@RUN@/options.log" options
DocumentRoot "@ROOT@/htdocs"
RewriteMap lower int:tolower
RewriteMap upper int:toupper
RewriteMap escape int:escape
<Directory "@ROOT@">
  Options FollowSymLinks
  Require all granted
</Directory>
<VirtualHost *:@PORT@>
  ServerName www.test
  RewriteEngine On
  RewriteRule ^/moved$ /elsewhere [R=301]
  RewriteRule elsewhere /a.txt
  RewriteRule ^/passed$ /elsewhere2 [R]
  RewriteRule elsewhere2 /a.txt [PT]
  RewriteRule ^/dots$ ./a.txt
  RewriteRule ^/dots2$ /sub/../sub/./b.txt
  RewriteRule ^/dots3$ /sub/.
  RewriteRule ^/dots4$ /sub//b.txt
  RewriteRule ^/out$ ../a.txt
  RewriteCond %{HTTP:X-Name} -U
  RewriteRule ^/may/be$ /a.txt
  RewriteCond expr "%{HTTP:X-Name} == 'b.txt'"
  RewriteRule ^/expression$ /a.txt
  RewriteRule ^/lower/(.*)$ /\${lower:$1}
  RewriteRule ^/upper/(.*)$ /\${upper:$1}
  RewriteRule ^/escape/(.*)$ /\${escape:$1}
  RewriteRule ^/nested/(.*)$ /\${lower:\${upper:$1}}
  <Directory "@ROOT@/htdocs/front">
    RewriteEngine On
    RewriteRule ^old$ /front/new [R=301]
    RewriteCond %{REQUEST_FILENAME} !-f
    RewriteRule . /front/index.html [L]
  </Directory>
</VirtualHost>
${levels.flatMap((level) => options.map((option) => host(option, level))).join("")}`;

const filledIn = ["/lower/A.TXT", "/upper/a.txt", "/escape/a%20b", "/nested/A.Txt", "/expression"];

const logged = ["options.log"];

const files: Record<string, string> = {
  "htdocs/a.txt": "a\n",
  "htdocs/sub/b.txt": "b\n",
  "htdocs/sub/index.html": "index\n",
  "htdocs/may/b.txt": "may b\n",
  "htdocs/front/index.html": "front\n",
};
for (const level of levels) {
  for (const option of options) {
    const folder = `htdocs/${level}-${option}`.toLowerCase();
    for (const name of [
      "outer.txt",
      "inner.txt",
      "sub/outer.txt",
      "sub/inner.txt",
      "base/outer.txt",
      "base/inner.txt",
    ]) {
      files[`${folder}/${name}`] = `${name}\n`;
    }
  }
}

export const suite: Suite = {
  name: "options of rules",
  configuration,
  files,
  cases: [
    ...levels.flatMap((level) =>
      options.flatMap((option) =>
        ["/any", "/sub/any", "/sub/outer.txt", "/sub"].map((target): Case => {
          const name = `${level}-${option}.test`;
          return { name: `${target} of ${name}`, target, host: name, logs: logged };
        }),
      ),
    ),
    ...[
      "/moved",
      "/passed",
      "/front/old",
      "/front/other",
      "/dots",
      "/dots2",
      "/dots3",
      "/dots4",
      "/out",
      ...filledIn,
    ].map((target): Case => ({ name: target, target, logs: logged })),
    ...["b.txt", "none", "/a.txt", "../a.txt", "http://www.test/a.txt"].map((name): Case => ({
      name: `a URL taken from the folder of the request: ${name}`,
      target: "/may/be",
      headers: [`X-Name: ${name}`],
      logs: logged,
    })),
  ],
};
