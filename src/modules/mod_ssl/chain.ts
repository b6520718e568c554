// A certificate, what came with it and who is trusted → the chain up to an authority.
import { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { isIssuedBy } from "./certificate.js";

/** Most certificates of a chain that are looked at. */
const longestChain = 100;

/** The certificates the other end sent behind its own, and those that Node found for them. */
export function sentBy(socket: TLSSocket): X509Certificate[] {
  const found = new Map<string, X509Certificate>();
  let at = socket.getPeerCertificate(true);
  for (;;) {
    const issuer = at.issuerCertificate as typeof at | undefined;
    if (!issuer || found.has(issuer.fingerprint256)) return [...found.values()];
    found.set(issuer.fingerprint256, new X509Certificate(issuer.raw));
    at = issuer;
  }
}

/** From a certificate that OpenSSL has found good up to its authority; those that are trusted come first, as it prefers them. */
export function chainOf(
  leaf: X509Certificate,
  sent: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): X509Certificate[] {
  const chain = [leaf];
  let at = leaf;
  while (chain.length < longestChain && !isIssuedBy(at, at)) {
    const issuer = [...trusted, ...sent].find((each) => isIssuedBy(at, each));
    if (!issuer) break;
    chain.push(issuer);
    at = issuer;
  }
  return chain;
}
