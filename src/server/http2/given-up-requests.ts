// Streams that a client gives up → whether they are as many as nghttp2 ends a connection for, which it does without a word.

/** So many may be given up at once, and so many more each second. */
export const resets = { streamResetBurst: 200, streamResetRate: 33 };

/** Counts as nghttp2 does: a bucket that is filled anew with time. */
export class GivenUpRequests {
  #left = resets.streamResetBurst;
  #since = performance.now();

  /** Counts one more; true for the first that is too many. */
  isOneTooMany(): boolean {
    const now = performance.now();
    const filled = ((now - this.#since) / 1000) * resets.streamResetRate;
    this.#since = now;
    const before = this.#left;
    this.#left = Math.min(resets.streamResetBurst, Math.max(before, 0) + filled) - 1;
    return before >= 0 && this.#left < 0;
  }
}
