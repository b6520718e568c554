// A certificate, what came with it and who is trusted → the chain up to an authority.
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { isIssuedBy } from "./certificate.js";

/** Most certificates of a chain that are looked at. */
const longestChain = 100;

/** What the other end of a connection has shown. */
export interface Peer {
  readonly certificate: X509Certificate | undefined;
  /** Those behind it, in the order they were sent. */
  readonly sent: readonly X509Certificate[];
}

const peers = new WeakMap<TLSSocket, Peer>();

/** The certificates of the other end. Node gives them away once: whoever wants them asks here. */
export function peerOf(socket: TLSSocket): Peer {
  let peer = peers.get(socket);
  if (!peer) {
    const certificate = socket.getPeerX509Certificate();
    const sent: X509Certificate[] = [];
    for (let at = certificate?.issuerCertificate; at && sent.length < longestChain; at = at.issuerCertificate)
      sent.push(at);
    peers.set(socket, (peer = { certificate, sent }));
  }
  return peer;
}

/**
 * From a certificate that OpenSSL has found good up to its authority; those that are trusted come first, as it prefers them.
 * Undefined where there is no way there, which is never so for one that is good.
 */
export function chainOf(
  leaf: X509Certificate,
  sent: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): X509Certificate[] | undefined {
  const chain = [leaf];
  let at = leaf;
  while (chain.length < longestChain && !isIssuedBy(at, at)) {
    const issuer = [...trusted, ...sent].find((each) => isIssuedBy(at, each));
    if (!issuer) return undefined;
    chain.push(issuer);
    at = issuer;
  }
  return chain;
}
