// Rules for URL paths, in order → a look-up that finds the first that matches without trying each.

/** What a path must be like: a prefix that ends where a path segment ends, or a regular expression found in it. */
export type PathTest = { readonly prefix: string } | { readonly regex: RegExp };

/** A rule that matched: where its prefix ends in the path, or the match of its regular expression. */
export interface Found<Rule> {
  readonly rule: Rule;
  readonly end: number;
  readonly match: RegExpExecArray | undefined;
}

/** The first rule that matches a path, or undefined. */
export type RuleLookup<Rule> = (path: string) => Found<Rule> | undefined;

const lookups = new WeakMap<readonly object[], RuleLookup<never>>();

/** The look-up for a list of rules, made once for each list. */
export function lookupFor<Rule extends PathTest>(rules: readonly Rule[]): RuleLookup<Rule> {
  const known = lookups.get(rules);
  if (known) return known;
  const made = makeLookup(rules);
  lookups.set(rules, made as RuleLookup<never>);
  return made;
}

/**
 * Number of characters of `path` that a prefix matches, 0 for none. Any number of slashes in the prefix stands for any
 * number in the path, and a prefix without a slash at its end must end where a segment does.
 */
export function prefixLength(path: string, prefix: string): number {
  let at = 0;
  for (let i = 0; i < prefix.length; i++) {
    if (path[at] !== prefix[i]) return 0;
    at++;
    if (prefix[i] !== "/") continue;
    while (prefix[i + 1] === "/") i++;
    while (path[at] === "/") at++;
  }
  if (!prefix.endsWith("/") && at < path.length && path[at] !== "/") return 0;
  return at;
}

/** Prefixes in a map, by each segment boundary of the path; regular expressions one by one, as far as the best prefix. */
function makeLookup<Rule extends PathTest>(rules: readonly Rule[]): RuleLookup<Rule> {
  const prefixes = new Map<string, number>();
  const regexes: { readonly position: number; readonly regex: RegExp }[] = [];
  for (const [position, rule] of rules.entries()) {
    if ("regex" in rule) {
      regexes.push({ position, regex: rule.regex });
    } else {
      const prefix = rule.prefix.replace(/\/{2,}/g, "/");
      if (!prefixes.has(prefix)) prefixes.set(prefix, position);
    }
  }
  return (path) => {
    // A path with empty segments, which only MergeSlashes Off lets through, is looked up in its merged form.
    const merged = path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
    const best = firstPrefix(prefixes, merged);
    for (const { position, regex } of regexes) {
      if (position > best) break;
      const match = regex.exec(path);
      const rule = rules[position];
      if (match && rule) return { rule, end: 0, match };
    }
    const rule = rules[best];
    if (!rule || !("prefix" in rule)) return undefined;
    return { rule, end: prefixLength(path, rule.prefix), match: undefined };
  };
}

function firstPrefix(prefixes: ReadonlyMap<string, number>, path: string): number {
  let best = Infinity;
  if (prefixes.size === 0) return best;
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    if (slash > 0) best = Math.min(best, prefixes.get(path.slice(0, slash)) ?? Infinity);
    best = Math.min(best, prefixes.get(path.slice(0, slash + 1)) ?? Infinity);
  }
  return path.endsWith("/") ? best : Math.min(best, prefixes.get(path) ?? Infinity);
}
