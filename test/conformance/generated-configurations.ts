// Sites that nobody would configure, from a seed → one configuration, its files, and requests for each site.
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";

/** A request to a site. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A virtual host: its lines, its .htaccess files, and what is asked of it. */
export interface Site {
  readonly lines: readonly string[];
  /** By folder below the site. */
  readonly htaccess: Readonly<Record<string, readonly string[]>>;
  readonly asked: readonly Asked[];
}

type Lines = fc.Arbitrary<readonly string[]>;

const one = (...choices: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...choices);

/** A line of parts, each a text or one of several. */
function line(...parts: readonly (string | fc.Arbitrary<string>)[]): Lines {
  const all = parts.map((part) => (typeof part === "string" ? fc.constant(part) : part));
  return fc.tuple(...all).map((words) => [words.filter((word) => word !== "").join(" ")]);
}

const several = (of: Lines, minLength: number, maxLength: number): Lines =>
  fc.array(of, { minLength, maxLength }).map((all) => all.flat());

const section = (opening: fc.Arbitrary<string>, inner: Lines): Lines =>
  fc
    .tuple(opening, inner)
    .map(([open, lines]) => [`<${open}>`, ...lines.map((each) => `  ${each}`), `</${open.split(" ")[0] ?? ""}>`]);

const condition = one(
  `"%{REQUEST_URI} =~ m#/sub#"`,
  `"req('X-A') == 'one'"`,
  `"%{QUERY_STRING} == 'q=1'"`,
  `"-n reqenv('GOOD')"`,
  `"%{REQUEST_METHOD} != 'GET'"`,
  `"%{REQUEST_FILENAME} =~ /html$/"`,
  `"-f %{REQUEST_FILENAME}"`,
  "true",
);

// What is valid in every section and in .htaccess files.

const require = one(
  ...["all granted", "all granted", "all denied", "env GOOD", "method GET HEAD", "ip 127.0.0.1", "ip 10.0.0.0/8"],
  ...["local", "not env GOOD", `expr ${"%{QUERY_STRING} != 'q=2'"}`, "env BAD GOOD"],
).map((what) => [
  what.startsWith("not") ? `<RequireAll>\n  Require all granted\n  Require ${what}\n</RequireAll>` : `Require ${what}`,
]);
const access = fc.oneof(
  { weight: 4, arbitrary: require },
  { weight: 1, arbitrary: section(one("RequireAny", "RequireAll"), several(require, 1, 3)) },
);

const fieldName = one("X-One", "X-Two", "X-Three", "Vary", "Cache-Control");
const where = one("", "always", "onsuccess");
const when = one("", "", "", "env=GOOD", "env=!GOOD", `"expr=%{REQUEST_STATUS} == 404"`, `"expr=req('X-A') == 'two'"`);
const header = fc.oneof(
  line(
    "Header",
    where,
    one("set", "append", "add", "merge", "setifempty"),
    fieldName,
    one("a", "b", `"c, d"`, "%{GOOD}e", `"expr=%{REQUEST_URI}"`),
    when,
  ),
  line("Header", where, "unset", fieldName, when),
  // Not Vary, which says once here what Apache says each time it asks a condition.
  line("Header", where, one("edit", "edit*"), one("X-One", "X-Two"), one("a", "^(.)", "[bc]"), one("z", "<$0>"), when),
  line("Header echo", one("^X-A$", "X-")),
  line("RequestHeader", one("set", "append", "setifempty"), "X-A", one("one", "two")),
  line("RequestHeader unset X-A"),
);

const types = fc.oneof(
  line(
    one("AddType text/x-added", "AddCharset utf-8", "AddLanguage de", "AddEncoding x-zip"),
    one(".txt", ".html", "html txt", ".x"),
  ),
  line("ForceType", one("text/x-forced", "None", "text/html")),
  line(one("RemoveType", "RemoveCharset", "RemoveLanguage", "RemoveEncoding"), one(".txt", ".html", ".x")),
  line("AddDefaultCharset", one("On", "Off", "iso-8859-2")),
  line("DefaultLanguage en"),
);

const documents = fc.oneof(
  line(
    "ErrorDocument",
    one("404", "403", "500", "410"),
    one(`"in words"`, "/err.html", "/none", "http://other.test/x", "default", "/sub/"),
  ),
  line("DirectoryIndex", one("a.txt", "none.html page.html", "disabled", "start.html index.html", "/err.html", "deep")),
  line("DirectorySlash", one("On", "Off")),
  line("DirectoryCheckHandler", one("On", "Off")),
  line("DirectoryIndexRedirect", one("on", "off", "303")),
  line("FallbackResource", one("/page.html", "disabled", "/none")),
);

const environment = fc.oneof(
  line(
    one("SetEnvIf", "SetEnvIfNoCase"),
    one("X-A", "Request_URI", "Request_Method", "Remote_Addr", "^X"),
    one("one", "^/sub", "T$", "ONE", "."),
    one("GOOD", "GOOD=of$0", "!GOOD", "BAD"),
  ),
  line("SetEnv", one("GOOD", "BAD"), one("1", "set")),
  line("UnsetEnv GOOD"),
  fc.tuple(condition, one("GOOD", "GOOD=expr")).map(([of, what]) => [`SetEnvIfExpr ${of} ${what}`]),
);

// Once in a section: Apache forgets a word that one section takes away and gives again.
const options = line(
  "Options",
  one(
    "+Indexes",
    "-Indexes",
    "+MultiViews",
    "FollowSymLinks",
    "None",
    "Indexes FollowSymLinks",
    "-FollowSymLinks",
    "All",
    "+SymLinksIfOwnerMatch",
  ),
);

const rewriteFlags = one(
  ...[
    "",
    "",
    "[L]",
    "[R=302]",
    "[R=301,L]",
    "[F]",
    "[G]",
    "[QSA]",
    "[END]",
    "[E=GOOD:rw]",
    "[R=404]",
    "[NC,L]",
    "[S=1]",
    "[C]",
  ],
  ...["[T=text/x-rw]", "[QSD,R]", "[NE,R]", "[B,R]", "[PT]", "[DPI]", "[R=307,NE,QSA]"],
);
const rewriteCondition = line(
  "RewriteCond",
  one(
    "%{QUERY_STRING}",
    "%{REQUEST_FILENAME}",
    "%{HTTP:X-A}",
    "%{ENV:GOOD}",
    "%{REQUEST_URI}",
    "%{REQUEST_METHOD}",
    "%{ENV:REDIRECT_STATUS}",
  ),
  one("^q=(.)", "!-f", "-d", "=one", "!=one", "^$", "^/sub", "GET", "!^GET$"),
  one("", "", "[NC]", "[OR]"),
);
const rewriteRule = (patterns: readonly string[], substitutions: readonly string[]): Lines =>
  fc
    .tuple(several(rewriteCondition, 0, 2), line("RewriteRule", one(...patterns), one(...substitutions), rewriteFlags))
    .map(([conditions, rule]) => [...conditions, ...rule]);
const rewriteHere = fc.oneof(
  {
    weight: 3,
    arbitrary: rewriteRule(
      ["^a\\.txt$", "^(.*)$", "^sub/(.*)", "(.+)/$", "^none", "^rw/(.*)$", "\\.txt$"],
      [
        "-",
        "page.html",
        "/page.html",
        "$1",
        "/sub/$1",
        "sub/deep/b.txt",
        "page.html?from=$1",
        "http://other.test/$1",
        "none?x=%1",
      ],
    ),
  },
  { weight: 1, arbitrary: line("RewriteBase", one("/", "/sub/", "/elsewhere")) },
  {
    weight: 1,
    arbitrary: line("RewriteOptions", one("Inherit", "InheritBefore", "AllowNoSlash", "MergeBase", "IgnoreInherit")),
  },
);
const rewriteServer = fc.oneof(
  {
    weight: 4,
    arbitrary: rewriteRule(
      ["^/a\\.txt$", "^/rw/(.*)$", "^/sub/(.*)", "^/none", "^(.*)/$", "\\.html$"],
      [
        "-",
        "/page.html",
        "/sub/$1",
        "/$1",
        "/al/o.txt",
        "@SITE@/a.txt",
        "/page.html?from=$1",
        "http://other.test/$1",
        "/sub/?x=%1",
      ],
    ),
  },
  { weight: 1, arbitrary: line("RewriteOptions", one("Inherit", "InheritBefore", "InheritDown")) },
);
const withEngine = (rules: Lines): Lines =>
  fc.tuple(one("On", "On", "On", "Off"), several(rules, 1, 3)).map(([on, lines]) => [`RewriteEngine ${on}`, ...lines]);

const target = one("/new", "http://other.test/n", "/page.html");
const redirectHere = fc.oneof(
  line("Redirect", one("301", "302", "temp", "seeother"), target),
  line("Redirect", one("404", "410", "gone")),
);
const redirectPaths = fc.oneof(
  line("Redirect", one("", "301", "permanent", "307"), one("/old", "/sub/deep", "/none"), target),
  line("Redirect", one("410", "gone", "403"), one("/old", "/sub/a.txt")),
  line(
    "RedirectMatch",
    one("", "303", "308"),
    one("^/old/(.*)$", "(.*)\\.gone$", "/sub/(.)"),
    one("/new/$1", "http://other.test/$0"),
  ),
  line("RedirectMatch 404", one("^/sub/deep", "\\.txt$")),
);

const limited = section(
  one("Limit GET", "Limit POST DELETE", "LimitExcept GET", "LimitExcept POST OPTIONS", "Limit HEAD"),
  several(access, 1, 2),
);

/** Lines that say anything in a section whose kind they do not ask for. */
const anywhere: Lines = fc.oneof(
  { weight: 5, arbitrary: access },
  { weight: 4, arbitrary: header },
  { weight: 3, arbitrary: types },
  { weight: 3, arbitrary: documents },
  { weight: 3, arbitrary: environment },
);
const inSection: Lines = fc.oneof({ weight: 6, arbitrary: anywhere }, { weight: 1, arbitrary: limited });
const conditional = (inner: Lines): Lines =>
  fc
    .tuple(
      section(
        condition.map((of) => `If ${of}`),
        several(inner, 1, 3),
      ),
      fc.oneof(
        { weight: 2, arbitrary: fc.constant<readonly string[]>([]) },
        {
          weight: 1,
          arbitrary: section(
            condition.map((of) => `ElseIf ${of}`),
            several(inner, 1, 2),
          ),
        },
      ),
      fc.oneof(
        { weight: 2, arbitrary: fc.constant<readonly string[]>([]) },
        { weight: 1, arbitrary: section(one("Else"), several(inner, 1, 2)) },
      ),
    )
    .map((parts) => parts.flat());
const withIf: Lines = fc.oneof({ weight: 5, arbitrary: inSection }, { weight: 1, arbitrary: conditional(inSection) });

const fileNames = one(
  ...[
    `Files "*.txt"`,
    `Files "a.*"`,
    `Files "index.html"`,
    `FilesMatch "\\.html?$"`,
    `FilesMatch "^(?<WHAT>[ab])\\."`,
    `Files "page*"`,
    `FilesMatch "."`,
  ],
);
const filesSection = section(fileNames, several(withIf, 2, 4));

const inFolder: Lines = fc.oneof(
  { weight: 1, arbitrary: line("AuthMerging", one("And", "Or", "Off")) },
  { weight: 6, arbitrary: withIf },
  { weight: 1, arbitrary: filesSection },
  { weight: 1, arbitrary: withEngine(rewriteHere) },
  { weight: 1, arbitrary: redirectPaths },
);
const override = line(
  "AllowOverride",
  one(
    "All",
    "All",
    "None",
    "FileInfo",
    "AuthConfig",
    "Limit FileInfo",
    "Indexes",
    "Options=Indexes FileInfo",
    "Options AuthConfig Indexes",
    "Nonfatal=Override FileInfo",
    "Nonfatal=Unknown AuthConfig",
  ),
);
const directory = section(
  one(
    "Directory @SITE@",
    "Directory @SITE@/sub",
    "Directory @SITE@/sub/",
    "Directory @SITE@/*/deep",
    "DirectoryMatch /sub/",
    "Directory @OTHER@",
    "Directory ~ deep$",
    "Directory @SITE@/link",
  ),
  fc.tuple(several(inFolder, 2, 5), several(override, 0, 1), several(options, 0, 1)).map((parts) => parts.flat()),
);
const location = section(
  one(
    "Location /",
    "Location /sub",
    "Location /sub/",
    "LocationMatch ^/sub/(?<WHAT>[^/]+)",
    "Location /al",
    "Location /none",
    "Location /*/deep",
    "Location ~ txt$",
    "Location /page",
  ),
  several(fc.oneof({ weight: 8, arbitrary: withIf }, { weight: 1, arbitrary: redirectHere }), 1, 4),
);
const alias = fc.oneof(
  line("Alias", one("/al", "/sub/al", "/none"), "@OTHER@"),
  line("Alias /al/", "@OTHER@/"),
  line("AliasMatch", one("^/al/(.*)", "^/(.*)\\.alias$"), "@OTHER@/$1"),
  section(one("Location /al", "Location /sub/deep"), line("Alias", "@OTHER@")),
);

const ofHost: Lines = fc.oneof(
  { weight: 6, arbitrary: directory },
  { weight: 5, arbitrary: location },
  { weight: 2, arbitrary: filesSection },
  { weight: 2, arbitrary: conditional(inSection) },
  { weight: 2, arbitrary: alias },
  { weight: 2, arbitrary: redirectPaths },
  { weight: 3, arbitrary: withEngine(rewriteServer) },
  { weight: 4, arbitrary: fc.oneof(header, types, documents, environment) },
);

const folders = ["", "sub", "sub/deep"] as const;
const ofHtaccess = several(
  fc.oneof({ weight: 12, arbitrary: inFolder }, { weight: 1, arbitrary: line(one("Nonsense", "AllowOverride All")) }),
  1,
  4,
);

const asked: fc.Arbitrary<Asked> = fc.record({
  method: one(..."GET GET GET GET GET GET GET GET GET HEAD HEAD POST POST OPTIONS DELETE".split(" ")),
  target: fc
    .tuple(
      one(
        ...[
          "/",
          "/a.txt",
          "/sub",
          "/sub/",
          "/sub/a.txt",
          "/sub/deep",
          "/sub/deep/",
          "/sub/deep/b.txt",
          "/page.html",
          "/page",
        ],
        ...[
          "/none",
          "/sub/none",
          "/none/",
          "/al",
          "/al/",
          "/al/o.txt",
          "/old",
          "/old/x%20y",
          "/rw/a.txt",
          "/rw/sub/",
          "/link/o.txt",
        ],
        ...[
          "/a.txt/info",
          "//sub//a.txt",
          "/sub/../page.html",
          "/%61.txt",
          "/.htaccess",
          "/x.gone",
          "/o.txt.alias",
          "/sub/al/o.txt",
        ],
      ),
      one("", "", "", "?q=1", "?q=2"),
    )
    .map((parts) => parts.join("")),
  headers: fc.constantFrom({}, { "X-A": "one" }, { "X-A": "two" }),
});

const site: fc.Arbitrary<Site> = fc.record({
  lines: several(ofHost, 4, 9),
  htaccess: fc
    .tuple(
      ...folders.map((folder) =>
        fc.option(ofHtaccess, { freq: 3, nil: undefined }).map((lines) => [folder, lines] as const),
      ),
    )
    .map((all) => Object.fromEntries(all.flatMap(([folder, lines]) => (lines ? [[folder, lines]] : [])))),
  asked: fc.array(asked, { minLength: 20, maxLength: 20 }),
});

/** Sites, the same ones for the same seed. */
export const sitesOf = (seed: number, count: number): readonly Site[] => fc.sample(site, { seed, numRuns: count });

const files: Readonly<Record<string, string>> = {
  "site/index.html": "index\n",
  "site/a.txt": "a\n",
  "site/page.html": "page\n",
  "site/err.html": "lost\n",
  "site/sub/index.html": "index of sub\n",
  "site/sub/a.txt": "a of sub\n",
  "site/sub/deep/b.txt": "b\n",
  "site/sub/deep/page.html": "page of deep\n",
  "other/o.txt": "o\n",
  "other/index.html": "index of other\n",
};

/** Where site `index` lies below the root. */
const placed = (text: string, index: number, root: string): string =>
  text.replaceAll("@SITE@", `${root}/sites/${index}/site`).replaceAll("@OTHER@", `${root}/sites/${index}/other`);

const fileTime = 1_714_564_800;

/** Writes the files of every site. */
export function writeSites(root: string, sites: readonly Site[]): void {
  for (const [index, { htaccess }] of sites.entries()) {
    const all = Object.entries(htaccess).map(([folder, lines]) => [
      join("site", folder, ".htaccess"),
      `${placed(lines.join("\n"), index, root)}\n`,
    ]);
    for (const [name = "", text = ""] of [...Object.entries(files), ...all]) {
      const path = join(root, "sites", String(index), name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      utimesSync(path, fileTime, fileTime);
    }
    symlinkSync("../other", `${root}/sites/${index}/site/link`);
  }
}

const loaded = ["rewrite", "headers", "setenvif", "autoindex", "negotiation"];

/** The configuration of all sites, for both servers. */
export function configurationOf(root: string, sites: readonly Site[]): string {
  return `${loaded.map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so`).join("\n")}
LogLevel crit
KeepAliveTimeout 60
MaxKeepAliveRequests 0
AddType text/plain .txt
AddType text/html .html
Header always set X-Main main
SetEnvIf X-A two GOOD=main
RewriteEngine On
RewriteRule ^/rw/main - [F]
<Directory />
  Require all denied
</Directory>
<Directory @ROOT@/sites>
  Require all granted
  AllowOverride All
  Options FollowSymLinks
</Directory>
${sites.map((each, index) => hostOf(each, index, root)).join("")}`;
}

const hostOf = ({ lines }: Site, index: number, root: string): string =>
  `<VirtualHost 127.0.0.1:@PORT@>
  ServerName s${index}.test
  DocumentRoot ${root}/sites/${index}/site
${lines.map((each) => `  ${placed(each, index, root)}\n`).join("")}</VirtualHost>
`;

/** A site as one reads it. */
export const shownSite = ({ lines, htaccess }: Site): string =>
  [...lines, ...Object.entries(htaccess).flatMap(([folder, inner]) => [`# ${folder}/.htaccess`, ...inner])].join("\n");
