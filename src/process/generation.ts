// A configuration → the workers and daemon groups that serve it, from their start to the last one's end.
import { randomBytes } from "node:crypto";
import type { HighMarks, LogEntry, ServerReport } from "../api/index.js";
import type { OpenLogs } from "../log/open-logs.js";
import type { PoolState, WorkerStart, WorkerToSupervisor } from "./channel.js";
import type { Configuration } from "./configuration.js";
import { DaemonGroup } from "./daemon-group.js";
import type { DaemonSurroundings } from "./daemon-launch.js";
import type { BoundSocket } from "./listeners.js";
import type { SupervisorTables, TableChange } from "./shared-tables.js";
import { WorkerProcess, type WorkerEvents } from "./worker-process.js";

/** What a generation is made from. */
export interface GenerationOptions {
  /** Counts the configurations of this supervisor, from 1. */
  readonly number: number;
  readonly configuration: Configuration;
  readonly sockets: readonly BoundSocket[];
  readonly logs: OpenLogs;
  readonly surroundings: DaemonSurroundings;
  readonly log: (entry: LogEntry) => void;
  /** What all workers of the server share. */
  readonly tables: SupervisorTables;
  /** Has the workers of all configurations hear of changes in tables. */
  readonly tellTables: (changes: readonly TableChange[], from?: WorkerProcess) => void;
  /** What workers of the server have used up. */
  readonly marks: HighMarks;
  /** Says what all workers of the server do. */
  readonly report: () => Promise<ServerReport>;
  /** Hears of a worker that is gone. */
  readonly gone: (worker: WorkerProcess) => void;
}

/** A worker that ends sooner than this many milliseconds after its start counts as failing. */
const shortLife = 5000;
const firstDelay = 200;
const longestDelay = 30_000;
/** Most milliseconds a reload waits for daemons to have loaded their applications. */
const poolLimit = 10_000;
/** Milliseconds a keeper may take to end. */
const keeperLimit = 2000;
/** Milliseconds a worker that became unsound gets for what it has begun. */
const leavingLimit = 10_000;
/** Milliseconds for what a worker has begun that leaves in order, where GracefulShutdownTimeout says nothing: a week. */
const longestDrain = 7 * 24 * 3_600_000;

/** Shared by all workers of this supervisor. */
const secret = randomBytes(32).toString("base64");

/** Everything that serves one configuration. */
export class Generation {
  readonly number: number;
  readonly configuration: Configuration;
  readonly startedAt = Date.now();
  readonly #passingSecret = randomBytes(32).toString("base64");
  readonly #options: GenerationOptions;
  readonly #groups = new Map<string, DaemonGroup>();
  readonly #workers = new Set<WorkerProcess>();
  readonly #retries = new Set<NodeJS.Timeout>();
  /** Does what one worker alone does. */
  #onDuty: WorkerProcess | undefined;
  #keeper: WorkerProcess | undefined;
  #failingKeepers = 0;
  #state: "starting" | "serving" | "draining" = "starting";
  #failing = 0;
  #whenEmpty: (() => void)[] = [];
  readonly #events: WorkerEvents = {
    message: (worker, message) => this.#heard(worker, message),
    exit: (worker, reason) => this.#exited(worker, reason),
  };

  constructor(options: GenerationOptions) {
    this.number = options.number;
    this.configuration = options.configuration;
    this.#options = options;
    let pools = 0;
    for (const spec of options.configuration.daemonGroups) {
      this.#groups.set(
        spec.name,
        new DaemonGroup({
          spec,
          generation: options.number,
          socketPrefix: `${options.configuration.runtimeDir}/wsgi`,
          nextNumber: () => ++pools,
          surroundings: { ...options.surroundings, bytecode: `${options.configuration.runtimeDir}/python` },
          report: options.report,
          log: options.log,
          onState: (pool) => this.#tellAll(pool),
        }),
      );
    }
  }

  /**
   * Starts daemons and workers, with a `predecessor` these when daemons for what that one was serving have come up;
   * resolves when all workers serve. Rejects with the reason when a worker cannot start; `kill` what is left then.
   */
  async start(predecessor?: Generation): Promise<void> {
    for (const group of this.#groups.values()) group.start();
    for (const { processGroup, applicationGroup, kind } of predecessor?.pools() ?? []) {
      this.#groups.get(processGroup)?.want(applicationGroup, kind);
    }
    if (predecessor) {
      // Before a worker accepts: no request is to meet with daemons that do not come up, while others serve.
      await Promise.race([this.#settled(), pause(poolLimit)]);
      this.#compare(predecessor.pools());
      if (this.#state !== "starting") return;
    }
    for (let count = 0; count < this.configuration.workers; count++) this.#fork();
    await Promise.all([...this.#workers].map((worker) => worker.ready()));
    if (this.#state === "starting") this.#state = "serving";
    // One that ended between its being ready and now has not been replaced yet.
    for (let missing = this.configuration.workers - this.#workers.size; missing > 0; missing--) this.#fork();
    this.#giveDuty();
  }

  /** Throws when a pool that serves would be replaced by one that cannot start. */
  #compare(before: readonly PoolState[]): void {
    for (const pool of this.pools()) {
      const { processGroup, applicationGroup, kind, state, reason } = pool;
      const former = before.find(
        (other) =>
          other.processGroup === processGroup && other.applicationGroup === applicationGroup && other.kind === kind,
      );
      if (state === "failed" && former?.state === "serving") {
        throw new Error(`daemon group "${processGroup}" does not start any more: ${reason ?? "no reason given"}`);
      }
    }
  }

  /** The state of every pool of daemons. */
  pools(): PoolState[] {
    return [...this.#groups.values()].flatMap((group) => group.states());
  }

  /** Replaces the processes of a daemon group one by one; gives why they were not. */
  async restartGroup(name: string): Promise<string[]> {
    const group = this.#groups.get(name);
    if (group) return group.restart();
    const names = [...this.#groups.keys()].map((known) => `"${known}"`).join(", ");
    return [`no daemon group is called "${name}"${names === "" ? ": there is none" : `; there are ${names}`}`];
  }

  /** Starts the process that does what one alone may do, where there is such work; no other one may live by then. */
  keep(): void {
    if (!this.configuration.hasKeeper || this.#state !== "serving") return;
    this.#keeper = new WorkerProcess(() => this.#startOf("keeper"), [], {
      message: (keeper, message) => {
        if (message.type === "leaving") keeper.kill("SIGTERM");
        else this.#heard(keeper, message);
      },
      exit: (keeper, reason) => this.#keeperEnded(keeper, reason),
    });
  }

  /** Ends it, and resolves when it has. */
  async endKeeper(): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = undefined;
    this.#retries.forEach(clearTimeout);
    if (!keeper) return;
    const insist = setTimeout(() => keeper.kill("SIGKILL"), keeperLimit);
    keeper.kill("SIGTERM");
    await keeper.ended;
    clearTimeout(insist);
  }

  get workers(): readonly WorkerProcess[] {
    return [...this.#workers];
  }

  /** The workers, and the keeper where there is one. */
  get processes(): readonly WorkerProcess[] {
    return this.#keeper ? [...this.#workers, this.#keeper] : this.workers;
  }

  /** Lets workers finish within that time, then the daemons, then closes the logs. */
  async drain(milliseconds: number): Promise<void> {
    this.#end();
    const keeperEnded = this.endKeeper();
    for (const worker of this.#workers) worker.drain(milliseconds);
    // Groups without threads serve nobody, and those that take their place run.
    for (const group of this.#groups.values()) if (group.spec.threads === 0) void group.stop();
    await Promise.all([this.#empty(), keeperEnded]);
    await this.#stopRest();
  }

  /** Shortens the time a drain may take. */
  hurry(milliseconds: number): void {
    for (const worker of this.#workers) worker.drain(milliseconds);
  }

  /** Ends workers and daemons at once; what does not end by itself is killed after some seconds. */
  async kill(): Promise<void> {
    this.#end();
    const keeperEnded = this.endKeeper();
    for (const worker of this.#workers) worker.kill("SIGTERM");
    const steps = [
      setTimeout(() => this.#insist("SIGTERM", "AH00045: child process N still did not exit, sending a SIGTERM"), 3000),
      setTimeout(() => this.#insist("SIGKILL", "AH00046: child process N still did not exit, sending a SIGKILL"), 5000),
    ];
    await Promise.all([this.#empty(), this.#stopGroups(), keeperEnded]);
    steps.forEach(clearTimeout);
    await this.#options.logs.close();
  }

  /** Kills workers without waiting for anything. */
  killNow(): void {
    this.#end();
    this.#keeper?.kill("SIGKILL");
    for (const worker of this.#workers) worker.kill("SIGKILL");
  }

  #fork(): void {
    this.#workers.add(new WorkerProcess(() => this.#startOf("worker"), this.#options.sockets, this.#events));
  }

  #startOf(role: WorkerStart["role"]): Omit<WorkerStart, "type" | "sockets"> {
    const { number, configuration } = this.#options;
    const { tree, readings, identity, maxConnections, listenBacklog } = configuration;
    const pools = this.pools();
    const tables = this.#options.tables.all();
    return {
      role,
      generation: number,
      tree,
      readings,
      pools,
      identity: identity ?? null,
      maxConnections,
      listenBacklog,
      secret,
      passingSecret: this.#passingSecret,
      tables,
    };
  }

  #keeperEnded(keeper: WorkerProcess, reason: string): void {
    this.#options.tellTables(this.#options.tables.ended(keeper));
    if (this.#keeper !== keeper || this.#state !== "serving") return;
    this.#log("error", "core", `the keeper (pid ${keeper.pid}) ${reason}; a new one takes its place`);
    this.#keeper = undefined;
    this.#failingKeepers = Date.now() - keeper.startedAt < shortLife ? this.#failingKeepers + 1 : 0;
    const delay = Math.min(firstDelay * 2 ** this.#failingKeepers, longestDelay);
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      this.keep();
    }, delay);
    this.#retries.add(retry);
  }

  #heard(worker: WorkerProcess, message: WorkerToSupervisor): void {
    if (message.type === "wanted") {
      this.#groups.get(message.processGroup)?.want(message.applicationGroup, message.kind);
    } else if (message.type === "overdue") this.#groups.get(message.processGroup)?.overdue(message);
    else if (message.type === "report") {
      void this.#options.report().then((report) => worker.send({ type: "report", report }));
    } else if (message.type === "tables") {
      this.#options.tellTables(this.#options.tables.take(worker, message.changes), worker);
    } else if (message.type === "raise") {
      const { id, rise } = message;
      worker.send({ type: "raised", id, verdict: this.#options.marks.raise(rise) });
    } else if (message.type === "log") this.#writeLog(message.target, message.lines);
    else if (message.type === "leaving" && this.#state === "serving") this.#replace(worker);
    else if (message.type === "ready") {
      for (const other of this.#workers) {
        if (other.isLeaving && other.state === "serving") other.drain(this.#leavingLimit(other));
      }
      this.#giveDuty();
    }
  }

  #exited(worker: WorkerProcess, reason: string): void {
    this.#workers.delete(worker);
    this.#options.gone(worker);
    this.#options.tellTables(this.#options.tables.ended(worker));
    if (this.#state === "serving" && !worker.isLeaving) {
      this.#log("error", "core", `AH00052: child pid ${worker.pid} ${reason}; a new worker takes its place`);
      this.#replace(worker);
      this.#giveDuty();
    }
    if (this.#workers.size === 0) for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  /** Chooses the worker that does what one alone does, where there is none. */
  #giveDuty(): void {
    if (this.#state !== "serving" || this.#onDuty?.state === "serving") return;
    this.#onDuty = [...this.#workers].find(({ state, isLeaving }) => state === "serving" && !isLeaving);
    this.#onDuty?.send({ type: "duty" });
  }

  #leavingLimit({ isOrderly }: WorkerProcess): number {
    if (!isOrderly) return leavingLimit;
    const { gracefulShutdownTimeout } = this.configuration;
    return gracefulShutdownTimeout > 0 ? gracefulShutdownTimeout : longestDrain;
  }

  /** Starts a worker at once, or after a while when workers keep failing. */
  #replace({ startedAt }: WorkerProcess): void {
    this.#failing = Date.now() - startedAt < shortLife ? this.#failing + 1 : 0;
    const delay = this.#failing === 0 ? 0 : Math.min(firstDelay * 2 ** (this.#failing - 1), longestDelay);
    const retry = setTimeout(() => {
      this.#retries.delete(retry);
      if (this.#state === "serving") this.#fork();
    }, delay);
    this.#retries.add(retry);
  }

  #writeLog(target: string, lines: string): void {
    try {
      this.#options.logs.writer(target).write(lines);
    } catch (error) {
      this.#log("error", "log_config", error instanceof Error ? error.message : String(error));
    }
  }

  #tellAll(pool: PoolState): void {
    for (const worker of this.#workers) worker.send({ type: "pool", pool });
  }

  #end(): void {
    this.#state = "draining";
    this.#retries.forEach(clearTimeout);
  }

  #insist(signal: "SIGTERM" | "SIGKILL", text: string): void {
    for (const worker of this.#workers) {
      this.#log(signal === "SIGKILL" ? "error" : "warn", "core", text.replace("N", String(worker.pid)));
      worker.kill(signal);
    }
  }

  #empty(): Promise<void> {
    return this.#workers.size === 0 ? Promise.resolve() : new Promise((resolve) => void this.#whenEmpty.push(resolve));
  }

  async #settled(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.settled()));
  }

  async #stopGroups(): Promise<void> {
    await Promise.all([...this.#groups.values()].map((group) => group.stop()));
  }

  async #stopRest(): Promise<void> {
    await this.#stopGroups();
    await this.#options.logs.close();
  }

  #log(level: LogEntry["level"], module: string, message: string): void {
    this.#options.log({ level, module, message });
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
