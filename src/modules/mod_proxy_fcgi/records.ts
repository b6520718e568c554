// FastCGI 1.0: what is said and heard ↔ records, each of a head of eight bytes, a content and a padding.

/** Types of records (section 8 of the specification). */
export const recordTypes = { begin: 1, end: 3, params: 4, stdin: 5, stdout: 6, stderr: 7 } as const;

/** Records of this server are all of one request: connections carry one at a time. */
export const requestId = 1;

const mostContent = 65_535;
/** Bytes of variables that go into one record, as in Apache: back ends do not put a name together from two. */
const mostParams = 16_384;

/** A record. */
export function record(type: number, content: Buffer = empty): Buffer {
  return Buffer.concat([head(type, content.length), content]);
}

const empty = Buffer.alloc(0);

function head(type: number, length: number): Buffer {
  return Buffer.from([1, type, 0, requestId, length >> 8, length & 255, 0, 0]);
}

/** The record that begins a request, for a responder. */
export function beginRecord(keeps: boolean): Buffer {
  return record(recordTypes.begin, Buffer.from([0, 1, keeps ? 1 : 0, 0, 0, 0, 0, 0]));
}

/** Records of standard input. */
export function inputRecords(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += mostContent) {
    const piece = bytes.subarray(at, at + mostContent);
    records.push(head(recordTypes.stdin, piece.length), piece);
  }
  return records;
}

/** Records of variables, and the one that ends them; names whose value is too long are told and left out. */
export function paramRecords(variables: Iterable<readonly [string, string]>, tooLong: (name: string) => void): Buffer {
  const records: Buffer[] = [];
  let pairs: Buffer[] = [];
  let length = 0;
  const flush = (): void => {
    if (length > 0) records.push(head(recordTypes.params, length), ...pairs);
    [pairs, length] = [[], 0];
  };
  for (const [name, value] of variables) {
    const pair = Buffer.concat([lengthBytes(name), lengthBytes(value), Buffer.from(name + value, "latin1")]);
    if (pair.length > mostContent) {
      tooLong(name);
      continue;
    }
    if (length + pair.length > mostParams) flush();
    pairs.push(pair);
    length += pair.length;
  }
  flush();
  return Buffer.concat([...records, head(recordTypes.params, 0)]);
}

function lengthBytes({ length }: string): Buffer {
  if (length < 128) return Buffer.from([length]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  bytes[0] = (bytes[0] ?? 0) | 128;
  return bytes;
}

/** Who is told of records. Contents come in pieces, as the bytes do. */
export interface RecordListener {
  /** Says false where it wants to hear no more. */
  content(type: number, bytes: Buffer, isLast: boolean): boolean;
  /** The head of a record: throws where it is none of ours. */
  head(version: number, type: number, id: number): void;
}

/** Takes bytes apart. */
export class RecordReader {
  readonly #listener: RecordListener;
  readonly #head = Buffer.alloc(8);
  #headLength = 0;
  #type = 0;
  #left = 0;
  #padding = 0;

  constructor(listener: RecordListener) {
    this.#listener = listener;
  }

  /** Whether bytes of a record are missing. */
  get isWithin(): boolean {
    return this.#headLength > 0;
  }

  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#headLength < 8) {
        const taken = Math.min(8 - this.#headLength, bytes.length - at);
        bytes.copy(this.#head, this.#headLength, at, at + taken);
        this.#headLength += taken;
        at += taken;
        if (this.#headLength < 8) return;
        this.#open();
        if (this.#left === 0 && !this.#tell(empty)) return;
      } else if (this.#left > 0) {
        const piece = bytes.subarray(at, at + this.#left);
        at += piece.length;
        this.#left -= piece.length;
        if (!this.#tell(piece)) return;
      } else {
        const taken = Math.min(this.#padding, bytes.length - at);
        this.#padding -= taken;
        at += taken;
      }
      if (this.#left === 0 && this.#padding === 0) this.#headLength = 0;
    }
  }

  #open(): void {
    const head = this.#head;
    this.#type = head.readUInt8(1);
    this.#left = head.readUInt16BE(4);
    this.#padding = head.readUInt8(6);
    this.#listener.head(head.readUInt8(0), this.#type, head.readUInt16BE(2));
  }

  #tell(bytes: Buffer): boolean {
    return this.#listener.content(this.#type, bytes, this.#left === 0);
  }
}
