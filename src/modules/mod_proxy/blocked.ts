// ProxyBlock lines and the host of a back end → whether nothing is passed on to it.
import { addressesOf } from "./remote.js";

/** By name: words of ProxyBlock are parts of names of hosts, "*" is all. */
export function isBlockedName(host: string, blocked: readonly string[]): boolean {
  const name = host.toLowerCase();
  return blocked.some((part) => part.startsWith("*") || name.includes(part));
}

/** The addresses of words that are hosts, looked up once. */
const known = new Map<string, Promise<readonly string[]>>();

/** By address: that of a host, against those of the words that are hosts themselves. */
export async function isBlockedAddress(host: string, blocked: readonly string[]): Promise<boolean> {
  const own = await addressesOf(host);
  for (const part of blocked) {
    const addresses = known.get(part) ?? addressesOf(part);
    known.set(part, addresses);
    if ((await addresses).some((address) => own.includes(address))) return true;
  }
  return false;
}
