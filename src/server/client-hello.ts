// The first bytes of an encrypted connection → the server it is for, and what the client wants to speak.

/** What a client says of itself before anything is encrypted. */
export interface ClientHello {
  /** As written; undefined where the client names no server. */
  readonly serverName: string | undefined;
  /** By ALPN, in the client's order. */
  readonly protocols: readonly string[];
  /** Whether it wants to see what the authority says of the certificate. */
  readonly asksForStaple: boolean;
  /** By their numbers, in the client's order; versions above TLS 1.2 alone are listed by all clients that know them. */
  readonly versions: readonly number[];
  readonly ciphers: readonly number[];
  readonly schemes: readonly number[];
  readonly groups: readonly number[];
}

const handshakeRecord = 22;
const clientHello = 1;
const recordHead = 5;
const messageHead = 4;
/** Most bytes of a record, and of the message, that are waited for. */
const mostRecord = 16_384 + 256;
const mostMessage = 65_536;
const serverNameExtension = 0;
const stapleExtension = 5;
const groupsExtension = 10;
const schemesExtension = 13;
const protocolsExtension = 16;
const versionsExtension = 43;

/**
 * Reads a ClientHello (RFC 8446 section 4.1.2), of one record or several. "more": it is not whole yet; undefined: it is none
 * that can be read, and whoever answers the handshake will say what is wrong with it.
 */
export function readClientHello(bytes: Buffer): ClientHello | "more" | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  for (let at = 0; ;) {
    if (bytes.length < at + recordHead) return "more";
    const size = bytes.readUInt16BE(at + 3);
    if (bytes[at] !== handshakeRecord || size === 0 || size > mostRecord) return undefined;
    const end = at + recordHead + size;
    if (bytes.length < end) return "more";
    parts.push(bytes.subarray(at + recordHead, end));
    length += size;
    at = end;
    if (length < messageHead) continue;
    const message = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    const whole = messageHead + message.readUIntBE(1, 3);
    if (message[0] !== clientHello || whole > mostMessage) return undefined;
    if (length < whole) continue;
    try {
      return readMessage(new Reader(message.subarray(messageHead, whole)));
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
}

function readMessage(hello: Reader): ClientHello {
  // Version and random bytes; session, ciphers, compression.
  hello.bytes(2 + 32);
  hello.vector(1);
  const ciphers = hello.vector(2).numbers();
  hello.vector(1);
  let serverName: string | undefined;
  let asksForStaple = false;
  const protocols: string[] = [];
  const lists = new Map<number, readonly number[]>();
  const extensions = hello.isAtEnd ? hello : hello.vector(2);
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type === serverNameExtension) serverName = readServerName(content.vector(2)) ?? serverName;
    if (type === stapleExtension) asksForStaple = true;
    if (type === groupsExtension || type === schemesExtension) lists.set(type, content.vector(2).numbers());
    if (type === versionsExtension) lists.set(type, content.vector(1).numbers());
    if (type === protocolsExtension) {
      for (const list = content.vector(2); !list.isAtEnd;) protocols.push(list.vector(1).rest().toString("latin1"));
    }
  }
  return {
    ...{ serverName, protocols, asksForStaple, ciphers },
    versions: lists.get(versionsExtension) ?? [],
    schemes: lists.get(schemesExtension) ?? [],
    groups: lists.get(groupsExtension) ?? [],
  };
}

/** The first host name of the list (RFC 6066 section 3). */
function readServerName(list: Reader): string | undefined {
  while (!list.isAtEnd) {
    const type = list.number(1);
    const name = list.vector(2).rest().toString("latin1");
    if (type === 0) return name;
  }
  return undefined;
}

/** Numbers and vectors with their length in front, one after the other. Throws a RangeError behind the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number(size: number): number {
    return this.bytes(size).readUIntBE(0, size);
  }

  /** Those of two bytes that are left. */
  numbers(): number[] {
    return Array.from({ length: (this.#bytes.length - this.#at) >> 1 }, () => this.number(2));
  }

  vector(size: number): Reader {
    return new Reader(this.bytes(this.number(size)));
  }

  bytes(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new RangeError("a message of the handshake is cut off");
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at);
  }
}
