// Cache-Control and Pragma fields → what they ask for.
import type { Headers } from "../../api/index.js";

/** What Cache-Control says, in a request or in a response. Times in seconds; undefined: not said. */
export interface CacheControl {
  readonly noCache?: true;
  readonly noStore?: true;
  readonly isPrivate?: true;
  readonly isPublic?: true;
  readonly mustRevalidate?: true;
  readonly proxyRevalidate?: true;
  readonly onlyIfCached?: true;
  readonly maxAge?: number;
  readonly sharedMaxAge?: number;
  readonly minFresh?: number;
  /** Infinity: however stale. */
  readonly maxStale?: number;
  /** Names of fields that `no-cache="..."` and `private="..."` keep out of what is stored. */
  readonly unstored?: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const directive =
  /[\t ,]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)(=(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^_`|~0-9A-Za-z-]*)))?[\t ]*(?:,|$)/y;

/** Reads both fields; what does not read as a list of directives ends it, as in Apache. */
export function readCacheControl(control: string | undefined, pragma: string | undefined): CacheControl {
  const read: Mutable<CacheControl> = {};
  if (pragma !== undefined && directives(pragma).some(([name]) => name === "no-cache")) read.noCache = true;
  if (control !== undefined) for (const [name, value] of directives(control)) take(read, name, value);
  return read;
}

/** The Cache-Control of a response: that of `always` alone where it is there. */
export function controlOfResponse(headers: Headers, always: Headers | undefined): CacheControl {
  const [control, pragma] = controlFields(headers, always);
  return readCacheControl(control, pragma);
}

/** The two fields as they stand in a response. */
export function controlFields(
  headers: Headers,
  always: Headers | undefined,
): readonly [control: string | undefined, pragma: string | undefined] {
  const own = [always?.get("cache-control"), always?.get("pragma")] as const;
  return own[0] === undefined && own[1] === undefined ? [headers.get("cache-control"), headers.get("pragma")] : own;
}

function directives(text: string): (readonly [name: string, value: string | undefined])[] {
  const found: (readonly [string, string | undefined])[] = [];
  directive.lastIndex = 0;
  for (let match = directive.exec(text); match; match = directive.exec(text)) {
    const [, name = "", assigned, quoted, plain] = match;
    const value = assigned === undefined ? undefined : quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1");
    found.push([name.toLowerCase(), value]);
    if (directive.lastIndex >= text.length) break;
  }
  return found;
}

function take(read: Mutable<CacheControl>, name: string, value: string | undefined): void {
  const seconds = value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  switch (name) {
    case "no-cache":
      if (value === undefined) read.noCache = true;
      else read.unstored = [...(read.unstored ?? []), ...namesIn(value)];
      return;
    case "private":
      if (value === undefined) read.isPrivate = true;
      else read.unstored = [...(read.unstored ?? []), ...namesIn(value)];
      return;
    case "no-store":
      read.noStore = true;
      return;
    case "public":
      read.isPublic = true;
      return;
    case "must-revalidate":
      read.mustRevalidate = true;
      return;
    case "proxy-revalidate":
      read.proxyRevalidate = true;
      return;
    case "only-if-cached":
      read.onlyIfCached = true;
      return;
    case "max-age":
      if (seconds !== undefined) read.maxAge = seconds;
      return;
    case "s-maxage":
      if (seconds !== undefined) read.sharedMaxAge = seconds;
      return;
    case "min-fresh":
      if (seconds !== undefined) read.minFresh = seconds;
      return;
    case "max-stale":
      if (value === undefined) read.maxStale = Infinity;
      else if (seconds !== undefined) read.maxStale = seconds;
  }
}

function namesIn(value: string): string[] {
  return value.split(/[\t ,]+/).filter((name) => name !== "");
}
