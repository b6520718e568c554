// RewriteRule lines → requests that go elsewhere: other files, other servers, or back to the client.
import { arg, byteString, defineModule, optional, rest, type Place, type VirtualHost } from "../../api/index.js";
import { parseCondition } from "./condition.js";
import { beginAnew, rewriteFile } from "./directory-rules.js";
import { forcedHandler, forcedType } from "./engine.js";
import { makeMap } from "./map.js";
import { parseRule } from "./rule.js";
import { rewriteUrl } from "./server-rules.js";
import { definition, noDirectoryRules, noServerRules, type DirectoryRules, type ServerRules } from "./settings.js";
import { directoryAround } from "./directory.js";
import { traceOf } from "./trace.js";

const everywhere = ["server config", "virtual host", "directory", ".htaccess"] as const;

const optionWords = [
  ...["inherit", "inheritbefore", "inheritdown", "inheritdownbefore", "ignoreinherit", "allownoslash", "allowanyuri"],
  ...["mergebase", "ignorecontextinfo", "legacyprefixdocroot", "unsafeprefixstat"],
];

/** The virtual hosts of this process that have lines of the module. */
const withLines = new WeakSet<VirtualHost>();

export default defineModule({
  name: "mod_rewrite",
  summary: "Rewrites URLs by rules: regular expressions, conditions and maps",
  settings: definition.settings,
  directives: (directive) => ({
    RewriteEngine: directive({
      args: [arg.flag()],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Turns the rules on or off",
      doc:
        "Off, no rule of the server, virtual host or directory applies. Virtual hosts and directories inherit the switch, " +
        "but not the rules: see RewriteOptions.",
      default: "Off",
      example: "RewriteEngine On",
      set: ([state], place) => ({ directory: { ...aroundOf(place), state } }),
    }),

    RewriteRule: directive({
      args: [arg.raw("pattern substitution [flags]")],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Replaces URLs or file names that match a regular expression",
      doc:
        "At server level the pattern is matched against the path of the URL, in a directory or .htaccess file against what " +
        "is behind the directory, without a slash in front. `!` in front of the pattern inverts it. In the substitution `$0` " +
        "to `$9` stand for groups of the pattern, `%0` to `%9` for those of the last RewriteCond that matched, `%{NAME}` for " +
        "a variable and `${map:key|default}` for a RewriteMap; `-` substitutes nothing. A `?` begins a new query string, a " +
        "bare one at the end removes it. A full URL redirects. At server level a path is one of the file system where its " +
        "first segment exists and the substitution begins with it, else one below DocumentRoot; in a directory it is a URL " +
        "that all phases begin anew with. The rules that match are applied one after the other, each to what the one before " +
        "has left.\n\n" +
        "Flags: `B[=characters]` escapes back-references (`BCTLS` controls and blanks, `BNE=characters` leaves some out, `BNP` " +
        "makes blanks %20), `C` chains with the next rule, `CO=name:value:domain[:minutes[:path[:secure[:httponly[:samesite]]]]]` " +
        "sets a cookie, `DPI` drops the path info, `E=[!]name[:value]` sets a variable, `END` ends all rewriting, `F` answers 403, " +
        "`G` 410, `H=handler` sets the handler, `L` ends this round, `N[=rounds]` starts over, `NC` ignores case, `NE` does not " +
        "escape, `NS` skips sub-requests, `P` hands over to mod_proxy, `PT` hands over to Alias and the like, `QSA` adds the old " +
        "query string, `QSD` drops it, `QSL` parts at the last `?`, `R[=status]` redirects, `S=number` skips rules, `T=type` sets " +
        "the media type, `UnsafeAllow3F` lets a `?` that came encoded begin a query string, `UnsafePrefixStat` takes any path that " +
        "exists for one of the file system. `LogLevel rewrite:trace1` to `trace8` logs each step.",
      example:
        'RewriteEngine On\nRewriteRule "^/old/(.*)$" "/new/$1" [R=301,L]\n<Directory "htdocs">\n' +
        '  RewriteCond "%{REQUEST_FILENAME}" !-f\n  RewriteRule "^" "index.py" [L]\n</Directory>',
      set: ([text], place) => {
        const listed = { rules: [parseRule(text, place)], pending: [] };
        return inRules(place, listed);
      },
    }),

    RewriteCond: directive({
      args: [arg.raw("text pattern [flags]")],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Says under which condition the next RewriteRule applies",
      doc:
        "The text is filled in like a substitution. The pattern is a regular expression, or `-f` (a file), `-d` (a directory), " +
        "`-s` (a file with content), `-l` `-L` `-h` (a symbolic link), `-x` (executable), `-U` (a URL that may be had), `-F` (a " +
        "file that may be had), `=text` `>text` `<text` `>=text` `<=text`, `-eq` `-ne` `-lt` `-le` `-gt` `-ge` and a number. " +
        "With `expr` as the text, the pattern is an expression as in `<If>`. " +
        "`!` in front inverts it. Flags: `NC` ignores case, `OR` joins with the next condition, `NV` leaves request fields out " +
        "of Vary. Conditions are asked after the pattern of their rule has matched. Variables: the request's fields " +
        "(`HTTP_HOST`, `HTTP:name` ...), `REMOTE_ADDR`, `REQUEST_METHOD`, `REQUEST_URI`, `REQUEST_FILENAME`, `QUERY_STRING`, " +
        "`THE_REQUEST`, `HTTPS`, `SERVER_NAME`, `DOCUMENT_ROOT`, `TIME_YEAR` and the like, `ENV:name`, and looked ahead to by a " +
        "sub-request `LA-U:name` and `LA-F:name`.",
      example:
        'RewriteEngine On\nRewriteCond "%{HTTPS}" off\nRewriteRule "^" "https://%{HTTP_HOST}%{REQUEST_URI}" [R=301,L]',
      set: ([text], place) => inRules(place, { rules: [], pending: [parseCondition(text, place)] }),
    }),

    RewriteBase: directive({
      args: [arg.word("URL-path")],
      contexts: ["directory", ".htaccess"],
      override: "FileInfo",
      summary: "The URL path of a directory, for relative substitutions",
      doc:
        "A substitution that does not begin with a slash is taken from the directory; where that is not reached under " +
        "DocumentRoot or an Alias, this path stands for it.",
      example: '<Directory "htdocs/app">\n  RewriteBase "/app/"\n</Directory>',
      set: ([base], place) => {
        if (base === "") return place.fail("empty URL not allowed");
        if (!base.startsWith("/")) return place.fail(`argument is not a valid URL, found "${base}"`);
        return { directory: { ...aroundOf(place), base: byteString(base) } };
      },
    }),

    RewriteOptions: directive({
      args: [rest(arg.word("option"))],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Which rules are inherited, and what rules may do",
      doc:
        "`Inherit` adds the rules of the outer level (main server for a virtual host, outer directory for a directory) behind " +
        "one's own, `InheritBefore` in front of them; `InheritDown` and `InheritDownBefore` say the same from above, and " +
        "`IgnoreInherit` below refuses it. `AllowNoSlash` applies the rules of a directory to its URL without slash too, " +
        "`AllowAnyURI` the rules of a server to targets that are no path, `MergeBase` inherits RewriteBase, `IgnoreContextInfo` " +
        "leaves Aliases aside, `LegacyPrefixDocRoot` and `UnsafePrefixStat` bring back older ways of telling files from URLs.",
      example: "RewriteOptions InheritDown",
      set: ([words], place) => {
        const unknown = words.find(
          (word) => !optionWords.includes(word.toLowerCase()) && !/^MaxRedirects=/i.test(word),
        );
        if (unknown !== undefined) return place.fail(`unknown option '${unknown}'`);
        if (words.some((word) => /^MaxRedirects=/i.test(word))) {
          place.warn("MaxRedirects has been removed in favor of LimitInternalRecursion and will be ignored", "AH00664");
        }
        const options = new Set(words.map((word) => word.toLowerCase()));
        const directory = { ...aroundOf(place), options };
        return isTopLevel(place)
          ? { directory, server: { ...noServerRules, options } }
          : { directory: { ...directory, ownOptions: options } };
      },
    }),

    RewriteMap: directive({
      args: [arg.word("name"), arg.word("type:source"), optional(arg.word("user:group"))],
      contexts: ["server config", "virtual host"],
      summary: "Names a map that rules look keys up in",
      doc:
        "`txt:file` (also without `txt:`) has a key and a value on each line, `rnd:file` the same with values that bars part, one " +
        "of which is picked; the file is read again when it has changed. `int:` is one of the functions `tolower`, `toupper`, " +
        "`escape` and `unescape`. `prg:program` is a program that gets each key on a line of its input and answers with a line, " +
        "`NULL` for none. It runs once for each HTTP worker, under its account; one that does not answer within 10 seconds is " +
        "started anew. `dbm:file` and `dbm=type:file` (`db`, `gdbm`, `sdbm`) are files of httxt2dbm. Types `dbd` and `fastdbd` are refused. A virtual host has its " +
        "own maps, and the main server's by `RewriteOptions Inherit`.",
      example: 'RewriteMap lower int:tolower\nRewriteEngine On\nRewriteRule "^/(.*[A-Z].*)$" "/${lower:$1}" [R]',
      set: ([name, source, account], place) => {
        const map = makeMap(name, source, account, place);
        return { server: { ...noServerRules, maps: new Map([[byteString(name), map]]) } };
      },
    }),
  }),

  hooks: {
    translateName: {
      rank: "first",
      before: ["mod_proxy"],
      when: ({ directory }) => directory.state === true,
      // As Apache, which does nothing for a virtual host without any line of this module.
      run: (request, { server, directory }) =>
        request.virtualHost.isMain || withLines.has(request.virtualHost)
          ? rewriteUrl(request, server, directory)
          : undefined,
    },
    fixups: [
      {
        rank: "first",
        before: ["mod_proxy"],
        after: ["core"],
        when: ({ directory }) => directory.state === true && directory.directory !== undefined,
        run: (request, { server, directory }) => rewriteFile(request, server, directory),
      },
      {
        rank: "last",
        when: ({ directory }) => directory.state === true,
        run: (request) => {
          const type = request.notes.get(forcedType);
          const handler = request.notes.get(forcedHandler);
          if (type === undefined && handler === undefined) return undefined;
          const trace = traceOf(request, undefined);
          if (type !== undefined) {
            trace?.(1, `force filename ${request.filename} to have MIME-type '${type}'`);
            request.contentType = type;
          }
          if (handler !== undefined) {
            trace?.(1, `force filename ${request.filename} to have the Content-handler '${handler}'`);
            request.handler = handler;
          }
          return undefined;
        },
      },
    ],
    handler: {
      when: ({ directory }) => directory.state === true,
      run: beginAnew,
    },
  },

  lifecycle: {
    start: (worker) => {
      for (const { virtualHost, settings } of worker.server.everywhere(definition)) {
        withLines.add(virtualHost);
        for (const map of settings.server?.maps.values() ?? []) map.program?.start(worker.errorLog);
      }
    },
    stop: (worker) => {
      for (const { settings } of worker.server.everywhere(definition)) {
        for (const map of settings.server?.maps.values() ?? []) map.program?.stop();
      }
    },
  },
});

function isTopLevel({ context }: Place): boolean {
  return context === "server config" || context === "virtual host";
}

/** Empty rules of the section that a directive stands in. */
function aroundOf(place: Place): DirectoryRules {
  return { ...noDirectoryRules, directory: directoryAround(place) };
}

function inRules(
  place: Place,
  listed: Pick<ServerRules, "rules" | "pending">,
): { server?: ServerRules; directory?: DirectoryRules } {
  return isTopLevel(place)
    ? { server: { ...noServerRules, ...listed } }
    : { directory: { ...aroundOf(place), ...listed } };
}
