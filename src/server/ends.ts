// A socket → where it comes from and where it arrives.
import type { Socket } from "node:net";
import type { Ends } from "../api/index.js";

/** Both ends of an accepted socket. */
export function endsOf(socket: Socket): Ends {
  return {
    remoteAddress: plainAddress(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
  };
}

/** An IPv4 address that came over an IPv6 socket, as IPv4. */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=\d+\.)/i, "") ?? "";
}
