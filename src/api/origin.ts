// Where a directive stands: file, line, column, and how the reader got there.

/** The position of a directive or section in the configuration; line and column count from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The Include lines, outermost last, that led to this file. */
  readonly via?: Origin;
  /** Set where this is a line in the body of the macro of that name; `via` then is the Use line. */
  readonly macro?: string;
  /** Then the line of its `<Macro>`. */
  readonly macroLine?: number;
}

/** Text of the form "file:line". */
export function showOrigin(origin: Origin): string {
  return `${origin.file}:${origin.line}`;
}
