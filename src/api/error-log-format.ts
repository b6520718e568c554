// What an ErrorLogFormat says, taken apart; log/error-format.ts writes lines by it.

/** One piece of a line: a text, the message, or an item by its letter. */
export interface ErrorLogPiece {
  readonly kind: "text" | "message" | "item";
  /** The text, or the letter of the item. */
  readonly text: string;
  /** What stands in braces. */
  readonly argument: string;
  /** A field begins here: where an item of it gives nothing, all of the field is left out. */
  readonly separates: boolean;
  /** `-`: an item that gives nothing is written as a hyphen. */
  readonly hyphen: boolean;
  /** `+`: where the item gives nothing, no line is written. */
  readonly required: boolean;
  /** Rank of the level from which on, towards the less severe, the item is written; 0 for all. */
  readonly level: number;
}

/** The pieces of a format, in order. */
export type ErrorLogFormat = readonly ErrorLogPiece[];

/** The formats of an error log. */
export interface ErrorLogFormats {
  /** Of messages; undefined: Apache's own. */
  readonly message: ErrorLogFormat | undefined;
  /** Lines in front of the first message of a connection, and of a request. */
  readonly connection: readonly ErrorLogFormat[];
  readonly request: readonly ErrorLogFormat[];
}
