// The supervisor's process id ↔ the file that tells other commands.
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/** What a pid file says: nothing there, no number in it, or a process that runs or does not. */
export type PidFile =
  | { readonly state: "absent" }
  | { readonly state: "corrupt" }
  | { readonly state: "running" | "stale"; readonly pid: number };

/**
 * Reads a pid file. Running means: a process of that number exists, is not this one, and is not known to have begun after the
 * file was written, as one does that got the number of a server which a crash or a switched-off machine has ended.
 */
export function readPidFile(file: string): PidFile {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { state: "absent" };
    throw error;
  }
  const pid = /^\d{1,10}\s*$/.test(text) ? Number(text) : 0;
  if (pid <= 0) return { state: "corrupt" };
  return { state: pid !== process.pid && exists(pid) && !isAnother(pid, file) ? "running" : "stale", pid };
}

/** Seconds by which clocks may disagree. */
const tolerance = 5;

/** Whether the process began after the file was written. A server of ours is never taken for another, whatever the clock did. */
function isAnother(pid: number, file: string): boolean {
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("modhost")) return false;
    const [, fields = ""] = /\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    const uptime = Number.parseFloat(readFileSync("/proc/uptime", "utf8"));
    // The 22nd field, in hundredths of a second since the machine started.
    const age = uptime - Number(fields.split(" ")[19]) / 100;
    const written = (Date.now() - statSync(file).mtimeMs) / 1000;
    return age >= 0 && age + tolerance < written;
  } catch {
    // No /proc, or it is closed to us: then nothing but the number is known.
    return false;
  }
}

/** Writes this process's number: under a temporary name, then renamed, so that no reader sees half of it. */
export function writePidFile(file: string): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${process.pid}\n`, { mode: 0o644 });
  renameSync(temporary, file);
}

/** Removes the file if it still names this process. */
export function removePidFile(file: string): void {
  try {
    if (Number(readFileSync(file, "utf8")) === process.pid) rmSync(file);
  } catch {
    // Gone already, or on a disk that is: nothing depends on it any more.
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
