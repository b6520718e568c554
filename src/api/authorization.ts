// What a Require provider is: the words behind its name → a test of requests.
import type { ExpressionCompiler } from "./expression.js";
import type { Request } from "./request.js";

/**
 * What a requirement says of a request: "no user" is a refusal that a user's name may turn (authentication follows),
 * "neutral" neither grants nor refuses.
 */
export type Decision = "granted" | "denied" | "no user" | "neutral";

/** A test of requests, made once from the words of a Require line. */
export type Requirement = (request: Request) => Decision | Promise<Decision>;

/** What a provider may ask while it reads its words; `fail` throws, the provider's name is put in front. */
export interface RequirePlace extends ExpressionCompiler {
  /** The words as written, in one: quotes and escapes are still there. */
  readonly text: string;
  readonly fail: (reason: string) => never;
}

/** A provider of `Require NAME words`, registered as `provides: { authzProvider: { NAME: provider } }`. */
export interface AuthzProvider {
  /** `words` are those behind the name. Called once for each line. */
  require(words: readonly string[], place: RequirePlace): Requirement;
}

/** Kept with a request that needs no more than what has been checked: `Satisfy Any` and its address is allowed. */
export const accessSuffices = Symbol("access suffices");
