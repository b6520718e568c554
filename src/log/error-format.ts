// Log entry and ErrorLogFormat → lines of an error log.
import {
  compileStrftime,
  endText,
  levels,
  wasLogged,
  type ErrorLogFormat,
  type ErrorLogPiece,
  type LogEntry,
  type Request,
} from "../api/index.js";
import { causeText } from "./error-cause.js";
import { clock, errorTime, escapeLog, longestLine } from "./error-line.js";

/** What a line is made of: an entry, or only what it is about for the lines in front of it. */
export interface LineSubject extends Omit<LogEntry, "level" | "module" | "message"> {
  readonly level?: LogEntry["level"];
  readonly module?: string;
  readonly message?: string;
  /** Name of the virtual host whose log it is. */
  readonly serverName?: string | undefined;
  /** Where in the source it was written; asked only by `%F`. */
  readonly source?: () => string;
}

/** The line, without its newline; undefined where an item that must be there gives nothing. */
export function formatLine(format: ErrorLogFormat, subject: LineSubject, now: number = clock()): string | undefined {
  const rank = subject.level === undefined ? -1 : levels.indexOf(subject.level);
  let line = "";
  let fieldStart = 0;
  let skips = false;
  for (const piece of format) {
    if (piece.separates) {
      if (!skips) fieldStart = line.length;
      skips = false;
    }
    if (piece.kind === "message") {
      line += escapeLog(subject.message ?? "");
      continue;
    }
    if (skips) continue;
    const text = rank >= 0 && piece.level > rank ? "" : textOf(piece, subject, now);
    if (text === "" && piece.required) return undefined;
    if (text === "" && piece.hyphen && !(rank >= 0 && piece.level > rank)) line += "-";
    else if (text === "") {
      line = line.slice(0, fieldStart);
      skips = true;
    } else line += text;
  }
  return line.slice(0, longestLine);
}

function textOf({ kind, text, argument }: ErrorLogPiece, subject: LineSubject, now: number): string {
  if (kind === "text") return text;
  return items[text]?.(subject, argument, now) ?? "";
}

type Item = (subject: LineSubject, argument: string, now: number) => string | undefined;

const escaped = (text: string | undefined): string => (text === undefined ? "" : escapeLog(text));
const pid: Item = ({ pid: given }) => String(given ?? process.pid);

const items: Readonly<Record<string, Item>> = {
  a: ({ request, connection }, argument) =>
    request && !argument.startsWith("c")
      ? endText(request.clientAddress, request.clientPort)
      : connection && endText(connection.remoteAddress, connection.remotePort),
  A: ({ connection }) => connection && endText(connection.localAddress, connection.localPort),
  e: ({ request }, name) => escaped(request?.environment.get(name)),
  E: ({ cause }) => causeText(cause),
  F: ({ source }) => source?.(),
  i: ({ request }, name) => escaped(request?.headers.get(name.toLowerCase())),
  k: ({ connection }) => connection && String(connection.keepalives),
  l: ({ level }) => level,
  L: idOf,
  m: ({ module }) => module,
  n: ({ request }, name) => escaped(request?.notes.get(name)),
  P: pid,
  t: (_subject, argument, now) => timeOf(argument, now),
  T: pid,
  v: ({ serverName }) => escaped(serverName),
  V: ({ request }) => escaped(request?.serverName),
};

/** `%L`: of the request; `%{c}L`: of the connection; `%{C}L`: of that, where the line is not about a request. */
function idOf({ request, connection }: LineSubject, argument: string): string | undefined {
  if (/^c/i.test(argument)) return argument.startsWith("c") || !request ? connection?.id : undefined;
  const root = request && rootOf(request);
  return root && wasLogged(root) ? root.id : undefined;
}

/** The request that a sub-request is made for. */
export function rootOf(request: Request): Request {
  return request.parent ?? request;
}

const shows = new Map<string, (date: Date) => string>();

function timeOf(argument: string, now: number): string {
  if (argument.includes("%")) {
    const show = shows.get(argument) ?? compileStrftime(argument);
    shows.set(argument, show);
    return escapeLog(show(new Date(now)));
  }
  const exact = errorTime(now);
  const fraction = argument.includes("u") ? (/\.\d+/.exec(exact)?.[0] ?? "") : "";
  const zone = argument.includes("z") ? ` ${zoneOf(new Date(now))}` : "";
  if (!argument.includes("c")) return exact.replace(/\.\d+/, fraction) + zone;
  const date = new Date(now);
  return `${compact(date)}${fraction}${zone}`;
}

const compact = compileStrftime("%Y-%m-%d %H:%M:%S");
const zoneOf = compileStrftime("%z");

/** "mod_alias/index.ts(12)": who called, outside of what carries messages to the log. */
export function callerInSource(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const { stack = "" } = new Error();
  Error.stackTraceLimit = limit;
  for (const line of stack.split("\n").slice(1)) {
    const [, path, number] = /((?:[\w.-]+\/)?[\w.-]+\.[cm]?[jt]s)(?:\?[^:]*)?:(\d+):\d+\)?$/.exec(line) ?? [];
    if (path === undefined || /^(?:log\/error-(?:log|format)|server\/request)\.[jt]s$/.test(path)) continue;
    return `${path}(${number})`;
  }
  return "";
}
