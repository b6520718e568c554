// A Range field → the parts of a body to send.
import { randomBytes } from "node:crypto";
import { parseHttpDate, type FileSlice, type Headers } from "../api/index.js";

/** Bytes from `start` to `end`, both included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** MaxRanges and its like; Infinity without limit. */
export interface RangeLimits {
  readonly ranges: number;
  readonly overlaps: number;
  readonly reversals: number;
}

/**
 * The ranges to send of a body of `length` bytes, those that touch the one before them merged into it; "whole" where the
 * field is to be ignored, "unsatisfiable" for 416. Any fault in the field makes it be ignored, as in Apache.
 */
export function readRanges(
  field: string,
  length: number,
  limits: RangeLimits,
): readonly Range[] | "whole" | "unsatisfiable" {
  if (length === 0 || !/^bytes=/i.test(field) || limits.ranges === 0) return "whole";
  const merged: { start: number; end: number }[] = [];
  let unsatisfiable = false;
  let overlaps = 0;
  let reversals = 0;
  const specs = field.slice(6).replace(/,+/g, ",").replace(/,$/, "").split(",");
  for (const spec of specs) {
    const range = readRange(spec, length);
    if (range === undefined) return "whole";
    if (range.start >= length) {
      unsatisfiable = true;
      continue;
    }
    const last = merged.at(-1);
    if (last && range.start <= last.end + 1 && range.end >= last.start - 1) {
      overlaps++;
      if (range.start < last.start) reversals++;
      last.start = Math.min(last.start, range.start);
      last.end = Math.max(last.end, range.end);
    } else {
      merged.push({ start: range.start, end: range.end });
    }
    if (merged.length > limits.ranges || overlaps > limits.overlaps || reversals > limits.reversals) return "whole";
  }
  if (merged.length === 0) return unsatisfiable ? "unsatisfiable" : "whole";
  const sum = merged.reduce((total, { start, end }) => total + end - start + 1, 0);
  return sum > length ? "whole" : merged;
}

function readRange(spec: string, length: number): Range | undefined {
  const match = /^(\d*)-(\d*)$/.exec(spec);
  if (!match) return undefined;
  const [first, last] = [match[1] ?? "", match[2] ?? ""];
  const [from, to] = [Number(first), Number(last)];
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return undefined;
  if (first === "") return to < 1 ? undefined : { start: Math.max(0, length - to), end: length - 1 };
  if (last === "") return { start: from, end: length - 1 };
  return from > to ? undefined : { start: from, end: Math.min(to, length - 1) };
}

/** The same for all responses of this process, as in Apache. */
const boundary = randomBytes(8).toString("hex");

/** Value of Content-Type for a body of several ranges. */
export const byterangesType = `multipart/byteranges; boundary=${boundary}`;

/** Value of Content-Range. */
export function contentRange({ start, end }: Range, length: number): string {
  return `bytes ${start}-${end}/${length}`;
}

/** The bytes of one range of a body: a part of the buffer, or of the file. */
export function sliceOf(whole: Buffer | FileSlice, { start, end }: Range): Buffer | FileSlice {
  if (Buffer.isBuffer(whole)) return whole.subarray(start, end + 1);
  return { path: whole.path, offset: whole.offset + start, length: end - start + 1 };
}

/** A multipart/byteranges body; the spelling of the part fields is Apache's. */
export function multipart(
  whole: Buffer | FileSlice,
  ranges: readonly Range[],
  contentType: string | undefined,
): readonly (Buffer | FileSlice)[] {
  const parts: (Buffer | FileSlice)[] = [];
  const type = contentType === undefined ? "" : `Content-type: ${contentType}\r\n`;
  for (const range of ranges) {
    const head = `\r\n--${boundary}\r\n${type}Content-range: ${contentRange(range, whole.length)}\r\n\r\n`;
    parts.push(Buffer.from(head, "latin1"), sliceOf(whole, range));
  }
  parts.push(Buffer.from(`\r\n--${boundary}--\r\n`, "latin1"));
  return parts;
}

/**
 * Whether If-Range lets a range be answered with a part: the same strong tag, or the very date of a settled file. Times
 * are whole seconds since the epoch.
 */
export function ifRangeHolds(
  headers: Headers,
  {
    etag,
    lastModified,
    now,
  }: { readonly etag: string | undefined; readonly lastModified: number; readonly now: number },
): boolean {
  const condition = headers.get("if-range");
  if (condition === undefined) return true;
  if (condition.startsWith('"') || condition.startsWith("W/")) return condition === etag && !etag.startsWith("W/");
  return parseHttpDate(condition) === lastModified && now - lastModified >= 60;
}
