// Back ends that answer with their letters, and who asked them: for tests of balancers with several processes.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A back end that answers with its letter. */
export interface Letter {
  readonly port: number;
  /** Number of requests it has had. */
  requests(): number;
  /** Does not listen from now on; connections are cut. */
  stop(): Promise<void>;
  /** Listens again. */
  start(): Promise<void>;
}

/** What it does beside answering. */
export interface LetterOptions {
  /** Called for each request; false: it has answered itself. */
  readonly before?: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;
}

/** Starts a back end. */
export async function startLetter(letter: string, { before }: LetterOptions = {}): Promise<Letter> {
  let count = 0;
  const sockets = new Set<Socket>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    count++;
    if (before && !(await before(request, response))) return;
    response.end(letter);
  };
  const server: Server = createServer((request, response) => void answer(request, response));
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const listen = (port: number): Promise<void> => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests: () => count,
    start: () => listen(port),
    stop: () =>
      new Promise((resolve) => {
        if (!server.listening) return resolve();
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Which of these processes has the other end of a connection. */
export function ownerOf({ remotePort = 0, localPort = 0 }: Socket, pids: readonly number[]): number | undefined {
  const hex = (port: number): string => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  // The same port may stand for several connections to different servers.
  const entry = readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, local, remote]) => local?.endsWith(hex(remotePort)) && remote?.endsWith(hex(localPort)));
  const inode = entry?.[9];
  return pids.find((pid) => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
    } catch {
      return false;
    }
  });
}
