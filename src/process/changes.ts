// Wishes for another configuration → one reload after the other, and for each wish what became of it.

/** Without losing a request, or at once. */
export type Change = "graceful" | "restart";

/** Why the new configuration was not taken, in lines; undefined when it was. */
export type Refusal = readonly string[] | undefined;

/** To those whose wish the end of the server has overtaken. */
export const stopped: Refusal = ["the server is being stopped"];

/** The reloads of a supervisor. Wishes that come while one runs are met together by the next. */
export class Changes {
  readonly #reload: (change: Change) => Promise<Refusal>;
  #wanted: Change | undefined;
  #waiting: ((refusal: Refusal) => void)[] = [];
  #isChanging = false;
  #state: "not yet" | "open" | "over" = "not yet";

  constructor(reload: (change: Change) => Promise<Refusal>) {
    this.#reload = reload;
  }

  /** The server serves: what was wanted meanwhile is done now. */
  open(): void {
    if (this.#state === "not yet") this.#state = "open";
    void this.#work();
  }

  /** The server is to end: whoever waits hears so, and nothing is reloaded any more. */
  close(): void {
    this.#state = "over";
    for (const resolve of this.#waiting.splice(0)) resolve(stopped);
  }

  /** Resolves when the configuration that was there at the time of the wish is in force, or was refused. */
  want(change: Change): Promise<Refusal> {
    // A restart that came while a graceful one was waiting is the stronger wish.
    if (this.#wanted !== "restart") this.#wanted = change;
    const answered = new Promise<Refusal>((resolve) => this.#waiting.push(resolve));
    if (this.#state === "over") this.close();
    void this.#work();
    return answered;
  }

  async #work(): Promise<void> {
    if (this.#isChanging || this.#state !== "open") return;
    const change = this.#wanted;
    if (!change) return;
    this.#isChanging = true;
    this.#wanted = undefined;
    const waiting = this.#waiting.splice(0);
    let refusal: Refusal = ["the reload broke off; the error log says why"];
    try {
      refusal = await this.#reload(change);
    } finally {
      this.#isChanging = false;
      for (const resolve of waiting) resolve(refusal);
      void this.#work();
    }
  }
}
