// Listen lines → bound sockets, which the supervisor holds and workers accept on.
import { createRequire } from "node:module";
import { isIPv6 } from "node:net";
import { getSystemErrorMap } from "node:util";
import type { Listen, UnixSocket } from "../api/index.js";
import { bindUnixSocket, setAccess, type SocketOwner } from "./unix-listener.js";

/** What is left of a Listen line for whoever binds it. */
export type ListenAddress = Pick<Listen, "address" | "port">;

/** Bound, not accepting: connections queue in the kernel until a worker takes them. */
export interface BoundSocket extends Listen {
  readonly fd: number;
  close(): void;
}

/** Why an address could not be bound: Apache's lines. */
export class BindError extends Error {
  override readonly name = "BindError";
}

interface Handle {
  readonly fd: number;
  close(): void;
  getsockname(out: object): number;
}

// What node:cluster itself uses to bind without accepting; there is no public way.
const { _createServerHandle: bindHandle } = createRequire(import.meta.url)("node:net") as {
  readonly _createServerHandle: (
    address: string | null,
    port: number | null,
    addressType: 4 | 6 | undefined,
    fd?: number,
  ) => Handle | number;
};

/**
 * An inherited listening socket, to be given to `listen` of net.Server. By descriptor, `listen` in a cluster worker
 * would ask the primary for a descriptor of that number there.
 */
export function inheritedSocket(fd: number): object {
  const handle = bindHandle(null, null, undefined, fd);
  if (typeof handle === "number") throw new Error(`descriptor ${fd} is not a socket: ${systemText(handle)}`);
  return handle;
}

/** The sockets of a supervisor. Those that stay in the configuration stay open through every change. */
export class Listeners {
  readonly #sockets = new Map<string, BoundSocket>();

  /**
   * Binds what is not bound yet and gives the sockets of `wanted` in order; Unix sockets are `owner`'s unless they say otherwise. What is no longer wanted stays until
   * `closeOthers`. Throws a BindError; then nothing new stays bound.
   */
  bind(wanted: readonly Listen[], owner?: SocketOwner): readonly BoundSocket[] {
    const fresh: string[] = [];
    try {
      return wanted.map((listen) => {
        const key = keyOf(listen);
        const known = this.#sockets.get(key);
        if (known) {
          if (listen.unix) adjust(listen, listen.unix, owner);
          return known;
        }
        const socket = listen.unix ? bindUnix(listen, listen.unix, owner) : bindOne(listen);
        this.#sockets.set(key, socket);
        fresh.push(key);
        return socket;
      });
    } catch (error) {
      for (const key of fresh) this.#close(key);
      throw error;
    }
  }

  /** Closes all sockets but these. */
  closeOthers(kept: readonly ListenAddress[]): void {
    const keep = new Set(kept.map(keyOf));
    for (const key of [...this.#sockets.keys()]) if (!keep.has(key)) this.#close(key);
  }

  #close(key: string): void {
    this.#sockets.get(key)?.close();
    this.#sockets.delete(key);
  }
}

function keyOf({ address, port }: ListenAddress): string {
  return `${address}:${port}`;
}

function bindUnix(listen: Listen, unix: UnixSocket, owner: SocketOwner | undefined): BoundSocket {
  try {
    const handle = bindUnixSocket(unix, owner);
    return { ...listen, fd: handle.fd, close: () => handle.close() };
  } catch (error) {
    throw unixError(listen, unix, error);
  }
}

function adjust(listen: Listen, unix: UnixSocket, owner: SocketOwner | undefined): void {
  try {
    setAccess(unix, owner);
  } catch (error) {
    throw unixError(listen, unix, error);
  }
}

function unixError({ origin }: Listen, { path }: UnixSocket, error: unknown): BindError {
  const reason = error instanceof Error ? error.message : String(error);
  return new BindError(
    `AH00072: make_sock: could not bind to address unix:${path} (${origin.file}:${origin.line}): ${reason}`,
  );
}

function bindOne(listen: Listen): BoundSocket {
  const { address, port } = listen;
  const plain = address.replace(/^\[|\]$/g, "");
  const handle = bindHandle(plain === "" ? null : plain, port, plain === "" ? undefined : isIPv6(plain) ? 6 : 4);
  if (typeof handle === "number") throw bindError(listen, handle);
  // An address in use shows only when the socket is asked about, or listens.
  const error = handle.getsockname({});
  if (error !== 0) {
    handle.close();
    throw bindError(listen, error);
  }
  return { ...listen, fd: handle.fd, close: () => handle.close() };
}

/** As Apache writes it, `(98)Address already in use: AH00072: make_sock: could not bind to address 127.0.0.1:80`, and what to do. */
function bindError({ address, port, origin }: Listen, error: number): BindError {
  const where = address === "" ? `[::]:${port}` : isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
  return new BindError(
    `(${-error})${capital(systemText(error))}: AH00072: make_sock: could not bind to address ${where}` +
      ` (${origin.file}:${origin.line})${remedy(error, port)}`,
  );
}

const texts: Readonly<Record<number, string>> = {
  [-98]: "Address already in use",
  [-13]: "Permission denied",
  [-99]: "Cannot assign requested address",
};

function remedy(error: number, port: number): string {
  if (error === -98) return `; another process listens there: ss -ltnp "sport = :${port}" shows which`;
  if (error === -13 && port < 1024) return "; ports below 1024 are root's: start as root, or take another port";
  if (error === -99) return "; no interface of this machine has the address";
  return "";
}

function systemText(error: number): string {
  return texts[error] ?? getSystemErrorMap().get(error)?.[1] ?? `error ${-error}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
