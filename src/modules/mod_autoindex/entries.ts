// A directory → the entries of its listing, sorted.
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { fileSystemPath, globToRegExp, type Lookup, type Request } from "../../api/index.js";
import type { Option } from "./options.js";
import { autoindex, type AutoindexSettings, type Item } from "./settings.js";

/** One line of a listing. Names are latin1 strings of bytes. */
export interface Entry {
  readonly name: string;
  readonly icon: string | undefined;
  readonly alt: string | undefined;
  readonly description: string | undefined;
  /** -1 for directories. */
  readonly size: number;
  /** Milliseconds since the epoch; undefined for the parent. */
  readonly modified: number | undefined;
  readonly isFolder: boolean;
  readonly isParent?: true;
}

/** What a listing is made by. */
export interface Wanted {
  readonly options: ReadonlySet<Option>;
  readonly key: string;
  readonly direction: string;
  readonly pattern: string | undefined;
}

/** Names looked up before others get a turn. */
const batch = 200;

/** Reads and sorts the entries; the file name ends with a slash. Throws the error of the file system. */
export async function readEntries(request: Request, wanted: Wanted): Promise<readonly Entry[]> {
  const settings = request.settings(autoindex);
  const folder = request.filename;
  const listed = readdirSync(fileSystemPath(folder), { encoding: "latin1" });
  const pattern = wanted.pattern === undefined ? undefined : globToRegExp(wanted.pattern, { period: true });
  const entries: Entry[] = [];
  const parent = parentEntry(request, folder, settings);
  if (parent) entries.push(parent);
  let done = 0;
  for (const name of listed) {
    if (pattern && !pattern.test(name)) continue;
    if (isIgnored(folder, name, settings)) continue;
    if (++done % batch === 0) await new Promise((resolve) => setImmediate(resolve));
    const found = request.lookupFile(folder + name);
    const entry = makeEntry(name, found instanceof Promise ? await found : found, { settings, wanted });
    if (entry) entries.push(entry);
  }
  return entries.sort(comparison(wanted));
}

function isIgnored(folder: string, name: string, { ignored }: AutoindexSettings): boolean {
  return ignored.patterns.some(({ matches, within }) => matches.test(name) && (within?.test(folder + name) ?? true));
}

function parentEntry({ path }: Request, folder: string, settings: AutoindexSettings): Entry | undefined {
  if (path === "/" || isIgnored(folder, "..", settings)) return undefined;
  const self = `${folder}..`;
  return {
    name: path.replace(/[^/]*\/?$/, ""),
    icon: byPath(self, settings.icons) ?? special("^^DIRECTORY^^", settings.icons),
    alt: byPath(self, settings.alts) ?? special("^^DIRECTORY^^", settings.alts) ?? "PARENTDIR",
    description: describe(self, settings),
    size: -1,
    modified: undefined,
    isFolder: true,
    isParent: true,
  };
}

function makeEntry(
  name: string,
  { request: found, status }: Lookup,
  { settings, wanted: { options } }: { readonly settings: AutoindexSettings; readonly wanted: Wanted },
): Entry | undefined {
  const { file, filename } = found;
  const shown = status < 400 || (options.has("ShowForbidden") && (status === 401 || status === 403));
  if (!file || !shown || (!file.isDirectory() && !file.isFile())) return undefined;
  const isFolder = file.isDirectory();
  const whole = filename.endsWith("/") ? filename.slice(0, -1) : filename;
  const description = describe(whole, settings) ?? (options.has("ScanHTMLTitles") ? titleOf(found) : undefined);
  const modified = file.mtimeMs;
  if (isFolder) {
    const icon = byPath(whole, settings.icons) ?? special("^^DIRECTORY^^", settings.icons);
    const alt = byPath(whole, settings.alts) ?? special("^^DIRECTORY^^", settings.alts) ?? "DIR";
    return { name: `${name}/`, icon, alt, description, size: -1, modified, isFolder };
  }
  const icon = byRequest(found, settings.icons);
  const alt = byRequest(found, settings.alts);
  return { name, icon, alt, description, size: file.size, modified, isFolder };
}

/** The item for "^^DIRECTORY^^" or "^^BLANKICON^^", whatever kind it is and wherever it stands. */
export function special(name: string, items: readonly Item[]): string | undefined {
  return items.find(({ matches }) => matches.test(name))?.data;
}

function byPath(path: string, items: readonly Item[]): string | undefined {
  return items.find(({ by, matches, within }) => by === "path" && matches.test(path) && (within?.test(path) ?? true))
    ?.data;
}

function byRequest({ filename, contentType, contentEncoding }: Request, items: readonly Item[]): string | undefined {
  if (items.length === 0) return undefined;
  const type = contentType?.replace(/\s*;.*$/s, "");
  const encoding = contentEncoding.length > 0 ? contentEncoding.join(", ") : undefined;
  const fits = ({ by, matches, within }: Item): boolean => {
    const text = by === "path" ? filename : by === "encoding" ? encoding : encoding === undefined ? type : undefined;
    return text !== undefined && matches.test(text) && (within?.test(filename) ?? true);
  };
  return items.find(fits)?.data;
}

function describe(path: string, { descriptions }: AutoindexSettings): string | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return descriptions.find(({ matches, full }) => {
    const text = full ? path : name;
    return typeof matches === "string" ? text.includes(matches) : matches.test(text);
  })?.text;
}

/** Bytes of a file looked through for its title. */
const scanned = 8191;

function titleOf({ filename, contentType, contentEncoding }: Request): string | undefined {
  if (contentEncoding.length > 0 || !/^(?:text\/html|application\/xhtml\+xml)\s*(?:;|$)/i.test(contentType ?? ""))
    return undefined;
  const start = Buffer.alloc(scanned);
  let length = 0;
  try {
    const file = openSync(fileSystemPath(filename), "r");
    try {
      length = readSync(file, start, 0, scanned, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
  const title = /<title>([^<]*)/i.exec(start.toString("latin1", 0, length))?.[1];
  return title?.replace(/^[\r\n]+/, "").replace(/[\r\n]/g, " ");
}

function comparison({ options, key, direction }: Wanted): (a: Entry, b: Entry) => number {
  const natural = options.has("VersionSort");
  const folded = options.has("IgnoreCase");
  const text = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  const byName = (a: string, b: string): number =>
    (natural && folded ? naturally(upper(a), upper(b)) : 0) ||
    (natural ? naturally(a, b) : 0) ||
    (folded ? text(lower(a), lower(b)) : 0) ||
    text(a, b);
  // A plain list shows names alone, and is sorted by them alone.
  const isPlain = !options.has("FancyIndexing") && !options.has("HTMLTable");
  const foldersFirst = options.has("FoldersFirst") && !isPlain;
  const byKey = (a: Entry, b: Entry): number => {
    if (isPlain) return 0;
    if (key === "M") return (a.modified ?? 0) - (b.modified ?? 0);
    if (key === "S") return a.size - b.size;
    if (key === "D") return (natural ? naturally : text)(a.description ?? "", b.description ?? "");
    return 0;
  };
  return (a, b) => {
    if (a.isParent) return -1;
    if (b.isParent) return 1;
    if (foldersFirst && a.isFolder !== b.isFolder) return a.isFolder ? -1 : 1;
    const [first, second] = direction === "A" ? [a, b] : [b, a];
    return byKey(first, second) || byName(first.name, second.name);
  };
}

/** Letters of ASCII alone have a case: names are bytes. */
const upper = (text: string): string => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
const lower = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/**
 * Compares numbers in texts as numbers; those that begin with 0 as fractions. Bytes above 127 come before all others, as in
 * Apache, to which they are negative.
 */
function naturally(a: string, b: string): number {
  let [i, j] = [0, 0];
  for (;;) {
    while (/\s/.test(a[i] ?? "")) i++;
    while (/\s/.test(b[j] ?? "")) j++;
    const [x = "", y = ""] = [/^\d+/.exec(a.slice(i))?.[0], /^\d+/.exec(b.slice(j))?.[0]];
    if (x !== "" && y !== "") {
      const isFraction = x.startsWith("0") || y.startsWith("0");
      const result = isFraction ? (x < y ? -1 : x > y ? 1 : 0) : x.length - y.length || (x < y ? -1 : x > y ? 1 : 0);
      if (result !== 0) return result;
      i += x.length;
      j += y.length;
      continue;
    }
    const [c, d] = [signed(a.charCodeAt(i)), signed(b.charCodeAt(j))];
    if (c !== d) return c - d;
    if (i >= a.length && j >= b.length) return 0;
    i++;
    j++;
  }
}

/** A byte as C's char; 0 behind the end of a text. */
function signed(byte: number): number {
  return byte > 127 ? byte - 256 : byte || 0;
}
