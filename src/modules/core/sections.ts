// The sections: what their opening lines match.
import { posix } from "node:path";
import {
  arg,
  byteString,
  globToRegExp,
  hasWildcard,
  narrowing,
  optional,
  PatternError,
  rest,
  section,
  translatePattern,
  type Matcher,
  type Place,
} from "../../api/index.js";
import { hosts, everywhere } from "./contexts.js";
import { virtualHostAddress } from "./host-addresses.js";
import { limitedMethods } from "./limits.js";

const tilde = optional(arg.oneOf("~", "~"), (text) => text === "~");
const insideLocation = ["Location", "LocationMatch", "Limit", "LimitExcept"];

function compileRegex(text: string, place: Place): RegExp {
  try {
    return translatePattern(byteString(text), {}, place.origin);
  } catch (error) {
    if (error instanceof PatternError) return place.fail(`the regular expression "${text}" ${error.message}`);
    throw error;
  }
}

function directory(text: string, place: Place): Matcher {
  const path = byteString(posix.normalize(place.resolve(text)).replace(/\/+$/, ""));
  if (!hasWildcard(path)) return { kind: "directory", path };
  return {
    kind: "directory pattern",
    pattern: globToRegExp(path, { pathname: true }),
    depth: path.split("/").length - 1,
  };
}

/** Apache sorts these by the slashes in the expression, as if it were a path. */
function directoryRegex(text: string, regex: RegExp): Matcher {
  return { kind: "directory regex", regex, depth: text.split("/").length - 1 };
}

const directoryRegexArgument = arg.custom("regex", "regex", (text, place) =>
  directoryRegex(text, arg.regex("regex").parse(text, place)),
);

function files(text: string): Matcher {
  const name = byteString(text);
  return hasWildcard(name)
    ? { kind: "files regex", regex: globToRegExp(name, { pathname: true }) }
    : { kind: "files", name };
}

function location(text: string): Matcher {
  const path = byteString(text);
  return hasWildcard(path)
    ? { kind: "location regex", regex: globToRegExp(path, { pathname: true }) }
    : { kind: "location", path };
}

export const sections = {
  "<VirtualHost>": section({
    args: [rest(arg.custom("address", "address[:port]", (text) => text))],
    contexts: ["server config"],
    summary: "Holds the directives of one virtual host, for connections to the addresses given.",
    doc:
      "An address is an IPv4 address, an IPv6 address in brackets, or `*` (also `_default_`) for all that no other virtual " +
      "host names; behind it `:port` or `:*`. Among the virtual hosts of one address the request's host name decides, by " +
      "`ServerName` and `ServerAlias`; the first one answers for names that none of them has. Host names in place of " +
      "addresses are looked up in /etc/hosts and by the system's name services when the configuration is loaded.",
    example: '<VirtualHost *:8080>\n  ServerName www.example.org\n  DocumentRoot "/srv/www"\n</VirtualHost>',
    opens: ([addresses], place) => ({
      kind: "virtual host",
      addresses: addresses.flatMap((address) => virtualHostAddress(address, place)),
    }),
  }),

  "<Directory>": section({
    args: [tilde, arg.word("directory-path")],
    contexts: hosts,
    summary: "Applies to a directory of the file system and all that is below it.",
    doc:
      "The path is absolute, or taken from ServerRoot. The wildcards `*`, `?` and `[...]` do not match a slash. With `~` the " +
      "argument is a regular expression, as in `<DirectoryMatch>`. Sections apply from the shortest path to the longest, " +
      "so that the innermost directory has the last word. Symbolic links are not resolved: write the path by which files " +
      "are reached.",
    example: '<Directory "/srv/www">\n  Options Indexes FollowSymLinks\n  AllowOverride None\n</Directory>',
    opens: ([regex, path], place) => (regex ? directoryRegex(path, compileRegex(path, place)) : directory(path, place)),
  }),

  "<DirectoryMatch>": section({
    args: [directoryRegexArgument],
    contexts: hosts,
    summary: "Applies to directories whose path matches a regular expression.",
    doc:
      "The expression may match anywhere in the path of the directory, or of the file in it that is asked for; a directory's path ends " +
      "with a slash if that of the request does. These sections apply after all plain `<Directory>` sections, those " +
      "with fewer slashes in their expression first.",
    example: '<DirectoryMatch "^/srv/www/[0-9]{3}">\n  Options -Indexes\n</DirectoryMatch>',
    opens: ([matcher]) => matcher,
  }),

  "<Files>": section({
    args: [tilde, arg.word("file-name")],
    contexts: everywhere,
    override: "All",
    notInside: insideLocation,
    summary: "Applies to files by the last part of their path.",
    doc:
      "A plain name is compared, the wildcards `*`, `?` and `[...]` match names; with `~` the argument is a regular expression. " +
      "Inside `<Directory>` it applies within that directory only. It applies after `<Directory>` and before `<Location>`.",
    example: '<Files ".ht*">\n  FileETag None\n</Files>',
    opens: ([regex, name], place) => (regex ? { kind: "files regex", regex: compileRegex(name, place) } : files(name)),
  }),

  "<FilesMatch>": section({
    args: [arg.regex("regex")],
    contexts: everywhere,
    override: "All",
    notInside: insideLocation,
    summary: "Applies to files whose name matches a regular expression.",
    doc: "The expression may match anywhere in the name. Otherwise as `<Files>`.",
    example: '<FilesMatch "\\.(gif|jpe?g|png)$">\n  FileETag MTime Size\n</FilesMatch>',
    opens: ([regex]) => ({ kind: "files regex", regex }),
  }),

  "<Location>": section({
    args: [tilde, arg.word("URL-path")],
    contexts: hosts,
    summary: "Applies to a path of the URL space and all that is below it, whatever it maps to.",
    doc:
      "`/private` matches `/private` and `/private/x`, not `/privateer`. With wildcards the whole path must match and `*` " +
      "stops at a slash. With `~` the argument is a regular expression. `<Location>` sections apply last, in the order " +
      "they are written, so they override `<Directory>`. Protect files with `<Directory>`: several URLs may lead to one file.",
    example: '<Location "/status">\n  SetHandler none\n</Location>',
    opens: ([regex, path], place) =>
      regex ? { kind: "location regex", regex: compileRegex(path, place) } : location(path),
  }),

  "<LocationMatch>": section({
    args: [arg.regex("regex")],
    contexts: hosts,
    summary: "Applies to URL paths that match a regular expression.",
    doc: "The expression may match anywhere in the path. Otherwise as `<Location>`.",
    example: '<LocationMatch "^/(?<team>[a-z]+)/private/">\n  FileETag None\n</LocationMatch>',
    opens: ([regex]) => ({ kind: "location regex", regex }),
  }),

  "<Limit>": narrowing({
    args: [rest(arg.word("method"))],
    contexts: ["directory", ".htaccess"],
    override: ["AuthConfig", "Limit"],
    summary: "Narrows access rules to the methods named.",
    doc: "GET includes HEAD. Methods that are not named stay without restriction, so `<LimitExcept>` is the safer of the two. One inside of another narrows it further. It narrows Require, Order, Allow, Deny and Satisfy; other lines in it act for all methods, as in Apache: they belong into an `<If>`.",
    example: '<Location "/dav">\n  <Limit PUT DELETE>\n    Require ip 10.1.0.0/16\n  </Limit>\n</Location>',
    narrows: ([methods], place) => limitedMethods({ methods, except: false }, place),
  }),

  "<LimitExcept>": narrowing({
    args: [rest(arg.word("method"))],
    contexts: ["directory", ".htaccess"],
    override: ["AuthConfig", "Limit"],
    summary: "Narrows access rules to all methods but those named.",
    doc: "The opposite of `<Limit>`; unknown methods are covered too.",
    example:
      '<Location "/feed">\n  <LimitExcept GET OPTIONS>\n    Require ip 10.1.0.0/16\n  </LimitExcept>\n</Location>',
    narrows: ([methods], place) => limitedMethods({ methods, except: true }, place),
  }),
};
