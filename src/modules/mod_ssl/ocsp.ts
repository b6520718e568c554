// A certificate and its issuer → a question about it (RFC 6960); an answer → what it says, and until when.
import { createHash, type X509Certificate } from "node:crypto";
import { readCertificate } from "./certificate.js";
import { der, derAt, derContents, derTime, derWhole, derWithin, type DerValue } from "./der.js";
import { readSigned, type Signed } from "./signatures.js";

const sequence = 0x30;
const integer = 0x02;
const octets = 0x04;
const sha1 = Buffer.from("300906052b0e03021a0500", "hex");
const basic = Buffer.from("2b0601050507300101", "hex");
/** With its tag and length. */
const nonceType = Buffer.from("06092b0601050507300102", "hex");

/** Says "try later" in the place of a responder. */
export const tryLater = Buffer.from([sequence, 3, 0x0a, 1, 3]);

/** A question, and the certificate it is about as answers name it. */
export interface OcspQuestion {
  readonly bytes: Buffer;
  readonly id: Buffer;
}

/** What an answer says: the responder's fault, or when it was right about the certificate asked for. */
export type OcspAnswer = { readonly kind: "fault"; readonly status: number } | GoodAnswer;

export interface GoodAnswer {
  readonly kind: "answer";
  readonly state: "good" | "revoked" | "unknown";
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly nonce: Buffer | undefined;
  readonly signed: Signed;
  /** Those that came with it, in DER. */
  readonly certificates: readonly Buffer[];
}

/** Asks whether a certificate is good, with a nonce or without. Throws where they are none. */
export function ocspQuestion(certificate: X509Certificate, issuer: X509Certificate, nonce?: Buffer): OcspQuestion {
  const { serial, issuerBytes } = readCertificate(certificate);
  const { key } = readCertificate(issuer);
  const id = der(sequence, sha1, der(octets, hash(issuerBytes)), der(octets, hash(key)), der(integer, serial));
  const list = der(sequence, der(sequence, id));
  const wish = nonce ? [der(0xa2, der(sequence, der(sequence, nonceType, der(octets, der(octets, nonce)))))] : [];
  return { bytes: der(sequence, der(sequence, list, ...wish)), id };
}

/** Reads an answer to a question. Throws an Error where it is none, or about something else. */
export function ocspAnswer(bytes: Buffer, { id }: OcspQuestion): OcspAnswer {
  const [status, wrapped] = derWithin(bytes, derAt(bytes, 0));
  const code = status ? bytes.readUInt8(status.start) : -1;
  if (code !== 0) return { kind: "fault", status: code };
  const [kind, response] = wrapped ? derWithin(bytes, derAt(bytes, wrapped.start)) : [];
  if (!kind || !response || !basic.equals(derContents(bytes, kind)))
    throw new Error("the answer is of an unknown kind");
  const whole = derAt(bytes, response.start);
  const { signed, body } = readSigned(bytes, whole);
  const parts = derWithin(bytes, body);
  const at = parts.findIndex(({ tag }) => tag === sequence);
  const list = parts[at];
  for (const single of list ? derWithin(bytes, list) : []) {
    const [about, state, from, ...rest] = derWithin(bytes, single);
    if (!about || !state || !from || !isSame(derContents(bytes, about), id)) continue;
    const next = rest.find(({ tag }) => tag === 0xa0);
    return {
      kind: "answer",
      state: stateOf(state.tag),
      thisUpdate: derTime(bytes, from),
      nextUpdate: next && derTime(bytes, derAt(bytes, next.start)),
      nonce: nonceIn(
        bytes,
        parts.slice(at + 1).find(({ tag }) => tag === 0xa1),
      ),
      signed,
      certificates: certificatesOf(bytes, derWithin(bytes, whole)[3]),
    };
  }
  throw new Error("the answer is not about this certificate");
}

function stateOf(tag: number): GoodAnswer["state"] {
  if (tag === 0x80) return "good";
  return tag === 0xa1 ? "revoked" : "unknown";
}

function nonceIn(bytes: Buffer, extensions: DerValue | undefined): Buffer | undefined {
  if (!extensions) return undefined;
  for (const extension of derWithin(bytes, derAt(bytes, extensions.start))) {
    const parts = derWithin(bytes, extension);
    const [type] = parts;
    const value = parts.at(-1);
    if (!type || !value || !nonceType.equals(derWhole(bytes, type))) continue;
    return derContents(bytes, derAt(bytes, value.start));
  }
  return undefined;
}

function certificatesOf(bytes: Buffer, wrapped: DerValue | undefined): Buffer[] {
  if (!wrapped) return [];
  return derWithin(bytes, derAt(bytes, wrapped.start)).map((value) => derWhole(bytes, value));
}

/** Identities are equal but for how the hash is named: with or without an empty parameter. */
function isSame(found: Buffer, id: Buffer): boolean {
  const rest = (bytes: Buffer): Buffer => bytes.subarray(derAt(bytes, 0).end);
  return rest(found).equals(rest(derContents(id, derAt(id, 0))));
}

const hash = (bytes: Buffer): Buffer => createHash("sha1").update(bytes).digest();
