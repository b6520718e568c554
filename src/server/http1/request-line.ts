// The first line of a request → method, target and protocol; or the fault Apache finds in it.
import type { Fault, WireLimits } from "../exchange.js";
import type { Head } from "./head.js";
import { isHost } from "./host-field.js";

/** Methods seen to be tokens. */
const tokens = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND"]);

/** A method or field name (RFC 9110 section 5.6.2). */
export const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

// eslint-disable-next-line no-control-regex
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
    /^([ \t\v\f\r]*)([^ \t\v\f\r]*)([ \t\v\f\r]*)([^ \t\v\f\r]*)([ \t\v\f\r]*)([^\t\v\f\r ]*)([^]*)$/.exec(line) ?? [];
  head.method = method;
  head.target = target;
  const version = protocolOf(protocol, limits);
  head.version = version ?? 10;
  head.protocol = version === 9 ? "HTTP/0.9" : /^HTTP\/\d\.\d$/i.test(protocol) && !/^HTTP\/0/.test(protocol) ? protocol : "HTTP/1.0";
  const tail = /^[ \t\v\f\r]*$/.test(after) ? "" : after;
  if (limits.strict && (before !== "" || gap.length > 1 || space.length > 1 || after !== "" || /[\t\v\f\r]/.test(gap + space))) {
    head.version = 10;
    return bad("AH03448: the request line has more than single blanks");
  }
  if (tail !== "") return bad("AH03449: the request line has words behind the protocol");
  if (!token.test(method)) return bad(`AH03445: the method is no token: "${method}"`);
  if (tokens.size < 256) tokens.add(method);
  if (target === "" || controls.test(target)) return bad(`AH03454: the target is empty or has control characters: "${target}"`);
  if (version === undefined) return bad(`AH02418: the request line ends in no protocol: "${protocol}"`);
  if (version === 9 && method !== "GET") {
    head.protocol = "HTTP/1.0";
    return bad(`AH03444: HTTP/0.9 knows GET only, not "${method}"`);
  }
  return faultOfTarget(method, target);
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

function faultOfTarget(method: string, target: string): Fault | undefined {
  const unparsable = bad(`AH03450: the target is no URI: "${target}"`);
  if (method === "CONNECT") return /^(?:\[[^\]]*\]|[^:/?#[\]]+):\d+$/.test(target) ? undefined : unparsable;
  if (target === "*") return method === "OPTIONS" ? undefined : unparsable;
  const absolute = splitAbsolute(target);
  const hostKnown = absolute?.authority !== undefined && (absolute.scheme === "http" || absolute.scheme === "https");
  if (absolute?.authority !== undefined && !/^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/.test(absolute.authority)) return unparsable;
  if (target.includes("#")) return bad("AH02421: the target has a fragment");
  if (absolute?.userInfo) return { ...bad("AH02422: the target has a user name"), ...(hostKnown ? { hostKnown } : {}) };
  const path = absolute ? absolute.path : target;
  return path === "" || path.startsWith("/") || path.startsWith("?") ? undefined : unparsable;
}

/** The host of an authority, which may lack a port or have any number of digits there. */
export function isAuthority(authority: string): boolean {
  const host = authority.replace(/:\d*$/, "");
  return host === "" || isHost(host);
}

/** A 400 for that reason. */
export function bad(reason: string, note?: string): Fault {
  return note === undefined ? { status: 400, reason } : { status: 400, reason, note };
}
