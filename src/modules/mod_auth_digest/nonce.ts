// A time, a realm and a client → a nonce that only this server can make, and back: whether one is its own, and how old.
import { createHmac } from "node:crypto";
import { isSame } from "../../api/index.js";

/** Characters of the time: eight bytes in base64. */
const timeLength = 12;
/** Characters of the proof: 160 bits in hexadecimal. */
const proofLength = 40;

/** Whom a nonce is for. */
export interface NonceFor {
  readonly realm: string;
  /** The client's number, where uses are counted. */
  readonly opaque: string | undefined;
  readonly key: Buffer;
}

/**
 * A nonce of that time, in milliseconds since the epoch: eight bytes of microseconds in base64, and their HMAC-SHA-256. The
 * time is below 0 where the nonce is good for one request: elsewhere it is then too old.
 */
export function nonceOf(time: number, nonceFor: NonceFor): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(Math.floor(time * 1000)));
  const text = bytes.toString("base64");
  return text + proofOf(text, nonceFor);
}

function proofOf(time: string, { realm, opaque, key }: NonceFor): string {
  const text = JSON.stringify([time, realm, opaque]);
  return createHmac("sha256", key).update(text, "latin1").digest("hex").slice(0, proofLength);
}

/** The time of a nonce in milliseconds; why not, where it is none of this server, realm and client. */
export function timeOf(nonce: string, nonceFor: NonceFor): number | "malformed" | "forged" {
  if (nonce.length !== timeLength + proofLength || nonce[timeLength - 1] !== "=") return "malformed";
  const time = nonce.slice(0, timeLength);
  if (!isSame(proofOf(time, nonceFor), nonce.slice(timeLength))) return "forged";
  return Number(Buffer.from(time, "base64").readBigInt64LE()) / 1000;
}
