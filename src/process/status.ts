// Generations → the state of a supervisor as `modhostctl status` shows it.
import type { ServerReport, WorkDone, WorkerReport } from "../api/index.js";
import type { PoolState } from "./channel.js";
import type { Generation } from "./generation.js";

/** A new configuration that was not taken; `at` in milliseconds since the epoch. */
export interface Failure {
  readonly at: number;
  readonly errors: readonly string[];
}

/** One worker. */
export interface WorkerStatus {
  readonly pid: number;
  readonly generation: number;
  readonly state: "starting" | "serving" | "draining" | "ended";
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly connections: number;
  /** Requests being answered. */
  readonly active: number;
  /** Connections that have changed protocols: WebSockets; they are active as well. */
  readonly upgraded: number;
  /** Requests answered since its start. */
  readonly requests: number;
}

/** What the control socket answers to "status": one line of JSON. */
export interface SupervisorStatus {
  readonly pid: number;
  readonly version: string;
  readonly state: "starting" | "serving" | "finishing" | "stopping";
  /** Counts the configurations that have been served. */
  readonly generation: number;
  /** Milliseconds since the epoch: of the supervisor, and of the configuration in force. */
  readonly startedAt: number;
  readonly configuredAt: number;
  readonly workers: readonly WorkerStatus[];
  readonly pools: readonly (PoolState & { readonly generation: number })[];
  /** null when the last reload went well. */
  readonly lastFailure: Failure | null;
}

const startedAt = Date.now();

/** Asks all workers and puts the answers together. */
export async function statusOf(supervisor: {
  readonly state: SupervisorStatus["state"];
  readonly current: Generation | undefined;
  readonly draining: readonly Generation[];
  readonly lastFailure: Failure | undefined;
}): Promise<SupervisorStatus> {
  const { state, current, draining, lastFailure } = supervisor;
  const generations = [...(current ? [current] : []), ...draining];
  const workers = generations.flatMap((generation) =>
    generation.workers.map(async (worker) => ({
      pid: worker.pid,
      generation: generation.number,
      state: worker.state,
      startedAt: worker.startedAt,
      ...(await worker.ask()),
      upgraded: worker.report?.upgraded ?? 0,
    })),
  );
  const failedLast = lastFailure && lastFailure.at > (current?.startedAt ?? 0);
  return {
    pid: process.pid,
    version: current?.configuration.banner ?? "",
    state,
    generation: current?.number ?? 0,
    startedAt,
    configuredAt: current?.startedAt ?? startedAt,
    workers: await Promise.all(workers),
    pools: generations.flatMap((generation) =>
      generation.pools().map((pool) => ({ ...pool, generation: generation.number })),
    ),
    lastFailure: failedLast ? lastFailure : null,
  };
}

let ended: WorkDone = { requests: 0, bytes: 0, milliseconds: 0 };

/** Keeps what a worker has done that is gone now. */
export function countEnded(report: WorkerReport | undefined): void {
  if (!report) return;
  ended = {
    requests: ended.requests + report.requests,
    bytes: ended.bytes + report.bytes,
    milliseconds: ended.milliseconds + report.milliseconds,
  };
}

/** Asks all workers what they do, in detail. */
export async function reportOf({
  current,
  draining,
}: {
  readonly current: Generation | undefined;
  readonly draining: readonly Generation[];
}): Promise<ServerReport> {
  const generations = [...(current ? [current] : []), ...draining];
  const workers = generations.flatMap(({ number, workers }) => workers.map((worker) => ({ number, worker })));
  await Promise.all(workers.map(({ worker }) => worker.ask()));
  return {
    startedAt,
    generation: current?.number ?? 0,
    workers: workers.flatMap(({ number, worker }) => {
      const { pid, report, state } = worker;
      const isDraining = state === "draining";
      return report && state !== "ended" ? [{ ...report, pid, generation: number, isDraining }] : [];
    }),
    ended,
  };
}
