// A file of users → their passwords and realm hashes, read anew when the file has changed.
import { readFileSync, statSync } from "node:fs";

/** What stands in a file; of several lines for a user the first counts. All texts are latin1 strings of bytes. */
export interface UserFile {
  readonly passwords: ReadonlyMap<string, string>;
  /** By "user:realm". */
  readonly realms: ReadonlyMap<string, string>;
}

interface Read extends UserFile {
  readonly mtime: bigint;
  readonly ctime: bigint;
  readonly size: bigint;
  readonly inode: bigint;
}

const kept = new Map<string, Read>();
const mostKept = 64;
const largest = 64 * 1024 * 1024;

/** The file's lines. Throws where it cannot be read, is no regular file, or is larger than 64 MiB. */
export function linesOf(path: string): UserFile {
  const file = statSync(path, { bigint: true });
  if (!file.isFile()) throw new Error("it is no regular file");
  const known = kept.get(path);
  const isSame =
    known?.mtime === file.mtimeNs &&
    known.ctime === file.ctimeNs &&
    known.size === file.size &&
    known.inode === file.ino;
  if (known && isSame) return known;
  if (file.size > BigInt(largest)) throw new Error("it is larger than 64 MiB");
  const read: Read = {
    ...parse(readFileSync(path, "latin1")),
    mtime: file.mtimeNs,
    ctime: file.ctimeNs,
    size: file.size,
    inode: file.ino,
  };
  kept.delete(path);
  if (kept.size >= mostKept) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
  kept.set(path, read);
  return read;
}

/** Lines "user:password" and "user:realm:hash"; several colons count as one, what is behind a further one is left out. */
export function parse(text: string): UserFile {
  const passwords = new Map<string, string>();
  const realms = new Map<string, string>();
  for (const line of text.replace(/\\\r?\n/g, "").split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [user = "", second = "", third = ""] = trimmed.split(/:+/);
    if (!passwords.has(user)) passwords.set(user, second);
    const key = `${user}:${second}`;
    if (!realms.has(key)) realms.set(key, third);
  }
  return { passwords, realms };
}
