// A path and a way to read the file → what was read, anew when the file has changed.
import { readFileSync, statSync } from "node:fs";

const mostKept = 64;
const largest = 64 * 1024 * 1024;

interface Kept<Content> {
  readonly content: Content;
  /** What tells one state of the file from another. */
  readonly state: string;
}

/**
 * Reads files that requests ask for again and again (users, groups), parsed once for each state of the file; `text` is a
 * latin1 string of bytes. The function throws where the file cannot be read, is no regular file, or is larger than 64 MiB.
 */
export function keptFile<Content>(parse: (text: string) => Content): (path: string) => Content {
  const kept = new Map<string, Kept<Content>>();
  return (path) => {
    const file = statSync(path, { bigint: true });
    if (!file.isFile()) throw new Error("it is no regular file");
    const state = `${file.ino} ${file.size} ${file.mtimeNs} ${file.ctimeNs}`;
    const known = kept.get(path);
    if (known?.state === state) return known.content;
    if (file.size > BigInt(largest)) throw new Error("it is larger than 64 MiB");
    const content = parse(readFileSync(path, "latin1"));
    kept.delete(path);
    if (kept.size >= mostKept) for (const oldest of kept.keys()) if (kept.delete(oldest)) break;
    kept.set(path, { content, state });
    return content;
  };
}

/** The lines of a file as Apache reads its small files: continued by a backslash, trimmed, without comments and empty ones. */
export function contentLines(text: string): string[] {
  return text
    .replace(/\\\r?\n/g, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
