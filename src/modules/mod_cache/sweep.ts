// A folder of kept responses → the same within its limit: the oldest go, and what nobody names any more.
import { open, readdir, stat, unlink, rmdir, readFile } from "node:fs/promises";
import { parseEntry } from "./entry-file.js";

/** What is swept, and how far. */
export interface SweptFolder {
  readonly root: string;
  /** Bytes of all files together. */
  readonly limit: number;
}

/** Milliseconds between two looks at a folder, and at first. */
const interval = 5 * 60_000;
const firstDelay = 30_000;
/** What a file takes up at least. */
const block = 4096;
/** Milliseconds after which a file that is not whole, a body nobody names, and a sweeper that does not end are given up. */
const staleTime = 10 * 60_000;
const orphanTime = 60_000;
const lockName = "sweep.lock";

interface Kept {
  readonly path: string;
  readonly mtimeMs: number;
  cost: number;
  bodies: string[];
}

/** Keeps a folder within its limit; of several processes one does it at a time. */
export class Sweeper {
  readonly #folder: SweptFolder;
  #timer: NodeJS.Timeout | undefined;
  #written = 0;
  #isDue = true;
  #running: Promise<void> | undefined;
  #isStopped = true;

  constructor(folder: SweptFolder) {
    this.#folder = folder;
  }

  start(): void {
    this.#isStopped = false;
    this.#plan(firstDelay);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Notes what was added; much of it and the folder is swept at once. */
  wrote(bytes: number): void {
    this.#written += Math.max(block, bytes);
    this.#isDue = true;
    if (this.#written > this.#folder.limit / 16) void this.#run();
  }

  #plan(delay: number): void {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#run(), delay).unref();
  }

  #run(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return (this.#running ??= this.#sweep().finally(() => {
      this.#running = undefined;
      this.#plan(interval);
    }));
  }

  async #sweep(): Promise<void> {
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#written = 0;
    await sweep(this.#folder).catch(() => undefined);
  }
}

/** Sweeps a folder once, unless another process is at it. Fails where the folder cannot be read. */
export async function sweep({ root, limit }: SweptFolder): Promise<void> {
  const lock = `${root}/${lockName}`;
  if (!(await take(lock))) return;
  try {
    const kept = new Map<string, Kept>();
    await collect(root, root, kept);
    let total = 0;
    for (const each of kept.values()) {
      await dropOrphans(each);
      total += each.cost;
    }
    // Some room below the limit, so that not every response leads to a look at the whole folder.
    const goal = total > limit ? limit * 0.9 : limit;
    for (const each of [...kept.values()].sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (total <= goal) break;
      total -= each.cost;
      for (const path of [each.path, ...each.bodies]) await unlink(path).catch(() => undefined);
    }
  } finally {
    await unlink(lock).catch(() => undefined);
  }
}

async function take(lock: string): Promise<boolean> {
  for (const isLast of [false, true]) {
    try {
      await (await open(lock, "wx", 0o600)).close();
      return true;
    } catch {
      const age = await stat(lock).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (isLast || age < staleTime) return false;
      await unlink(lock).catch(() => undefined);
    }
  }
  return false;
}

/** The files below a folder, bodies with the entry they belong to; empty folders and files never finished go. */
async function collect(root: string, folder: string, kept: Map<string, Kept>): Promise<void> {
  const items = await readdir(folder, { withFileTypes: true });
  for (const item of items) {
    const path = `${folder}/${item.name}`;
    if (item.isDirectory()) {
      await collect(root, path, kept);
      await rmdir(path).catch(() => undefined);
      continue;
    }
    const stats = await stat(path).catch(() => undefined);
    if (!stats) continue;
    const cost = Math.max(block, stats.size);
    if (folder === root && item.name.startsWith("new-")) {
      if (Date.now() - stats.mtimeMs > staleTime) await unlink(path).catch(() => undefined);
    } else if (item.name.endsWith(".entry")) {
      const before = kept.get(path);
      kept.set(path, { path, mtimeMs: stats.mtimeMs, cost: cost + (before?.cost ?? 0), bodies: before?.bodies ?? [] });
    } else if (item.name.endsWith(".body")) {
      const entry = path.slice(0, path.lastIndexOf(".entry-") + ".entry".length);
      const known = kept.get(entry) ?? { path: entry, mtimeMs: stats.mtimeMs, cost: 0, bodies: [] };
      known.cost += cost;
      known.bodies.push(path);
      kept.set(entry, known);
    }
  }
}

/** Bodies that their entry does not name: left behind by a process that ended. */
async function dropOrphans(each: Kept): Promise<void> {
  if (each.bodies.length === 0) return;
  const named = await bodyNamed(each.path);
  for (const path of each.bodies) {
    if (path === named) continue;
    const stats = await stat(path).catch(() => undefined);
    if (!stats || Date.now() - stats.mtimeMs < orphanTime) continue;
    each.cost -= Math.max(block, stats.size);
    await unlink(path).catch(() => undefined);
  }
}

async function bodyNamed(entry: string): Promise<string | undefined> {
  const bytes = await readFile(entry).catch(() => undefined);
  const line = bytes && parseEntry(bytes)?.line;
  if (line?.kind !== "response" || !line.body || !("file" in line.body)) return undefined;
  return `${entry.slice(0, entry.lastIndexOf("/"))}/${line.body.file}`;
}
