// Text of the bytes received → the head of a request, or the fault in it, by Apache's rules.
import { Headers } from "../../api/index.js";
import type { WireLimits } from "../exchange.js";
import { hasControls, mergedTooLong, readFields } from "./fields.js";
import { Head, spoil } from "./head.js";
import { isHostField } from "./host-field.js";
import { bad, isAuthority, readRequestLine, splitAbsolute } from "./request-line.js";

/** What the reader needs to know of the connection. */
export interface HeadRules {
  readonly limits: WireLimits;
  readonly secure: boolean;
  /** What the connection's last head said: clients mostly send the same fields again. */
  readonly memory: HeadMemory;
}

/** The fields of a head that was fine, as text and as read. */
export interface HeadMemory {
  fields: string;
  head: Head | undefined;
  /** A copy of its own, since the request may change what it was given. */
  headers: Headers;
}

export function newMemory(): HeadMemory {
  return { fields: "", head: undefined, headers: new Headers() };
}

/** Longest text of fields that is remembered for each connection. */
const rememberedLength = 4096;

/**
 * Reads a head from bytes[start, end), blank lines in front already skipped. Undefined while the bytes end before the
 * head does and nothing is wrong with what is there.
 */
export function readHead(bytes: Buffer, start: number, end: number, rules: HeadRules): Head | undefined {
  const { limits, secure, memory } = rules;
  const text = bytes.toString("latin1", start, end);
  const lf = text.indexOf("\n");
  if (lf < 0) return text.length > limits.requestLine + 2 ? overlong(text, limits) : undefined;
  const hasReturn = text.charCodeAt(lf - 1) === 0x0d;
  const lineEnd = hasReturn ? lf - 1 : lf;
  if (lineEnd > limits.requestLine + 1) return overlong(text, limits);
  const head = new Head();
  if (!hasReturn && limits.strict) {
    head.requestLine = text.slice(0, lf + 1);
    return spoil(head, bad("AH02423: the request line does not end in CR LF"), lf + 1);
  }
  const fault = readRequestLine(head, text.slice(0, lineEnd), limits);
  if (fault) {
    if (fault.hostKnown) takeAuthority(head, secure);
    return spoil(head, fault, lf + 1);
  }
  if (head.version === 9) {
    head.length = lf + 1;
    return head;
  }
  const fields = text.slice(lf + 1);
  if (fields === memory.fields && recall(head, memory, lf + 1 + fields.length)) return head;
  if (!readFields(head, { text, at: lf + 1, isSuspicious: hasControls(bytes, start + lf, end) }, limits))
    return undefined;
  check(head, rules);
  if (!head.fault && fields.length <= rememberedLength && head.length === text.length && isPath(head.target)) {
    memory.fields = fields;
    memory.head = head;
    memory.headers = head.headers.copy();
  }
  return head;
}

function isPath(target: string): boolean {
  return target.charCodeAt(0) === 0x2f;
}

/** Takes over what was read of the same text before; false where it may mean something else for this request line. */
function recall(head: Head, { head: known, headers }: HeadMemory, length: number): boolean {
  if (known?.version !== head.version || !isPath(head.target)) return false;
  head.headers = headers.copy();
  head.length = length;
  head.contentLength = known.contentLength;
  head.isChunked = known.isChunked;
  head.mustClose = known.mustClose;
  head.asksClose = known.asksClose;
  head.asksKeepAlive = known.asksKeepAlive;
  head.expectsContinue = known.expectsContinue;
  return true;
}

function check(head: Head, { limits, secure }: HeadRules): void {
  // Only a head longer than the limit can hold a field that is.
  if (!head.fault && head.length > limits.fieldSize) mergedTooLong(head, limits);
  if (!head.fault) checkFraming(head);
  if (!head.fault) checkHost(head, { secure, strict: limits.strict });
  if (!head.fault && head.expectation !== undefined) checkExpectation(head);
}

function overlong(text: string, limits: WireLimits): Head {
  const head = new Head();
  head.requestLine = text.slice(0, limits.requestLine + 1);
  const reason = `AH00565: the request line exceeds LimitRequestLine (${limits.requestLine})`;
  return spoil(head, { status: 414, reason }, text.length);
}

/** Content-Length and Transfer-Encoding (RFC 9112 section 6): never two ways to find the end of the body. */
function checkFraming(head: Head): void {
  const { lengthField, transferEncoding } = head;
  if (lengthField !== undefined) {
    const length = /^\d{1,40}$/.test(lengthField) ? BigInt(lengthField) : undefined;
    if (length === undefined || length > 0x7fff_ffff_ffff_ffffn) {
      spoil(head, bad(`AH10242: invalid Content-Length (${lengthField})`));
      return;
    }
    head.contentLength = Number(length);
  }
  if (transferEncoding === undefined) return;
  if (!/(?:^|,)[ \t]*chunked$/i.test(transferEncoding)) {
    spoil(head, bad(`AH02539: unknown Transfer-Encoding (${transferEncoding})`));
    return;
  }
  head.isChunked = true;
  if (lengthField !== undefined) {
    head.headers.delete("content-length");
    head.contentLength = undefined;
    head.mustClose = true;
  }
  if (head.version < 11) head.mustClose = true;
}

function checkHost(head: Head, { secure, strict }: { secure: boolean; strict: boolean }): void {
  const replaced = head.target.charCodeAt(0) !== 0x2f && takeAuthority(head, secure);
  const host = replaced ? (head.headers.get("host") ?? "") : head.host;
  const known = replaced ? ({ hostKnown: true } as const) : {};
  if (replaced ? !isAuthority(host, strict) : host !== "" && !isHostField(host, strict)) {
    spoil(head, { ...bad(`AH00550: malformed Host (${host})`), ...known });
  } else if (head.version >= 11 && (head.hostCount === 0 || (!replaced && host === ""))) {
    spoil(head, { ...bad("AH00569: HTTP/1.1 request without Host"), ...known });
  }
}

/** Puts the authority of an absolute target in the place of Host; false where the target has none for this server. */
function takeAuthority(head: Head, secure: boolean): boolean {
  const { method, target, headers } = head;
  if (method === "CONNECT") {
    headers.set("Host", target);
    return true;
  }
  const absolute = splitAbsolute(target);
  if (absolute?.authority === undefined || absolute.scheme !== (secure ? "https" : "http")) return false;
  headers.set("Host", absolute.authority);
  return true;
}

function checkExpectation(head: Head): void {
  const expectation = head.expectation ?? "";
  if (expectation === "") return;
  if (expectation.toLowerCase() !== "100-continue") {
    spoil(head, { status: 417, reason: `AH00570: unrecognized expectation ${expectation}`, hostKnown: true });
  } else if (head.version >= 11) {
    head.expectsContinue = true;
  }
}
