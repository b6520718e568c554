// What connections to back ends and daemons read → copies of it, larger ones in memory that is used again.
import { Readable } from "node:stream";

/** Bytes of one piece of memory, and of the longest copy. */
const size = 65_536;
/** What is shorter is copied into a buffer of its own, which costs less than to look after it. */
const least = 8_192;
/** Pieces of memory that lie ready. */
const mostSpare = 64;

const spare: Buffer[] = [];

/** How many hold a part of each memory that is lent. */
const holders = new WeakMap<ArrayBufferLike, number>();

/**
 * A body whose pieces may lie in lent memory: whoever reads it alone, and has no more use for a piece, gives it back once, and
 * does not look at it again. A piece that is not given back is collected as any other buffer.
 */
export abstract class LendingStream extends Readable {}

/** A copy, which the caller holds. */
export function lentCopyOf(bytes: Buffer): Buffer {
  if (bytes.length < least || bytes.length > size) return Buffer.from(bytes);
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(size);
  holders.set(memory.buffer, 1);
  memory.set(bytes);
  return memory.subarray(0, bytes.length);
}

/** One more holds this part of a copy; without effect on what is not lent. */
export function hold(part: Buffer): void {
  const count = countOf(part);
  if (count > 0) holders.set(part.buffer, count + 1);
}

/** One that held a part has no more use for it; the last one's memory is used again. */
export function giveBack(part: Buffer): void {
  const count = countOf(part);
  if (count === 0) return;
  holders.set(part.buffer, count - 1);
  if (count === 1 && spare.length < mostSpare) spare.push(Buffer.from(part.buffer));
}

/** Whether a part of a copy is still to be given back. */
export function isLent(part: Buffer): boolean {
  return countOf(part) > 0;
}

function countOf({ buffer }: Buffer): number {
  return buffer.byteLength === size ? (holders.get(buffer) ?? 0) : 0;
}
