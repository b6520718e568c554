// A Listen line with a path → a bound Unix socket, with its mode and owner; what a dead server left there is removed.
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, lstatSync, unlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { getSystemErrorMap } from "node:util";
import type { UnixSocket } from "../api/index.js";
import { accountOf, groupNumber } from "./accounts.js";

/** Who the socket belongs to where its line does not say. */
export interface SocketOwner {
  readonly uid: number;
  readonly gid: number;
}

/** A bound handle; closing it removes the file. */
export interface UnixHandle {
  readonly fd: number;
  close(): void;
}

// What node:cluster itself uses to bind without accepting; there is no public way.
const { _createServerHandle: bindHandle } = createRequire(import.meta.url)("node:net") as {
  readonly _createServerHandle: (path: string, port: -1, addressType: -1) => UnixHandle | number;
};

/** Exits with 1 where nobody accepts connections. */
const probe = `require("node:net").connect(process.argv[1]).on("connect", () => process.exit(0)).on("error", () => process.exit(1))`;
/** Milliseconds that may take. */
const probeLimit = 10_000;

/** Binds; nobody may connect before mode and owner are right. Throws an Error that says why not. */
export function bindUnixSocket(socket: UnixSocket, owner: SocketOwner | undefined): UnixHandle {
  const { path } = socket;
  removeStale(path);
  const umask = process.umask(0o777);
  let handle: UnixHandle | number;
  try {
    handle = bindHandle(path, -1, -1);
  } finally {
    process.umask(umask);
  }
  if (typeof handle === "number") {
    // The system says the same of a folder that is not there as of one that is closed.
    const folder = dirname(path);
    if (!existsSync(folder)) throw new Error(`there is no folder ${folder}: make it, or choose another path`);
    throw new Error(getSystemErrorMap().get(handle)?.[1] ?? `error ${-handle}`);
  }
  try {
    setAccess(socket, owner);
    return handle;
  } catch (error) {
    handle.close();
    throw error;
  }
}

/** Sets owner and mode, also of a socket that stays while its line has changed. */
export function setAccess({ path, mode, user, group }: UnixSocket, owner: SocketOwner | undefined): void {
  if (user !== undefined || group !== undefined || (owner && process.getuid?.() === 0)) {
    const account = user === undefined ? undefined : accountOf(user);
    const gid = group === undefined ? (account?.gid ?? owner?.gid) : groupNumber(group);
    chownSync(path, account?.uid ?? owner?.uid ?? -1, gid ?? -1);
  }
  chmodSync(path, mode);
}

/** A socket that nobody answers on is a leftover; anything else in the way stays, and is an error. */
function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Error("a file that is no socket stands there: remove it, or choose another path");
  const { status } = spawnSync(process.execPath, ["-e", probe, path], { stdio: "ignore", timeout: probeLimit });
  if (status !== 1) throw new Error("another process listens there: ss -lxp shows which");
  unlinkSync(path);
}
