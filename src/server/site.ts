// Local address, port and Host → the virtual host.
import { isIPv6 } from "node:net";
import type { CompiledHost } from "../config/compile.js";
import { WildcardNames } from "./wildcard-names.js";

/** The virtual hosts of one address, in configuration order. */
export interface HostGroup {
  /** Their address, "*:80"; "" for the main server alone. */
  readonly address: string;
  readonly hosts: readonly CompiledHost[];
  /** The host for requests that name none of them. */
  readonly default: CompiledHost;
  /** Lower-case ServerName or exact alias → position of the first host that has it. */
  readonly names: ReadonlyMap<string, number>;
  /** Aliases with wildcards. */
  readonly wildcards: WildcardNames;
  /** The hosts with a ServerPath, in order. */
  readonly withPath: readonly CompiledHost[];
}

/** Finds virtual hosts: by address first, then by name within the address's group. */
export class Sites {
  readonly #main: HostGroup;
  readonly #groups = new Map<string, HostGroup>();
  readonly #found = new Map<string, HostGroup>();

  constructor(hosts: readonly CompiledHost[]) {
    const [main, ...virtual] = hosts;
    if (!main) throw new TypeError("a server has at least its main host");
    this.#main = groupOf("", [main]);
    const members = new Map<string, CompiledHost[]>();
    for (const host of virtual) {
      for (const address of host.addresses) {
        const key = addressKey(address);
        const group = members.get(key);
        if (group) group.push(host);
        else members.set(key, [host]);
      }
    }
    for (const [key, group] of members) this.#groups.set(key, groupOf(key, group));
  }

  /**
   * The group for a connection to that local address: exact address before "*", exact port before any port, else the
   * main server.
   */
  group(address: string, port: number): HostGroup {
    const key = `${address} ${port}`;
    const known = this.#found.get(key);
    if (known) return known;
    const plain = address.startsWith("::ffff:") ? address.slice(7) : address;
    const ip = isIPv6(plain) ? `[${plain}]` : plain;
    // Behind % stands the interface, which a virtual host may name or not.
    const anywhere = ip.replace(/%.*\]$/, "]");
    const group =
      this.#groups.get(`${ip}:${port}`) ??
      this.#groups.get(`${ip}:*`) ??
      this.#groups.get(`${anywhere}:${port}`) ??
      this.#groups.get(`${anywhere}:*`) ??
      this.#groups.get(`*:${port}`) ??
      this.#groups.get("*:*") ??
      this.#main;
    this.#found.set(key, group);
    return group;
  }

  /** Every group by its address, "*:80", for dumps. */
  get groups(): ReadonlyMap<string, HostGroup> {
    return this.#groups;
  }
}

/** The host of a group that has that name: the first in configuration order, by ServerName, alias or wildcard. */
export function hostByName(group: HostGroup, hostname: string): CompiledHost | undefined {
  const exact = group.names.get(hostname) ?? Infinity;
  if (exact === 0) return group.hosts[0];
  return group.hosts[Math.min(exact, group.wildcards.find(hostname))];
}

/** The first host of a group whose ServerPath a path without host lies in. */
export function hostByPath({ withPath }: HostGroup, path: string): CompiledHost | undefined {
  return withPath.find(({ serverPath }) => serverPath !== undefined && liesIn(path, serverPath));
}

/** Whether a path is a prefix's, or below it. */
function liesIn(path: string, prefix: string): boolean {
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path.charAt(prefix.length) === "/";
}

/** "*:80" for `_default_:80` and `0.0.0.0:80`; "*:*" where no port is written. */
export function addressKey(address: string): string {
  const { host, port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+|\*))?$/.exec(address)?.groups ?? {};
  const name = !host || ["*", "_default_", "0.0.0.0", "[::]"].includes(host) ? "*" : host.toLowerCase();
  return `${name}:${!port || port === "0" ? "*" : port}`;
}

/** Virtual hosts as the group of an address. */
export function groupOf(address: string, hosts: readonly CompiledHost[]): HostGroup {
  const [first] = hosts;
  if (!first) throw new TypeError("a group of virtual hosts is never empty");
  const names = new Map<string, number>();
  const wildcards = new WildcardNames();
  for (const [position, host] of hosts.entries()) {
    for (const name of [host.serverName, ...host.aliases]) {
      const lower = name.toLowerCase();
      if (/[*?]/.test(lower)) wildcards.add(lower, position);
      else if (!names.has(lower)) names.set(lower, position);
    }
  }
  const withPath = hosts.filter(({ serverPath }) => serverPath !== undefined);
  return { address, hosts, default: first, names, wildcards, withPath };
}
