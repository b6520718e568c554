// A certificate → the variables mod_ssl makes of it.
import type { Certificate } from "./certificate.js";
import { derAt, derContents, derIdentifier, derWithin } from "./der.js";
import { algorithmNames, extendedUsages, extensionNames, usages } from "./identifiers.js";
import { oneLine, plainText, readText, rfc2253, type Name } from "./names.js";

/** Attributes of names, by mod_ssl's word for them. "SP" is another word for "ST". */
const attributes: Readonly<Record<string, string>> = {
  C: "2.5.4.6",
  ST: "2.5.4.8",
  SP: "2.5.4.8",
  L: "2.5.4.7",
  O: "2.5.4.10",
  OU: "2.5.4.11",
  CN: "2.5.4.3",
  T: "2.5.4.12",
  I: "2.5.4.43",
  G: "2.5.4.42",
  S: "2.5.4.4",
  D: "2.5.4.13",
  UID: "0.9.2342.19200300.100.1.1",
  Email: "1.2.840.113549.1.9.1",
};
const wordOf = new Map(Object.entries(attributes).map(([word, type]) => [type, word]));
wordOf.set("2.5.4.8", "ST");

/** Reads one variable of a certificate. */
export type CertificateVariable = (certificate: Certificate, isLegacy: boolean) => string | undefined;

const dayLong = 86_400_000;
const simple: Readonly<Record<string, CertificateVariable>> = {
  M_VERSION: ({ version }) => String(version),
  M_SERIAL: ({ x509 }) => x509.serialNumber,
  S_DN: ({ subject }, isLegacy) => (isLegacy ? oneLine(subject) : rfc2253(subject)),
  I_DN: ({ issuer }, isLegacy) => (isLegacy ? oneLine(issuer) : rfc2253(issuer)),
  V_START: ({ x509 }) => x509.validFrom,
  V_END: ({ x509 }) => x509.validTo,
  V_REMAIN: ({ x509 }) => String(Math.max(0, Math.floor((Date.parse(x509.validTo) - Date.now()) / dayLong))),
  A_SIG: ({ signatureAlgorithm }) => algorithmNames.get(signatureAlgorithm) ?? "UNKNOWN",
  A_KEY: ({ keyAlgorithm }) => algorithmNames.get(keyAlgorithm) ?? "UNKNOWN",
  CERT: ({ x509 }) => x509.toString(),
};

/** Which certificate this is, in the form of RFC 4523; only clients' have it. */
export const exactAssertion: CertificateVariable = ({ x509, issuer }) =>
  `{ serialNumber ${BigInt(`0x${x509.serialNumber}`)}, issuer rdnSequence:"${asciiOnly(rfc2253(issuer))}" }`;

function asciiOnly(text: string): string {
  return text.replace(/[\x80-\xff]/g, (char) => `\\${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The variable with that name behind "SSL_CLIENT_" or "SSL_SERVER_"; undefined where none has it. */
export function certificateVariable(name: string): CertificateVariable | undefined {
  const upper = name.toUpperCase();
  if (Object.hasOwn(simple, upper)) return simple[upper];
  const [, side = "", attribute = "", index = "0"] = /^([SI])_[Dd][Nn]_([A-Za-z]+)(?:_(\d+))?$/.exec(name) ?? [];
  const type = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined;
  if (type !== undefined) {
    return ({ subject, issuer }) => valuesOf(side === "S" ? subject : issuer, type)[Number(index)];
  }
  const [, kind = "", at = "0"] = /^SAN_(Email|DNS|OTHER_msUPN|OTHER_dnsSRV)_(\d+)$/i.exec(name) ?? [];
  const known = nameKinds.find((each) => each.word.toLowerCase() === kind.toLowerCase());
  return known && ((certificate) => alternativeNames(certificate, known)[Number(at)]);
}

/** The attributes and alternative names a certificate has, for StdEnvVars: [name, value], names as above. */
export function* certificateEntries(certificate: Certificate, isServer: boolean): Iterable<readonly [string, string]> {
  for (const [side, name] of [
    ["S", certificate.subject],
    ["I", certificate.issuer],
  ] as const) {
    const counts = new Map<string, number>();
    for (const { type, value } of name) {
      const word = wordOf.get(type);
      if (word === undefined) continue;
      const count = counts.get(type) ?? 0;
      counts.set(type, count + 1);
      yield [`${side}_DN_${word}${count === 0 ? "" : `_${count}`}`, plainText(value)];
    }
  }
  for (const kind of nameKinds) {
    if (kind.word === (isServer ? "OTHER_msUPN" : "OTHER_dnsSRV")) continue;
    for (const [index, name] of alternativeNames(certificate, kind).entries()) {
      yield [`SAN_${kind.word}_${index}`, name];
    }
  }
}

function valuesOf(name: Name, type: string): string[] {
  return name.filter((part) => part.type === type).map(({ value }) => plainText(value));
}

/** Kinds of alternative names: their tag, and the type of other names. */
interface NameKind {
  readonly word: string;
  readonly tag: number;
  readonly type?: string;
}
const nameKinds: readonly NameKind[] = [
  { word: "Email", tag: 0x81 },
  { word: "DNS", tag: 0x82 },
  { word: "OTHER_msUPN", tag: 0xa0, type: "1.3.6.1.4.1.311.20.2.3" },
  { word: "OTHER_dnsSRV", tag: 0xa0, type: "1.3.6.1.5.5.7.8.7" },
];

function alternativeNames({ extensions }: Certificate, { tag, type }: NameKind): string[] {
  const bytes = extensions.find(({ identifier }) => identifier === extensionNames["subjectAltName"])?.value;
  if (!bytes) return [];
  const names = derWithin(bytes, derAt(bytes, 0)).filter((name) => name.tag === tag);
  if (type === undefined) return names.map((name) => derContents(bytes, name).toString("latin1"));
  return names.flatMap((name) => {
    const [identifier, wrapped] = derWithin(bytes, name);
    if (!identifier || !wrapped || derIdentifier(derContents(bytes, identifier)) !== type) return [];
    return [plainText(readText(bytes, derAt(bytes, wrapped.start)))];
  });
}

/** Tags of strings an extension may be. */
const displayed: ReadonlySet<number> = new Set([12, 22, 26, 30]);

/** Texts of the extensions with an identifier, or a name of it; those that are no text, nor printed by us, are left out. */
export function extensionTexts({ extensions, x509 }: Certificate, name: string): string[] {
  const wanted = Object.hasOwn(extensionNames, name) ? extensionNames[name] : name;
  return extensions
    .filter(({ identifier }) => identifier === wanted)
    .flatMap(({ identifier, value }) => {
      if (identifier === extensionNames["subjectAltName"]) return [x509.subjectAltName ?? ""];
      const whole = derAt(value, 0);
      const text = printers.get(identifier)?.(value);
      if (text !== undefined) return [text];
      return displayed.has(whole.tag) ? [plainText(readText(value, whole))] : [];
    });
}

const printers: ReadonlyMap<string, (value: Buffer) => string> = new Map([
  [
    "2.5.29.14",
    (value: Buffer) =>
      derContents(value, derAt(value, 0))
        .toString("hex")
        .toUpperCase()
        .replace(/(..)(?=.)/g, "$1:"),
  ],
  ["2.5.29.15", (value: Buffer) => usageText(derContents(value, derAt(value, 0)))],
  [
    "2.5.29.19",
    (value: Buffer) => {
      const parts = derWithin(value, derAt(value, 0));
      const length = parts.find(({ tag }) => tag === 2);
      const isAuthority = parts.some((part) => part.tag === 1 && value[part.start] !== 0);
      const limit = length ? `, pathlen:${BigInt(`0x${derContents(value, length).toString("hex")}`)}` : "";
      return `CA:${isAuthority ? "TRUE" : "FALSE"}${limit}`;
    },
  ],
  [
    "2.5.29.37",
    (value: Buffer) =>
      derWithin(value, derAt(value, 0))
        .map((usage) => derIdentifier(derContents(value, usage)))
        .map((identifier) => extendedUsages.get(identifier) ?? identifier)
        .join(", "),
  ],
]);

/** Bits, behind the number of those unused. */
function usageText(bits: Buffer): string {
  const isSet = (index: number): boolean => (((bits[1 + (index >> 3)] ?? 0) >> (7 - (index & 7))) & 1) === 1;
  return usages.filter((_usage, index) => isSet(index)).join(", ");
}
