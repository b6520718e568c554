// The kinds of argument a directive takes: each parses its text, refuses what does not fit, and documents itself.
import type { ExpressionOptions } from "./expression.js";
import { byteString } from "./file-name.js";
import { meant, nearest } from "./nearest.js";
import { hasWildcard, globToRegExp, PatternError, translatePattern, type PatternOptions } from "./pattern.js";
import type { Place } from "./place.js";

/** One argument of a directive. `parse` throws through `fail`, which names directive and argument. */
export interface Argument<Value> {
  readonly name: string;
  /** The name of the kind, for the reference page: "URL-path", "file-path", "On|Off". */
  readonly kind: string;
  readonly optional: boolean;
  /** Takes all the words that are left. */
  readonly rest: boolean;
  /** Takes the rest of the line unsplit, quotes included. */
  readonly raw: boolean;
  /** For a leading optional argument: whether this word is meant for it. */
  is?(text: string): boolean;
  parse(text: string, place: ArgumentPlace): Value;
}

/** What a kind may ask while it parses. */
export interface ArgumentPlace extends Pick<
  Place,
  "resolve" | "origin" | "context" | "condition" | "stringExpression"
> {
  /** Refuses the text: the words after "argument-name: ", for example `must start with "/"`. */
  refuse(expectation: string, advice?: string): never;
}

/** The values of a list of arguments, in order. */
export type Values<Args extends readonly Argument<unknown>[]> = {
  readonly [K in keyof Args]: Args[K] extends Argument<infer Value> ? Value : never;
};

function kind<Value>(
  name: string,
  kindName: string,
  parse: (text: string, place: ArgumentPlace) => Value,
): Argument<Value> {
  return { name, kind: kindName, optional: false, rest: false, raw: false, parse };
}

/** An argument that may be left out; in front of others it needs an `is` test. */
export function optional<Value>(
  argument: Argument<Value>,
  is?: (text: string) => boolean,
): Argument<Value | undefined> {
  return { ...argument, optional: true, ...(is ? { is } : {}) };
}

/** An argument that takes one or more words; with `optional`, none or more. */
export function rest<Value>(argument: Argument<Value>): Argument<readonly Value[]> {
  // The reader calls `parse` once for each word and collects the results; see config/arguments.ts.
  const parse = (text: string, place: ArgumentPlace): Value => argument.parse(text, place);
  return {
    name: argument.name,
    kind: argument.kind,
    optional: argument.optional,
    rest: true,
    raw: false,
    parse: parse as unknown as (text: string, place: ArgumentPlace) => readonly Value[],
  };
}

/** The words of other configurations for On and Off. */
const flagWords: Readonly<Record<string, string>> = {
  ...{ yes: "On", true: "On", "1": "On", enable: "On", enabled: "On" },
  ...{ no: "Off", false: "Off", "0": "Off", disable: "Off", disabled: "Off" },
};

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, mi: 60_000, h: 3_600_000 };

/** The kinds of argument. */
export const arg = {
  /** Any word. */
  word: (name: string) => kind(name, "word", (text) => text),

  /** A path of the URL space; starts with "/". */
  urlPath: (name: string) =>
    kind(name, "URL-path", (text, place) => (text.startsWith("/") ? text : place.refuse('must start with "/"'))),

  /** A path of the file system; a relative one is taken from ServerRoot. */
  filePath: (name: string) => kind(name, "file-path", (text, place) => place.resolve(text)),

  /** A URL, or a path of the URL space. */
  url: (name: string) =>
    kind(name, "URL", (text, place) =>
      /^([a-z][a-z0-9+.-]*:|\/)/i.test(text) ? text : place.refuse('must be a URL or start with "/"'),
    ),

  /** On or Off, in any case. */
  flag: (name = "switch") =>
    kind(name, "On|Off", (text, place) => {
      const word = text.toLowerCase();
      if (word === "on" || word === "off") return word === "on";
      return place.refuse("must be On or Off", meant(flagWords[word] ?? nearest(word, ["On", "Off"])));
    }),

  /** A whole number within bounds, both included. */
  int: (name: string, { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {}) =>
    kind(name, "number", (text, place) => {
      const number = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
      return number >= min && number <= max
        ? number
        : place.refuse(
            max === Number.MAX_SAFE_INTEGER
              ? `must be a whole number of at least ${min}`
              : `must be a whole number from ${min} to ${max}`,
          );
    }),

  /** A number of bytes. */
  size: (name: string) =>
    kind(name, "bytes", (text, place) =>
      /^\d+$/.test(text) ? Number(text) : place.refuse("must be a number of bytes"),
    ),

  /** A length of time in milliseconds; a bare number counts in `unit`. */
  duration: (name: string, unit: "ms" | "s" | "min" | "h" = "s") =>
    kind(name, `duration (${unit})`, (text, place) => {
      const match = /^(\d+)([a-z]*)$/i.exec(text);
      const factor = units[(match?.[2] || unit).toLowerCase()];
      return match && factor !== undefined
        ? Number(match[1]) * factor
        : place.refuse("must be a number with an optional unit of ms, s, min or h");
    }),

  /** One of the given words, in any case; the value is the word as given here. */
  oneOf: <const Word extends string>(name: string, ...words: readonly Word[]) =>
    kind(name, words.join("|"), (text, place): Word => {
      const found = words.find((word) => word.toLowerCase() === text.toLowerCase());
      const expected = words.length === 1 ? `must be "${words.join("")}"` : `must be one of ${words.join(", ")}`;
      return found ?? place.refuse(expected, meant(nearest(text, words)));
    }),

  /** An HTTP status code. */
  status: (name: string) =>
    kind(name, "status", (text, place) =>
      /^[1-5]\d\d$/.test(text) ? Number(text) : place.refuse("must be an HTTP status code"),
    ),

  /** A regular expression of Perl's kind, for latin1 strings of bytes as requests carry them. */
  regex: (name: string, options: PatternOptions = {}) =>
    kind(name, "regex", (text, place) => {
      try {
        return translatePattern(byteString(text), options, place.origin);
      } catch (error) {
        if (error instanceof PatternError) return place.refuse(error.message);
        throw error;
      }
    }),

  /** A condition of the expression language: `"%{REQUEST_METHOD} == 'GET'"`. */
  condition: (name: string, options: ExpressionOptions = {}) =>
    kind(name, "expression", (text, place) => place.condition(text, options)),

  /** A text that may hold `%{...}` and `$0` to `$9`. */
  stringExpression: (name: string, options: ExpressionOptions = {}) =>
    kind(name, "text with %{...}", (text, place) => place.stringExpression(text, options)),

  /** A text with wildcards (`*`, `?`, `[...]`) for whole names, or a plain text that is compared. */
  glob: (name: string) =>
    kind(name, "wildcards", (text): RegExp | string =>
      hasWildcard(text) ? globToRegExp(byteString(text), { pathname: true }) : byteString(text),
    ),

  /** The rest of the line as it stands; the directive parses it. */
  raw: (name: string): Argument<string> => ({ ...kind(name, "text", (text) => text), raw: true }),

  /** A kind of a module's own. */
  custom: <Value>(name: string, kindName: string, parse: (text: string, place: ArgumentPlace) => Value) =>
    kind(name, kindName, parse),
} as const;

/** An argument as syntax shows it: `[optional]`, `rest ...`, and a short choice of words in place of a name. */
export function showArgument({ name, kind, optional, rest }: Argument<unknown>): string {
  const text = (isChoice(kind) ? kind : name) + (rest ? " ..." : "");
  return optional ? `[${text}]` : text;
}

/** Whether a kind is a short choice of words, which stands in the syntax in place of the argument's name. */
export function isChoice(kind: string): boolean {
  return kind.includes("|") && kind.length <= 40;
}
