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
  /** The error of the system behind it, which is named in front: "(13)Permission denied". */
  readonly cause?: unknown;
  /** What it is about, for formats that ask for more than this; a request comes with its connection. */
  readonly request?: import("./request.js").Request;
  readonly connection?: import("./request.js").Connection;
}

/** An error log: of the server, or of one virtual host. */
export interface ErrorLog {
  write(entry: LogEntry): void;
  /** Whether a line of that level and module would be written. */
  takes(level: Level, module: string): boolean;
  /** The same log under the levels of a section; missing where levels do not matter. */
  under?(levels: Readonly<Record<string, Level>>): ErrorLog;
}

const logged = new WeakSet<object>();

/** Notes that something of a request or connection is in the error log; true the first time. */
export function noteLogged(subject: object): boolean {
  if (logged.has(subject)) return false;
  logged.add(subject);
  return true;
}

/** Whether something of a request or connection is in the error log: only then do logs show its id (`%L`). */
export function wasLogged(subject: object): boolean {
  return logged.has(subject);
}
