// Chunks read from a socket → one window of bytes not yet used.

const empty = Buffer.alloc(0);

/** Bytes received and not yet used: bytes[start, end). Bytes once given out are never written over. */
export class Input {
  bytes: Buffer = empty;
  start = 0;
  end = 0;
  /** Whether `bytes` is ours, so that more may be written behind `end`. */
  #isOwn = false;

  get length(): number {
    return this.end - this.start;
  }

  append(chunk: Buffer): void {
    const { length } = this;
    if (length === 0) {
      this.bytes = chunk;
      this.start = 0;
      this.end = chunk.length;
      this.#isOwn = false;
      return;
    }
    if (!this.#isOwn || this.end + chunk.length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * (length + chunk.length), 1024));
      this.bytes.copy(larger, 0, this.start, this.end);
      this.bytes = larger;
      this.start = 0;
      this.end = length;
      this.#isOwn = true;
    }
    chunk.copy(this.bytes, this.end);
    this.end += chunk.length;
  }

  /** Lets go of the memory once all is used. */
  release(): void {
    if (this.start >= this.end) this.clear();
  }

  clear(): void {
    this.bytes = empty;
    this.start = 0;
    this.end = 0;
  }
}
