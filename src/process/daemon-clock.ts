// The runs that daemons have → how long each has run, and which have run too long.
import type { DaemonConnection } from "./daemon-connection.js";
import type { DaemonRun } from "./daemon-run.js";

/** Limits in milliseconds, 0 without; and what is done with a run that reached one. */
export interface ClockLimits {
  /** Time the application runs. */
  readonly request: number;
  /** Time in which nothing is heard of the daemon. */
  readonly silence: number;
  expired(connection: DaemonConnection, run: DaemonRun, limit: "request-timeout" | "socket-timeout"): void;
}

/** Milliseconds between looks at the clocks: one timer for all, and nothing to be done for a request that is quick. */
const tick = 50;

/** The clocks of the runs of a pool. Time in which the daemon waits for the client does not count. */
export class DaemonClock {
  readonly #limits: ClockLimits;
  readonly #busy: readonly ReadonlySet<DaemonConnection>[];
  #timer: NodeJS.Timeout | undefined;
  #lastTick = 0;

  /** `busy`: the connections that have a run. */
  constructor(busy: readonly ReadonlySet<DaemonConnection>[], limits: ClockLimits) {
    this.#busy = busy;
    this.#limits = limits;
  }

  /** To be called when a run is handed over: ticks until none is left. */
  start(run: DaemonRun): void {
    run.ranFor = run.silentFor = 0;
    run.startedAt = performance.now();
    if (this.#timer) return;
    this.#lastTick = run.startedAt;
    this.#timer = setInterval(() => this.#tick(), tick);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const now = performance.now();
    const sinceLast = now - this.#lastTick;
    this.#lastTick = now;
    if (this.#busy.every(({ size }) => size === 0)) return this.stop();
    // A look may move connections from one to another.
    for (const connection of this.#busy.flatMap((connections) => [...connections])) {
      const { run } = connection;
      if (!run) continue;
      const elapsed = Math.min(sinceLast, now - run.startedAt);
      const isExcused = run.waitsForClient();
      run.silentFor = connection.isActive || isExcused ? 0 : run.silentFor + elapsed;
      connection.isActive = false;
      if (!isExcused) {
        run.ranFor += elapsed;
        this.#check(connection, run);
      }
    }
  }

  #check(connection: DaemonConnection, run: DaemonRun): void {
    const { request, silence } = this.#limits;
    if (request > 0 && run.ranFor >= request && !run.isOverdue) {
      run.isOverdue = true;
      this.#limits.expired(connection, run, "request-timeout");
    } else if (silence > 0 && run.silentFor >= silence && !run.isAbandoned) {
      this.#limits.expired(connection, run, "socket-timeout");
    }
  }
}
