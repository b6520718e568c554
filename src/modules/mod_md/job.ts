// What was done about a managed domain's certificate → a file that outlives the process: when to go on, and what went wrong.
import type { Store } from "./store.js";

/** Something that happened. */
export interface JobEntry {
  /** RFC 1123, as Apache writes it. */
  readonly when: string;
  readonly type: string;
  /** The problem, of an error. */
  readonly status?: string;
  readonly detail?: string;
}

/** The work on one certificate. Times in milliseconds since the epoch. */
export interface Job {
  /** The certificate has been got, and waits in `staging`. */
  finished: boolean;
  /** MDNotifyCmd and MDMessageCmd have heard of it. */
  notified: boolean;
  /** Failures in a row. */
  errors: number;
  lastRun: number;
  nextRun: number;
  /** When the certificate that was got is to be used. */
  validFrom: number;
  /** How long the certificate is good that was last put in its place, by whichever server of the store. */
  installedUntil: number;
  problem: string;
  detail: string;
  /** What was being done last. */
  activity: string;
  /** Whether the certificate that was got last was asked for with MDMustStaple. */
  askedToStaple: boolean | undefined;
  /** A hash of what was asked for when it failed. */
  wish: string;
  log: JobEntry[];
  /** Records of DNS that were made and have not been removed yet. */
  records: DnsRecord[];
}

/** A record of DNS that proves a name. */
export interface DnsRecord {
  readonly name: string;
  readonly value: string;
}

/** What it is about: certificates, or answers of OCSP. */
export type JobGroup = "staging" | "ocsp";

const file = "job.json";
/** Most entries that are kept. */
const mostEntries = 64;
/** The longest time between two attempts, and the share of it that differs by chance. */
const longestDelay = 86_400_000;
const jitter = 0.1;
/** After a start or reload nobody waits longer than so many milliseconds: authorities count failures by the hour. */
const longestAfterStart = 3_600_000;

export function newJob(): Job {
  const never = { lastRun: 0, nextRun: 0, validFrom: 0, installedUntil: 0 };
  const texts = { problem: "", detail: "", activity: "", wish: "" };
  return {
    finished: false,
    notified: false,
    errors: 0,
    ...never,
    ...texts,
    askedToStaple: undefined,
    log: [],
    records: [],
  };
}

/** The job as it was left; a new one where there is none that can be read. */
export function readJob(store: Store, name: string, group: JobGroup = "staging"): Job {
  try {
    const read = JSON.parse(store.read(group, name, file) ?? "{}") as Readonly<Record<string, unknown>>;
    const time = (key: string): number => (typeof read[key] === "string" ? Date.parse(read[key]) || 0 : 0);
    const last = (read["last"] ?? {}) as Readonly<Record<string, string | undefined>>;
    const log = (read["log"] as { readonly entries?: JobEntry[] } | undefined)?.entries;
    const records = (read["dns-records"] ?? []) as DnsRecord[];
    const nextRun = time("next-run");
    return {
      finished: read["finished"] === true,
      notified: read["notified"] === true,
      errors: typeof read["errors"] === "number" ? read["errors"] : 0,
      lastRun: time("last-run"),
      // Further away than any delay: the clock has been set back since.
      nextRun: nextRun > Date.now() + longestDelay * (1 + jitter) ? 0 : nextRun,
      validFrom: time("valid-from"),
      installedUntil: time("installed-until"),
      problem: last["problem"] ?? "",
      detail: last["detail"] ?? "",
      activity: last["activity"] ?? "",
      askedToStaple: typeof read["must-staple"] === "boolean" ? read["must-staple"] : undefined,
      wish: typeof read["wish"] === "string" ? read["wish"] : "",
      log: Array.isArray(log) ? log.slice(0, mostEntries) : [],
      records: Array.isArray(records) ? records.filter(({ name, value }) => !!name && !!value) : [],
    };
  } catch {
    return newJob();
  }
}

const time = (milliseconds: number): string | undefined =>
  milliseconds > 0 ? new Date(milliseconds).toUTCString() : undefined;

/** What of a job is Apache's too, in its form. */
export function jobRecord(name: string, job: Job): object {
  const { problem, detail, activity } = job;
  return {
    name,
    finished: job.finished,
    notified: job.notified,
    "notified-renewed": job.notified,
    "next-run": time(job.nextRun),
    "last-run": time(job.lastRun),
    "valid-from": time(job.validFrom),
    errors: job.errors,
    last: {
      ...(detail === "" ? { status: 0 } : statusOf(problem)),
      problem: problem || undefined,
      detail: detail || undefined,
      activity: activity || undefined,
      "valid-from": time(job.validFrom),
    },
    log: { entries: job.log },
  };
}

export function writeJob(store: Store, name: string, job: Job, group: JobGroup = "staging"): void {
  const written = {
    ...jobRecord(name, job),
    "installed-until": time(job.installedUntil),
    "must-staple": job.askedToStaple,
    wish: job.wish || undefined,
    ...(job.records.length === 0 ? {} : { "dns-records": job.records }),
  };
  store.write(group, name, file, `${JSON.stringify(written, undefined, 2)}\n`);
}

/** Notes what happened, the latest first. */
export function noteEntry(job: Job, type: string, detail = "", status = ""): void {
  const entry = { when: new Date().toUTCString(), type, ...(status && { status }), ...(detail && { detail }) };
  job.log = [entry, ...job.log].slice(0, mostEntries);
}

/** When something of that type happened last; 0: never. */
export function lastTime(job: Job, type: string): number {
  return Date.parse(job.log.find((entry) => entry.type === type)?.when ?? "") || 0;
}

/** Problems of what was sent: asking again soon does not help, and authorities count. As in Apache. */
const inputProblems = new Set(
  [
    ...[
      "badCSR",
      "badSignatureAlgorithm",
      "externalAccountRequired",
      "invalidContact",
      "unsupportedContact",
      "malformed",
    ],
    ...["rejectedIdentifier", "unsupportedIdentifier", "badRevocationReason"],
  ].map((name) => `urn:ietf:params:acme:error:${name}`),
);

/** Errors of the system that Apache has for problems of ACME; "Internal error" for all others. */
const statuses: readonly (readonly [status: number, text: string, problems: readonly string[]])[] = [
  [11, "Resource temporarily unavailable", ["badNonce", "userActionRequired"]],
  [13, "Permission denied", ["unauthorized"]],
  [
    22,
    "Invalid argument",
    ["badCSR", "badSignatureAlgorithm", "externalAccountRequired", "malformed", "badRevocationReason"],
  ],
  [
    70_013,
    "Missing parameter for the specified command line option",
    ["invalidContact", "rateLimited", "rejectedIdentifier", "unsupportedIdentifier"],
  ],
];

function statusOf(problem: string): object {
  const name = problem.slice(problem.lastIndexOf(":") + 1);
  const [status, text] = statuses.find(([, , problems]) => problems.includes(name)) ?? [
    20_014,
    "Internal error (specific information not available)",
  ];
  return { status, "status-description": text };
}

/**
 * A failed job as a new keeper takes it on: at once where something else is wanted now, else within an hour of the last
 * attempt, unless the authority has had enough of them.
 */
export function takeOn(job: Job, wish: string): void {
  if (job.errors === 0) return;
  if (job.wish !== wish) Object.assign(job, { errors: 0, nextRun: 0 });
  else if (job.problem !== "urn:ietf:params:acme:error:rateLimited") {
    job.nextRun = Math.min(job.nextRun, job.lastRun + longestAfterStart);
  }
}

/** Milliseconds to wait after so many failures: doubled each time, and not shorter than the authority wants. */
export function delayAfter(
  errors: number,
  { first, wanted = 0, problem = "" }: { first: number; wanted?: number | undefined; problem?: string | undefined },
): number {
  const doubled = inputProblems.has(problem) ? longestDelay : first * 2 ** Math.min(errors - 1, 30);
  const base = Math.min(Math.max(doubled, wanted), longestDelay);
  return Math.round(base * (1 + Math.random() * jitter));
}
