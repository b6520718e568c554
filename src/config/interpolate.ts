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
  const copier = copyPieces(line);
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
      if (copier.length() > maximum) return undefined;
    }
    start = text.indexOf("${", end + 1);
  }
  if (from === 0) return line;
  copier.copy(from, text.length);
  return copier.result();
}

/** Copies parts of a line, in order, and keeps account of their places. */
export function copyPieces(line: Line) {
  const origins: readonly Piece[] = line.pieces ?? [{ at: 0, line: line.line, column: line.column }];
  const pieces: Piece[] = [];
  let filled = "";
  let next = 1;
  let current = origins[0] ?? { at: 0, line: line.line, column: line.column };
  const advance = (offset: number) => {
    for (let piece = origins[next]; piece && piece.at <= offset; piece = origins[next]) {
      current = piece;
      next++;
    }
  };
  const placeOf = (offset: number) => {
    advance(offset);
    return { line: current.line, column: current.column + offset - current.at };
  };
  return {
    placeOf,
    length: () => filled.length,
    /** Copies the old text's [from, to). */
    copy(from: number, to: number): void {
      if (from >= to) return;
      const shift = filled.length - from;
      pieces.push({ at: filled.length, ...placeOf(from) });
      for (let piece = origins[next]; piece && piece.at < to; piece = origins[next]) {
        current = piece;
        next++;
        pieces.push({ ...piece, at: piece.at + shift });
      }
      filled += line.text.slice(from, to);
    },
    fill(offset: number, value: string): void {
      pieces.push({ at: filled.length, ...placeOf(offset), variable: true });
      filled += value;
    },
    result: (): Line => ({ text: filled, line: line.line, column: line.column, pieces }),
  };
}
