// A worker's question what all workers do → the supervisor's answer, one question at a time for all who want it.
import type { ServerReport } from "../api/index.js";

/** Milliseconds the supervisor may take; it waits half a second for a worker that does not answer. */
const limit = 3000;

/** The questions of one worker. */
export class Reports {
  readonly #send: () => void;
  #pending: Promise<ServerReport> | undefined;
  #resolve: ((report: ServerReport) => void) | undefined;

  /** `send` asks the supervisor. */
  constructor(send: () => void) {
    this.#send = send;
  }

  /** Rejects when no answer comes. */
  ask(): Promise<ServerReport> {
    this.#pending ??= new Promise<ServerReport>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end();
        reject(new Error(`the supervisor did not say within ${limit / 1000} seconds what its workers do`));
      }, limit);
      this.#resolve = (report) => {
        clearTimeout(timer);
        this.#end();
        resolve(report);
      };
      this.#send();
    });
    return this.#pending;
  }

  /** The same with a question that is sent after this call. */
  async askAnew(): Promise<ServerReport> {
    await this.#pending?.catch(() => undefined);
    return this.ask();
  }

  /** Takes the supervisor's answer. */
  heard(report: ServerReport): void {
    this.#resolve?.(report);
  }

  #end(): void {
    this.#pending = undefined;
    this.#resolve = undefined;
  }
}
