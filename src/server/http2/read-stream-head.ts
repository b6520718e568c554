// The fields of a stream → the head of a request, or the fault Apache finds in it.
import type { Fault, WireLimits } from "../exchange.js";
import { Head, spoil } from "../http1/head.js";
import { isHostField } from "../http1/host-field.js";
import { bad, readRequestLine } from "../http1/request-line.js";

/** Fields in the order they came, names and values in turn; the pseudo fields (":path") among them. */
export type RawFields = readonly string[];

interface Pseudo {
  method: string;
  path: string;
  authority: string | undefined;
  scheme: string;
}

/** Reads a head; `isWhole`: no body follows. What makes a request malformed by RFC 9113 section 8 has been refused before, by the protocol's reader. */
export function readStreamHead(raw: RawFields, limits: WireLimits, isWhole: boolean): Head {
  const head = new Head();
  head.protocol = "HTTP/2.0";
  head.version = 11;
  const pseudo: Pseudo = { method: "", path: "", authority: undefined, scheme: "" };
  const fault = readFields(head, pseudo, raw, limits);
  readTarget(head, pseudo, limits);
  if (pseudo.authority !== undefined && pseudo.method !== "CONNECT") head.headers.set("Host", pseudo.authority);
  if (fault) return spoil(head, fault);
  if (!head.fault) checkHost(head, limits);
  if (!head.fault) checkMeaning(head);
  if (head.contentLength === undefined) markBody(head, isWhole);
  return head;
}

/** Says whether there is a body the way HTTP/1.1 does, for the rest of the server and for applications; as Apache does. */
function markBody({ headers }: Head, isWhole: boolean): void {
  if (!isWhole) headers.append("Transfer-Encoding", "chunked");
  else if (headers.has("content-type")) headers.append("Content-Length", "0");
}

function readFields(head: Head, pseudo: Pseudo, raw: RawFields, limits: WireLimits): Fault | undefined {
  const { headers } = head;
  let fault: Fault | undefined;
  let count = 0;
  let cookie = "";
  if (hasHost(raw)) headers.append("Host", "");
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = (raw[i + 1] as string).trim();
    head.length += name.length + value.length + 4;
    if (name.charCodeAt(0) === 0x3a) {
      if (value.length > limits.requestLine) fault ??= overlong(name);
      if (name === ":method") pseudo.method = value;
      else if (name === ":path") pseudo.path = value;
      else if (name === ":authority") pseudo.authority = value;
      else if (name === ":scheme") pseudo.scheme = value;
      continue;
    }
    if (limits.fields !== 0 && ++count > limits.fields) {
      fault ??= { status: 431, reason: "AH10181: more header fields than LimitRequestFields" };
      continue;
    }
    if (name.length + value.length + 2 > limits.fieldSize) fault ??= tooLarge(name);
    // Clients may send them one by one (RFC 9113 section 8.2.3).
    if (name === "cookie") cookie = cookie === "" ? value : `${cookie}; ${value}`;
    else if (name === "host") headers.set("Host", value);
    else headers.appendKnown(name, name, value);
    if (name === "expect") head.expectation = value;
    else if (name === "content-length" && /^\d{1,15}$/.test(value)) head.contentLength = Number(value);
  }
  if (cookie !== "") headers.append("cookie", cookie);
  if (cookie.length > limits.fieldSize) fault ??= tooLarge("cookie");
  return fault;
}

/** Whether Host will be among the fields; it comes first then, as from most clients of HTTP/1.1. */
function hasHost(raw: RawFields): boolean {
  return raw.includes(":authority") || raw.includes("host");
}

function overlong(name: string): Fault {
  return { status: 414, reason: `AH10178: ${name} exceeds LimitRequestLine` };
}

function tooLarge(name: string): Fault {
  return { status: 431, reason: `AH10180: header field ${name.slice(0, 80)} exceeds LimitRequestFieldSize` };
}

/** Method and target; a path for another scheme than those of the web is an absolute target, as in Apache. */
function readTarget(head: Head, { method, path, authority = "", scheme }: Pseudo, limits: WireLimits): void {
  const isWeb = scheme === "" || /^https?$/i.test(scheme);
  const target = method === "CONNECT" ? authority : isWeb ? path : `${scheme}://${authority}${path}`;
  const fault = readRequestLine(head, `${method} ${target} HTTP/1.1`, limits);
  head.protocol = "HTTP/2.0";
  head.version = 11;
  head.method = method;
  head.target = target;
  head.requestLine = `${method} ${target} HTTP/2.0`;
  if (fault) spoil(head, fault);
}

function checkHost(head: Head, { strict }: WireLimits): void {
  const host = head.headers.get("host") ?? "";
  if (host !== "" && !isHostField(host, strict)) spoil(head, bad(`AH00550: malformed Host (${host})`));
}

function checkMeaning(head: Head): void {
  const { expectation = "" } = head;
  if (expectation === "") return;
  if (expectation.toLowerCase() === "100-continue") head.expectsContinue = true;
  else spoil(head, { status: 417, reason: `AH00570: unrecognized expectation ${expectation}`, hostKnown: true });
}
