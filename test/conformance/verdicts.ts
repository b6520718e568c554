// The configurations whose verdicts are compared with those of `apache2 -t`.
import { expressionVerdicts } from "./expression-verdicts.js";
import { languageVerdicts } from "./language-verdicts.js";
import { mdVerdicts } from "./md-verdicts.js";
import { proxyVerdicts } from "./proxy-verdicts.js";
import { sslVerdicts } from "./ssl-verdicts.js";

/** One configuration; @ROOT@ is the server root, @MODULES@ the folder of Apache's modules. */
export interface Verdict {
  readonly name: string;
  readonly text: string;
  /** Without any module loaded, and with nothing but the paths set. */
  readonly bare?: true;
  /** Files below the server root. */
  readonly files?: Readonly<Record<string, string>>;
  /** Further words of the command line: -D, -C and -c with their values. */
  readonly arguments?: readonly string[];
  /** Why the verdicts differ. It is an error when they do not. */
  readonly differs?: string;
  /** What modhost's errors say, where it is worth checking. */
  readonly says?: RegExp;
}

/** A name, a text, and what else there is to it. */
export type VerdictRow = readonly [name: string, text: string, more?: Partial<Verdict>];

const neverActs = "no path of a request begins like this: the line would never act";

const site = "<Macro site $name $port>\n<VirtualHost *:$port>\nServerName $name\n</VirtualHost>\n</Macro>\n";

const macros: readonly VerdictRow[] = [
  ["a macro that is used", `${site}Use site a.test 80\nUse site b.test 80\n`],
  ["a macro in another case", `${site}use SITE a.test 80\n`],
  ["a macro that is not used", site],
  ["a macro without parameters", "<Macro quiet>\nLogLevel error\n</Macro>\nUse quiet\n"],
  ["a macro without a body", "<Macro empty>\n</Macro>\nUse empty\n"],
  ["a macro without a name", "<Macro>\n</Macro>\n", { says: /empty name/ }],
  ["a macro with an empty name", '<Macro "">\n</Macro>\n'],
  ["a macro that is not closed", "<Macro open>\nLogLevel error\n", { says: /expected token not found: <\/Macro>/ }],
  ["a closing line with words behind", "<Macro a>\nLogLevel error\n</Macro> trailing\n"],
  ["a macro with the same parameter twice", "<Macro a $x $x>\nLogLevel $x\n</Macro>\n", { says: /name conflict/ }],
  ["a macro with an empty parameter", '<Macro a $x "">\nLogLevel $x\n</Macro>\n'],
  ["a parameter without a prefix", "<Macro a level>\nLogLevel level\n</Macro>\nUse a error\n"],
  ["a parameter that is never used", "<Macro a $x $y>\nLogLevel $x\n</Macro>\nUse a error b\n"],
  ["a parameter that begins another", "<Macro a $x $xy>\nLogLevel $x\nServerAdmin $xy\n</Macro>\nUse a error b\n"],
  ["a macro with brackets in other lines", "<Macro a $x>\n  <Directory $x>\n  </Directory>\n</Macro>\nUse a /x\n"],
  [
    "too few values",
    `${site}Use site a.test\n`,
    { says: /used with 1 arguments instead of 2.*main\.conf:\d+: <Macro site/s },
  ],
  ["too many values", `${site}Use site a.test 80 90\n`, { says: /used with 3 arguments instead of 2/ }],
  ["no values", `${site}Use site\n`],
  ["an empty value", `<Macro a $x>\nServerAdmin "x$x"\n</Macro>\nUse a ""\n`],
  ["Use without a name", `${site}Use\n`, { says: /no macro name/ }],
  ["Use of an unknown macro", `${site}Use stie a 80\n`, { says: /macro 'stie' undefined.*site/ }],
  ["Use before any macro", "Use site a 80\n", { says: /undefined/ }],
  ["Use before the macro", `Use site a 80\n${site}`],
  ["UndefMacro", `${site}UndefMacro site\n`],
  ["UndefMacro and then Use", `${site}UndefMacro Site\nUse site a 80\n`, { says: /undefined/ }],
  ["UndefMacro of an unknown macro", `${site}UndefMacro other\n`, { says: /cannot remove undefined macro/ }],
  ["UndefMacro before any macro", "UndefMacro other\n"],
  ["UndefMacro without a name", `${site}UndefMacro\n`],
  ["a macro defined twice", `${site}${site}Use site a 80\n`],
  ["a fault in a body that is not used", "<Macro a>\nNonsense\n</Macro>\n"],
  [
    "a fault in a body",
    "<Macro a>\nLogLevel error\nNonsense\n</Macro>\nUse a\n",
    { says: /:\d+ via main\.conf:\d+: Invalid command 'Nonsense'/ },
  ],
  [
    "a wrong value in a body",
    "<Macro a $x>\nAcceptPathInfo $x\n</Macro>\nUse a ten\n",
    { says: /AcceptPathInfo: .*found "ten"/ },
  ],
  ["a macro that uses itself", "<Macro a>\nUse a\n</Macro>\nUse a\n", { says: /recursive use of macro 'a'/ }],
  [
    "macros that use each other",
    "<Macro a>\nUse b\n</Macro>\n<Macro b>\nUse a\n</Macro>\nUse a\n",
    { says: /recursive/ },
  ],
  ["a macro that uses another", "<Macro a $x>\nLogLevel $x\n</Macro>\n<Macro b $y>\nUse a $y\n</Macro>\nUse b error\n"],
  ["a macro in a macro", "<Macro a $x>\n<Macro $x-b>\nLogLevel error\n</Macro>\n</Macro>\nUse a c\nUse c-b\n"],
  ["a macro in a macro that is not there yet", "<Macro a>\n<Macro b>\nLogLevel error\n</Macro>\n</Macro>\nUse b\n"],
  ["a macro inside a section", "<VirtualHost *:80>\n<Macro a>\nServerAdmin b\n</Macro>\n</VirtualHost>\nUse a\n"],
  ["Use inside a section", "<Macro a>\nOptions None\n</Macro>\n<Directory /x>\nUse a\n</Directory>\n"],
  [
    "Use of what may not stand there",
    "<Macro a>\nListen 90\n</Macro>\n<Directory /x>\nUse a\n</Directory>\n",
    { says: /Listen not allowed/ },
  ],
  ["a macro left out by a condition", `<IfDefine none>\n${site}</IfDefine>\nUse site a 80\n`],
  ["a macro taken by a condition", `<IfDefine !none>\n${site}</IfDefine>\nUse site a 80\n`],
  ["a condition in a body", "<Macro a $m>\n<IfModule $m>\nNonsense\n</IfModule>\n</Macro>\nUse a mod_none.c\n"],
  [
    "a condition in a body that holds",
    "<Macro a $m>\n<IfModule $m>\nNonsense\n</IfModule>\n</Macro>\nUse a mod_dir.c\n",
  ],
  ["Define in a body", "<Macro a $n>\nDefine $n error\n</Macro>\nUse a level\nLogLevel ${level}\n"],
  ["a variable in a body", "Define level error\n<Macro a>\nLogLevel ${level}\n</Macro>\nUse a\n"],
  ["a variable of later in a body", "<Macro a>\nLogLevel ${level}\n</Macro>\nDefine level error\nUse a\n"],
  ["a variable in a value", "Define level error\n<Macro a $x>\nLogLevel $x\n</Macro>\nUse a ${level}\n"],
  ["a parameter in a variable's name", "Define level_a error\n<Macro a $x>\nLogLevel ${level_$x}\n</Macro>\nUse a a\n"],
  ["a parameter with @", "<Macro a @x>\nServerAdmin @x\n</Macro>\nUse a 'me \"here\"'\n"],
  ["a parameter with $ and blanks in its value", "<Macro a $x>\nServerAdmin $x\n</Macro>\nUse a 'me here'\n"],
  ["a parameter with % in quotes", '<Macro a %x>\nServerAdmin "%x"\n</Macro>\nUse a "me here"\n'],
  ["a parameter that is a name", "<Macro a $x>\n$x error\n</Macro>\nUse a LogLevel\n"],
  ["a parameter that is a section", "<Macro a $x>\n<$x /x>\n</$x>\n</Macro>\nUse a Directory\n"],
  [
    "Include in a body",
    "<Macro a $x>\nInclude @ROOT@/$x.conf\n</Macro>\nUse a b\n",
    { files: { "b.conf": "LogLevel error\n" } },
  ],
  [
    "a fault in a file that a body includes",
    "<Macro a $x>\nInclude @ROOT@/$x.conf\n</Macro>\nUse a b\n",
    { files: { "b.conf": "Nonsense\n" } },
  ],
  [
    "a macro from another file",
    "Include @ROOT@/m.conf\nUse a error\n",
    { files: { "m.conf": "<Macro a $x>\nLogLevel $x\n</Macro>\n" } },
  ],
  [
    "a macro that a file leaves open",
    "Include @ROOT@/m.conf\n</Macro>\n",
    { files: { "m.conf": "<Macro a $x>\nLogLevel $x\n" } },
  ],
  ["continued lines in a body", "<Macro a $x>\nLogLevel \\\n  $x\n</Macro>\nUse a error\n"],
  ["comments in a body", "<Macro a $x>\n# about $x\nLogLevel $x\n</Macro>\nUse a error\n"],
  [
    "a line of a body that grows too long",
    `<Macro a $x>\nServerAdmin "${"$x".repeat(90)}"\n</Macro>\nUse a ${"y".repeat(100)}\n`,
  ],
  [
    "a section that a body leaves open",
    "<Macro a>\n<Directory /x>\n</Macro>\nUse a\n</Directory>\n",
    {
      differs: "sections must be opened and closed in the same body, so that an error can say where",
    },
  ],
  ["macros without the module", "<Macro a>\n</Macro>\n", { bare: true, says: /macro/i }],
  ["MacroIgnoreEmptyArgs", "MacroIgnoreEmptyArgs On\nMacroIgnoreBadNesting\n"],
];

const inDirectory = (line: string): string => `<Directory /x>\n${line}\n</Directory>\n`;

const overrides: readonly VerdictRow[] = [
  ...[
    "All",
    "None",
    "all",
    "AuthConfig",
    "FileInfo",
    "Indexes",
    "Limit",
    "Options",
    "AuthConfig FileInfo",
    "None All",
    "All None",
    "Options=Indexes",
    "Options=Indexes,MultiViews",
    "Options=",
    "Options=All",
    "Options=None",
    "options=execcgi",
    "Options=RunScripts",
    "Options=Nothing",
    "Options=Indexes;MultiViews",
    "Nonfatal=All",
    "Nonfatal=Override",
    "Nonfatal=Unknown",
    "Nonfatal=unknown Limit",
    "Nonfatal=None",
    "Nonfatal",
    "Nonfatal=",
    "FileInfo=x",
    "Limit=x",
    "All=x",
    "Everything",
    '""',
    "",
    "Indexes,Limit",
  ].map((words): VerdictRow => [`AllowOverride ${words}`, inDirectory(`AllowOverride ${words}`)]),
  ...[
    "None",
    "Redirect",
    "redirect RedirectMatch",
    "None Redirect",
    "Redirect None",
    "Unheard",
    "Listen",
    "Options",
    "",
  ].map((words): VerdictRow => [`AllowOverrideList ${words}`, inDirectory(`AllowOverrideList ${words}`)]),
  ...["Location /x", "Files x", "DirectoryMatch x", "Directory ~ x", "If true", "Limit GET"].map(
    (section): VerdictRow => [
      `AllowOverride in <${section}>`,
      `<${section}>\nAllowOverride All\n</${section.split(" ")[0] ?? ""}>\n`,
    ],
  ),
  ["AllowOverride in a virtual host", "<VirtualHost *>\nAllowOverride All\n</VirtualHost>\n"],
  ["AllowOverride of the server", "AllowOverride All\n"],
  ["AccessFileName", "AccessFileName .acl .other\n"],
  ["AccessFileName in a virtual host", "<VirtualHost *>\nAccessFileName .acl\n</VirtualHost>\n"],
  ["AccessFileName in a directory", inDirectory("AccessFileName .acl")],
  ["AccessFileName without a name", "AccessFileName\n"],
  ...[
    "None",
    "All",
    "Indexes",
    "+Indexes",
    "-Indexes",
    "+Indexes -MultiViews",
    "Indexes +MultiViews",
    "+Indexes MultiViews",
    "None +ExecCGI",
    "None ExecCGI",
    "All -Indexes",
    "All Indexes",
    "Indexes None",
    "Indexes All",
    "+None",
    "-None",
    "+All",
    "-All",
    "Indexes Indexes",
    "RunScripts",
    "Nothing",
    "+Nothing",
    "",
    "None None",
    "All +Indexes MultiViews",
    "None +ExecCGI -Indexes",
    "Includes IncludesNOEXEC",
    "+Includes -IncludesNOEXEC",
    "INDEXES",
  ].map((words): VerdictRow => [`Options ${words}`, inDirectory(`Options ${words}`)]),
];

const sections: readonly VerdictRow[] = [
  ["a condition that holds and is not closed", "<IfModule mod_dir.c>\nLogLevel error\n"],
  ["a condition that does not hold and is not closed", "<IfModule mod_none.c>\nLogLevel error\n"],
  ["a negated condition that holds and is not closed", "<IfModule !mod_none.c>\nLogLevel error\n"],
  [
    "conditions in each other, the outer not closed",
    "<IfDefine !x>\n<IfModule mod_dir.c>\nLogLevel error\n</IfModule>\n",
  ],
  ["a condition that a section's end closes", "<VirtualHost *>\n<IfModule mod_dir.c>\nServerAdmin x\n</VirtualHost>\n"],
  [
    "an unclosed condition in an included file",
    "Include @ROOT@/a.conf\nLogLevel error\n",
    {
      files: { "a.conf": "<IfModule mod_dir.c>\nLogLevel warn\n" },
    },
  ],
  [
    "a section closed in another file",
    "<VirtualHost *>\nInclude @ROOT@/a.conf\n",
    { files: { "a.conf": "</VirtualHost>\n" } },
  ],
  [
    "Include of a folder of folders",
    "Include @ROOT@/d\n",
    { files: { "d/a/b.conf": "LogLevel error\n", "d/c": "LogLevel warn\n" } },
  ],
  ["Include of itself", "Include @ROOT@/main.conf\n", { says: /include itself/ }],
  [
    "Include in each other",
    "Include @ROOT@/a.conf\n",
    { files: { "a.conf": "Include @ROOT@/b.conf\n", "b.conf": "Include @ROOT@/a.conf\n" } },
  ],
  ["Include without a match", "Include @ROOT@/none/*.conf\n"],
  ["Include of a missing file", "Include @ROOT@/none.conf\n"],
  ["IncludeOptional of a missing file", "IncludeOptional @ROOT@/none.conf\n"],
  ["IncludeOptional without a match", "IncludeOptional @ROOT@/none/*.conf\n"],
  ["Error", 'Error "do not do this"\n', { says: /do not do this/ }],
  ["Error left out", "<IfDefine x>\nError no\n</IfDefine>\n"],
  ["Error without a text", "Error\n"],
  ["UnDefine of what is not defined", "UnDefine x\n"],
  ["UnDefine of what is", "Define x error\nUnDefine x\nLogLevel ${x}\n"],
  ["UnDefine twice", "UnDefine x y\n"],
  ["-D", "<IfDefine x>\nNonsense\n</IfDefine>\n", { arguments: ["-D", "x"] }],
  ["-C", "LogLevel ${level}\n", { arguments: ["-C", "Define level error"] }],
  ["-C with a fault", "", { arguments: ["-C", "Nonsense"] }],
  ["-c", "<IfDefine x>\nNonsense\n</IfDefine>\n", { arguments: ["-c", "Define x"] }],
  ["-c with a fault", "", { arguments: ["-c", "Nonsense"] }],
  ["-c over several words", "", { arguments: ["-c", "<Directory /x>", "-c", "Options None", "-c", "</Directory>"] }],
  ["-c that is not closed", "", { arguments: ["-c", "<Directory /x>"] }],
  [
    "no MPM",
    "Listen 127.0.0.1:8\n",
    {
      bare: true,
      differs: "workers are modhost's own and need no module: a configuration without an MPM serves as well",
    },
  ],
  ["two MPMs", "LoadModule mpm_prefork_module @MODULES@/mod_mpm_prefork.so\n", { says: /AH00534/ }],
  ["an Alias without a slash", 'Alias icons "@ROOT@"\n', { differs: neverActs, says: /must start with "\/"/ }],
  ["a ScriptAlias without a slash", 'ScriptAlias cgi "@ROOT@"\n', { differs: neverActs }],
  ["a number that is none", "MaxKeepAliveRequests many\n", { differs: "what is no number is a fault, and not 0" }],
  ["WatchdogInterval", "WatchdogInterval 2\n"],
  ["ServerPath", "<VirtualHost *>\nServerPath /x\n</VirtualHost>\n"],
  ["UseCanonicalName DNS", "UseCanonicalName DNS\n"],
  ["MaxConnectionsPerChild", "MaxConnectionsPerChild 100\n"],
  ["MaxRequestsPerChild", "MaxRequestsPerChild 100\n"],
  ...["GET", "get", "GET POST", "TRACE", "", "BREW", "GET TRACE"].map((methods): VerdictRow => [
    `<Limit ${methods}>`,
    inDirectory(`<Limit ${methods}>\nRequire all denied\n</Limit>`),
  ]),
  ...["Limit", "LimitExcept", "Files", "Directory", "Location", "VirtualHost"].map((name): VerdictRow => [
    `<${name}> in <Limit>`,
    inDirectory(`<Limit GET>\n<${name} POST>\n</${name}>\n</Limit>`),
  ]),
];

const rows: readonly VerdictRow[] = [
  ...macros,
  ...overrides,
  ...sections,
  ...languageVerdicts,
  ...expressionVerdicts,
  ...mdVerdicts,
  ...sslVerdicts,
  ...proxyVerdicts,
];

export const verdicts: readonly Verdict[] = rows.map(([name, text, more]) => ({ name, text, ...more }));
