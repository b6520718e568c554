// A password and "$5$salt" or "$6$salt" → the hash of SHA-crypt, as glibc's crypt(3) makes it.
import { createHash } from "node:crypto";

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** One of the two kinds: how many bytes a digest has, and the order its bytes are written in, three at a time. */
interface Kind {
  readonly algorithm: "sha256" | "sha512";
  readonly size: number;
  /** The first byte of each group of three, and of the others, by rotation. */
  readonly groups: readonly (readonly [number, number, number])[];
  /** The bytes that are left, most significant first. */
  readonly rest: readonly number[];
}

const kinds: Readonly<Record<string, Kind>> = {
  "5": { algorithm: "sha256", size: 32, groups: rotated(10, [0, 2, 1]), rest: [31, 30] },
  "6": { algorithm: "sha512", size: 64, groups: rotated(21, [0, 1, 2]), rest: [63] },
};

/** Groups of the bytes i, i + step and i + 2 * step, turned by one place from group to group. */
function rotated(step: number, turn: readonly [number, number, number]): (readonly [number, number, number])[] {
  return Array.from({ length: step }, (_, i) => {
    const bytes = [i, i + step, i + 2 * step];
    const first = turn[i % 3] ?? 0;
    const at = (k: number): number => bytes[(first + k) % 3] ?? 0;
    return [at(0), at(1), at(2)] as const;
  });
}

/**
 * The whole text "$6$rounds=N$salt$hash" for a stored one of that kind; undefined where it is none. The number of rounds
 * is held between 1,000 and 999,999,999, the salt to 16 characters (Drepper, "Unix crypt using SHA-256 and SHA-512").
 */
export function shaCrypt(password: Buffer, stored: string): string | undefined {
  const match = /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$\n:]{0,16})/.exec(stored);
  const [, id = "", written, salt = ""] = match ?? [];
  const kind = kinds[id];
  if (!kind) return undefined;
  const rounds = written === undefined ? 5000 : Math.min(Math.max(Number(written), 1000), 999_999_999);
  const digest = stretched(kind, rounds, { password, salt: Buffer.from(salt, "latin1") });
  return `$${id}$${written === undefined ? "" : `rounds=${rounds}$`}${salt}$${written64(kind, digest)}`;
}

interface Parts {
  readonly password: Buffer;
  readonly salt: Buffer;
}

function stretched({ algorithm, size }: Kind, rounds: number, { password, salt }: Parts): Buffer {
  const digestOf = (...parts: readonly Buffer[]): Buffer => {
    const hash = createHash(algorithm);
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const first = digestOf(password, salt, password);
  const bits: Buffer[] = [];
  for (let n = password.length; n > 0; n >>= 1) bits.push((n & 1) === 1 ? first : password);
  let digest = digestOf(password, salt, filled(first, password.length, size), ...bits);
  const p = filled(digestOf(...Array<Buffer>(password.length).fill(password)), password.length, size);
  const s = filled(digestOf(...Array<Buffer>(16 + (digest[0] ?? 0)).fill(salt)), salt.length, size);
  for (let i = 0; i < rounds; i++) {
    const hash = createHash(algorithm).update(i % 2 === 1 ? p : digest);
    if (i % 3 !== 0) hash.update(s);
    if (i % 7 !== 0) hash.update(p);
    digest = hash.update(i % 2 === 1 ? digest : p).digest();
  }
  return digest;
}

/** As many bytes as wanted, by repeating a digest. */
function filled(digest: Buffer, length: number, size: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += size) digest.copy(bytes, at, 0, Math.min(size, length - at));
  return bytes;
}

function written64({ groups, rest }: Kind, digest: Buffer): string {
  const at = (i: number): number => digest[i] ?? 0;
  let text = "";
  for (const [a, b, c] of groups) text += characters((at(a) << 16) | (at(b) << 8) | at(c), 4);
  return (
    text +
    characters(
      rest.reduce((sum, i) => (sum << 8) | at(i), 0),
      rest.length + 1,
    )
  );
}

function characters(bits: number, count: number): string {
  let text = "";
  for (let i = 0, left = bits; i < count; i++, left >>>= 6) text += alphabet[left & 63];
  return text;
}
