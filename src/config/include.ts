// The argument of an Include line → the files it stands for, in Apache's order.
import { readdirSync, statSync, type Dirent } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { globToRegExp } from "../api/index.js";
import { nearest } from "./nearest.js";

/** The files of an Include line, and what went wrong in finding them. */
export interface Included {
  readonly files: string[];
  readonly faults: { readonly reason: string; readonly code?: string; readonly advice?: string }[];
}

/** Folders in each other that are read; the same number as Apache's. */
const maximumDepth = 128;
/** Entries looked at for one line: links that lead round in a circle have no end. */
const maximumEntries = 100_000;

/**
 * Finds the files. A folder stands for everything below it, hidden files too. With wildcards each part of the path is
 * matched in turn: parts before the last match real folders only, `*` matches no leading dot, order is by byte. Where
 * nothing is found: a fault, or nothing when optional.
 */
export function findIncluded(argument: string, serverRoot: string, optional: boolean): Included {
  const found: Search = { files: [], faults: [], optional, entries: 0 };
  const path = resolve(serverRoot, argument);
  if (/[*?[]/.test(argument)) matchParts("/", path.split("/").slice(1), found);
  else addPath(path, [], found);
  return found;
}

interface Search extends Included {
  readonly optional: boolean;
  entries: number;
}

function matchParts(folder: string, [part = "", ...rest]: readonly string[], found: Search): void {
  if (!/[*?[]/.test(part)) {
    const path = join(folder, part);
    if (rest.length > 0) matchParts(path, rest, found);
    else addPath(path, [], found);
    return;
  }
  const pattern = globToRegExp(part, { period: true });
  const matching = entriesOf(folder, found)?.filter(
    (entry) => pattern.test(entry.name) && (rest.length === 0 || entry.isDirectory()),
  );
  if (!matching) return;
  if (matching.length === 0 && !found.optional) {
    found.faults.push({ reason: `no matches for the wildcard "${part}" in "${folder}"` });
  }
  for (const { name } of matching) {
    const path = join(folder, name);
    if (rest.length > 0) matchParts(path, rest, found);
    else addPath(path, [], found);
  }
}

/** `around` are the folders the path was found in, by device and inode. */
function addPath(path: string, around: readonly string[], found: Search): void {
  let stats;
  try {
    stats = statSync(path);
  } catch (error) {
    if (!found.optional)
      found.faults.push({ reason: `could not open "${path}": ${systemReason(error)}`, ...nearFile(path) });
    return;
  }
  if (stats.isFile() || path === "/dev/null") {
    found.files.push(path);
    return;
  }
  if (!stats.isDirectory()) {
    if (!found.optional) found.faults.push({ reason: `"${path}" is not a regular file`, code: "AH00554" });
    return;
  }
  const folder = `${stats.dev}:${stats.ino}`;
  if (around.length >= maximumDepth || around.includes(folder)) {
    const why = around.includes(folder) ? "is a link to a folder around it" : `is in more than ${maximumDepth} others`;
    found.faults.push({ reason: `the folder "${path}" ${why}` });
    return;
  }
  const inside = [...around, folder];
  for (const { name } of entriesOf(path, found) ?? []) addPath(join(path, name), inside, found);
}

/** The entries of a folder in the order of their bytes; undefined when it cannot be read. */
function entriesOf(folder: string, found: Search): Dirent[] | undefined {
  if (found.entries >= maximumEntries) return undefined;
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    found.entries += entries.length;
    if (found.entries >= maximumEntries) {
      found.faults.push({
        reason: `more than ${maximumEntries} files and folders to look at, the last of them in "${folder}"`,
      });
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (!found.optional) {
      found.faults.push({
        reason: `could not open the folder "${folder}": ${systemReason(error)}`,
        ...nearFile(folder),
      });
    }
    return undefined;
  }
}

/** What the system says of a failed call, in the words of strerror. */
export function systemReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons.get(code) ?? (error instanceof Error ? error.message : String(error));
}

const reasons: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "No such file or directory"],
  ["EACCES", "Permission denied"],
  ["EPERM", "Operation not permitted"],
  ["ENOTDIR", "Not a directory"],
  ["EISDIR", "Is a directory"],
  ["ELOOP", "Too many levels of symbolic links"],
  ["ENAMETOOLONG", "File name too long"],
]);

/** Advice where the folder holds a file of nearly that name. */
function nearFile(path: string): { advice?: string } {
  try {
    const near = nearest(basename(path), readdirSync(dirname(path)).slice(0, 1000));
    return near === undefined ? {} : { advice: `did you mean ${join(dirname(path), near)}?` };
  } catch {
    return {};
  }
}
