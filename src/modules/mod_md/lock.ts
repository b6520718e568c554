// A folder that several servers share → one of them at a time that changes it.
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** Milliseconds after which a lock is one that its server has left behind: who needs longer makes it new meanwhile. */
const longest = 30_000;
const step = 50;

/** Does something while no other server does; false where it is not done, since another holds the lock for so many milliseconds. 0: without a lock. */
export async function withLock(folder: string, wait: number, done: () => void): Promise<boolean> {
  if (wait === 0) {
    done();
    return true;
  }
  const file = join(folder, "modhost.lock");
  const mark = randomBytes(12).toString("hex");
  const deadline = performance.now() + wait;
  while (!take(file, mark)) {
    if (performance.now() > deadline) return false;
    await pause(step);
  }
  try {
    done();
    return true;
  } finally {
    if (markIn(file) === mark) rmSync(file, { force: true });
  }
}

/** Holds a folder for as long as it takes, until what is given is called; undefined where another server does. */
export function holdLock(folder: string): (() => void) | undefined {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, "modhost.lock");
  const mark = randomBytes(12).toString("hex");
  if (!take(file, mark)) return undefined;
  const refresh = setInterval(() => {
    if (markIn(file) === mark) utimesSync(file, new Date(), new Date());
  }, longest / 3);
  refresh.unref();
  return () => {
    clearInterval(refresh);
    if (markIn(file) === mark) rmSync(file, { force: true });
  };
}

/** Makes the file, which nobody can whose server has made it before. */
function take(file: string, mark: string): boolean {
  try {
    writeFileSync(file, mark, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const found = statSync(file, { throwIfNoEntry: false });
  if (found && Date.now() - found.mtimeMs > longest) rmSync(file, { force: true });
  return false;
}

function markIn(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
