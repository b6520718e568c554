// Lists of revoked certificates → whether one of a chain is among them.
import type { X509Certificate } from "node:crypto";
import { readCertificate } from "./certificate.js";
import { derAt, derContents, derTime, derWhole, derWithin } from "./der.js";
import { isSignedBy, readSigned, type Signed } from "./signatures.js";

/** A list of an authority (RFC 5280 section 5). */
export interface RevocationList {
  /** Name of the authority, in DER. */
  readonly issuer: Buffer;
  /** Milliseconds since the epoch. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Numbers of certificates, in hex. */
  readonly revoked: ReadonlySet<string>;
  /** Whether it covers only a part of what the authority has signed, so that not being in it says nothing. */
  readonly isPartial: boolean;
  readonly signed: Signed;
}

/** What SSLCARevocationCheck says. */
export interface RevocationCheck {
  readonly covers: "none" | "leaf" | "chain";
  /** Whether a certificate is good whose authority has no list. */
  readonly acceptsMissing: boolean;
}

/** "issuing distribution point" and "delta": what limits a list. */
const partial: ReadonlySet<string> = new Set(["551d1c", "551d1b"]);

/** The lists in a PEM text. Throws where one cannot be read. */
export function revocationListsIn(text: string): RevocationList[] {
  const pems = text.match(/-----BEGIN X509 CRL-----[^]*?-----END X509 CRL-----/g) ?? [];
  return pems.map((pem) => readList(Buffer.from(pem.replace(/-----.*-----/g, ""), "base64")));
}

function readList(bytes: Buffer): RevocationList {
  const { signed, body } = readSigned(bytes, derAt(bytes, 0));
  const all = derWithin(bytes, body);
  const [, issuer, thisUpdate, ...rest] = all[0]?.tag === 2 ? all.slice(1) : all;
  if (!issuer || !thisUpdate) throw new Error("a list of revoked certificates has an unknown form");
  const next = rest.find(({ tag }) => tag === 0x17 || tag === 0x18);
  const numbers = rest.find(({ tag }) => tag === 0x30);
  const extensions = rest.find(({ tag }) => tag === 0xa0);
  const revoked = new Set<string>();
  for (const entry of numbers ? derWithin(bytes, numbers) : []) {
    revoked.add(derContents(bytes, derAt(bytes, entry.start)).toString("hex"));
  }
  return {
    issuer: derWhole(bytes, issuer),
    thisUpdate: derTime(bytes, thisUpdate),
    nextUpdate: next ? derTime(bytes, next) : Infinity,
    revoked,
    isPartial: (extensions ? derWithin(bytes, derAt(bytes, extensions.start)) : []).some((extension) =>
      partial.has(derContents(bytes, derAt(bytes, extension.start)).toString("hex")),
    ),
    signed,
  };
}

/**
 * Why a chain is not good, in OpenSSL's words; from a certificate up to an authority that signs itself, which is looked for
 * in its own list, as OpenSSL does.
 */
export function revocationFault(
  chain: readonly X509Certificate[],
  lists: readonly RevocationList[],
  { covers, acceptsMissing }: RevocationCheck,
): string | undefined {
  const count = covers === "chain" ? chain.length : covers === "leaf" ? 1 : 0;
  for (const [index, x509] of chain.slice(0, count).entries()) {
    const { issuerBytes, serial } = readCertificate(x509);
    const own = lists.filter(({ issuer }) => issuer.equals(issuerBytes));
    const key = (chain[index + 1] ?? x509).publicKey;
    const signed = own.filter((list) => isSignedBy(list.signed, key));
    // Revoked is revoked, whatever a list of another time says.
    if (signed.some(({ revoked }) => revoked.has(serial.toString("hex")))) return "certificate revoked";
    const whole = signed.filter(({ isPartial }) => !isPartial);
    if (own.length > 0 && signed.length === 0) return "CRL signature failure";
    if (whole.length === 0) {
      if (acceptsMissing) continue;
      return "unable to get certificate CRL";
    }
    const now = Date.now();
    if (whole.every(({ thisUpdate }) => thisUpdate > now)) return "CRL is not yet valid";
    if (whole.every(({ nextUpdate }) => nextUpdate < now)) return "CRL has expired";
  }
  return undefined;
}
