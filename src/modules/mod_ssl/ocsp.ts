// A certificate and its issuer → a question about it (RFC 6960); an answer → what it says, and until when.
import { createHash } from "node:crypto";
import { der, derAt, derWithin, type DerValue } from "./der.js";

const sequence = 0x30;
const integer = 0x02;
const octets = 0x04;
const sha1 = Buffer.from("300906052b0e03021a0500", "hex");
const basic = Buffer.from("2b0601050507300101", "hex");

/** Says "try later" in the place of a responder. */
export const tryLater = Buffer.from([sequence, 3, 0x0a, 1, 3]);

/** A question, and the certificate it is about as answers name it. */
export interface OcspQuestion {
  readonly bytes: Buffer;
  readonly id: Buffer;
}

/** What an answer says: the responder's fault, or when it was right about the certificate asked for. */
export type OcspAnswer =
  | { readonly kind: "fault"; readonly status: number }
  | { readonly kind: "answer"; readonly thisUpdate: number; readonly nextUpdate: number | undefined };

/** Asks whether a certificate is good. Both in DER; throws where they are none. */
export function ocspQuestion(certificate: Buffer, issuer: Buffer): OcspQuestion {
  const { serial, issuerName } = partsOf(certificate);
  const { key } = partsOf(issuer);
  const id = der(sequence, sha1, der(octets, hash(issuerName)), der(octets, hash(key)), der(integer, serial));
  return { bytes: der(sequence, der(sequence, der(sequence, der(sequence, id)))), id };
}

/** Reads an answer to a question. Throws an Error where it is none, or about something else. */
export function ocspAnswer(bytes: Buffer, { id }: OcspQuestion): OcspAnswer {
  const [status, wrapped] = derWithin(bytes, derAt(bytes, 0));
  const code = status ? bytes.readUInt8(status.start) : -1;
  if (code !== 0) return { kind: "fault", status: code };
  const [kind, response] = wrapped ? derWithin(bytes, derAt(bytes, wrapped.start)) : [];
  if (!kind || !response || !basic.equals(contents(bytes, kind))) throw new Error("the answer is of an unknown kind");
  const [data] = derWithin(bytes, derAt(bytes, response.start));
  const list = data && derWithin(bytes, data).find(({ tag }) => tag === sequence);
  for (const single of list ? derWithin(bytes, list) : []) {
    const [about, , from, ...rest] = derWithin(bytes, single);
    if (!about || !from || !isSame(contents(bytes, about), id)) continue;
    const next = rest.find(({ tag }) => tag === 0xa0);
    return {
      kind: "answer",
      thisUpdate: timeOf(bytes, from),
      nextUpdate: next && timeOf(bytes, derAt(bytes, next.start)),
    };
  }
  throw new Error("the answer is not about this certificate");
}

/** Identities are equal but for how the hash is named: with or without an empty parameter. */
function isSame(found: Buffer, id: Buffer): boolean {
  const rest = (bytes: Buffer): Buffer => bytes.subarray(derAt(bytes, 0).end);
  return rest(found).equals(rest(contents(id, derAt(id, 0))));
}

function partsOf(certificate: Buffer): { serial: Buffer; issuerName: Buffer; key: Buffer } {
  const signed = derAt(certificate, derAt(certificate, 0).start);
  const all = derWithin(certificate, signed);
  const [serial, , issuer, , , key] = all[0]?.tag === 0xa0 ? all.slice(1) : all;
  const [, bits] = key ? derWithin(certificate, key) : [];
  if (!serial || !issuer || !bits) throw new Error("the certificate has an unknown form");
  return {
    serial: contents(certificate, serial),
    issuerName: certificate.subarray(issuer.from, issuer.end),
    // Behind the number of unused bits.
    key: certificate.subarray(bits.start + 1, bits.end),
  };
}

function contents(bytes: Buffer, { start, end }: DerValue): Buffer {
  return bytes.subarray(start, end);
}

/** "20261121143500Z" → milliseconds since the epoch. */
function timeOf(bytes: Buffer, value: DerValue): number {
  const text = contents(bytes, value).toString("latin1");
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text) ?? [];
  if (year === undefined) throw new Error(`"${text}" is no time`);
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

const hash = (bytes: Buffer): Buffer => createHash("sha1").update(bytes).digest();
