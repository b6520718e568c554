// The address of a back end that is no HTTP server → connections to it: one that was kept, or a new one.
import { connect, type Socket } from "node:net";
import { ProxyError } from "../../api/index.js";
import type { Parameters } from "./parameters.js";
import { idleTime, mostIdle } from "./limits.js";

/** Where a back end listens. */
export type Where = { readonly host: string; readonly port: number } | { readonly path: string };

/** Back ends that come from requests are forgotten beyond this number. */
const mostKnown = 1024;

/** What is asked for. */
export interface Wish {
  /** Not one that was kept. */
  readonly isNew: boolean;
  readonly localAddress: string | undefined;
  /** Called once, where it is not taken back before: with a connection that may still be connecting. */
  ready(socket: Socket): void;
  failed(error: ProxyError): void;
}

/** The connections of one HTTP worker to one back end. */
export class Connections {
  readonly #where: Where;
  readonly #parameters: Parameters;
  readonly #idle: Socket[] = [];
  readonly #waiting = new Set<() => void>();
  #inUse = 0;

  constructor(where: Where, parameters: Parameters) {
    this.#where = where;
    this.#parameters = parameters;
  }

  /** Whether connections are kept: only where enablereuse=On asks for it, as in Apache. */
  get keeps(): boolean {
    return this.#parameters.reuse === true;
  }

  /** Asks for a connection; gives a function that takes the wish back. */
  take(wish: Wish, patience: number): () => void {
    const { max = Infinity } = this.#parameters;
    if (this.#inUse < max) {
      this.#hand(wish);
      return () => undefined;
    }
    const stop = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(turn);
    };
    const timer = setTimeout(() => {
      stop();
      wish.failed(new ProxyError("acquire", "no connection became free in time"));
    }, this.#parameters.acquire ?? patience);
    const turn = (): void => {
      stop();
      this.#hand(wish);
    };
    this.#waiting.add(turn);
    return stop;
  }

  #hand(wish: Wish): void {
    this.#inUse++;
    const kept = wish.isNew ? undefined : this.#idle.pop();
    if (kept) {
      kept.removeAllListeners("timeout").removeAllListeners("data").removeAllListeners("end").setTimeout(0);
      return wish.ready(kept);
    }
    const { localAddress } = wish;
    const socket = connect({ ...this.#where, ...(localAddress === undefined ? {} : { localAddress }) });
    socket.setNoDelay(true);
    if (this.#parameters.keepAlive) socket.setKeepAlive(true);
    // Whoever uses it hears of faults, too.
    socket.on("error", () => undefined);
    wish.ready(socket);
  }

  /** Gives one back; `isWhole`: nothing is left on it. */
  give(socket: Socket, isWhole: boolean): void {
    this.#inUse--;
    if (isWhole && this.keeps && !socket.destroyed && socket.writable && this.#idle.length < mostIdle)
      this.#keep(socket);
    else socket.destroy();
    for (const turn of this.#waiting) return turn();
  }

  #keep(socket: Socket): void {
    this.#idle.push(socket);
    // What comes now belongs to no request.
    for (const event of ["timeout", "data", "end"]) socket.once(event, () => socket.destroy());
    socket.once("close", () => {
      const at = this.#idle.indexOf(socket);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    socket.setTimeout(this.#parameters.ttl ?? idleTime);
    socket.resume();
  }

  /** Ends those that idle. */
  purge(): void {
    for (const socket of this.#idle.splice(0)) socket.destroy();
  }
}

const known = new Map<string, Connections>();

/** The connections to a back end; lines that name the same one share them. */
export function connectionsTo(scheme: string, where: Where, parameters: Parameters): Connections {
  const key = JSON.stringify([scheme, where, parameters]);
  let connections = known.get(key);
  if (!connections) {
    connections = new Connections(where, parameters);
    for (const [first, oldest] of known) {
      if (known.size < mostKnown) break;
      known.delete(first);
      oldest.purge();
    }
    known.set(key, connections);
  }
  return connections;
}

/** Ends the connections that idle. */
export function closeConnections(): void {
  for (const connections of known.values()) connections.purge();
  known.clear();
}
