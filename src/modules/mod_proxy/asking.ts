// A request, its back end, and who waits for the answer → what every way to ask has in common.
import { core, RequestBodyError, type ProxyScheme, type Request, type Response } from "../../api/index.js";
import { failure, moduleOf, type Stage, stageOf } from "./failure.js";
import type { Parameters } from "./parameters.js";
import type { ProxySettings } from "./settings.js";
import type { Address } from "./target.js";
import type { Mapping } from "./translate.js";

/** What is asked of a back end. */
export interface Question {
  readonly mapping: Mapping;
  readonly settings: ProxySettings;
  readonly scheme: ProxyScheme;
  /** Another proxy is asked for a scheme that this server does not have (ftp). */
  readonly needsRemote?: boolean;
}

/** Who else wants to know what became of it. */
export interface Watcher {
  /** There is no answer of the back end. */
  failed?(stage: Stage, error: Error): void;
  /** Nothing moves any more. */
  over?(sent: number, read: number): void;
}

/** What is asked of. */
interface Asked {
  readonly address: Address;
  readonly parameters: Parameters;
  readonly settings: ProxySettings;
}

/** What becomes of it. */
interface Outcome {
  readonly watcher: Watcher;
  readonly resolve: (response: Response | Promise<Response>) => void;
  readonly reject: (error: Error) => void;
}

/** One asking. Times in milliseconds. */
export class Asking {
  readonly request: Request;
  /** Longest pause of the back end, and longest wait for the connection. */
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly localAddress: string | undefined;
  readonly #address: Address;
  readonly #outcome: Outcome;

  constructor(request: Request, { address, parameters, settings }: Asked, outcome: Outcome) {
    this.request = request;
    this.timeout = parameters.timeout ?? settings.timeout ?? request.settings(core).timeout;
    this.connectTimeout = parameters.connectTimeout ?? this.timeout;
    this.localAddress = address.socketPath === undefined ? settings.sourceAddress : undefined;
    this.#address = address;
    this.#outcome = outcome;
  }

  /** There is a response; exactly one of this and `failed` is called. */
  answered(response: Response | Promise<Response>): void {
    this.#outcome.resolve(response);
  }

  failed(error: Error): void {
    const { watcher, resolve, reject } = this.#outcome;
    if (error instanceof RequestBodyError) return reject(error);
    watcher.failed?.(stageOf(error), error);
    resolve(failure(this.request, this.#address, error));
  }

  /** The response has begun and breaks off. */
  brokenOff(error: Error): void {
    this.request.log("error", moduleOf(this.#address), `AH01110: error reading response: ${error.message}`);
  }

  /** Nothing moves any more; so many bytes have. */
  over(sent: number, read: number): void {
    this.#outcome.watcher.over?.(sent, read);
  }
}
