// Request conditions → whether to answer in full, with 304 or with 412.
import type { Headers } from "./headers.js";
import { parseHttpDate } from "./http-date.js";

/** What conditions are asked of. Times are whole seconds since the epoch. */
export interface Validators {
  readonly etag: string | undefined;
  readonly lastModified: number;
  readonly now: number;
}

/** Whether a request has any condition at all, so that most need no further look. */
export function hasConditions(headers: Headers): boolean {
  return (
    headers.has("if-none-match") ||
    headers.has("if-modified-since") ||
    headers.has("if-match") ||
    headers.has("if-unmodified-since")
  );
}

/** The status conditions lead to (RFC 9110 section 13, in Apache's order), or undefined to answer in full. */
export function evaluateConditions(headers: Headers, isGet: boolean, validators: Validators): 304 | 412 | undefined {
  const { etag, lastModified, now } = validators;
  const ifMatch = headers.get("if-match");
  if (ifMatch !== undefined && !anyTag(ifMatch, etag, strongMatch)) return 412;
  const unmodifiedSince = headers.get("if-unmodified-since");
  const latest = parseHttpDate(unmodifiedSince);
  if (latest !== undefined && lastModified > latest) return 412;
  const ifNoneMatch = headers.get("if-none-match");
  let sameTag = false;
  if (ifNoneMatch !== undefined) {
    // A range of a representation that only weakly matches would not fit the rest.
    sameTag = anyTag(ifNoneMatch, etag, isGet && !headers.has("range") ? weakMatch : strongMatch);
    if (!sameTag) return undefined;
    if (!isGet) return 412;
  }
  // Apache answers in full where one condition calls for it, even if another does not.
  if (!isGet || unmodifiedSince !== undefined) return undefined;
  const modifiedSince = parseHttpDate(headers.get("if-modified-since"));
  if (modifiedSince === undefined) return sameTag ? 304 : undefined;
  return lastModified <= modifiedSince && modifiedSince <= now ? 304 : undefined;
}

function anyTag(field: string, etag: string | undefined, match: (a: string, b: string) => boolean): boolean {
  if (field.trimStart().startsWith("*")) return true;
  return etag !== undefined && listedTags(field).some((tag) => match(tag, etag));
}

/** Whether two tags are the same and both strong. */
function strongMatch(a: string, b: string): boolean {
  return a === b && !a.startsWith("W/");
}

/** Whether two tags are the same but for weakness. */
function weakMatch(a: string, b: string): boolean {
  return a.replace(/^W\//, "") === b.replace(/^W\//, "");
}

/** The tags of an If-Match or If-None-Match field, up to the first thing in it that is none. */
function listedTags(field: string): readonly string[] {
  const tags: string[] = [];
  const next = /\s*((?:W\/)?"[^"]*")\s*(?:,|$)/y;
  for (let match = next.exec(field); match; match = next.exec(field)) tags.push(match[1] ?? "");
  return tags;
}
