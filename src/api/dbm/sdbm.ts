// A file of SDBM (.pag) → its pairs.

/** Bytes of a page: a count of offsets, the offsets, and from the end on keys and values in turn. */
const pageSize = 1024;

/** The pairs of all pages. Throws an Error where a page is not one, a RangeError where an offset leads out of the file. */
export function* sdbmPairs(file: Buffer): Generator<readonly [Buffer, Buffer]> {
  for (let start = 0; start + pageSize <= file.length; start += pageSize) {
    const page = file.subarray(start, start + pageSize);
    const count = page.readInt16LE(0);
    if (count < 0 || count % 2 > 0 || count >= pageSize / 2) throw new Error("it is no file of SDBM");
    let end = pageSize;
    for (let index = 1; index < count; index += 2) {
      const key = page.readInt16LE(index * 2);
      const value = page.readInt16LE(index * 2 + 2);
      if (value < 0 || value > key || key > end) throw new Error("it is no file of SDBM");
      yield [page.subarray(key, end), page.subarray(value, key)];
      end = value;
    }
  }
}
