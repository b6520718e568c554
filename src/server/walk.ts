// Mapped file name → what is there, the path info behind it, and which directory sections apply.
import { lstatSync, statSync, type Stats } from "node:fs";
import { fileSystemPath, type OptionSet } from "../api/index.js";
import { Turn } from "./turn.js";

/** What the walk found at a file name. */
export interface Walked {
  /** The part of the name that exists; or up to the first element that does not. */
  readonly filename: string;
  /** Undefined where nothing is there. */
  readonly file: Stats | undefined;
  readonly pathInfo: string;
  /** Refused: a name too long, a directory that may not be searched, an element that is no directory and no file. */
  readonly denied?: string;
}

/**
 * Files known to exist with paths beyond them (scripts), so that a request behind one does not first fail to stat the
 * whole name. Only a hint: the file is looked at again each time.
 */
const scripts = new Set<string>();
const rememberedScripts = 1024;

/** Why a link to nowhere is denied. */
export const brokenLink = "link target not accessible";

/** Looks at a file name. `base` is where the mapping started (an alias target), which is tried first if it is a file. */
export function walk(filename: string, base: string): Walked {
  if (base !== "" && base.length < filename.length && filename.startsWith(`${base}/`) && scripts.has(base)) {
    const file = look(base);
    if (file !== undefined && typeof file !== "string" && file.isFile()) {
      return { filename: base, file, pathInfo: filename.slice(base.length) };
    }
  }
  const whole = look(filename);
  if (typeof whole === "string") return { filename, file: undefined, pathInfo: "", denied: whole };
  if (whole) return found(filename, whole);
  return climb(filename);
}

function found(filename: string, file: Stats): Walked {
  if (file.isDirectory() || file.isFile()) return { filename, file, pathInfo: "" };
  return { filename, file, pathInfo: "", denied: "is neither a file nor a directory" };
}

/** Looks for the longest part of the name that exists. */
function climb(filename: string): Walked {
  let below = filename.length;
  for (let end = filename.lastIndexOf("/"); end >= 0; end = filename.lastIndexOf("/", end - 1)) {
    const prefix = end === 0 ? "/" : filename.slice(0, end);
    const file = look(prefix);
    if (typeof file === "string") return { filename: prefix, file: undefined, pathInfo: "", denied: file };
    if (file?.isFile()) {
      if (scripts.size >= rememberedScripts) scripts.clear();
      scripts.add(prefix);
      return { filename: prefix, file, pathInfo: filename.slice(end) };
    }
    if (file?.isDirectory()) {
      const missing = filename.slice(0, below);
      if (lookAt(missing).link) return { filename: missing, file: undefined, pathInfo: "", denied: brokenLink };
      return { filename: filename.slice(0, below), file: undefined, pathInfo: filename.slice(below) };
    }
    if (file) return { filename: prefix, file, pathInfo: "", denied: "is neither a file nor a directory" };
    below = end;
    if (end === 0) break;
  }
  return { filename, file: undefined, pathInfo: "" };
}

/** What is at a name. */
interface Seen {
  /** Following links. Undefined: nothing there; text: why one may not look. */
  readonly file: Stats | undefined | string;
  /** What the name itself is, where that is a link. */
  readonly link?: Stats;
}

/** What was seen in the turn: requests that came together and name the same file look at it once. */
const seen = new Map<string, Seen>();
const mostSeen = 1024;
const turn = new Turn();
let turnSeen = 0;

function look(name: string): Stats | undefined | string {
  return lookAt(name).file;
}

function lookAt(name: string): Seen {
  const { number } = turn;
  if (number !== turnSeen) {
    turnSeen = number;
    seen.clear();
  } else {
    const known = seen.get(name);
    if (known) return known;
  }
  const found = lookNow(name);
  if (seen.size < mostSeen) seen.set(name, found);
  return found;
}

/** Few names are links, so whether one is costs no second look at the others. */
function lookNow(name: string): Seen {
  const path = fileSystemPath(name);
  let link: Stats | undefined;
  try {
    // Behind a slash, what a link leads to is meant.
    if (name.endsWith("/")) return { file: statSync(path, { throwIfNoEntry: false }) };
    const own = lstatSync(path, { throwIfNoEntry: false });
    if (!own?.isSymbolicLink()) return { file: own };
    link = own;
    return { file: statSync(path, { throwIfNoEntry: false }), link };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const file = code === "ENOTDIR" || code === "ENOENT" ? undefined : (code ?? String(error));
    return link ? { file, link } : { file };
  }
}

/**
 * Checks the links in a name against the Options in force where each stands: `optionsAt` gives those of a directory
 * without trailing slash. Returns the link that is refused.
 */
export function refusedLink(filename: string, optionsAt: (directory: string) => OptionSet): string | undefined {
  for (let slash = filename.indexOf("/", 1); ; slash = filename.indexOf("/", slash + 1)) {
    const name = slash < 0 ? filename : filename.slice(0, slash);
    const options = optionsAt(name.slice(0, name.lastIndexOf("/")));
    if (!options.FollowSymLinks && isRefusedLink(name, options.SymLinksIfOwnerMatch)) return name;
    if (slash < 0) return undefined;
  }
}

function isRefusedLink(name: string, ownerMatch: boolean): boolean {
  const { file, link } = lookAt(name);
  // What may not be looked at may be a link.
  if (!link) return typeof file === "string";
  return !ownerMatch || file === undefined || typeof file === "string" || file.uid !== link.uid;
}
