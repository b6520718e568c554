// The first bytes of a connection → the client that the proxy in front names; what follows stays unread.
import type { Socket } from "node:net";
import type { AnnouncedClient, AnnouncementReader, Ends } from "../api/index.js";

/** What reading an announcement needs. */
export interface AnnouncementOptions {
  readonly reader: AnnouncementReader;
  readonly ends: Ends;
  /** Milliseconds it may take altogether. */
  readonly timeout: number;
  /** Hears why a connection was ended. */
  readonly refused: (reason: string) => void;
}

/**
 * Reads what a proxy says first, and hands the connection on. `done` is not called when it is missing, broken or late, or
 * the connection ends: then the socket is destroyed, unanswered as in Apache.
 */
export function readAnnouncement(
  socket: Socket,
  { reader, ends, timeout, refused }: AnnouncementOptions,
  done: (client: AnnouncedClient) => void,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const drop = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const refuse = (reason: string): void => {
    refused(reason);
    drop();
  };
  const look = (): void => {
    for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null) {
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      const read = reader.read(bytes);
      if (read === "more") continue;
      if ("fault" in read) return refuse(read.fault);
      clearTimeout(timer);
      socket.off("readable", look).off("end", drop).off("close", drop);
      if (bytes.length > read.length) socket.unshift(bytes.subarray(read.length));
      // Who names nobody speaks for itself.
      return done(read.client ?? { address: ends.remoteAddress, port: ends.remotePort });
    }
  };
  const timer = setTimeout(() => refuse("what the proxy says of its client did not come in time"), timeout);
  socket.on("error", drop).on("end", drop).on("close", drop).on("readable", look);
}
