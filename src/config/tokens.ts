// Text of a file → tokens: one for each line that opens or closes a section, one for each run of other lines.
import type { IToken, TokenType } from "chevrotain";
import { createToken } from "./chevrotain.js";
import type { Piece } from "./tree.js";
import { isSpace, skipSpace, trimSpace } from "../api/words.js";

/** A logical line: continued lines joined, trimmed. `line` and `column` are those of its first character, from 1. */
export interface Line {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Where the parts of a continued line stand. */
  readonly pieces?: readonly Piece[];
}

/** A line that starts with "</". */
export const Close = createToken({ name: "Close" });
/** Any other line that starts with "<". */
export const Open = createToken({ name: "Open" });
/** Other lines, as many as follow each other: the parser's work is for each token, and most lines are such. */
export const Directives = createToken({ name: "Directives" });

export const vocabulary: TokenType[] = [Directives, Open, Close];

/** Lines without sections that follow each other: a stretch of a text, whose first line has this number; or made ones. */
export type Run = Stretch | readonly Line[];

interface Stretch {
  readonly text: string;
  readonly start: number;
  /** Behind its last line. */
  end: number;
  readonly line: number;
}

/** The tokens of a text, and its lines longer than a limit. Every text has them: no line is wrong at this stage. */
export function tokenize(text: string, maximumLine: number): { tokens: IToken[]; tooLong: Line[] } {
  // Apache reads C strings: a line ends at a NUL byte.
  const readable = text.includes("\0") ? text.replace(/\0[^\n]*/g, "") : text;
  const tokens: IToken[] = [];
  const tooLong: Line[] = [];
  const cursor = new LineCursor(readable);
  let run: Stretch | undefined;
  while (cursor.next()) {
    if (cursor.length > maximumLine) tooLong.push(cursor.line());
    if (cursor.charCodeAt(0) === bracket) {
      const line = cursor.line();
      tokens.push(tokenWith(sectionType(line.text), [line]));
      run = undefined;
    } else if (run) run.end = cursor.end;
    else {
      run = { text: readable, start: cursor.start, end: cursor.end, line: cursor.number };
      tokens.push(tokenWith(Directives, run));
    }
  }
  return { tokens, tooLong };
}

/** The tokens of lines that stand in no text. */
export function tokensOf(lines: Iterable<Line>): IToken[] {
  const tokens: IToken[] = [];
  for (const line of lines) {
    if (line.text === "" || line.text.charCodeAt(0) === hash) continue;
    tokens.push(tokenWith(line.text.charCodeAt(0) === bracket ? sectionType(line.text) : Directives, [line]));
  }
  return tokens;
}

function sectionType(text: string): TokenType {
  return text.charCodeAt(1) === stroke ? Close : Open;
}

function tokenWith(type: TokenType, payload: Run): IToken {
  // No more than the parser looks at: there may be a million.
  return { image: "", startOffset: 0, tokenTypeIdx: type.tokenTypeIdx ?? 0, tokenType: type, payload };
}

/** The lines of a token. */
export function runOf(token: IToken): Run {
  return (token.payload as Run | undefined) ?? [];
}

/** The line of a token that opens or closes a section. */
export function lineOf(token: IToken): Line {
  return linesOf(runOf(token))[0] ?? nowhere;
}

/** Whether lines are a stretch of a text. */
export function isStretch(run: Run): run is Stretch {
  return !("length" in run);
}

/** The lines of a run, one by one. */
export function linesOf(run: Run): readonly Line[] {
  if (!isStretch(run)) return run;
  const lines: Line[] = [];
  const cursor = cursorOf(run);
  while (cursor.next()) lines.push(cursor.line());
  return lines;
}

/** Goes through the lines of a stretch. */
export function cursorOf({ text, start, end, line }: Stretch): LineCursor {
  return new LineCursor(text, start, end, line);
}

/** Goes through the logical lines of a text that say something. Most of them need no more than their places. */
export class LineCursor {
  readonly text: string;
  readonly #limit: number;
  /** Where the line is: from the beginning of its first physical line, to behind the last one. */
  start: number;
  end: number;
  /** The number of its first physical line, from 1. */
  number: number;
  /** What it says, without white space around: in `text`, if it is not joined of several. */
  first = 0;
  last = 0;
  joined: Line | undefined;
  #nextNumber: number;

  constructor(text: string, start = 0, end = text.length, number = 1) {
    this.text = text;
    this.#limit = end;
    this.start = start;
    this.end = start;
    this.number = number;
    this.#nextNumber = number;
  }

  /** Goes to the next line; false at the end. */
  next(): boolean {
    const { text } = this;
    const limit = this.#limit;
    while (this.end < limit) {
      const start = this.end;
      this.start = start;
      this.number = this.#nextNumber;
      const feed = text.indexOf("\n", start);
      let last = endOf(text, start, feed);
      if (feed > start && text.charCodeAt(last - 1) === slash) {
        const { line, end, number } = joinLines(text, start, this.number);
        this.joined = line;
        this.end = end;
        this.#nextNumber = number;
        if (line.text !== "" && line.text.charCodeAt(0) !== hash) return true;
        continue;
      }
      this.joined = undefined;
      this.end = feed < 0 ? text.length : feed + 1;
      this.#nextNumber++;
      let first = start;
      while (first < last && isSpace(text.charCodeAt(first))) first++;
      if (first === last || text.charCodeAt(first) === hash) continue;
      while (isSpace(text.charCodeAt(last - 1))) last--;
      this.first = first;
      this.last = last;
      return true;
    }
    return false;
  }

  /** In characters. */
  get length(): number {
    return this.joined ? this.joined.text.length : this.last - this.first;
  }

  charCodeAt(offset: number): number {
    return this.joined ? this.joined.text.charCodeAt(offset) : this.text.charCodeAt(this.first + offset);
  }

  line(): Line {
    if (this.joined) return this.joined;
    const { first, start, last, number } = this;
    return { text: this.text.slice(first, last), line: number, column: first - start + 1 };
  }
}

const nowhere: Line = { text: "", line: 1, column: 1 };

const slash = 92;
const hash = 35;
const bracket = 60;
const stroke = 47;
const carriageReturn = 13;

/** The end of what a line says: before its line feed, and a carriage return in front of that. */
function endOf(text: string, start: number, feed: number): number {
  if (feed < 0) return text.length;
  return feed > start && text.charCodeAt(feed - 1) === carriageReturn ? feed - 1 : feed;
}

/** What one physical line gives to a logical one. */
interface Part {
  readonly start: number;
  end: number;
  readonly line: number;
}

/** The logical line that begins at an offset, on the line of that number; where the next one begins, and its number. */
function joinLines(text: string, offset: number, number: number): { line: Line; end: number; number: number } {
  const parts: Part[] = [];
  /** Those with something in them. */
  const filled: Part[] = [];
  let start = offset;
  for (let line = number; ; line++) {
    const feed = text.indexOf("\n", start);
    const last = endOf(text, start, feed);
    const own: Part = { start, end: last, line };
    parts.push(own);
    if (last > start) filled.push(own);
    const part = filled.at(-1);
    const end = feed < 0 ? text.length : feed + 1;
    // Apache looks at all it has joined: the second backslash of a doubled one continues over an empty line too.
    if (feed < 0 || !part || text.charCodeAt(part.end - 1) !== slash) {
      return { line: lineFrom(text, parts), end, number: line + 1 };
    }
    part.end--;
    if (part.end === part.start) filled.pop();
    start = end;
  }
}

/** The line that parts of a text make, with the place of each. */
function lineFrom(source: string, parts: readonly Part[]): Line {
  const joined = parts.map((part) => source.slice(part.start, part.end)).join("");
  const leading = skipSpace(joined, 0);
  const text = trimSpace(joined);
  const pieces: Piece[] = [];
  let at = -leading;
  for (const part of parts) {
    const length = part.end - part.start;
    const hidden = Math.max(0, -at);
    if (length > hidden && at < text.length) {
      pieces.push({ at: at + hidden, line: part.line, column: hidden + 1 });
    }
    at += length;
  }
  const { line = 1, column = 1 } = pieces[0] ?? {};
  return { text, line, column, pieces };
}
