// Address of a client → its host name, if the name leads back to the address.
import { lookup, lookupService } from "node:dns/promises";
import type { Connection, Request } from "./request.js";

/** An address and port as the error log shows them; Unix sockets have no port. */
export function endText(address: string, port: number): string {
  return address.startsWith("unix:") ? address : `${address}:${port}`;
}

const names = new WeakMap<Connection, { readonly address: string; readonly name: Promise<string | undefined> }>();

/** The client's name by reverse look-up, checked by looking the name up in turn; once for each connection. */
export function hostNameOf({ connection, clientAddress }: Request): Promise<string | undefined> {
  const known = names.get(connection);
  if (known?.address === clientAddress) return known.name;
  const name = verifiedName(clientAddress);
  names.set(connection, { address: clientAddress, name });
  return name;
}

/** Whether a host name is a domain or lies in it: "example.org" takes "www.example.org", not "myexample.org". */
export function isInDomain(host: string, domain: string): boolean {
  const name = host.toLowerCase();
  const tail = domain.toLowerCase();
  if (!name.endsWith(tail)) return false;
  return name.length === tail.length || tail.startsWith(".") || name[name.length - tail.length - 1] === ".";
}

/** Whether a name resolves to an address. */
export async function resolvesTo(name: string, address: string): Promise<boolean> {
  try {
    const found = await lookup(name, { all: true });
    return found.some((each) => plain(each.address) === plain(address));
  } catch {
    return false;
  }
}

async function verifiedName(address: string): Promise<string | undefined> {
  try {
    const { hostname } = await lookupService(address, 0);
    // Without a name the system gives the address back.
    if (hostname === address || !(await resolvesTo(hostname, address))) return undefined;
    return hostname;
  } catch {
    return undefined;
  }
}

function plain(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
