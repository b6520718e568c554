// Address of a client → its host name, if the name leads back to the address.
import { lookup, lookupService } from "node:dns/promises";
import { core } from "./core.js";
import type { Connection, Request } from "./request.js";

/** An address and port as the error log shows them; Unix sockets have no port. */
export function endText(address: string, port: number): string {
  return address.startsWith("unix:") ? address : `${address}:${port}`;
}

/** What is known of the name of a connection's client. */
interface Known {
  readonly address: string;
  /** As the reverse look-up gives it, in lower case. */
  readonly found: Promise<string | undefined>;
  /** The same where the name leads back to the address; begun when it is asked for. */
  verified: Promise<string | undefined> | undefined;
  /** What the promises came to. */
  readonly settled: { found?: string | undefined; verified?: string | undefined };
}
const names = new WeakMap<Connection, Known>();

function knownOf({ connection, clientAddress }: Request): Known {
  const known = names.get(connection);
  if (known?.address === clientAddress) return known;
  const settled: Known["settled"] = {};
  const found = oneOfFew(() => reverseName(clientAddress)).then((name) => (settled.found = name));
  const begun: Known = { address: clientAddress, found, verified: undefined, settled };
  names.set(connection, begun);
  return begun;
}

/** The client's name by reverse look-up, checked by looking the name up in turn; once for each connection. */
export function hostNameOf(request: Request): Promise<string | undefined> {
  const known = knownOf(request);
  known.verified ??= known.found
    .then(async (name) => (name !== undefined && (await resolvesTo(name, known.address)) ? name : undefined))
    .then((name) => (known.settled.verified = name));
  return known.verified;
}

/** The client's name as HostnameLookups asks for it; undefined where it is Off, or there is none. A promise until it is known. */
export function remoteHostOf(request: Request): string | undefined | Promise<string | undefined> {
  const { hostnameLookups } = request.settings(core);
  if (hostnameLookups === "Off") return undefined;
  const { found, settled } = knownOf(request);
  if (hostnameLookups === "Double") return "verified" in settled ? settled.verified : hostNameOf(request);
  return "found" in settled ? settled.found : found;
}

/** The client's name as HostnameLookups asks for it where it is known by now, else its address. */
export function remoteHostText(request: Request): string {
  const name = remoteHostOf(request);
  return typeof name === "string" ? name : request.clientAddress;
}

let isExpected = false;

/** Says that a line of the configuration asks for clients' names where it cannot wait for them. */
export function expectClientName(): void {
  isExpected = true;
}

/** Waits, where such a line is, until the name is known that HostnameLookups asks for; undefined where there is nothing to wait for. */
export function awaitClientName(request: Request): Promise<undefined> | undefined {
  const name = isExpected ? remoteHostOf(request) : undefined;
  return name instanceof Promise ? name.then(() => undefined) : undefined;
}

/** Look-ups that run at a time: each takes one of the few threads that the file system is read with, too. */
const mostAtOnce = 2;
let running = 0;
const waiting: (() => void)[] = [];

async function oneOfFew<Result>(run: () => Promise<Result>): Promise<Result> {
  if (running >= mostAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
  else running++;
  try {
    return await run();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
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

async function reverseName(address: string): Promise<string | undefined> {
  try {
    const { hostname } = await lookupService(plain(address), 0);
    // Without a name the system gives the address back.
    return hostname === plain(address) ? undefined : hostname.toLowerCase();
  } catch {
    return undefined;
  }
}

function plain(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}
