// What is done with each connection → a back end of raw bytes on a Unix socket that both servers may use.
import { chmodSync } from "node:fs";
import { createServer, type Socket } from "node:net";

/** Listens at `path`; `end` closes what is open, too. */
export async function serveRaw(path: string, take: (socket: Socket) => void): Promise<{ end(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    take(socket);
    socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o777);
  return {
    end: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
