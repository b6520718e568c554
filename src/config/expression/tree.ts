// The tree of an expression: words, which give text, and tests, which are true or not.

/** A part of an expression's text, for faults. */
export interface Span {
  /** Offset of its first character. */
  readonly at: number;
  readonly length: number;
}

/** What gives a text. */
export type Word =
  /** `text` as the latin1 string of its bytes. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "variable"; readonly name: string; readonly span: Span }
  | { readonly kind: "group"; readonly number: number }
  | { readonly kind: "call"; readonly name: string; readonly argument: Word; readonly span: Span }
  /** All parts, one behind the other. */
  | { readonly kind: "joined"; readonly parts: readonly Word[] };

/** A regular expression as written, without its delimiters. */
export interface Regex {
  readonly source: string;
  readonly ignoreCase: boolean;
  readonly span: Span;
}

/** What `-in` looks in. */
export type WordList =
  | { readonly kind: "words"; readonly words: readonly Word[] }
  | { readonly kind: "call"; readonly name: string; readonly argument: Word; readonly span: Span };

export type TextComparison = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type NumberComparison = "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge";

/** What is true or not. */
export type Test =
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "not"; readonly test: Test }
  | { readonly kind: "and" | "or"; readonly tests: readonly Test[] }
  | {
      readonly kind: "compare";
      readonly operator: TextComparison | NumberComparison;
      readonly left: Word;
      readonly right: Word;
    }
  | { readonly kind: "match"; readonly left: Word; readonly regex: Regex; readonly negated: boolean }
  | { readonly kind: "in"; readonly left: Word; readonly list: WordList }
  /** `name` without its dash. */
  | { readonly kind: "unary"; readonly name: string; readonly operand: Word; readonly span: Span }
  | { readonly kind: "binary"; readonly name: string; readonly left: Word; readonly right: Word; readonly span: Span };

/** A fault in an expression; `message` completes "the expression ...". */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  readonly span: Span;
  readonly advice: string | undefined;

  constructor(message: string, span: Span, advice?: string) {
    super(message);
    this.span = span;
    this.advice = advice;
  }
}
