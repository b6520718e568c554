// Text of a LogFormat → a function that writes the line of a request.
import type { LogItem, LogRecord, LogText } from "../../api/index.js";

/** Writes the line of a request, without its end. */
export type LineWriter = (record: LogRecord) => string;

/** Why a format cannot be read. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** Finds an item by its letter, or by a caret and two letters. */
export type ItemLookup = (letter: string) => LogItem | undefined;

/** One piece of a line: text, then an item. */
interface Piece {
  readonly before: string;
  readonly text: LogText;
  readonly original: boolean;
}

/** Compiles a format once. Throws a FormatError for items that do not exist. */
export function compileFormat(format: string, item: ItemLookup): LineWriter {
  const reader = new FormatReader(format, item);
  const { pieces, tail } = reader.read();
  return (record) => {
    let line = "";
    for (let i = 0; i < pieces.length; i++) {
      const { before, text, original } = pieces[i] as Piece;
      line += before + (text(original ? record.original : record.request, record) ?? "-");
    }
    return line + tail;
  };
}

const literals: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\" };

class FormatReader {
  readonly #format: string;
  readonly #item: ItemLookup;
  #at = 0;

  constructor(format: string, item: ItemLookup) {
    this.#format = format;
    this.#item = item;
  }

  read(): { pieces: readonly Piece[]; tail: string } {
    const pieces: Piece[] = [];
    let literal = "";
    while (this.#at < this.#format.length) {
      const char = this.#format.charAt(this.#at);
      const next = this.#format.charAt(this.#at + 1);
      if (char === "%" && next !== "%") {
        this.#at++;
        pieces.push({ before: literal, ...this.#readItem() });
        literal = "";
      } else if (char === "%" || (char === "\\" && next in literals)) {
        literal += char === "%" ? "%" : literals[next];
        this.#at += 2;
      } else {
        literal += char;
        this.#at++;
      }
    }
    return { pieces, tail: literal };
  }

  /** What stands behind a percent sign: conditions, "<" or ">", an argument in braces, in any order, then the letter. */
  #readItem(): { text: LogText; original: boolean } {
    const statuses = new Set<number>();
    let not = false;
    let original: boolean | undefined;
    let argument = "";
    for (;;) {
      const rest = this.#format.slice(this.#at);
      const [part = ""] = /^(?:!|<|>|,|\d+|\{[^}]*\}?)/.exec(rest) ?? [];
      this.#at += part.length;
      if (part === "") break;
      if (part === "!") not = !not;
      else if (part === "<" || part === ">") original = part === "<";
      else if (part.startsWith("{")) argument = part.replace(/^\{|\}$/g, "");
      else if (part !== ",") statuses.add(Number(part));
    }
    const item = this.#readLetter();
    const text = item.make(argument);
    return {
      text: statuses.size === 0 ? text : limited(text, statuses, not),
      original: original ?? item.original ?? false,
    };
  }

  #readLetter(): LogItem {
    const three = this.#format.slice(this.#at, this.#at + 3);
    const long = three.startsWith("^") && three.length === 3 ? this.#item(three) : undefined;
    const letter = this.#format.charAt(this.#at);
    if (letter === "") throw new FormatError("Ran off end of LogFormat parsing args to some directive");
    this.#at += long ? 3 : 1;
    const item = long ?? this.#item(letter);
    if (!item) throw new FormatError(`Unrecognized LogFormat directive %${letter}`);
    return item;
  }
}

/** The item only for those statuses, or with `not` only for others. */
function limited(text: LogText, statuses: ReadonlySet<number>, not: boolean): LogText {
  return (request, record) => (statuses.has(record.status) === not ? undefined : text(request, record));
}
