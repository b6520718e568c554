// File names to fields: types, charsets, encodings, languages, handlers.
import type { Case, Suite } from "./harness.js";

const configuration = `
DocumentRoot "@ROOT@/htdocs"
AddType text/x-mine .mine mine2
AddType application/x-two.part .two
AddType "text/x-param; charset=koi8-r" .param
AddCharset utf-8 .utf8
AddCharset iso-8859-2 .latin2
AddEncoding gzip .gz
AddEncoding x-compress .Z
AddLanguage de .de
AddLanguage fr .fr
AddLanguage en-GB .en-gb
AddHandler nobody-knows .handled
<Location /default-charset/>
  AddDefaultCharset utf-8
</Location>
<Location /default-charset-on/>
  AddDefaultCharset On
</Location>
<Location /default-charset-off/>
  AddDefaultCharset Off
</Location>
<Location /default-language/>
  DefaultLanguage nl
</Location>
<Location /forced/>
  ForceType text/x-forced
</Location>
<Location /forced-param/>
  ForceType "text/html; charset=utf-8"
</Location>
<Location /forced-none/>
  ForceType None
</Location>
<Location /handler/>
  SetHandler default-handler
</Location>
<Location /handler-none/>
  SetHandler None
</Location>
<Location /handler-unknown/>
  SetHandler nobody-knows-this
</Location>
<Location /removed/>
  RemoveType .mine .html
  RemoveEncoding .gz
  RemoveCharset .utf8
  RemoveLanguage .de
</Location>
<Location /inner/>
  AddType text/x-inner .mine
  AddLanguage es .de
</Location>
<Location /options/>
  ModMimeUsePathInfo On
  AcceptPathInfo On
</Location>
`;

const names: readonly string[] = [
  "a.html",
  "a.txt",
  "a.unknown",
  "noextension",
  ".html",
  "a.",
  "a.HTML",
  "a.mine",
  "a.mine2",
  "a.two",
  "a.param",
  "a.html.utf8",
  "a.utf8.html",
  "a.utf8",
  "a.unknown.utf8",
  "a.html.latin2.utf8",
  "a.html.gz",
  "a.gz",
  "a.gz.html",
  "a.html.Z",
  "a.html.Z.gz",
  "a.unknown.gz",
  "a.html.de",
  "a.de.html",
  "a.html.de.fr",
  "a.html.en-gb",
  "a.html.de.utf8.gz",
  "a.txt.html",
  "a.html.unknown",
  "a.html.unknown.de",
  "a.unknown.html",
  "a..html",
  "html",
  "a.js",
  "a.json.utf8",
  "a.handled",
  "default-charset/a.html",
  "default-charset/a.txt",
  "default-charset/a.css",
  "default-charset/a.js",
  "default-charset/a.json",
  "default-charset/a.html.latin2",
  "default-charset/a.unknown",
  "default-charset/a.param",
  "default-charset-on/a.html",
  "default-charset-off/a.html",
  "default-language/a.html",
  "default-language/a.html.de",
  "default-language/a.unknown",
  "forced/a.html",
  "forced/a.unknown",
  "forced/a.html.utf8",
  "forced/a.html.gz",
  "forced-param/a.txt",
  "forced-none/a.txt",
  "handler/a.html",
  "handler-none/a.handled",
  "handler-unknown/a.html",
  "removed/a.mine",
  "removed/a.html",
  "removed/a.html.gz",
  "removed/a.html.utf8",
  "removed/a.html.de",
  "inner/a.mine",
  "inner/a.mine2",
  "inner/a.html.de",
  "options/a",
];

export const suite: Suite = {
  name: "types of files",
  configuration,
  files: Object.fromEntries(names.map((name) => [`htdocs/${name}`, `${name}\n`])),
  cases: [
    ...names.map((name): Case => ({ name: `sends ${name}`, target: `/${name}` })),
    { name: "takes no type from path info", target: "/a.txt/b.html" },
    { name: "takes a type from path info when told to", target: "/options/a/b.html" },
    { name: "sends a type with ranges", target: "/a.html.de.utf8.gz", headers: ["Range: bytes=0-1,4-5"] },
    { name: "sends no type with 304", target: "/a.html.de.utf8.gz", headers: ["If-None-Match: *"] },
    { name: "sends no encoding with 404", target: "/missing.html.gz" },
    { name: "keeps type and encoding with 412", target: "/a.html.de.utf8.gz", headers: ['If-Match: "x"'] },
    { name: "sends type with OPTIONS", method: "OPTIONS", target: "/a.html.de.utf8.gz" },
    { name: "sends type with HEAD", method: "HEAD", target: "/a.html.de.utf8.gz" },
    { name: "drops type with 416", target: "/a.html.de.utf8.gz", headers: ["Range: bytes=1000-"] },
    { name: "drops type with 405", method: "PUT", target: "/a.html.de.utf8.gz", body: "x" },
  ],
};
