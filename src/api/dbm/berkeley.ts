// A hash file of Berkeley DB → its pairs.

const magic = 0x061561;
/** Bytes in front of the offsets of a page. */
const headSize = 26;
/** Types of pages, and of what stands on those of a hash. */
const pageTypes = { unsortedHash: 2, overflow: 7, hash: 13 };
const itemTypes = { here: 1, overflow: 3 };

/** Whether a file begins as a hash of Berkeley DB, of either order of bytes. */
export function isBerkeley(start: Buffer): boolean {
  return start.readUInt32LE(12) === magic || start.readUInt32BE(12) === magic;
}

/** The pairs of all pages. Throws an Error where it is no such file, a RangeError where a number leads out of it. */
export function berkeleyPairs(file: Buffer): Generator<readonly [Buffer, Buffer]> {
  if (file.length < 64 || !isBerkeley(file)) throw new Error("it is no hash of Berkeley DB");
  const reader = readerOf(file);
  const size = reader.long(20);
  if (size < 512 || size > 65_536) throw new RangeError();
  if (file[24] !== 0) throw new Error("it is encrypted");
  if (((file[26] ?? 0) & 1) > 0) throw new Error("it has checksums, as files of Apache's tools do not");
  return pairs(reader, size);
}

interface Reader {
  readonly file: Buffer;
  readonly long: (at: number) => number;
  readonly short: (at: number) => number;
}

function readerOf(file: Buffer): Reader {
  const little = file.readUInt32LE(12) === magic;
  return {
    file,
    long: (at) => (little ? file.readUInt32LE(at) : file.readUInt32BE(at)),
    short: (at) => (little ? file.readUInt16LE(at) : file.readUInt16BE(at)),
  };
}

function* pairs(reader: Reader, size: number): Generator<readonly [Buffer, Buffer]> {
  const { file, short } = reader;
  for (let page = 0; page + size <= file.length; page += size) {
    const type = file[page + 25];
    if (type !== pageTypes.hash && type !== pageTypes.unsortedHash) continue;
    const count = short(page + 20);
    let end = size;
    let key: Buffer | undefined;
    for (let index = 0; index < count; index++) {
      const start = short(page + headSize + index * 2);
      if (start < headSize || start >= end) throw new RangeError();
      const item = itemOf(reader, size, file.subarray(page + start, page + end));
      end = start;
      if (key) {
        yield [key, item];
        key = undefined;
      } else key = item;
    }
  }
}

function itemOf(reader: Reader, size: number, bytes: Buffer): Buffer {
  if (bytes[0] === itemTypes.here) return bytes.subarray(1);
  if (bytes[0] !== itemTypes.overflow) throw new Error("it has several values for a key");
  const { long } = readerOfPart(reader, bytes);
  return overflow(reader, size, { page: long(4), length: long(8) });
}

/** The same order of bytes for a part of the file. */
function readerOfPart({ file, long, short }: Reader, part: Buffer): Reader {
  const start = part.byteOffset - file.byteOffset;
  return { file: part, long: (at) => long(start + at), short: (at) => short(start + at) };
}

/** What is too long for its page stands on pages of its own, each of which names the next. */
function overflow(
  { file, long, short }: Reader,
  size: number,
  { page, length }: { page: number; length: number },
): Buffer {
  if (length > file.length) throw new RangeError();
  const pieces: Buffer[] = [];
  let left = length;
  for (let next = page; left > 0;) {
    const start = next * size;
    const bytes = short(start + 22);
    if (file[start + 25] !== pageTypes.overflow || bytes === 0) throw new RangeError();
    pieces.push(file.subarray(start + headSize, start + headSize + bytes));
    left -= bytes;
    next = long(start + 16);
  }
  return Buffer.concat(pieces, length);
}
