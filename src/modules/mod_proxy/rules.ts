// ProxyPass lines → rules that say which back end a path goes to; and the lines that can never match.
import {
  byteString,
  compileSubstitution,
  lookupFor,
  PatternError,
  translatePattern,
  type Origin,
  type PathTest,
  type Place,
  type Substitution,
} from "../../api/index.js";
import { parseParameters, type AllParameters } from "./parameters.js";
import { parseAuthority, parseTarget, refuseScheme, takeSocket, type Address, type Target } from "./target.js";

/** Where a rule leads. */
export type Destination =
  /** The rest of the path is added to that of the target. */
  | { readonly kind: "back end"; readonly target: Target; readonly parameters: AllParameters }
  /** The path is made from the match of the regular expression. */
  | {
      readonly kind: "filled path";
      readonly address: Address;
      readonly fill: Substitution;
      readonly parameters: AllParameters;
    }
  /** The host, too. */
  | { readonly kind: "filled URL"; readonly fill: Substitution; readonly parameters: AllParameters }
  /** `${NAME}` in the URL stands for variables of the environment. */
  | { readonly kind: "interpolated"; readonly url: string; readonly parameters: AllParameters };

/** A ProxyPass or ProxyPassMatch line; without a destination it says that the path is not to be passed on ("!"). */
export type ProxyRule = PathTest & {
  readonly directive: string;
  readonly origin: Origin;
  /** Lines that were read before have lower numbers. */
  readonly number: number;
  readonly destination: Destination | undefined;
  /** The rest of the path goes on as the client sent it, whatever it means. */
  readonly nocanon: boolean;
  readonly noquery: boolean;
  /** How the path is looked at, and goes on: decoded, as it was sent, or the same without the parameters of its segments. */
  readonly mapping: "decoded" | "encoded" | "servlet";
};

/** Says that the rules of the main server are not taken over: a rule that matches nothing. */
export const standsAlone = (directive: string, origin: Origin): ProxyRule => ({
  ...{ directive, origin, regex: never, destination: undefined },
  ...{ number: 0, nocanon: false, noquery: false, mapping: "decoded" },
});

const never = /(?!)/;

/** Whether a list of rules says so. */
export function isAlone(rules: readonly ProxyRule[]): boolean {
  return rules.some((rule) => "regex" in rule && rule.regex === never);
}

let count = 0;

/** Reads the words of a line. `asRegex`: the path is a regular expression. */
export function parseRule(words: readonly string[], asRegex: boolean, place: Place): ProxyRule {
  const inside = locationAround(place);
  const [first, ...others] = words;
  const tilde = first === "~";
  if (tilde && asRegex) return place.fail('takes no "~": its path is a regular expression in any case');
  const [test, rest] = inside
    ? [inside, tilde ? others : words]
    : testOf(tilde ? others : words, asRegex || tilde, place);
  const [url, ...more] = rest;
  if (url === undefined) return place.fail("needs a path and a URL, or stands in a <Location> with a URL alone");
  if (inside && !isUrl(url)) {
    return place.fail(`takes no path in a <Location>, whose own it is, found "${url}"`);
  }
  const flags = more.map((word) => word.toLowerCase());
  const parameters = parseParameters(
    more.filter((word) => !/^(nocanon|noquery|interpolate|mapping=.*)$/i.test(word)),
    place,
    /^balancer:/i.test(url),
  );
  const destination =
    url === "!"
      ? undefined
      : flags.includes("interpolate") && url.includes("${")
        ? interpolated(url, parameters, place)
        : destinationOf(url, { parameters, isRegex: "regex" in test }, place);
  warnOfJoin(test, destination, place);
  return {
    ...test,
    directive: place.directive,
    origin: place.origin,
    number: ++count,
    destination,
    nocanon: flags.includes("nocanon"),
    noquery: flags.includes("noquery"),
    mapping: mappingIn(flags, place),
  };
}

function mappingIn(flags: readonly string[], place: Place): ProxyRule["mapping"] {
  const said = flags.findLast((flag) => flag.startsWith("mapping="))?.slice("mapping=".length) ?? "decoded";
  // Both at once: servlets' paths are not decoded either.
  const all = flags.includes("mapping=servlet") ? "servlet" : said;
  if (all === "decoded" && !flags.includes("mapping=decoded")) return "decoded";
  return all === "encoded" || all === "servlet"
    ? all
    : place.fail(`mapping must be encoded or servlet, found "mapping=${said}"`);
}

/** Whether a word is a URL, or "!". */
export function isUrl(word: string): boolean {
  return word === "!" || /^[a-z][a-z0-9+.-]*:/i.test(word);
}

function testOf(words: readonly string[], asRegex: boolean, place: Place): [PathTest, readonly string[]] {
  const [path, ...rest] = words;
  if (path === undefined || rest.length === 0) return place.fail("needs a path and a URL outside of <Location>");
  if (asRegex) return [{ regex: regexOf(path, place) }, rest];
  if (!path.startsWith("/")) return place.fail(`the path must start with "/", found "${path}"`);
  return [{ prefix: byteString(path) }, rest];
}

/** The path of the `<Location>` or `<LocationMatch>` around; undefined at the top; refuses other sections. */
export function locationAround(place: Place): PathTest | undefined {
  const section = place.sections.at(-1);
  if (!section || place.context === "server config" || place.context === "virtual host") return undefined;
  const name = section.name.toLowerCase();
  if (name !== "location" && name !== "locationmatch") {
    return place.fail(`cannot occur within <${section.name}> section`);
  }
  const { tilde, quoted, plain } =
    /^\s*(?<tilde>~\s+)?(?:"(?<quoted>(?:[^"\\]|\\.)*)"?|(?<plain>\S+))/.exec(section.argument)?.groups ?? {};
  const text = quoted ?? plain ?? "";
  if (name === "locationmatch" || tilde !== undefined) return { regex: regexOf(text, place) };
  if (/[*?[]/.test(text)) return place.fail(`cannot stand in a <Location> with wildcards: write <LocationMatch>`);
  return { prefix: byteString(text) };
}

function regexOf(text: string, place: Place): RegExp {
  try {
    return translatePattern(byteString(text), {}, place.origin);
  } catch (error) {
    if (error instanceof PatternError) return place.fail(`the regular expression "${text}" ${error.message}`);
    throw error;
  }
}

function interpolated(url: string, parameters: AllParameters, place: Place): Destination {
  const { scheme } = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\//i.exec(url)?.groups ?? {};
  if (scheme === undefined) return place.fail(`the scheme of the URL must be written out, found "${url}"`);
  refuseScheme(scheme, place);
  return { kind: "interpolated", url: byteString(url), parameters };
}

function destinationOf(
  text: string,
  { parameters, isRegex }: { parameters: AllParameters; isRegex: boolean },
  place: Place,
): Destination {
  if (!isRegex || !text.includes("$")) return { kind: "back end", target: parseTarget(text, place), parameters };
  const { socketPath, url } = takeSocket(text, place);
  const { scheme = "", behind = "" } = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?<behind>.*)$/is.exec(url)?.groups ?? {};
  refuseScheme(scheme, place);
  // Without a slash in it, the groups hold the whole path: "http://host:80$1".
  const slash = behind.indexOf("/");
  const authority = slash < 0 ? behind.slice(0, behind.indexOf("$")) : behind.slice(0, slash);
  if (authority.includes("$") && socketPath === undefined) {
    return { kind: "filled URL", fill: compileSubstitution(byteString(url)), parameters };
  }
  if (authority === "") return place.fail(`URL must be absolute, found "${text}"`);
  const address = parseAuthority(scheme.toLowerCase(), authority, socketPath);
  if (typeof address === "string") return place.fail(`${address}, found "${text}"`);
  const fill = compileSubstitution(byteString(behind.slice(authority.length)));
  return { kind: "filled path", address, fill, parameters };
}

/** A prefix with a slash at its end takes that slash away: what is left would run into the port. */
function warnOfJoin(test: PathTest, destination: Destination | undefined, place: Place): void {
  if (!("prefix" in test) || destination?.kind !== "back end") return;
  if (!test.prefix.endsWith("/") || destination.target.path !== "") return;
  place.warn(
    `"${test.prefix}" ends with a slash and the URL does not: write a slash at the end of both, or of neither`,
  );
}

/** Each rule that an earlier one of the same list hides, with the one that hides it. */
export function* hiddenRules(rules: readonly ProxyRule[]): Iterable<{ rule: ProxyRule; by: ProxyRule }> {
  const lookup = lookupFor(rules);
  for (const rule of rules) {
    if (!("prefix" in rule)) continue;
    const first = lookup(rule.prefix)?.rule;
    if (first && first !== rule) yield { rule, by: first };
  }
}
