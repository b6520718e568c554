// Header lines on what Apache keeps apart from fields: type, language and encoding, where they stand, and what asks for them.
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule headers_module @MODULES@/mod_headers.so
DocumentRoot "@ROOT@/htdocs"
ErrorDocument 404 "none here
<Directory "@ROOT@">
  AllowOverride All
  Require all granted
</Directory>
`;

/** Lines of /NAME/.htaccess; a field of another name follows, to show places. */
const places: Readonly<Record<string, string>> = {
  "always-set": "Header always set Content-Type x/y",
  "always-append": "Header always append Content-Type x/y",
  "always-add": "Header always add Content-Type x/y",
  "always-edit": "Header always edit Content-Type text z",
  "always-unset": "Header always unset Content-Type",
  set: "Header set Content-Type x/y",
  append: "Header append Content-Type x/y",
  add: "Header add Content-Type x/y",
  setifempty: "Header setifempty Content-Type x/y",
  edit: "Header edit Content-Type text z",
  unset: "Header unset Content-Type",
  "language-set": "Header set Content-Language fr",
  "language-always": "Header always set Content-Language fr",
  "language-both": "Header always set Content-Language fr\nHeader set Content-Language de",
  "language-merge": "Header merge Content-Language de",
  "language-unset": "Header unset Content-Language",
  encoding: "Header always set Content-Encoding x-own",
  expressions:
    'Header always set X-Type "expr=%{resp:Content-Type}|%{CONTENT_TYPE}"\nHeader set X-Type-2 "expr=%{resp:Content-Type}|%{CONTENT_TYPE}"',
  condition: 'Header always set X-Html yes "expr=%{resp:Content-Type} =~ /html/"',
  early:
    "Header set X-Early e early\nRequestHeader set X-Early e early\n<Files *>\nHeader set X-Early e early\n</Files>",
  load: 'Header set X-Load "%i %b"\nHeader edit* X-Load "\\d+" n',
};

const asks: readonly (readonly [name: string, target: string, ...headers: string[]])[] = [
  ["a file", "a.txt"],
  ["a file with a language", "a.en.txt"],
  ["a 304", "a.en.txt", "If-None-Match: *"],
  ["an ErrorDocument", "none"],
  ["a built-in page", "gone"],
  ["a redirect", "moved"],
];

export const suite: Suite = {
  name: "Header lines on type, language and encoding",
  configuration,
  files: Object.fromEntries(
    Object.entries(places).flatMap(([name, lines]) => [
      [
        `htdocs/${name}/.htaccess`,
        `${lines}\nHeader set X-Behind b\nAddLanguage en .en\nRedirect /${name}/moved http://elsewhere.test/\nRedirect gone /${name}/gone\n`,
      ],
      [`htdocs/${name}/a.txt`, "a\n"],
      [`htdocs/${name}/a.en.txt`, "a\n"],
    ]),
  ),
  cases: Object.keys(places).flatMap((name) => [
    ...asks.map(([what, target, ...headers]): Case => ({
      name: `${name}: ${what}`,
      target: `/${name}/${target}`,
      headers,
    })),
    { name: `${name}: OPTIONS`, method: "OPTIONS", target: `/${name}/a.txt` },
  ]),
};
