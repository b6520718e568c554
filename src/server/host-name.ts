// Host field or absolute-form target → host name and port, for the choice of the virtual host.
import type { Exchange } from "./exchange.js";

/** What the client called this server, and the target in origin form. */
export interface HostName {
  /** Lower case, no port, no trailing dot; "" if the client named none. */
  readonly hostname: string;
  readonly port: number | undefined;
  readonly target: string;
}

const absolute = /^(https?):\/\/([^/?#]*)(.*)$/i;

/** Hosts seen lately; their text is the key. */
const known = new Map<string, { readonly hostname: string; readonly port: number | undefined }>();
const remembered = 4096;

/** The host of a request. In an absolute-form target of the connection's own scheme the authority replaces Host. */
export function hostOf({ target, headers }: Exchange, secure: boolean): HostName {
  let host = headers.get("host") ?? "";
  let origin = target;
  if (target.charCodeAt(0) !== 0x2f) {
    const parts = absolute.exec(target);
    if (parts) {
      const [, scheme, authority = "", rest = ""] = parts;
      origin = rest.startsWith("/") ? rest : `/${rest}`;
      if (scheme?.toLowerCase() === (secure ? "https" : "http")) host = authority;
    }
  }
  const { hostname, port } = splitHost(host);
  return { hostname, port, target: origin };
}

/** Takes a Host field apart. */
export function splitHost(host: string): { readonly hostname: string; readonly port: number | undefined } {
  const found = known.get(host);
  if (found) return found;
  const { name = "", port } = /^(?<name>\[[^\]]*\]|[^:]*)(?::(?<port>\d*))?$/.exec(host)?.groups ?? {};
  const parts = { hostname: name.toLowerCase().replace(/\.$/, ""), port: port ? Number(port) : undefined };
  if (known.size >= remembered) known.clear();
  known.set(host, parts);
  return parts;
}
