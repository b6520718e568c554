// Bytes of the daemon channel ↔ frames (docs/daemon-protocol.md).

/** Frames a worker sends. */
export const toDaemon = {
  shape: 0x53,
  request: 0x51,
  data: 0x44,
  end: 0x45,
  broken: 0x41,
  yes: 0x59,
  no: 0x4e,
  value: 0x56,
  text: 0x74,
  binary: 0x62,
  close: 0x63,
} as const;

/** Frames a daemon sends. */
export const fromDaemon = {
  hello: 0x48,
  wanted: 0x57,
  response: 0x52,
  data: 0x44,
  file: 0x46,
  end: 0x45,
  failed: 0x58,
  stale: 0x54,
  bye: 0x42,
  log: 0x4c,
  variable: 0x56,
  messages: 0x4d,
  text: 0x74,
  binary: 0x62,
  close: 0x63,
} as const;

/** Flags of a request: how its body comes. */
export const bodyFlag = { none: 0, follows: 1, waits: 2 } as const;

/** Flag of a request: the connection of the client may change protocols. */
export const mayUpgrade = 4;

/** Flags of the last frame of an answer. */
export const endFlag = { bye: 1, inputLeft: 2 } as const;

/** Bytes before the payload. */
export const headerLength = 5;

/** Bytes of the longest frame but one of data. */
export const longestPayload = 16 * 1024 * 1024;

/** A frame that breaks the protocol. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Who takes frames. Payloads are views of memory that is used again: copy what is to be kept. */
export interface FrameTarget {
  /** A whole frame of any type but data. */
  frame(type: number, payload: Buffer): void;
  /** The next bytes of a data frame, as they come. */
  data(bytes: Buffer): void;
}

/** Takes bytes as they come and hands on frames. */
export class FrameReader {
  readonly #target: FrameTarget;
  /** Bytes of the current data frame still to come. */
  #dataLeft = 0;
  /** The beginning of a frame whose end has not come, and the bytes with which it is worth another look. */
  #rest: Buffer[] = [];
  #restLength = 0;
  #wanted = 0;

  constructor(target: FrameTarget) {
    this.#target = target;
  }

  /** Throws a FrameError. */
  push(chunk: Buffer): void {
    let bytes = chunk;
    if (this.#restLength > 0) {
      if (this.#restLength + chunk.length < this.#wanted) return this.#keep(chunk, this.#wanted);
      bytes = Buffer.concat([...this.#rest, chunk]);
      this.#rest = [];
      this.#restLength = 0;
    }
    let at = 0;
    let wanted = headerLength;
    const end = bytes.length;
    while (at < end) {
      if (this.#dataLeft > 0) {
        const next = Math.min(end, at + this.#dataLeft);
        this.#dataLeft -= next - at;
        this.#target.data(bytes.subarray(at, next));
        at = next;
        continue;
      }
      if (end - at < headerLength) break;
      const type = bytes[at] ?? 0;
      const length = bytes.readUInt32BE(at + 1);
      if (type === fromDaemon.data) {
        this.#dataLeft = length;
        at += headerLength;
        continue;
      }
      if (length > longestPayload) throw new FrameError(`a frame of ${length} bytes`);
      const next = at + headerLength + length;
      wanted = headerLength + length;
      if (next > end) break;
      wanted = headerLength;
      this.#target.frame(type, bytes.subarray(at + headerLength, next));
      at = next;
    }
    if (at < end) this.#keep(bytes.subarray(at), wanted);
  }

  /** Keeps the beginning of a frame of so many bytes. */
  #keep(bytes: Buffer, wanted: number): void {
    this.#rest.push(Buffer.from(bytes));
    this.#restLength += bytes.length;
    this.#wanted = wanted;
  }
}

/** A frame with a text for payload. */
export function textFrame(type: number, text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerLength + length);
  writeHeader(frame, 0, type, length);
  frame.write(text, headerLength, length, "utf8");
  return frame;
}

/** A frame with bytes for payload: a message, or the end of a connection that carries messages. */
export function bytesFrame(type: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(headerLength + payload.length);
  writeHeader(frame, 0, type, payload.length);
  payload.copy(frame, headerLength);
  return frame;
}

/** The header of a data frame. */
export function dataHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(headerLength);
  writeHeader(header, 0, toDaemon.data, length);
  return header;
}

/** A frame without payload. */
export function emptyFrame(type: number): Buffer {
  return Buffer.from([type, 0, 0, 0, 0]);
}

/** The frame that tells why a body will not be complete. */
export function brokenFrame(status: number, reason: string): Buffer {
  const text = Buffer.from(reason);
  const frame = Buffer.allocUnsafe(headerLength + 2 + text.length);
  writeHeader(frame, 0, toDaemon.broken, 2 + text.length);
  frame.writeUInt16BE(status, headerLength);
  text.copy(frame, headerLength + 2);
  return frame;
}

/** What a request frame says. */
export interface RequestFrame {
  readonly shape: number;
  /** Seconds since the epoch. */
  readonly handedOver: number;
  /** Milliseconds since the epoch; 0 when not known. */
  readonly mtime: number;
  /** The values of the environ, joined by NUL. */
  readonly values: string;
  /** undefined: there is none; "waits": to be asked for. */
  readonly body: Buffer | "waits" | undefined;
  readonly mayUpgrade?: boolean;
}

const requestHeadLength = 18;

/** The frames of a request: with a body at hand, all of it, in one piece. */
export function requestFrames({ shape, handedOver, mtime, values, body, ...may }: RequestFrame): Buffer {
  const payload = requestHeadLength + values.length;
  const bodyAt = headerLength + payload;
  const hasBody = body !== undefined && body !== "waits";
  const bytes = Buffer.allocUnsafe(bodyAt + (hasBody ? 2 * headerLength + body.length : 0));
  writeHeader(bytes, 0, toDaemon.request, payload);
  bytes[5] = shape;
  const flags = body === undefined ? bodyFlag.none : hasBody ? bodyFlag.follows : bodyFlag.waits;
  bytes[6] = may.mayUpgrade ? flags | mayUpgrade : flags;
  bytes.writeDoubleBE(handedOver, 7);
  bytes.writeDoubleBE(mtime, 15);
  bytes.write(values, headerLength + requestHeadLength, values.length, "latin1");
  if (hasBody) {
    writeHeader(bytes, bodyAt, toDaemon.data, body.length);
    body.copy(bytes, bodyAt + headerLength);
    writeHeader(bytes, bodyAt + headerLength + body.length, toDaemon.end, 0);
  }
  return bytes;
}

function writeHeader(bytes: Buffer, at: number, type: number, length: number): void {
  bytes[at] = type;
  bytes.writeUInt32BE(length, at + 1);
}
