// A regular expression whose time may run away → the same one with a limit, as PCRE's match limit is one.
import { setFlagsFromString } from "node:v8";
import { createContext, Script } from "node:vm";
import type { Origin } from "./origin.js";

/** Milliseconds after which a match is given up. */
export const matchLimit = 100;

/** Steps that are always let be: a few milliseconds. */
const freeSteps = 5_000_000;

/** What is known of a pattern whose match was given up. */
export interface GivenUp {
  readonly pattern: string;
  /** The line it stands in. */
  readonly origin: Origin | undefined;
  /** Characters of the text it was tried on. */
  readonly length: number;
}

const listeners = new Set<(given: GivenUp) => void>();

/** Calls a listener whenever a match is given up; the result ends that. */
export function onGivenUp(listener: (given: GivenUp) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let isPrepared = false;

/**
 * Lets V8 go on with its engine of linear time where its usual one has gone back 50,000 times. That engine knows no
 * look-around, no reference back and no counted repetition of more than 16; see `isLinear`.
 */
export function prepareEngine(): void {
  if (isPrepared) return;
  setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");
  isPrepared = true;
}

/** Whether V8 can match an expression in linear time. The flag that allows to ask is V8's own; it is set for the question alone. */
export function isLinear(source: string, flags: string): boolean {
  setFlagsFromString("--enable-experimental-regexp-engine");
  try {
    return new RegExp(source, `${flags}l`) instanceof RegExp;
  } catch {
    return false;
  } finally {
    setFlagsFromString("--no-enable-experimental-regexp-engine");
  }
}

/** Runs one look for a match. */
export type Exec = (text: string) => RegExpExecArray | null;

/**
 * The same look with a limit of time on texts that are long enough for it; `cost` as costOf says. Given up, it has found
 * nothing, as in Apache, whose PCRE gives up after so many steps.
 */
export function guarded(exec: Exec, cost: number, about: Pick<GivenUp, "pattern" | "origin">): Exec {
  return (text) => {
    const { length } = text;
    const steps = cost === Infinity ? 3 ** Math.min(length, 100) : length ** cost;
    if (steps <= freeSteps) return exec(text);
    try {
      return limited(() => exec(text));
    } catch (error) {
      if (!isTimeout(error)) throw error;
      for (const listener of listeners) listener({ ...about, length });
      return null;
    }
  };
}

interface Limiter {
  readonly context: { run: () => RegExpExecArray | null };
  readonly script: Script;
}

let limiter: Limiter | undefined;

function limited(run: Limiter["context"]["run"]): RegExpExecArray | null {
  limiter ??= {
    context: createContext({ run: () => null }) as Limiter["context"],
    script: new Script("run()"),
  };
  limiter.context.run = run;
  return limiter.script.runInContext(limiter.context, { timeout: matchLimit }) as RegExpExecArray | null;
}

function isTimeout(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT"
  );
}
