// A managed domain → the record that the store and the status have of it, in Apache's form.
import { core, type ServerView } from "../../api/index.js";
import { covers, type ManagedDomain } from "./domains.js";
import { keyKindRecord, usualKeys } from "./key-kinds.js";
import { showSlice } from "./times.js";

/** What is known of its certificates beside what the configuration says. */
export interface RecordFacts {
  readonly isComplete: boolean;
  /** The authority that certificates were got from. */
  readonly directory?: string | undefined;
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

/** The record; no secret is in it. */
export function recordOf(server: ServerView, domain: ManagedDomain, { isComplete, directory }: RecordFacts): object {
  const { certificateFiles, keyFiles, keys, binding, requireHttps } = domain;
  return {
    name: domain.name,
    domains: domain.names,
    contacts: domain.contacts.map((address) => `mailto:${address}`),
    transitive: domain.addsMembers ? 1 : 0,
    ca: {
      proto: "ACME",
      url: directory,
      urls: domain.authorities,
      agreement: domain.agreement,
      challenges: domain.challenges,
    },
    privkey: keys === usualKeys ? undefined : keys.map(keyKindRecord),
    state: isComplete ? 2 : 1,
    "renew-mode": { manual: 0, auto: 1, always: 2 }[domain.renewMode],
    "renew-window": showSlice(domain.renewWindow),
    "warn-window": showSlice(domain.warnWindow),
    "require-https": requireHttps === "off" ? undefined : requireHttps,
    "must-staple": domain.mustStaple,
    proto: { "acme-tls/1": challengeNames(server, domain) },
    ...(certificateFiles.length === 0
      ? {}
      : { "cert-files": certificateFiles.map(({ path }) => path), "pkey-files": keyFiles.map(({ path }) => path) }),
    stapling: domain.stapling,
    "cmd-dns-01": domain.dnsCommand?.join(" "),
    ...(binding ? { eab: { kid: binding.keyId, hmac: "***" } } : {}),
    profile: domain.profile,
    "profile-mandatory": domain.profileMandatory,
    "ari-renewals": domain.asksAuthority,
  };
}
