// Bytes as they come → the same bytes, so many in each fifth of a second.
import { Transform, type TransformCallback } from "node:stream";

/** Milliseconds of one turn. */
export const turn = 200;

/** Passes `each` bytes on per turn, with `burst` more in the first ones; holds no more than one piece back. */
export class Slowdown extends Transform {
  readonly #each: number;
  /** Bytes that may go out in this turn, and when it began. */
  #left: number;
  #began = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(each: number, burst: number) {
    super();
    this.#each = each;
    this.#left = each + burst;
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#pass(piece, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }

  #pass(piece: Buffer, done: TransformCallback): void {
    const now = performance.now();
    if (this.#began === 0) this.#began = now;
    if (this.#left <= 0 && now - this.#began >= turn) this.#renew(now);
    const count = Math.min(piece.length, Math.max(0, this.#left));
    this.#left -= count;
    if (count > 0) this.push(piece.subarray(0, count));
    if (count === piece.length) return done();
    const rest = piece.subarray(count);
    const wait = Math.max(1, turn - (now - this.#began));
    this.#timer = setTimeout(() => {
      this.#renew(performance.now());
      this.#pass(rest, done);
    }, wait);
  }

  #renew(now: number): void {
    this.#left = this.#each;
    this.#began = now;
  }
}
