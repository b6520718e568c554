// PCRE text → JavaScript regular expression; and the door to wildcards.
import { literal, showSet } from "./pattern-class.js";
import type { Origin } from "./origin.js";
import { costOf } from "./pattern-cost.js";
import { guarded, isLinear, prepareEngine, type Exec } from "./pattern-guard.js";
import { PatternError, readPattern, untranslatable, type Part, type PatternOptions } from "./pattern-tree.js";
export { globToRegExp, hasWildcard, type GlobOptions } from "./glob.js";
export { matchLimit, onGivenUp, type GivenUp } from "./pattern-guard.js";
export { PatternError, type PatternOptions } from "./pattern-tree.js";

/** What every pattern is beside what its place says of it: the options of RegexDefaultOptions. */
export type PatternDefaults = Required<Pick<PatternOptions, "ignoreCase" | "dotAll" | "dollarEndOnly">>;

/** What holds where nobody has said otherwise. */
export const usualPatternDefaults: PatternDefaults = { ignoreCase: false, dotAll: true, dollarEndOnly: true };

let defaults = usualPatternDefaults;

/** What patterns are at present. */
export function patternDefaults(): PatternDefaults {
  return defaults;
}

/**
 * Says what the patterns translated from now on are. As in Apache this holds for the process: lines before it mean what they
 * meant, and .htaccess files, which are read later, have what the last line said.
 */
export function setPatternDefaults(values: PatternDefaults): void {
  defaults = values;
}

/** Characters of a pattern; PCRE takes no more than as many bytes of what it makes of one. */
const longest = 65_535;

/**
 * Translates a Perl-compatible pattern. Texts it is used on are latin1 strings of bytes. Throws a PatternError for what
 * JavaScript cannot express (recursion, conditions, \K, verbs ...) and for what is wrong in PCRE.
 *
 * Two things differ, and cannot be told from the pattern: a reference back to a group that took no part matches nothing
 * in PCRE and the empty text here; a group in a repetition keeps its last text in PCRE, and here loses it in a round in
 * which it takes no part.
 *
 * No text makes a match take for ever: V8 matches in linear time what goes back too often, and what it cannot match so is given
 * up after a while. `origin` is the line to tell of then.
 */
export function translatePattern(source: string, options: PatternOptions = {}, origin?: Origin): RegExp {
  if (source.length > longest) throw new PatternError(`is too large: it has more than ${longest} characters`);
  prepareEngine();
  const { body, flags } = readPattern(source, withDefaults(options));
  const writer = new PatternWriter();
  writer.number(body);
  const text = writer.write(body, false);
  let regex;
  try {
    regex = new RegExp(text, flags);
  } catch (error) {
    throw new PatternError(`is not valid: ${error instanceof Error ? error.message : String(error)}`);
  }
  const cost = costOf(body);
  const limit = cost > 1 && !isLinear(text, flags) ? { cost, pattern: source, origin } : undefined;
  return finish(regex, { extra: writer.extra, shared: writer.shared, limit });
}

function withDefaults(options: PatternOptions): PatternOptions {
  if (options.alone) return options;
  const { dotAll = defaults.dotAll, dollarEndOnly = defaults.dollarEndOnly } = options;
  return { ...options, ignoreCase: options.ignoreCase === true || defaults.ignoreCase, dotAll, dollarEndOnly };
}

class PatternWriter {
  /** Numbers of groups that only translation needs, in order. */
  readonly extra: number[] = [];
  /** Groups whose text is that of another one, which has the same number in PCRE. */
  readonly shared: SharedGroup[] = [];
  /** Where PCRE's groups are in JavaScript's count, by number and by name; branches may have the same number. */
  readonly #groups = new Map<number | string, readonly number[]>();
  /** Captures, and the groups that parts need which are taken as a whole. */
  readonly #places = new Map<Part, number>();
  #opened = 0;
  /** Bodies of the repetitions around what is written. */
  readonly #rounds: Part[] = [];

  /** Numbers all groups, in the order in which they open; references back may stand before their group. */
  number(part: Part): void {
    if (part.kind === "capture") this.#numberCapture(part);
    else if (needsGroup(part)) {
      this.#places.set(part, ++this.#opened);
      this.extra.push(this.#opened);
    }
    if (part.kind === "sequence") for (const each of part.parts) this.number(each);
    else if (part.kind === "choice") for (const each of part.branches) this.number(each);
    else if ("body" in part) this.number(part.body);
  }

  #numberCapture(part: Part & { kind: "capture" }): void {
    const { number, name } = part;
    this.#places.set(part, ++this.#opened);
    const [first, ...others] = this.#groups.get(number) ?? [];
    if (first !== undefined) {
      this.extra.push(this.#opened);
      this.shared.push({ from: this.#opened, to: first, name });
    }
    const places = first === undefined ? [this.#opened] : [first, ...others, this.#opened];
    this.#groups.set(number, places);
    // A name may be had twice: JavaScript does not take that, so further ones are written with a number behind them.
    if (name !== undefined && (first !== undefined || !this.#groups.has(name))) this.#groups.set(name, places);
  }

  /** `behind`: inside of a look-behind, which JavaScript reads from its end. */
  write(part: Part, behind: boolean): string {
    switch (part.kind) {
      case "set":
        return showSet(part.set);
      case "character":
        return literal(part.code);
      case "same":
        return part.text;
      case "sequence":
        return part.parts
          .map((each) => (each.kind === "choice" ? `(?:${this.write(each, behind)})` : this.write(each, behind)))
          .join("");
      case "choice":
        return part.branches.map((each) => this.write(each, behind)).join("|");
      case "capture":
        return `(${this.#nameOf(part)}${this.write(part.body, behind)})`;
      case "look":
        return `${part.open}${this.write(part.body, part.open.startsWith("(?<"))})`;
      case "atomic":
        return this.#whole(part, this.write(part.body, behind), behind);
      case "repeat":
        return this.#repeat(part, behind);
      case "back":
        return this.#back(part);
    }
  }

  #nameOf(part: Part & { kind: "capture" }): string {
    if (part.name === undefined) return "";
    const place = this.#places.get(part);
    return this.#groups.get(part.name)?.[0] === place ? `?<${part.name}>` : `?<${part.name}$${place}>`;
  }

  #repeat(part: Part & { kind: "repeat" }, behind: boolean): string {
    const { body, mode } = part;
    if (part.most > 1) this.#rounds.push(body);
    const text = this.write(body, behind);
    if (part.most > 1) this.#rounds.pop();
    const atom = isByte(body) || body.kind === "capture" ? text : `(?:${text})`;
    // A look-around finds the same however often it looks.
    const [least, most] = [part.least, part.most].map((number) =>
      body.kind === "look" ? Math.min(number, 1) : number,
    );
    const repeated = `${atom}{${least},${most === Infinity ? "" : most}}`
      .replace(/\{0,\}$/, "*")
      .replace(/\{1,\}$/, "+")
      .replace(/\{0,1\}$/, "?")
      .replace(/\{(\d+),\1\}$/, "{$1}");
    if (part.least === 0 && most === 1 && mode !== "possessive" && mayBeEmpty(body)) {
      // JavaScript would not take an empty text for one round.
      return mode === "lazy" ? `(?:|${atom})` : `(?:${atom}|)`;
    }
    if (mode !== "possessive") return mode === "lazy" ? `${repeated}?` : repeated;
    // A run of single bytes that goes on for as long as it can never gives one back if none may follow it.
    return needsGroup(part) || behind ? this.#whole(part, repeated, behind) : `${repeated}(?!${atom})`;
  }

  /** JavaScript never looks into a look-ahead again: what it found is taken as a whole, or not. */
  #whole(part: Part, text: string, behind: boolean): string {
    if (behind) throw new PatternError("takes something as a whole in a look-behind, which cannot be translated");
    return `(?:(?=(${text}))\\${this.#places.get(part)})`;
  }

  /** Of groups with the same number at most one has a text; the others match the empty one. */
  #back({ to, early, text }: Part & { kind: "back" }): string {
    if (!early) return `(?:${(this.#groups.get(to) ?? []).map((place) => `\\${place}`).join("")})`;
    // JavaScript forgets in each round what a group had in the one before.
    if (this.#rounds.some((body) => hasGroup(body, to))) {
      throw new PatternError(`refers by "${text}" to a group of an earlier round of a repetition, ${untranslatable}`);
    }
    return "(?:(?!))";
  }
}

function hasGroup(part: Part, group: number | string): boolean {
  if (part.kind === "capture" && (part.number === group || part.name === group)) return true;
  if (part.kind === "sequence") return part.parts.some((each) => hasGroup(each, group));
  if (part.kind === "choice") return part.branches.some((each) => hasGroup(each, group));
  return "body" in part && hasGroup(part.body, group);
}

/** Whether a part is taken as a whole, and needs a group for that. */
function needsGroup(part: Part): boolean {
  if (part.kind === "atomic") return true;
  if (part.kind !== "repeat" || part.mode !== "possessive") return false;
  return !isByte(part.body) || part.most !== Infinity || part.least > 1;
}

function mayBeEmpty(part: Part): boolean {
  if (part.kind === "sequence") return part.parts.every(mayBeEmpty);
  if (part.kind === "choice") return part.branches.some(mayBeEmpty);
  if (part.kind === "repeat") return part.least === 0 || mayBeEmpty(part.body);
  if (part.kind === "capture" || part.kind === "atomic") return mayBeEmpty(part.body);
  return !isByte(part);
}

function isByte(part: Part): boolean {
  return part.kind === "set" || part.kind === "character";
}

/** A group of a further branch of `(?|...)`, and the group of the first one. */
interface SharedGroup {
  readonly from: number;
  readonly to: number;
  readonly name: string | undefined;
}

/** What an expression needs beyond JavaScript's own. */
interface Finish {
  /** Numbers of groups of translation, which are dropped from what is matched: the others then have PCRE's numbers. */
  readonly extra: readonly number[];
  readonly shared: readonly SharedGroup[];
  readonly limit: { readonly cost: number; readonly pattern: string; readonly origin: Origin | undefined } | undefined;
}

function finish(regex: RegExp, { extra, shared, limit }: Finish): RegExp {
  if (extra.length === 0 && !limit) return regex;
  const own: Exec = (text) => RegExp.prototype.exec.call(regex, text);
  const look = limit ? guarded(own, limit.cost, { pattern: limit.pattern, origin: limit.origin }) : own;
  const exec: Exec = (text) => {
    const match = look(text);
    if (!match) return match;
    for (const { from, to, name } of shared) {
      const text = match[from];
      if (text === undefined) continue;
      match[to] = text;
      if (name !== undefined && match.groups) match.groups[name] = text;
    }
    for (const number of extra.toReversed()) match.splice(number, 1);
    return match;
  };
  return Object.defineProperty(regex, "exec", { value: exec });
}
