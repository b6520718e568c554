// The turns of the event loop: what came in together sees the same files.

/**
 * Counts turns. Requests that came in together see the same files; what is looked at in a turn is looked at again in the
 * next, so that a request which comes after a file was changed meets the changed one.
 */
export class Turn {
  #number = 0;
  #isArmed = false;

  /** The number of this turn; a later one is greater. */
  get number(): number {
    if (!this.#isArmed) {
      this.#isArmed = true;
      setImmediate(() => {
        this.#number++;
        this.#isArmed = false;
      });
    }
    return this.#number;
  }
}
