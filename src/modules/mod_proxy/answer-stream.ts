// What a back end sends, piece by piece → the body of the response.
import { LendingStream } from "../../api/index.js";

/** The body of a response; its reader sets the pace. */
export class AnswerStream extends LendingStream {
  readonly #resume: () => void;
  readonly #cancel: () => void;
  #isSkipped = false;

  constructor({ resume, cancel }: { resume: () => void; cancel: () => void }) {
    super();
    this.#resume = resume;
    this.#cancel = cancel;
    // Broken off while nobody reads it yet; whoever reads it hears of it too.
    this.on("error", () => undefined);
  }

  /** Nobody wants it: what comes is read and dropped. */
  get isSkipped(): boolean {
    return this.#isSkipped;
  }

  skip(): void {
    this.#isSkipped = true;
    this.#resume();
  }

  override _read(): void {
    this.#resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isSkipped) this.#cancel();
    done(error);
  }
}
