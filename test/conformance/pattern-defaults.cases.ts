// RegexDefaultOptions: which patterns it changes, from which line on.
import type { Case, FileSpec, Suite } from "./harness.js";

/** Sets of options, each with the same lines behind it for paths of its own. */
const options: readonly string[] = [
  "",
  "+ICASE",
  "-ICASE",
  "ICASE",
  "-DOTALL",
  "-DOLLAR_ENDONLY",
  "none",
  "None +icase",
  "ICASE DOTALL",
  "+ICASE +DOTALL -dollar_endonly",
  "dollar_endonly",
  "DOTALL +DOLLAR_ENDONLY",
];

const files: Record<string, FileSpec> = { "htdocs/files/index.html": "files\n" };
const cases: Case[] = [];
let configuration = `
SetEnvIf X-Probe "^before$" BEFORE
Header always set X-Before %{BEFORE}e env=BEFORE
`;

for (const [index, words] of options.entries()) {
  const at = `o${index}`;
  configuration += `
RegexDefaultOptions ${words}
RedirectMatch 301 ^/${at}/redirect$ /to
RedirectMatch 302 ^/${at}/dot.end$ /dot
SetEnvIf X-Probe "^${at}$" ${at}_regex=1
SetEnvIf X-Probe "plain ${at}" ${at}_plain=1
SetEnvIf "^X-${at}.*" "^.x" ${at}_name=1
BrowserMatch "agent.${at}" ${at}_agent=1
AliasMatch ^/${at}/alias/(.*)$ @ROOT@/htdocs/files/$1
<LocationMatch ^/${at}/location$>
  Header always set X-Location ${at}
</LocationMatch>
<If "%{HTTP:X-Probe} =~ /^if-${at}$/">
  Header always set X-If ${at}
</If>
<DirectoryMatch /htdocs/${at}d$>
  Header always set X-Directory ${at}
</DirectoryMatch>
<FilesMatch ^${at}.txt$>
  Header always set X-Files ${at}
</FilesMatch>
<Directory @ROOT@/htdocs/${at}S>
  AllowOverride All
  SetOutputFilter SUBSTITUTE
  Substitute "s/Word$/REPLACED/"
  Substitute "s/d.t/DOT/"
  Header edit X-Edited ^value$ changed
</Directory>
RewriteEngine On
RewriteRule ^/${at}/rewrite$ - [E=${at}_rewrite:1]
RewriteCond %{HTTP:X-Probe} ^cond-${at}$
RewriteRule . - [E=${at}_cond:1]
Header always merge X-Variables %{${at}_regex}e,%{${at}_plain}e,%{${at}_name}e,%{${at}_agent}e,%{${at}_rewrite}e,%{${at}_cond}e
`;
  files[`htdocs/${at}d/${at}.txt`] = "text\n";
  files[`htdocs/${at}D/${at.toUpperCase()}.TXT`] = "text\n";
  files[`htdocs/${at}S/words.txt`] = "a Word\na word\nd\nt dxt DXT\n";
  files[`htdocs/${at}S/.htaccess`] = "Header set X-Edited Value\nRewriteEngine On\nRewriteRule ^HERE$ words.txt\n";
  const asked: readonly (readonly [target: string, headers?: readonly string[]])[] = [
    [`/${at}/redirect`],
    [`/${at}/REDIRECT`],
    [`/${at}/redirect%0a`],
    [`/${at}/dot-end`],
    [`/${at}/dot%0aend`],
    [`/${at}/Location`],
    [`/${at}/location%0a`],
    [`/${at}/ALIAS/index.html`],
    [`/${at}/rewrite`],
    [`/${at}/Rewrite`],
    [`/${at}d/${at}.txt`],
    [`/${at}D/${at.toUpperCase()}.TXT`],
    [`/${at}S/words.txt`],
    [`/${at}S/here`],
    ["/", [`X-Probe: ${at}`]],
    ["/", [`X-Probe: ${at.toUpperCase()}`]],
    ["/", [`X-Probe: a plain ${at}`]],
    ["/", [`X-Probe: A PLAIN ${at.toUpperCase()}`]],
    ["/", [`X-Probe: IF-${at}`]],
    ["/", [`X-Probe: Cond-${at}`]],
    ["/", [`X-${at}-Name: xx`]],
    ["/", [`x-${at}-name: xX`]],
    ["/", [`User-Agent: Agent ${at}`]],
  ];
  for (const [target, headers = []] of asked) {
    const name = `${words || "no option"}: ${[target, ...headers].join(" ")}`;
    cases.push({ name, target, headers });
  }
}
// Access files are read when asked for: they have what the last line says.
configuration += "RegexDefaultOptions +ICASE\n";
cases.push({ name: "a pattern before the first line", headers: ["X-Probe: BEFORE"] });

export const suite: Suite = {
  name: "RegexDefaultOptions",
  configuration: `${["setenvif", "headers", "filter", "substitute", "rewrite"].map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so\n`).join("")}${configuration}`,
  files,
  cases,
};
