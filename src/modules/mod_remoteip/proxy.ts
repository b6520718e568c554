// A word of RemoteIPTrustedProxy → a test of addresses.
import { parseSubnet, type Place, type Subnet } from "../../api/index.js";

/** A range of addresses whose proxies are believed; `internal`: also when they name private addresses. */
export interface Proxy {
  readonly within: Subnet;
  readonly internal: boolean;
}

/** Reads an address or network. */
export function proxyOf(word: string, internal: boolean, place: Place): Proxy {
  // Who connects by a Unix socket (Listen unix:/path).
  if (word.toLowerCase() === "unix:") return { within: (address) => address === "unix:", internal };
  if (!/^[\d.]+(\/.*)?$/.test(word) && !word.includes(":")) {
    return place.fail(`must be an address or a network, found "${word}"`, "write the addresses the name stands for");
  }
  try {
    return { within: parseSubnet(word), internal };
  } catch (error) {
    return place.fail(`Error parsing IP ${word}: ${(error as Error).message}`);
  }
}
