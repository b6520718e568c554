// MultiviewsMatch in each form, ModMimeUsePathInfo, and type maps of odd shapes.
import type { Case, FileSpec, Suite } from "./harness.js";

const kinds = ["NegotiatedOnly", "Any", "Filters", "Handlers", "Handlers Filters"];
const folderOf = (kind: string): string => kind.replace(" ", "-").toLowerCase();

const configuration = `
LoadModule negotiation_module @MODULES@/mod_negotiation.so
LoadModule include_module @MODULES@/mod_include.so
LoadModule asis_module @MODULES@/mod_asis.so
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
<Directory "@ROOT@/htdocs">
  Options +MultiViews +Includes
  AllowOverride All
  AddLanguage en .en
  AddLanguage de .de
  AddCharset utf-8 .utf8
  AddEncoding x-gzip .gz
  AddOutputFilter INCLUDES .inc
  AddHandler send-as-is .asis
  AddHandler type-map .var
</Directory>
<Directory "@ROOT@/htdocs/info">
  ModMimeUsePathInfo On
  AcceptPathInfo On
</Directory>
<Directory "@ROOT@/htdocs/no-info">
  AcceptPathInfo On
</Directory>
${kinds.map((kind) => `<Directory "@ROOT@/htdocs/${folderOf(kind)}">\n  MultiviewsMatch ${kind}\n</Directory>\n`).join("")}`;

const files: Record<string, FileSpec> = {
  "htdocs/data.html": "data\n",
  "htdocs/below/.htaccess": "MultiviewsMatch Any\n",
  "htdocs/below/page.html.odd": "odd\n",
  "htdocs/info/plain": "no type\n",
  "htdocs/no-info/plain": "no type\n",
  "htdocs/maps/alone.var": "URI: ../data.html\nContent-Type: text/html\n",
  "htdocs/maps/blank-lines.var":
    "\n\n\nURI: ../data.html\nContent-Type: text/html\n\n\n\nURI: none.de.html\nContent-Type: text/html\nContent-Language: de\n",
  "htdocs/maps/comments.var": "# a map\nURI: ../data.html # here\nContent-Type: text/html; qs=0.5 # type\n",
  "htdocs/maps/folded.var": "URI: ../data.html\nContent-Type: text/html;\n qs=0.5;\n\tlevel=2\n",
  "htdocs/maps/no-type.var": "URI: ../data.html\n",
  "htdocs/maps/no-uri.var": "Content-Type: text/html\n",
  "htdocs/maps/colonless.var": "URI ../data.html\n",
  "htdocs/maps/unknown.var": "URI: ../data.html\nContent-Type: text/html\nX-Unknown: y\nDescription: some\n",
  "htdocs/maps/body.var":
    "Content-Type: text/html\nContent-Language: en\nBody:----end----\n<b>in the map</b>\n----end----\n\nContent-Type: text/plain\nContent-Language: de\nBody:----end----\nim Plan\n----end----\n",
  "htdocs/maps/open-body.var": "Content-Type: text/html\nBody:----end----\n<b>no end</b>\n",
  "htdocs/maps/lengths.var":
    "URI: ../data.html\nContent-Type: text/html; qs=0.9\nContent-Length: 5\n\nURI: data.txt\nContent-Type: text/plain; qs=0.9\nContent-Length: 3\n",
  "htdocs/maps/data.txt": "ab\n",
  "htdocs/maps/encoded.var":
    "URI: ../data.html\nContent-Type: text/html\n\nURI: data.txt\nContent-Type: text/plain\nContent-Encoding: x-gzip\n",
  "htdocs/maps/outside.var": "URI: ../../../../../etc/passwd\nContent-Type: text/plain\n",
  "htdocs/maps/absolute.var": "URI: /data.html\nContent-Type: text/html\n",
  "htdocs/maps/whole.var": "URI: http://elsewhere.test/\nContent-Type: text/html\n",
  "htdocs/maps/empty.var": "",
};
for (const kind of kinds) {
  const folder = `htdocs/${folderOf(kind)}`;
  files[`${folder}/filtered.html.inc`] = 'filtered <!--#echo var="DOCUMENT_NAME" -->\n';
  files[`${folder}/handled.asis`] = "Content-Type: text/plain\n\nas it is\n";
  files[`${folder}/both.html.inc.asis`] = "Content-Type: text/plain\n\nboth\n";
  files[`${folder}/unknown.html.bak`] = "unknown\n";
  files[`${folder}/unknown-first.bak.html`] = "unknown first\n";
  files[`${folder}/only-unknown.xyz`] = "only unknown\n";
  files[`${folder}/lang.html.en`] = "english\n";
  files[`${folder}/lang.html.de.utf8`] = "deutsch\n";
  files[`${folder}/lang.html.fr`] = "unknown language\n";
  files[`${folder}/mixed.html`] = "html\n";
  files[`${folder}/mixed.bak`] = "bak\n";
  files[`${folder}/mixed.html.inc`] = "inc\n";
}

const names = [
  ..."filtered handled both unknown unknown-first only-unknown lang mixed mixed.html unknown.html filtered.html".split(
    " ",
  ),
  "none",
];

export const suite: Suite = {
  name: "MultiviewsMatch",
  configuration,
  files,
  // Apache leaves out the quote at the end of these tags.
  masks: [[/^(ETag: "[^"\n]*;[^"\n]*)"?$/gm, '$1"']],
  cases: [
    ...kinds.flatMap((kind) =>
      names.map((name): Case => {
        const target = `/${folderOf(kind)}/${name}`;
        const differs = target === "/any/both" || target === "/handlers-filters/both";
        return {
          ...{ name: target, target, headers: ["Accept-Language: de"] },
          ...(differs
            ? { differs: "a page is sent as it comes, in chunks; Apache holds all of a small one back" }
            : {}),
        };
      }),
    ),
    ...["/below/page", "/below/page.html", "/info/plain/a.html", "/info/plain/a.html.gz", "/info/plain/x.en.txt"].map(
      (target): Case => ({ name: target, target }),
    ),
    ...["/no-info/plain/a.html", "/no-info/plain/a.html.gz", "/data/x.txt", "/data/"].map((target): Case => ({
      name: target,
      target,
    })),
    ...Object.keys(files)
      .filter((name) => name.startsWith("htdocs/maps/"))
      .flatMap((name): Case[] => {
        const target = name.slice("htdocs".length);
        return [
          { name: target, target },
          { name: `${target} in German, packed`, target, headers: ["Accept-Language: de", "Accept-Encoding: gzip"] },
        ];
      }),
  ],
};
