// The command in the terminal → the supervisor in the background, and what became of its start.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { isLogProgram } from "../api/index.js";

/** Marks the process that is to be the supervisor; taken out of the environment at once. */
const mark = "MODHOST_DETACHED";

/** What the supervisor tells the command that started it. */
export type StartReport = { readonly serving: true } | { readonly failed: readonly string[] };

/** Whether this process was started by `startDetached`. */
export function isDetached(): boolean {
  const marked = process.env[mark] !== undefined && process.send !== undefined;
  Reflect.deleteProperty(process.env, mark);
  return marked;
}

/** Reports the start to the command that is waiting in the terminal, and lets go of it. */
export function report(start: StartReport): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) return resolve();
    process.send?.(start, undefined, {}, () => {
      process.disconnect();
      resolve();
    });
  });
}

/** A shell script: the first argument is a command, the others are the program that takes its place. */
const limited = 'limit=$1; shift; $limit || echo "APACHE_ULIMIT_MAX_FILES: \\"$limit\\" failed" >&2; exec "$@"';

/**
 * Starts the same program with these arguments in a session of its own. Resolves once it serves, with nothing, or with
 * the reasons why it does not. What it prints goes to `errorLog` where that is a file, to this terminal where it is a
 * device, and nowhere where it is a program: neither server nor program may hold on to who reads the output of the start.
 * `limit` is a command of the shell that is run before, for limits that the server is to have: "ulimit -n 65536".
 */
export async function startDetached(
  args: readonly string[],
  errorLog: string,
  limit = "",
): Promise<readonly string[] | undefined> {
  const log = openLog(errorLog);
  const program = [process.execPath, ...process.execArgv, process.argv[1] ?? "", ...args];
  const [command = "", ...words] = limit === "" ? program : ["sh", "-c", limited, "sh", limit, ...program];
  const child = spawn(command, words, {
    detached: true,
    cwd: "/",
    stdio: ["ignore", log, log, "ipc"],
    env: { ...process.env, [mark]: "1" },
  });
  if (typeof log === "number") closeSync(log);
  return new Promise((resolve) => {
    child.once("error", (error) => resolve([error.message]));
    child.once("exit", (code, signal) => resolve([`the server ended at once: ${signal ?? `status ${code}`}`]));
    child.once("message", (start: StartReport) => {
      child.removeAllListeners("exit");
      child.unref();
      if (child.connected) child.disconnect();
      resolve("failed" in start ? start.failed : undefined);
    });
  });
}

function openLog(errorLog: string): number | "inherit" | "ignore" {
  if (isLogProgram(errorLog)) return "ignore";
  if (errorLog.startsWith("/dev/")) return "inherit";
  try {
    return openSync(errorLog, "a");
  } catch {
    // The supervisor will meet the same fault and report it.
    return "inherit";
  }
}
