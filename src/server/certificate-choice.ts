// The first message of a handshake, and a virtual host with several certificates → the one that OpenSSL would choose.
import type { CertificateAlone, TlsSettings } from "../api/index.js";
import type { ClientHello } from "./client-hello.js";

const tls13 = 0x0304;
/** Signature schemes in OpenSSL's order, which counts where the server's wishes do (RFC 8446 section 4.2.3). */
const usualSchemes = [...[0x0403, 0x0503, 0x0603, 0x0807, 0x0808], ...[0x0809, 0x080a, 0x080b, 0x0804, 0x0805, 0x0806]];
/** Ciphers of TLS 1.2 and before that go with keys of elliptic curves: with CBC, GCM, CCM and ChaCha20. */
const ellipticCiphers: ReadonlySet<number> = new Set([
  ...[0xc006, 0xc007, 0xc008, 0xc009, 0xc00a, 0xc023, 0xc024, 0xc02b, 0xc02c],
  ...[0xc048, 0xc049, 0xc05c, 0xc05d, 0xc072, 0xc073, 0xc086, 0xc087],
  ...[0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xcca9],
]);

/**
 * The certificate for a client that asks what its authority says of it: Node asks for that answer before OpenSSL has chosen,
 * so it is to have one alone. Undefined where the client does not ask, or nothing can be chosen: then it gets no answer.
 */
export function chooseCertificate(
  hello: ClientHello | undefined,
  { alone, options, honorsOrder = false }: TlsSettings,
): CertificateAlone | undefined {
  if (!alone || !hello?.asksForStaple) return undefined;
  if (hello.versions.includes(tls13) && options.maxVersion === "TLSv1.3") {
    const wanted = ordered(hello.schemes, usualSchemes, honorsOrder);
    return firstOf(wanted, (scheme) => alone.certificates.find(({ schemes }) => schemes.includes(scheme)));
  }
  const usable = alone.certificates.filter((each) => isUsable(each, hello));
  return firstOf(ordered(hello.ciphers, alone.ciphers, honorsOrder), (cipher) =>
    usable.find(({ isElliptic }) => isElliptic === ellipticCiphers.has(cipher)),
  );
}

/** What both sides know, in the order of the one whose wishes count. */
function ordered(client: readonly number[], server: readonly number[], honorsOrder: boolean): number[] {
  const [first, second] = honorsOrder ? [server, client] : [client, server];
  return first.filter((each) => second.includes(each));
}

function firstOf<Item>(items: readonly number[], find: (item: number) => Item | undefined): Item | undefined {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}

/** Whether a client of TLS 1.2 or before can do with a key; one that does not say can. */
function isUsable({ schemes, olderSchemes, group }: CertificateAlone, hello: ClientHello): boolean {
  const known = [...schemes, ...olderSchemes];
  const signs = hello.schemes.length === 0 || hello.schemes.some((scheme) => known.includes(scheme));
  return signs && (group === undefined || hello.groups.length === 0 || hello.groups.includes(group));
}
