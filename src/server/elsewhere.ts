// The target of a request → whether it names another server than the virtual host it fell to.
import type { CompiledHost } from "../config/compile.js";
import type { Exchange } from "./exchange.js";
import { splitHost } from "./host-name.js";
import { splitAbsolute } from "./http1/request-line.js";
import { groupOf, hostByName, type HostGroup } from "./site.js";

/** What an absolute target, or that of CONNECT, names. */
export interface Elsewhere {
  /** The scheme is not that of the connection, nor of the web: only a proxy could have it. */
  readonly isForeign: boolean;
}

/** Whether a target names another server; undefined where it does not, or names none. */
export function elsewhere({ method, target, connection }: Exchange, host: CompiledHost): Elsewhere | undefined {
  if (target.charCodeAt(0) === 0x2f) return undefined;
  if (method === "CONNECT") return { isForeign: false };
  const absolute = splitAbsolute(target);
  if (!absolute) return undefined;
  const { scheme, authority } = absolute;
  const isForeign = authority !== undefined && scheme !== "http" && scheme !== "https";
  if (authority === undefined || scheme !== (connection.secure ? "https" : "http")) return { isForeign };
  const { hostname, port = connection.secure ? 443 : 80 } = splitHost(authority);
  return isOwn(host, hostname, port) ? undefined : { isForeign };
}

/** As Apache: an address of the virtual host as it is written, or one of its names with its own port. */
function isOwn(host: CompiledHost, hostname: string, port: number): boolean {
  for (const address of host.addresses) {
    const { name = "", at } = /^(?<name>\[[^\]]*\]|[^:]*)(?::(?<at>\d+|\*))?$/.exec(address)?.groups ?? {};
    if (name.toLowerCase() === hostname && (at === undefined || at === "*" || Number(at) === port)) return true;
  }
  return host.serverPort === port && hostByName(ownGroup(host), hostname) !== undefined;
}

const groups = new WeakMap<CompiledHost, HostGroup>();

function ownGroup(host: CompiledHost): HostGroup {
  const group = groups.get(host) ?? groupOf("", [host]);
  groups.set(host, group);
  return group;
}

/** The parts of a target that goes on to another server, which is all path; the query in it is told apart for logs. */
export function wholeTarget(target: string): { readonly path: string; readonly query: string | undefined } {
  const mark = target.indexOf("?");
  return { path: target, query: mark < 0 ? undefined : target.slice(mark + 1) };
}
