// A client's connection that has changed protocols ↔ data frames of a daemon's connection.
import { Duplex } from "node:stream";

/** The daemon's connection, as a tunnel uses it. */
export interface TunnelConnection {
  /** Sends bytes; `done` when there is room for more. */
  sendData(bytes: Buffer, done: () => void): void;
  /** Nothing more will be sent. */
  sendEnd(): void;
  /** Reads nothing from the daemon until it is resumed. */
  hold(): void;
  resume(): void;
  /** Nobody wants what still comes. */
  closeSoon(): void;
}

type Done = (error?: Error | null) => void;

/** The stream that the server joins with the client. */
export class DaemonTunnel extends Duplex {
  readonly #connection: TunnelConnection;
  #isFinished = false;

  constructor(connection: TunnelConnection) {
    super({ highWaterMark: 131_072 });
    this.#connection = connection;
    // Breaking off must not bring the worker down where nobody listens yet.
    this.on("error", () => undefined);
  }

  /** Bytes of the application have come. */
  add(bytes: Buffer): void {
    if (!this.destroyed && !this.push(bytes)) this.#connection.hold();
  }

  /** The application has ended the connection. */
  finish(): void {
    this.#isFinished = true;
    if (this.destroyed) return;
    this.push(null);
    this.end();
  }

  override _read(): void {
    this.#connection.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (this.#isFinished) done();
    else this.#connection.sendData(bytes, done);
  }

  override _final(done: Done): void {
    if (!this.#isFinished) this.#connection.sendEnd();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    if (!this.#isFinished) this.#connection.closeSoon();
    done(error);
  }
}
