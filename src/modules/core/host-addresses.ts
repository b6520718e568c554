// Words that name addresses → addresses: those of `<VirtualHost>` and Listen.
import { isIPv4, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import { addressesOfName, shortestAddress, type Place } from "../../api/index.js";

/** The addresses of one word of a `<VirtualHost>` line, a host name replaced by those it has. */
export function virtualHostAddress(text: string, place: Place): readonly string[] {
  const { host, port } = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+|\*))?$/.exec(text)?.groups ?? {};
  if (host === undefined || host === "") return place.fail(`address: The address or port is invalid, found "${text}"`);
  if (port !== undefined && port !== "*" && (Number(port) < 1 || Number(port) > 65535)) {
    return place.fail(`address: The address or port is invalid, found port ${port}`);
  }
  if (host === "*" || host === "_default_" || isIPv4(host)) return [text];
  if (host.startsWith("[")) {
    const address = host.slice(1, -1);
    if (!isIPv6(address)) return place.fail(`address: ${host} is no IPv6 address`);
    return [`[${shortestAddress(address)}]${port === undefined ? "" : `:${port}`}`];
  }
  const found = addressesOf(host, place);
  if (found.length === 0) {
    place.warn(`Could not resolve host name ${host}: ignoring it; write its IP address`, "AH00547");
  }
  return found.map((address) => `${isIPv6(address) ? `[${address}]` : address}${port === undefined ? "" : `:${port}`}`);
}

/** The addresses and the port of a Listen line, several where a name has several; address "" for all. */
export function listenAddresses(
  text: string,
  place: Place,
): { readonly addresses: readonly string[]; readonly port: number } {
  const { host = "", port } = /^(?:(?<host>\[[^\]]*\]|[^:]*):)?(?<port>\d+)$/.exec(text)?.groups ?? {};
  const number = Number(port);
  if (port === undefined) return place.fail(`address: Port must be specified, found "${text}"`);
  if (number < 1 || number > 65535) return place.fail(`address: Invalid address or port, found port ${port}`);
  if (host === "" || host === "*") return { addresses: [""], port: number };
  if (isIPv4(host)) return { addresses: [host], port: number };
  if (host.startsWith("[") && isIPv6(host.slice(1, -1))) {
    return { addresses: [shortestAddress(host.slice(1, -1))], port: number };
  }
  const addresses = usable(addressesOf(host, place));
  if (addresses.length === 0)
    return place.fail(`address: Invalid address or port, found "${host}"`, "write its IP address");
  return { addresses, port: number };
}

/** Workers have those that the supervisor had, whatever the name services say by then. */
function addressesOf(host: string, place: Place): readonly string[] {
  return place.readOnce(`core: addresses of ${host}`, () => addressesOfName(host));
}

/**
 * Of a name's addresses, those of the kinds (IPv4, IPv6) that this machine is reached by from elsewhere, as resolvers
 * choose; on a machine without any network, of the kinds it has at all.
 */
export function usable(addresses: readonly string[], interfaces = networkInterfaces()): readonly string[] {
  const all = Object.values(interfaces).flatMap((each) => each ?? []);
  const outer = all.filter(({ internal }) => !internal);
  const families = new Set((outer.length > 0 ? outer : all).map(({ family }) => family));
  const found = addresses.filter((address) => families.has(isIPv6(address) ? "IPv6" : "IPv4"));
  return found.length > 0 ? found : addresses;
}
