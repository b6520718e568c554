// What extensions say of files: how lines add up, and how sections lie over each other.
import { appended, byteString, overlaid, type Setting } from "../../api/index.js";

/** What one extension says; a type of "" hides the one of the table. */
export interface Meaning {
  readonly type?: string;
  readonly handler?: string;
  readonly charset?: string;
  readonly language?: string;
  readonly encoding?: string;
  /** Names of filters, in upper case. */
  readonly outputFilters?: readonly string[];
  readonly inputFilters?: readonly string[];
}

/** Meanings by extension, and those taken back from outer sections. */
export interface Mappings {
  readonly added: Readonly<Record<string, Meaning>>;
  readonly removed: readonly { readonly extension: string; readonly attribute: keyof Meaning }[];
}

export const mappings: Setting<Mappings> = {
  initial: { added: {}, removed: [] },
  add: (earlier, later) => ({
    added: overlaid(earlier.added, over(earlier.added, later.added)),
    removed: appended(earlier.removed, later.removed),
  }),
  // What a section removes it removes from its own lines too, wherever they stand.
  nest: (outer, inner) => ({ added: without(overlay(outer.added, inner.added), inner.removed), removed: [] }),
};

/** An extension as it is looked up: without its dot, in lower case. */
export function extensionOf(text: string): string {
  return byteString(text).replace(/^\./, "").toLowerCase();
}

/** The change that gives extensions a meaning. */
export function meaning(extensions: readonly string[], value: Meaning): { readonly mappings: Mappings } {
  return { mappings: { added: Object.fromEntries(extensions.map((each) => [extensionOf(each), value])), removed: [] } };
}

/** The change that takes a meaning back. */
export function noMeaning(extensions: readonly string[], attribute: keyof Meaning): { readonly mappings: Mappings } {
  const removed = extensions.map((each) => ({ extension: extensionOf(each), attribute }));
  return { mappings: { added: {}, removed } };
}

function overlay(below: Mappings["added"], above: Mappings["added"]): Mappings["added"] {
  return { ...below, ...over(below, above) };
}

/** What is above, with what it lies over. */
function over(below: Mappings["added"], above: Mappings["added"]): Mappings["added"] {
  const entries = Object.entries(above);
  return Object.fromEntries(entries.map(([extension, value]) => [extension, { ...below[extension], ...value }]));
}

function without(added: Mappings["added"], removed: Mappings["removed"]): Mappings["added"] {
  const result: Record<string, Meaning> = { ...added };
  for (const { extension, attribute } of removed) {
    const kept = Object.entries(result[extension] ?? {}).filter(([name]) => name !== attribute);
    result[extension] = Object.fromEntries(kept);
  }
  return result;
}
