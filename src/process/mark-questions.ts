// A worker's marks that are to rise → the supervisor's verdicts, each by its number.
import type { MarkRise, RiseVerdict } from "../api/index.js";

/** Milliseconds the supervisor may take. */
const limit = 3000;

/** The questions of one worker. */
export class MarkQuestions {
  readonly #send: (id: number, rise: MarkRise) => void;
  readonly #pending = new Map<number, (verdict: RiseVerdict) => void>();
  #last = 0;

  constructor(send: (id: number, rise: MarkRise) => void) {
    this.#send = send;
  }

  /** Rejects when no verdict comes. */
  raise(rise: MarkRise): Promise<RiseVerdict> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new Error(`the supervisor gave no verdict within ${limit / 1000} seconds`));
      }, limit);
      this.#pending.set(id, (verdict) => {
        clearTimeout(timer);
        resolve(verdict);
      });
      this.#send(id, rise);
    });
  }

  /** Takes a verdict of the supervisor. */
  heard(id: number, verdict: RiseVerdict): void {
    this.#pending.get(id)?.(verdict);
    this.#pending.delete(id);
  }
}
