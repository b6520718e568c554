// A virtual host with several certificates → what encrypts with each of them alone, and for which clients that is.
import { X509Certificate } from "node:crypto";
import { Duplex } from "node:stream";
import { connect, type SecureContextOptions } from "node:tls";
import type { CertificateAlone, CertificatesAlone } from "../../api/index.js";

/** What a kind of key can sign with, by the numbers of RFC 8446 section 4.2.3. */
type Abilities = Omit<CertificateAlone, "options">;

const rsa: Abilities = {
  schemes: [0x0804, 0x0805, 0x0806],
  olderSchemes: [0x0401, 0x0501, 0x0601, 0x0201],
  isElliptic: false,
  group: undefined,
};
/** Keys of curves sign with any digest up to TLS 1.2, with one from then on. */
const curve = (scheme: number, group: number): Abilities => ({
  schemes: [scheme],
  olderSchemes: [0x0403, 0x0503, 0x0603, 0x0203],
  isElliptic: true,
  group,
});
const edwards = (scheme: number): Abilities => ({
  schemes: [scheme],
  olderSchemes: [],
  isElliptic: true,
  group: undefined,
});
const abilities: Readonly<Record<string, Abilities>> = {
  rsa,
  "rsa-pss": { ...rsa, schemes: [0x0809, 0x080a, 0x080b], olderSchemes: [] },
  "ec prime256v1": curve(0x0403, 23),
  "ec secp384r1": curve(0x0503, 24),
  "ec secp521r1": curve(0x0603, 25),
  ed25519: edwards(0x0807),
  ed448: edwards(0x0808),
};

/** "rsa", "ec prime256v1"; of keys of one kind a context has one. */
function keyKind(certificate: string): string {
  const { asymmetricKeyType = "", asymmetricKeyDetails } = new X509Certificate(certificate).publicKey;
  return [asymmetricKeyType, asymmetricKeyDetails?.namedCurve ?? ""].join(" ").trim();
}

/** The last certificate of each kind of key, with its key: of several OpenSSL has the last, as in Apache. */
export function lastOfEachKind(credentials: readonly { readonly cert: string; readonly key: string }[]): {
  readonly kept: readonly { readonly cert: string; readonly key: string }[];
  /** Numbers of those that nobody sees. */
  readonly hidden: readonly number[];
} {
  if (credentials.length < 2) return { kept: credentials, hidden: [] };
  const kinds = credentials.map(({ cert }) => {
    try {
      return keyKind(cert).split(" ")[0];
    } catch {
      // Whoever makes the context says what is wrong with it.
      return undefined;
    }
  });
  const isKept = (kind: string | undefined, index: number): boolean =>
    kind === undefined || kinds.lastIndexOf(kind) === index;
  return {
    kept: credentials.filter((_, index) => isKept(kinds[index], index)),
    hidden: kinds.flatMap((kind, index) => (isKept(kind, index) ? [] : [index])),
  };
}

/** The same options with each certificate alone. Undefined where it cannot be said whom each one is for. */
export function certificatesAlone(
  options: SecureContextOptions,
  ciphers: readonly number[],
): CertificatesAlone | undefined {
  const [certificates, keys] = [[options.cert ?? []].flat(), [options.key ?? []].flat()];
  if (certificates.length < 2 || certificates.length !== keys.length || options.sigalgs !== undefined) return undefined;
  const alone = certificates.map((cert, index): CertificateAlone | undefined => {
    const able = abilities[keyKind(String(cert))];
    const key = keys[index];
    return able && key !== undefined ? { ...able, options: { ...options, cert: [cert], key: [key] } } : undefined;
  });
  const known = alone.filter((each) => each !== undefined);
  return known.length === certificates.length ? { certificates: known, ciphers } : undefined;
}

/** Bytes in front of the list of ciphers in a ClientHello: record, message, version, random bytes. */
const beforeSession = 5 + 4 + 2 + 32;

/** The ciphers that options mean, by their numbers and in their order: those a client with them offers. */
export async function ciphersOf({ ciphers, minVersion, maxVersion }: SecureContextOptions): Promise<readonly number[]> {
  const hello = await new Promise<Buffer>((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk);
        done();
      },
    });
    const options = { socket: wire, ...(ciphers === undefined ? {} : { ciphers }) };
    const client = connect({
      ...options,
      ...(minVersion === undefined ? {} : { minVersion }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
    });
    client.on("error", () => undefined);
    wire.once("finish", () => client.destroy());
    setImmediate(() => wire.end());
  });
  const list = beforeSession + 1 + (hello[beforeSession] ?? 0);
  const length = hello.readUInt16BE(list);
  return Array.from({ length: length / 2 }, (_, index) => hello.readUInt16BE(list + 2 + 2 * index));
}
