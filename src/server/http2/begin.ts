// The first bytes of a connection → whether they begin HTTP/2, and what its reader is to be given.
import type { Head } from "../http1/head.js";

/** "more" when that cannot be told yet; the bytes to read on with where it is HTTP/2. */
export type Beginning = "other" | "more" | Buffer;

/** What every client begins with (RFC 9113 section 3.4). */
const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** Bytes in front of what a frame holds, and of the largest frame before anything has been agreed upon. */
const frameHead = 9;
const largestFrame = 16_384;
const settingsType = 4;
const headersType = 1;
const continuationType = 9;
const endStream = 1;
const endHeaders = 4;

/** Fields of a request that asks for HTTP/2 which are about the connection it leaves. */
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/** A client that knows beforehand that HTTP/2 is spoken. */
export function beginning(bytes: Buffer): Beginning {
  const known = Math.min(bytes.length, preface.length);
  if (!bytes.subarray(0, known).equals(preface.subarray(0, known))) return "other";
  return known < preface.length ? "more" : bytes;
}

/**
 * A client that asked for HTTP/2 in a request of HTTP/1.1: that request becomes the first stream (RFC 7540 section 3.2). It
 * is put behind the client's settings, the way the client would have sent it.
 */
export function beginningOf(head: Head): (bytes: Buffer) => Beginning {
  return (bytes) => {
    const found = beginning(bytes);
    if (!Buffer.isBuffer(found)) return found;
    const at = preface.length;
    if (bytes.length < at + frameHead) return "more";
    const size = bytes.readUIntBE(at, 3);
    if (bytes[at + 3] !== settingsType || size > largestFrame) return "other";
    const end = at + frameHead + size;
    if (bytes.length < end) return "more";
    return Buffer.concat([bytes.subarray(0, end), framesOf(head), bytes.subarray(end)]);
  };
}

/** The frames of a head without body, on stream 1. */
function framesOf(head: Head): Buffer {
  const block = blockOf(head);
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < block.length; at += largestFrame) {
    const part = block.subarray(at, at + largestFrame);
    const isLast = at + largestFrame >= block.length;
    const front = Buffer.alloc(frameHead);
    front.writeUIntBE(part.length, 0, 3);
    front[3] = at === 0 ? headersType : continuationType;
    front[4] = (at === 0 ? endStream : 0) | (isLast ? endHeaders : 0);
    front.writeUInt32BE(1, 5);
    frames.push(front, part);
  }
  return Buffer.concat(frames);
}

/** Fields as literals that nobody need remember (RFC 7541 section 6.2.2). */
function blockOf({ method, target, headers }: Head): Buffer {
  const parts: Buffer[] = [];
  const add = (name: string, value: string): void => void parts.push(Buffer.from([0]), text(name), text(value));
  add(":method", method);
  add(":scheme", "http");
  add(":authority", headers.get("host") ?? "");
  add(":path", target);
  headers.forEach((_name, value, key) => {
    if (!ofConnection.has(key)) add(key, value);
  });
  return Buffer.concat(parts);
}

/** A string with its length in front (RFC 7541 sections 5.1 and 5.2). */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), bytes]);
}
