// Log entry → a line in Apache's default format of the error log.
import type { LogEntry } from "../api/index.js";
import { causeText } from "./error-cause.js";

/** Most characters of a line, as in Apache. */
export const longestLine = 8190;

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * The line for an entry, without its newline, ASCII only:
 * `[Sat Nov 21 02:14:53.236693 2026] [core:error] [pid 7:tid 7] [client 127.0.0.1:80] AH00037: text, referer: url`. Without
 * its time where it is not timed.
 */
export function errorLine(entry: LogEntry, now: number = clock(), isTimed = true): string {
  const pid = entry.pid ?? process.pid;
  const client = entry.client === undefined ? "" : `[client ${entry.client}] `;
  const referer = entry.referer === undefined ? "" : `, referer: ${escapeLog(entry.referer)}`;
  const cause = causeText(entry.cause);
  const head = `${isTimed ? `[${errorTime(now)}] ` : ""}[${entry.module}:${entry.level}] [pid ${pid}:tid ${pid}] ${cause && `${cause}: `}`;
  return `${head}${client}${escapeLog(entry.message)}${referer}`.slice(0, longestLine);
}

/** A time as the error log writes it, local, with microseconds; `now` in milliseconds since the epoch with a fraction. */
export function errorTime(now: number): string {
  const date = new Date(now);
  const micros = Math.floor((now - Math.floor(now)) * 1000);
  const fraction = String(date.getMilliseconds() * 1000 + micros).padStart(6, "0");
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${fraction}`;
  return `${days[date.getDay()]} ${months[date.getMonth()]} ${two(date.getDate())} ${time} ${date.getFullYear()}`;
}

/** Escapes what could forge a line or drive a terminal: control bytes and everything that is not ASCII. */
export function escapeLog(text: string): string {
  return /[^\x20-\x5b\x5d-\x7e]/.test(text) ? text.replace(/[^\x20-\x5b\x5d-\x7e]+/g, escapeRun) : text;
}

const named: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

function escapeRun(run: string): string {
  // Paths and fields are latin1 strings of bytes; anything beyond is text, written as its UTF-8 bytes.
  // eslint-disable-next-line no-control-regex -- the range of latin1
  const bytes = Buffer.from(run, /^[\x00-\xff]*$/.test(run) ? "latin1" : "utf8").toString("latin1");
  let escaped = "";
  for (const character of bytes) {
    escaped += named[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  }
  return escaped;
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/** Milliseconds since the epoch with a fraction; follows the wall clock when that is set. */
export function clock(): number {
  const fine = performance.timeOrigin + performance.now();
  const coarse = Date.now();
  return Math.abs(fine - coarse) < 20 ? fine : coarse;
}
