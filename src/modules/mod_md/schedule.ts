// Certificates and how long they are good → when they are to be renewed, used, and warned of. Milliseconds since the epoch.
import type { CertificateFacts } from "./certificates.js";
import { covers, type ManagedDomain } from "./domains.js";
import type { Job } from "./job.js";
import { lengthOf, type Slice } from "./times.js";

type Facts = readonly CertificateFacts[];

const before = ({ validFrom, validUntil }: CertificateFacts, slice: Slice): number =>
  validUntil - lengthOf(slice, validUntil - validFrom);

/**
 * When the certificates of a managed domain are to be renewed: 0, at once, where one is missing, or not for all names, or
 * other than MDMustStaple wants it and the authority has not been asked for that yet: there are those that never give it.
 */
export function renewalOf(
  { names, keys, renewWindow, mustStaple }: Pick<ManagedDomain, "names" | "keys" | "renewWindow" | "mustStaple">,
  facts: Facts,
  { askedToStaple }: Pick<Job, "askedToStaple">,
): number {
  if (facts.length < keys.length) return 0;
  const isWhole = facts.every((each) => names.every((one) => each.names.some((known) => covers(known, one))));
  const isRight = askedToStaple === mustStaple || facts.every((each) => each.mustStaple === mustStaple);
  return isWhole && isRight ? windowOf({ renewWindow }, facts) : 0;
}

/** When the window opens in which the first of them is renewed. */
export function windowOf({ renewWindow }: Pick<ManagedDomain, "renewWindow">, facts: Facts): number {
  return Math.min(...facts.map((each) => before(each, renewWindow)));
}

/** Whether it is time to warn of their end. */
export function isExpiring({ warnWindow }: Pick<ManagedDomain, "warnWindow">, facts: Facts): boolean {
  return facts.some((each) => before(each, warnWindow) < Date.now());
}

/** When the first of them ends. */
export function expiryOf(facts: Facts): number {
  return Math.min(...facts.map(({ validUntil }) => validUntil));
}

/** From when certificates are to be used: MDActivationDelay, as long as those in use stay good meanwhile; else at once. */
export function usableFrom(facts: Facts, inUse: Facts, delay: number): number {
  const at = Math.max(...facts.map(({ validFrom }) => validFrom)) + delay;
  const waits = delay > 0 && inUse.length > 0 && expiryOf(inUse) > at;
  return waits ? at : Math.min(at, Date.now());
}
