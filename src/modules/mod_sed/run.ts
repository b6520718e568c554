// A script and a text that comes in pieces → the text as the script leaves it.
import { keptFile, type Editor } from "../../api/index.js";
import { SedError } from "./error.js";
import type { SedPattern } from "./pattern.js";
import type { SedProgram } from "./program.js";
import type { Act, Address } from "./script.js";

/** Most characters of a line, of what is held, and of what a line becomes. */
const longest = 8 * 1024 * 1024;
/** Most commands for one line: a script may jump back for ever. */
const mostSteps = 100_000;
/** Files that one line may bring in by "r". */
const mostFiles = 19;

const nothing = Buffer.alloc(0);
const textOf = keptFile((text) => text);

/** One text on its way through a script. Lines go on with a newline, the last one too. */
export class SedRun implements Editor {
  readonly #program: SedProgram;
  /** What has come of a line, or of several while one waits for the next. */
  #space = "";
  #held = "";
  #rest = "";
  #number = 0;
  #isLast = false;
  #hasQuit = false;
  /** Where to go on when the next line has come; undefined: at the beginning. */
  #waits: number | undefined;
  #substituted = false;
  /** Places of commands whose range has begun. */
  readonly #inRange = new Set<number>();
  #files: string[] = [];
  #output: string[] = [];

  constructor(program: SedProgram) {
    this.#program = program;
  }

  /** What a piece of the text becomes. Throws a SedError for what is too long, and for scripts that do not end. */
  write(piece: Buffer): Buffer {
    if (this.#hasQuit) return nothing;
    this.#rest += piece.toString("latin1");
    // The last line waits: it may be the last of all.
    let from = 0;
    for (let end = this.#rest.indexOf("\n"); end >= 0 && end < this.#rest.length - 1 && !this.#hasQuit;) {
      this.#line(this.#rest.slice(from, end));
      from = end + 1;
      end = this.#rest.indexOf("\n", from);
    }
    this.#rest = this.#rest.slice(from);
    this.#check(this.#rest);
    return this.#given();
  }

  end(): Buffer {
    this.#isLast = true;
    if (!this.#hasQuit && this.#space.length + this.#rest.length > 0) this.#line(this.#rest.replace(/\n$/, ""));
    return this.#given();
  }

  #given(): Buffer {
    const text = this.#output.join("");
    this.#output = [];
    return Buffer.from(text, "latin1");
  }

  #line(line: string): void {
    this.#space += line;
    this.#number++;
    this.#substituted = false;
    const deleted = this.#commands(this.#waits ?? 0);
    if (deleted === "waits" || this.#hasQuit) return;
    if (!this.#program.quiet && deleted !== "deleted") this.#put(this.#space);
    this.#putFiles();
    this.#space = "";
  }

  /** Runs commands from a place on, until the line is through. */
  #commands(start: number): "through" | "deleted" | "waits" {
    const { commands, goals } = this.#program;
    this.#waits = undefined;
    let steps = 0;
    for (let place = start; place < commands.length;) {
      const command = commands[place];
      if (!command) break;
      if (++steps > mostSteps) throw new SedError("the script does not come to an end");
      const acts = this.#isAt(place, command.from, command.to) !== command.negated;
      const { act } = command;
      if (act.name === "{") {
        place = acts ? place + 1 : (goals.get(place) ?? commands.length);
        continue;
      }
      const outcome = acts ? this.#act(act) : "next";
      if (outcome === "jump") place = goals.get(place) ?? commands.length;
      else if (outcome === "again") place = 0;
      else if (outcome === "deleted") return "deleted";
      else if (outcome === "quit") return "through";
      else if (outcome === "waits") {
        this.#waits = place + 1;
        return "waits";
      } else place++;
    }
    return "through";
  }

  #isAt(place: number, from: Address | undefined, to: Address | undefined): boolean {
    if (from === undefined) return true;
    if (to !== undefined && this.#inRange.has(place)) {
      if (typeof to === "number") {
        if (this.#number >= to) this.#inRange.delete(place);
        return this.#number <= to;
      }
      if (to !== "last" && this.#finds(to)) this.#inRange.delete(place);
      return true;
    }
    const begins =
      from === "last" ? this.#isLast : typeof from === "number" ? this.#number === from : this.#finds(from);
    if (begins && to !== undefined && from !== "last") this.#inRange.add(place);
    return begins;
  }

  #finds({ first }: SedPattern): boolean {
    return first.exec(this.#space) !== null;
  }

  #act(act: Act): "next" | "jump" | "again" | "deleted" | "quit" | "waits" {
    switch (act.name) {
      case "=":
        this.#put(String(this.#number));
        return "next";
      case "b":
        return "jump";
      case "t": {
        const jumps = this.#substituted;
        this.#substituted = false;
        return jumps ? "jump" : "next";
      }
      case "d":
        return "deleted";
      case "D": {
        const end = this.#space.indexOf("\n");
        if (end < 0) return "deleted";
        this.#space = this.#space.slice(end + 1);
        return "again";
      }
      case "g":
        this.#space = this.#held;
        return "next";
      case "G":
        this.#space = this.#check(`${this.#space}\n${this.#held}`);
        return "next";
      case "h":
        this.#held = this.#space;
        return "next";
      case "H":
        this.#held = this.#check(`${this.#held}\n${this.#space}`);
        return "next";
      case "x":
        [this.#space, this.#held] = [this.#held, this.#space];
        return "next";
      case "l":
        for (const line of plainLines(this.#space)) this.#put(line);
        return "next";
      case "n":
        if (!this.#program.quiet) this.#put(this.#space);
        this.#putFiles();
        this.#space = "";
        return "waits";
      case "N":
        this.#putFiles();
        this.#space = this.#check(`${this.#space}\n`);
        return "waits";
      case "p":
        this.#put(this.#space);
        return "next";
      case "P":
        this.#put(this.#firstLine());
        return "next";
      case "q":
        if (!this.#program.quiet) this.#put(this.#space);
        this.#putFiles();
        this.#hasQuit = true;
        return "quit";
      case "r":
        if (this.#files.length < mostFiles) this.#files.push(act.file);
        return "next";
      case "s":
        if (this.#substitute(act) && act.prints && this.#program.quiet) {
          this.#put(act.prints === "all" ? this.#space : this.#firstLine());
        }
        return "next";
      case "y":
        this.#space = this.#space.replace(/[^]/g, (sign) => act.table.get(sign) ?? sign);
        return "next";
      default:
        return "next";
    }
  }

  /** Whether anything was replaced. */
  #substitute({ pattern, replacement, which }: Act & { readonly name: "s" }): boolean {
    let match = pattern.first.exec(this.#space);
    if (!match) return false;
    this.#substituted = false;
    const pieces: string[] = [];
    let rest = this.#space;
    let length = 0;
    for (let count = 1; match; count++) {
      const end = match.index + match[0].length;
      const isMeant = which === 0 || which === "all" || which === count;
      if (isMeant) this.#substituted = true;
      pieces.push(rest.slice(0, match.index), isMeant ? fill(replacement, match) : match[0]);
      length += match.index + (pieces.at(-1)?.length ?? 0);
      if (length > longest) throw tooLong();
      rest = rest.slice(end);
      match = which === 0 || rest === "" || pattern.isAnchored ? null : next(pattern, rest);
    }
    pieces.push(rest);
    this.#space = this.#check(pieces.join(""));
    return this.#substituted;
  }

  #firstLine(): string {
    return this.#space.replace(/\n.*/s, "");
  }

  #put(line: string): void {
    this.#output.push(line, "\n");
  }

  #putFiles(): void {
    for (const file of this.#files) {
      try {
        this.#output.push(textOf(file));
      } catch {
        // What cannot be read is passed over, as sed does.
      }
    }
    this.#files = [];
  }

  #check(text: string): string {
    if (text.length > longest) throw tooLong();
    return text;
  }
}

function tooLong(): SedError {
  return new SedError(`a line is longer than ${longest} bytes`);
}

/** The next match behind another: where that ended, one of nothing does not count; further on it does. */
function next({ first, again }: SedPattern, rest: string): RegExpExecArray | null {
  if (!again) return first.exec(rest);
  const here = again.exec(rest);
  if (here) return here;
  const further = first.exec(rest.slice(1));
  if (further) further.index++;
  return further;
}

function fill(replacement: readonly (string | number)[], match: RegExpExecArray): string {
  return replacement.map((part) => (typeof part === "string" ? part : (match[part] ?? ""))).join("");
}

/** "l": what cannot be seen as numbers of base 8, in lines of 72. */
function plainLines(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const sign of text) {
    const code = sign.charCodeAt(0);
    const octal = code.toString(8);
    const shown =
      sign === "\n"
        ? sign
        : code < 32
          ? `\\${octal.padStart(2, "0")}`
          : code >= 127
            ? `\\${octal.padStart(3, "0")}`
            : sign;
    for (const each of shown) {
      line += each;
      if (line.length < 71) continue;
      lines.push(`${line}\\`);
      line = "";
    }
  }
  return [...lines, line];
}
