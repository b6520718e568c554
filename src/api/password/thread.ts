// Messages with a password and a stored one → whether they are the same: the thread that hashes.
import { parentPort } from "node:worker_threads";
import { matches } from "./formats.js";

/** What the thread is asked. */
export interface Question {
  readonly id: number;
  /** A latin1 string of bytes. */
  readonly password: string;
  readonly stored: string;
}

/** What it says; `fault` where it could not tell. */
export interface Verdict {
  readonly id: number;
  readonly same: boolean;
  readonly fault?: string;
}

parentPort?.on("message", ({ id, password, stored }: Question) => {
  const verdict = (): Verdict => {
    try {
      return { id, same: matches(Buffer.from(password, "latin1"), stored) };
    } catch (error) {
      return { id, same: false, fault: String(error) };
    }
  };
  parentPort?.postMessage(verdict());
});
