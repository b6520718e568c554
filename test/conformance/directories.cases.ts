// URLs of folders: DirectorySlash, DirectoryIndex, FallbackResource.
import type { Case, Suite } from "./harness.js";

const configuration = `
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@/htdocs/two">
  DirectoryIndex first.html second.html
</Directory>
<Directory "@ROOT@/htdocs/added">
  DirectoryIndex first.html
  DirectoryIndex second.html
</Directory>
<Directory "@ROOT@/htdocs/site-path">
  DirectoryIndex missing.html /plain/index.html
</Directory>
<Directory "@ROOT@/htdocs/disabled">
  DirectoryIndex disabled
</Directory>
<Directory "@ROOT@/htdocs/denied-index">
  DirectoryIndex denied.html second.html
  <Files denied.html>
    Require all denied
  </Files>
</Directory>
<Directory "@ROOT@/htdocs/denied-only">
  DirectoryIndex denied.html missing.html
  <Files denied.html>
    Require all denied
  </Files>
</Directory>
<Directory "@ROOT@/htdocs/no-slash">
  DirectorySlash Off
</Directory>
<Directory "@ROOT@/htdocs/redirect">
  DirectoryIndexRedirect On
</Directory>
<Directory "@ROOT@/htdocs/redirect-seen">
  DirectoryIndexRedirect seeother
</Directory>
<Directory "@ROOT@/htdocs/app">
  FallbackResource /app/front.html
</Directory>
<Directory "@ROOT@/htdocs/app/plain">
  FallbackResource disabled
</Directory>
<Directory "@ROOT@/htdocs/lost">
  FallbackResource /lost/missing.html
</Directory>
<Directory "@ROOT@/htdocs/outer">
  DirectoryIndex first.html
</Directory>
<Directory "@ROOT@/htdocs/outer/inner">
  DirectoryIndex second.html
</Directory>
<Directory "@ROOT@/htdocs/sub-index">
  DirectoryIndex deep/first.html
</Directory>
<Directory "@ROOT@/htdocs/folder-index">
  DirectoryIndex deep second.html
</Directory>
LoadModule autoindex_module @MODULES@/mod_autoindex.so
<Directory "@ROOT@/htdocs/handled">
  Options Indexes
  SetHandler default-handler
</Directory>
<Directory "@ROOT@/htdocs/handled/checked">
  DirectoryCheckHandler On
</Directory>
<Directory "@ROOT@/htdocs/handled/hidden">
  Options -Indexes
</Directory>
`;

const targets: readonly (readonly [name: string, target: string])[] = [
  ["serves the default index", "/plain/"],
  ["adds the slash", "/plain"],
  ["adds the slash and keeps the query", "/plain?a=b&c"],
  ["adds the slash and escapes the path", "/sp%20ace"],
  ["adds the slash and escapes what HTML asks for", "/a&b%3cc"],
  ["adds the slash and keeps bytes above 127 escaped", "/caf%c3%a9"],
  ["escapes a semicolon and the like in the redirect", "/semi%3bcolon%3d%2c+"],
  ["merges slashes in front of a redirect", "//plain"],
  ["refuses a folder without index", "/empty/"],
  ["prefers the first name", "/two/"],
  ["adds names of a second line", "/added/"],
  ["takes an index by a site path", "/site-path/"],
  ["serves no index when disabled", "/disabled/"],
  ["passes over an index that is denied", "/denied-index/"],
  ["answers with the refusal when nothing else is there", "/denied-only/"],
  ["leaves the slash out with DirectorySlash Off", "/no-slash"],
  ["serves the index with DirectorySlash Off", "/no-slash/"],
  ["redirects to the index", "/redirect/?q=1"],
  ["redirects to the index with a status", "/redirect-seen/"],
  ["replaces names in an inner folder", "/outer/inner/"],
  ["takes names of the outer folder elsewhere", "/outer/other/"],
  ["takes an index in a folder below", "/sub-index/"],
  ["does not take a folder as index", "/folder-index/"],
  ["serves the fallback for a missing file", "/app/missing/deep?x=1"],
  ["serves the fallback for a missing name in the folder", "/app/missing"],
  ["serves a file that is there", "/app/there.txt"],
  ["serves the fallback for a folder without index", "/app/folder/"],
  ["adds the slash beside a fallback", "/app/folder"],
  ["has no fallback where it is disabled", "/app/plain/missing"],
  ["answers 404 when the fallback is missing", "/lost/any"],
  ["answers 404 for path info behind a file", "/plain/index.html/more"],
  ["answers 404 for a slash behind a file", "/plain/index.html/"],
  ["answers the folder at the root", "/"],
  ["lists nothing where files have a handler", "/handled/"],
  ["adds the slash where files have a handler", "/handled"],
  ["leaves a folder to its handler", "/handled/checked/"],
  ["serves the index by a handler", "/handled/index/"],
  ["answers 404 for a folder whose handler serves files", "/handled/hidden/"],
];

const others: readonly Case[] = [
  { name: "adds the slash for POST", method: "POST", target: "/plain", body: "x" },
  { name: "adds the slash for HEAD", method: "HEAD", target: "/plain" },
  { name: "adds the slash for DELETE", method: "DELETE", target: "/plain" },
  { name: "adds the slash for OPTIONS", method: "OPTIONS", target: "/plain" },
  { name: "answers OPTIONS of an index", method: "OPTIONS", target: "/plain/" },
  { name: "answers OPTIONS of a folder without index", method: "OPTIONS", target: "/empty/" },
  { name: "answers PUT of an index", method: "PUT", target: "/plain/", body: "x" },
  { name: "answers POST of an index", method: "POST", target: "/plain/", body: "x" },
  { name: "answers HEAD of an index", method: "HEAD", target: "/plain/" },
  { name: "weighs conditions for an index", target: "/plain/", headers: ['If-None-Match: "6-6176339d93000"'] },
  { name: "answers POST of a fallback", method: "POST", target: "/app/missing", body: "x" },
  { name: "answers PUT of a fallback", method: "PUT", target: "/app/missing", body: "x" },
];

export const suite: Suite = {
  name: "folders",
  configuration,
  files: {
    "htdocs/plain/index.html": "plain\n",
    "htdocs/handled/a.txt": "a",
    "htdocs/handled/checked/index.html": "checked\n",
    "htdocs/handled/index/index.html": "index\n",
    "htdocs/handled/hidden/a.txt": "a",
    "htdocs/sp ace/index.html": "space\n",
    "htdocs/a&b<c/index.html": "markup\n",
    "htdocs/caf\u00e9/index.html": "cafe\n",
    "htdocs/semi;colon=,+/index.html": "signs\n",
    "htdocs/empty/a.txt": "a",
    "htdocs/two/second.html": "second\n",
    "htdocs/two/first.html": "first\n",
    "htdocs/added/second.html": "second\n",
    "htdocs/site-path/a.txt": "a",
    "htdocs/disabled/index.html": "index\n",
    "htdocs/denied-index/denied.html": "denied\n",
    "htdocs/denied-index/second.html": "second\n",
    "htdocs/denied-only/denied.html": "denied\n",
    "htdocs/no-slash/index.html": "index\n",
    "htdocs/redirect/index.html": "index\n",
    "htdocs/redirect-seen/index.html": "index\n",
    "htdocs/app/front.html": "front\n",
    "htdocs/app/there.txt": "there\n",
    "htdocs/app/folder/a.txt": "a",
    "htdocs/app/plain/a.txt": "a",
    "htdocs/lost/a.txt": "a",
    "htdocs/outer/inner/first.html": "first\n",
    "htdocs/outer/inner/second.html": "second\n",
    "htdocs/outer/other/first.html": "other\n",
    "htdocs/sub-index/deep/first.html": "deep\n",
    "htdocs/folder-index/deep/first.html": "deep\n",
    "htdocs/folder-index/second.html": "second\n",
  },
  cases: [...targets.map(([name, target]): Case => ({ name, target })), ...others],
};
