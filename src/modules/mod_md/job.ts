// What was done about a managed domain's certificate → a file that outlives the process: when to go on, and what went wrong.
import type { Store } from "./store.js";

/** Something that happened. */
export interface JobEntry {
  /** RFC 1123, as Apache writes it. */
  readonly when: string;
  readonly type: string;
  readonly detail: string;
}

/** The work on one certificate. Times in milliseconds since the epoch. */
export interface Job {
  /** The certificate has been got, and waits in `staging`. */
  finished: boolean;
  /** Failures in a row. */
  errors: number;
  lastRun: number;
  nextRun: number;
  /** When the certificate that was got is to be used. */
  validFrom: number;
  problem: string;
  detail: string;
  log: JobEntry[];
}

const file = "job.json";
/** Most entries that are kept. */
const mostEntries = 64;
/** The longest time between two attempts, and the share of it that differs by chance. */
const longestDelay = 86_400_000;
const jitter = 0.1;

export function newJob(): Job {
  return { finished: false, errors: 0, lastRun: 0, nextRun: 0, validFrom: 0, problem: "", detail: "", log: [] };
}

/** The job as it was left; a new one where there is none that can be read. */
export function readJob(store: Store, name: string): Job {
  try {
    const read = JSON.parse(store.read("staging", name, file) ?? "{}") as Readonly<Record<string, unknown>>;
    const time = (key: string): number => (typeof read[key] === "string" ? Date.parse(read[key]) || 0 : 0);
    const last = (read["last"] ?? {}) as { readonly problem?: string; readonly detail?: string };
    const log = (read["log"] as { readonly entries?: JobEntry[] } | undefined)?.entries;
    return {
      finished: read["finished"] === true,
      errors: typeof read["errors"] === "number" ? read["errors"] : 0,
      lastRun: time("last-run"),
      nextRun: time("next-run"),
      validFrom: time("valid-from"),
      problem: last.problem ?? "",
      detail: last.detail ?? "",
      log: Array.isArray(log) ? log.slice(0, mostEntries) : [],
    };
  } catch {
    return newJob();
  }
}

export function writeJob(store: Store, name: string, job: Job): void {
  const time = (milliseconds: number): string | undefined =>
    milliseconds > 0 ? new Date(milliseconds).toUTCString() : undefined;
  const written = {
    name,
    finished: job.finished,
    notified: job.finished,
    "next-run": time(job.nextRun),
    "last-run": time(job.lastRun),
    "valid-from": time(job.validFrom),
    errors: job.errors,
    last: { status: job.detail === "" ? 0 : 20014, problem: job.problem || undefined, detail: job.detail || undefined },
    log: { entries: job.log },
  };
  store.write("staging", name, file, `${JSON.stringify(written, undefined, 2)}\n`);
}

/** Notes what happened, the latest first. */
export function noteEntry(job: Job, type: string, detail: string): void {
  job.log = [{ when: new Date().toUTCString(), type, detail }, ...job.log].slice(0, mostEntries);
}

/** When something of that type happened last; 0: never. */
export function lastTime(job: Job, type: string): number {
  return Date.parse(job.log.find((entry) => entry.type === type)?.when ?? "") || 0;
}

/** Milliseconds to wait after so many failures: doubled each time, and not shorter than the authority wants. */
export function delayAfter(
  errors: number,
  { first, wanted = 0 }: { first: number; wanted?: number | undefined },
): number {
  const doubled = first * 2 ** Math.min(errors - 1, 30);
  const base = Math.min(Math.max(doubled, wanted), longestDelay);
  return Math.round(base * (1 + Math.random() * jitter));
}
