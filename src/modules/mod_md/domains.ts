// The compiled server → its managed domains: names, settings, and the virtual hosts they serve.
import { core, type Origin, type ServerView, type TlsProvider, type VirtualHost } from "../../api/index.js";
import { letsEncrypt } from "./authorities.js";
import { usualKeys } from "./key-kinds.js";
import {
  domainSettingsOf,
  md,
  over,
  type AccountBinding,
  type ChallengeKind,
  type Command,
  type DomainLine,
  type MdSettings,
  type NamedFile,
} from "./settings.js";
import type { KeyKind } from "./key-kinds.js";
import type { Slice } from "./times.js";

/** Domains that share a certificate. */
export interface ManagedDomain {
  /** The first of its names. */
  readonly name: string;
  readonly names: readonly string[];
  /** Virtual hosts that are served with its certificate, encrypted ones or not. */
  readonly hosts: readonly VirtualHost[];
  readonly certificateFiles: readonly NamedFile[];
  readonly keyFiles: readonly NamedFile[];
  readonly origin: Origin;
  readonly authorities: readonly string[];
  readonly agreement: string | undefined;
  /** Addresses of mail. */
  readonly contacts: readonly string[];
  readonly renewMode: "auto" | "always" | "manual";
  readonly renewWindow: Slice;
  readonly warnWindow: Slice;
  readonly challenges: readonly ChallengeKind[];
  readonly keys: readonly KeyKind[];
  readonly requireHttps: "off" | "temporary" | "permanent";
  readonly binding: AccountBinding | undefined;
  readonly dnsCommand: Command | undefined;
  readonly profile: string | undefined;
  readonly profileMandatory: boolean;
  readonly mustStaple: boolean;
  readonly stapling: boolean;
  readonly asksAuthority: boolean;
  /** Whether names of its virtual hosts are added. */
  readonly addsMembers: boolean;
  /** Whether certificates are got and renewed for it. */
  readonly isRenewed: boolean;
}

/** All managed domains of a server. */
export interface ManagedDomains {
  /** What holds for the whole server. */
  readonly settings: MdSettings;
  readonly all: readonly ManagedDomain[];
  ofHost(host: VirtualHost): ManagedDomain | undefined;
  ofName(name: string): ManagedDomain | undefined;
}

const known = new WeakMap<ServerView, ManagedDomains>();
const assignments = new WeakMap<ServerView, Assignments>();

type Assignments = ReadonlyMap<VirtualHost, readonly DomainLine[]>;

/** The settings of the whole server, wherever they stand. */
function wholeServer(server: ServerView): MdSettings {
  const [main] = server.virtualHosts;
  let all = main ? server.settings(md, main) : undefined;
  for (const { virtualHost, settings } of server.everywhere(md)) {
    if (all && !virtualHost.isMain) all = { ...all, ...withoutDomains(settings) };
  }
  if (!all) throw new TypeError("a compiled server has a main server");
  return all;
}

function withoutDomains(settings: Partial<MdSettings>): Partial<MdSettings> {
  const ofDomain = new Set([...Object.keys(domainSettingsOf({} as MdSettings)), "lines", "members"]);
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !ofDomain.has(key)));
}

/** Every line and section that makes a managed domain. */
function linesOf(server: ServerView): DomainLine[] {
  return [...server.everywhere(md)].flatMap(({ settings }) => settings.lines ?? []);
}

/** Which managed domains serve a virtual host. */
export function assign(server: ServerView): Assignments {
  const found = assignments.get(server);
  if (found) return found;
  const { matches, baseServer } = wholeServer(server);
  const lines = linesOf(server);
  const made = new Map<VirtualHost, readonly DomainLine[]>();
  for (const host of server.virtualHosts) {
    if (host.isMain && !baseServer) continue;
    const matching = lines.filter(({ names }) => names.some((name) => matchesHost(name, host, matches === "all")));
    // By names alone, a domain that is written out goes before a wildcard.
    const exact = matching.filter(({ names }) => names.includes(host.serverName.toLowerCase()));
    const chosen = matches === "servernames" && exact.length > 0 ? exact : matching;
    if (chosen.length > 0) made.set(host, chosen);
  }
  assignments.set(server, made);
  return made;
}

function matchesHost(name: string, { serverName, aliases }: VirtualHost, withAliases: boolean): boolean {
  if (covers(name, serverName)) return true;
  return withAliases && aliases.some((alias) => alias.toLowerCase() === name || aliasMatches(alias, name));
}

function aliasMatches(alias: string, name: string): boolean {
  if (!/[*?]/.test(alias)) return false;
  const pattern = alias
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${pattern}$`, "i").test(name);
}

/** Whether a certificate's name is good for a host: the same, or a wildcard for one more part. */
export function covers(name: string, host: string): boolean {
  const lower = host.toLowerCase();
  if (name === lower) return true;
  return name.startsWith("*.") && lower.endsWith(name.slice(1)) && !lower.slice(0, -name.length + 1).includes(".");
}

/** Whether a virtual host's certificate is that of a managed domain. */
export function isManaged(server: ServerView, host: VirtualHost): boolean {
  return assign(server).has(host);
}

/** The managed domains of a server that has been checked. */
export function managedDomains(server: ServerView): ManagedDomains {
  let found = known.get(server);
  if (!found) known.set(server, (found = gather(server)));
  return found;
}

function gather(server: ServerView): ManagedDomains {
  const settings = wholeServer(server);
  const assigned = assign(server);
  const all = linesOf(server).map((line) => complete(line, { server, settings, assigned }));
  const byHost = new Map<VirtualHost, ManagedDomain>();
  for (const each of all) for (const host of each.hosts) if (!byHost.has(host)) byHost.set(host, each);
  return {
    settings,
    all,
    ofHost: (host) => byHost.get(host),
    ofName: (name) => all.find(({ names }) => names.some((each) => covers(each, name))),
  };
}

/** What proves names where no line says otherwise, the preferred first. */
export const usualChallenges: readonly ChallengeKind[] = ["tls-alpn-01", "http-01", "dns-01"];

interface Surroundings {
  readonly server: ServerView;
  readonly settings: MdSettings;
  readonly assigned: Assignments;
}

function complete(line: DomainLine, { server, settings, assigned }: Surroundings): ManagedDomain {
  const own = over(domainSettingsOf(settings), line.own);
  const hosts = server.virtualHosts.filter((host) => assigned.get(host)?.includes(line));
  const [name = ""] = line.names;
  const names =
    own.addsMembers === false
      ? line.names
      : withMembers(
          line,
          hosts.filter((host) => isEncrypted(server, host)),
          assigned,
        );
  const renewMode = own.renewMode ?? "auto";
  const isUsed = hosts.length > 0 && line.certificateFiles.length === 0;
  return {
    name,
    names,
    hosts,
    certificateFiles: line.certificateFiles,
    keyFiles: line.keyFiles,
    origin: line.origin,
    authorities: own.authorities ?? [letsEncrypt],
    agreement: own.agreement,
    contacts: contactsOf(server, own.contact, hosts),
    renewMode,
    renewWindow: own.renewWindow ?? { share: 0.33 },
    warnWindow: own.warnWindow ?? { share: 0.1 },
    challenges: own.challenges ?? usualChallenges,
    keys: own.keys ?? usualKeys,
    requireHttps: own.requireHttps ?? "off",
    binding: own.binding === "none" ? undefined : own.binding,
    dnsCommand: own.dnsCommand,
    profile: own.profile,
    profileMandatory: own.profileMandatory ?? false,
    mustStaple: own.mustStaple ?? false,
    stapling: own.stapling ?? false,
    asksAuthority: own.asksAuthority ?? true,
    addsMembers: own.addsMembers ?? true,
    isRenewed: renewMode === "always" || (renewMode === "auto" && isUsed),
  };
}

/** The names of virtual hosts that this managed domain alone serves. */
function withMembers({ names }: DomainLine, hosts: readonly VirtualHost[], assigned: Assignments): readonly string[] {
  const all = [...names];
  for (const host of hosts) {
    if (assigned.get(host)?.length !== 1) continue;
    for (const name of [host.serverName, ...host.aliases].map((each) => each.toLowerCase())) {
      if (!/[*?]/.test(name) && !all.some((each) => covers(each, name))) all.push(name);
    }
  }
  return all;
}

/** Those of the virtual host go for MDContactEmail where that says nothing. */
function contactsOf(server: ServerView, contact: string | undefined, hosts: readonly VirtualHost[]): readonly string[] {
  if (contact !== undefined) return [plainAddress(contact)];
  const own = hosts.map((host) => server.settings(md, host).contact).filter((each) => each !== undefined);
  const admins = hosts.map((host) => server.settings(core, host).serverAdmin).filter((each) => each.includes("@"));
  return [...new Set((own.length > 0 ? own : admins).map(plainAddress))];
}

const plainAddress = (address: string): string => address.replace(/^mailto:/i, "");

/** Whether a virtual host is served encrypted. */
export function isEncrypted(server: ServerView, host: VirtualHost): boolean {
  return ([...server.providers("tls").values()] as TlsProvider[]).some((each) => each.isEncrypted(server, host));
}
