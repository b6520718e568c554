// Text of a file → tokens, one for each logical line that says something: Open, Close or Directive.
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
/** Any other line. */
export const Directive = createToken({ name: "Directive" });

export const vocabulary: TokenType[] = [Directive, Open, Close];

/** The tokens of a text, each with its Line (see `lineOf`). Every text has them: no line is wrong at this stage. */
export function tokenize(text: string): IToken[] {
  // Apache reads C strings: a line ends at a NUL byte.
  const readable = text.includes("\0") ? text.replace(/\0[^\n]*/g, "") : text;
  const tokens: IToken[] = [];
  let number = 1;
  let start = 0;
  while (start < readable.length) {
    const feed = readable.indexOf("\n", start);
    const end = feed < 0 ? readable.length : feed;
    const last = endOf(readable, start, feed);
    if (feed > start && readable.charCodeAt(last - 1) === slash) {
      const joined = joinLines(readable, start, number);
      addToken(tokens, joined.line);
      start = joined.end;
      number = joined.number;
      continue;
    }
    let first = start;
    while (first < last && isSpace(readable.charCodeAt(first))) first++;
    if (first < last && readable.charCodeAt(first) !== hash) {
      addToken(tokens, { text: trimSpace(readable.slice(first, last)), line: number, column: first - start + 1 });
    }
    start = end + 1;
    number++;
  }
  return tokens;
}

/** The logical line of a token. */
export function lineOf(token: IToken): Line {
  return (token.payload as Line | undefined) ?? nowhere;
}

/** The token of a line that stands in no text; undefined for one that says nothing. */
export function tokenFor(line: Line): IToken | undefined {
  const first = line.text.charCodeAt(0);
  if (line.text === "" || first === hash) return undefined;
  const type = first !== bracket ? Directive : line.text.charCodeAt(1) === stroke ? Close : Open;
  // No more than the parser looks at: there may be a million lines.
  return { image: line.text, startOffset: 0, tokenTypeIdx: type.tokenTypeIdx ?? 0, tokenType: type, payload: line };
}

function addToken(tokens: IToken[], line: Line): void {
  const token = tokenFor(line);
  if (token) tokens.push(token);
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
