// MultiViews and type maps: types, languages, encodings and charsets, and what is said of the choice.
import type { Case, Suite } from "./harness.js";

const configuration = `
LoadModule negotiation_module @MODULES@/mod_negotiation.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
DocumentRoot "@ROOT@/htdocs"
AddLanguage en .en
AddLanguage de .de
AddLanguage fr .fr
AddLanguage pt-br .pt-br
AddCharset UTF-8 .utf8
AddCharset ISO-8859-2 .latin2
AddEncoding x-gzip .gz
AddHandler type-map .var
SetEnvIf X-Prefer (.+) prefer-language=$1
SetEnvIf X-No-Gzip . no-gzip
DirectoryIndex index
LanguagePriority fr en de
<Directory "@ROOT@/htdocs">
  Options MultiViews
  FileETag None
</Directory>
<Location /tagged>
  FileETag MTime Size
</Location>
Alias /tagged @ROOT@/htdocs
<Location /fallback>
  ForceLanguagePriority Prefer Fallback
</Location>
Alias /fallback @ROOT@/htdocs/l
<Location /none>
  ForceLanguagePriority None
</Location>
Alias /none @ROOT@/htdocs/l
<Location /below/page.html.en>
  AcceptPathInfo On
</Location>
<Location /below/closed.html.en/>
  Require all denied
</Location>
Alias /off @ROOT@/off
<Directory "@ROOT@/off">
  Options -MultiViews
</Directory>
`;

const rows: readonly (readonly [name: string, target: string, ...headers: string[]])[] = [
  ["one file", "/one"],
  ["one file with its name", "/one.html"],
  ["types, none asked for", "/t/doc"],
  ["types, one asked for", "/t/doc", "Accept: text/plain"],
  ["types, another preferred", "/t/doc", "Accept: text/html;q=0.5, application/json;q=0.9"],
  ["types, stars without weights", "/t/doc", "Accept: text/plain, */*"],
  ["types, a group", "/t/doc", "Accept: image/*;q=0.9, text/*;q=0.5"],
  ["types, none acceptable", "/t/doc", "Accept: image/webp"],
  ["types, as a browser asks", "/t/doc", "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["languages, none asked for", "/l/page"],
  ["languages, one asked for", "/l/page", "Accept-Language: de"],
  ["languages, weighed", "/l/page", "Accept-Language: de;q=0.3, en;q=0.7"],
  ["languages, a region", "/l/page", "Accept-Language: en-GB"],
  ["languages, a region of the file", "/l/page", "Accept-Language: pt"],
  ["languages, none acceptable", "/l/page", "Accept-Language: ja"],
  ["languages, a star", "/l/page", "Accept-Language: ja, *;q=0.1"],
  ["languages, refused", "/l/page", "Accept-Language: fr;q=0, de"],
  ["languages, with fallback", "/fallback/page", "Accept-Language: ja"],
  ["languages, without priority", "/none/page"],
  ["languages, by the environment", "/l/page", "X-Prefer: de"],
  ["languages, an unknown one by the environment", "/l/page", "X-Prefer: ja"],
  ["a file without a language beside others", "/m/page", "Accept-Language: ja"],
  ["an extension asked for", "/l/page.html", "Accept-Language: en"],
  ["an extension asked for that comes later", "/l/page.html"],
  ["a language asked for", "/l/page.en"],
  ["encodings, none said", "/e/doc.html"],
  ["encodings, gzip", "/e/doc.html", "Accept-Encoding: gzip"],
  ["encodings, others", "/e/doc.html", "Accept-Encoding: br"],
  ["encodings, no-gzip", "/e/doc.html", "Accept-Encoding: gzip", "X-No-Gzip: 1"],
  ["charsets", "/c/doc", "Accept-Charset: iso-8859-2"],
  ["charsets, none said", "/c/doc"],
  ["charsets, another", "/c/doc", "Accept-Charset: utf-8;q=0.5, iso-8859-2;q=0.2"],
  ["an unknown extension", "/u/file"],
  ["nothing there", "/nothing"],
  ["a directory beside", "/dir"],
  ["MultiViews off", "/off/doc"],
  ["an index by its bare name", "/idx/"],
  ["path info", "/one/more"],
  ["a query", "/one?a=b"],
  ["a 304", "/one", "If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"],
  ["a range", "/one", "Range: bytes=0-2"],
  ["a map", "/map/doc.var"],
  ["a map, by language", "/map/doc.var", "Accept-Language: de"],
  ["a map, none acceptable", "/map/doc.var", "Accept: image/png"],
  ["a map by its bare name", "/map/doc", "Accept-Language: de"],
  ["a map with qualities", "/map/quality.var"],
  ["a map with its content", "/map/body.var", "Accept-Language: de"],
  ["a map that is none", "/map/broken.var"],
  ["a map with a query", "/map/doc.var?x=1"],
];

const variants = ["l/page.html.en", "l/page.html.de", "l/page.html.fr", "l/page.html.pt-br", "t/doc.html", "t/doc.txt"]
  .concat(["t/doc.json", "m/page.html", "m/page.html.de", "c/doc.html.utf8", "c/doc.html.latin2", "u/file.unknown"])
  .concat(["e/doc.html.gz", "one.html", "idx/index.html.en", "idx/index.html.de", "dir.html/x", "map/a.en.html"])
  .concat(["map/a.de.html", "map/b.html", "map/b.txt"]);

export const suite: Suite = {
  name: "content negotiation",
  configuration,
  files: {
    "htdocs/below/page.html.en": "page",
    "htdocs/below/closed.html.en": "closed",
    "htdocs/below/index.html.en": "index",
    ...Object.fromEntries(variants.map((name) => [`htdocs/${name}`, `this is ${name}\n`])),
    "htdocs/e/doc.html.html": "this is plain\n",
    "off/doc.html": "off",
    "htdocs/map/doc.var":
      "# a map\nURI: doc\n\nURI: a.en.html\nContent-Type: text/html\nContent-Language: en\n\n" +
      'URI: a.de.html\nContent-Type: text/html; charset=ISO-8859-1\nContent-Language: de\nDescription: "in German"\n',
    "htdocs/map/quality.var":
      "URI: b.html\nContent-Type: text/html; qs=0.3\n\nURI: b.txt\nContent-Type: text/plain; qs=0.8\n",
    "htdocs/map/body.var":
      "Content-Type: text/html\nContent-Language: en\nBody:----en----\nhello\n----en----\n\n" +
      "Content-Type: text/html\nContent-Language: de\nBody:----de----\nhallo\n----de----\n",
    "htdocs/map/broken.var": "this is no map\n",
  },
  cases: [
    ...rows.map(([name, target, ...headers]): Case => ({ name, target, headers })),
    { name: "an entity tag", target: "/tagged/one", differs: "Apache leaves out the quote at the end of the tag" },
    ...["/below/page/more", "/below/page/", "/below/page", "/below/closed", "/below/closed/more"].map(
      (target): Case => ({ name: `a variant and what is behind it: ${target}`, target }),
    ),
    { name: "an entity tag of an index", target: "/tagged/below/" },
    { name: "HEAD", method: "HEAD", target: "/one" },
    { name: "POST", method: "POST", target: "/one", body: "x" },
    { name: "HTTP/1.0", raw: "GET /l/page HTTP/1.0\r\nHost: www.test\r\n\r\n" },
  ],
};
