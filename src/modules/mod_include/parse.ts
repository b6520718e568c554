// Text of a page → what stands between directives, and the directives, as Apache takes them apart.

/** An argument of a directive: `name="value"`. */
export interface Argument {
  /** In lower case. */
  readonly name: string;
  /** Quotes and their escapes are resolved; undefined where there is no "=". */
  readonly value: string | undefined;
}

/** A directive. */
export interface Element {
  /** In lower case. */
  readonly name: string;
  readonly args: readonly Argument[];
  /** What is wrong with it, for the error log. */
  readonly fault: string | undefined;
}

/** A piece of a page. */
export type Piece = { readonly text: string } | { readonly element: Element };

/** Most characters of one directive. */
const longestElement = 64 * 1024;

/** Takes a page apart as its text comes. Texts are latin1 strings of bytes. */
export class PageParser {
  readonly #start: string;
  readonly #end: string;
  #rest = "";
  #isInside = false;

  constructor(start: string, end: string) {
    this.#start = start;
    this.#end = end;
  }

  /** Whether a directive has been begun and not ended. */
  get isInside(): boolean {
    return this.#isInside;
  }

  /** The pieces that are whole with this text. */
  *take(text: string): Generator<Piece> {
    this.#rest += text;
    for (;;) {
      if (!this.#isInside) {
        const at = this.#rest.indexOf(this.#start);
        const before = at < 0 ? this.#rest.length - this.#partial() : at;
        if (before > 0) yield { text: this.#rest.slice(0, before) };
        this.#rest = this.#rest.slice(at < 0 ? before : at + this.#start.length);
        if (at < 0) return;
        this.#isInside = true;
      }
      const read = readElement(this.#rest, this.#end);
      if (!read) {
        if (this.#rest.length > longestElement) this.#rest = this.#rest.slice(0, longestElement);
        return;
      }
      this.#isInside = false;
      this.#rest = this.#rest.slice(read.length);
      yield { element: read.element };
    }
  }

  /** What is left at the end: the beginning of a start tag. */
  end(): string {
    return this.#isInside ? "" : this.#rest;
  }

  /** Characters at the end that may be the beginning of a start tag. */
  #partial(): number {
    for (let length = Math.min(this.#start.length - 1, this.#rest.length); length > 0; length--) {
      if (this.#rest.endsWith(this.#start.slice(0, length))) return length;
    }
    return 0;
  }
}

const space = /[\t-\r ]/;

/** The directive a text begins with, behind its start tag; undefined where its end has not come yet. */
function readElement(text: string, end: string): { element: Element; length: number } | undefined {
  let at = 0;
  while (at < text.length && !space.test(text.charAt(at)) && !text.startsWith(end, at)) at++;
  if (at === text.length || (text.length - at < end.length && end.startsWith(text.slice(at)))) return undefined;
  const name = text.slice(0, at).toLowerCase();
  let fault = name === "" ? "missing directive name" : undefined;
  const args: Argument[] = [];
  for (;;) {
    at = skipSpace(text, at);
    if (text.startsWith(end, at)) return { element: { name, args, fault }, length: at + end.length };
    if (at >= text.length || end.startsWith(text.slice(at))) return undefined;
    const read = readArgument(text, at);
    if (!read) return undefined;
    if (read.argument.name === "") fault ??= `missing argument name for value to tag ${name}`;
    args.push(read.argument);
    at = read.at;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && space.test(text.charAt(at))) at++;
  return at;
}

function readArgument(text: string, from: number): { argument: Argument; at: number } | undefined {
  if (/["'`]/.test(text.charAt(from))) {
    const read = readValue(text, from);
    return read && { argument: { name: "", value: read.value }, at: read.at };
  }
  let at = from;
  while (at < text.length && !space.test(text.charAt(at)) && text[at] !== "=") at++;
  if (at >= text.length) return undefined;
  const name = text.slice(from, at).toLowerCase();
  at = skipSpace(text, at);
  if (at >= text.length) return undefined;
  if (text[at] !== "=") return { argument: { name, value: undefined }, at };
  at = skipSpace(text, at + 1);
  const read = readValue(text, at);
  return read && { argument: { name, value: read.value }, at: read.at };
}

/** A value up to its closing quote, or up to white space. */
function readValue(text: string, from: number): { value: string; at: number } | undefined {
  const quote = /["'`]/.test(text.charAt(from)) ? text.charAt(from) : undefined;
  let value = "";
  for (let at = quote === undefined ? from : from + 1; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote === undefined ? space.test(char) : char === quote) return { value, at: at + 1 };
    if (quote !== undefined && char === "\\" && text[at + 1] === quote) at++;
    value += text.charAt(at);
  }
  return undefined;
}
