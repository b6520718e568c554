// Small pieces → large ones.
import { Transform, type TransformCallback } from "node:stream";

/** Holds pieces back until there are more than `size` bytes of them, or no more come. */
export class Gathering extends Transform {
  readonly #size: number;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(size: number) {
    super();
    this.#size = size;
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#pieces.push(piece);
    this.#length += piece.length;
    if (this.#length > this.#size) this.#give();
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#give();
    done();
  }

  #give(): void {
    if (this.#length > 0) this.push(Buffer.concat(this.#pieces, this.#length));
    this.#pieces = [];
    this.#length = 0;
  }
}
