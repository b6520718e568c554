// What is known of certificates → JSON of the status, as Apache's.
import { validOf as validOfAnswer } from "./ocsp.js";
import type { CertificateFacts } from "./certificates.js";
import type { KeptAnswer } from "./shared.js";

/** A certificate and what it is called in the status. */
export type NamedFacts = readonly [name: string, facts: CertificateFacts];

/** Milliseconds since the epoch, as Apache writes them. */
export const date = (milliseconds: number): string => new Date(milliseconds).toUTCString();

/** Of a certificate: what clients see of it anyway. */
export function publicRecord({ validFrom, validUntil, serial, fingerprint }: CertificateFacts): object {
  return {
    valid: { from: date(validFrom), until: date(validUntil) },
    serial,
    "sha256-fingerprint": fingerprint,
  };
}

/** All of it, with what its authority says of it. */
export function wholeRecord(facts: CertificateFacts, answer?: KeptAnswer): object {
  return {
    "issuer-name": facts.issuer,
    ...publicRecord(facts),
    "ari-cert-id": facts.ariId,
    ...(answer ? { ocsp: { status: answer.state, valid: validOfAnswer(answer) } } : {}),
  };
}

/** How long all of them are good; undefined where there is none. */
export function commonTime(
  certificates: readonly NamedFacts[],
): { readonly from: string; readonly until: string } | undefined {
  if (certificates.length === 0) return undefined;
  const from = Math.max(...certificates.map(([, { validFrom }]) => validFrom));
  const until = Math.min(...certificates.map(([, { validUntil }]) => validUntil));
  return { from: date(from), until: date(until) };
}

/** Several certificates by what they are called. */
export function recordsOf(
  certificates: readonly NamedFacts[],
  record: (facts: CertificateFacts) => object,
): Readonly<Record<string, object>> {
  const valid = commonTime(certificates);
  return {
    ...(valid ? { valid } : {}),
    ...Object.fromEntries(certificates.map(([name, facts]) => [name, record(facts)])),
  };
}
