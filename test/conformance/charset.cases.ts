// Pages in another encoding than their files, and forms on their way back: mod_charset_lite.
import type { Case, Suite } from "./harness.js";

const latin = "caf\xe9 \xfc\xdf \xa3 plain\nline two\n";
const utf = Buffer.from("café üß £ plain\nline two\n", "utf8").toString("latin1");
const euro = Buffer.from("one € two", "utf8").toString("latin1");

/** Ways by folder, each with its page. */
const ways: Readonly<Record<string, readonly [string, string, string]>> = {
  "latin-utf": ["ISO-8859-1", "UTF-8", latin],
  "utf-latin": ["UTF-8", "ISO-8859-1", utf],
  "latin9-utf": ["ISO-8859-15", "UTF-8", "\xa4 euro"],
  "windows-utf": ["WINDOWS-1252", "UTF-8", "\x80 \x93quoted\x94"],
  "cp-latin9": ["CP1252", "ISO-8859-15", "\x80 euro"],
  "koi-windows": ["KOI8-R", "WINDOWS-1251", "\xf0\xf2\xe9\xf7\xe5\xf4"],
  "latin-ibm": ["ISO-8859-1", "IBM850", "\xe9\xfc"],
  "utf-utf16": ["UTF-8", "UTF-16LE", utf],
  "utf16-utf": ["UTF-16BE", "UTF-8", "\0a\0\xe9"],
  "sjis-utf": ["SHIFT_JIS", "UTF-8", "\x83\x65\x83\x58\x83\x67"],
  "utf-euc": ["UTF-8", "EUC-JP", Buffer.from("テスト", "utf8").toString("latin1")],
  "big5-utf": ["BIG5", "UTF-8", "\xa4\xa4\xa4\xe5"],
  "gbk-utf": ["GBK", "UTF-8", "\xd6\xd0\xce\xc4"],
  same: ["utf-8", "UTF-8", utf],
  ascii: ["ISO-8859-1", "UTF-8", "only ascii"],
  empty: ["ISO-8859-1", "UTF-8", ""],
  long: ["ISO-8859-1", "UTF-8", latin.repeat(3000)],
  unknown: ["ISO-8859-1", "NO-SUCH-CODE", latin],
};

const files: Record<string, string> = {
  "htdocs/plain/a.txt": latin,
  "htdocs/half/a.txt": latin,
  "htdocs/access/.htaccess": "CharsetSourceEnc ISO-8859-1\nCharsetDefault UTF-8\n",
  "htdocs/access/a.txt": latin,
  "htdocs/off/a.txt": latin,
  "htdocs/named/a.txt": latin,
  "htdocs/types/a.json": `"${latin.slice(0, 4)}"`,
  "htdocs/types/a.css": latin,
  "htdocs/types/a.none": latin,
  "htdocs/all/a.json": `"${latin.slice(0, 4)}"`,
  "htdocs/all/a.none": latin,
  "htdocs/latin-utf/inner/a.txt": utf,
  "htdocs/pages/page.shtml": 'p\xe9 <!--#include virtual="a.txt" --> <!--#include virtual="/utf-latin/a.txt" -->\n',
  "htdocs/pages/a.txt": "a\xe9",
  "htdocs/packed/a.txt": latin,
  "htdocs/invalid/a.txt": "good \xff bad",
  "htdocs/lacking/a.txt": euro,
  "htdocs/cut/a.txt": "good \xc3",
};
let sections = "";
for (const [name, [from, to, text]] of Object.entries(ways)) {
  files[`htdocs/${name}/a.txt`] = text;
  sections += `<Directory @ROOT@/htdocs/${name}>\nCharsetSourceEnc ${from}\nCharsetDefault ${to}\n</Directory>\n`;
}
const both = "CharsetSourceEnc ISO-8859-1\nCharsetDefault UTF-8\n";

const form = "text=caf\xc3\xa9";
const cases: Case[] = [
  ...Object.keys(ways).map((name): Case => ({
    name: `${ways[name]?.slice(0, 2).join(" to ") ?? ""} (${name})`,
    target: `/${name}/a.txt`,
  })),
  { name: "HEAD of a page whose length changes", method: "HEAD", target: "/latin-utf/a.txt" },
  { name: "HEAD of a page whose length does not", method: "HEAD", target: "/latin-ibm/a.txt" },
  { name: "a range of a page", target: "/latin-utf/a.txt", headers: ["Range: bytes=0-3"] },
  { name: "a range of a page whose length stays", target: "/latin-ibm/a.txt", headers: ["Range: bytes=0-0"] },
  { name: "a condition", target: "/latin-utf/a.txt", headers: ["If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"] },
  { name: "HTTP/1.0", raw: "GET /latin-utf/a.txt HTTP/1.0\r\nHost: www.test\r\n\r\n" },
  { name: "no line", target: "/plain/a.txt" },
  { name: "half of the lines", target: "/half/a.txt" },
  { name: "an access file", target: "/access/a.txt" },
  { name: "NoImplicitAdd", target: "/off/a.txt" },
  { name: "NoImplicitAdd, and the filter by its name", target: "/named/a.txt" },
  { name: "json is no text", target: "/types/a.json" },
  { name: "css is", target: "/types/a.css" },
  { name: "a file without a type", target: "/types/a.none" },
  { name: "TranslateAllMimeTypes", target: "/all/a.json" },
  { name: "TranslateAllMimeTypes without a type", target: "/all/a.none" },
  { name: "a section inside another", target: "/latin-utf/inner/a.txt" },
  { name: "server-side includes", target: "/pages/page.shtml" },
  { name: "a page that is packed then", target: "/packed/a.txt", headers: ["Accept-Encoding: gzip"] },
  { name: "a page of an error", target: "/latin-utf/none.txt" },
  { name: "a directory", target: "/latin-utf/" },
  { name: "a byte that is none of the encoding", target: "/invalid/a.txt" },
  { name: "a sign that the other encoding lacks", target: "/lacking/a.txt" },
  { name: "a sign that is cut off", target: "/cut/a.txt" },
  {
    name: "a form that is sent back",
    method: "POST",
    target: "/echo/a",
    body: form,
    differs: "Apache announces the length of what came in",
  },
  { name: "a form by PUT, which the reflector does not take", method: "PUT", target: "/echo/a", body: form },
];

export const suite: Suite = {
  name: "encodings of pages",
  configuration: `
${["charset_lite", "filter", "deflate", "include", "reflector"].map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so`).join("\n")}
DocumentRoot "@ROOT@/htdocs"
<Directory @ROOT@/htdocs>
  AllowOverride All
  Options +Includes
</Directory>
${sections}
<Directory @ROOT@/htdocs/half>
  CharsetSourceEnc ISO-8859-1
</Directory>
<Directory @ROOT@/htdocs/off>
  ${both}  CharsetOptions NoImplicitAdd
</Directory>
<Directory @ROOT@/htdocs/named>
  ${both}  CharsetOptions NoImplicitAdd
  SetOutputFilter XLATEOUT
</Directory>
<Directory @ROOT@/htdocs/types>
  ${both}</Directory>
<Directory @ROOT@/htdocs/all>
  ${both}  CharsetOptions ImplicitAdd TranslateAllMimeTypes
</Directory>
<Directory @ROOT@/htdocs/pages>
  ${both}  AddType text/html .shtml
  AddOutputFilter INCLUDES .shtml
</Directory>
<Directory @ROOT@/htdocs/packed>
  ${both}  SetOutputFilter DEFLATE
</Directory>
${["invalid", "lacking", "cut"]
  .map((name) => `<Directory @ROOT@/htdocs/${name}>\nCharsetSourceEnc UTF-8\nCharsetDefault ISO-8859-1\n</Directory>`)
  .join("\n")}
<Location /echo>
  SetHandler reflector
  ${both}  CharsetOptions NoImplicitAdd
  SetInputFilter XLATEIN
</Location>
`,
  files,
  cases,
};
