// A managed domain → the record that the store and the status have of it, in Apache's form.
import { core, type ServerView } from "../../api/index.js";
import type { CertificateFacts } from "./certificates.js";
import { covers, usualChallenges, type ManagedDomain } from "./domains.js";
import { keyKindRecord, showKeyKind, usualKeys } from "./key-kinds.js";
import { showSlice } from "./times.js";

/** What is known of its certificates beside what the configuration says. */
export interface RecordFacts {
  readonly isComplete: boolean;
  /** What is missing, in Apache's words. */
  readonly lack?: string | undefined;
  /** The authority that certificates were got from. */
  readonly directory?: string | undefined;
  /** What the account there is called in the store. */
  readonly account?: string | undefined;
}

/** Its names that `acme-tls/1` is spoken for: as in Apache, by `Protocols` of their virtual hosts. */
export function challengeNames(server: ServerView, { names, hosts }: ManagedDomain): readonly string[] {
  const speaking = hosts.filter((host) => server.settings(core, host).protocols.includes("acme-tls/1"));
  return names.filter((name) =>
    speaking.some(({ serverName, aliases }) =>
      [serverName, ...aliases].some((each) => covers(each.toLowerCase(), name)),
    ),
  );
}

/** How many certificates are wanted. */
const countOf = ({ certificateFiles, keys }: ManagedDomain): number => certificateFiles.length || keys.length;

/** What a certificate is called in the status: files of one's own have numbers. */
export function certificateName({ certificateFiles, keys }: ManagedDomain, index: number): string {
  const kind = certificateFiles.length === 0 ? keys[index] : undefined;
  return kind ? showKeyKind(kind) : String(index);
}

/** Kinds of key as the status has them; files of one's own beyond those that are named are of the usual one. */
export function kindNames(domain: ManagedDomain): readonly string[] {
  return Array.from({ length: countOf(domain) }, (_, index) => {
    const kind = domain.keys[index] ?? usualKeys[0];
    return kind ? showKeyKind(kind) : String(index);
  });
}

/** What its certificates lack, in Apache's words; undefined where all is well. */
export function lackOf(domain: ManagedDomain, certificates: readonly CertificateFacts[]): string | undefined {
  for (const [index, kind] of kindNames(domain).entries()) {
    const facts = certificates[index];
    if (!facts) return `certificate(${kind}) is missing`;
    const isWhole = domain.names.every((name) => facts.names.some((known) => covers(known, name)));
    if (!isWhole) return `certificate(${kind}) does not cover all domains.`;
    if (domain.mustStaple !== facts.mustStaple) {
      const [wanted, found] = domain.mustStaple ? ["", " not"] : [" not", ""];
      return `'must-staple' is${wanted} requested, but certificate(${kind}) has it${found} enabled.`;
    }
  }
  return undefined;
}

/** The record; no secret is in it. */
export function recordOf(
  server: ServerView,
  domain: ManagedDomain,
  { isComplete, lack, directory, account }: RecordFacts,
): object {
  const { certificateFiles, keyFiles, keys, binding, requireHttps, renewMode } = domain;
  const isOwn = certificateFiles.length > 0;
  return {
    name: domain.name,
    domains: domain.names,
    contacts: domain.contacts.map((address) => `mailto:${address}`),
    transitive: domain.addsMembers ? 1 : 0,
    ca: {
      account,
      proto: "ACME",
      url: directory,
      urls: domain.authorities,
      agreement: domain.agreement,
      challenges: domain.challenges === usualChallenges ? undefined : domain.challenges,
    },
    privkey: keys === usualKeys ? undefined : keys.map(keyKindRecord),
    state: isComplete ? 2 : 1,
    "state-descr": lack,
    "renew-mode": { manual: 0, auto: isOwn ? 0 : 1, always: 2 }[renewMode],
    "renew-window": showSlice(domain.renewWindow),
    "warn-window": showSlice(domain.warnWindow),
    "require-https": requireHttps === "off" ? undefined : requireHttps,
    "must-staple": domain.mustStaple,
    proto: { "acme-tls/1": challengeNames(server, domain) },
    ...(isOwn
      ? { "cert-files": certificateFiles.map(({ path }) => path), "pkey-files": keyFiles.map(({ path }) => path) }
      : {}),
    stapling: domain.stapling,
    "cmd-dns-01": domain.dnsCommand?.join(" "),
    ...(binding ? { eab: { kid: binding.keyId, hmac: "***" } } : {}),
    profile: domain.profile,
    "profile-mandatory": domain.profileMandatory,
    "ari-renewals": domain.asksAuthority,
  };
}
