// Text of an ErrorLogFormat → its pieces.
import { levels, type ErrorLogFormat, type ErrorLogPiece, type Place } from "../../api/index.js";

const letters = "aAeEFiklLmnPtTvV";
const plain: ErrorLogPiece = {
  kind: "text",
  text: "",
  argument: "",
  separates: false,
  hyphen: false,
  required: false,
  level: 0,
};

/** Reads a format; that of messages, or of lines that are written once for a connection or a request. */
export function readErrorLogFormat(text: string, once: boolean, place: Place): ErrorLogFormat {
  const pieces: ErrorLogPiece[] = [];
  const reader = new FormatReader(text, place);
  for (let piece = reader.next(); piece; piece = reader.next()) {
    checkPiece(piece, once, place);
    pieces.push(piece);
  }
  if (!once && !pieces.some(({ kind }) => kind === "message"))
    place.fail(`the format of messages must hold %M, the message itself, found "${text}"`);
  return pieces;
}

function checkPiece({ kind, required, level }: ErrorLogPiece, once: boolean, place: Place): void {
  if (once && kind === "message") place.fail("%M cannot stand in the format of a request or connection");
  if (!once && required) place.fail('the modifier "+" can only stand in the format of a request or connection');
  if (once && level > 0) place.fail("a level cannot stand in the format of a request or connection");
  if (level >= levels.length) place.fail(`the level of an item must be 1 to ${levels.length - 1}, found ${level}`);
}

class FormatReader {
  readonly #text: string;
  readonly #place: Place;
  #at = 0;

  constructor(text: string, place: Place) {
    this.#text = text;
    this.#place = place;
  }

  /** The next piece, undefined at the end. */
  next(): ErrorLogPiece | undefined {
    let separates = false;
    // "% " separates fields and writes nothing; a blank does both.
    while (this.#text.startsWith("% ", this.#at)) {
      separates = true;
      this.#at += 2;
    }
    if (this.#at >= this.#text.length) return separates ? { ...plain, separates } : undefined;
    if (!this.#text.startsWith("%", this.#at)) {
      return { ...plain, separates: separates || this.#text.startsWith(" ", this.#at), text: this.#literal() };
    }
    this.#at++;
    if (!this.#text.startsWith("%", this.#at)) return { ...this.#item(), separates };
    this.#at++;
    return { ...plain, separates, text: "%" };
  }

  /** Text up to the next percent sign, or to a blank behind something else: the next field begins there. */
  #literal(): string {
    const [written = ""] = /^(?: |\\[^]|\\$)*(?:\\[^]|[^\\% ]|\\$)*/.exec(this.#text.slice(this.#at)) ?? [];
    this.#at += written.length;
    return written.replace(/\\([^])/g, (_all, char: string) => ({ r: "\r", n: "\n", t: "\t" })[char] ?? char);
  }

  /** What stands behind a percent sign: modifiers in any order, then the letter. */
  #item(): ErrorLogPiece {
    let { argument, hyphen, required, level } = plain;
    for (;;) {
      const [part = ""] = /^(?:[+-]|\d+|\{[^}]*\}?)/.exec(this.#text.slice(this.#at)) ?? [];
      this.#at += part.length;
      if (part === "") break;
      if (part === "+") required = true;
      else if (part === "-") hyphen = true;
      else if (part.startsWith("{")) argument = part.replace(/^\{|\}$/g, "");
      else level = Number(part);
    }
    const letter = this.#text.charAt(this.#at++);
    if (letter === "") return this.#place.fail('format: an item was expected behind the last "%", found nothing');
    if (letter === "M") return { ...plain, kind: "message" };
    if (!letters.includes(letter))
      return this.#place.fail(`format: an item must be one of %${[...letters].join(" %")} and %M, found %${letter}`);
    return { ...plain, kind: "item", text: letter, argument, hyphen, required, level };
  }
}
