// The table of media types: that of mime-db, or a TypesConfig file.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { ReadOnce } from "../../api/index.js";

interface DatabaseEntry {
  readonly source?: "iana" | "apache" | "nginx";
  readonly extensions?: readonly string[];
}

/** Media types by extension, in lower case without dot. */
export type TypeTable = ReadonlyMap<string, string>;

let database: TypeTable | undefined;

/** The types of mime-db; read when first asked for. */
export function databaseTypes(): TypeTable {
  return (database ??= readDatabase());
}

/** Reads a file of lines `type extension ...`, as it was when the configuration was loaded. Throws the error of the file system. */
export function readTypes(file: string, readOnce: ReadOnce): TypeTable {
  const types = new Map<string, string>();
  const [text = ""] = readOnce(`mod_mime: ${file}`, () => [readFileSync(file, "latin1")]);
  for (const line of text.split("\n")) {
    const [type = "", ...extensions] = line
      .replace(/^\s*#.*/, "")
      .trim()
      .split(/\s+/);
    for (const extension of extensions) types.set(extension.toLowerCase(), type);
  }
  return types;
}

function readDatabase(): TypeTable {
  const entries = createRequire(import.meta.url)("mime-db") as Readonly<Record<string, DatabaseEntry>>;
  const best = new Map<string, { readonly type: string; readonly score: number }>();
  for (const [type, entry] of Object.entries(entries)) {
    for (const extension of entry.extensions ?? []) {
      const score = scoreOf(type, entry);
      if (score > (best.get(extension)?.score ?? -1)) best.set(extension, { type, score });
    }
  }
  return new Map([...best].map(([extension, { type }]) => [extension, type]));
}

/** Several types may claim an extension: registered ones win, then those that are no vendor's, then the more telling. */
function scoreOf(type: string, { source }: DatabaseEntry): number {
  if (type === "application/octet-stream") return 0;
  const [group = "", name = ""] = type.split("/");
  const registered = source === "iana" ? 40 : source === "apache" ? 20 : 10;
  const plain = /^(?:vnd|prs|x)[.-]/.test(name) ? 0 : 4;
  // What a browser shows by itself; but XML and the like are data first.
  const shown =
    group === "video" || group === "audio" || group === "image" || group === "font" || name === "javascript";
  return registered + plain + (shown ? 2 : group === "application" ? 1 : 0);
}
