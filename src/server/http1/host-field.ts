// A Host field, or the authority of an absolute target → whether it may name a host.
import { isIPv6 } from "node:net";

/** Values seen lately that are valid; a browser's are always the same few. */
const valid = new Set<string>();
const remembered = 1024;

/** Whether a Host field is a host with an optional port of 1 to 65535. */
export function isHostField(value: string, strict: boolean): boolean {
  if (valid.has(value)) return true;
  const { host, port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+))?$/.exec(value)?.groups ?? {};
  if (host === undefined || !isHost(host, strict)) return false;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) return false;
  if (strict) {
    if (valid.size >= remembered) valid.clear();
    valid.add(value);
  }
  return true;
}

/** Whether a host without port is a name, an IPv4 or a bracketed IPv6 address, by HttpProtocolOptions. */
export function isHost(host: string, strict: boolean): boolean {
  // No zone: it means nothing on another machine.
  if (host.startsWith("[")) return host.endsWith("]") && !host.includes("%") && isIPv6(host.slice(1, -1));
  if (host === "" || host.includes("..") || /[/\\]/.test(host)) return false;
  if (!strict) return true;
  if (!/^[A-Za-z0-9._-]+$/.test(host)) return false;
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  // Four parts without leading zeros; Apache does not look at their size.
  if (/^[0-9.]*$/.test(name)) return /^(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){3}$/.test(name);
  // The last label of several must begin with a letter (RFC 1123 section 2.1).
  return /(?:^|\.)[A-Za-z][^.]*$/.test(name) || !name.includes(".");
}
