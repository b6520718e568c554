// The data of a stream → the body of a request, read when asked for and no faster than it is used.
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { Readable } from "node:stream";
import { Headers, RequestBodyError, type RequestBody } from "../../api/index.js";
import { countPassing } from "../spent-buffers.js";

/** Who waits for the body, and how long. */
export interface BodyWatch {
  /** The body waits for bytes. */
  wantBytes(): void;
  /** So many have come. */
  tookBytes(bytes: number): void;
  /** It wants nothing for now. */
  pauseBytes(): void;
}

/** What is known of a body beforehand. */
export interface StreamBodyParts {
  readonly watch: BodyWatch;
  /** Undefined when the client did not say. */
  readonly length: number | undefined;
  readonly expectsContinue: boolean;
}

/** The body of one request. What the client sends before it is wanted stays within the window of the stream. */
export class StreamBody implements RequestBody {
  readonly length: number | undefined;
  readonly arrived = undefined;
  /** Most bytes it may have; 0 without limit. */
  limit = 0;
  isTaken = false;
  error: RequestBodyError | undefined = undefined;
  /** Bytes of it that have come. */
  received = 0;
  /** The fields behind it, once they are there. */
  trailers: Headers | undefined = undefined;
  #mergeInto: Headers | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #watch: BodyWatch;
  #expectsContinue: boolean;
  #readable: Readable | undefined;
  #dropped: { readonly promise: Promise<boolean>; readonly settle: (isWhole: boolean) => void } | undefined;
  #isComplete = false;
  #isReading = false;

  constructor(stream: ServerHttp2Stream, { watch, length, expectsContinue }: StreamBodyParts) {
    this.#stream = stream;
    this.#watch = watch;
    this.length = length;
    this.#expectsContinue = expectsContinue;
    stream.once("trailers", this.#ends);
  }

  /** MergeTrailers: adds the fields behind the body to these, once they are there. */
  mergeTrailers(headers: Headers): void {
    this.#mergeInto = headers;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  stream(): Readable {
    if (this.isTaken) throw new TypeError("a request body can be streamed once");
    this.isTaken = true;
    const readable = new Readable({
      highWaterMark: 65_536,
      read: () => this.#want(),
      destroy: (error, done) => {
        this.#rest();
        done(error);
      },
    });
    // Its reader may have gone; a failure then concerns nobody.
    readable.on("error", () => undefined);
    this.#readable = readable;
    if (this.error) readable.destroy(this.error);
    return readable;
  }

  discard(): boolean | Promise<boolean> {
    if (this.#isComplete) return true;
    if (this.error) return false;
    if (this.#dropped) return this.#dropped.promise;
    // Whoever streamed it before has stopped reading.
    this.#readable?.destroy();
    this.#readable = undefined;
    this.isTaken = true;
    let settle: (isWhole: boolean) => void = () => undefined;
    const promise = new Promise<boolean>((resolve) => {
      settle = resolve;
    });
    this.#dropped = { promise, settle };
    this.#want();
    return promise;
  }

  /** Ends reading for that reason. */
  fail(error: RequestBodyError): void {
    if (this.error || this.#isComplete) return;
    this.error = error;
    this.#rest();
    this.#readable?.destroy(error);
    this.#dropped?.settle(false);
  }

  #want(): void {
    if (this.error || this.#isComplete) return;
    if (this.length !== undefined && this.#isTooMuch(this.length)) return this.fail(this.#tooLarge(this.length));
    this.#watch.wantBytes();
    if (!this.#isReading) this.#begin();
    this.#stream.resume();
  }

  #begin(): void {
    this.#isReading = true;
    if (this.#expectsContinue) {
      this.#expectsContinue = false;
      if (!this.#stream.headersSent && !this.#stream.destroyed) this.#stream.additionalHeaders({ ":status": 100 });
    }
    this.#stream.on("data", this.#take);
    this.#stream.on("end", this.#end);
    if (this.#stream.readableEnded) this.#end();
  }

  readonly #ends = (_fields: IncomingHttpHeaders, _flags: number, ...more: readonly unknown[]): void => {
    const flat = (more[0] ?? []) as readonly string[];
    const trailers = new Headers();
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = flat[i] ?? "";
      if (!name.startsWith(":")) trailers.append(name, flat[i + 1] ?? "");
    }
    this.trailers = trailers;
    trailers.forEach((name) => {
      if (this.#mergeInto && !this.#mergeInto.has(name)) this.#mergeInto.append(name, trailers.get(name) ?? "");
    });
  };

  readonly #take = (data: Buffer): void => {
    if (this.error) return;
    this.received += data.length;
    if (this.#isTooMuch(this.received)) return this.fail(this.#tooLarge(this.received));
    this.#watch.tookBytes(data.length);
    if (!this.#readable) return;
    countPassing(data.length);
    if (!this.#readable.push(data)) this.#rest();
  };

  readonly #end = (): void => {
    // A stream that was reset ends too.
    if (this.error || this.#isComplete || this.#stream.aborted) return;
    this.#isComplete = true;
    this.#watch.pauseBytes();
    this.#readable?.push(null);
    this.#dropped?.settle(true);
  };

  #rest(): void {
    this.#watch.pauseBytes();
    if (this.#isReading && !this.#stream.destroyed) this.#stream.pause();
  }

  #isTooMuch(bytes: number): boolean {
    return this.limit > 0 && bytes > this.limit;
  }

  #tooLarge(bytes: number): RequestBodyError {
    return new RequestBodyError(
      413,
      `AH01588: a request body of ${bytes} bytes exceeds LimitRequestBody (${this.limit})`,
    );
  }
}
