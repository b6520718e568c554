// Alias and Redirect lines → file names and redirects for URL paths.
import { arg, defineModule, defineSettings, list, optional, refuse, value, type Place } from "../../api/index.js";
import {
  hiddenAliases,
  mapToFile,
  prefixAlias,
  regexAlias,
  sectionAlias,
  type Alias,
  type SectionAlias,
} from "./alias.js";
import {
  isRedirectStatus,
  prefixRedirect,
  redirectFor,
  redirectStatus,
  redirectTarget,
  regexRedirect,
  type Redirect,
  type SectionRedirect,
} from "./redirect.js";

const definition = defineSettings("mod_alias", {
  aliases: list<Alias>("inner first"),
  redirects: list<Redirect>("inner first"),
  sectionRedirects: list<Redirect>("inner first"),
  sectionAlias: value<SectionAlias | undefined>(undefined),
  sectionRedirect: value<SectionRedirect | undefined>(undefined),
  preservePath: value<boolean>(false),
  relative: value<boolean>(false),
});

const topLevel = ["server config", "virtual host"] as const;
const alsoSections = ["server config", "virtual host", "directory"] as const;
const everywhere = ["server config", "virtual host", "directory", ".htaccess"] as const;

const mappingDoc =
  "The part of the URL behind the prefix is added to the file-path, so both should end with a slash or both without. " +
  "Aliases are tried in the order of the file, those of a virtual host before the main server's, and the first match wins. " +
  "The files must be open to requests: give the directory a `<Directory>` section with `Require all granted`.";
const matchDoc =
  "`$1` to `$9` in what stands behind it are the parenthesised groups of the regular expression, `$0` for the whole match. " +
  "The expression may match anywhere in the path: anchor it with `^`.";
const redirectDoc =
  "What follows the URL-path in the request is added to the URL, and the query string is kept unless the URL has its own. " +
  "The status is `permanent` (301), `temp` (302, the default), `seeother` (303), `gone` (410) or a number; a number " +
  "outside of 300 to 399 takes no URL and answers with that status. Redirects come before aliases.";

export default defineModule({
  name: "mod_alias",
  summary: "Maps parts of the file system into the URL space, and redirects URLs",
  settings: definition.settings,
  directives: (directive) => {
    const alias = (what: string, example: string) =>
      directive({
        args: [arg.word("URL-path"), optional(arg.word("file-path"))],
        contexts: alsoSections,
        summary: `Maps URLs to ${what}`,
        doc: `${mappingDoc} Inside \`<Location>\` it takes the file-path alone, which then stands for the whole location (see AliasPreservePath) and may hold \`%{NAME}\` and \`%{function:argument}\`, as in expressions.`,
        example,
        set: ([path, file], place) => {
          if (file === undefined) return { sectionAlias: sectionAlias(path, place) };
          if (place.context === "directory")
            return place.fail("cannot occur within directory context with two arguments");
          if (!path.startsWith("/")) return place.fail(`URL-path must start with "/", found "${path}"`);
          return { aliases: [prefixAlias(path, file, place)] };
        },
      });
    const aliasMatch = (what: string, example: string) =>
      directive({
        args: [arg.regex("regex"), arg.word("file-path")],
        contexts: topLevel,
        summary: `Maps URLs to ${what} by a regular expression`,
        doc: matchDoc,
        example,
        set: ([regex, file], place) => ({ aliases: [regexAlias(regex, file, place)] }),
      });
    const redirectTo = (status: number, what: string, example: string) =>
      directive({
        args: [arg.word("URL-path"), arg.word("URL")],
        contexts: everywhere,
        override: "FileInfo",
        summary: `Redirects ${what}`,
        doc: redirectDoc,
        example,
        set: ([path, url], place) => redirect({ status, path, url }, place),
      });
    return {
      Alias: alias("files and directories", 'Alias "/icons/" "share/icons/"'),
      AliasMatch: aliasMatch("files and directories", 'AliasMatch "^/image/(.*)\\.gif$" "share/gifs/$1.gif"'),
      ScriptAlias: alias("scripts", 'ScriptAlias "/cgi-bin/" "lib/cgi-bin/"'),
      ScriptAliasMatch: aliasMatch("scripts", 'ScriptAliasMatch "^/cgi-bin/(.*)$" "lib/cgi-bin/$1"'),
      AliasPreservePath: directive({
        args: [arg.flag()],
        contexts: everywhere,
        override: "FileInfo",
        summary: "Adds the rest of the URL to an Alias inside a Location",
        doc:
          "Off, an Alias inside `<Location>` maps every URL of the location to one file or directory. On, what follows " +
          "the path of the location in the URL is added to it.",
        default: "Off",
        example: '<Location "/manual">\n  Alias "share/manual"\n  AliasPreservePath On\n</Location>',
        set: ([preservePath]) => ({ preservePath }),
      }),
      Redirect: directive({
        args: [
          optional(arg.word("status"), isRedirectStatus),
          optional(arg.word("URL-path")),
          optional(arg.word("URL")),
        ],
        contexts: everywhere,
        override: "FileInfo",
        summary: "Redirects URLs that begin with a path, or answers them with a status",
        doc: `${redirectDoc} Inside a section it may stand without URL-path, for all requests the section matches; then nothing is added to the URL, which may hold \`%{NAME}\` and \`%{function:argument}\`, as in expressions.`,
        example: 'Redirect permanent "/service" "https://example.com/service"\nRedirect gone "/removed"',
        set: ([word, path, url], place) => {
          const status = word === undefined ? 302 : redirectStatus(word, place);
          return redirect({ status, path, url }, place);
        },
      }),
      RedirectMatch: directive({
        args: [optional(arg.word("status"), isRedirectStatus), arg.regex("regex"), optional(arg.word("URL"))],
        contexts: everywhere,
        override: "FileInfo",
        summary: "Redirects URLs that match a regular expression",
        doc: `${matchDoc} ${redirectDoc.slice(redirectDoc.indexOf("The status"))}`,
        example: 'RedirectMatch "(.*)\\.gif$" "https://example.com$1.jpg"',
        set: ([word, regex, url], place) => {
          const status = word === undefined ? 302 : redirectStatus(word, place);
          const entry = regexRedirect(regex, redirectTarget(status, url, place));
          return isTopLevel(place) ? { redirects: [entry] } : { sectionRedirects: [entry] };
        },
      }),
      RedirectPermanent: redirectTo(301, "with status 301", 'RedirectPermanent "/one" "/two"'),
      RedirectTemp: redirectTo(302, "with status 302", 'RedirectTemp "/one" "/two"'),
      RedirectRelative: directive({
        args: [arg.flag()],
        contexts: everywhere,
        override: "FileInfo",
        summary: "Sends a redirect to a path as that path",
        doc: "Off, a URL that starts with a slash becomes a full URL with scheme and host in the Location field; On, it stays as it is.",
        default: "Off",
        example: "RedirectRelative On",
        set: ([relative]) => ({ relative }),
      }),
    };
  },
  hooks: {
    translateName: {
      before: ["mod_userdir", "mod_vhost_alias"],
      when: ({ aliases, redirects, sectionAlias, sectionRedirect }) =>
        aliases.length > 0 || redirects.length > 0 || sectionAlias !== undefined || sectionRedirect !== undefined,
      run: (request, { aliases, redirects, relative, preservePath, ...section }) => {
        const answer = redirectFor(request, { section: section.sectionRedirect, redirects, relative });
        if (answer) return answer;
        const mapped = mapToFile(request, { alias: section.sectionAlias, preservePath, aliases });
        return mapped === undefined ? refuse(500) : mapped ? "done" : undefined;
      },
    },
    fixups: {
      when: ({ sectionRedirects, sectionRedirect }) => sectionRedirects.length > 0 || sectionRedirect !== undefined,
      run: (request, { sectionRedirect, sectionRedirects, relative }) =>
        redirectFor(request, { section: sectionRedirect, redirects: sectionRedirects, relative }),
    },
  },
  lifecycle: {
    check: (server) => {
      for (const { settings } of server.everywhere(definition)) {
        for (const { alias, by } of hiddenAliases(settings.aliases ?? [])) {
          server.warn(
            `The ${alias.directive} directive will probably never match because it overlaps an earlier ${by.directive}`,
            alias.origin,
            {
              code: "AH00671",
              related: [{ origin: by.origin, text: `the earlier ${by.directive}` }],
              advice: "write the longer path first",
            },
          );
        }
      }
    },
  },
});

function redirect(
  { status, path, url }: { status: number; path: string | undefined; url: string | undefined },
  place: Place,
): { redirects?: Redirect[]; sectionRedirects?: Redirect[]; sectionRedirect?: SectionRedirect } {
  // One argument in a section: a URL for a redirection, or nothing but the status.
  const whole = url === undefined && (path === undefined || (status >= 300 && status < 400));
  if (whole) {
    const target = redirectTarget(status, path, place);
    if (isTopLevel(place))
      return place.fail(path === undefined ? "URL-path is missing" : "URL to redirect to is missing");
    const { origin } = target;
    return {
      sectionRedirect: { status, target: path === undefined ? undefined : place.stringExpression(path), origin },
    };
  }
  if (path === undefined) return place.fail("URL-path is missing");
  const entry = prefixRedirect(path, redirectTarget(status, url, place), place);
  return isTopLevel(place) ? { redirects: [entry] } : { sectionRedirects: [entry] };
}

function isTopLevel({ context }: Place): boolean {
  return context === "server config" || context === "virtual host";
}
