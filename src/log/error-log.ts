// Log entries → winston → lines of an error log, by Apache's levels.
import { createRequire } from "node:module";
import { Writable } from "node:stream";
import type winston from "winston";
import { levels, type ErrorLog, type Level, type LogEntry } from "../api/index.js";
import { errorLine } from "./error-line.js";
import type { LogSink } from "./log-file.js";

/** Levels by module name without "mod_"; "" for all others. */
export type LevelTable = Readonly<Record<string, Level>>;

const ranks: Readonly<Record<string, number>> = Object.fromEntries(levels.map((level, rank) => [level, rank]));
const noticeRank = levels.indexOf("notice");

/**
 * An error log that writes lines to `sink`. Notices and what is more severe are always written, as Apache does for
 * logs that are files.
 */
export function createErrorLog(sink: LogSink, table: LevelTable = {}): ErrorLog {
  const logger = loggerOf(sink);
  const thresholds = new Map(Object.entries(table).map(([name, level]) => [name, rankOf(level)]));
  const standard = thresholds.get("") ?? rankOf("warn");
  const takes = (level: Level, module: string): boolean =>
    rankOf(level) <= Math.max(noticeRank, thresholds.get(module) ?? standard);
  return {
    takes,
    write(entry) {
      if (takes(entry.level, entry.module)) logger.log({ ...entry });
    },
  };
}

const loggers = new WeakMap<LogSink, winston.Logger>();

/** Loaded with the first log that is opened: a check of a configuration opens none, and a third of its start is saved. */
const library = (): typeof winston => createRequire(import.meta.url)("winston") as typeof winston;

/** Virtual hosts that share a log share its logger. */
function loggerOf(sink: LogSink): winston.Logger {
  const known = loggers.get(sink);
  if (known) return known;
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      sink.write(line);
      done();
    },
  });
  const { createLogger, format, transports } = library();
  const logger = createLogger({
    levels: { ...ranks },
    level: "trace8",
    format: format.printf((info) => errorLine(info as unknown as LogEntry)),
    transports: [new transports.Stream({ stream, eol: "" })],
  });
  loggers.set(sink, logger);
  return logger;
}

function rankOf(level: Level): number {
  return ranks[level] ?? noticeRank;
}
