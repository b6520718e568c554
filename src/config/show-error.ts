// A fault → the text a person reads: place, reason, the line with a caret, advice; and the summary of all of them.
import { readFileSync, statSync } from "node:fs";
import type { ConfigError, Origin } from "../api/index.js";
import { withoutAftermath } from "./aftermath.js";
import { lineAdvice } from "./line-advice.js";
import { maximumFaults } from "./reading.js";
import type { Source } from "./tree.js";

/** The outcome of reading or compiling. */
export interface Outcome {
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly ConfigError[];
}

/** Files longer than this are not read again for the sake of showing a line. */
const maximumFileSize = 16 * 1024 * 1024;
/** Characters of a reason that are shown. */
const maximumReason = 2000;
/** Characters of a line that are shown. */
const maximumWidth = 160;

/** Makes the texts of faults. It reads each file at most once; `sources` gives texts that are in no file. */
export function faultPrinter(sources: readonly Source[] = []): (fault: ConfigError, label?: string) => string {
  const lineOf = lineFinder(linesFinder(sources));
  return (fault, label) => showFault(fault, label, lineOf(fault));
}

/** Finds the line of a fault; a file that is no text has none to show. */
function lineFinder(linesOf: (file: string) => readonly string[]): (fault: ConfigError) => string | undefined {
  return ({ origin: { file, line } }) => {
    const text = linesOf(file)[line - 1]?.replace(/\r$/, "");
    return text?.includes("\0") ? undefined : text;
  };
}

/** Finds the lines of files. */
function linesFinder(sources: readonly Source[]): (file: string) => readonly string[] {
  const files = new Map<string, readonly string[]>();
  for (const { file, text } of sources) {
    // Lines given before and after the main file share a name; they are shown by number only where that is clear.
    if (text !== undefined) files.set(file, files.has(file) ? [] : text.split("\n"));
  }
  return (file) => {
    let lines = files.get(file);
    if (!lines) files.set(file, (lines = readLines(file)));
    return lines;
  };
}

/**
 * All faults and the verdict, as `-t` prints them: warnings first, then errors, in the order of the files; "Syntax OK"
 * when there are no errors.
 */
export function showOutcome(outcome: Outcome, sources: readonly Source[] = []): string {
  const told = once(withoutAftermath(outcome.errors, linesFinder(sources)));
  const warnings = once(outcome.warnings);
  return (
    [...showFaults({ errors: told, warnings }, sources), verdictOf(told.length, warnings.length)].join("\n") + "\n"
  );
}

/** The same without the verdict: one text for each. */
export function showFaults(outcome: Outcome, sources: readonly Source[] = []): string[] {
  const [errors, warnings] = [once(outcome.errors), once(outcome.warnings)];
  const show = faultPrinter(sources);
  const order = new Map(sources.map(({ file }, index) => [file, index]));
  const sorted = (faults: readonly ConfigError[]) =>
    [...faults].sort((a, b) => {
      const files = (order.get(a.origin.file) ?? -1) - (order.get(b.origin.file) ?? -1);
      return files || a.origin.line - b.origin.line || a.origin.column - b.origin.column;
    });
  return [
    ...sorted(warnings).map((warning) => show(warning, "warning")),
    ...folded(sorted(errors)).map(({ fault, others }) => `${show(fault, "error")}${showOthers(others)}`),
  ];
}

/** Errors in order; one of the same unknown directive further down is but another place of the first. */
function folded(errors: readonly ConfigError[]): { readonly fault: ConfigError; readonly others: Origin[] }[] {
  const first = new Map<string, Origin[]>();
  return errors.flatMap((fault) => {
    const { message, origin } = fault;
    const known = message.startsWith(unknownDirective) ? first.get(message) : undefined;
    if (known) {
      known.push(origin);
      return [];
    }
    const others: Origin[] = [];
    first.set(message, others);
    return [{ fault, others }];
  });
}

/** How the error of a directive that nobody knows begins, as Apache's does. */
const unknownDirective = "Invalid command ";

/** Places of the same error that are named. */
const mostPlaces = 10;

function showOthers(others: readonly Origin[]): string {
  if (others.length === 0) return "";
  const places = others.slice(0, mostPlaces).map(({ file, line }) => `${file}:${line}`);
  const more = others.length > mostPlaces ? `, and ${others.length - mostPlaces} more` : "";
  return `\n    the same ${count(others.length, "more time")}: ${places.join(", ")}${more}`;
}

/** One line, which begins as Apache's where there are no errors. */
function verdictOf(errors: number, warnings: number): string {
  const noted = warnings > 0 ? `${count(warnings, "warning")}${warnings >= maximumFaults ? " or more" : ""}` : "";
  if (errors === 0) return noted === "" ? "Syntax OK" : `Syntax OK (${noted})`;
  const more = errors >= maximumFaults ? ", and more that are not shown" : "";
  return `${count(errors, "error")}${noted === "" ? "" : ` and ${noted}`}${more}: the configuration is refused`;
}

/** The outcome for programs: editors, checks before a deployment; with notes, where there are some. */
export function outcomeJson(outcome: Outcome, sources: readonly Source[], notes: readonly string[] = []): string {
  const linesOf = linesFinder(sources);
  const lineOf = lineFinder(linesOf);
  const faults = [
    ...once(outcome.warnings).map((fault) => diagnosticOf(fault, "warning", lineOf(fault))),
    ...once(withoutAftermath(outcome.errors, linesOf)).map((fault) => diagnosticOf(fault, "error", lineOf(fault))),
  ];
  const errors = faults.filter(({ severity }) => severity === "error").length;
  const warnings = faults.length - errors;
  const told = notes.length === 0 ? {} : { notes };
  return JSON.stringify({ ok: errors === 0, errors, warnings, diagnostics: faults, ...told }, undefined, 2);
}

/** A fault as JSON has it; lines and columns count from 1, `endColumn` is the one behind the last character. */
function diagnosticOf(fault: ConfigError, severity: "error" | "warning", line: string | undefined) {
  const { message, origin, detail } = fault;
  const advice = advices(fault, severity, line);
  const includedAt: { readonly file: string; readonly line: number }[] = [];
  for (let via = origin.via; via; via = via.via) includedAt.push({ file: via.file, line: via.line });
  const related = detail.related?.map(({ origin: { file, line, column }, text }) => ({
    file,
    line,
    column,
    message: text,
  }));
  return {
    severity,
    ...(detail.code === undefined ? {} : { code: detail.code }),
    message,
    ...(advice.length === 0 ? {} : { advice: advice.join("; ") }),
    file: origin.file,
    line: origin.line,
    column: origin.column,
    endColumn: origin.column + lengthOf(fault, line),
    ...(related === undefined || related.length === 0 ? {} : { related }),
    ...(includedAt.length === 0 ? {} : { includedAt }),
  };
}

/** A file that is included more than once has each of its faults once, where it was met first. */
function once(faults: readonly ConfigError[]): ConfigError[] {
  const seen = new Set<string>();
  return faults.filter(({ message, origin: { file, line, column } }) => {
    const key = `${file}:${line}:${column}: ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** What to do: what the fault knows itself, and what the line looks like. */
function advices({ detail }: ConfigError, severity: string | undefined, line: string | undefined): string[] {
  const more = severity === "error" && line !== undefined ? lineAdvice(line) : undefined;
  return [detail.advice, more].filter((each) => each !== undefined);
}

/** Characters under the caret: the whole word where the fault names none. */
function lengthOf({ origin, detail }: ConfigError, line: string | undefined): number {
  return detail.length ?? /^<?[^\s>]+/.exec(line?.slice(origin.column - 1) ?? "")?.[0].length ?? 1;
}

function showFault(fault: ConfigError, label: string | undefined, line: string | undefined): string {
  const { message, origin, detail } = fault;
  const code = detail.code === undefined ? "" : `${detail.code}: `;
  const reason = message.length > maximumReason ? `${message.slice(0, maximumReason)}...` : message;
  const head = `${origin.file}:${origin.line}:${origin.column}: ${label ? `${label}: ` : ""}${code}${reason}`;
  const lines = [head, ...(line === undefined ? [] : underline(line, origin.column, lengthOf(fault, line)))];
  lines.push(...advices(fault, label, line).map((advice) => `    ${advice}`));
  for (const { origin: other, text } of detail.related ?? []) lines.push(`    ${other.file}:${other.line}: ${text}`);
  let place = origin;
  for (let shown = 0; place.via; place = place.via) {
    if (++shown > 5) {
      lines.push(`    ... and ${count(depthOf(place.via), "more Include line")}`);
      break;
    }
    const how = place.macro === undefined ? "included" : `in macro '${place.macro}', used`;
    lines.push(`    ${how} at ${place.via.file}:${place.via.line}`);
  }
  return lines
    .flatMap((each) => each.split("\n"))
    .map(printable)
    .join("\n");
}

/** The line, and a caret under the column, both cut where they are too wide. */
function underline(line: string, column: number, length: number): string[] {
  if (line.trim() === "") return [];
  const start = column > maximumWidth - 20 ? column - 40 : 0;
  const shown = line.slice(start, start + maximumWidth);
  // Tabs stay, so that the caret stands right whatever their width.
  const before = shown.slice(0, column - 1 - start).replace(/[^\t]/g, " ");
  const width = Math.max(1, Math.min(length, shown.length - before.length));
  return [`    ${shown}`, `    ${before}^${"~".repeat(width - 1)}`];
}

/** Control characters would act on the terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- that is what they are
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, "\ufffd");
}

function readLines(file: string): readonly string[] {
  try {
    const stats = statSync(file);
    if (!stats.isFile() || stats.size > maximumFileSize) return [];
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}

function depthOf(origin: Origin): number {
  let depth = 0;
  for (let via: Origin | undefined = origin; via; via = via.via) depth++;
  return depth;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
