// .htaccess files: which are read, what they may hold, and what they are laid over.
import { daemonGroup, variablesApplication } from "./dump-application.js";
import type { Case, FileSpec, Suite } from "./harness.js";

const configuration = `${daemonGroup}
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule access_compat_module @MODULES@/mod_access_compat.so
DocumentRoot "@ROOT@/www"
<Directory "@ROOT@">
  Options None +ExecCGI
  AddHandler wsgi-script .wsgi
</Directory>
<Directory "@ROOT@/www">
  Options FollowSymLinks ExecCGI
  AllowOverride None
</Directory>
<Directory "@ROOT@/www/all">
  AllowOverride All
  SetEnv S_ORDER directory
  SetEnv S_DIRECTORY yes
</Directory>
<Directory "@ROOT@/www/all/deep">
  SetEnv S_DEEP directory
</Directory>
<DirectoryMatch "/www/all/match">
  SetEnv S_ORDER match
</DirectoryMatch>
<Directory "@ROOT@/www/all/closed-below/none">
  AllowOverride None
</Directory>
<Files "files.wsgi">
  SetEnv S_FILES main
  SetEnv S_FILES_OUTER main
</Files>
<Location "/all/location">
  SetEnv S_ORDER location
</Location>
<Directory "@ROOT@/www/auth"> 
  AllowOverride AuthConfig
</Directory>
<Directory "@ROOT@/www/info"> 
  AllowOverride FileInfo
</Directory>
<Directory "@ROOT@/www/indexes"> 
  AllowOverride Indexes
</Directory>
<Directory "@ROOT@/www/limit"> 
  AllowOverride Limit
</Directory>
<Directory "@ROOT@/www/options"> 
  AllowOverride Options
</Directory>
<Directory "@ROOT@/www/some-options"> 
  AllowOverride Options=Indexes,MultiViews,IncludesNOEXEC
</Directory>
<Directory "@ROOT@/www/some-options/all"> 
  AllowOverride All
</Directory>
<Directory "@ROOT@/www/list"> 
  AllowOverride None
  AllowOverrideList Redirect redirectmatch ErrorDocument
</Directory>
<Directory "@ROOT@/www/list/and-class"> 
  AllowOverride Indexes
</Directory>
<Directory "@ROOT@/www/list/none"> 
  AllowOverrideList None
</Directory>
<Directory "@ROOT@/www/nonfatal-override"> 
  AllowOverride Indexes Nonfatal=Override
</Directory>
<Directory "@ROOT@/www/nonfatal-unknown"> 
  AllowOverride FileInfo Nonfatal=Unknown
</Directory>
<Directory "@ROOT@/www/nonfatal-all"> 
  AllowOverride Nonfatal=All
</Directory>
<Directory "@ROOT@/www/all-after"> 
  AllowOverride Nonfatal=All All
</Directory>
<VirtualHost *:@PORT2@>
  DocumentRoot "@ROOT@/www"
  AccessFileName .first .second .htaccess
</VirtualHost>
Listen 127.0.0.1:@PORT2@
`;

interface Try {
  readonly name: string;
  readonly folder: string;
  readonly text: string;
  /** Behind the folder's name. */
  readonly target?: string;
  readonly more?: Partial<Case>;
}

/** Each folder gets an .htaccess file with one text; a request asks for something in it. */
const tries: readonly Try[] = [];
const one = (name: string, folder: string, text: string, target = "page.txt", more: Partial<Case> = {}): void => {
  (tries as Try[]).push({ name, folder: `${folder}/${String(tries.length).padStart(3, "0")}`, text, target, more });
};

const classes = ["all", "auth", "info", "indexes", "limit", "options", "list", "nonfatal-override"];
const directives: readonly [string, string][] = [
  ["Require", "Require all denied"],
  ["ErrorDocument", 'ErrorDocument 404 "gone from here"'],
  ["DirectoryIndex", "DirectoryIndex page.txt"],
  ["Order", "Order deny,allow\nDeny from all"],
  ["Options", "Options -ExecCGI"],
  ["Redirect", "Redirect /all /elsewhere"],
  ["<Files>", "<Files page.txt>\n</Files>"],
  ["<IfModule>", "<IfModule mod_dir.c>\n</IfModule>"],
  ["<Limit>", "<Limit POST>\n</Limit>"],
  ["<LimitExcept>", "<LimitExcept GET>\n</LimitExcept>"],
  ["SetEnvIf", "SetEnvIf Host www.test X=1"],
  ["AddType", "AddType text/x-own .txt"],
  ["LimitRequestBody", "LimitRequestBody 100"],
  ["ServerSignature", "ServerSignature Off"],
  ["FileETag", "FileETag None"],
];
for (const folder of classes) {
  for (const [name, text] of directives) {
    one(`take ${name} by the class of "${folder}"`, folder, text, name === "ErrorDocument" ? "missing" : "page.txt");
  }
}

one("may be empty", "all", "");
one("are read as UTF-8", "all", 'ErrorDocument 404 "café"', "missing");
one("refuse an unknown directive", "all", "Unheard on");
one("refuse an unknown section", "all", "<Unheard on>\n</Unheard>");
one("refuse a section of the server", "all", "<Directory /x>\n</Directory>");
one("take a condition", "all", "<If \"-f '/etc/passwd'\">\nRequire all denied\n</If>");
one("refuse to read files in a condition", "all", "<If \"file('/etc/hostname') =~ /x/\">\n</If>");
one("refuse to measure files in a condition", "all", "SetEnvIfExpr \"filesize('/etc/hostname') -gt 1\" X");
one("refuse a Location", "all", "<Location /x>\n</Location>");
one("refuse a VirtualHost", "all", "<VirtualHost *>\n</VirtualHost>");
one("refuse AllowOverride", "all", "AllowOverride All");
one("refuse Include", "all", "Include other");
one("refuse IncludeOptional", "all", "IncludeOptional other");
one("refuse Define", "all", "Define x y");
one("refuse LoadModule", "all", "LoadModule alias_module x");
one("refuse a directive of the server", "all", "Listen 80");
one("refuse Alias", "all", "Alias /x /y");
one("refuse SetEnv without a name", "all", "SetEnv");
one("refuse an unclosed section", "all", "<Files page.txt>\nForceType text/x-own");
one("take an unclosed condition that holds", "all", "<IfModule mod_dir.c>\nForceType text/x-own");
one("refuse an unclosed condition that does not hold", "all", "<IfModule mod_none.c>\nForceType text/x-own");
one("refuse a stray closing line", "all", "</Files>");
one("pass over what a condition leaves out", "all", "<IfModule mod_none.c>\nNonsense\n</IfModule>");
one("pass over what <IfDefine> leaves out", "all", "<IfDefine none>\nNonsense\n</IfDefine>");
one("take <IfVersion>", "all", "<IfVersion >= 2.4>\nForceType text/x-own\n</IfVersion>");
one("take <IfFile>", "all", "<IfFile /etc/passwd>\nForceType text/x-own\n</IfFile>");
one("fill variables in", "all", "ForceType text/${LANG}");
one("keep variables without a value", "all", 'ErrorDocument 404 "is ${NO_SUCH_THING}"', "missing");
one("take continued lines", "all", "ForceType \\\n  text/x-own");
one("take a long line", "all", `ErrorDocument 404 "${"x".repeat(8000)}"`, "missing");
one("refuse a line that is too long", "all", `ErrorDocument 404 "${"x".repeat(9000)}"`, "missing");
one("refuse an unknown method in <Limit>", "all", "<Limit BREW>\n</Limit>");
one("narrow access by <Limit>", "all", "<Limit POST>\nRequire all denied\n</Limit>");
one("narrow access by <Limit> for its method", "all", "<Limit POST>\nRequire all denied\n</Limit>", "page.txt", {
  method: "POST",
  body: "x",
});
one("narrow access by <LimitExcept>", "all", "<LimitExcept GET>\nRequire all denied\n</LimitExcept>");
one("narrow access by <LimitExcept> for others", "all", "<LimitExcept GET>\nRequire all denied\n</LimitExcept>", "x", {
  method: "POST",
  body: "x",
});
one("deny a directory", "all", "Require all denied", "");
one("deny a file by <Files>", "all", "<Files page.txt>\nRequire all denied\n</Files>");
one("deny no other file by <Files>", "all", "<Files page.tx>\nRequire all denied\n</Files>");
one("deny by <FilesMatch>", "all", '<FilesMatch "^p.*\\.txt$">\nRequire all denied\n</FilesMatch>');
one("deny by <Files> with wildcards", "all", '<Files "p*.t?t">\nRequire all denied\n</Files>');
one("have sections in sections", "all", '<Files "*.txt">\n<Files "page*">\nForceType text/x-own\n</Files>\n</Files>');
one("refuse in a section what is not allowed", "info", '<Files "*.txt">\nRequire all denied\n</Files>');
one("have Redirect act", "all", "Redirect /all /elsewhere");
one("have RedirectMatch act", "all", 'RedirectMatch 301 "page\\.(.*)$" "/other.$1"');
one("have Redirect gone act", "all", "Redirect gone /all");
one("have DirectoryIndex act", "all", "DirectoryIndex missing page.txt", "");
one("have DirectorySlash act", "all", "DirectorySlash Off", "folder");
one("have FallbackResource act", "all", "FallbackResource /all/fallback.txt", "missing");
one("have ErrorDocument with a path act", "all", "ErrorDocument 404 /all/fallback.txt", "missing");
one("have AddDefaultCharset act", "all", "AddDefaultCharset utf-8");
one("have AddType act", "all", "AddType text/x-own .txt");
one("have RemoveType act", "all", "RemoveType .txt");
one("have AddLanguage and AddEncoding act", "all", "AddLanguage de .txt\nAddEncoding x-gzip .txt");
one("have FileETag act", "all", "FileETag None");
one("have AcceptPathInfo act", "all", "AcceptPathInfo On", "page.txt/more");
one("have LimitRequestBody act", "all", "LimitRequestBody 3", "page.txt", { method: "POST", body: "four" });
one("have ServerSignature act", "all", "ServerSignature On", "missing");
one("have Order and Deny act", "all", "Order allow,deny\nDeny from all");
one("have Satisfy act", "all", "Require all denied\nOrder allow,deny\nAllow from all\nSatisfy any");
one("take ForceType none back", "all", "ForceType text/x-own\nForceType none");
one("refuse a bad argument", "all", "AcceptPathInfo Perhaps");
one("are found behind path info", "all", "Require all denied", "page.txt/more/path");
one("are found for a missing file", "all", "Require all denied", "missing");
one("are found for a file in a missing folder", "all", "Require all denied", "missing/more/file");
one("are themselves denied or not by <Files>", "all", '<Files ".ht*">\nRequire all denied\n</Files>', ".htaccess");
for (const option of [
  "Indexes",
  "Includes",
  "IncludesNOEXEC",
  "FollowSymLinks",
  "SymLinksIfOwnerMatch",
  "ExecCGI",
  "MultiViews",
  "All",
  "None",
  "+Indexes",
  "-Indexes",
  "+MultiViews",
  "-SymLinksIfOwnerMatch",
  "+Includes",
  "RunScripts",
  "Indexes MultiViews",
]) {
  for (const folder of ["options", "all", "some-options", "some-options/all"]) {
    one(`have Options ${option} in "${folder}"`, folder, `Options ${option}`);
  }
}
one("have Options with + and without refused", "all", "Options +Indexes ExecCGI");
one("pass over what is forbidden", "nonfatal-override", "Require all denied\nForceType text/x-own");
one("take what is allowed beside", "nonfatal-override", "ForceType text/x-own\nDirectoryIndex page.txt", "");
one("refuse what is unknown", "nonfatal-override", "Nonsense");
one("pass over a section that is forbidden", "nonfatal-all", "<Files page.txt>\nNonsense\n</Files>");
one(
  "pass over a condition that is forbidden",
  "nonfatal-all",
  "<IfModule mod_dir.c>\nForceType text/x-own\n</IfModule>",
);
one("pass over what is unknown", "nonfatal-unknown", "Nonsense\nForceType text/x-own");
one(
  "pass over an unknown section",
  "nonfatal-unknown",
  "<Nonsense>\nForceType text/x-none\n</Nonsense>\nForceType text/x-own",
);
one("refuse what is forbidden", "nonfatal-unknown", "Require all denied");
one("pass over all of it", "nonfatal-all", "Nonsense\nRequire all denied");
one("refuse a faulty argument all the same", "nonfatal-unknown", "AcceptPathInfo Perhaps");
one("refuse what is unknown where All came last", "all-after", "Nonsense");
one("take what the list names", "list", "Redirect /list /elsewhere");
one("take what the list names in another case", "list", "RedirectMatch . /elsewhere");
one("refuse what the list does not name", "list", "RedirectTemp /list /elsewhere");
one("take what the list and the class name", "list/and-class", "DirectoryIndex page.txt\nRedirect /x /y", "");
one("are not read where the list is None", "list/none", "Nonsense");

const order = (name: string, target: string, more: Partial<Case> = {}): Case => ({ name, target, ...more });

export const suite: Suite = {
  name: ".htaccess files",
  configuration,
  files: {
    ...Object.fromEntries(
      tries.flatMap(({ folder, text }): [string, FileSpec][] => [
        [`www/${folder}/.htaccess`, { text: Buffer.from(text).toString("latin1") }],
        [`www/${folder}/page.txt`, "a page\n"],
        [`www/${folder}/folder/page.txt`, "a page\n"],
      ]),
    ),
    "www/all/fallback.txt": "fallen back\n",
    "www/all/order/.htaccess": "SetEnv S_ORDER htaccess\nSetEnv S_HTACCESS yes\nUnsetEnv S_DIRECTORY",
    "www/all/order/a.wsgi": variablesApplication,
    "www/all/order/files.wsgi": variablesApplication,
    "www/all/order/below/.htaccess":
      "SetEnv S_ORDER below\n<Files files.wsgi>\nSetEnv S_FILES htaccess\nSetEnv S_FILES_INNER htaccess\n</Files>",
    "www/all/order/below/a.wsgi": variablesApplication,
    "www/all/order/below/files.wsgi": variablesApplication,
    "www/all/order/empty/a.wsgi": variablesApplication,
    "www/all/deep/.htaccess": "SetEnv S_DEEP htaccess",
    "www/all/deep/a.wsgi": variablesApplication,
    "www/all/match/.htaccess": "SetEnv S_ORDER htaccess",
    "www/all/match/a.wsgi": variablesApplication,
    "www/all/location/.htaccess": "SetEnv S_ORDER htaccess",
    "www/all/location/a.wsgi": variablesApplication,
    "www/all/closed-below/.htaccess": "SetEnv S_UPPER htaccess",
    "www/all/closed-below/none/.htaccess": "Nonsense",
    "www/all/closed-below/none/a.wsgi": variablesApplication,
    "www/all/link": { link: "@ROOT@/www/all/order" },
    "www/all/no-links/.htaccess": "Options -FollowSymLinks",
    "www/all/no-links/link": { link: "@ROOT@/www/all/order" },
    "www/all/no-links/real/a.wsgi": variablesApplication,
    "www/all/broken-above/.htaccess": "Nonsense",
    "www/all/broken-above/below/.htaccess": "SetEnv X y",
    "www/all/broken-above/below/page.txt": "a page\n",
    "www/all/unreadable/.htaccess": { text: "SetEnv X y", mode: 0o000 },
    "www/all/unreadable/page.txt": "a page\n",
    "www/all/unreadable/below/page.txt": "a page\n",
    "www/all/folder-named/.htaccess": { folder: true },
    "www/all/folder-named/page.txt": "a page\n",
    "www/all/dangling/.htaccess": { link: "@ROOT@/nowhere" },
    "www/all/dangling/page.txt": "a page\n",
    "www/all/linked/.htaccess": { link: "@ROOT@/www/all/order/.htaccess" },
    "www/all/linked/a.wsgi": variablesApplication,
    "www/all/unsearchable": { folder: true, mode: 0o700 },
    "www/all/names/.first": "ForceType text/x-first",
    "www/all/names/.second": "ForceType text/x-second",
    "www/all/names/.htaccess": "ForceType text/x-htaccess",
    "www/all/names/page.txt": "a page\n",
    "www/all/names/two/.second": "ForceType text/x-second",
    "www/all/names/two/.htaccess": "ForceType text/x-htaccess",
    "www/all/names/two/page.txt": "a page\n",
    "www/closed/.htaccess": "Nonsense",
    "www/closed/page.txt": "a page\n",
    "www/limit/files/.htaccess": "Order deny,allow",
    "www/limit/files/page.txt": "a page\n",
  },
  cases: [
    ...tries.map(({ name, folder, target = "", more }) => ({ name, target: `/${folder}/${target}`, ...more })),
    order("are not read without AllowOverride", "/closed/page.txt"),
    order("are laid over directories", "/all/order/a.wsgi"),
    order("are laid over those above", "/all/order/below/a.wsgi"),
    order("hold sections for files, after the server's", "/all/order/below/files.wsgi"),
    order("reach into folders without one", "/all/order/empty/a.wsgi"),
    order("come after the directory of the same level", "/all/deep/a.wsgi"),
    order("come before DirectoryMatch", "/all/match/a.wsgi"),
    order("come before Location", "/all/location/a.wsgi"),
    order("end where AllowOverride None begins", "/all/closed-below/none/a.wsgi"),
    order("are found through a link", "/all/link/a.wsgi"),
    order("forbid links below", "/all/no-links/link/a.wsgi"),
    order("forbid nothing else below", "/all/no-links/real/a.wsgi"),
    order("end requests from above", "/all/broken-above/below/page.txt"),
    order("that cannot be read deny access", "/all/unreadable/page.txt"),
    order("that cannot be read deny access below", "/all/unreadable/below/page.txt"),
    order("that are folders deny access", "/all/folder-named/page.txt"),
    order("that are links to nowhere are none", "/all/dangling/page.txt"),
    order("may be links", "/all/linked/a.wsgi"),
    order("in closed folders deny access", "/all/unsearchable/page.txt"),
    order("have the name of the virtual host", "/all/names/page.txt", { to: { port: 2 } }),
    order("have the next name of the virtual host", "/all/names/two/page.txt", { to: { port: 2 } }),
    order("have the name of the main server", "/all/names/page.txt"),
  ],
};
