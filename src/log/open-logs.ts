// Names of logs as the configuration has them → open logs, each target opened once.
import { isLogProgram, readSystemLog, type ErrorLog, type LogWriter } from "../api/index.js";
import { apacheFormat, createErrorLog, type LevelTable, type LineFormat } from "./error-log.js";
import { LogFile, type Dropped, type LogSink } from "./log-file.js";

/** The logs a process has open. */
export interface OpenLogs {
  /** Opens a path, "|program" or "syslog:facility:tag" for appending. Throws when the file cannot be opened. */
  writer(target: string): LogWriter;
  /** The error log of that target with levels of its own. Throws when the file cannot be opened. */
  errorLog(target: string, table: LevelTable, format?: LineFormat): ErrorLog;
  /** Writes out and closes all of them. */
  close(): Promise<void>;
}

/** What to do about programs, and about lines that had to be dropped. */
export interface LogOptions {
  /** Makes the way to a program that reads a log; the target keeps its bar, or is `syslog` and what follows. */
  openProgram(target: string, dropped: Dropped): LogSink;
  /** Told of lines lost, once they flow again. */
  dropped(target: string, lines: number, reason: string): void;
}

/** Starts with no log open. */
export function openLogs(options: LogOptions): OpenLogs {
  const sinks = new Map<string, LogSink>();
  const sinkOf = (target: string): LogSink => {
    const known = sinks.get(target);
    if (known) return known;
    const dropped: Dropped = (lines, reason) => options.dropped(target, lines, reason);
    const sink = isLogProgram(target) ? options.openProgram(target, dropped) : new LogFile(target, dropped);
    sinks.set(target, sink);
    return sink;
  };
  return {
    writer: sinkOf,
    errorLog: (target, table, format = apacheFormat) =>
      createErrorLog(sinkOf(target), table, { ...format, forSystemLog: readSystemLog(target) !== undefined }),
    async close() {
      await Promise.all([...sinks.values()].map((sink) => sink.close()));
      sinks.clear();
    },
  };
}
