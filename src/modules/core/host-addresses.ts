// Words that name addresses → addresses: those of `<VirtualHost>` and Listen.
import { readFileSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import type { Place } from "../../api/index.js";

/** The addresses of one word of a `<VirtualHost>` line, a host name replaced by those /etc/hosts has for it. */
export function virtualHostAddress(text: string, place: Place): readonly string[] {
  const { host, port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+|\*))?$/.exec(text)?.groups ?? {};
  if (host === undefined || host === "") return place.fail(`address: The address or port is invalid, found "${text}"`);
  if (port !== undefined && port !== "*" && Number(port) > 65535) {
    return place.fail(`address: The address or port is invalid, found port ${port}`);
  }
  if (host === "*" || host === "_default_" || isIPv4(host)) return [text];
  if (host.startsWith("[")) {
    const address = host.slice(1, -1);
    if (!isIPv6(address)) return place.fail(`address: ${host} is no IPv6 address`);
    return [`[${shortest(address)}]${port === undefined ? "" : `:${port}`}`];
  }
  const found = addressesOf(host);
  if (found.length === 0) {
    place.warn(`Could not resolve host name ${host} from /etc/hosts: ignoring it; write its IP address`, "AH00547");
  }
  return found.map((address) => `${isIPv6(address) ? `[${address}]` : address}${port === undefined ? "" : `:${port}`}`);
}

/** The address and port of a Listen line; address "" for all. */
export function listenAddress(text: string, place: Place): { readonly address: string; readonly port: number } {
  const { host = "", port } = /^(?:(?<host>\[[^\]]*\]|[^:]*):)?(?<port>\d+)$/.exec(text)?.groups ?? {};
  const number = Number(port);
  if (port === undefined) return place.fail(`address: Port must be specified, found "${text}"`);
  if (number < 1 || number > 65535) return place.fail(`address: Invalid address or port, found port ${port}`);
  if (host === "" || host === "*") return { address: "", port: number };
  if (isIPv4(host)) return { address: host, port: number };
  if (host.startsWith("[") && isIPv6(host.slice(1, -1))) return { address: shortest(host.slice(1, -1)), port: number };
  const [address] = addressesOf(host);
  if (address === undefined)
    return place.fail(`address: Invalid address or port, found "${host}"`, "write its IP address");
  return { address, port: number };
}

/** An IPv6 address in its shortest form, as sockets give theirs; the interface behind % stays. */
function shortest(address: string): string {
  const [plain = "", ...zone] = address.split("%");
  return [new URL(`http://[${plain}]`).hostname.slice(1, -1), ...zone].join("%");
}

/** The addresses /etc/hosts has for a name, read anew each time: it is asked at load only. */
function addressesOf(name: string): readonly string[] {
  const wanted = name.toLowerCase();
  const found = new Set<string>();
  if (wanted === "localhost") found.add("127.0.0.1").add("::1");
  let text: string;
  try {
    text = readFileSync("/etc/hosts", "utf8");
  } catch {
    return [...found];
  }
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (names.some((each) => each.toLowerCase() === wanted) && (isIPv4(address) || isIPv6(address))) found.add(address);
  }
  return [...found];
}
