// Alias lines → file names for URL paths; and the lines that can never match.
import {
  byteString,
  compileSubstitution,
  lookupFor,
  prefixLength,
  type Origin,
  type PathTest,
  type Place,
  type Request,
  type StringExpression,
  type Substitution,
} from "../../api/index.js";

/** An Alias, AliasMatch, ScriptAlias or ScriptAliasMatch line. */
export type Alias = PathTest & {
  readonly directive: string;
  readonly origin: Origin;
  /** Absolute; of a regular expression the text before substitution. Latin1. */
  readonly target: string;
  readonly fill?: Substitution;
  readonly handler: string | undefined;
};

/** An Alias inside `<Location>`: one target for the whole section. */
export interface SectionAlias {
  /** A relative one is taken from ServerRoot. */
  readonly target: StringExpression;
  readonly resolve: (path: string) => string;
  readonly handler: string | undefined;
  /** Path of the `<Location>`, for AliasPreservePath; undefined where it is a regular expression. */
  readonly location: string | undefined;
  readonly origin: Origin;
}

/** Handler that ScriptAlias selects. */
const scriptHandler = "cgi-script";

/** The alias of a line with a URL prefix. */
export function prefixAlias(prefix: string, target: string, place: Place): Alias {
  return {
    prefix: byteString(prefix),
    target: byteString(place.resolve(target)),
    directive: place.directive,
    origin: place.origin,
    handler: handlerOf(place),
  };
}

/** The alias of a line with a regular expression. */
export function regexAlias(regex: RegExp, target: string, place: Place): Alias {
  const absolute = byteString(/^[/$]/.test(target) ? target : place.resolve(target));
  return {
    regex,
    target: absolute,
    fill: compileSubstitution(absolute),
    directive: place.directive,
    origin: place.origin,
    handler: handlerOf(place),
  };
}

/** The alias of a line with one argument; refuses places other than `<Location>`. */
export function sectionAlias(target: string, place: Place): SectionAlias {
  const section = place.sections.at(-1);
  const name = section?.name.toLowerCase();
  if (!section || place.context === "server config" || place.context === "virtual host") {
    return place.fail("must have two arguments when used globally");
  }
  if (name !== "location" && name !== "locationmatch")
    return place.fail(`cannot occur within <${section.name}> section`);
  return {
    target: place.stringExpression(target),
    resolve: (path) => (path.startsWith("/") ? path : byteString(place.resolve("")) + path),
    handler: handlerOf(place),
    location: name === "location" ? locationPath(section.argument) : undefined,
    origin: place.origin,
  };
}

/**
 * Maps a request by the alias of its `<Location>`, else by the first alias that matches; false when there is none,
 * undefined when its expression could not be evaluated.
 */
export function mapToFile(
  request: Request,
  {
    alias,
    preservePath,
    aliases,
  }: { alias: SectionAlias | undefined; preservePath: boolean; aliases: readonly Alias[] },
): boolean | undefined {
  if (alias) {
    const target = alias.target.evaluate(request);
    if (target === undefined) return undefined;
    request.wentBy(alias.origin);
    const length = preservePath && alias.location ? prefixLength(request.path, alias.location) : 0;
    const file = alias.resolve(target);
    request.filename = length > 0 ? mergeSlashes(file + request.path.slice(length)) : file;
    if (length > 0) setContext(request, alias.location ?? "", file);
    setHandler(request, alias.handler);
    return true;
  }
  const found = lookupFor(aliases)(request.path);
  if (!found) return false;
  const { rule, end, match } = found;
  request.wentBy(rule.origin);
  if (match && rule.fill) {
    request.filename = mergeSlashes(rule.fill(match));
  } else {
    request.filename = mergeSlashes(rule.target + request.path.slice(end));
    if ("prefix" in rule) setContext(request, rule.prefix, rule.target);
  }
  setHandler(request, rule.handler);
  return true;
}

/** Each alias that an earlier one of the same list hides, with the one that hides it. */
export function* hiddenAliases(aliases: readonly Alias[]): Iterable<{ alias: Alias; by: Alias }> {
  if (aliases.length < 2) return;
  const lookup = lookupFor(aliases);
  for (const alias of aliases) {
    if (!("prefix" in alias)) continue;
    // An alias matches its own prefix, so whatever comes out is itself or stands before it.
    const first = lookup(alias.prefix)?.rule;
    if (first && first !== alias) yield { alias, by: first };
  }
}

function handlerOf({ directive }: Place): string | undefined {
  return directive.startsWith("Script") ? scriptHandler : undefined;
}

function setContext(request: Request, prefix: string, target: string): void {
  request.contextPrefix = prefix;
  request.contextDocumentRoot = target;
}

/** What a ScriptAlias names needs no Options ExecCGI: the note says so. */
function setHandler(request: Request, handler: string | undefined): void {
  if (handler === undefined) return;
  request.handler = handler;
  request.notes.set("alias-forced-type", handler);
}

function mergeSlashes(path: string): string {
  return path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
}

/** The path of a `<Location>` line, as written behind its name; undefined for "~ regex". */
function locationPath(argument: string): string | undefined {
  const text = /^\s*(?:"([^"]*)"|'([^']*)'|(\S+))/.exec(argument);
  const path = text?.[1] ?? text?.[2] ?? text?.[3];
  return path?.startsWith("/") ? byteString(path) : undefined;
}
