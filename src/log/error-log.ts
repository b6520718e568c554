// Log entries → winston → lines of an error log, by Apache's levels.
import { createRequire } from "node:module";
import { Writable } from "node:stream";
import type winston from "winston";
import { levels, noteLogged, type ErrorLog, type ErrorLogFormats, type Level, type LogEntry } from "../api/index.js";
import { callerInSource, formatLine, rootOf, type LineSubject } from "./error-format.js";
import { errorLine } from "./error-line.js";
import type { LogSink } from "./log-file.js";

/** Levels by module name without "mod_"; "" for all others. */
export type LevelTable = Readonly<Record<string, Level>>;

const ranks: Readonly<Record<string, number>> = Object.fromEntries(levels.map((level, rank) => [level, rank]));
const noticeRank = levels.indexOf("notice");

/** How the lines of an error log look, and the name of the virtual host it is of. */
export interface LineFormat extends ErrorLogFormats {
  readonly serverName?: string;
  /** Lines then begin with their level, `<3>`; Apache's own format leaves out the time, and notices need their level. */
  readonly forSystemLog?: boolean;
}

/** Apache's own format. */
export const apacheFormat: LineFormat = { message: undefined, connection: [], request: [] };

/** An error log that writes lines to `sink`. Notices are always written, as Apache does for logs that are files. */
export function createErrorLog(sink: LogSink, table: LevelTable = {}, format: LineFormat = apacheFormat): ErrorLog {
  const logger = loggerOf(sink);
  const tables = new WeakMap<LevelTable, ErrorLog>();
  const under = (levelTable: LevelTable): ErrorLog => {
    const known = tables.get(levelTable);
    if (known) return known;
    const takes = takesBy(levelTable, format.forSystemLog === true);
    const log: ErrorLog = {
      takes,
      under,
      write(entry) {
        if (!takes(entry.level, entry.module)) return;
        for (const line of linesOf(entry, format)) logger.log({ level: entry.level, message: line });
      },
    };
    tables.set(levelTable, log);
    return log;
  };
  return under(table);
}

function takesBy(table: LevelTable, noticesToo: boolean): ErrorLog["takes"] {
  const thresholds = new Map(Object.entries(table).map(([name, level]) => [name, rankOf(level)]));
  const standard = thresholds.get("") ?? rankOf("warn");
  return (level, module) =>
    (level === "notice" && !noticesToo) || rankOf(level) <= (thresholds.get(module) ?? standard);
}

/** The line of an entry, behind those that are written once for its connection and its request. */
function linesOf(entry: LogEntry, format: LineFormat): readonly string[] {
  const { connection, request } = entry;
  const { serverName, forSystemLog } = format;
  const lines: (string | undefined)[] = [];
  const once = (subject: object | undefined, formats: ErrorLogFormats["request"], about: LineSubject): void => {
    if (subject && noteLogged(subject)) lines.push(...formats.map((one) => formatLine(one, about)));
  };
  once(connection, format.connection, { serverName, ...(connection && { connection }) });
  const root = request && rootOf(request);
  once(root, format.request, { serverName, ...(connection && { connection }), ...(root && { request: root }) });
  lines.push(
    format.message
      ? formatLine(format.message, { ...entry, serverName, source: callerInSource })
      : errorLine(entry, undefined, !forSystemLog),
  );
  const written = lines.filter((line) => line !== undefined && line !== "") as string[];
  // Levels below debug are not known to it.
  return forSystemLog ? written.map((line) => `<${Math.min(rankOf(entry.level), rankOf("debug"))}>${line}`) : written;
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
    format: format.printf(({ message }) => String(message)),
    transports: [new transports.Stream({ stream, eol: "" })],
  });
  loggers.set(sink, logger);
  return logger;
}

function rankOf(level: Level): number {
  return ranks[level] ?? noticeRank;
}
