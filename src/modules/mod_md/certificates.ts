// Names and a key → certificates signed by ourselves, and requests for certificates; with @peculiar/x509.
import { createHash, createPrivateKey, randomBytes, webcrypto, X509Certificate, type KeyObject } from "node:crypto";
import type { KeyKind } from "./key-kinds.js";

/** Loaded where it is needed: workers do without. */
const library = () => import("@peculiar/x509");

type Algorithm = webcrypto.RsaHashedKeyGenParams | webcrypto.EcKeyGenParams;

const day = 86_400_000;
/** How long a certificate of our own making holds, as Apache's. */
const fallbackDays = 14;
const usages: readonly webcrypto.KeyUsage[] = ["sign", "verify"];

/** Hash of signatures by curve. */
const hashes = { "P-256": "SHA-256", "P-384": "SHA-384", "P-521": "SHA-512" } as const;

function algorithmOf(kind: KeyKind): Algorithm {
  return kind.type === "RSA"
    ? {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: kind.bits,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: "SHA-256",
      }
    : { name: "ECDSA", namedCurve: kind.curve };
}

const signing = (kind: KeyKind): webcrypto.Algorithm | webcrypto.EcdsaParams =>
  kind.type === "RSA" ? { name: "RSASSA-PKCS1-v1_5" } : { name: "ECDSA", hash: hashes[kind.curve] };

/** A new pair of keys. */
export async function makeKeys(kind: KeyKind): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithmOf(kind), true, [...usages]);
}

/** The private one in PEM (PKCS #8). */
export async function keyText({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  return (await keyObject(privateKey)).export({ type: "pkcs8", format: "pem" }).toString();
}

async function keyObject(key: webcrypto.CryptoKey): Promise<KeyObject> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  return createPrivateKey({ key: der, type: "pkcs8", format: "der" });
}

/** A request for a certificate for these names, in DER. */
export async function requestFor(
  names: readonly string[],
  keys: webcrypto.CryptoKeyPair,
  { kind, mustStaple }: { readonly kind: KeyKind; readonly mustStaple: boolean },
): Promise<Buffer> {
  const { Extension, Pkcs10CertificateRequestGenerator, SubjectAlternativeNameExtension } = await library();
  // A SEQUENCE of the one feature 5, status_request (RFC 7633).
  const staple = new Extension("1.3.6.1.5.5.7.1.24", false, Uint8Array.of(0x30, 3, 2, 1, 5));
  const request = await Pkcs10CertificateRequestGenerator.create(
    {
      keys,
      signingAlgorithm: signing(kind),
      extensions: [
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
        ...(mustStaple ? [staple] : []),
      ],
    },
    webcrypto,
  );
  return Buffer.from(request.rawData);
}

/** A certificate that nobody trusts, until the first arrives that is signed by an authority. */
export async function makeFallback(
  names: readonly string[],
  kind: KeyKind,
): Promise<{ readonly certificate: string; readonly key: string }> {
  return selfSigned(names, kind, { subject: "modhost managed domain fallback", days: fallbackDays });
}

/** The certificate that answers tls-alpn-01 (RFC 8737): it holds the hash of what is to be proved. */
export async function makeProof(
  name: string,
  digest: Buffer,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const { Extension } = await library();
  // An OCTET STRING of 32 bytes.
  const value = Buffer.concat([Buffer.from([0x04, digest.length]), digest]);
  const proof = new Extension("1.3.6.1.5.5.7.1.31", true, Uint8Array.from(value));
  return selfSigned(
    [name],
    { type: "EC", curve: "P-256", name: "P-256" },
    { subject: name, days: 7, extensions: [proof] },
  );
}

async function selfSigned(
  names: readonly string[],
  kind: KeyKind,
  {
    subject,
    days,
    extensions = [],
  }: { subject: string; days: number; extensions?: readonly import("@peculiar/x509").Extension[] },
): Promise<{ readonly certificate: string; readonly key: string }> {
  const { X509CertificateGenerator, SubjectAlternativeNameExtension } = await library();
  const keys = await makeKeys(kind);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      // Positive, whatever the first byte.
      serialNumber: `00${randomBytes(12).toString("hex")}`,
      name: [{ CN: [subject.slice(0, 64)] }],
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + days * day),
      keys,
      signingAlgorithm: signing(kind),
      extensions: [new SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))), ...extensions],
    },
    webcrypto,
  );
  return { certificate: certificate.toString("pem"), key: await keyText(keys) };
}

/** What of a certificate matters for renewing it. Times in milliseconds since the epoch. */
export interface CertificateFacts {
  readonly names: readonly string[];
  readonly validFrom: number;
  readonly validUntil: number;
  readonly serial: string;
  /** Of SHA-256, in hex. */
  readonly fingerprint: string;
  /** What files of answers of OCSP are named for. */
  readonly ocspId: string;
  /** "/CN=..." */
  readonly issuer: string;
  /** What it is called in questions about its renewal (RFC 9773, 4.1); undefined where it does not say whose key signed it. */
  readonly ariId: string | undefined;
  /** Whether clients refuse it without a stapled answer. */
  readonly mustStaple: boolean;
}

/** What the file of an answer of OCSP about a certificate, in DER, is named for. */
export function ocspIdOf(certificate: Buffer): string {
  return createHash("sha1").update(certificate).digest("hex");
}

/** Reads the first certificate of a text; undefined where there is none. */
export function factsOf(text: string): CertificateFacts | undefined {
  try {
    const certificate = new X509Certificate(text);
    const names = (certificate.subjectAltName ?? "").split(", ").filter((each) => each.startsWith("DNS:"));
    return {
      names: names.map((each) => each.slice("DNS:".length).toLowerCase()),
      validFrom: Date.parse(certificate.validFrom),
      validUntil: Date.parse(certificate.validTo),
      serial: certificate.serialNumber,
      fingerprint: certificate.fingerprint256.replace(/:/g, "").toLowerCase(),
      ocspId: ocspIdOf(certificate.raw),
      issuer: certificate.issuer
        .split("\n")
        .map((part) => `/${part}`)
        .join(""),
      ariId: ariIdOf(certificate),
      mustStaple: certificate.raw.includes(tlsFeature),
    };
  } catch {
    return undefined;
  }
}

/** The extension authorityKeyIdentifier, which is never critical (RFC 5280, 4.2.1.1). */
const keyIdentifier = Buffer.from("0603551d23", "hex");

/** The extension TLS feature that names status_request (RFC 7633). */
const tlsFeature = Buffer.from("06082b0601050507011804053003020105", "hex");

function ariIdOf({ raw, serialNumber }: X509Certificate): string | undefined {
  const at = raw.indexOf(keyIdentifier);
  if (at < 0) return undefined;
  // An OCTET STRING with a SEQUENCE whose first part, [0], it is.
  const [octets, , sequence, , first, length = 0] = raw.subarray(at + keyIdentifier.length);
  if (octets !== 0x04 || sequence !== 0x30 || first !== 0x80) return undefined;
  const from = at + keyIdentifier.length + 6;
  const serial = Buffer.from(/^[89A-F]/i.test(serialNumber) ? `00${serialNumber}` : serialNumber, "hex");
  return `${raw.subarray(from, from + length).toString("base64url")}.${serial.toString("base64url")}`;
}

/** Whether a key is the one of a certificate. */
export function belongTogether(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
