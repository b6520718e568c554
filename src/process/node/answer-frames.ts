// Responses of applications → frames of the daemon channel (docs/daemon-protocol.md).
import { STATUS_CODES } from "node:http";
import type { Level, Response } from "../../api/index.js";
import { fromDaemon, headerLength } from "../daemon-frames.js";

const letters: Readonly<Partial<Record<Level, string>>> = { crit: "c", error: "e", warn: "w", info: "i", debug: "d" };
const longestLine = 8192;
const mostReason = 4096;

function begin(frame: Buffer, at: number, type: number, length: number): number {
  frame[at] = type;
  frame.writeUInt32BE(length, at + 1);
  return at + headerLength;
}

function headText({ status, reason, headers }: Response): string {
  let text = `${status} ${reason ?? STATUS_CODES[status] ?? ""}`;
  headers.forEach((name, value) => (text += `\n${name}\n${value}`));
  return text;
}

/** The frame that begins a response. */
export function headFrame(response: Response): Buffer {
  const text = headText(response);
  const frame = Buffer.allocUnsafe(headerLength + text.length);
  frame.write(text, begin(frame, 0, fromDaemon.response, text.length), "latin1");
  return frame;
}

/** All frames of a response that is there as a whole, in one piece. */
export function answerFrames(response: Response, body: Buffer | undefined, flags: number): Buffer {
  const length = body?.length ?? 0;
  // As node:http does for a response that is whole when it is sent; the worker does not count for applications.
  const isSized = length === 0 || response.headers.has("content-length");
  const text = headText(response) + (isSized ? "" : `\nContent-Length\n${length}`);
  const dataLength = length === 0 ? 0 : headerLength + length;
  const frame = Buffer.allocUnsafe(headerLength + text.length + dataLength + headerLength + 1);
  let at = begin(frame, 0, fromDaemon.response, text.length);
  at += frame.write(text, at, "latin1");
  if (body && length > 0) {
    at = begin(frame, at, fromDaemon.data, length);
    at += body.copy(frame, at);
  }
  frame[begin(frame, at, fromDaemon.end, 1)] = flags;
  return frame;
}

/** A data frame, or with a length only its header. */
export function dataFrame(bytes: Buffer | undefined, length = bytes?.length ?? 0): Buffer {
  const frame = Buffer.allocUnsafe(headerLength + (bytes?.length ?? 0));
  const at = begin(frame, 0, fromDaemon.data, length);
  bytes?.copy(frame, at);
  return frame;
}

export function endFrame(flags: number): Buffer {
  const frame = Buffer.allocUnsafe(headerLength + 1);
  frame[begin(frame, 0, fromDaemon.end, 1)] = flags;
  return frame;
}

export function staleFrame(flags: number): Buffer {
  const frame = Buffer.allocUnsafe(headerLength + 1);
  frame[begin(frame, 0, fromDaemon.stale, 1)] = flags;
  return frame;
}

/** The frame that says that a response never will be complete. */
export function failureFrame(flags: number, status: number, reason: string): Buffer {
  const text = Buffer.from(reason.slice(0, mostReason));
  const frame = Buffer.allocUnsafe(headerLength + 3 + text.length);
  const at = begin(frame, 0, fromDaemon.failed, 3 + text.length);
  frame[at] = flags;
  frame.writeUInt16BE(status, at + 1);
  text.copy(frame, at + 3);
  return frame;
}

/** A frame for each line of a message. */
export function logFrames(level: Level, message: string): Buffer {
  const letter = letters[level] ?? "e";
  return Buffer.concat(
    message.split("\n").map((line) => {
      const text = Buffer.from(letter + line.slice(0, longestLine));
      const frame = Buffer.allocUnsafe(headerLength + text.length);
      text.copy(frame, begin(frame, 0, fromDaemon.log, text.length));
      return frame;
    }),
  );
}
