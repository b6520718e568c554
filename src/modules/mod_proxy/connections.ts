// Where a back end listens → connections to it: one that was kept, or a new one.
import { connect, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import { ProxyError, type ProxyTls } from "../../api/index.js";
import { idleTime, leavePatience, mostIdle } from "./limits.js";
import { openThrough, type Way } from "./open-through.js";
import type { Parameters } from "./parameters.js";
import type { Remote } from "./remote.js";
import type { Address } from "./target.js";

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

/** Who uses a connection. */
export interface LineUser {
  heard(bytes: Buffer): void;
  ended(): void;
  broken(error: Error): void;
  closed(): void;
  /** Nothing has moved for the time of `watch`. */
  stoodStill(): void;
  drained(): void;
}

const nothing = (): void => undefined;

/** What is read is copied at once: one buffer is enough for all, and no other is made for each read. */
const readBuffer = Buffer.allocUnsafeSlow(65_536);

/** A connection; its listeners stay while its users change. */
export class Line {
  readonly socket: Socket;
  /** It has served a request before. */
  isReused = false;
  #user: LineUser | undefined;
  #watched = 0;
  /** When it is closed, where nobody uses it. */
  #idleEnd = 0;
  #left: (line: Line) => void;

  /** `left` is called when it closes while nobody uses it. */
  constructor(socket: Socket, left: (line: Line) => void) {
    this.socket = socket;
    this.#left = left;
    socket.on("data", (bytes) => this.heard(bytes));
    socket.on("end", () => (this.#user ? this.#user.ended() : socket.destroy()));
    socket.on("drain", () => this.#user?.drained());
    socket.on("error", (error) => this.#user?.broken(error));
    socket.on("close", () => (this.#user ? this.#user.closed() : this.#left(this)));
    socket.on("timeout", () => (this.#user ? this.#user.stoodStill() : this.#idle()));
  }

  /** Has whoever uses it hear of it; undefined: what comes belongs to no request. */
  set user(user: LineUser | undefined) {
    this.#user = user;
  }

  heard(bytes: Buffer): void {
    if (this.#user) this.#user.heard(bytes);
    else this.socket.destroy();
  }

  /** Milliseconds without a movement after which its user hears of it. */
  watch(milliseconds: number): void {
    const time = Math.max(1, milliseconds);
    if (this.#watched === time) return;
    this.#watched = time;
    this.socket.setTimeout(time);
  }

  /** Has the time begin anew. */
  watchAgain(milliseconds: number): void {
    this.#watched = 0;
    this.watch(milliseconds);
  }

  /** Keeps it open for so long without a user. */
  keep(milliseconds: number): void {
    this.#idleEnd = performance.now() + milliseconds;
    this.watch(Math.min(milliseconds, leavePatience));
    if (this.socket.isPaused()) this.socket.resume();
  }

  /** Gives the socket away. */
  release(): Socket {
    const { socket } = this;
    this.#user = undefined;
    socket.pause();
    for (const event of ["data", "end", "drain", "error", "close", "timeout"]) socket.removeAllListeners(event);
    socket.setTimeout(0);
    return socket;
  }

  #idle(): void {
    const left = this.#idleEnd - performance.now();
    if (left < 1) this.socket.destroy();
    else this.watchAgain(Math.min(left, leavePatience));
  }
}

/** What connections are made from. */
interface Making {
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
        heard(Buffer.from(readBuffer.subarray(0, length)));
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

/** Back ends that come from requests (`http://$1.example/`) are forgotten beyond this number. */
const mostKnown = 1024;

/** The connections of this worker, by what they are made from. */
const known = new Map<string, Connections>();
/** Those of a line of the configuration: the last, for its one kind of encryption mostly. */
const latest = new WeakMap<
  Address,
  WeakMap<Parameters, Pick<Meaning, "encryption" | "remote"> & { connections: Connections }>
>();
const tlsNumbers = new WeakMap<ProxyTls, number>();
let tlsNumber = 0;

/** What says which connections are meant. */
export interface Meaning {
  readonly address: Address;
  readonly defaultPort: number;
  readonly parameters: Parameters;
  readonly keeps: boolean;
  readonly encryption?: Encryption | undefined;
  readonly remote?: Remote | undefined;
}

/** The connections to a back end; lines that name the same one share them. */
export function connectionsTo(meaning: Meaning): Connections {
  const { address, parameters, encryption, remote } = meaning;
  const recent = latest.get(address)?.get(parameters);
  const isSame = recent?.encryption?.tls === encryption?.tls && recent?.encryption?.name === encryption?.name;
  if (recent && isSame && recent.remote === remote) return recent.connections;
  const connections = find(meaning);
  const byParameters = latest.get(address) ?? new WeakMap();
  latest.set(address, byParameters.set(parameters, { encryption, remote, connections }));
  return connections;
}

function find({ address, defaultPort, parameters, keeps, encryption, remote }: Meaning): Connections {
  const { scheme, host, port = defaultPort, socketPath } = address;
  const where = socketPath === undefined ? { host, port } : { path: socketPath };
  const secret = encryption && [numberOf(encryption.tls), encryption.name];
  const key = JSON.stringify([scheme, where, parameters, secret, remote]);
  let connections = known.get(key);
  if (connections) return connections;
  connections = new Connections({ where, parameters, keeps, encryption, remote });
  for (const [first, oldest] of known) {
    if (known.size < mostKnown) break;
    known.delete(first);
    oldest.purge();
  }
  known.set(key, connections);
  return connections;
}

function numberOf(tls: ProxyTls): number {
  const number = tlsNumbers.get(tls) ?? ++tlsNumber;
  tlsNumbers.set(tls, number);
  return number;
}

/** Ends the connections that idle. */
export function closeConnections(): void {
  for (const connections of known.values()) connections.purge();
  known.clear();
}
