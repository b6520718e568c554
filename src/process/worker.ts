// Messages of the supervisor → a server in this process: prepared as root, serving as User, drained, ended.
import type { ErrorLog, RiseVerdict, ServerReport, WorkerReport } from "../api/index.js";
import type { PoolState, SupervisorToWorker, WorkerStart, WorkerToSupervisor } from "./channel.js";
import { dropPrivileges } from "./privileges.js";
import type { TableChange } from "./shared-tables.js";
import { endWithParent } from "./watchdog.js";

/** What a worker serves with, once it has been told the configuration. */
export interface PreparedWorker {
  readonly errorLog: ErrorLog;
  /** Begins to accept; privileges are dropped by then. */
  serve(): void | Promise<void>;
  /** Hears of a change in a pool of daemons. */
  pool(state: PoolState): void;
  /** Stops accepting; resolves when the last connection is gone, or the time is up and they were cut. */
  drain(milliseconds: number): Promise<void>;
  /** Whose an error is that nobody caught, when it is an application's: then this process goes on. */
  ownerOf?(error: unknown): string | undefined;
  counts(): { readonly connections: number; readonly active: number; readonly requests: number };
  /** What it does, in detail; null until it serves. */
  report(): WorkerReport | null;
  /** Hears what all workers do, after having asked. */
  reported(report: ServerReport): void;
  /** Hears what other workers have changed in shared tables. */
  tables(changes: readonly TableChange[]): void;
  /** Hears what became of a mark it wanted raised. */
  raised(id: number, verdict: RiseVerdict): void;
  /** Begins what one worker alone does; it ends with the drain. */
  duty(): void;
  /** Set while applications run in this process that want to know of its end; to be given a moment. */
  ended?(): Promise<void> | undefined;
  /** Ends what is left: modules, logs. */
  close(): Promise<void>;
}

/** Makes a server of the configuration: opens logs and reads what only root may. Rejects with the reason. */
export type PrepareWorker = (
  start: WorkerStart,
  send: (message: WorkerToSupervisor) => void,
) => Promise<PreparedWorker>;

/** Most milliseconds that closing logs and modules may take at the end. */
const closeLimit = 3000;

/** Runs this process as a worker, or as the keeper, until the supervisor ends it, or is gone. */
export function runWorker(prepare: PrepareWorker): void {
  process.title = "modhost: worker";
  const worker = new WorkerLife(prepare);
  process.on("message", (message: SupervisorToWorker) => worker.hear(message));
  tell({ type: "hello" });
  endWithParent();
  // Signals of the terminal and of the service manager are for the supervisor, which says what is to be done.
  for (const signal of ["SIGINT", "SIGHUP", "SIGUSR1", "SIGWINCH", "SIGPIPE"] as const) {
    process.on(signal, () => undefined);
  }
  process.on("SIGTERM", () => worker.end());
  // The logs are flushed by their own exit hook.
  process.on("disconnect", () => process.exit(0));
  process.on("uncaughtException", (error) => worker.shaken("uncaught exception", error));
  process.on("unhandledRejection", (error) => worker.shaken("unhandled rejection", error));
}

class WorkerLife {
  readonly #prepare: PrepareWorker;
  readonly #early: PoolState[] = [];
  readonly #earlyTables: TableChange[] = [];
  #prepared: PreparedWorker | undefined;
  #isLeaving = false;
  #isEnding = false;

  constructor(prepare: PrepareWorker) {
    this.#prepare = prepare;
  }

  hear(message: SupervisorToWorker): void {
    if (message.type === "start") void this.#start(message);
    else if (message.type === "drain") void this.#drain(message.milliseconds);
    else if (message.type === "status") this.#tellStatus();
    else if (message.type === "report") this.#prepared?.reported(message.report);
    else if (message.type === "tables") this.#changeTables(message.changes);
    else if (message.type === "raised") this.#prepared?.raised(message.id, message.verdict);
    else if (message.type === "duty") this.#prepared?.duty();
    else if (this.#prepared) this.#prepared.pool(message.pool);
    else this.#early.push(message.pool);
  }

  #changeTables(changes: readonly TableChange[]): void {
    if (this.#prepared) this.#prepared.tables(changes);
    else this.#earlyTables.push(...changes);
  }

  #tellStatus(): void {
    const counts = this.#prepared?.counts() ?? { connections: 0, active: 0, requests: 0 };
    tell({ type: "status", ...counts, report: this.#prepared?.report() ?? null });
  }

  /** An error nobody caught: the process may be unsound. It goes on until a successor has taken its place. */
  shaken(what: string, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const log = this.#prepared?.errorLog;
    if (!log) return fail(`${what}: ${text}`);
    const owner = this.#prepared?.ownerOf?.(error);
    const head = owner === undefined ? what : `${what} in ${owner}`;
    const level = owner === undefined ? "crit" : "error";
    for (const line of `${head}: ${text}`.split("\n")) log.write({ level, module: "core", message: line });
    if (owner !== undefined || this.#isLeaving) return;
    this.#isLeaving = true;
    tell({ type: "leaving", reason: what });
  }

  /** Ends at once, or when its applications have heard of it; a second signal does not wait for them. */
  end(): void {
    const ended = this.#isEnding ? undefined : this.#prepared?.ended?.();
    this.#isEnding = true;
    if (!ended) process.exit(0);
    setTimeout(() => process.exit(0), closeLimit);
    void ended.finally(() => process.exit(0));
  }

  async #start(start: WorkerStart): Promise<void> {
    try {
      const prepared = await this.#prepare(start, tell);
      this.#prepared = prepared;
      for (const pool of this.#early.splice(0)) prepared.pool(pool);
      prepared.tables(this.#earlyTables.splice(0));
      if (start.identity) dropPrivileges(start.identity);
      await prepared.serve();
      tell({ type: "ready" });
    } catch (error) {
      fail(error instanceof Error ? error.message : String(error));
    }
  }

  async #drain(milliseconds: number): Promise<void> {
    await this.#prepared?.drain(milliseconds);
    this.#tellStatus();
    tell({ type: "drained" });
    setTimeout(() => process.exit(0), closeLimit);
    await this.#prepared?.close();
    process.exit(0);
  }
}

function tell(message: WorkerToSupervisor): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined);
}

/** Says why this worker cannot serve, and ends. */
function fail(reason: string): void {
  if (!process.connected) process.exit(1);
  process.send?.({ type: "failed", reason } satisfies WorkerToSupervisor, undefined, {}, () => process.exit(1));
}
