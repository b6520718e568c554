// What is heard of processes that are given up → whether one of them is, until it has gone.

/** Milliseconds within which the supervisor tells of a process that a worker has given up by itself. */
const untilTold = 5000;

/** The processes of a pool that are given up, as one worker knows them. */
export class GivenUp {
  #told: readonly number[] = [];
  /** Those that the supervisor may not have told of yet, and when they were given up. */
  readonly #own = new Map<number, number>();

  /** Whether the supervisor has told of any. */
  get isAny(): boolean {
    return this.#told.length > 0;
  }

  /** Takes the supervisor's word; those that are new. */
  tell(pids: readonly number[] = []): readonly number[] {
    const before = this.#told;
    this.#told = pids;
    for (const pid of pids) this.#own.delete(pid);
    return pids.filter((pid) => !before.includes(pid));
  }

  /** The worker itself gives one up. */
  add(pid: number): void {
    const now = performance.now();
    for (const [old, since] of this.#own) if (now - since > untilTold) this.#own.delete(old);
    if (!this.#told.includes(pid)) this.#own.set(pid, now);
  }

  has(pid: number): boolean {
    if (this.#told.length === 0 && this.#own.size === 0) return false;
    const since = this.#own.get(pid);
    // Its number may be another's by then.
    return this.#told.includes(pid) || (since !== undefined && performance.now() - since <= untilTold);
  }
}
