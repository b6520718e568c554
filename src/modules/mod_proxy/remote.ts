// ProxyRemote and NoProxy lines, and the URL of a back end → the other proxy that the request goes through.
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { parseSubnet, type Place, type Subnet } from "../../api/index.js";
import type { Address } from "./target.js";
import type { ProxySettings } from "./settings.js";

/** Another proxy. */
export interface Remote {
  readonly host: string;
  readonly port: number;
  /** Value of Proxy-Authorization. */
  readonly credentials: string | undefined;
}

/** A ProxyRemote line. */
export interface RemoteRule {
  /** Whether a URL goes through it. */
  readonly test: (url: string) => boolean;
  readonly remote: Remote;
}

/** A word of NoProxy. */
export type DirectRule =
  | { readonly kind: "addresses"; readonly contains: Subnet }
  | { readonly kind: "domain" | "host"; readonly name: string };

/** Reads the URL of another proxy and the credentials for it. */
export function parseRemote(url: string, credentials: string | undefined, place: Place): Remote {
  const {
    scheme,
    ip,
    name = ip,
    port,
  } = /^(?<scheme>[a-z]+):\/\/(?:\[(?<ip>[0-9a-f:.]+)\]|(?<name>[a-z0-9._~-]+))(?::(?<port>\d{1,5}))?\/?$/i.exec(url)
    ?.groups ?? {};
  if (name === undefined) return place.fail(`needs the URL of a proxy, http://host:port, found "${url}"`);
  if (scheme?.toLowerCase() !== "http") {
    return place.fail(`needs a proxy that is spoken to by http://, found "${url}"`);
  }
  const number = port === undefined ? 80 : Number(port);
  if (number < 1 || number > 65_535) return place.fail(`needs a port from 1 to 65535, found "${url}"`);
  if (credentials !== undefined && !credentials.includes(":")) {
    return place.fail(`needs credentials as user:password, found "${credentials}"`);
  }
  return {
    host: name.toLowerCase(),
    port: number,
    credentials: credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString("base64")}`,
  };
}

/** Whether a URL is one of those a ProxyRemote line names: "*", a scheme, or the beginning of a URL. */
export function remoteTest(match: string): RemoteRule["test"] {
  const lower = match.toLowerCase();
  if (match === "*") return () => true;
  if (!match.includes(":")) return (url) => url.slice(0, url.indexOf(":")).toLowerCase() === lower;
  return (url) => url.slice(0, match.length).toLowerCase() === lower;
}

/** Reads a word of NoProxy. */
export function parseDirect(word: string, place: Place): DirectRule {
  if (/^[\d.]+(\/[\d.]+)?$|^[0-9a-f:]*:[0-9a-f:.]*(\/\d+)?$/i.test(word)) {
    try {
      // All addresses, which only NoProxy may name so.
      const all = /^(.*)\/0+$/.exec(word)?.[1];
      if (all !== undefined && isIP(all) > 0)
        return { kind: "addresses", contains: (each) => isIP(each) === isIP(all) };
      return { kind: "addresses", contains: parseSubnet(word) };
    } catch (error) {
      return place.fail(`needs a host, a domain or addresses, found "${word}": ${String(error)}`);
    }
  }
  if (!/^[a-z0-9._-]+$/i.test(word)) return place.fail(`needs a host, a domain or addresses, found "${word}"`);
  const name = word.toLowerCase().replace(/\.+$/, "");
  return { kind: name.startsWith(".") ? "domain" : "host", name };
}

/** The proxy that a URL goes through; undefined: none. Waits where the address of its host must be known for that. */
export function remoteFor(
  url: string,
  host: string,
  { remotes, direct }: ProxySettings,
): Remote | undefined | Promise<Remote | undefined> {
  const found = remotes.find(({ test }) => test(url))?.remote;
  if (!found || direct.length === 0) return found;
  const name = host.toLowerCase().replace(/\.+$/, "");
  if (direct.some((rule) => fits(rule, name))) return undefined;
  const ranges = direct.flatMap((rule) => (rule.kind === "addresses" ? [rule.contains] : []));
  if (ranges.length === 0 || isIP(name) !== 0) return found;
  return addressesOf(name).then((addresses) =>
    addresses.some((address) => ranges.some((contains) => contains(address))) ? undefined : found,
  );
}

function fits(rule: DirectRule, host: string): boolean {
  if (rule.kind === "addresses") return isIP(host) !== 0 && rule.contains(host);
  return rule.kind === "host" ? host === rule.name : host.length > rule.name.length && host.endsWith(rule.name);
}

/** The addresses of a host; none where its name is not known. */
export async function addressesOf(host: string): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch {
    return [];
  }
}

const addresses = new WeakMap<Remote, Address>();

/** The address of another proxy; the same object for the same one. */
export function addressOf(remote: Remote): Address {
  const { host, port } = remote;
  const name = host.includes(":") ? `[${host}]` : host;
  const address = addresses.get(remote) ?? {
    ...{ scheme: "http", host, port, socketPath: undefined },
    authority: `${name}:${port}`,
  };
  addresses.set(remote, address);
  return address;
}
