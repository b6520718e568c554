// A certificate → the variables mod_ssl makes of it.
import type { X509Certificate } from "node:crypto";

/** Names of algorithms by their object identifiers, in hex. */
const algorithms: Readonly<Record<string, string>> = {
  "2a864886f70d010104": "md5WithRSAEncryption",
  "2a864886f70d010105": "sha1WithRSAEncryption",
  "2a864886f70d01010a": "rsassaPss",
  "2a864886f70d01010b": "sha256WithRSAEncryption",
  "2a864886f70d01010c": "sha384WithRSAEncryption",
  "2a864886f70d01010d": "sha512WithRSAEncryption",
  "2a8648ce3d0401": "ecdsa-with-SHA1",
  "2a8648ce3d040302": "ecdsa-with-SHA256",
  "2a8648ce3d040303": "ecdsa-with-SHA384",
  "2a8648ce3d040304": "ecdsa-with-SHA512",
  "2b6570": "ED25519",
  "2b6571": "ED448",
};
const keyKinds: Readonly<Record<string, string>> = {
  rsa: "rsaEncryption",
  "rsa-pss": "rsassaPss",
  ec: "id-ecPublicKey",
  dsa: "dsaEncryption",
  ed25519: "ED25519",
  ed448: "ED448",
};

/** Short names of what a distinguished name is made of, by mod_ssl's name for them. */
const parts: Readonly<Record<string, string>> = {
  C: "C",
  ST: "ST",
  L: "L",
  O: "O",
  OU: "OU",
  CN: "CN",
  T: "title",
  I: "initials",
  G: "GN",
  S: "SN",
  D: "description",
  UID: "UID",
  Email: "emailAddress",
};

/** Names of the variables of a certificate, without "SSL_CLIENT_" in front. */
export const certificateVariables: readonly string[] = [
  ...["M_VERSION", "M_SERIAL", "S_DN", "I_DN", "V_START", "V_END", "V_REMAIN", "A_SIG", "A_KEY", "CERT"],
  ...["S", "I"].flatMap((side) => Object.keys(parts).map((part) => `${side}_DN_${part}`)),
  ...["SAN_Email_0", "SAN_DNS_0"],
];

/** The value of a variable, by its name without "SSL_CLIENT_" or "SSL_SERVER_". */
export function certificateVariable(certificate: X509Certificate, name: string, isLegacy = false): string | undefined {
  switch (name) {
    case "M_VERSION":
      return String(versionOf(certificate.raw));
    case "M_SERIAL":
      return certificate.serialNumber;
    case "S_DN":
      return distinguishedName(certificate.subject, isLegacy);
    case "I_DN":
      return distinguishedName(certificate.issuer, isLegacy);
    case "V_START":
      return certificate.validFrom;
    case "V_END":
      return certificate.validTo;
    case "V_REMAIN":
      return String(Math.max(0, Math.floor((Date.parse(certificate.validTo) - Date.now()) / 86_400_000)));
    case "A_SIG":
      return signatureAlgorithm(certificate.raw);
    case "A_KEY":
      return keyKinds[certificate.publicKey.asymmetricKeyType ?? ""];
    case "CERT":
      return certificate.toString();
  }
  const [, side, part, index = "0"] = /^([SI])_DN_([A-Za-z]+)(?:_(\d+))?$/.exec(name) ?? [];
  if (side !== undefined && part !== undefined) {
    const prefix = `${parts[part] ?? ""}=`;
    const lines = (side === "S" ? certificate.subject : certificate.issuer).split("\n");
    const values = lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
    return values[Number(index)]?.replace(/\\(.)/g, "$1");
  }
  const [, kind, at = "0"] = /^SAN_(Email|DNS)_(\d+)$/.exec(name) ?? [];
  if (kind === undefined) return undefined;
  const names = (certificate.subjectAltName ?? "").split(", ");
  const prefix = kind === "DNS" ? "DNS:" : "email:";
  return names.filter((one) => one.startsWith(prefix))[Number(at)]?.slice(prefix.length);
}

/** RFC 2253: from the innermost part outwards, or OpenSSL's former way. */
function distinguishedName(lines: string, isLegacy: boolean): string {
  const all = lines.split("\n");
  return isLegacy ? all.map((line) => `/${line}`).join("") : all.reverse().join(",");
}

/** Length and beginning of the contents of a DER value. */
function derValue(bytes: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return { start: at + 2, end: at + 2 + first };
  const octets = first & 0x7f;
  const start = at + 2 + octets;
  return { start, end: start + bytes.readUIntBE(at + 2, Math.min(octets, 6)) };
}

/** The algorithm stands behind the part that is signed. */
function signatureAlgorithm(der: Buffer): string | undefined {
  const whole = derValue(der, 0);
  const signed = derValue(der, whole.start);
  const algorithm = derValue(der, signed.end);
  const identifier = derValue(der, algorithm.start);
  return algorithms[der.toString("hex", identifier.start, identifier.end)];
}

/** The version stands first in the part that is signed, if it is not the first. */
function versionOf(der: Buffer): number {
  const signed = derValue(der, derValue(der, 0).start);
  return der[signed.start] === 0xa0 ? (der[signed.start + 4] ?? 0) + 1 : 1;
}
