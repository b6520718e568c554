// The first line of a request → method, target and protocol; or the fault Apache finds in it.
import type { Fault, WireLimits } from "../exchange.js";
import type { Head } from "./head.js";
import { isHost } from "./host-field.js";

/** Methods seen to be tokens. */
const tokens = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"]);

/** A method or field name (RFC 9110 section 5.6.2). */
export const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const controls = /[\0-\x20\x7f]/;

/** Reads a line without its line end into `head`; gives the fault, if any. */
export function readRequestLine(head: Head, line: string, limits: WireLimits): Fault | undefined {
  head.requestLine = line;
  const first = line.indexOf(" ");
  const second = line.indexOf(" ", first + 1);
  const method = line.slice(0, first);
  const target = line.slice(first + 1, second);
  const protocol = line.slice(second + 1);
  if (
    first > 0 &&
    second > first &&
    (protocol === "HTTP/1.1" || protocol === "HTTP/1.0") &&
    tokens.has(method) &&
    target.charCodeAt(0) === 0x2f &&
    !controls.test(target) &&
    !target.includes("#")
  ) {
    head.method = method;
    head.target = target;
    head.protocol = protocol;
    head.version = protocol === "HTTP/1.1" ? 11 : 10;
    return undefined;
  }
  return readUnusual(head, line, limits);
}

/** The checks one by one, in Apache's order. */
function readUnusual(head: Head, line: string, limits: WireLimits): Fault | undefined {
  const [, before = "", method = "", gap = "", target = "", space = "", protocol = "", after = ""] =
    /^([ \t\v\f\r]*)([^ \t\v\f\r]*)([ \t\v\f\r]*)([^ \t\v\f\r]*)([ \t\v\f\r]*)([^ \t\v\f\r]*)([^]*)$/.exec(line) ?? [];
  head.method = method;
  head.target = target;
  // As Apache notes it, for logs.
  head.requestLine = [method, target, protocol + after]
    .filter((part) => part.trim() !== "")
    .join(" ")
    .trimEnd();
  const version = protocolOf(protocol, limits);
  const fault =
    faultOfBlanks(
      { before, gaps: gap + space + after, isSingle: gap.length < 2 && space.length < 2 && after === "" },
      limits,
    ) ??
    faultOfMethod(method, limits) ??
    (target === "" || controls.test(target)
      ? bad(`AH03454: the target is empty or has control characters: "${target}"`)
      : undefined) ??
    faultOfVersion(version, method, protocol) ??
    faultOfTarget(method, target, limits);
  // A faulty request is answered with a head, whatever it looks like.
  head.version = version === undefined || (fault && version === 9) ? 10 : version;
  head.protocol = head.version === 9 ? "HTTP/0.9" : /^HTTP\/[1-9]\.\d$/i.test(protocol) ? protocol : "HTTP/1.0";
  return fault;
}

interface Blanks {
  readonly before: string;
  /** Everything between and behind the parts. */
  readonly gaps: string;
  readonly isSingle: boolean;
}

function faultOfBlanks({ before, gaps, isSingle }: Blanks, { strict }: WireLimits): Fault | undefined {
  if (/[\t\v\f\r]/.test(gaps)) return bad("AH03447: the request line has blanks that are no spaces");
  if (before !== "") return bad("AH03446: the request line begins with blanks");
  if (strict && !isSingle) return bad("AH03448: the request line has more than single blanks");
  return gaps.trim() === "" ? undefined : bad("AH03449: the request line has words behind the protocol");
}

function faultOfMethod(method: string, { strict }: WireLimits): Fault | undefined {
  const isMethod = strict ? token.test(method) : /^[^\0-\x20\x7f]+$/.test(method);
  if (!isMethod) return bad(`AH03445: the method is no token: "${method}"`);
  if (tokens.size < 256 && method !== "CONNECT" && strict) tokens.add(method);
  return undefined;
}

function faultOfVersion(version: number | undefined, method: string, protocol: string): Fault | undefined {
  if (version === undefined) return bad(`AH02418: the request line ends in no protocol: "${protocol}"`);
  return version === 9 && method !== "GET" ? bad(`AH03444: HTTP/0.9 knows GET only, not "${method}"`) : undefined;
}

/** 9, 10 or 11; undefined where the text is no protocol the server speaks. */
function protocolOf(text: string, limits: WireLimits): 9 | 10 | 11 | undefined {
  if (text === "") return limits.allow09 ? 9 : undefined;
  if (text === "HTTP/1.0") return 10;
  if (/^HTTP\/[1-9]\.\d$/.test(text)) return 11;
  return !limits.strict && /^HTTP\/[1-9]\.\d$/i.test(text) ? 11 : undefined;
}

/** An absolute target, taken apart as far as the reader needs it. */
export interface AbsoluteTarget {
  readonly scheme: string;
  readonly userInfo: boolean;
  /** Host with port, without user information; undefined without "//". */
  readonly authority: string | undefined;
  readonly path: string;
}

/** Takes a target with a scheme apart; undefined for other forms. */
export function splitAbsolute(target: string): AbsoluteTarget | undefined {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):(?:\/\/([^/?#]*))?(.*)$/.exec(target);
  if (!parts) return undefined;
  const [, scheme = "", authority, path = ""] = parts;
  const at = authority?.lastIndexOf("@") ?? -1;
  return { scheme: scheme.toLowerCase(), userInfo: at >= 0, authority: authority?.slice(at + 1), path };
}

function faultOfTarget(method: string, target: string, { strict }: WireLimits): Fault | undefined {
  const unparsable = bad(`AH03450: the target is no URI: "${target}"`);
  if (method === "CONNECT") return /^(?:\[[^\]]*\]|[^:/?#[\]]+):\d+$/.test(target) ? undefined : unparsable;
  if (target === "*") return method === "OPTIONS" ? undefined : unparsable;
  const absolute = splitAbsolute(target);
  const hostKnown = absolute?.authority !== undefined && (absolute.scheme === "http" || absolute.scheme === "https");
  if (absolute?.authority !== undefined && !/^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/.test(absolute.authority))
    return unparsable;
  if (strict && target.includes("#")) return bad("AH02421: the target has a fragment");
  if (absolute?.userInfo) return { ...bad("AH02422: the target has a user name"), ...(hostKnown ? { hostKnown } : {}) };
  const path = absolute ? absolute.path : target;
  return path === "" || path.startsWith("/") || path.startsWith("?") ? undefined : unparsable;
}

/** Whether the host of an authority is one; the port may be missing or of any size. */
export function isAuthority(authority: string, strict: boolean): boolean {
  const host = authority.replace(/:\d*$/, "");
  return host === "" || isHost(host, strict);
}

/** A 400 for that reason. */
export function bad(reason: string, note?: string): Fault {
  return note === undefined ? { status: 400, reason } : { status: 400, reason, note };
}
