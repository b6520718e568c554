// DER bytes → values within values, and back: as much as OCSP needs.

/** A value: its tag, and where it and its contents lie. */
export interface DerValue {
  readonly tag: number;
  /** Of the tag. */
  readonly from: number;
  /** Of the contents. */
  readonly start: number;
  readonly end: number;
}

/** The value that begins at an offset. Throws a RangeError where none does that ends in the bytes. */
export function derAt(bytes: Buffer, from: number): DerValue {
  const first = bytes.readUInt8(from + 1);
  let start = from + 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4) throw new RangeError("no length of DER");
    length = bytes.readUIntBE(start, octets);
    start += octets;
  }
  if (start + length > bytes.length) throw new RangeError("a value of DER is cut off");
  return { tag: bytes.readUInt8(from), from, start, end: start + length };
}

/** The values in the contents of one. Throws as derAt does. */
export function derWithin(bytes: Buffer, { start, end }: DerValue): DerValue[] {
  const found: DerValue[] = [];
  for (let at = start; at < end;) {
    const value = derAt(bytes, at);
    if (value.end > end) throw new RangeError("a value of DER is larger than what it is in");
    found.push(value);
    at = value.end;
  }
  return found;
}

/** A value with those contents. */
export function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const short = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | short.length]), short, body]);
}

/** What a value holds. */
export function derContents(bytes: Buffer, { start, end }: DerValue): Buffer {
  return bytes.subarray(start, end);
}

/** The value with its tag and length. */
export function derWhole(bytes: Buffer, { from, end }: DerValue): Buffer {
  return bytes.subarray(from, end);
}

/** "1.2.840.113549.1.1.11" from the contents of an object identifier. */
export function derIdentifier(contents: Buffer): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of contents) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(number);
      number = 0;
    }
  }
  const [first = 0, ...others] = numbers;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...others].join(".");
}

/** UTCTime or GeneralizedTime → milliseconds since the epoch. Throws an Error where it is none. */
export function derTime(bytes: Buffer, value: DerValue): number {
  const text = derContents(bytes, value).toString("latin1");
  const [, early, late, month, day, hour, minute, second] =
    /^(?:(\d{4})|(\d\d))(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text) ?? [];
  if (month === undefined) throw new Error(`"${text}" is no time`);
  // RFC 5280 section 4.1.2.5.1.
  const year = early === undefined ? Number(late) + (Number(late) < 50 ? 2000 : 1900) : Number(early);
  return Date.UTC(year, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}
