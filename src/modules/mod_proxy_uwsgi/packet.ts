// Variables → the packet that begins a request to uWSGI: a head of four bytes, then lengths (little endian) and texts.

const mostBytes = 65_535;

/** The packet; undefined where the variables do not fit. Texts are latin1 strings of bytes. */
export function packet(variables: Iterable<readonly [string, string]>): Buffer | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  for (const [name, value] of variables) {
    const bytes = Buffer.alloc(4 + name.length + value.length);
    length += bytes.length;
    if (length > mostBytes) return undefined;
    bytes.writeUInt16LE(name.length);
    bytes.write(name, 2, "latin1");
    bytes.writeUInt16LE(value.length, 2 + name.length);
    bytes.write(value, 4 + name.length, "latin1");
    parts.push(bytes);
  }
  return Buffer.concat([Buffer.from([0, length & 255, length >> 8, 0]), ...parts]);
}
