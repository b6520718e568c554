// PCRE text → what it says: sequences, groups, repetitions, sets of bytes.
import {
  addRange,
  addSet,
  complement,
  emptySet,
  escapeSet,
  foldCase,
  posixSet,
  propertySet,
  setOf,
  type ByteSet,
} from "./pattern-class.js";

/** How a pattern is meant, by the names of RegexDefaultOptions; Apache's defaults are dotAll and dollarEndOnly. */
export interface PatternOptions {
  readonly ignoreCase?: boolean;
  readonly extended?: boolean;
  readonly dotAll?: boolean;
  readonly dollarEndOnly?: boolean;
  /** RegexDefaultOptions counts for nothing here. */
  readonly alone?: boolean;
}

/** Why a pattern cannot be translated; the message completes "the regular expression ...". */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

/** A part of a pattern. Where it ignores case, its sets hold both. */
export type Part =
  | { readonly kind: "set"; readonly set: ByteSet }
  /** A character that is no byte. */
  | { readonly kind: "character"; readonly code: number }
  /** Text that means the same in JavaScript, and is one atom there. */
  | { readonly kind: "same"; readonly text: string }
  | { readonly kind: "sequence"; readonly parts: readonly Part[] }
  | { readonly kind: "choice"; readonly branches: readonly Part[] }
  /** `number` counts as PCRE counts, from 1. */
  | { readonly kind: "capture"; readonly number: number; readonly name: string | undefined; readonly body: Part }
  | { readonly kind: "look"; readonly open: "(?=" | "(?!" | "(?<=" | "(?<!"; readonly body: Part }
  | { readonly kind: "atomic"; readonly body: Part }
  | {
      readonly kind: "repeat";
      readonly body: Part;
      readonly least: number;
      readonly most: number;
      readonly mode: "greedy" | "lazy" | "possessive";
    }
  /** \1 and the like; `early`: before the group has ended, so that it is one of an earlier round, or matches nothing. */
  | { readonly kind: "back"; readonly to: number | string; readonly early: boolean; readonly text: string };

/** A pattern, read. */
export interface PatternTree {
  readonly body: Part;
  /** "i" where there is a reference back without regard to case. */
  readonly flags: "" | "i";
}

/** Options as they stand at one place of a pattern. */
interface Scope {
  ignoreCase: boolean;
  extended: boolean;
  extendedMore: boolean;
  dotAll: boolean;
  multiline: boolean;
  ungreedy: boolean;
  noCapture: boolean;
}

const maximumDepth = 250;

/** Reads a pattern. Throws a PatternError for what PCRE refuses, and for what has no counterpart in JavaScript. */
export function readPattern(source: string, options: PatternOptions): PatternTree {
  return new PatternReader(source, options).read();
}

class PatternReader {
  readonly #source: string;
  readonly #dollarEndOnly: boolean;
  #at = 0;
  #depth = 0;
  #captures = 0;
  /** Groups that have ended, by number and by name. */
  readonly #closed = new Set<number | string>();
  /** References back to groups that had not ended there. */
  readonly #early: (number | string)[] = [];
  /** What groups are named, by number. */
  readonly #names = new Map<number, string>();
  #scope: Scope;
  /** Whether a letter stands for its own case alone; whether a reference back stands for both. */
  #exact = false;
  #foldsBack = "";
  /** Behind \Q, up to \E. */
  #quoting = false;

  constructor(source: string, { ignoreCase, extended, dotAll, dollarEndOnly }: PatternOptions) {
    this.#source = source;
    this.#dollarEndOnly = dollarEndOnly ?? true;
    this.#scope = {
      ...noOptions,
      ignoreCase: ignoreCase ?? false,
      extended: extended ?? false,
      dotAll: dotAll ?? true,
    };
  }

  read(): PatternTree {
    const body = this.#choice();
    if (this.#at < this.#source.length) throw new PatternError('has a ")" without its "("');
    const unknown = this.#early.find((to) => !this.#closed.has(to));
    if (unknown !== undefined) throw new PatternError(`refers back to a group "${unknown}" that does not exist`);
    if (this.#foldsBack && this.#exact) {
      const text = this.#foldsBack;
      throw new PatternError(
        `refers back by "${text}" without regard to case where other parts regard it, ${untranslatable}`,
      );
    }
    return { body, flags: this.#foldsBack ? "i" : "" };
  }

  /** `reset`: each branch numbers its groups from the same number on. */
  #choice(reset = false): Part {
    if (++this.#depth > maximumDepth) throw new PatternError(`has more than ${maximumDepth} groups in each other`);
    const outer = this.#scope;
    this.#scope = { ...outer };
    const before = this.#captures;
    let most = before;
    const branches = [this.#sequence()];
    while (this.#take("|")) {
      most = Math.max(most, this.#captures);
      if (reset) this.#captures = before;
      branches.push(this.#sequence());
    }
    this.#captures = Math.max(most, this.#captures);
    this.#scope = outer;
    this.#depth--;
    const [only] = branches;
    return branches.length === 1 && only ? only : { kind: "choice", branches };
  }

  #sequence(): Part {
    const parts: Part[] = [];
    for (;;) {
      this.#skipUnread();
      const char = this.#source[this.#at];
      if (char === undefined || (!this.#quoting && (char === "|" || char === ")"))) break;
      const part = this.#part(char);
      if (!part) continue;
      this.#skipUnread();
      const repeats = part.kind !== "same" || part.text.startsWith("(?:");
      parts.push(repeats ? this.#quantified(part) : part);
    }
    const [only] = parts;
    return parts.length === 1 && only ? only : { kind: "sequence", parts };
  }

  /** What counts for nothing: \Q and \E themselves, comments, white space where it is free. */
  #skipUnread(): void {
    for (;;) {
      if (this.#quoting) {
        if (!this.#take("\\E")) return;
        this.#quoting = false;
      } else if (this.#take("\\Q")) {
        this.#quoting = true;
      } else if (this.#source.startsWith("(?#", this.#at)) {
        const end = this.#source.indexOf(")", this.#at);
        if (end < 0) throw new PatternError('has a comment "(?#" without its ")"');
        this.#at = end + 1;
      } else if (this.#scope.extended && /[\t-\r ]/.test(this.#source[this.#at] ?? "")) {
        this.#at++;
      } else if (this.#scope.extended && this.#source[this.#at] === "#") {
        const end = this.#source.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#source.length : end + 1;
      } else if (!this.#take("\\E")) {
        return;
      }
    }
  }

  /** The next part; undefined for options, which are none. */
  #part(char: string): Part | undefined {
    if (!this.#quoting) {
      if (char === "(") return this.#group();
      if (char === "[") return this.#class();
      if (char === "\\") return this.#escape();
      if (/[*+?]/.test(char) || this.#bounds()) throw new PatternError(`has a "${char}" with nothing to repeat`);
    }
    this.#at++;
    if (this.#quoting) return this.#character(char.charCodeAt(0));
    const { dotAll, multiline } = this.#scope;
    if (char === ".") return dotAll ? anyByte : notLineFeed;
    if (char === "^") return { kind: "same", text: multiline ? "(?<![^\\n])(?<!\\n(?![^]))" : "^" };
    if (char === "$") return { kind: "same", text: multiline ? "(?![^\\n])" : this.#dollarEndOnly ? "$" : "(?=\\n?$)" };
    return this.#character(char.charCodeAt(0));
  }

  #character(code: number): Part {
    if (code > 255) return { kind: "character", code };
    if (!this.#scope.ignoreCase) this.#exact ||= isLetter(code);
    return singleByte(code, this.#scope.ignoreCase);
  }

  #folded(set: ByteSet): ByteSet {
    const folded = foldCase(set);
    if (this.#scope.ignoreCase) return folded;
    this.#exact ||= folded.bytes.some((isIn, code) => isIn !== set.bytes[code]);
    return set;
  }

  #quantified(body: Part): Part {
    const bounds = this.#quoting ? undefined : this.#bounds();
    if (!bounds) return body;
    const [text, least, most] = bounds;
    if (most < least || least > 65_535 || (most > 65_535 && most !== Infinity)) {
      throw new PatternError(`has numbers out of order or above 65535 in "${text}"`);
    }
    this.#at += text.length;
    this.#skipUnread();
    const mode = this.#take("+") ? "possessive" : this.#take("?") !== this.#scope.ungreedy ? "lazy" : "greedy";
    this.#skipUnread();
    if (!this.#quoting && (/[*+?]/.test(this.#source[this.#at] ?? "") || this.#bounds())) {
      throw new PatternError(`has a "${this.#source[this.#at] ?? ""}" with nothing to repeat`);
    }
    return { kind: "repeat", body, least, most, mode };
  }

  /** The quantifier that stands here: its text, least and most. */
  #bounds(): [text: string, least: number, most: number] | undefined {
    const char = this.#source[this.#at];
    if (char === "*") return ["*", 0, Infinity];
    if (char === "+") return ["+", 1, Infinity];
    if (char === "?") return ["?", 0, 1];
    if (char !== "{") return undefined;
    const [text, least, comma, most] = this.#match(/\{(\d{1,9})(,?)(\d{0,9})\}/y) ?? [];
    if (text === undefined || (comma === "" && most !== "")) return undefined;
    return [text, Number(least), most ? Number(most) : comma ? Infinity : Number(least)];
  }

  #group(): Part | undefined {
    const special = this.#match(/\((?:\?(?:P?<(?![=!])|P=|P>|<?[=!]|[:>|'(RC&+\d]|-\d)?|\*)?/y)?.[0] ?? "(";
    if (special === "(?") return this.#options();
    if (special === "(?P=") {
      const [text, name = ""] = this.#match(/\(\?P=(\w+)\)/y) ?? this.#bad(special);
      this.#at += text.length;
      return this.#back(name, text);
    }
    const named = this.#match(/\(\?(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/y);
    const plain = special === "(";
    if (!named && !plainGroups.has(special)) return this.#bad(special);
    this.#at += named ? named[0].length : special.length;
    if (named || (plain && !this.#scope.noCapture)) {
      const number = ++this.#captures;
      const name = named?.[1] ?? named?.[2];
      const known = this.#names.get(number) ?? name;
      if (name !== undefined && known !== name) throw new PatternError(`has two names for the group ${number}`);
      if (known !== undefined) this.#names.set(number, known);
      this.#closed.delete(number);
      this.#closed.delete(name ?? number);
      const body = this.#groupBody();
      this.#closed.add(number).add(name ?? number);
      return { kind: "capture", number, name, body };
    }
    const body = this.#groupBody(special === "(?|");
    if (special === "(?>") return { kind: "atomic", body };
    const open = looks.find((each) => each === special);
    return open ? { kind: "look", open, body } : body;
  }

  #groupBody(reset = false): Part {
    const body = this.#choice(reset);
    if (!this.#take(")")) throw new PatternError('has a "(" without its ")"');
    // What cannot be repeated by itself can in a group.
    return body.kind === "same" ? { kind: "sequence", parts: [body] } : body;
  }

  /** `(?i)` and the like change what follows in the group; `(?i:...)` is a group of its own. */
  #options(): Part | undefined {
    const [text, reset, on = "", off = "", end] =
      this.#match(/\(\?(\^?)([imnsxU]*)(?:-([imnsxU]*))?([:)])/y) ?? this.#bad("(?");
    this.#at += text.length;
    const outer = this.#scope;
    const scope: Scope = reset ? { ...noOptions, ungreedy: outer.ungreedy } : { ...outer };
    const set = (letters: string, to: boolean) => {
      if (letters.includes("i")) scope.ignoreCase = to;
      if (letters.includes("m")) scope.multiline = to;
      if (letters.includes("n")) scope.noCapture = to;
      if (letters.includes("s")) scope.dotAll = to;
      if (letters.includes("x")) scope.extended = to;
      if (letters.includes("x")) scope.extendedMore = to && letters.includes("xx");
      if (letters.includes("U")) scope.ungreedy = to;
    };
    set(on, true);
    set(off, false);
    this.#scope = scope;
    if (end === ")") return undefined;
    const body = this.#groupBody();
    this.#scope = outer;
    return body;
  }

  #escape(): Part {
    const char = this.#source[this.#at + 1];
    if (char === undefined) throw new PatternError("ends with a backslash");
    const same = sameEscapes.get(char);
    if (same !== undefined) {
      if (this.#match(/\\N\{(?!\d+(?:,\d*)?\})/y)) throw new PatternError('has "\\N{", which names no character here');
      this.#at += 2;
      return { kind: "same", text: same };
    }
    const set = this.#setEscape(char);
    if (set) return { kind: "set", set };
    const back =
      this.#match(/\\(?:g([+-]?\d+)|g\{([+-]?\d+)\}|([1-9]\d*))/y) ??
      this.#match(/\\(?:g\{(?!\d)(\w+)\}|k\{(\w+)\}|k<(\w+)>|k'(\w+)')/y);
    const to = back?.slice(1).find((each) => each !== undefined);
    // A number of two digits or more is a byte in octal where there are not that many groups.
    if (back && to !== undefined && !(/^\\[1-9]\d/.test(back[0]) && Number(to) > this.#countCaptures())) {
      this.#at += back[0].length;
      if (!/^[+-]?\d+$/.test(to)) return this.#back(to, back[0]);
      const relative = to.startsWith("-") ? this.#captures + 1 : to.startsWith("+") ? this.#captures : 0;
      return this.#back(relative + Number(to), back[0]);
    }
    return this.#character(this.#codeEscape(char));
  }

  #back(to: number | string, text: string): Part {
    const early = !this.#closed.has(to);
    if (early) this.#early.push(to);
    else if (this.#scope.ignoreCase) this.#foldsBack ||= text;
    return { kind: "back", to, early, text };
  }

  /** Groups of the whole pattern, as far as a glance tells. */
  #countCaptures(): number {
    return this.#source.match(/\((?!\?(?!P?<\w|'))/g)?.length ?? 0;
  }

  /** An escape that stands for several bytes, and moves behind it. */
  #setEscape(char: string): ByteSet | undefined {
    const property = this.#match(/\\[pP](?:\{(\^?)([\w&]+)\}|([A-Z]))/y);
    const set = property ? propertySet(property[2] ?? property[3] ?? "") : char === "C" ? anyByte.set : escapeSet(char);
    if (!set) return undefined;
    this.#at += property ? property[0].length : 2;
    return property && (char === "P") !== (property[1] === "^") ? complement(set) : set;
  }

  /** An escape that stands for one byte: its code, and moves behind it. */
  #codeEscape(char: string): number {
    const hex = this.#match(/\\x(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2})(?!\{\}))/y);
    if (hex?.[0] === "\\x" && this.#source[this.#at + 2] === "{") {
      throw new PatternError('has "\\x{" without hexadecimal digits and "}" behind it');
    }
    const octal = this.#match(/\\(?:o\{([0-7]+)\}|([0-7]{1,3}))/y);
    const control = this.#match(/\\c([ -~])/y);
    const digits = hex ?? octal;
    const text = (digits ?? control)?.[0] ?? `\\${char}`;
    this.#at += text.length;
    const code = digits
      ? parseInt(digits[1] ?? (digits[2] || "0"), hex ? 16 : 8)
      : control?.[1] !== undefined
        ? control[1].toUpperCase().charCodeAt(0) ^ 64
        : (codes.get(char) ?? char.charCodeAt(0));
    if (code > 255 && digits) throw new PatternError(`has a "${text}" that is more than a byte`);
    if (/[A-Za-z]/.test(char) && !digits && !control && !codes.has(char)) {
      const known = /[KXgkpP]/.test(char);
      throw new PatternError(
        known ? `uses "\\${char}", ${untranslatable}` : `has an escape "\\${char}" that does not exist`,
      );
    }
    return code;
  }

  #class(): Part {
    const outside = this.#posixClass();
    if (outside) throw new PatternError(`has "${outside.text}" outside of a class: write [${outside.text}]`);
    const start = this.#at++;
    this.#quoting = false;
    this.#skipQuotes();
    const negated = !this.#quoting && this.#take("^");
    const set = emptySet();
    let first = true;
    for (;;) {
      this.#skipQuotes();
      const char = this.#source[this.#at];
      if (char === undefined) throw new PatternError(`has a "[" without its "]" at character ${start + 1}`);
      if (char === "]" && !first && !this.#quoting) break;
      first = false;
      if (this.#scope.extendedMore && !this.#quoting && /[ \t]/.test(char)) this.#at++;
      else this.#member(char, set);
    }
    this.#at++;
    const folded = this.#folded(set);
    return { kind: "set", set: negated ? complement(folded) : folded };
  }

  #skipQuotes(): void {
    while (this.#quoting ? this.#take("\\E") : this.#take("\\Q")) this.#quoting = !this.#quoting;
    if (!this.#quoting && this.#take("\\E")) this.#skipQuotes();
  }

  #member(char: string, set: ByteSet): void {
    const several = this.#quoting ? undefined : this.#severalMembers(char);
    if (several) {
      addSet(set, several);
      if (/^-[^\]]/.test(this.#source.slice(this.#at, this.#at + 2)) && this.#source[this.#at + 1] !== "\\") {
        // PCRE takes "-" behind \d and the like for itself, unless a byte follows.
        throw new PatternError('has a range "-" whose end is not one character');
      }
      return;
    }
    const from = this.#memberCode(char);
    this.#skipQuotes();
    const ranges = !this.#quoting && /^-[^\]]/.test(this.#source.slice(this.#at, this.#at + 2));
    if (!ranges) {
      if (from > 255) set.others = true;
      else addRange(set, from, from);
      return;
    }
    this.#at++;
    this.#skipQuotes();
    const end = this.#source[this.#at] ?? "";
    if (end === "]" && !this.#quoting) {
      addRange(set, from, from);
      addRange(set, 45, 45);
      return;
    }
    if (!this.#quoting && this.#severalMembers(end)) {
      throw new PatternError('has a range "-" whose end is not one character');
    }
    const to = this.#memberCode(end);
    if (to < from) throw new PatternError("has a range out of order");
    addRange(set, from, Math.min(to, 255));
    if (to > 255) set.others = true;
  }

  #severalMembers(char: string): ByteSet | undefined {
    if (char === "\\") {
      const letter = this.#source[this.#at + 1] ?? "";
      if (/[BRXCN]/.test(letter)) throw new PatternError(`has "\\${letter}" in a class`);
      return this.#setEscape(letter);
    }
    const posix = this.#posixClass();
    if (!posix) return undefined;
    const { text, name, not } = posix;
    const set = posixSet(name);
    if (!set) throw new PatternError(`has a class "[:${name}:]" that does not exist`);
    this.#at += text.length;
    const folded = this.#scope.ignoreCase && /^(upper|lower)$/.test(name) ? foldCase(set) : set;
    return not ? complement(folded) : folded;
  }

  /** What looks like `[:name:]`, as PCRE finds it; `[.name.]` and `[=name=]` are refused. */
  #posixClass(): { readonly text: string; readonly name: string; readonly not: boolean } | undefined {
    const found = this.#match(/\[([:.=])((?:\\[\]\\]|(?!\[\1|\1\]|\\[\]\\])[^\]])*)\1\]/y);
    if (!found) return undefined;
    const [text, mark, name = ""] = found;
    if (mark !== ":") throw new PatternError('has a collating element "[." or "[="');
    return name.startsWith("^") ? { text, name: name.slice(1), not: true } : { text, name, not: false };
  }

  #memberCode(char: string): number {
    if (char !== "\\" || this.#quoting) {
      this.#at++;
      return char.charCodeAt(0);
    }
    const letter = this.#source[this.#at + 1];
    if (letter === undefined) throw new PatternError("ends with a backslash");
    if (letter !== "b") return this.#codeEscape(letter);
    this.#at += 2;
    return 8;
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#at;
    return sticky.exec(this.#source);
  }

  #bad(what: string): never {
    const shown = what === "(?" || what === "(*" ? this.#source.slice(this.#at, this.#at + 6) : what;
    throw new PatternError(`uses "${shown}", ${untranslatable}`);
  }
}

const looks = ["(?=", "(?!", "(?<=", "(?<!"] as const;
const plainGroups: ReadonlySet<string> = new Set(["(", "(?:", "(?>", "(?|", ...looks]);

/** Completes what an error says of a construct. */
export const untranslatable = "which cannot be translated from PCRE to JavaScript";

const noOptions: Scope = {
  ignoreCase: false,
  extended: false,
  extendedMore: false,
  dotAll: false,
  multiline: false,
  ungreedy: false,
  noCapture: false,
};

const anyByte = { kind: "set", set: complement(emptySet()) } as const;
const notLineFeed: Part = { kind: "set", set: complement(setOf([10, 10])) };

/** Sets of one byte, and of a letter in both cases: most of what patterns hold. They are made once, and never changed. */
const singles: Part[] = [];

function singleByte(code: number, ignoreCase: boolean): Part {
  const at = ignoreCase ? code + 256 : code;
  const known = singles[at];
  if (known) return known;
  const set = setOf([code, code]);
  return (singles[at] = { kind: "set", set: ignoreCase ? foldCase(set) : set });
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

const sameEscapes: ReadonlyMap<string, string> = new Map([
  ["A", "^"],
  ["G", "^"],
  ["z", "$"],
  ["Z", "(?=\\n?$)"],
  ["b", "\\b"],
  ["B", "\\B"],
  ["N", "(?:[^\\n])"],
  ["R", "(?:\\r\\n|(?!\\r\\n)[\\n-\\r\\x85])"],
]);

const codes: ReadonlyMap<string, number> = new Map([
  ["a", 7],
  ["e", 27],
  ["f", 12],
  ["n", 10],
  ["r", 13],
  ["t", 9],
]);
