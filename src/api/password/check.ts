// A password and a stored one → whether they are the same, without keeping the process from its other requests.
import { createHmac, randomBytes } from "node:crypto";
import { Worker } from "node:worker_threads";
import { formatOf, matches } from "./formats.js";
import type { Question, Verdict } from "./thread.js";

export { isSame } from "./formats.js";

/** More passwords wait to be hashed than can be kept; the request is to be answered with 503. */
export class PasswordQueueFull extends Error {
  override readonly name = "PasswordQueueFull";
}

/** Passwords that may wait for the thread that hashes. */
const mostWaiting = 256;
/** Proven pairs that are remembered, and for how many milliseconds. */
const mostProven = 1000;
const provenFor = 300_000;
/** Longer ones are no passwords: each byte of one costs time in some formats. */
const longestPassword = 4096;

// A thread cannot run TypeScript: sources under a loader (tests) start the built one.
const threadFile = import.meta.url.endsWith(".ts") ? "../../../dist/api/password/thread.js" : "./thread.js";

// Pairs are remembered under a key of this process alone, and only those that are right.
const key = randomBytes(32);
const proven = new Map<string, number>();
const asked = new Map<string, Promise<boolean>>();
const waiting = new Map<number, { resolve: (same: boolean) => void; reject: (error: Error) => void }>();
let count = 0;
let thread: Worker | undefined;

/** Whether the format of a stored password is one of those known here. */
export function isKnownFormat(stored: string): boolean {
  return formatOf(stored) !== "none";
}

/**
 * Whether a password (a latin1 string of bytes) is the stored one, in any format of htpasswd: bcrypt, apr1, SHA1,
 * SHA-256 and SHA-512 of crypt(3), DES. Hashing happens in a thread of its own, one at a time. Fails with a
 * PasswordQueueFull where too many wait.
 */
export function isPassword(password: string, stored: string): boolean | Promise<boolean> {
  const format = formatOf(stored);
  if (format === "none" || password.length > longestPassword) return false;
  if (format === "sha1") return matches(Buffer.from(password, "latin1"), stored);
  const pair = createHmac("sha256", key).update(`${stored}\0${password}`, "latin1").digest("base64");
  const until = proven.get(pair);
  if (until !== undefined && until > Date.now()) return true;
  const known = asked.get(pair);
  if (known) return known;
  const verdict = ask(password, stored).then((same) => {
    if (same) remember(pair);
    return same;
  });
  asked.set(pair, verdict);
  const forget = (): void => void asked.delete(pair);
  verdict.then(forget, forget);
  return verdict;
}

function remember(pair: string): void {
  proven.delete(pair);
  if (proven.size >= mostProven) for (const oldest of proven.keys()) if (proven.delete(oldest)) break;
  proven.set(pair, Date.now() + provenFor);
}

function ask(password: string, stored: string): Promise<boolean> {
  if (waiting.size >= mostWaiting)
    return Promise.reject(new PasswordQueueFull("too many passwords wait to be checked"));
  return new Promise((resolve, reject) => {
    const question: Question = { id: count++, password, stored };
    waiting.set(question.id, { resolve, reject });
    running().postMessage(question);
  });
}

/** The thread that hashes, started at the first question and anew when it has died. */
function running(): Worker {
  if (thread) return thread;
  const started = new Worker(new URL(threadFile, import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: 64 },
  });
  thread = started;
  // It keeps no process from ending: connections do, while somebody waits for an answer.
  started.unref();
  started.on("message", ({ id, same, fault }: Verdict) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (fault === undefined) one?.resolve(same);
    else one?.reject(new Error(fault));
  });
  const fail = (error: Error): void => {
    if (thread !== started) return;
    thread = undefined;
    for (const [id, { reject }] of waiting) if (waiting.delete(id)) reject(error);
  };
  started.on("error", fail);
  started.on("exit", () => fail(new Error("the thread that checks passwords has ended")));
  return started;
}
