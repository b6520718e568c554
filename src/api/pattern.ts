// PCRE text → JavaScript regular expression; and the door to wildcards.
import { readClass } from "./pattern-class.js";
export { globToRegExp, hasWildcard, type GlobOptions } from "./glob.js";

/** How a pattern is meant, by the names of RegexDefaultOptions; Apache's defaults are dotAll and dollarEndOnly. */
export interface PatternOptions {
  readonly ignoreCase?: boolean;
  readonly extended?: boolean;
  readonly dotAll?: boolean;
  readonly dollarEndOnly?: boolean;
}

/** Why a pattern cannot be translated; the message completes "the regular expression ...". */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

interface Scope {
  readonly ignoreCase: boolean;
  readonly extended: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
}

/**
 * Translates a Perl-compatible pattern. Texts it is used on are latin1 strings of bytes. Throws a PatternError for what
 * JavaScript cannot express (recursion, conditions, atomic groups around more than one character ...) and for what is
 * wrong in both.
 */
export function translatePattern(source: string, options: PatternOptions = {}): RegExp {
  const translation = new Translation(source, options);
  const text = translation.run();
  try {
    return new RegExp(text, translation.wholeIgnoresCase ? "i" : "");
  } catch (error) {
    throw new PatternError(`is not valid: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const white = "\\t-\\r ";
const escapes: Readonly<Record<string, string>> = {
  A: "(?<![^])",
  z: "(?![^])",
  Z: "(?=\\n?(?![^]))",
  s: `[${white}]`,
  S: `[^${white}]`,
  h: "[\\t \\xa0]",
  H: "[^\\t \\xa0]",
  v: "[\\n-\\r\\x85]",
  V: "[^\\n-\\r\\x85]",
  N: "[^\\n]",
  R: "(?:\\r\\n|[\\n-\\r\\x85])",
  a: "\\x07",
  e: "\\x1b",
};
const refusedEscapes: Readonly<Record<string, string>> = {
  K: "\\K",
  G: "\\G",
  X: "\\X",
  C: "\\C",
  p: "\\p{...}",
  P: "\\P{...}",
};

class Translation {
  readonly wholeIgnoresCase: boolean;
  readonly #source: string;
  readonly #dollarEndOnly: boolean;
  #at = 0;
  #scope: Scope;
  #scopes: Scope[] = [];
  #groups = 0;

  constructor(source: string, options: PatternOptions) {
    const leading = /^(?:\(\?[imsx]+\))*/.exec(source)?.[0] ?? "";
    this.wholeIgnoresCase = options.ignoreCase === true || leading.includes("i");
    this.#source = source;
    this.#dollarEndOnly = options.dollarEndOnly ?? true;
    this.#scope = {
      ignoreCase: this.wholeIgnoresCase,
      extended: options.extended ?? false,
      dotAll: options.dotAll ?? true,
      multiline: false,
    };
  }

  run(): string {
    let text = "";
    let atom = "";
    while (this.#at < this.#source.length) {
      const quantified = this.#quantifier(atom);
      if (quantified !== undefined) {
        text += quantified;
        atom = "";
        continue;
      }
      const next = this.#next();
      // Comments and white space between an atom and its quantifier count for nothing.
      if (next === "") continue;
      text += atom;
      atom = next;
    }
    return text + atom;
  }

  /** The atom with the quantifier that stands behind it, or undefined when none does. */
  #quantifier(atom: string): string | undefined {
    const match = /^(?:[*+?]|\{\d+(?:,\d*)?\})([+?]?)/.exec(this.#source.slice(this.#at, this.#at + 24));
    if (!match || atom === "" || (this.#source[this.#at] === "{" && atom === "{")) return undefined;
    this.#at += match[0].length;
    if (match[1] !== "+") return atom + match[0];
    const greedy = match[0].slice(0, -1);
    // A possessive run of one-character atoms never gives back what the atom could still take.
    if (greedy === "*" || greedy === "+") {
      if (/^(?:\[(?:[^\]\\]|\\.)*\]|\\.|\\x[0-9a-f]{2}|[^\\()|^$])$/i.test(atom)) return `${atom}${greedy}(?!${atom})`;
    }
    return this.#refuse(`the possessive quantifier "${match[0]}"`);
  }

  #next(): string {
    const char = this.#source[this.#at] as string;
    if (char === "\\") return this.#escape();
    if (char === "(") return this.#open();
    if (char === "[") {
      const found = readClass(this.#source, this.#at, this.#foldsHere());
      if (!found) throw new PatternError('has a "[" without its "]"');
      this.#at = found.end;
      return found.text;
    }
    this.#at++;
    if (char === ")") {
      this.#scope = this.#scopes.pop() ?? this.#unbalanced();
      return ")";
    }
    if (char === ".") return this.#scope.dotAll ? "[^]" : "[^\\n]";
    if (char === "^") return this.#scope.multiline ? "(?<=^|\\n)" : "^";
    if (char === "$") return this.#scope.multiline ? "(?=\\n|$)" : this.#dollarEndOnly ? "$" : "(?=\\n?$)";
    if (this.#scope.extended && /\s/.test(char)) return "";
    if (this.#scope.extended && char === "#") {
      const end = this.#source.indexOf("\n", this.#at);
      this.#at = end < 0 ? this.#source.length : end + 1;
      return "";
    }
    if (char === "/") return "\\/";
    return this.#literal(char);
  }

  #escape(): string {
    const rest = this.#source.slice(this.#at);
    const char = rest[1];
    if (char === undefined) throw new PatternError("ends with a backslash");
    const take = (length: number, text: string) => {
      this.#at += length;
      return text;
    };
    if (char === "Q") {
      const end = rest.indexOf("\\E");
      const quoted = end < 0 ? rest.slice(2) : rest.slice(2, end);
      const text = [...quoted].map((one) => this.#literal(/[\w\s]/.test(one) ? one : `\\${one}`)).join("");
      return take(end < 0 ? rest.length : end + 2, text.length > 1 ? `(?:${text})` : text);
    }
    if (char === "E") return take(2, "");
    const hex = /^\\x\{([0-9a-f]{1,2})\}/i.exec(rest) ?? /^\\x([0-9a-f]{0,2})/i.exec(rest);
    if (hex) return take(hex[0].length, this.#literal(byte(parseInt(hex[1] || "0", 16))));
    const octal = /^\\o\{([0-7]+)\}/.exec(rest) ?? /^\\(0[0-7]{0,2}|[1-3][0-7]{2})/.exec(rest);
    if (octal) return take(octal[0].length, this.#literal(byte(parseInt(octal[1] as string, 8) & 255)));
    const back = /^\\(?:g\{?(-?\d+)\}?|k[{'](\w+)[}'])/.exec(rest);
    if (back) {
      const number = Number(back[1]);
      return take(back[0].length, back[2] ? `\\k<${back[2]}>` : `\\${number < 0 ? this.#groups + 1 + number : number}`);
    }
    const refused = refusedEscapes[char];
    if (refused) return this.#refuse(refused);
    const known = escapes[char];
    if (known) return take(2, known);
    if (/[dDwWbBnrtf1-9k]/.test(char)) return take(2, `\\${char}`);
    if (/[A-Za-z]/.test(char)) throw new PatternError(`has an escape "\\${char}" that does not exist`);
    return take(2, this.#literal(/[\s\w]/.test(char) ? char : `\\${char}`));
  }

  #open(): string {
    const rest = this.#source.slice(this.#at);
    if (rest.startsWith("(?#")) {
      const end = rest.indexOf(")");
      this.#at += end < 0 ? rest.length : end + 1;
      return "";
    }
    const flags = /^\(\?([imsxJ]*)(?:-([imsx]*))?([):])/.exec(rest);
    if (flags) {
      const [whole, on = "", off = "", end] = flags;
      this.#at += whole.length;
      const outer = this.#scope;
      const state = (letter: string, before: boolean) =>
        on.includes(letter) ? true : off.includes(letter) ? false : before;
      if (this.wholeIgnoresCase && off.includes("i")) return this.#refuse('"(?-i)" in a pattern that ignores case');
      this.#scope = {
        ignoreCase: state("i", outer.ignoreCase),
        extended: state("x", outer.extended),
        dotAll: state("s", outer.dotAll),
        multiline: state("m", outer.multiline),
      };
      if (end === ")") return "";
      this.#scopes.push(outer);
      return "(?:";
    }
    const [, verb] = /^\((\*[A-Z_]+)/.exec(rest) ?? [];
    if (verb) return this.#refuse(`"(${verb})"`);
    this.#scopes.push(this.#scope);
    const named = /^\(\?P?(?:<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest);
    if (named) {
      this.#groups++;
      this.#at += named[0].length;
      return `(?<${named[1] ?? named[2]}>`;
    }
    const again = /^\(\?P=(\w+)\)/.exec(rest);
    if (again) {
      this.#scopes.pop();
      this.#at += again[0].length;
      return `\\k<${again[1]}>`;
    }
    const look = /^\(\?(?:[=!]|<[=!])/.exec(rest);
    if (look) {
      this.#at += look[0].length;
      return look[0];
    }
    if (rest.startsWith("(?")) {
      return this.#refuse(rest.startsWith("(?>") ? 'an atomic group "(?>"' : `"${rest.slice(0, 3)}"`);
    }
    this.#groups++;
    this.#at++;
    return "(";
  }

  /** A literal character, in both cases where only this part of the pattern ignores case. */
  #literal(char: string): string {
    return this.#foldsHere() && /^[A-Za-z]$/.test(char) ? `[${char.toLowerCase()}${char.toUpperCase()}]` : char;
  }

  #foldsHere(): boolean {
    return this.#scope.ignoreCase && !this.wholeIgnoresCase;
  }

  #unbalanced(): never {
    throw new PatternError('has a ")" without its "("');
  }

  #refuse(what: string): never {
    throw new PatternError(`uses ${what}, which cannot be translated from PCRE to JavaScript`);
  }
}

function byte(code: number): string {
  const char = String.fromCharCode(code);
  return /[A-Za-z0-9]/.test(char) ? char : `\\x${code.toString(16).padStart(2, "0")}`;
}
