// What the supervisor has to know of a configuration: the one record that says who is to run.
import type { DaemonGroupSpec, Listen, LogEntry } from "../api/index.js";
import type { LevelTable, LineFormat } from "../log/error-log.js";
import type { Identity } from "./channel.js";

/** A configuration that compiled. Paths are absolute, times in milliseconds. */
export interface Configuration {
  /** What workers compile again for themselves. */
  readonly tree: unknown;
  /** What its files held when it was loaded, by name: certificates and keys may be half written or gone when a worker comes later. */
  readonly readings: ReadonlyMap<string, readonly string[]>;
  readonly listens: readonly Listen[];
  readonly daemonGroups: readonly DaemonGroupSpec[];
  /** User and Group as configured, for daemons; `identity` is what workers become. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly identity: Identity | undefined;
  readonly pidFile: string;
  readonly runtimeDir: string;
  /** Where programs of logs start. */
  readonly serverRoot: string;
  /** A path or "|program". */
  readonly errorLog: string;
  /** The programs that read its logs, "|program" each. */
  readonly logPrograms: readonly string[];
  readonly logLevels: LevelTable;
  readonly errorLogFormat?: LineFormat;
  readonly workers: number;
  /** Connections that one worker may have open. */
  readonly maxConnections: number;
  readonly listenBacklog: number;
  /** 0: no limit of its own; see `longestDrain`. */
  readonly gracefulShutdownTimeout: number;
  /** Whether there is work for a keeper. */
  readonly hasKeeper: boolean;
  /** Has modules make the files they need; rejects where they cannot. */
  readonly prepare: (log: (entry: LogEntry) => void) => Promise<void>;
  /** "modhost/0.1.0 (Unix)". */
  readonly banner: string;
}

/** What reading the configuration gave; `errors` are texts of one or more lines. */
export type Loaded =
  | { readonly configuration: Configuration; readonly warnings: readonly string[] }
  | { readonly errors: readonly string[] };

/**
 * How long workers of an old configuration may go on when nothing else limits them: a day. Long streams and WebSockets
 * end then, and a server that is reloaded often does not gather old workers without end.
 */
export const longestDrain = 24 * 60 * 60 * 1000;
