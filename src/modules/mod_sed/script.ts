// Lines of InputSed or OutputSed → the commands of a script.
import type { Origin } from "../../api/index.js";
import { SedError } from "./error.js";
import { readPattern, type SedPattern } from "./pattern.js";

/** Where a command acts: at a line by its number, at the last one, or where a pattern is found. */
export type Address = number | "last" | SedPattern;

/** A command, with the addresses in front of it. */
export interface Command {
  readonly from: Address | undefined;
  readonly to: Address | undefined;
  /** Acts where it would not otherwise. */
  readonly negated: boolean;
  readonly act: Act;
}

/** What a command does; names are those of sed. */
export type Act =
  | { readonly name: "{" | "}" }
  | { readonly name: ":" | "b" | "t"; readonly label: string }
  | { readonly name: "r"; readonly file: string }
  | { readonly name: "y"; readonly table: ReadonlyMap<string, string> }
  | {
      readonly name: "s";
      readonly pattern: SedPattern;
      readonly replacement: readonly (string | number)[];
      /** The match that is replaced: 0 the first, "all", else the one of that number. */
      readonly which: number | "all";
      readonly prints: "all" | "first line" | undefined;
    }
  | { readonly name: Plain };

export type Plain = "=" | "d" | "D" | "g" | "G" | "h" | "H" | "l" | "n" | "N" | "p" | "P" | "q" | "x";
const plain = new Set("=dDgGhHlnNpPqx");

/** What one line holds. */
export interface ScriptPart {
  readonly commands: readonly Command[];
  /** `#n`: lines are written only where a command says so. */
  readonly quiet: boolean;
}

/** Reads one line of a configuration; `last` is the pattern that an empty one stands for. Throws a SedError. */
export function readScript(text: string, origin: Origin, resolve: (path: string) => string): ScriptPart {
  return new ScriptReader(text, origin, resolve).read();
}

class ScriptReader {
  #at = 0;
  #last: SedPattern | undefined;
  readonly #text: string;
  readonly #origin: Origin;
  readonly #resolve: (path: string) => string;

  constructor(text: string, origin: Origin, resolve: (path: string) => string) {
    this.#text = text;
    this.#origin = origin;
    this.#resolve = resolve;
  }

  read(): ScriptPart {
    if (this.#peek() === "#") return { commands: [], quiet: this.#text.charAt(1) === "n" };
    const commands: Command[] = [];
    for (;;) {
      this.#skip(/[ \t;]*/y);
      if (this.#peek() === "" || this.#peek() === "#") return { commands, quiet: false };
      const command = this.#command();
      commands.push(command);
      // What stands behind a brace that closes is not read, as in Apache.
      if (command.act.name === "}" || command.act.name === ":") return { commands, quiet: false };
      if (command.act.name === "{" || this.#peek() === "") continue;
      if (this.#next() !== ";") throw new SedError(`command garbled: ${this.#text}`);
    }
  }

  #command(): Command {
    const from = this.#address();
    let to: Address | undefined;
    if (from !== undefined && /[,;]/.test(this.#peek())) {
      this.#at++;
      to = this.#address();
      if (to === undefined) throw new SedError(`command garbled: ${this.#text}`);
    }
    this.#skip(/[ \t]*/y);
    const negated = this.#peek() === "!";
    if (negated) this.#skip(/!+/y);
    return { from, to, negated, act: this.#act(this.#next(), { from, to }) };
  }

  #address(): Address | undefined {
    const sign = this.#peek();
    if (sign === "$") {
      this.#at++;
      return "last";
    }
    if (sign === "/" || sign === "\\") {
      if (sign === "\\") this.#at++;
      return this.#pattern(this.#next());
    }
    const digits = this.#skip(/\d*/y);
    return digits === "" ? undefined : Number(digits);
  }

  #pattern(delimiter: string): SedPattern {
    const { pattern, end } = readPattern(this.#text, this.#at, { delimiter, origin: this.#origin });
    this.#at = end;
    const found = pattern ?? this.#last;
    if (!found) throw new SedError("first RE may not be null");
    this.#last = found;
    return found;
  }

  #act(name: string, { from, to }: Pick<Command, "from" | "to">): Act {
    if ((name === "=" || name === "r" || name === "q") && to !== undefined) {
      throw new SedError(`only one address allowed: ${this.#text}`);
    }
    if ((name === "}" || name === ":") && from !== undefined) {
      throw new SedError(`no addresses allowed: ${this.#text}`);
    }
    if (plain.has(name)) return { name: name as Plain };
    switch (name) {
      case "{":
      case "}":
        return { name };
      case ":":
      case "b":
      case "t":
        return { name, label: this.#label(name) };
      case "r":
        if (this.#next() !== " ") throw new SedError(`command garbled: ${this.#text}`);
        return {
          name,
          file: this.#resolve(
            this.#skip(/[^]*/y)
              .trimStart()
              .replace(/\\([^])/g, "$1"),
          ),
        };
      case "s":
        return this.#substitution();
      case "y":
        return { name, table: this.#table() };
      case "a":
      case "c":
      case "i":
        throw new SedError(`command garbled: ${this.#text} (its text would stand on a line of its own)`);
      case "w":
        throw new SedError(
          `"w" is refused: responses that are sent at the same time would write over each other's files`,
        );
      default:
        throw new SedError(`unrecognized command: ${this.#text}`);
    }
  }

  /** All the rest of the line. */
  #label(name: string): string {
    const label = this.#skip(/[^]*/y).replace(/^ +/, "");
    if (label.length > 7) throw new SedError(`label too long: ${this.#text}`);
    if (name === ":" && label === "") throw new SedError(`command garbled: ${this.#text}`);
    return label;
  }

  #substitution(): Act {
    const delimiter = this.#next();
    const pattern = this.#pattern(delimiter);
    const replacement = this.#replacement(delimiter, pattern.groups);
    const isGlobal = this.#skip(/g?/y) !== "";
    const digits = this.#skip(/(?:[1-9]\d*)?/y);
    if (Number(digits) > 512) throw new SedError(`suffix too large: ${this.#text}`);
    const whole = this.#skip(/p?/y) !== "";
    const first = this.#skip(/P?/y) !== "";
    if (this.#peek() === "w") return this.#act("w", { from: undefined, to: undefined });
    return {
      name: "s",
      pattern,
      replacement,
      which: digits === "" ? (isGlobal ? "all" : 0) : Number(digits),
      prints: first ? "first line" : whole ? "all" : undefined,
    };
  }

  /** Texts, and numbers of groups: 0 for `&`. */
  #replacement(delimiter: string, groups: number): readonly (string | number)[] {
    const parts: (string | number)[] = [];
    let text = "";
    for (;;) {
      const sign = this.#text.charAt(this.#at++);
      if (sign === "") throw new SedError(`ending delimiter missing on substitution: ${this.#text}`);
      if (sign === delimiter) break;
      const next = sign === "\\" ? this.#text.charAt(this.#at++) : "";
      const isGroup = next >= "1" && next <= "9";
      if (isGroup && Number(next) > groups) throw new SedError(`\`\`\\digit'' out of range: ${this.#text}`);
      if (sign === "&" || isGroup) {
        if (text !== "") parts.push(text);
        text = "";
        parts.push(isGroup ? Number(next) : 0);
      } else text += next === "" ? sign : next;
    }
    if (text !== "") parts.push(text);
    return parts;
  }

  #table(): ReadonlyMap<string, string> {
    const delimiter = this.#next();
    const [from, to] = [this.#signs(delimiter), this.#signs(delimiter)];
    if (from.length !== to.length) throw new SedError(`transform strings not the same size: ${this.#text}`);
    return new Map(from.map((sign, index) => [sign, to[index] ?? sign]));
  }

  #signs(delimiter: string): string[] {
    const signs: string[] = [];
    for (;;) {
      const sign = this.#text.charAt(this.#at++);
      if (sign === "") throw new SedError(`ending delimiter missing on string: ${this.#text}`);
      if (sign === delimiter) return signs;
      const isNewline = sign === "\\" && this.#peek() === "n";
      if (isNewline) this.#at++;
      signs.push(isNewline ? "\n" : sign);
    }
  }

  #peek(): string {
    return this.#text.charAt(this.#at);
  }

  #next(): string {
    const sign = this.#text.charAt(this.#at);
    if (sign === "") throw new SedError(`command garbled: ${this.#text}`);
    this.#at++;
    return sign;
  }

  /** Takes what a sticky expression finds. */
  #skip(what: RegExp): string {
    what.lastIndex = this.#at;
    const [found = ""] = what.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}
