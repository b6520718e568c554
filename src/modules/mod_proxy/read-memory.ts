// What connections to back ends read → pieces of it, larger ones in memory that is used again.
/** Bytes of one read, and of one piece of memory. */
const size = 65_536;
/** What is shorter is copied into a buffer of its own, which costs less than to look after it. */
const least = 8_192;
/** Pieces of memory that lie ready. */
const mostSpare = 64;

const spare: Buffer[] = [];

/** How many hold a part of each memory that is lent. */
const holders = new WeakMap<ArrayBufferLike, number>();

/** Where connections read into. What has come is copied at once, so that one is enough for all. */
export const readBuffer = Buffer.allocUnsafeSlow(size);

/** A copy of the first bytes of the read buffer, which the caller holds. */
export function copyOfRead(length: number): Buffer {
  const bytes = readBuffer.subarray(0, length);
  if (length < least) return Buffer.from(bytes);
  const memory = spare.pop() ?? Buffer.allocUnsafeSlow(size);
  holders.set(memory.buffer, 1);
  memory.set(bytes);
  return memory.subarray(0, length);
}

/** One more holds this part of what was read; without effect on what is not lent. */
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

function countOf({ buffer }: Buffer): number {
  return buffer.byteLength === size ? (holders.get(buffer) ?? 0) : 0;
}
