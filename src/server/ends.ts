// A socket → where it comes from and where it arrives.
import type { Socket } from "node:net";
import type { Ends } from "../api/index.js";

/** Where the connections of a Unix socket count as arriving: "unix:/path" and a port. */
export interface LocalEnd {
  readonly address: string;
  readonly port: number;
}

/** Both ends of an accepted socket. */
export function endsOf(socket: Socket, unix?: LocalEnd): Ends {
  if (unix) return { remoteAddress: "unix:", remotePort: 0, localAddress: unix.address, localPort: unix.port };
  return {
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
  };
}

/** An IPv4 address that came over an IPv6 socket, as IPv4. */
function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, "") ?? "";
}
