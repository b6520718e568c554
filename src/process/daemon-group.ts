// A WSGIDaemonProcess line → pools of processes, one for each application group that is used.
import type { DaemonGroupSpec, LogEntry, ServerReport } from "../api/index.js";
import { kindOf } from "./application-kind.js";
import type { ApplicationKind, PoolState } from "./channel.js";
import type { DaemonSurroundings } from "./daemon-launch.js";
import { removeOrphanedSockets } from "./pool-socket.js";
import { DaemonPool, type Overdue } from "./daemon-pool.js";

/** What a daemon group is made from. */
export interface DaemonGroupOptions {
  readonly spec: DaemonGroupSpec;
  /** Counts the configurations that this supervisor has run. */
  readonly generation: number;
  /** Prefix of socket paths where the group has none of its own, absolute. */
  readonly socketPrefix: string;
  /** Numbers that no other pool of this generation has. */
  readonly nextNumber: () => number;
  readonly surroundings: DaemonSurroundings;
  /** Says what all workers of the server do. */
  readonly report?: (() => Promise<ServerReport>) | undefined;
  readonly log: (entry: LogEntry) => void;
  /** Hears of each change in the state of a pool. */
  readonly onState: (state: PoolState) => void;
}

/** Application groups that a daemon group may have processes for; requests can name new ones. */
export const mostPools = 64;

/** A daemon group: starts pools at the start and when they are wanted, and stops them. */
export class DaemonGroup {
  readonly spec: DaemonGroupSpec;
  readonly #options: DaemonGroupOptions;
  readonly #pools = new Map<string, DaemonPool>();
  #isStopping = false;
  #stopped: Promise<unknown> | undefined;

  constructor(options: DaemonGroupOptions) {
    this.spec = options.spec;
    this.#options = options;
  }

  /** Starts the pools of the applications that are to be loaded at the start. */
  start(): void {
    try {
      removeOrphanedSockets(this.spec.socketPrefix ?? this.#options.socketPrefix);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log({
        level: "warn",
        module: "wsgi",
        message: `a socket left behind cannot be removed: ${reason}`,
      });
    }
    for (const { script, applicationGroup } of this.spec.preloads) this.want(applicationGroup, kindOf(script));
  }

  /** Resolves once every pool there is serves, or has failed to. */
  async settled(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.settled()));
  }

  /** The states of all pools. */
  states(): PoolState[] {
    return [...this.#pools.values()].map((pool) => pool.state);
  }

  /** A request came for that application group: starts its processes, if there are none, or none that can be reached. */
  want(applicationGroup: string, kind: ApplicationKind): void {
    const key = `${kind} ${applicationGroup}`;
    const known = this.#pools.get(key);
    if (known) return known.want();
    if (this.#isStopping) return;
    if (this.#pools.size >= mostPools) return this.#refuse(applicationGroup, kind);
    const { generation, socketPrefix, nextNumber, surroundings, report, log, onState } = this.#options;
    const prefix = this.spec.socketPrefix ?? socketPrefix;
    const preloads = this.spec.preloads.filter(
      (preload) => preload.applicationGroup === applicationGroup && kindOf(preload.script) === kind,
    );
    const pool = new DaemonPool({
      spec: { ...this.spec, preloads },
      applicationGroup,
      kind,
      socketPath: `${prefix}.${process.pid}.${generation}.${nextNumber()}.sock`,
      surroundings,
      report,
      log,
      onState,
    });
    this.#pools.set(key, pool);
    pool.start();
  }

  /** Ends and replaces the process that a request is stuck in. Says whether it is one of this group's. */
  overdue(report: Overdue): boolean {
    return [...this.#pools.values()].some((pool) => pool.overdue(report));
  }

  /** Replaces all processes, one by one; gives why some were not, each with the traceback if there is one. */
  async restart(): Promise<string[]> {
    const failures: string[] = [];
    for (const pool of this.#pools.values()) {
      const failure = await pool.restart();
      if (failure !== undefined) failures.push(failure);
    }
    return failures;
  }

  /** Ends all processes within shutdown-timeout, and removes the sockets. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopped ??= Promise.all([...this.#pools.values()].map((pool) => pool.stop()));
    await this.#stopped;
  }

  #refuse(applicationGroup: string, kind: ApplicationKind): void {
    const reason = `daemon group "${this.spec.name}" has processes for ${mostPools} application groups already`;
    this.#options.log({ level: "error", module: "wsgi", message: `${reason}: none for "${applicationGroup}"` });
    this.#options.onState({
      processGroup: this.spec.name,
      applicationGroup,
      kind,
      socket: "",
      state: "failed",
      reason,
      revision: 0,
    });
  }
}
