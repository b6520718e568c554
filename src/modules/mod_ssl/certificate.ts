// A certificate → the parts of it that Node does not tell of.
import { X509Certificate } from "node:crypto";
import { derAt, derContents, derIdentifier, derWhole, derWithin, type DerValue } from "./der.js";
import { readName, type Name } from "./names.js";

/** A certificate, read as far as variables, revocation and OCSP need it. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly version: number;
  /** Contents of the number, as they stand there. */
  readonly serial: Buffer;
  readonly issuer: Name;
  readonly subject: Name;
  /** Name of the issuer, in DER. */
  readonly issuerBytes: Buffer;
  /** Bits of the key, in bytes. */
  readonly key: Buffer;
  /** Identifiers. */
  readonly keyAlgorithm: string;
  readonly signatureAlgorithm: string;
  readonly extensions: readonly Extension[];
}

export interface Extension {
  readonly identifier: string;
  /** In DER. */
  readonly value: Buffer;
}

const read = new WeakMap<X509Certificate, Certificate>();
const pemOf = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^]*?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Reads a certificate once. Throws where it has a form nobody knows. */
export function readCertificate(x509: X509Certificate): Certificate {
  let certificate = read.get(x509);
  if (!certificate) read.set(x509, (certificate = partsOf(x509)));
  return certificate;
}

/** The certificates in PEM texts, one after the other. Throws where one cannot be read. */
export function certificatesIn(texts: readonly string[]): X509Certificate[] {
  return texts.flatMap((text) => pemTexts(text)).map((pem) => new X509Certificate(pem));
}

/** The PEM text of each certificate in a text. */
export function pemTexts(text: string): string[] {
  return text.match(pemOf) ?? [];
}

/** Whether a certificate is signed by the key of another, which may sign. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function partsOf(x509: X509Certificate): Certificate {
  const bytes = x509.raw;
  const [signed, algorithm] = derWithin(bytes, derAt(bytes, 0));
  const all = signed ? derWithin(bytes, signed) : [];
  const hasVersion = all[0]?.tag === 0xa0;
  const [serial, , issuer, , subject, keyInfo, ...others] = hasVersion ? all.slice(1) : all;
  const [keyAlgorithm, keyBits] = keyInfo ? derWithin(bytes, keyInfo) : [];
  if (!algorithm || !serial || !issuer || !subject || !keyAlgorithm || !keyBits) {
    throw new Error("the certificate has an unknown form");
  }
  const version = hasVersion && all[0] ? (bytes[derAt(bytes, all[0].start).start] ?? 0) + 1 : 1;
  return {
    x509,
    version,
    serial: derContents(bytes, serial),
    issuer: readName(bytes, issuer),
    subject: readName(bytes, subject),
    issuerBytes: derWhole(bytes, issuer),
    // Behind the number of unused bits.
    key: bytes.subarray(keyBits.start + 1, keyBits.end),
    keyAlgorithm: identifierIn(bytes, keyAlgorithm),
    signatureAlgorithm: identifierIn(bytes, algorithm),
    extensions: readExtensions(
      bytes,
      others.find(({ tag }) => tag === 0xa3),
    ),
  };
}

function identifierIn(bytes: Buffer, algorithm: DerValue): string {
  return derIdentifier(derContents(bytes, derAt(bytes, algorithm.start)));
}

function readExtensions(bytes: Buffer, wrapped: DerValue | undefined): Extension[] {
  if (!wrapped) return [];
  return derWithin(bytes, derAt(bytes, wrapped.start)).map((extension) => {
    const parts = derWithin(bytes, extension);
    const [identifier] = parts;
    const value = parts.at(-1);
    if (!identifier || !value) throw new Error("an extension has an unknown form");
    return { identifier: derIdentifier(derContents(bytes, identifier)), value: derContents(bytes, value) };
  });
}
