// Pieces as an application gives them → a response, with backpressure.
import { refuse, type Headers, type Response } from "../../api/index.js";
import { logError, type NodeCall } from "./call.js";
import { OutgoingBody } from "./outgoing-body.js";

/** Status and fields, once the application has settled them. */
export interface Head {
  readonly status: number;
  readonly reason?: string;
  readonly headers: Headers;
}

/** A response that is written piece by piece. */
export class Pump {
  readonly body: OutgoingBody;
  /** Nobody takes what comes any more. */
  isAbandoned = false;
  readonly #call: NodeCall;
  readonly #answered: Promise<Response>;
  #answer: ((response: Response) => void) | undefined;
  #wake: (() => void) | undefined;
  /** Hears of the end of the client. */
  abandoned: (() => void) | undefined;
  readonly #forget: () => void;

  constructor(call: NodeCall) {
    this.#call = call;
    this.#answered = new Promise((resolve) => (this.#answer = resolve));
    this.body = new OutgoingBody({
      drained: () => this.#wake?.(),
      taken: () => undefined,
      abandoned: () => this.#abandon(),
    });
    this.#forget = call.whenAbandoned(() => this.#abandon());
  }

  /** The response: there when `work` has settled its head and written its first bytes, or has ended. */
  run(work: () => Promise<void>): Promise<Response> {
    void work()
      .then(
        () => this.body.end(),
        (error: unknown) => this.fail(error),
      )
      .finally(this.#forget);
    return this.#answered;
  }

  /** Answers with what is written so far; the rest comes through the stream. Later calls do nothing. */
  answer({ status, reason, headers }: Head): void {
    if (!this.#answer) return;
    this.#settle({ status, headers, body: this.body.body(), ...(reason === undefined ? {} : { reason }) });
  }

  /** Whether the head is on its way. */
  get isAnswered(): boolean {
    return this.#answer === undefined;
  }

  /** Resolves when there is room for more; to false when nobody wants more. */
  async write(bytes: Buffer): Promise<boolean> {
    if (this.isAbandoned) return false;

    if (!this.body.write(bytes) && this.isAnswered) await new Promise<void>((done) => (this.#wake = done));
    return !this.isAbandoned;
  }

  fail(error: unknown): void {
    if (!this.isAbandoned) logError(this.#call, `${this.#call.script} failed`, error);
    if (this.#answer) this.#settle(refuse(500));
    else this.body.fail(error instanceof Error ? error : new Error(String(error)));
  }

  #settle(response: Response): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(response);
  }

  #abandon(): void {
    if (this.isAbandoned || this.body.hasEnded) return;
    this.isAbandoned = true;
    // Nobody will read it: only the access log shows the status.
    if (this.#answer) this.#settle(refuse(408));
    this.#wake?.();
    this.abandoned?.();
  }
}
