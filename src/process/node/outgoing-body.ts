// What an application writes, piece by piece → the body of a response: one buffer if it was quick, else a stream.
import { Readable } from "node:stream";
import type { Body } from "../../api/index.js";

/** What a body tells the one who writes it. */
export interface BodyWriter {
  /** There is room again, after `write` said that there is none. */
  drained(): void;
  /** All of it was taken. */
  taken(): void;
  /** Nobody takes it any more, although it has not ended. */
  abandoned(): void;
}

// Bytes that may wait for the client.
const highWaterMark = 65_536;

/** A body while it is written. Answer with `body()` once; what is written later goes into its stream. */
export class OutgoingBody {
  readonly #writer: BodyWriter;
  #pieces: Buffer[] = [];
  #size = 0;
  #stream: BodyStream | undefined;
  #hasEnded = false;
  #isFull = false;

  constructor(writer: BodyWriter) {
    this.#writer = writer;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds bytes; false: wait for `drained` before there are more. */
  write(bytes: Buffer): boolean {
    this.#size += bytes.length;
    if (!this.#stream) {
      this.#pieces.push(bytes);
      this.#isFull = this.#size >= highWaterMark;
    } else {
      this.#isFull = !this.#stream.destroyed && !this.#stream.push(bytes);
    }
    return !this.#isFull;
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#stream && !this.#stream.destroyed) this.#stream.push(null);
  }

  /** Breaks off what has been answered with. */
  fail(error: Error): void {
    if (this.#stream) this.#stream.destroy(error);
  }

  /** What to answer with. */
  body(): Body {
    const pieces = this.#pieces;
    this.#pieces = [];
    if (this.#hasEnded) return pieces.length > 1 ? Buffer.concat(pieces, this.#size) : pieces[0];
    const stream = new BodyStream({
      read: () => this.#room(),
      ended: () => this.#writer.taken(),
      left: () => this.#writer.abandoned(),
    });
    this.#stream = stream;
    for (const piece of pieces) stream.push(piece);
    return stream;
  }

  #room(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.#writer.drained();
  }
}

class BodyStream extends Readable {
  readonly #on: { read(): void; ended(): void; left(): void };

  constructor(on: { read(): void; ended(): void; left(): void }) {
    super({ highWaterMark });
    this.#on = on;
    this.once("end", () => on.ended());
    // Breaking off must not bring the process down where nobody listens yet.
    this.on("error", () => undefined);
  }

  override _read(): void {
    this.#on.read();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.readableEnded) this.#on.left();
    done(error);
  }
}
