// "10.1", "10.1.0.0/16", "10.1.0.0/255.255.0.0", "fe80::/10" → a test of addresses.
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Whether an address, as text, is within a range. */
export type Subnet = (address: string) => boolean;

/** Reads a full or partial address with an optional prefix length or netmask. Throws an Error that says what is wrong. */
export function parseSubnet(text: string): Subnet {
  const slash = text.indexOf("/");
  const [range, bits] = slash < 0 ? wholeOrPartial(text) : withMask(text.slice(0, slash), text.slice(slash + 1));
  return (address) => {
    const parsed = parsedAddress(address);
    return parsed !== undefined && parsed.kind() === range.kind() && parsed.match(range, bits);
  };
}

function wholeOrPartial(text: string): readonly [Address, number] {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return [ipaddr.IPv4.parse(text), 32];
  if (/^\d+(\.\d+){0,2}\.?$/.test(text)) {
    const parts = text.replace(/\.$/, "").split(".");
    if (parts.some((part) => Number(part) > 255)) throw new Error("The specified IP address is invalid.");
    return [ipaddr.IPv4.parse([...parts, 0, 0, 0].slice(0, 4).join(".")), parts.length * 8];
  }
  return [addressOf(text), 128];
}

function withMask(text: string, mask: string): readonly [Address, number] {
  const address = addressOf(text);
  const most = address.kind() === "ipv4" ? 32 : 128;
  if (/^\d+$/.test(mask) && Number(mask) <= most) return [address, Number(mask)];
  if (address.kind() === "ipv4" && ipaddr.IPv4.isValidFourPartDecimal(mask)) {
    const bits = ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask();
    if (bits !== null) return [address, bits];
  }
  throw new Error("The specified network mask is invalid.");
}

function addressOf(text: string): Address {
  if (ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(":") && ipaddr.IPv6.isValid(text))) {
    return ipaddr.process(text);
  }
  throw new Error("The specified IP address is invalid.");
}

let last: { readonly text: string; readonly address: Address | undefined } = { text: "", address: undefined };

/** The address a text stands for, IPv4 inside IPv6 as IPv4. The last one is remembered: a request is tested many times. */
function parsedAddress(text: string): Address | undefined {
  if (text !== last.text) last = { text, address: ipaddr.isValid(text) ? ipaddr.process(text) : undefined };
  return last.address;
}
