// What the MD directives set: of the whole server, and of single managed domains.
import { defineSettings, list, notInherited, value, type Origin, type SettingsOf } from "../../api/index.js";
import type { KeyKind } from "./key-kinds.js";
import type { Slice } from "./times.js";

/** A file named by a directive, and where. */
export interface NamedFile {
  readonly path: string;
  readonly origin: Origin;
}

/** An account at an authority's customer desk that the ACME account is bound to. */
export interface AccountBinding {
  readonly keyId: string;
  /** base64url. */
  readonly secret: string;
}

/** A command of words; nothing is run by a shell. */
export type Command = readonly string[];

/** A program's words, and where it was named. */
export const challengeKinds = ["http-01", "tls-alpn-01", "dns-01"] as const;
export type ChallengeKind = (typeof challengeKinds)[number];

/** What may be said of a single managed domain, and of all of them; undefined: not said. */
const ofDomains = {
  authorities: value<readonly string[] | undefined>(undefined),
  agreement: value<string | undefined>(undefined),
  contact: value<string | undefined>(undefined),
  renewMode: value<"auto" | "always" | "manual" | undefined>(undefined),
  renewWindow: value<Slice | undefined>(undefined),
  warnWindow: value<Slice | undefined>(undefined),
  /** Whether names of virtual hosts are added. */
  addsMembers: value<boolean | undefined>(undefined),
  challenges: value<readonly ChallengeKind[] | undefined>(undefined),
  keys: value<readonly KeyKind[] | undefined>(undefined),
  requireHttps: value<"off" | "temporary" | "permanent" | undefined>(undefined),
  binding: value<AccountBinding | "none" | undefined>(undefined),
  dnsCommand: value<Command | undefined>(undefined),
  profile: value<string | undefined>(undefined),
  profileMandatory: value<boolean | undefined>(undefined),
  mustStaple: value<boolean | undefined>(undefined),
  stapling: value<boolean | undefined>(undefined),
  /** Whether the authority is asked when to renew. */
  asksAuthority: value<boolean | undefined>(undefined),
};

/** A managed domain, as a line or section says. */
export interface DomainLine {
  readonly names: readonly string[];
  readonly own: DomainSettings;
  readonly certificateFiles: readonly NamedFile[];
  readonly keyFiles: readonly NamedFile[];
  readonly origin: Origin;
}

export const md = defineSettings("mod_md", {
  ...ofDomains,
  /** Inherited by nobody: each line stands for itself. */
  lines: notInherited(list<DomainLine>("replace")),
  /** In a section: more names, and certificates that are there already. */
  members: list<string>("replace"),
  certificateFiles: list<NamedFile>("replace"),
  keyFiles: list<NamedFile>("replace"),
  // Of the whole server.
  storeDir: value<string | undefined>(undefined),
  /** Ports here that clients reach as 80 and 443; 0: not reached. */
  port80: value<number>(80),
  port443: value<number>(443),
  baseServer: value<boolean>(false),
  matches: value<"all" | "servernames">("all"),
  serverStatus: value<boolean>(true),
  certificateStatus: value<boolean>(true),
  check: value<{ readonly name: string; readonly url: string }>({ name: "crt.sh", url: "https://crt.sh?q=" }),
  notifyCommand: value<Command | undefined>(undefined),
  messageCommand: value<Command | undefined>(undefined),
  dnsVersion: value<1 | 2>(1),
  proxy: value<string | undefined>(undefined),
  proxyAuthorities: value<NamedFile | undefined>(undefined),
  authorityCertificates: value<NamedFile | undefined>(undefined),
  /** Milliseconds, all of them. */
  activationDelay: value<number>(0),
  checkInterval: value<number>(43_200_000),
  initialDelay: value<number>(0),
  retryDelay: value<number>(30_000),
  retryFailover: value<number>(13),
  /** How long another server may hold the store; 0: it is not locked. */
  lockWait: value<number>(0),
  staplesOthers: value<boolean>(true),
  stapleRenewWindow: value<Slice>({ share: 0.33 }),
  /** How long answers of OCSP are kept that nobody renews. */
  keepsResponses: value<Slice>({ milliseconds: 7 * 86_400_000 }),
});

export type MdSettings = SettingsOf<typeof md.settings>;
export type DomainSettings = SettingsOf<typeof ofDomains>;

const domainKeys = Object.keys(ofDomains) as (keyof DomainSettings)[];

/** What of the settings is of domains. */
export function domainSettingsOf(settings: DomainSettings): DomainSettings {
  return Object.fromEntries(domainKeys.map((key) => [key, settings[key]])) as unknown as DomainSettings;
}

/** What is said of one domain over what is said of all. */
export function over(below: DomainSettings, above: DomainSettings): DomainSettings {
  return Object.fromEntries(domainKeys.map((key) => [key, above[key] ?? below[key]])) as unknown as DomainSettings;
}
