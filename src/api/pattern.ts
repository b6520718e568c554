// PCRE text → JavaScript regular expression; and the door to wildcards.
import { literal, showSet } from "./pattern-class.js";
import type { Origin } from "./origin.js";
import { costOf } from "./pattern-cost.js";
import { guarded, isLinear, prepareEngine, type Exec } from "./pattern-guard.js";
import { PatternError, readPattern, type Part, type PatternOptions } from "./pattern-tree.js";
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
  return finish(regex, { extra: writer.extra, limit });
}

function withDefaults(options: PatternOptions): PatternOptions {
  if (options.alone) return options;
  const { dotAll = defaults.dotAll, dollarEndOnly = defaults.dollarEndOnly } = options;
  return { ...options, ignoreCase: options.ignoreCase === true || defaults.ignoreCase, dotAll, dollarEndOnly };
}

class PatternWriter {
  /** Numbers of groups that only translation needs, in order. */
  readonly extra: number[] = [];
  /** Where PCRE's groups are in JavaScript's count, by number and by name. */
  readonly #groups = new Map<number | string, number>();
  /** The groups that parts need which are taken as a whole. */
  readonly #wholes = new Map<Part, number>();
  #opened = 0;

  /** Numbers all groups, in the order in which they open; references back may stand before their group. */
  number(part: Part): void {
    if (part.kind === "capture") {
      this.#groups.set(part.number, ++this.#opened);
      // A name may be had twice: JavaScript does not take that, so further ones are written with a number behind them.
      if (part.name !== undefined && !this.#groups.has(part.name)) this.#groups.set(part.name, this.#opened);
    } else if (needsGroup(part)) {
      this.#wholes.set(part, ++this.#opened);
      this.extra.push(this.#opened);
    }
    if (part.kind === "sequence") for (const each of part.parts) this.number(each);
    else if (part.kind === "choice") for (const each of part.branches) this.number(each);
    else if ("body" in part) this.number(part.body);
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

  #nameOf({ name, number }: Part & { kind: "capture" }): string {
    if (name === undefined) return "";
    return this.#groups.get(name) === this.#groups.get(number) ? `?<${name}>` : `?<${name}$${number}>`;
  }

  #repeat(part: Part & { kind: "repeat" }, behind: boolean): string {
    const { body, mode } = part;
    const text = this.write(body, behind);
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
    return `(?:(?=(${text}))\\${this.#wholes.get(part)})`;
  }

  #back({ to }: Part & { kind: "back" }): string {
    return `(?:\\${this.#groups.get(to)})`;
  }
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

/** What an expression needs beyond JavaScript's own. */
interface Finish {
  /** Numbers of groups of translation, which are dropped from what is matched: the others then have PCRE's numbers. */
  readonly extra: readonly number[];
  readonly limit: { readonly cost: number; readonly pattern: string; readonly origin: Origin | undefined } | undefined;
}

function finish(regex: RegExp, { extra, limit }: Finish): RegExp {
  if (extra.length === 0 && !limit) return regex;
  const own: Exec = (text) => RegExp.prototype.exec.call(regex, text);
  const look = limit ? guarded(own, limit.cost, { pattern: limit.pattern, origin: limit.origin }) : own;
  const exec: Exec = (text) => {
    const match = look(text);
    if (match) for (const number of extra.toReversed()) match.splice(number, 1);
    return match;
  };
  return Object.defineProperty(regex, "exec", { value: exec });
}
