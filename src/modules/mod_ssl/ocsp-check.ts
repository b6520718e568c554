// A chain of a client's certificate → whether its authorities' responders call it good (RFC 6960).
import { randomBytes, X509Certificate } from "node:crypto";
import { isIssuedBy } from "./certificate.js";
import { askResponder, responderOf } from "./ocsp-client.js";
import { ocspAnswer, ocspQuestion, type GoodAnswer } from "./ocsp.js";
import { isSignedBy } from "./signatures.js";

/** What the SSLOCSP directives say. */
export interface OcspRules {
  readonly covers: "leaf" | "chain";
  /** Whether a certificate is good that names no responder. */
  readonly acceptsMissing: boolean;
  /** Where certificates name none; with `isForced` in any case. */
  readonly url: string | undefined;
  readonly isForced: boolean;
  /** Milliseconds, these and `maxAge`; an age of less than 0: without limit. */
  readonly timeout: number;
  readonly skew: number;
  readonly maxAge: number;
  readonly sendsNonce: boolean;
  /** Whether it matters who has signed an answer. */
  readonly verifies: boolean;
  /** Whose answers are good beside the authority's and those of whom it has named. */
  readonly responders: readonly X509Certificate[];
  readonly proxy: URL | undefined;
}

const responderUsage = "1.3.6.1.5.5.7.3.9";

/**
 * Why a chain is not good, in OpenSSL's words; the chain goes up to an authority that signs itself, which nobody is asked
 * about. `log` hears what was wrong. Never rejects.
 */
export async function ocspFault(
  chain: readonly X509Certificate[],
  rules: OcspRules,
  log: (message: string) => void,
): Promise<string | undefined> {
  const count = rules.covers === "leaf" ? 1 : chain.length;
  for (const [index, certificate] of chain.slice(0, count).entries()) {
    const issuer = chain[index + 1];
    if (!issuer) continue;
    const state = await stateOf(certificate, issuer, { rules, log });
    if (state === "revoked") return "certificate revoked";
    if (state === "unknown") return "application verification failure";
  }
  return undefined;
}

async function stateOf(
  certificate: X509Certificate,
  issuer: X509Certificate,
  { rules, log }: { readonly rules: OcspRules; readonly log: (message: string) => void },
): Promise<GoodAnswer["state"]> {
  const { url: given, isForced, timeout, proxy } = rules;
  const name = isForced ? given : (responderOf(certificate) ?? given);
  if (name === undefined) {
    if (rules.acceptsMissing) return "good";
    log("AH01918: no OCSP responder specified in certificate and no default configured");
    return "unknown";
  }
  try {
    const url = new URL(name);
    if (url.protocol !== "http:") throw new Error("AH01920: cannot handle OCSP responder URI, it is not http");
    const nonce = rules.sendsNonce ? randomBytes(16) : undefined;
    const question = ocspQuestion(certificate, issuer, nonce);
    const answer = ocspAnswer(await askResponder(question.bytes, { url, timeout, proxy }), question);
    if (answer.kind === "fault") throw new Error(`AH01922: OCSP response not successful: ${answer.status}`);
    if (nonce && !answer.nonce?.equals(nonce)) throw new Error("AH01924: Bad OCSP responder answer (bad nonce)");
    if (rules.verifies && !isVerified(answer, issuer, rules.responders)) {
      throw new Error("AH01925: failed to verify the OCSP response");
    }
    if (!isTimely(answer, rules)) throw new Error("AH02604: OCSP response outside validity period");
    return answer.state;
  } catch (error) {
    log(`OCSP responder ${name}: ${error instanceof Error ? error.message : String(error)}`);
    return "unknown";
  }
}

/** Signed by the authority, by whom it lets answer for it (RFC 6960 section 4.2.2.2), or by one that is trusted here. */
function isVerified(
  { signed, certificates }: GoodAnswer,
  issuer: X509Certificate,
  responders: readonly X509Certificate[],
): boolean {
  if ([issuer, ...responders].some(({ publicKey }) => isSignedBy(signed, publicKey))) return true;
  const now = Date.now();
  return certificates
    .map((bytes) => new X509Certificate(bytes))
    .some(
      (each) =>
        each.keyUsage?.includes(responderUsage) === true &&
        Date.parse(each.validFrom) <= now &&
        Date.parse(each.validTo) >= now &&
        isIssuedBy(each, issuer) &&
        isSignedBy(signed, each.publicKey),
    );
}

function isTimely({ thisUpdate, nextUpdate }: GoodAnswer, { skew, maxAge }: OcspRules): boolean {
  const now = Date.now();
  if (thisUpdate > now + skew || (nextUpdate !== undefined && nextUpdate < now - skew)) return false;
  return maxAge < 0 || thisUpdate >= now - skew - maxAge;
}
