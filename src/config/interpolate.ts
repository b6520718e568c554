// A line with ${NAME} in it → the line with values in their place, and a note of where each part came from.
import type { Line } from "./tokens.js";
import type { Piece } from "./tree.js";

/** Where values come from, and who hears of names without one. */
export interface Variables {
  lookUp(name: string): string | undefined;
  missing(name: string, place: { readonly line: number; readonly column: number }): void;
}

/**
 * Fills variables in, once: values are not looked through again. What stands between "${" and the next "}" is the name;
 * a name without a value stays as it is written. Nothing protects a "${", not even a backslash. Undefined when the line
 * would become longer than `maximum` characters.
 */
export function interpolate(line: Line, variables: Variables, maximum = 16 * 1024 * 1024): Line | undefined {
  const { text } = line;
  let start = text.indexOf("${");
  if (start < 0) return line;
  const copier = new PieceCopier(line);
  let from = 0;
  while (start >= 0) {
    const end = text.indexOf("}", start);
    if (end < 0) break;
    const name = text.slice(start + 2, end);
    const value = variables.lookUp(name);
    if (value === undefined) {
      variables.missing(name, copier.placeOf(start));
    } else {
      copier.copy(from, start);
      copier.fill(start, value);
      from = end + 1;
      if (copier.length > maximum) return undefined;
    }
    start = text.indexOf("${", end + 1);
  }
  if (from === 0) return line;
  copier.copy(from, text.length);
  return copier.result();
}

/** Copies parts of a line, in order, and keeps account of their places. */
export class PieceCopier {
  readonly #line: Line;
  readonly #pieces: Piece[] = [];
  /** The piece of the old line that the last place was in, and which is next. */
  #current: Piece;
  #next = 0;
  #filled = "";

  constructor(line: Line) {
    this.#line = line;
    this.#current = { at: 0, line: line.line, column: line.column };
  }

  get length(): number {
    return this.#filled.length;
  }

  /** Where an offset of the old text stands; offsets are asked in order. */
  placeOf(offset: number): { line: number; column: number } {
    const { pieces = [] } = this.#line;
    for (let piece = pieces[this.#next]; piece && piece.at <= offset; piece = pieces[this.#next]) {
      this.#current = piece;
      this.#next++;
    }
    const { line, column, at } = this.#current;
    return { line, column: column + offset - at };
  }

  /** Copies the old text's [from, to). */
  copy(from: number, to: number): void {
    if (from >= to) return;
    const { text, pieces = [] } = this.#line;
    const shift = this.#filled.length - from;
    this.#pieces.push({ at: this.#filled.length, ...this.placeOf(from) });
    for (let piece = pieces[this.#next]; piece && piece.at < to; piece = pieces[this.#next]) {
      this.#current = piece;
      this.#next++;
      this.#pieces.push({ ...piece, at: piece.at + shift });
    }
    this.#filled += text.slice(from, to);
  }

  /** Puts a value in place of what stands at an offset of the old text. */
  fill(offset: number, value: string): void {
    this.#pieces.push({ at: this.#filled.length, ...this.placeOf(offset), variable: true });
    this.#filled += value;
  }

  result(): Line {
    const { line, column } = this.#line;
    return { text: this.#filled, line, column, pieces: this.#pieces };
  }
}
