// A kept response ↔ the bytes of its file: a line of JSON, and behind it the body if that is small.
import { Headers } from "../../api/index.js";
import type { EntryHead } from "./store.js";

/** The line of a file that holds a response. `body`: bytes behind the line, or the name of a file beside this one. */
export interface EntryLine extends EntryHead {
  readonly kind: "response";
  readonly body: { readonly inline: number } | { readonly file: string; readonly length: number } | null;
}

/** The line of a file that names what a URL's responses vary by. */
export interface VaryLine {
  readonly kind: "vary";
  readonly key: string;
  readonly names: readonly string[];
  /** Responses of before that time count for nothing. */
  readonly invalidated?: number;
}

const format = 1;

/** The content of a file. */
export function entryBytes(line: EntryLine | VaryLine, inline: Buffer | undefined): Buffer {
  const head = Buffer.from(`${JSON.stringify({ format, ...line })}\n`, "utf8");
  return inline === undefined ? head : Buffer.concat([head, inline]);
}

/** What a file holds; undefined for one that is not whole, or of another version. */
export function parseEntry(bytes: Buffer): { readonly line: EntryLine | VaryLine; readonly rest: Buffer } | undefined {
  const end = bytes.indexOf(10);
  if (end < 0) return undefined;
  let line: (EntryLine | VaryLine) & { readonly format?: unknown };
  try {
    line = JSON.parse(bytes.toString("utf8", 0, end)) as EntryLine | VaryLine;
  } catch {
    return undefined;
  }
  if (line.format !== format || (line.kind !== "response" && line.kind !== "vary")) return undefined;
  const rest = bytes.subarray(end + 1);
  const inline = line.kind === "response" && line.body && "inline" in line.body ? line.body.inline : 0;
  return rest.length === inline ? { line, rest } : undefined;
}

/** The names of a Vary field, sorted, in lower case. */
export function varyNames(headers: Headers): readonly string[] {
  const names =
    headers
      .get("vary")
      ?.toLowerCase()
      .split(/[\s,]+/) ?? [];
  return [...new Set(names.filter((name) => name !== ""))].sort();
}

/** The key of one variant: what the request says in those fields, in front of the key of the URL. */
export function variantKey(key: string, names: readonly string[], asked: Headers): string {
  return JSON.stringify([...names.map((name) => [name, asked.get(name) ?? null]), key]);
}
