// A listener of "upgrade" events (request, socket, head) → an application for clients that ask for another protocol.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { logError, type RunApplication } from "./call.js";
import { incomingMessage } from "./message.js";
import { UpgradeSocket } from "./upgrade-socket.js";

/** What ws, socket.io and others do with a request that asks for another protocol. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => unknown;

/** Runs `listener` where the client asks for another protocol and `isWanted` says so, and `otherwise` for all other requests. */
export function upgradeApplication(
  listener: UpgradeListener,
  otherwise: RunApplication,
  isWanted: () => boolean = () => true,
): RunApplication {
  return (call) => {
    if (!call.mayUpgrade || !isWanted()) return otherwise(call);
    const socket = new UpgradeSocket(call.socket);
    const message = incomingMessage(call, socket);
    const forget = call.whenAbandoned(() => socket.destroy());
    const failed = (error: unknown): void => {
      logError(call, `${call.script} failed`, error);
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    };
    try {
      const result = listener(message, socket, Buffer.alloc(0));
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
    return socket.answered.finally(forget);
  };
}
