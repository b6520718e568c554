// The levels of the error log, and who may write to it.

/** Apache's levels, most severe first. */
export const levels = [
  "emerg",
  "alert",
  "crit",
  "error",
  "warn",
  "notice",
  "info",
  "debug",
  "trace1",
  "trace2",
  "trace3",
  "trace4",
  "trace5",
  "trace6",
  "trace7",
  "trace8",
] as const;

export type Level = (typeof levels)[number];

/** One line for an error log. */
export interface LogEntry {
  readonly level: Level;
  /** Name of the module that speaks, without "mod_": "core", "wsgi". */
  readonly module: string;
  readonly message: string;
  /** "address:port" of the client, where there is one. */
  readonly client?: string;
  /** The request's Referer, where there is one. */
  readonly referer?: string;
  /** Process that speaks, when it is not this one (a daemon). */
  readonly pid?: number;
}

/** An error log: of the server, or of one virtual host. */
export interface ErrorLog {
  write(entry: LogEntry): void;
  /** Whether a line of that level and module would be written. */
  takes(level: Level, module: string): boolean;
}
