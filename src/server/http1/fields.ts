// The lines behind the request line → header fields; or the fault Apache finds in them.
import type { WireLimits } from "../exchange.js";
import { spoil, type Head } from "./head.js";
import { bad, token } from "./request-line.js";

type Meaning = "" | "host" | "content-length" | "transfer-encoding" | "connection" | "expect";

interface KnownName {
  readonly key: string;
  /** The field, where the reader itself looks at it. */
  readonly meaning: Meaning;
}

const meanings: ReadonlySet<string> = new Set(["host", "content-length", "transfer-encoding", "connection", "expect"]);

/** Names seen to be tokens, as spelled; clients use few. */
const names = new Map<string, KnownName>();
const rememberedNames = 1024;

// eslint-disable-next-line no-control-regex
const badValue = /[\0-\x08\n-\x1f\x7f]/;
// What Unsafe refuses too: it would end the field when it is passed on.

const harmfulValue = /[\0\r\n]/;

const lenientName = /^[^\0-\x20\x7f:]+$/;

const tooLong = "Size of a request header field exceeds server limit.";
const tooMany = "The number of request header fields exceeds this server's limit.";

/** The lines to read: `text` from `at`. `isSuspicious`: there are control characters, so values must be looked at. */
export interface FieldLines {
  readonly text: string;
  readonly at: number;
  readonly isSuspicious: boolean;
}

/** Whether bytes[start, end) hold a control character but TAB and line ends; one pass for all fields. */
export function hasControls(bytes: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number;
    if (byte < 0x20) {
      if (byte !== 0x09 && byte !== 0x0a && (byte !== 0x0d || bytes[i + 1] !== 0x0a)) return true;
    } else if (byte === 0x7f) return true;
  }
  return false;
}

/**
 * Reads fields into `head`, and sets `head.length` to what was read. False when the text ends before the empty line
 * and no fault was found. A field at the end of the text is not judged, since the next line may continue it.
 */
export function readFields(head: Head, lines: FieldLines, limits: WireLimits): boolean {
  const { text, isSuspicious } = lines;
  let { at } = lines;
  let count = 0;
  for (;;) {
    const lf = text.indexOf("\n", at);
    if (lf < 0) return isTooLong(text.length - at - 1, limits) && failSize(head, text.length);
    let end = lf;
    if (lf > at && text.charCodeAt(lf - 1) === 0x0d) end--;
    else if (limits.strict) return fail(head, lf + 1, bad("AH02424: a header line does not end in CR LF"));
    if (end === at) {
      head.length = lf + 1;
      return true;
    }
    if (isTooLong(end - at, limits)) return failSize(head, lf + 1);
    const next = text.charCodeAt(lf + 1);
    if (Number.isNaN(next)) return false;
    if (next === 0x20 || next === 0x09) {
      const folded = unfold(head, text, at, limits);
      if (typeof folded === "boolean") return folded;
      if (limits.fields !== 0 && ++count > limits.fields) return failCount(head, folded.end);
      head.length = folded.end;
      if (!addField(head, { text: folded.line, at: 0, isSuspicious: true }, folded.line.length, limits)) return true;
      at = folded.end;
      continue;
    }
    if (limits.fields !== 0 && ++count > limits.fields) return failCount(head, lf + 1);
    head.length = lf + 1;
    if (!addField(head, { text, at, isSuspicious }, end, limits)) return true;
    at = lf + 1;
  }
}

/** Apache lets one byte more pass than it says. */
function isTooLong(length: number, limits: WireLimits): boolean {
  return length > limits.fieldSize + 1;
}

function failSize(head: Head, length: number): true {
  return fail(head, length, bad("AH00561: a header field exceeds LimitRequestFieldSize", tooLong));
}

function failCount(head: Head, length: number): true {
  return fail(head, length, bad("AH00563: more header fields than LimitRequestFields", tooMany));
}

function fail(head: Head, length: number, fault: ReturnType<typeof bad>): true {
  spoil(head, fault, length);
  return true;
}

/** Adds the field that ends at `end`; false, with the fault set, where it is none. */
function addField(head: Head, { text, at, isSuspicious }: FieldLines, end: number, limits: WireLimits): boolean {
  const colon = text.indexOf(":", at);
  if (colon <= at || colon >= end) return !spoil(head, malformedName(text.slice(at, end)));
  const name = text.slice(at, colon);
  const known = names.get(name) ?? learn(name, limits.strict);
  if (!known) return !spoil(head, malformedName(text.slice(at, end)));
  let from = colon + 1;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  const value = text.slice(from, to);
  if (isSuspicious && (limits.strict ? badValue : harmfulValue).test(value)) {
    spoil(head, bad(`AH02427: the value of header field ${name} has control characters`));
    return false;
  }
  head.headers.appendKnown(name, known.key, value);
  if (known.meaning !== "") note(head, known.meaning, value);
  return true;
}

function malformedName(line: string): ReturnType<typeof bad> {
  return bad(`AH02426: a header field has no valid name: ${line.slice(0, 80)}`);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function learn(name: string, strict: boolean): KnownName | undefined {
  if (!token.test(name))
    return !strict && lenientName.test(name) ? { key: name.toLowerCase(), meaning: "" } : undefined;
  const key = name.toLowerCase();
  const known: KnownName = { key, meaning: meanings.has(key) ? (key as Meaning) : "" };
  if (names.size >= rememberedNames) names.clear();
  // A copy, so that the map does not keep the whole head in memory.
  names.set(Buffer.from(name, "latin1").toString("latin1"), known);
  return known;
}

function note(head: Head, meaning: Meaning, value: string): void {
  if (meaning === "host") {
    head.host = head.hostCount++ === 0 ? value : `${head.host}, ${value}`;
  } else if (meaning === "connection") {
    noteConnection(head, value);
  } else if (meaning === "content-length") {
    head.lengthField = head.lengthField === undefined ? value : `${head.lengthField}, ${value}`;
  } else if (meaning === "transfer-encoding") {
    head.transferEncoding = head.transferEncoding === undefined ? value : `${head.transferEncoding}, ${value}`;
  } else {
    head.expectation = head.expectation === undefined ? value : `${head.expectation}, ${value}`;
  }
}

function noteConnection(head: Head, value: string): void {
  if (value === "keep-alive" || value === "Keep-Alive") head.asksKeepAlive = true;
  else if (value === "close") head.asksClose = true;
  else {
    if (/(?:^|[\s,"])close(?:$|[\s,;"])/i.test(value)) head.asksClose = true;
    if (/(?:^|[\s,"])keep-alive(?:$|[\s,;"])/i.test(value)) head.asksKeepAlive = true;
  }
}

/** A field with the lines that continue it, joined by single blanks; true with a fault set, false when incomplete. */
function unfold(head: Head, text: string, start: number, limits: WireLimits): { line: string; end: number } | boolean {
  const first = text.charCodeAt(start);
  if (isBlank(first)) return fail(head, start, bad("AH03442: a line is folded before the first header field"));
  let line = "";
  let at = start;
  do {
    const lf = text.indexOf("\n", at);
    if (lf < 0) return isTooLong(text.length - at - 1, limits) && failSize(head, text.length);
    const hasReturn = lf > at && text.charCodeAt(lf - 1) === 0x0d;
    if (!hasReturn && limits.strict) return fail(head, lf + 1, bad("AH02424: a header line does not end in CR LF"));
    const part = text.slice(at, hasReturn ? lf - 1 : lf);
    if (at !== start && part.trim() === "") return fail(head, lf + 1, bad("AH03443: a folded line is empty"));
    // Apache counts the blanks in front of a continuation, and a byte for its end.
    if (isTooLong(part.length, limits) || (at !== start && line.length + part.length + 1 >= limits.fieldSize)) {
      return fail(head, lf + 1, bad("AH00562: a header field exceeds LimitRequestFieldSize after folding", tooLong));
    }
    line = at === start ? part : `${line.trimEnd()} ${part.trim()}`;
    at = lf + 1;
  } while (isBlank(text.charCodeAt(at)));
  return at < text.length ? { line, end: at } : false;
}

/** The fault of a field whose values together are over the limit, which Apache applies after joining them. */
export function mergedTooLong(head: Head, limits: WireLimits): boolean {
  const sizes = new Map<string, number>();
  let isTooLong = false;
  head.headers.forEach((_name, value, key) => {
    const before = sizes.get(key);
    const size = before === undefined ? value.length : before + 2 + value.length;
    sizes.set(key, size);
    if (before !== undefined && size > limits.fieldSize) isTooLong = true;
  });
  if (isTooLong) spoil(head, bad("AH00560: a header field exceeds LimitRequestFieldSize after merging", tooLong));
  return isTooLong;
}
