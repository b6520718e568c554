// The runs that wait for a thread of a daemon: first come, first served, each no longer than it may.
import type { DaemonRun } from "./daemon-run.js";

/** How long a run may wait, in milliseconds, 0 without limit; and what is done with one that waited as long. */
export interface QueueLimits {
  readonly wait: number;
  /** The same while no daemon can be connected to. */
  readonly connect: number;
  expired(run: DaemonRun, limit: "wait" | "connect"): void;
}

/** Runs that wait. */
export class DaemonQueue {
  readonly #limits: QueueLimits;
  /** Handed over once, and not read by the daemon: before all others. */
  readonly #returned = new Set<DaemonRun>();
  readonly #waiting = new Set<DaemonRun>();
  #refusedSince: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#returned.size + this.#waiting.size;
  }

  push(run: DaemonRun): void {
    this.#waiting.add(run);
    if (!this.#timer) this.#arm();
  }

  /** Puts one back that a daemon has not read. */
  putBack(run: DaemonRun): void {
    this.#returned.add(run);
    if (!this.#timer) this.#arm();
  }

  /** Takes the next out. */
  take(): DaemonRun | undefined {
    for (const runs of [this.#returned, this.#waiting]) {
      if (runs.size === 0) continue;
      for (const run of runs) {
        runs.delete(run);
        return run;
      }
    }
    return undefined;
  }

  delete(run: DaemonRun): void {
    if (!this.#returned.delete(run)) this.#waiting.delete(run);
  }

  /** Takes all out. */
  clear(): DaemonRun[] {
    const all = [...this.#returned, ...this.#waiting];
    this.#returned.clear();
    this.#waiting.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return all;
  }

  /** Whether daemons can be connected to; from when they cannot, the limit on connecting counts. */
  setRefused(isRefused: boolean): void {
    if (isRefused === (this.#refusedSince !== undefined)) return;
    this.#refusedSince = isRefused ? performance.now() : undefined;
    this.#arm();
  }

  /** The next moment at which a limit may be reached; the timer stands until then, whatever is taken out meanwhile. */
  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let next = Infinity;
    for (const runs of [this.#returned, this.#waiting]) {
      for (const run of runs) {
        next = Math.min(next, this.#deadline(run).at);
        // The others came later.
        if (runs === this.#waiting) break;
      }
    }
    if (next === Infinity) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, Math.ceil(next - performance.now())));
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const runs of [this.#returned, this.#waiting]) {
      for (const run of runs) {
        const { at, limit } = this.#deadline(run);
        if (at <= now) {
          runs.delete(run);
          this.#limits.expired(run, limit);
        } else if (runs === this.#waiting) break;
      }
    }
    this.#arm();
  }

  #deadline(run: DaemonRun): { readonly at: number; readonly limit: "wait" | "connect" } {
    const { wait, connect } = this.#limits;
    const waited = wait > 0 ? run.waitingSince + wait : Infinity;
    if (this.#refusedSince === undefined || connect === 0) return { at: waited, limit: "wait" };
    const refused = Math.max(run.waitingSince, this.#refusedSince) + connect;
    return refused < waited ? { at: refused, limit: "connect" } : { at: waited, limit: "wait" };
  }
}
