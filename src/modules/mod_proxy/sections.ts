// <Proxy> and <ProxyMatch>: what their opening lines match.
import {
  arg,
  byteString,
  globToRegExp,
  hasWildcard,
  optional,
  PatternError,
  rest,
  section,
  splitWords,
  translatePattern,
  type ConfigurationLine,
  type Matcher,
  type Place,
} from "../../api/index.js";
import { parseParameters } from "./parameters.js";
import { comparable, nameOf, parseTarget } from "./target.js";

const hosts = ["server config", "virtual host"] as const;

export const proxySections = {
  "<Proxy>": section({
    args: [
      optional(arg.oneOf("~", "~"), (text) => text === "~"),
      arg.word("URL"),
      rest(optional(arg.word("parameter"))),
    ],
    contexts: hosts,
    summary: "Applies to requests that are passed on to a back end.",
    doc:
      "The URL is compared with that of the back end, scheme and decoded path included, from its beginning; `*` alone stands for " +
      "all. With the wildcards `*`, `?` and `[...]` the whole URL must match, with `~` the argument is a regular " +
      "expression. It applies where `<Directory>` applies to files, and before `<Location>`. Parameters behind the URL are as " +
      "in ProxySet; `balancer://name` is where the BalancerMember lines of that balancer stand.",
    example: '<Proxy "http://127.0.0.1:3000/admin">\n  Require ip 10.0.0.0/8\n</Proxy>',
    opens: ([regex, url], place) => (regex ? { kind: "proxy regex", regex: compile(url, place) } : proxied(url)),
    sets: ([regex, url, parameters], place) => {
      const words = parameters.filter((word) => word !== undefined);
      if (words.length === 0) return undefined;
      if (regex || hasWildcard(url)) return place.fail("takes parameters behind one URL only, without wildcards");
      const isBalancer = /^balancer:/i.test(url);
      const name = isBalancer ? comparable(url) : comparable(nameOf(parseTarget(url, place)));
      return { sets: [{ url: name, parameters: parseParameters(words, place, isBalancer) }] };
    },
  }),

  "<ProxyMatch>": section({
    args: [arg.regex("regex")],
    contexts: hosts,
    summary: "Applies to requests that are passed on to a back end whose URL matches a regular expression.",
    doc: "The expression may match anywhere in the URL. Otherwise as `<Proxy>`.",
    example: '<ProxyMatch "^http://127\\.0\\.0\\.1:3000/(admin|internal)/">\n  Require ip 10.0.0.0/8\n</ProxyMatch>',
    opens: ([regex]) => ({ kind: "proxy regex", regex }),
  }),
};

/** What the opening line of a section of a sound configuration matches; undefined for other sections. */
export function matcherOf({ name, text, origin }: ConfigurationLine): Matcher | undefined {
  const [first, second] = splitWords(text);
  if (!first) return undefined;
  if (/^proxymatch$/i.test(name))
    return { kind: "proxy regex", regex: translatePattern(byteString(first.text), {}, origin) };
  if (first.text !== "~") return proxied(first.text);
  return second && { kind: "proxy regex", regex: translatePattern(byteString(second.text), {}, origin) };
}

function proxied(text: string): Matcher {
  if (text === "*") return { kind: "proxy", prefix: "" };
  const url = byteString(text);
  return hasWildcard(url) ? { kind: "proxy regex", regex: globToRegExp(url) } : { kind: "proxy", prefix: url };
}

function compile(text: string, place: Place): RegExp {
  try {
    return translatePattern(byteString(text), {}, place.origin);
  } catch (error) {
    if (error instanceof PatternError) return place.fail(`the regular expression "${text}" ${error.message}`);
    throw error;
  }
}
