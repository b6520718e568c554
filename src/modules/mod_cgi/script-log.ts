// A script that failed → its entry in the script log.
import { appendFileSync, statSync } from "node:fs";
import { escapeLogItem, type Headers, type Request } from "../../api/index.js";
import type { CgiSettings } from "./settings.js";

/** What a script did before it failed. */
export interface Failure {
  readonly status: number;
  /** Of a fault found before it ran. */
  readonly error?: string;
  readonly body?: string;
  readonly fields?: Headers;
  /** The line of the output that is no field. */
  readonly line?: string;
  readonly output?: string;
  readonly errors?: string;
}

/** Adds an entry, where there is a log and it is not too long. */
export function logFailure(request: Request, { scriptLog, scriptLogLength }: CgiSettings, failure: Failure): void {
  if (request.rehearsal) return;
  if (scriptLog === undefined || sizeOf(scriptLog) > scriptLogLength) return;
  try {
    appendFileSync(scriptLog, Buffer.from(entry(request, failure), "latin1"));
  } catch (error) {
    request.log("warn", "cgi", `the ScriptLog cannot be written: ${error instanceof Error ? error.message : ""}`);
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

function entry(request: Request, { status, error, body, fields, line = "", output, errors }: Failure): string {
  const query = request.query === undefined ? "" : `?${request.query}`;
  // A decoded path may hold what would look like another entry.
  const path = escapeLogItem(request.path);
  const file = escapeLogItem(request.filename);
  const method = request.headOnly ? "HEAD" : request.method;
  const lines = [`%% [${timeText(new Date())}] ${method} ${path}${query} ${request.protocol}`, `%% ${status} ${file}`];
  if (error !== undefined) return `${[...lines, "%error", escapeLogItem(error)].join("\n")}\n`;
  lines.push("%request");
  request.headers.forEach((name, value) => lines.push(`${name}: ${value}`));
  if (body !== undefined && body !== "" && (method === "POST" || method === "PUT")) lines.push("", body);
  lines.push("%response");
  fields?.forEach((name, value) => lines.push(`${name}: ${value}`));
  if (line !== "") lines.push(line);
  if (output !== undefined && output !== "") lines.push("%stdout", output);
  if (errors !== undefined && errors !== "") lines.push("%stderr", errors);
  return `${lines.join("\n")}\n`;
}

const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function timeText(at: Date): string {
  const two = (number: number): string => String(number).padStart(2, "0");
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${days[at.getDay()] ?? ""} ${months[at.getMonth()] ?? ""} ${two(at.getDate())} ${clock} ${at.getFullYear()}`;
}
