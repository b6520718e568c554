// What one pass over a list of rules works with.
import type { Request } from "../../api/index.js";
import type { RewriteMap } from "./map.js";

export type Awaitable<Value> = Value | Promise<Value>;

/** Goes on with a value at once where it is there. */
export function then<A, B>(value: Awaitable<A>, next: (value: A) => Awaitable<B>): Awaitable<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Writes a line of the rewrite log; the level counts from 1. Apache names the directory of the rules in most of them. */
export type Trace = (level: number, message: string, without?: "without directory") => void;

/** The groups of a match, the whole of it first. */
export type Groups = readonly (string | undefined)[];

/** One pass of the rules over a request. Its `filename` is what is rewritten, as in Apache. */
export interface Run {
  readonly request: Request;
  /** Directory of the rules with its slash, as written; undefined at server level. */
  readonly directory: string | undefined;
  /** What a relative look-ahead begins with: RewriteBase, else the directory. */
  readonly base: string;
  readonly maps: ReadonlyMap<string, RewriteMap>;
  /** Undefined where nothing is logged. */
  readonly trace: Trace | undefined;
  /** What the pattern of the current rule is matched against. */
  uri: string;
  /** Groups of the rule's pattern ($N), and of its last condition that matched (%N). */
  ruleMatch: Groups | undefined;
  conditionMatch: Groups | undefined;
  /** Names of fields read by the current condition, and by the rule's conditions so far. */
  varyOfCondition: string[];
  varyOfRule: string[];
  /** Status that a rule has set. */
  status: number;
}
