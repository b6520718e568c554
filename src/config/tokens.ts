// Text of a file → tokens, one for each logical line: Comment, Open, Close or Directive.
import type { CustomPatternMatcherReturn, IToken, Lexer as ChevrotainLexer, TokenType } from "chevrotain";
import { createToken, createTokenInstance, Lexer } from "./chevrotain.js";
import type { Piece } from "./tree.js";
import { skipSpace, trimSpace } from "../api/words.js";

/** A logical line: continued lines joined, trimmed. `line` and `column` are those of its first character, from 1. */
export interface Line {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Where the parts of a continued line stand. */
  readonly pieces?: readonly Piece[];
}

type Kind = "blank" | "comment" | "open" | "close" | "directive";

interface Scanned {
  readonly offset: number;
  readonly kind: Kind;
  /** The offset behind its last character; the line feed is not part of it. */
  readonly end: number;
  readonly line: Line;
}

const blank = token("Blank", "blank", Lexer.SKIPPED);
const comment = token("Comment", "comment", Lexer.SKIPPED);

/** White space at the start of lines, and the line ends. */
const space = createToken({ name: "Space", pattern: /[ \t\r\n\v\f]+/, line_breaks: true, group: Lexer.SKIPPED });

/** A line that starts with "</". */
export const Close = token("Close", "close");
/** Any other line that starts with "<". */
export const Open = token("Open", "open");
/** Any other line. */
export const Directive = token("Directive", "directive");

export const vocabulary: TokenType[] = [space, Directive, comment, Open, Close, blank];

let lexer: ChevrotainLexer | undefined;

/** The tokens of a text, each with its Line (see `lineOf`). Every text has them: no line is wrong at this stage. */
export function tokenize(text: string): IToken[] {
  lexer ??= new Lexer(vocabulary, { positionTracking: "onlyOffset", skipValidations: true });
  // Apache reads C strings: a line ends at a NUL byte.
  const readable = text.includes("\0") ? text.replace(/\0[^\n]*/g, "") : text;
  scanner = new Scanner(readable);
  try {
    return lexer.tokenize(readable).tokens;
  } finally {
    scanner = new Scanner("");
  }
}

/** The logical line of a token. */
export function lineOf(token: IToken): Line {
  return (token.payload as Line | undefined) ?? nowhere;
}

/** The token of a line that stands in no text; undefined for one that says nothing. */
export function tokenFor(line: Line): IToken | undefined {
  const type = { blank: undefined, comment: undefined, open: Open, close: Close, directive: Directive }[
    kindOf(line.text)
  ];
  if (!type) return undefined;
  const made = createTokenInstance(type, line.text, 0, 0, 0, 0, 0, 0);
  made.payload = line;
  return made;
}

const nowhere: Line = { text: "", line: 1, column: 1 };

function token(name: string, kind: Kind, group?: string): TokenType {
  const pattern = (_text: string, offset: number): CustomPatternMatcherReturn | null => {
    const scanned = scanner.at(offset);
    if (scanned.kind !== kind) return null;
    const match: CustomPatternMatcherReturn = [scanner.text.slice(offset, scanned.end)];
    match.payload = scanned.line;
    return match;
  };
  return createToken({ name, pattern, line_breaks: true, ...(group === undefined ? {} : { group }) });
}

const slash = 92;
const carriageReturn = 13;

/** What one physical line gives to a logical one. */
interface Part {
  readonly start: number;
  end: number;
  readonly line: number;
  readonly lineStart: number;
}

/** Walks over a text once; the patterns of all tokens ask it for the line at the same offset. */
class Scanner {
  readonly text: string;
  #last: Scanned | undefined;
  #lineNumber = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.text = text;
  }

  at(offset: number): Scanned {
    if (this.#last?.offset !== offset) this.#last = this.#scan(offset);
    return this.#last;
  }

  #scan(offset: number): Scanned {
    this.#countLines(offset);
    const parts: Part[] = [];
    /** Index of the last part with something in it. */
    let tail = -1;
    let start = offset;
    let line = this.#lineNumber;
    let lineStart = this.#lineStart;
    for (;;) {
      const feed = this.text.indexOf("\n", start);
      const end = feed < 0 ? this.text.length : feed;
      const last = feed > start && this.text.charCodeAt(feed - 1) === carriageReturn ? feed - 1 : end;
      parts.push({ start, end: last, line, lineStart });
      if (last > start) tail = parts.length - 1;
      const part = parts[tail];
      // Apache looks at all it has joined: the second backslash of a doubled one continues over an empty line too.
      if (feed < 0 || !part || this.text.charCodeAt(part.end - 1) !== slash) return this.#finish(offset, end, parts);
      part.end--;
      while (tail >= 0 && parts[tail]?.start === parts[tail]?.end) tail--;
      start = feed + 1;
      line++;
      lineStart = start;
    }
  }

  #finish(offset: number, end: number, parts: readonly Part[]): Scanned {
    const [first] = parts;
    if (parts.length === 1 && first) {
      const text = trimSpace(this.text.slice(first.start, first.end));
      const column = offset - first.lineStart + 1;
      return { offset, end, kind: kindOf(text), line: { text, line: first.line, column } };
    }
    const joined = parts.map((part) => this.text.slice(part.start, part.end)).join("");
    const leading = skipSpace(joined, 0);
    const text = trimSpace(joined);
    const pieces: Piece[] = [];
    let at = -leading;
    for (const part of parts) {
      const length = part.end - part.start;
      const hidden = Math.max(0, -at);
      if (length > hidden && at < text.length) {
        pieces.push({ at: at + hidden, line: part.line, column: part.start - part.lineStart + hidden + 1 });
      }
      at += length;
    }
    const { line = 1, column = 1 } = pieces[0] ?? {};
    return { offset, end, kind: kindOf(text), line: { text, line, column, pieces } };
  }

  #countLines(offset: number): void {
    for (;;) {
      const feed = this.text.indexOf("\n", this.#lineStart);
      if (feed < 0 || feed >= offset) return;
      this.#lineNumber++;
      this.#lineStart = feed + 1;
    }
  }
}

let scanner = new Scanner("");

function kindOf(text: string): Kind {
  if (text === "") return "blank";
  if (text.startsWith("#")) return "comment";
  if (text.startsWith("<")) return text.startsWith("</") ? "close" : "open";
  return "directive";
}
