// A file and what stat said of it → its validators and, for a small one, its bytes; kept in memory while they hold.
import { closeSync, createReadStream, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { createHash } from "node:crypto";
import { fileSystemPath, type FileSlice, type Headers } from "../../api/index.js";
import type { FileFacts } from "./etag.js";

/** A regular file that could be opened for reading. */
export interface StaticFile {
  readonly facts: FileFacts;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  readonly length: number;
  /** All of it if it is small, else what to send. */
  readonly body: Buffer | FileSlice;
  /** False while it is so young that the next change might not show in its times. */
  readonly settled: boolean;
  /** Fields of the last full response, with what they were made for; see default-handler.ts. */
  ready:
    | {
        readonly for: readonly [
          settings: unknown,
          type: string | undefined,
          encoding: readonly string[],
          language: readonly string[],
        ];
        readonly headers: Headers;
      }
    | undefined;
}

interface Kept {
  readonly file: StaticFile;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
  readonly dev: number;
  readonly cost: number;
  /** Asked for since the cache last looked for something to drop. */
  used: boolean;
}

const smallFile = 64 * 1024;
const cacheBytes = 32 * 1024 * 1024;
/** What an entry costs beside its bytes. */
const entryBytes = 1024;
/** Milliseconds after which a further change to a file is sure to have another time. */
const settleTime = 2000;

const cache = new Map<string, Kept>();
let cached = 0;

/** Opens a file, or takes it from memory if it is still the one kept there. Throws the error of the file system. */
export function openStaticFile(filename: string, stats: Stats): StaticFile {
  const kept = cache.get(filename);
  if (kept) {
    if (
      kept.mtimeMs === stats.mtimeMs &&
      kept.size === stats.size &&
      kept.ctimeMs === stats.ctimeMs &&
      kept.ino === stats.ino &&
      kept.dev === stats.dev
    ) {
      kept.used = true;
      return kept.file;
    }
    cached -= kept.cost;
    cache.delete(filename);
  }
  const file = read(filename);
  if (file.settled) keep(filename, stats, file);
  return file;
}

function read(filename: string): StaticFile {
  const fd = openSync(fileSystemPath(filename), "r");
  try {
    const stats = fstatSync(fd, { bigint: true });
    const length = Number(stats.size);
    const bytes = length <= smallFile ? readAll(fd, length) : undefined;
    const youngest = Math.max(Number(stats.mtimeMs), Number(stats.ctimeMs));
    return {
      facts: { inode: stats.ino, size: stats.size, mtimeNs: stats.mtimeNs },
      mtimeMs: Number(stats.mtimeMs),
      length: bytes?.length ?? length,
      body: bytes ?? { path: filename, offset: 0, length },
      settled: Date.now() - youngest > settleTime && (bytes === undefined || bytes.length === length),
      ready: undefined,
    };
  } finally {
    closeSync(fd);
  }
}

/** The first `length` bytes; fewer if the file has shrunk meanwhile. */
function readAll(fd: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(fd, bytes, filled, length - filled, filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function keep(filename: string, stats: Stats, file: StaticFile): void {
  const cost = entryBytes + (Buffer.isBuffer(file.body) ? file.body.length : 0);
  const { size, mtimeMs, ctimeMs, ino, dev } = stats;
  // The file may have been replaced between the request's stat and ours.
  if (BigInt(size) !== file.facts.size || BigInt(ino) !== file.facts.inode) return;
  cache.set(filename, { file, size, mtimeMs, ctimeMs, ino, dev, cost, used: false });
  cached += cost;
  for (const [name, entry] of cache) {
    if (cached <= cacheBytes) break;
    cache.delete(name);
    if (entry.used) {
      // A second chance, at the end of the line.
      entry.used = false;
      cache.set(name, entry);
    } else {
      cached -= entry.cost;
    }
  }
}

/** A digest of the content in base64. */
export function digestOf(file: StaticFile, algorithm: "sha1" | "md5"): string | Promise<string> {
  const hash = createHash(algorithm);
  const { body } = file;
  if (Buffer.isBuffer(body)) return hash.update(body).digest("base64");
  return new Promise((resolve, reject) => {
    createReadStream(fileSystemPath(body.path))
      .on("error", reject)
      .on("data", (chunk) => hash.update(chunk))
      .on("end", () => resolve(hash.digest("base64")));
  });
}
