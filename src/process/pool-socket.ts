// A path → a Unix socket bound to it, not accepting here, to be handed down to daemons.
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, unlinkSync } from "node:fs";
import * as net from "node:net";
import { basename, dirname, join } from "node:path";
import { getSystemErrorName } from "node:util";

/** A bound socket; its `fd` stays open until `close`, which removes the file too. */
export interface PoolSocket {
  readonly path: string;
  readonly fd: number;
  /** Whether the path still leads to it. */
  isThere(): boolean;
  close(): void;
}

/** Longest path of a Unix socket, in bytes: sockaddr_un holds 108 with the NUL. */
export const longestSocketPath = 107;

interface ServerHandle {
  readonly fd: number;
  close(): void;
}

// What node:cluster itself makes listening sockets with: binds, and does not accept.
const { _createServerHandle: createServerHandle } = net as unknown as {
  readonly _createServerHandle: (path: string, port: -1, addressType: -1) => ServerHandle | number;
};

/** Binds the socket; only `owner` (and root) may connect. A leftover file is removed. Throws an Error with the reason. */
export function bindPoolSocket(path: string, owner?: { readonly uid: number; readonly gid: number }): PoolSocket {
  const length = Buffer.byteLength(path);
  if (length > longestSocketPath) {
    throw new Error(
      `socket path ${path} is ${length} bytes long and may be ${longestSocketPath}; choose a shorter WSGISocketPrefix`,
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  removeLeftover(path);
  const umask = process.umask(0o177);
  let handle: ServerHandle | number;
  try {
    handle = createServerHandle(path, -1, -1);
  } finally {
    process.umask(umask);
  }
  if (typeof handle === "number") throw new Error(`cannot bind socket ${path}: ${getSystemErrorName(handle)}`);
  chmodSync(path, 0o600);
  if (owner && process.getuid?.() === 0) chownSync(path, owner.uid, owner.gid);
  const { ino } = lstatSync(path);
  const isThere = (): boolean => lstatSync(path, { throwIfNoEntry: false })?.ino === ino;
  return { path, fd: handle.fd, isThere, close: closer(path, handle) };
}

/** Removes sockets PREFIX.PID.GENERATION.N.sock of processes that are gone: a supervisor that was killed could not. */
export function removeOrphanedSockets(prefix: string): void {
  const folder = dirname(prefix);
  const begin = `${basename(prefix)}.`;
  for (const name of readNames(folder)) {
    if (!name.startsWith(begin)) continue;
    const pid = /^(\d+)\.\d+\.\d+\.sock$/.exec(name.slice(begin.length))?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(folder, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) unlinkSync(path);
  }
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function closer(path: string, handle: ServerHandle): () => void {
  let closed = false;
  return () => {
    if (closed) return;
    closed = true;
    handle.close();
    removeLeftover(path);
  };
}

function removeLeftover(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Error(`${path} is in the way and is not a socket`);
  unlinkSync(path);
}
