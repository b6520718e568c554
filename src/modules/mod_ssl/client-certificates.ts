// The certificate of a client → whether it is good, by the chain behind it, revocation and OCSP.
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { chainOf, peerOf } from "./chain.js";
import { ocspFault, type OcspRules } from "./ocsp-check.js";
import { revocationFault, type RevocationCheck, type RevocationList } from "./revocation.js";
import type { VerifyClient } from "./settings.js";

/** What a virtual host asks of clients' certificates. */
export interface ClientRules {
  readonly level: VerifyClient;
  /** Most certificates between a client's own and the one it is trusted by, that one counted. */
  readonly depth: number;
  readonly authorities: readonly X509Certificate[];
  readonly revocation: RevocationCheck & { readonly lists: readonly RevocationList[] };
  readonly ocsp: OcspRules | undefined;
  readonly log: (message: string) => void;
}

/** What was found out about a certificate. */
interface Finding {
  /** Why it is not good, in OpenSSL's words. */
  readonly fault: string | undefined;
  /** Whether the fault is one that `optional_no_ca` lets pass: nobody who is known has signed it. */
  readonly isUnknown: boolean;
  /** Certificates above it. */
  readonly depth: number;
}

/** With whether it was taken although nobody who is known has signed it. */
const findings = new WeakMap<TLSSocket, Finding & { readonly isTolerated: boolean }>();

/** OpenSSL's words for what Node gives codes of. */
const words: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT: "unable to get issuer certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "unable to get local issuer certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "unable to verify the first certificate",
  DEPTH_ZERO_SELF_SIGNED_CERT: "self-signed certificate",
  SELF_SIGNED_CERT_IN_CHAIN: "self-signed certificate in certificate chain",
  CERT_HAS_EXPIRED: "certificate has expired",
  CERT_NOT_YET_VALID: "certificate is not yet valid",
  CERT_SIGNATURE_FAILURE: "certificate signature failure",
  CERT_UNTRUSTED: "certificate not trusted",
  CERT_REJECTED: "certificate rejected",
  CERT_CHAIN_TOO_LONG: "certificate chain too long",
  INVALID_CA: "invalid CA certificate",
  INVALID_PURPOSE: "unsuitable certificate purpose",
  PATH_LENGTH_EXCEEDED: "path length constraint exceeded",
};
const unknownAuthority: ReadonlySet<string> = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "CERT_UNTRUSTED",
]);

/** Looks at the certificate of a connection once, and says why the virtual host does not take it. */
export function verifyClient(socket: TLSSocket, rules: ClientRules): string | undefined | Promise<string | undefined> {
  const { certificate, sent } = peerOf(socket);
  if (!certificate) return rules.level === "require" ? "the client has no certificate" : undefined;
  const settle = (finding: Finding): string | undefined => {
    findings.set(socket, { ...finding, isTolerated: finding.isUnknown && rules.level === "optional_no_ca" });
    return refusalOf(finding, rules);
  };
  if (!socket.authorized) {
    const code = codeOf(socket);
    return settle({ fault: words[code] ?? code, isUnknown: unknownAuthority.has(code), depth: 0 });
  }
  const chain = chainOf(certificate, sent, rules.authorities);
  if (!chain) return settle({ fault: "unable to get issuer certificate", isUnknown: false, depth: 0 });
  const finding = { fault: revocationFault(chain, rules.revocation.lists, rules.revocation), isUnknown: false };
  const depth = chain.length - 1;
  if (finding.fault !== undefined || !rules.ocsp || depth > rules.depth) return settle({ ...finding, depth });
  return ocspFault(chain, rules.ocsp, rules.log).then((fault) => settle({ fault, isUnknown: false, depth }));
}

/** Why a section does not take a client; undefined where it does. */
export function sectionRefusal(socket: TLSSocket, level: VerifyClient, depth: number): string | undefined {
  const finding = findings.get(socket);
  if (!finding) return level === "require" ? "the client has no certificate" : undefined;
  return refusalOf(finding, { level, depth });
}

/** SSL_CLIENT_VERIFY. Apache has GENEROUS up to TLS 1.2 alone. */
export function verdictOf(socket: TLSSocket): string {
  const finding = findings.get(socket);
  if (!finding) return "NONE";
  if (finding.isTolerated && socket.getProtocol() !== "TLSv1.3") return "GENEROUS";
  return finding.fault === undefined ? "SUCCESS" : `FAILED:${finding.fault}`;
}

/** Whether a client has a certificate, and it is good. */
export function isVerified(socket: TLSSocket): boolean {
  const finding = findings.get(socket);
  return finding !== undefined && finding.fault === undefined;
}

function refusalOf(
  { fault, isUnknown, depth: found }: Finding,
  { level, depth }: Pick<ClientRules, "level" | "depth">,
): string | undefined {
  if (level === "none") return undefined;
  if (fault !== undefined) {
    return level === "optional_no_ca" && isUnknown ? undefined : `the client's certificate is not good: ${fault}`;
  }
  return found > depth
    ? `the client's certificate chain is too long: ${found} above it, SSLVerifyDepth ${depth}`
    : undefined;
}

/** Node's types know an Error here, where there is a code. */
function codeOf(socket: TLSSocket): string {
  return String(socket.authorizationError);
}
