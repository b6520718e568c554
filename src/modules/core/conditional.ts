// Request conditions → whether to answer in full, with 304 or with 412.
import type { Headers } from "../../api/index.js";
import { listedTags, strongMatch, weakMatch } from "./etag.js";

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
  const latest = parseDate(unmodifiedSince);
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
  const modifiedSince = parseDate(headers.get("if-modified-since"));
  if (modifiedSince === undefined) return sameTag ? 304 : undefined;
  return lastModified <= modifiedSince && modifiedSince <= now ? 304 : undefined;
}

/** Whether If-Range lets a range be answered with a part: the same strong tag, or the very date of a settled file. */
export function ifRangeHolds(headers: Headers, { etag, lastModified, now }: Validators): boolean {
  const condition = headers.get("if-range");
  if (condition === undefined) return true;
  if (condition.startsWith('"') || condition.startsWith("W/"))
    return etag !== undefined && strongMatch(condition, etag);
  return parseDate(condition) === lastModified && now - lastModified >= 60;
}

function anyTag(field: string, etag: string | undefined, match: (a: string, b: string) => boolean): boolean {
  if (field.trimStart().startsWith("*")) return true;
  return etag !== undefined && listedTags(field).some((tag) => match(tag, etag));
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const forms = [
  /^\s*\S+ (?<day>\d\d) (?<month>[a-z]{3}) (?<year>\d{4}) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) /i,
  /^\s*\S+ (?<day>\d\d)-(?<month>[a-z]{3})-(?<year>\d\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) /i,
  /^\s*\S+ (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<h>\d\d):(?<m>\d\d):(?<s>\d\d) (?<year>\d{4})/i,
];

/** Seconds since the epoch of an HTTP date in any of its three forms; undefined for anything else. */
export function parseDate(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const groups = (forms[0]?.exec(text) ?? forms[1]?.exec(text) ?? forms[2]?.exec(text))?.groups;
  const { day = "", month = "", year = "", h = "", m = "", s = "" } = groups ?? {};
  const monthIndex = months.indexOf(month.toLowerCase());
  if (!groups || monthIndex < 0 || Number(h) > 23 || Number(m) > 59 || Number(s) > 61) return undefined;
  const short = Number(year);
  const full = year.length === 4 ? short : short < 70 ? short + 2000 : short + 1900;
  const midnight = new Date(Date.UTC(full, monthIndex, Number(day)));
  // A day the month does not have is no date.
  if (midnight.getUTCMonth() !== monthIndex) return undefined;
  return midnight.getTime() / 1000 + Number(h) * 3600 + Number(m) * 60 + Number(s);
}
