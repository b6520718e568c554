// The first bytes of a connection → the client they name: the PROXY protocol, as text (v1) and as bytes (v2).
import { isIPv4, isIPv6, SocketAddress } from "node:net";
import type { AnnouncedClient, Announcement } from "../../api/index.js";

const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");
const word = Buffer.from("PROXY ", "latin1");
/** Bytes of the longest line of version 1, its end included. */
const longestLine = 108;
/** Bytes in front of the addresses of version 2. */
const headBytes = 16;
/** The most bytes of an announcement: addresses, and what some proxies say of themselves and of TLS. */
export const longestAnnouncement = 4096;

/** Reads an announcement of either version. Faults carry Apache's numbers. */
export function readAnnouncement(bytes: Buffer): Announcement {
  if (isBeginning(bytes, signature)) return bytes.length < headBytes ? "more" : readBinary(bytes);
  if (isBeginning(bytes, word)) return readLine(bytes);
  return fault("", "the connection does not begin with a PROXY header");
}

function isBeginning(bytes: Buffer, known: Buffer): boolean {
  const length = Math.min(bytes.length, known.length);
  return bytes.subarray(0, length).equals(known.subarray(0, length));
}

/** `PROXY TCP4 client server client-port server-port`, with CR LF. */
function readLine(bytes: Buffer): Announcement {
  const end = bytes.subarray(0, longestLine).indexOf("\n");
  if (end < 0) return bytes.length < longestLine ? "more" : fault("AH10185", "header too long");
  const line = bytes.toString("latin1", 0, end);
  const shown = JSON.stringify(line.trimEnd());
  if (line.indexOf("\r") !== end - 1) return fault("AH10185", `header ${shown} does not end with CR LF`);
  const [, family, client, server, port] = line.slice(0, -1).split(/ +/);
  const length = end + 1;
  if (family === "UNKNOWN") return { length, client: undefined };
  if (!family) return fault("AH03497", `no family found in header ${shown}`);
  if (family !== "TCP4" && family !== "TCP6") return fault("AH03499", `unknown family "${family}" in header ${shown}`);
  if (!client) return fault("AH03497", `no client-address found in header ${shown}`);
  if (!(family === "TCP4" ? isIPv4(client) : isIPv6(client))) {
    return fault("AH03500", `invalid client-address "${client}" found in header ${shown}`);
  }
  if (!server) return fault("AH03497", `no destination-address found in header ${shown}`);
  if (!port) return fault("AH03497", `no client-port found in header ${shown}`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return fault("AH03501", `error parsing port "${port}" in header ${shown}`);
  }
  return { length, client: { address: client, port: Number(port) } };
}

/** Signature, version and command, family, length; then addresses, ports, and more that is passed over. */
function readBinary(bytes: Buffer): Announcement {
  const [command = 0, family = 0] = bytes.subarray(signature.length);
  const length = headBytes + bytes.readUInt16BE(14);
  if (command >> 4 !== 2) return fault("", `unknown version ${command >> 4}`);
  if (length > longestAnnouncement) return fault("AH10186", "protocol header length too long");
  if (bytes.length < length) return "more";
  // LOCAL: the proxy speaks for itself, to see whether we are well.
  if ((command & 15) === 0) return { length, client: undefined };
  if ((command & 15) !== 1) return fault("AH03507", `unsupported command ${hex(command)}`);
  const of = { 0x11: 4, 0x21: 16 }[family];
  if (of === undefined) return fault("AH10183", `unsupported protocol ${hex(family)}`);
  if (length < headBytes + 2 * of + 4) return fault("AH10186", "protocol header too short for its addresses");
  const client: AnnouncedClient = {
    address: addressOf(bytes.subarray(headBytes, headBytes + of)),
    port: bytes.readUInt16BE(headBytes + 2 * of),
  };
  return { length, client };
}

/** IPv4 in IPv6 is shown as IPv4. */
function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = bytes.toString("hex").match(/.{4}/g) ?? [];
  const { address } = new SocketAddress({ family: "ipv6", address: groups.join(":") });
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

function fault(code: string, reason: string): Announcement {
  return { fault: `${code === "" ? "" : `${code}: `}RemoteIPProxyProtocol: ${reason}` };
}
