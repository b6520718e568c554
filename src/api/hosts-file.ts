// /etc/hosts → the addresses of a name, the name of an address; read anew each time: it is asked at load only.
import { readFileSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";

/** The addresses /etc/hosts has for a name, IPv6 ones in their shortest form. */
export function addressesInHosts(name: string): readonly string[] {
  const wanted = name.toLowerCase();
  const found = lines().filter(({ names }) => names.some((each) => each.toLowerCase() === wanted));
  if (wanted === "localhost" && found.length === 0) return ["127.0.0.1", "::1"];
  return [...new Set(found.map(({ address }) => address))];
}

/** The name /etc/hosts has for an address: the first of its first line. */
export function nameInHosts(address: string): string | undefined {
  const wanted = isIPv6(address) ? shortestAddress(address) : address;
  return lines().find((line) => line.address === wanted)?.names[0];
}

/** An IPv6 address in its shortest form, as sockets give theirs; the interface behind % stays. */
export function shortestAddress(address: string): string {
  const [plain = "", ...zone] = address.split("%");
  return [new URL(`http://[${plain}]`).hostname.slice(1, -1), ...zone].join("%");
}

function lines(): readonly { readonly address: string; readonly names: readonly string[] }[] {
  let text = "";
  try {
    text = readFileSync("/etc/hosts", "utf8");
  } catch {
    // A machine may do without.
  }
  return text.split("\n").flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (names.length === 0) return [];
    return isIPv4(address) ? { address, names } : isIPv6(address) ? { address: shortestAddress(address), names } : [];
  });
}
