// What a Require provider is: the words behind its name → a test of requests.
import type { ExpressionCompiler } from "./expression.js";
import { byteString } from "./file-name.js";
import type { Request } from "./request.js";
import { splitWords } from "./words.js";

/**
 * What a requirement says of a request: "no user" is a refusal that a user's name may turn (authentication follows),
 * "neutral" neither grants nor refuses.
 */
export type Decision = "granted" | "denied" | "no user" | "neutral";

/** A test of requests, made once from the words of a Require line. */
export type Requirement = (request: Request) => Decision | Promise<Decision>;

/** What a provider may ask while it reads its words; `fail` throws, the provider's name is put in front. */
export interface RequirePlace extends ExpressionCompiler {
  /** All that stands behind the provider's name, quotes included. */
  readonly text: string;
  readonly fail: (reason: string) => never;
}

/** A provider of `Require NAME words`, registered as `provides: { authzProvider: { NAME: provider } }`. */
export interface AuthzProvider {
  /** `words` are those behind the name. Called once for each line. */
  require(words: readonly string[], place: RequirePlace): Requirement;
}

/**
 * The words of a line that may hold `%{...}`, for each request; undefined where they could not be told. Latin1 strings of
 * bytes.
 */
export function wordsFor(place: RequirePlace): (request: Request) => readonly string[] | undefined {
  const { text } = place;
  if (!/%\{|\$[0-9]/.test(text)) {
    const words = splitWords(text).map((word) => byteString(word.text));
    return () => words;
  }
  const expression = place.stringExpression(text);
  return (request) => {
    const filled = expression.evaluate(request);
    return filled === undefined ? undefined : splitWords(filled).map((word) => word.text);
  };
}

/** Kept with a request that needs no more than what has been checked: `Satisfy Any` and its address is allowed. */
export const accessSuffices = Symbol("access suffices");

/** Tells the name of the group of a request's file, registered as `provides: { fileGroup: { owner: function } }`. */
export type FileGroup = (request: Request) => string | undefined;
