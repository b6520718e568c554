// A time and a realm → a nonce that only this server can make, and back: whether one is its own, and how old.
import { createHmac } from "node:crypto";
import { isSame } from "../../api/index.js";

/** Characters of the time: eight bytes in base64. */
const timeLength = 12;
/** Characters of the proof: 160 bits in hexadecimal. */
const proofLength = 40;

/** A nonce of that time, in milliseconds since the epoch: eight bytes of microseconds in base64, and their HMAC-SHA-256. */
export function nonceOf(time: number, realm: string, key: Buffer): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(Math.floor(time * 1000)));
  const text = bytes.toString("base64");
  return text + proofOf(text, realm, key);
}

function proofOf(time: string, realm: string, key: Buffer): string {
  return createHmac("sha256", key).update(`${time} ${realm}`, "latin1").digest("hex").slice(0, proofLength);
}

/** The time of a nonce in milliseconds; why not, where it is none of this server and realm. */
export function timeOf(nonce: string, realm: string, key: Buffer): number | "malformed" | "forged" {
  if (nonce.length !== timeLength + proofLength || nonce[timeLength - 1] !== "=") return "malformed";
  const time = nonce.slice(0, timeLength);
  if (!isSame(proofOf(time, realm, key), nonce.slice(timeLength))) return "forged";
  return Number(Buffer.from(time, "base64").readBigInt64LE()) / 1000;
}
