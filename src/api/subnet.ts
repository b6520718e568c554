// "10.1", "10.1.0.0/16", "10.1.0.0/255.255.0.0", "fe80::/10" → a test of addresses.
import ipaddr from "ipaddr.js";

/** The bytes of an address: 4 or 16. */
type Bytes = readonly number[];

/** Whether an address, as text, is within a range. */
export type Subnet = (address: string) => boolean;

/**
 * Reads a full or partial address with an optional prefix length or netmask, as APR does: numbers are decimal, with zeros in
 * front or without; IPv4 inside IPv6 is not taken. Throws an Error that says what is wrong.
 */
export function parseSubnet(text: string): Subnet {
  const slash = text.indexOf("/");
  const [range, mask] = slash < 0 ? wholeOrPartial(text) : withMask(text.slice(0, slash), text.slice(slash + 1));
  const first = range.map((byte, at) => byte & (mask[at] ?? 0));
  return (address) => {
    const bytes = bytesOf(address);
    if (bytes?.length !== first.length) return false;
    for (let at = 0; at < first.length; at++) {
      if (((bytes[at] ?? 0) & (mask[at] ?? 0)) !== first[at]) return false;
    }
    return true;
  };
}

/** Texts of partial addresses are no longer than this, for APR. */
const longestPart = 15;

function wholeOrPartial(text: string): readonly [Bytes, Bytes] {
  const address = addressOf(text);
  if (address) return [address, maskOf(address.length * 8, address.length)];
  const parts = /^\d+(\.\d+){0,3}\.?$/.test(text) ? text.replace(/\.$/, "").split(".").map(Number) : [];
  if (parts.length === 0 || text.length > longestPart || parts.some((part) => part > 255)) throw wrongAddress();
  return [[...parts, 0, 0, 0].slice(0, 4), maskOf(parts.length * 8, 4)];
}

function withMask(text: string, mask: string): readonly [Bytes, Bytes] {
  const address = addressOf(text);
  if (!address) throw wrongAddress();
  const bits = /^\+?\d+$/.test(mask) ? Number(mask) : 0;
  if (bits > 0 && bits <= address.length * 8) return [address, maskOf(bits, address.length)];
  const bytes = address.length === 4 ? fourBytes(mask) : undefined;
  if (!bytes) throw new Error("The specified network mask is invalid.");
  return [address, bytes];
}

const wrongAddress = (): Error => new Error("The specified IP address is invalid.");

function maskOf(bits: number, length: number): Bytes {
  return Array.from({ length }, (_, at) => (0xff00 >> Math.min(8, Math.max(0, bits - at * 8))) & 0xff);
}

function addressOf(text: string): Bytes | undefined {
  const bytes = text.includes(":") ? sixteenBytes(text) : fourBytes(text);
  const isMapped = bytes?.length === 16 && bytes.every((byte, at) => at > 11 || byte === (at > 9 ? 0xff : 0));
  if (isMapped) throw wrongAddress();
  return bytes;
}

function fourBytes(text: string): Bytes | undefined {
  const bytes = /^\d+(\.\d+){3}$/.test(text) ? text.split(".").map(Number) : [];
  return bytes.length === 4 && bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function sixteenBytes(text: string): Bytes | undefined {
  const [front = "", back, more] = text.split("::");
  const [before, behind] = [groupsOf(front), back === undefined ? [] : groupsOf(back)];
  if (!before || !behind || more !== undefined) return undefined;
  const left = 16 - before.length - behind.length;
  if (back === undefined ? left !== 0 : left <= 0) return undefined;
  return [...before, ...new Array<number>(left).fill(0), ...behind];
}

/** The bytes of groups between colons; the last may be an IPv4 address. */
function groupsOf(text: string): Bytes | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [at, group] of groups.entries()) {
    const four = at === groups.length - 1 ? fourBytes(group) : undefined;
    const number = /^[0-9a-f]+$/i.test(group) ? parseInt(group, 16) : Infinity;
    if (!four && number > 0xffff) return undefined;
    bytes.push(...(four ?? [number >> 8, number & 0xff]));
  }
  return bytes;
}

let last: { readonly text: string; readonly bytes: Bytes | undefined } = { text: "", bytes: undefined };

/** The address a text stands for, IPv4 inside IPv6 as IPv4. The last one is remembered: a request is tested many times. */
function bytesOf(text: string): Bytes | undefined {
  if (text !== last.text) {
    last = { text, bytes: ipaddr.isValid(text) ? ipaddr.process(text).toByteArray() : undefined };
  }
  return last.bytes;
}
