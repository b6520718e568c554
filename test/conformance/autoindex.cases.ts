// Listings of directories: every look, sorting, icons, what is left out, and the files around them.
import type { Case, Suite } from "./harness.js";

const looks: readonly (readonly [name: string, lines: string])[] = [
  ["plain", ""],
  ["fancy", "IndexOptions FancyIndexing"],
  [
    "table",
    'IndexOptions FancyIndexing HTMLTable\nAddDescription "A very long description with <b>bold</b> &amp; more text than fits" long.txt',
  ],
  ["debian", "IndexOptions FancyIndexing VersionSort HTMLTable NameWidth=* DescriptionWidth=* Charset=UTF-8"],
  ["styled", "IndexOptions FancyIndexing HTMLTable AddAltClass\nIndexStyleSheet /s.css\nIndexHeadInsert '<meta a>'"],
  ["xhtml", "IndexOptions FancyIndexing XHTML IconWidth IconHeight=30"],
  ["links", "IndexOptions FancyIndexing IconsAreLinks HTMLTable SuppressRules"],
  ["bare", "IndexOptions FancyIndexing SuppressIcon SuppressLastModified SuppressSize SuppressDescription"],
  ["narrow", "IndexOptions FancyIndexing NameWidth=10 DescriptionWidth=12 SuppressColumnSorting"],
  [
    "wide",
    'IndexOptions FancyIndexing NameWidth=* DescriptionWidth=*\nAddDescription "A very long description with <b>bold</b> &amp; more text than fits" long.txt',
  ],
  ["folders", "IndexOptions FancyIndexing FoldersFirst IgnoreCase\nIndexOrderDefault Descending Size"],
  ["titles", "IndexOptions FancyIndexing ScanHTMLTitles UseOldDateFormat"],
  ["client", "IndexOptions FancyIndexing IgnoreClient Type=application/xhtml+xml"],
  ["tracked", "IndexOptions TrackModified"],
  ["around", "IndexOptions FancyIndexing\nHeaderName HEADER.html\nReadmeName README.txt"],
  ["preamble", "IndexOptions SuppressHTMLPreamble\nHeaderName /parts/head.html\nReadmeName /parts/foot.html"],
  ["signed", "ServerSignature On"],
  ["ignore", "IndexIgnoreReset On\nIndexIgnore *.txt a*.html .."],
  ["pack", "IndexOptions +FancyIndexing -HTMLTable"],
  ["words-behind", "IndexOptions +HTMLTable\nIndexOptions SuppressRules FancyIndexing"],
  ["words-in-front", "IndexOptions FancyIndexing +HTMLTable"],
  ["words-with-signs", "IndexOptions +FancyIndexing\nIndexOptions +HTMLTable -HTMLTable"],
  ["value-behind", "IndexOptions +FancyIndexing\nIndexOptions NameWidth=*"],
  [
    "items-of-a-location",
    "IndexOptions FancyIndexing HTMLTable AddAltClass\nAddIcon /i/t.gif .txt ..\nAddAlt UP ..\nAddAlt DD ^^DIRECTORY^^\nIndexStyleSheet /s.css",
  ],
  ["plain-folders", "IndexOptions FoldersFirst\nIndexOrderDefault Descending Size"],
];

const configuration = `
LoadModule autoindex_module @MODULES@/mod_autoindex.so
DocumentRoot "@ROOT@/htdocs"
AddEncoding x-gzip .gz
AddIconByEncoding (CMP,/icons/compressed.gif) x-gzip
AddIconByType (TXT,/icons/text.gif) text/*
AddIcon /icons/binary.gif .bin
AddIcon /icons/folder.gif ^^DIRECTORY^^
AddIcon /icons/blank.gif ^^BLANKICON^^
AddIcon /icons/back.gif ..
AddAlt "a page" *.html
AddDescription "Numbered" a1 */d/a10*
DefaultIcon /icons/unknown.gif
IndexIgnore .??* *~ HEADER* README*
<Directory "@ROOT@/htdocs">
  Options Indexes
</Directory>
<Directory "@ROOT@/htdocs/forbidden">
  Options -Indexes
</Directory>
<Files secret.txt>
  Require all denied
</Files>
${looks.map(([name, lines]) => `Alias /${name} @ROOT@/htdocs/d\n<Location /${name}>\n${lines}\n</Location>`).join("\n")}
<Directory "@ROOT@/htdocs/placed">
  AllowOverride Indexes
  IndexOptions FancyIndexing HTMLTable
  IndexIgnore x*
  AddIcon /i/text.gif .txt
  AddIcon (UP,/i/up.gif) ..
  AddAlt "a folder" ^^DIRECTORY^^
  <Files "*.bin">
    AddIcon /i/own.gif .bin
  </Files>
</Directory>
<Directory "@ROOT@/htdocs/*/in">
  AddIcon /i/in.gif .txt
  IndexIgnore y*
</Directory>
<DirectoryMatch "/placed/in$">
  AddIcon /i/match.gif .html
</DirectoryMatch>
<Directory "@ROOT@/htdocs/sorted">
  IndexOptions FancyIndexing VersionSort
</Directory>
<Directory "@ROOT@/htdocs/sorted/any">
  IndexOptions IgnoreCase
</Directory>
<Location /shown>
  IndexOptions ShowForbidden
</Location>
Alias /shown @ROOT@/htdocs/d
`;

const queries = [
  "?C=N;O=D",
  "?C=M;O=A",
  "?C=S;O=D",
  "?C=D;O=A",
  "?C=S&O=A",
  "?F=0",
  "?F=1",
  "?F=2;C=S",
  "?V=1",
  "?V=1;C=N;O=D",
].concat(["?P=*.txt", "?P=a*;F=2", "?P=%22%3E", "?P=%zz", "?C=X", "?O=D;C=N;junk;F=2", "?x", "?"]);

const rows: readonly Case[] = [
  ...looks.map(([name]): Case => ({ name: `the look "${name}"`, target: `/${name}/` })),
  ...queries.map((query): Case => ({ name: `the query ${query}`, target: `/fancy/${query}` })),
  ...["?C=N;O=D", "?F=0", "?V=0"].map((query): Case => ({ name: `${query} in a table`, target: `/debian/${query}` })),
  { name: "a query that is not taken", target: "/client/?C=S;O=D" },
  ...["?C=N;O=D", "?C=S;O=D", "?C=M;O=A"].map((query): Case => ({
    name: `${query} in a plain list`,
    target: `/plain-folders/${query}`,
  })),
  { name: "forbidden files shown", target: "/shown/" },
  { name: "HEAD", method: "HEAD", target: "/fancy/" },
  { name: "POST", method: "POST", target: "/fancy/", body: "x" },
  { name: "OPTIONS", method: "OPTIONS", target: "/fancy/" },
  { name: "PUT", method: "PUT", target: "/fancy/", body: "x" },
  { name: "a range", target: "/plain/", headers: ["Range: bytes=0-9"] },
  { name: "the root", target: "/" },
  { name: "a directory with an index", target: "/indexed/" },
  { name: "a directory without Indexes", target: "/forbidden/" },
  { name: "no slash", target: "/fancy" },
  { name: "an empty directory", target: "/empty/" },
  { name: "names that need escapes", target: "/odd/" },
  { name: "items of a directory", target: "/placed/" },
  { name: "items of patterns of directories", target: "/placed/in/" },
  ...[
    "/sorted/?V=1",
    "/sorted/?V=0",
    "/sorted/?C=N;O=D",
    "/sorted/any/",
    "/sorted/any/?V=1",
    "/sorted/any/?V=1;O=D",
  ].map((target): Case => ({ name: `letters and bytes in order: ${target}`, target })),
];

export const suite: Suite = {
  name: "listings",
  configuration,
  files: {
    "htdocs/d/a1.txt": { text: "x".repeat(5), mtime: 1_600_000_000 },
    "htdocs/d/a10.txt": { text: "x".repeat(972), mtime: 1_600_000_100 },
    "htdocs/d/a2.txt": { text: "x".repeat(973), mtime: 1_600_000_200 },
    "htdocs/d/A3.txt": "x".repeat(1024),
    "htdocs/d/b.html": "<html><TITLE>The title\nof b</title>",
    "htdocs/d/c.bin": "x".repeat(10_189),
    "htdocs/d/long.txt": "x".repeat(102_400),
    "htdocs/d/a-name-that-is-very-long-indeed.png": "x".repeat(1536),
    "htdocs/d/z.tar.gz": "x".repeat(2_000_000),
    "htdocs/d/sub/x": "x",
    "htdocs/d/Sub2/x": "x",
    "htdocs/d/.hidden": "x",
    "htdocs/d/backup~": "x",
    "htdocs/d/secret.txt": "x",
    "htdocs/d/link": { link: "a1.txt" },
    "htdocs/d/broken": { link: "nowhere" },
    "htdocs/d/HEADER.html": "<p>in front</p>\n",
    "htdocs/d/README.txt": "a < b & c\n",
    "htdocs/parts/head.html": "<html><body>head",
    "htdocs/parts/foot.html": "foot</body></html>",
    "htdocs/indexed/index.html": "the index",
    "htdocs/forbidden/x": "x",
    "htdocs/empty": { folder: true },
    "htdocs/placed/.htaccess": "IndexIgnore q*\nAddIcon /i/file.gif .html\n",
    ...Object.fromEntries(
      ["x1", "y1", "q1", "a.txt", "a.html", "a.bin"].flatMap((name) => [
        [`htdocs/placed/${name}`, "x"],
        [`htdocs/placed/in/${name}`, "x"],
      ]),
    ),
    ...Object.fromEntries(
      ["a_b", "aXb", "axc", "a1b", "A01b", "a10", "b.html", "b\u00e9.txt", "\u00c9a", "07", "7x", "0a"].flatMap(
        (name) => [
          [`htdocs/sorted/${name}`, "x"],
          [`htdocs/sorted/any/${name}`, "x"],
        ],
      ),
    ),
    "htdocs/odd/a b.txt": "x",
    "htdocs/odd/a&b<c>.txt": "x",
    'htdocs/odd/q"uote.txt': "x",
    "htdocs/odd/c:d.txt": "x",
    "htdocs/odd/p%41.txt": "x",
    "htdocs/odd/h#?.txt": "x",
  },
  cases: rows,
};
