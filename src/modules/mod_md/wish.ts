// A managed domain → a hash of what is asked of whom, and how names can be proved: another one is worth another try.
import { createHash } from "node:crypto";
import type { Proofs } from "./authority.js";
import type { ManagedDomain, ManagedDomains } from "./domains.js";

/** The same for the same lines of configuration. */
export function wishOf(
  domain: ManagedDomain,
  { kindsFor }: Pick<Proofs, "kindsFor">,
  { settings }: ManagedDomains,
): string {
  const { names, keys, authorities, agreement, contacts, binding, dnsCommand, mustStaple } = domain;
  const { profile, profileMandatory } = domain;
  const { proxy, authorityCertificates } = settings;
  const wish = [
    ...[names.map((name) => [name, kindsFor(name)]), keys, authorities, agreement, contacts, binding, dnsCommand],
    ...[mustStaple, profile, profileMandatory, proxy, authorityCertificates?.path],
  ];
  return createHash("sha256").update(JSON.stringify(wish)).digest("base64url").slice(0, 16);
}
