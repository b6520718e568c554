// A pool whose connections are encrypted, and handed out only when their handshake is done and they were looked at.
import { Agent, type ClientRequestArgs } from "node:http";
import type { Socket } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import { ProxyError, type ProxyTls } from "../../api/index.js";

/** What a request says of its connection, beside where it goes. */
export interface SecureOptions {
  readonly tls: ProxyTls;
  /** The name the back end is asked for, and that its certificate must have. */
  readonly peerName: string;
  /** Milliseconds for connecting, the handshake included. */
  readonly connectLimit: number;
}

/** Sessions that are kept to go on with, by back end. */
const mostSessions = 100;

/** An agent of node:http; requests give SecureOptions along. */
export class SecureAgent extends Agent {
  readonly #sessions = new Map<string, Buffer>();

  /** Connections with another name are other connections. */
  override getName(options: ClientRequestArgs & Partial<SecureOptions>): string {
    return `${super.getName(options)}:${options.peerName ?? ""}`;
  }

  override createConnection(
    options: ClientRequestArgs & Partial<SecureOptions>,
    callback: (error: Error | null, stream: Duplex) => void,
  ): null {
    const { tls, peerName = "", connectLimit = 60_000, host, port, socketPath, localAddress } = options;
    const done = callback as (error: Error | null, stream?: Socket) => void;
    if (!tls) {
      done(new TypeError("an encrypted connection needs its settings"));
      return null;
    }
    const name = this.getName(options);
    const session = this.#sessions.get(name);
    const socket = connect({
      ...tls.options,
      ...(socketPath ? { path: socketPath } : { host: host ?? "", port: Number(port) }),
      ...(localAddress === undefined ? {} : { localAddress }),
      // Addresses are no names: RFC 6066, 3.
      ...(/^[\d.]+$|:/.test(peerName) ? {} : { servername: peerName }),
      ...(session ? { session } : {}),
      // Looked at below, as mod_ssl says.
      rejectUnauthorized: false,
    });
    this.#greet(socket, { tls, peerName, connectLimit }, (error) => {
      if (error) {
        this.#sessions.delete(name);
        done(error);
      } else {
        socket.on("session", (kept: Buffer) => this.#keep(name, kept));
        done(null, socket);
      }
    });
    return null;
  }

  #greet(socket: TLSSocket, { tls, peerName, connectLimit }: SecureOptions, done: (error?: Error) => void): void {
    const timer = setTimeout(() => end(new ProxyError("connect", "no connection in time")), connectLimit);
    const broken = (error: Error): void => end(error);
    const secured = (): void => {
      const fault = tls.check(socket, peerName);
      end(fault === undefined ? undefined : new ProxyError("response", `SSL handshake: ${fault}`));
    };
    const end = (error?: Error): void => {
      clearTimeout(timer);
      socket.off("error", broken).off("secureConnect", secured);
      if (error) {
        socket.on("error", () => undefined);
        socket.destroy();
      }
      done(error);
    };
    socket.on("error", broken).on("secureConnect", secured);
  }

  #keep(name: string, session: Buffer): void {
    this.#sessions.delete(name);
    if (this.#sessions.size >= mostSessions) this.#sessions.clear();
    this.#sessions.set(name, session);
  }
}
