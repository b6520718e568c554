// This machine → the name of a server that was given none.
import { spawnSync } from "node:child_process";
import { hostname } from "node:os";
import { isIPv6 } from "node:net";
import { addressesInHosts, nameInHosts, shortestAddress } from "./hosts-file.js";

/** Milliseconds after which a name service that does not answer is gone without. */
const patience = 2000;
/** Milliseconds for which no more names are looked up then. */
const silence = 30_000;

/** What a server without ServerName goes by. */
export interface LocalHost {
  readonly name: string;
  /** It is the full name of the machine. */
  readonly isFull: boolean;
}

/**
 * What Apache calls a server without ServerName: the full name of this machine's first address; or where that has none the
 * name that the machine has for itself, or the address. /etc/hosts is asked first, then the system's name services.
 */
export function localHost(): LocalHost {
  const own = hostname();
  const address = addressesInHosts(own)[0] ?? ask("ahosts", own)?.[0];
  const name = address === undefined ? undefined : (nameInHosts(address) ?? ask("hosts", address)?.[1]);
  if (name?.includes(".")) return { name, isFull: true };
  return { name: address === undefined ? "127.0.0.1" : own.includes(".") ? own : address, isFull: false };
}

/** What Apache calls a virtual host whose address has no name. */
export const namelessHost = "bogus_host_without_reverse_dns";

/** Names of the addresses of virtual hosts without ServerName, asked for one after the other while a configuration is compiled. */
export class AddressNames {
  readonly #found = new Map<string, string | undefined>();
  #left = patience;

  /** /etc/hosts is asked first, then the system's name services: they have two seconds for all addresses together. */
  nameOf(address: string): string | undefined {
    if (this.#found.has(address)) return this.#found.get(address);
    const name = nameInHosts(address) ?? this.#asked(address);
    this.#found.set(address, name);
    return name;
  }

  /** The addresses nobody had a name for. */
  get nameless(): readonly string[] {
    return [...this.#found].flatMap(([address, name]) => (name === undefined ? address : []));
  }

  #asked(address: string): string | undefined {
    if (this.#left <= 0) return undefined;
    const start = performance.now();
    const name = ask("hosts", address, this.#left)?.[1];
    this.#left -= Math.ceil(performance.now() - start);
    return name;
  }
}

/** Until when no name is looked up, since the name services have let one wait in vain. */
let silentUntil = 0;

/** The addresses of a host name, by /etc/hosts or else by the system's name services; IPv6 ones in their shortest form. */
export function addressesOfName(name: string): readonly string[] {
  const known = addressesInHosts(name);
  const start = performance.now();
  if (known.length > 0 || start < silentUntil) return known;
  const found = askAll("ahosts", name, patience).flatMap(([address = "", kind]) =>
    kind !== "STREAM" ? [] : isIPv6(address) ? shortestAddress(address) : address,
  );
  const end = performance.now();
  // Of the many names a configuration may have, one alone is waited for.
  if (found.length === 0 && end - start >= patience) silentUntil = end + silence;
  return [...new Set(found)];
}

/** The first line that the system's name services have for a name or an address, in words. */
function ask(database: "ahosts" | "hosts", name: string, timeout = patience): readonly string[] | undefined {
  return askAll(database, name, timeout)[0];
}

function askAll(database: "ahosts" | "hosts", name: string, timeout: number): readonly (readonly string[])[] {
  const { status, stdout } = spawnSync("getent", [database, "--", name], { encoding: "utf8", timeout });
  return status === 0 ? stdout.split("\n").map((line) => line.split(/\s+/)) : [];
}
