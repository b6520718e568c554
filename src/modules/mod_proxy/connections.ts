// Where a back end listens → connections to it: one that was kept, or a new one.
import { connect, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { lentCopyOf, ProxyError, type ProxyTls } from "../../api/index.js";
import { idleTime, mostIdle } from "./limits.js";
import { Line } from "./line.js";
import { openThrough, type Way } from "./open-through.js";
import type { Parameters } from "./parameters.js";
import type { Remote } from "./remote.js";

/** Where a back end listens. */
export type Where = { readonly host: string; readonly port: number } | { readonly path: string };

/** How a connection is encrypted, and the name the back end is asked for, which its certificate must have. */
export interface Encryption {
  readonly tls: ProxyTls;
  readonly name: string;
}

/** What is asked for. Times in milliseconds. */
export interface Wish {
  /** Not one that was kept. */
  readonly isNew: boolean;
  /** It may change protocols, and be given away. */
  readonly mayChange: boolean;
  readonly localAddress: string | undefined;
  /** Longest wait for one that is free, and for one to be made, a handshake included. */
  readonly patience: number;
  readonly connectTimeout: number;
  /** Exactly one of these is called, where the wish is not taken back before. */
  ready(line: Line): void;
  failed(error: Error): void;
}

const nothing = (): void => undefined;

/** What is read is copied at once: one buffer is enough for all, and no other is made for each read. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** What connections are made from. */
export interface Making {
  readonly where: Where;
  readonly parameters: Parameters;
  /** Whether they are kept where `enablereuse` and `disablereuse` say nothing. */
  readonly keeps: boolean;
  readonly encryption: Encryption | undefined;
  /** The proxy that encrypted ones go through. */
  readonly remote: Remote | undefined;
}

/** The connections of one HTTP worker to one back end. */
export class Connections {
  /** Whether connections are kept. */
  readonly keeps: boolean;
  readonly #where: Where;
  readonly #parameters: Parameters;
  readonly #encryption: Encryption | undefined;
  readonly #remote: Remote | undefined;
  readonly #idle: Line[] = [];
  readonly #waiting = new Set<() => void>();
  #inUse = 0;
  /** The last session of TLS, to go on with. */
  #session: Buffer | undefined;

  constructor({ where, parameters, keeps, encryption, remote }: Making) {
    this.keeps = parameters.reuse ?? keeps;
    this.#where = where;
    this.#parameters = parameters;
    this.#encryption = encryption;
    this.#remote = remote;
  }

  /** Asks for a connection; gives a function that takes the wish back, without effect once it is fulfilled. */
  take(wish: Wish): () => void {
    const { max = Infinity, acquire = wish.patience } = this.#parameters;
    if (this.#inUse < max) return this.#hand(wish);
    let takeBack = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(turn);
    };
    const timer = setTimeout(() => {
      takeBack();
      wish.failed(new ProxyError("acquire", "no connection became free in time"));
    }, acquire);
    const turn = (): void => {
      takeBack();
      takeBack = this.#hand(wish);
    };
    this.#waiting.add(turn);
    return () => takeBack();
  }

  #hand(wish: Wish): () => void {
    this.#inUse++;
    const kept = wish.isNew || wish.mayChange ? undefined : this.#idle.pop();
    if (kept) {
      kept.isReused = true;
      wish.ready(kept);
      return nothing;
    }
    return this.#remote && "host" in this.#where
      ? this.#openThrough(wish, { ...this.#where, ...wish, remote: this.#remote })
      : this.#open(wish);
  }

  #openThrough(wish: Wish, way: Way): () => void {
    let takeBack: (() => void) | undefined;
    let isTakenBack = false;
    const opened = (socket: Socket): void => {
      if (isTakenBack) this.#end(socket);
      else takeBack = this.#open(wish, socket);
    };
    const failed = (error: unknown): void => {
      this.#inUse--;
      if (!isTakenBack) wish.failed(error instanceof Error ? error : new Error(String(error)));
      this.#callNext();
    };
    openThrough(way).then(opened, failed);
    return () => {
      isTakenBack = true;
      takeBack?.();
    };
  }

  /** Makes a connection; with `way`, over one that is open. */
  #open(wish: Wish, way?: Socket): () => void {
    let line: Line | undefined;
    const socket = this.#connect(wish, (bytes) => line?.heard(bytes), way);
    socket.setNoDelay(true);
    if (this.#parameters.keepAlive) socket.setKeepAlive(true);
    const connected = socket instanceof TLSSocket ? "secureConnect" : "connect";
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
      clearTimeout(timer);
      socket.off("error", broken).off(connected, made);
    };
    const drop = (): void => {
      settle();
      this.#session = undefined;
      socket.on("error", nothing);
      this.#end(socket);
    };
    const broken = (error: Error): void => {
      drop();
      wish.failed(error);
    };
    const made = (): void => {
      const fault = this.#faultIn(socket);
      if (fault) return broken(fault);
      settle();
      line = new Line(socket, this.#leave);
      wish.ready(line);
    };
    const timer = setTimeout(
      () => broken(new ProxyError("connect", "the back end did not accept the connection in time")),
      wish.connectTimeout,
    );
    socket.on("error", broken).on(connected, made);
    return () => {
      if (!isSettled) drop();
    };
  }

  #connect({ localAddress, mayChange }: Wish, heard: (bytes: Buffer) => void, way: Socket | undefined): Socket {
    const from = localAddress === undefined ? {} : { localAddress };
    const options = { ...(way ? { socket: way } : this.#where), ...from };
    if (!this.#encryption) {
      if (mayChange) return connect({ ...this.#where, ...from });
      const callback = (length: number): boolean => {
        heard(lentCopyOf(readBuffer.subarray(0, length)));
        return true;
      };
      return connect({ ...this.#where, ...from, onread: { buffer: readBuffer, callback } });
    }
    const { tls, name } = this.#encryption;
    const socket = connectTls({
      ...tls.options,
      ...options,
      // Addresses are no names: RFC 6066, 3.
      ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }),
      ...(this.#session ? { session: this.#session } : {}),
      // Looked at when the handshake is done, as mod_ssl says.
      rejectUnauthorized: false,
    });
    return socket.on("session", (session: Buffer) => (this.#session = session));
  }

  /** Why a connection whose handshake is done may not be used. */
  #faultIn(socket: Socket): ProxyError | undefined {
    if (!this.#encryption || !(socket instanceof TLSSocket)) return undefined;
    const fault = this.#encryption.tls.check(socket, this.#encryption.name);
    return fault === undefined ? undefined : new ProxyError("response", `SSL handshake: ${fault}`);
  }

  /**
   * Gives one back. `keeps`: for how many milliseconds it stays open, as the back end says; 0: something is left on it. It serves
   * the next request from the next turn of the event loop on, so that a back end that closes it behind its answer is seen to.
   */
  give(line: Line, keeps: number): void {
    const { socket } = line;
    const time = Math.min(keeps, this.#parameters.ttl ?? idleTime);
    line.user = undefined;
    if (time <= 0 || !this.keeps || socket.destroyed || !socket.writable) return this.#end(socket);
    line.keep(time);
    setImmediate(() => {
      this.#inUse--;
      if (!socket.destroyed && this.#idle.length < mostIdle) this.#idle.push(line);
      else socket.destroy();
      this.#callNext();
    });
  }

  #end(socket: Socket): void {
    this.#inUse--;
    socket.destroy();
    this.#callNext();
  }

  #callNext(): void {
    for (const turn of this.#waiting) return turn();
  }

  readonly #leave = (line: Line): void => {
    const at = this.#idle.indexOf(line);
    if (at >= 0) this.#idle.splice(at, 1);
  };

  /** Ends those that idle. */
  purge(): void {
    for (const { socket } of this.#idle.splice(0)) socket.destroy();
  }
}
