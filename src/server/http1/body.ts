// The framed bytes behind a head → the body of a request, read when asked for and no faster than it is used.
import { Readable } from "node:stream";
import { RequestBodyError, type Headers, type RequestBody } from "../../api/index.js";
import { countPassing } from "../spent-buffers.js";
import { TrailerError, type Framing } from "./framing.js";
import type { Input } from "./input.js";

/** The connection, as its request's body sees it. */
export interface BodySource {
  readonly input: Input;
  /** Whether the client has ended its side. */
  readonly hasEnded: boolean;
  /** The body waits for bytes: read on, and watch the time. */
  wantBytes(): void;
  /** The body wants nothing for now. */
  pauseBytes(): void;
  /** Sends 100 Continue. */
  sendContinue(): void;
}

/** What a body is made of. */
export interface BodyParts {
  readonly source: BodySource;
  readonly framing: Framing;
  /** Undefined when chunked. */
  readonly length: number | undefined;
  readonly expectsContinue: boolean;
}

const nothing = Buffer.alloc(0);

/** Without Content-Length and Transfer-Encoding there is no body. */
export const noBody: RequestBody = {
  length: 0,
  arrived: nothing,
  stream: () => Readable.from([], { objectMode: false }),
  discard: () => true,
};

/** The body of the request in work on a connection. */
export class IncomingBody implements RequestBody {
  readonly length: number | undefined;
  readonly #source: BodySource;
  readonly #framing: Framing;
  #expectsContinue: boolean;
  /** Most bytes it may have; 0 without limit. */
  #limit = 0;
  #received = 0;
  #stream: BodyStream | undefined;
  #mode: "untouched" | "stream" | "drop" = "untouched";
  #dropping: { readonly promise: Promise<boolean>; readonly resolve: (isWhole: boolean) => void } | undefined;
  #isWanted = false;
  #error: RequestBodyError | undefined;
  #isRefused = false;
  #trailers: Headers | undefined;
  #mergeInto: Headers | undefined;

  constructor({ source, framing, length, expectsContinue }: BodyParts) {
    this.length = length;
    this.#source = source;
    this.#framing = framing;
    this.#expectsContinue = expectsContinue;
  }

  get error(): RequestBodyError | undefined {
    return this.#error;
  }

  /**
   * Whether its chunks were malformed, or it was too large. Apache's filters answer that themselves, with a page of no
   * stated length.
   */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  get trailers(): Headers | undefined {
    // Of a body that nobody reads, as far as it is there.
    return this.#trailers ?? (this.arrived && this.#trailers);
  }

  /** MergeTrailers: adds the fields behind the body to these, once they are there. */
  mergeTrailers(headers: Headers): void {
    this.#mergeInto = headers;
  }

  get isTaken(): boolean {
    return this.#mode !== "untouched";
  }

  get isComplete(): boolean {
    return this.#framing.isDone;
  }

  /** Whether the client still waits for a 100 Continue. */
  get awaitsContinue(): boolean {
    return this.#expectsContinue;
  }

  /** Whether it waits for bytes of the client. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  set limit(bytes: number) {
    this.#limit = bytes;
  }

  get arrived(): Buffer | undefined {
    if (this.#mode !== "untouched" || this.#expectsContinue || this.#error) return undefined;
    const { input } = this.#source;
    if (this.length !== undefined) {
      if (this.length > input.length || this.#isTooMuch(this.length)) return undefined;
      return input.bytes.subarray(input.start, input.start + this.length);
    }
    return this.#tryArrived(input);
  }

  stream(): Readable {
    if (this.#mode !== "untouched") throw new TypeError("a request body can be streamed once");
    this.#mode = "stream";
    this.#stream = new BodyStream(this);
    if (this.#error) this.#stream.destroy(this.#error);
    return this.#stream;
  }

  discard(): boolean | Promise<boolean> {
    if (this.#framing.isDone) return true;
    if (this.#error) return false;
    if (this.#dropping) return this.#dropping.promise;
    // Whoever streamed it before has stopped reading.
    this.#stream?.destroy();
    this.#mode = "drop";
    this.want();
    if (this.#error) return false;
    if (this.#framing.isDone) return true;
    let resolve: (isWhole: boolean) => void = () => undefined;
    const promise = new Promise<boolean>((settle) => {
      resolve = settle;
    });
    this.#dropping = { promise, resolve };
    return promise;
  }

  /** The reader is ready for more. */
  want(): void {
    if (this.#isWanted || this.#error || this.#framing.isDone) return;
    if (this.length !== undefined && this.#isTooMuch(this.length)) {
      this.#refuse(tooLarge(this.length, this.#limit));
      return;
    }
    this.#isWanted = true;
    if (this.#expectsContinue) {
      this.#expectsContinue = false;
      this.#source.sendContinue();
    }
    this.feed();
    if (this.#isWanted) this.#source.wantBytes();
  }

  /** Takes what has arrived, as long as the reader wants it. */
  feed(): void {
    const { input } = this.#source;
    try {
      while (this.#isWanted) {
        const data = this.#framing.next(input);
        if (data) this.#take(data);
        else break;
      }
    } catch (error) {
      this.#refuse(error);
      return;
    }
    input.release();
    if (this.#framing.isDone) this.#end();
    else if (this.#isWanted && this.#source.hasEnded) {
      this.fail(new RequestBodyError(400, "the client ended in the middle of the request body"));
    }
  }

  /** Ends reading for that reason: the client was too slow, or is gone. */
  fail(error: RequestBodyError): void {
    if (this.#error || this.#framing.isDone) return;
    this.#error = error;
    this.#rest();
    this.#stream?.destroy(error);
    this.#dropping?.resolve(false);
  }

  /** The reader of the stream gave up. */
  abandon(): void {
    this.#rest();
  }

  #take(data: Buffer): void {
    this.#received += data.length;
    if (this.#limit > 0 && this.#received > this.#limit) throw tooLarge(this.#received, this.#limit);
    if (this.#mode !== "stream") return;
    countPassing(data.length);
    if (!this.#stream?.push(data)) this.#rest();
  }

  #end(): void {
    this.#rest();
    this.#ended(this.#framing);
    if (this.#mode === "stream") this.#stream?.push(null);
    this.#dropping?.resolve(true);
  }

  #refuse(error: unknown): void {
    const reason = error instanceof RequestBodyError ? error : new RequestBodyError(400, String(error));
    this.#isRefused = !(error instanceof TrailerError);
    this.fail(reason);
  }

  #rest(): void {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    this.#source.pauseBytes();
  }

  #isTooMuch(bytes: number): boolean {
    return this.#limit > 0 && bytes > this.#limit;
  }

  /** A chunked body that is all there, found by trying. */
  #tryArrived(input: Input): Buffer | undefined {
    const trial = this.#framing.copy();
    const { start } = input;
    const pieces: Buffer[] = [];
    let size = 0;
    try {
      for (let data = trial.next(input); data; data = trial.next(input)) {
        pieces.push(data);
        size += data.length;
      }
    } catch {
      return undefined;
    } finally {
      input.start = start;
    }
    if (!trial.isDone || this.#isTooMuch(size)) return undefined;
    this.#ended(trial);
    return Buffer.concat(pieces, size);
  }

  #ended({ trailers }: Framing): void {
    if (this.#trailers || !trailers) return;
    this.#trailers = trailers;
    const headers = this.#mergeInto;
    trailers.forEach((name) => {
      if (headers && !headers.has(name)) headers.append(name, trailers.get(name) ?? "");
    });
  }
}

function tooLarge(bytes: number, limit: number): RequestBodyError {
  return new RequestBodyError(413, `AH01588: a request body of ${bytes} bytes exceeds LimitRequestBody (${limit})`);
}

class BodyStream extends Readable {
  readonly #body: IncomingBody;

  constructor(body: IncomingBody) {
    super({ highWaterMark: 65536 });
    this.#body = body;
    // Its reader may have gone; a failure then concerns nobody.
    this.on("error", () => undefined);
  }

  override _read(): void {
    this.#body.want();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#body.abandon();
    callback(error);
  }
}
