// A basic regular expression of sed → JavaScript's.
import { PatternError, translatePattern, type Origin } from "../../api/index.js";
import { SedError } from "./error.js";

/** A pattern of a script, read up to its delimiter. */
export interface SedPattern {
  /** As Perl writes it. */
  readonly first: RegExp;
  /** The same at the very place where the match before it ended: see `again` in run.ts. */
  readonly again: RegExp | undefined;
  readonly isAnchored: boolean;
  readonly groups: number;
}

/** A pattern and where the text behind its delimiter begins; undefined where it is empty: the last one is meant. */
export function readPattern(
  text: string,
  from: number,
  { delimiter, origin }: { readonly delimiter: string; readonly origin: Origin },
): { readonly pattern: SedPattern | undefined; readonly end: number } {
  const reader = new PatternReader(text, from, delimiter);
  const atoms = reader.read();
  if (!atoms) return { pattern: undefined, end: reader.at };
  const compile = (source: string): RegExp => {
    try {
      return translatePattern(source, { alone: true }, origin);
    } catch (error) {
      if (error instanceof PatternError) throw new SedError(`the pattern ${error.message}`);
      throw error;
    }
  };
  const anchor = reader.isAnchored ? "^" : "";
  const first = compile(anchor + atoms.map(show).join(""));
  // Apache's sed finds no repetition of nothing where the match before ended, if the pattern begins with it.
  const start = atoms.findIndex(({ text: atom }) => atom !== "(");
  const leading = atoms[start];
  const again =
    leading && leading.least === 0
      ? compile(`^${atoms.map((atom, index) => show(index === start ? { ...atom, least: 1 } : atom)).join("")}`)
      : undefined;
  return { pattern: { first, again, isAnchored: reader.isAnchored, groups: reader.groups }, end: reader.at };
}

/** A part of a pattern, and how often it may stand: once where that is not said. */
interface Atom {
  readonly text: string;
  least?: number;
  most?: number;
}

function show({ text, least, most }: Atom): string {
  if (least === undefined) return text;
  return `${text}{${least},${most === Infinity ? "" : (most ?? least)}}`;
}

class PatternReader {
  at: number;
  isAnchored = false;
  groups = 0;
  readonly #text: string;
  readonly #delimiter: string;
  readonly #atoms: Atom[] = [];
  readonly #open: number[] = [];
  #closed = 0;

  constructor(text: string, from: number, delimiter: string) {
    this.#text = text;
    this.at = from;
    this.#delimiter = delimiter;
  }

  read(): readonly Atom[] | undefined {
    if (this.#peek() === this.#delimiter) {
      this.at++;
      return undefined;
    }
    if (this.#peek() === "^") {
      this.isAnchored = true;
      this.at++;
    }
    for (;;) {
      const sign = this.#next();
      if (sign === this.#delimiter) {
        if (this.#open.length > 0) throw new SedError("\\( \\) imbalance");
        return this.#atoms;
      }
      if (sign === ".") this.#add("[^\\x00]");
      else if (sign === "*") this.#star();
      else if (sign === "$" && this.#peek() === this.#delimiter) this.#add("$", false);
      else if (sign === "[") this.#add(this.#set());
      else if (sign === "\\") this.#escaped(this.#next());
      else this.#add(literal(sign));
    }
  }

  #next(): string {
    const sign = this.#text.charAt(this.at++);
    if (sign === "") throw new SedError("Illegal or missing delimiter");
    return sign;
  }

  #peek(): string {
    return this.#text.charAt(this.at);
  }

  /** What may be repeated is the last atom; groups, and the end, may not. */
  #last: Atom | undefined;

  #add(text: string, repeats = true): void {
    const atom: Atom = { text };
    this.#atoms.push(atom);
    this.#last = repeats ? atom : undefined;
  }

  #star(): void {
    const last = this.#last;
    if (!last) return this.#add("\\*");
    if (last.least !== undefined) throw new SedError("a repetition of a repetition");
    last.least = 0;
    last.most = Infinity;
  }

  #escaped(sign: string): void {
    if (sign === "(") {
      if (this.groups >= 9) throw new SedError("Too many \\(");
      this.#open.push(this.groups++);
      return this.#add("(", false);
    }
    if (sign === ")") {
      if (this.#open.pop() === undefined) throw new SedError("\\( \\) imbalance");
      this.#closed++;
      return this.#add(")", false);
    }
    if (sign === "{") return this.#last ? this.#bounds(this.#last) : this.#add("\\{");
    if (sign === "n") return this.#add("\\n");
    if (sign >= "1" && sign <= "9") {
      if (Number(sign) > this.#closed) throw new SedError("``\\digit'' out of range");
      return this.#add(`(?:\\${sign})`);
    }
    this.#add(literal(sign));
  }

  #bounds(last: Atom): void {
    const [all = "", least = "", comma, most = ""] =
      /^(\d{1,5})(,)?(\d{0,5})\\\}/.exec(this.#text.slice(this.at)) ?? [];
    if (least === "") throw new SedError("Bad number");
    this.at += all.length;
    const limits = [
      Number(least),
      comma === undefined ? Number(least) : most === "" ? Infinity : Number(most),
    ] as const;
    if (limits[0] >= 255 || (limits[1] !== Infinity && limits[1] >= 255))
      throw new SedError("Range endpoint too large");
    if (limits[1] < limits[0]) throw new SedError("First number exceeds second in \\{ \\}");
    if (last.least !== undefined) throw new SedError("a repetition of a repetition");
    [last.least, last.most] = limits;
  }

  /** `[...]`: without escapes; a bracket in front stands for itself. */
  #set(): string {
    const isNegated = this.#peek() === "^";
    if (isNegated) this.at++;
    let inside = "";
    let last = "";
    do {
      let sign = this.#next();
      if (sign === "-" && last !== "") {
        sign = this.#next();
        if (sign === "]") {
          inside += literal("-");
          break;
        }
        if (sign > last) inside += `${literal(last)}-${literal(sign)}`;
      }
      last = sign;
      inside += literal(sign);
      if (this.#peek() === "") throw new SedError("[ ] imbalance");
    } while (this.#peek() !== "]");
    if (this.#peek() === "]") this.at++;
    return `[${isNegated ? "^\\x00" : ""}${inside}]`;
  }
}

function literal(sign: string): string {
  return `\\x${sign.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
