// A file of GDBM, with offsets of 64 bits → its pairs.

/** Numbers of the first four bytes: as of old, with offsets of 64 bits, and with a counter of writes behind the head. */
const magics: readonly number[] = [0x13579ace, 0x13579acf, 0x13579ad1];

/** Where things stand in a bucket: how many pairs there are, and the table of its elements. */
const countAt = 108;
const tableAt = 112;
const elementSize = 24;

/** Whether a file begins as one of GDBM. */
export function isGdbm(start: Buffer): boolean {
  return magics.includes(start.readUInt32LE(0));
}

/** The pairs of all buckets. Throws an Error where it is no such file, a RangeError where an offset leads out of it. */
export function* gdbmPairs(file: Buffer): Generator<readonly [Buffer, Buffer]> {
  if (!isGdbm(file)) throw new Error("it is no file of GDBM");
  const directory = offsetAt(file, 8);
  const directorySize = file.readUInt32LE(16);
  const elements = file.readUInt32LE(28);
  if (directorySize > file.length) throw new RangeError();
  const buckets = new Set<number>();
  for (let at = 0; at + 8 <= directorySize; at += 8) buckets.add(offsetAt(file, directory + at));
  for (const bucket of buckets) {
    let left = file.readUInt32LE(bucket + countAt);
    for (let index = 0; index < elements && left > 0; index++) {
      const element = bucket + tableAt + index * elementSize;
      if (file.readInt32LE(element) === -1) continue;
      left--;
      const key = offsetAt(file, element + 8);
      const value = key + file.readUInt32LE(element + 16);
      const end = value + file.readUInt32LE(element + 20);
      if (end > file.length) throw new RangeError();
      yield [file.subarray(key, value), file.subarray(value, end)];
    }
  }
}

function offsetAt(file: Buffer, at: number): number {
  return Number(file.readBigUInt64LE(at));
}
