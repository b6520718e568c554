// What supervisor, workers and daemons may say to each other: every message there is.
import type { DaemonGroupSpec, MarkRise, RiseVerdict, ServerReport, WorkerReport } from "../api/index.js";
import type { TableChange } from "./shared-tables.js";

/** What runs a script: CPython or Node; decided by its extension, see application-kind.ts. */
export type ApplicationKind = "python" | "node";

/** State of one application group of one daemon group, as workers know it. A pool is named by group, application group, and kind. */
export interface PoolState {
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly kind: ApplicationKind;
  /** Unix socket the pool's processes listen on. Kept through reloads within one generation of the configuration. */
  readonly socket: string;
  /** "starting": connect and wait; "failed": answer 503 (`reason` for the log) until the state changes. */
  readonly state: "starting" | "serving" | "failed";
  readonly reason?: string;
  /** Of a failed one: what the page of a refused request says in place of Apache's words; HTML without secrets. */
  readonly note?: string;
  /**
   * Counts reloads of the pool, failed ones too: a request sent back as stale waits for a higher number and is sent
   * again. It may rise more than once for a reload.
   */
  readonly revision: number;
  /** Processes that are there but were given up: nothing new is to go to them. */
  readonly givenUp?: readonly number[];
}

/** A bound socket as a worker inherits it: a descriptor, and the Listen line it stands for. */
export interface WorkerSocket {
  readonly fd: number;
  /** "" for all addresses. */
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
}

/** Whom a worker becomes once its logs are open. */
export interface Identity {
  readonly user: string;
  readonly uid: number;
  readonly gid: number;
  /** The group as configured, for -S. */
  readonly group: string;
}

/** Everything a worker needs to compile the server itself. `tree` is config/tree.ts's Tree. */
export interface WorkerStart {
  readonly type: "start";
  /** A worker serves requests; the keeper does what one process alone may do. */
  readonly role: "worker" | "keeper";
  readonly generation: number;
  readonly tree: unknown;
  /** What files held when it was loaded, by name. */
  readonly readings: ReadonlyMap<string, readonly string[]>;
  readonly pools: readonly PoolState[];
  readonly sockets: readonly WorkerSocket[];
  /** null: the supervisor is not root, and nothing changes. */
  readonly identity: Identity | null;
  /** Connections that one worker may have open. */
  readonly maxConnections: number;
  readonly listenBacklog: number;
  /** Random bytes that all workers share, in base64. */
  readonly secret: string;
  /** The same for the workers of this generation. */
  readonly passingSecret: string;
  /** What tables hold that all workers share. */
  readonly tables: readonly TableChange[];
}

export type SupervisorToWorker =
  | WorkerStart
  | { readonly type: "pool"; readonly pool: PoolState }
  /** Stop accepting, finish what runs within `milliseconds`, say "drained", exit. */
  | { readonly type: "drain"; readonly milliseconds: number }
  /** Say how many connections there are: a "status" message. */
  | { readonly type: "status" }
  /** Do what one worker alone does: this is the one, until it drains. */
  | { readonly type: "duty" }
  /** What all workers do: the answer to "report". */
  | { readonly type: "report"; readonly report: ServerReport }
  /** What other workers have changed in shared tables. */
  | { readonly type: "tables"; readonly changes: readonly TableChange[] }
  /** What became of a mark: the answer to "raise". */
  | { readonly type: "raised"; readonly id: number; readonly verdict: RiseVerdict };

export type WorkerToSupervisor =
  /** It listens to messages now; what was sent before is lost. "start" is wanted. */
  | { readonly type: "hello" }
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "drained" }
  /**
   * A successor is wanted, then a "drain": something went wrong that may have left this process unsound, or, where it is
   * `orderly`, it has taken all the connections it may; what it has begun then goes on for as long as after a reload.
   */
  | { readonly type: "leaving"; readonly reason: string; readonly orderly?: true }
  /** Lines for a log that is a program, which only the supervisor has; separated by newlines, latin1. */
  | { readonly type: "log"; readonly target: string; readonly lines: string }
  /** A request for an application group that has no processes yet. */
  | {
      readonly type: "wanted";
      readonly processGroup: string;
      readonly applicationGroup: string;
      readonly kind: ApplicationKind;
    }
  /** A request that ran past request-timeout in that process; the supervisor interrupts it, or ends and replaces the process. */
  | {
      readonly type: "overdue";
      /** After socket-timeout the process is not replaced: only its stacks are logged. */
      readonly limit: "request-timeout" | "socket-timeout";
      readonly processGroup: string;
      readonly applicationGroup: string;
      readonly pid: number;
      readonly thread: number;
      /** For the log: request line, id, virtual host, milliseconds it has run. */
      readonly requestLine: string;
      readonly requestId: string;
      readonly virtualHost: string;
      readonly runningFor: number;
    }
  | {
      readonly type: "status";
      readonly connections: number;
      readonly active: number;
      readonly requests: number;
      /** null until it serves. */
      readonly report: WorkerReport | null;
    }
  /** A client wants to know what all workers do: a "report" message. */
  | { readonly type: "report" }
  /** What it has changed in shared tables. */
  | { readonly type: "tables"; readonly changes: readonly TableChange[] }
  /** A mark that only rises is to: a "raised" message with the same number. */
  | { readonly type: "raise"; readonly id: number; readonly rise: MarkRise };

/** First line on a daemon's control channel (fd 4: a Unix stream of JSON lines in both directions). */
export interface DaemonStart {
  readonly type: "start";
  readonly spec: DaemonGroupSpec;
  readonly applicationGroup: string;
  /** The listening socket is fd 3, bound but perhaps not yet listening: call listen(listenBacklog). */
  readonly listenBacklog: number;
}

export type SupervisorToDaemon =
  | DaemonStart
  /** Take nothing new; finish what runs within `milliseconds`, then exit 0. `reason` is what subscribers of process_stopping hear. */
  | { readonly type: "drain"; readonly milliseconds: number; readonly reason: string }
  /** Say "pong": a sign of life. */
  | { readonly type: "ping" }
  /** What all workers do, after "metrics" was asked; null when that could not be had. */
  | { readonly type: "metrics"; readonly report: ServerReport | null }
  /** Raise RequestTimeout in that request, if that thread still runs it; "freed" when it no longer does. */
  | { readonly type: "interrupt"; readonly thread: number; readonly requestId: string }
  /** The request of that thread never ends: a drain does not wait for it. */
  | { readonly type: "stuck"; readonly thread: number }
  /** The changed script did not load in the successor: go on with what is loaded until it changes again. */
  | { readonly type: "keep"; readonly script: string; readonly mtime: number };

export type DaemonToSupervisor =
  /** Preloads are done (or there were none); requests are being taken. */
  | { readonly type: "ready" }
  /**
   * The process cannot serve, or a preload did not load; it exits after this. `traceback` for the log. `required`: what did
   * not load is what every process must have, so that none is to be tried without it.
   */
  | {
      readonly type: "failed";
      readonly reason: string;
      readonly traceback?: string;
      readonly required?: boolean;
      /** What did not load. */
      readonly script?: string;
    }
  /** The script on disk is not the one loaded: a successor is wanted. Sent once per change; taking requests goes on
   *  only for other scripts, requests for this one are sent back as stale. `mtime` in milliseconds, as in node:fs; 0
   *  when the file is gone. */
  | { readonly type: "stale"; readonly script: string; readonly mtime: number; readonly isAsked?: boolean }
  /** Wants to end for a planned reason: "maximum_requests", "inactivity_timeout", "cpu_time_limit", "eviction_signal", "graceful_signal". A successor is wanted. */
  | { readonly type: "leaving"; readonly reason: string }
  /** A request had this script loaded: successors load it at their start. */
  | { readonly type: "loaded"; readonly script: string }
  | { readonly type: "pong" }
  /** What all workers do is wanted: a "metrics" message. Only with server-metrics. */
  | { readonly type: "metrics" }
  /** The thread does not run that request any more. */
  | { readonly type: "freed"; readonly thread: number; readonly requestId: string }
  /** A log line outside of any request. */
  | { readonly type: "log"; readonly level: "error" | "warn" | "info" | "debug"; readonly message: string };
