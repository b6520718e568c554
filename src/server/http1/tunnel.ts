// A connection that has changed protocols → bytes both ways between the client and a stream, until both have ended.
import type { Duplex } from "node:stream";
import { countPassing } from "../spent-buffers.js";
import type { ResponseWriter } from "./response-writer.js";
import type { ServerState } from "./server-state.js";

/** The connection, as its tunnel sees it. */
export interface TunnelEnd {
  /** Reads nothing from the client until it is resumed. */
  pauseReading(): void;
  resumeReading(): void;
  /** Tells the client that nothing more will come. */
  endWriting(): void;
  /** It is over: the connection is closed, or reset. */
  tunnelOver(isBroken: boolean): void;
}

/** What a tunnel is made from. */
export interface TunnelParts {
  readonly client: TunnelEnd;
  readonly state: ServerState;
  /** Sends to the client what the stream gives. */
  readonly writer: ResponseWriter;
  /** Milliseconds of silence after which it is ended; 0 without limit. */
  readonly idleTimeout: number;
}

/** The way from the client to the stream, and the end of both; the way back is that of any response. */
export class Tunnel {
  readonly #stream: Duplex;
  readonly #client: TunnelEnd;
  readonly #state: ServerState;
  readonly #writer: ResponseWriter;
  readonly #idleTimeout: number;
  #receivedAt: number;
  #inputEnded = false;
  /** Whether all that the stream gave was sent. */
  #outputEnded = false;
  #isOver = false;

  constructor(stream: Duplex, { client, state, writer, idleTimeout }: TunnelParts) {
    this.#stream = stream;
    this.#client = client;
    this.#state = state;
    this.#writer = writer;
    this.#idleTimeout = idleTimeout === 0 ? Infinity : idleTimeout;
    this.#receivedAt = state.tick;
    stream.on("error", () => undefined);
    stream.on("drain", this.#drained);
    stream.on("close", this.#closed);
  }

  /** Whether both sides have been silent too long; when one has ended, the other has no longer than a write. */
  isIdle(tick: number): boolean {
    const hasHalfEnded = this.#inputEnded || this.#outputEnded;
    const limit = hasHalfEnded ? Math.min(this.#idleTimeout, this.#writer.timeout) : this.#idleTimeout;
    if (tick < this.#state.deadline(limit) - this.#state.tick + this.#receivedAt) return false;
    return this.#writer.isStill(tick, limit);
  }

  /** Bytes have come from the client. */
  receive(bytes: Buffer): void {
    this.#receivedAt = this.#state.tick;
    countPassing(bytes.length);
    if (this.#stream.writable && !this.#stream.write(bytes)) this.#client.pauseReading();
  }

  /** The client has ended its side. */
  inputEnded(): void {
    this.#inputEnded = true;
    this.#receivedAt = this.#state.tick;
    if (this.#outputEnded) this.#over();
    else if (this.#stream.writable) this.#stream.end();
  }

  /** All that the stream gave was sent; it has ended, or was closed before that. */
  outputEnded(isWhole: boolean): void {
    this.#outputEnded = true;
    if (isWhole && this.#stream.writable && !this.#inputEnded) this.#client.endWriting();
    else this.#over();
  }

  /** The client is gone. */
  close(): void {
    this.#isOver = true;
    if (!this.#stream.destroyed) this.#stream.destroy();
  }

  #over(): void {
    if (this.#isOver) return;
    const isBroken = this.#stream.errored != null;
    this.close();
    this.#client.tunnelOver(isBroken);
  }

  readonly #drained = (): void => {
    if (!this.#isOver) this.#client.resumeReading();
  };

  readonly #closed = (): void => {
    // Before its end this is told by whoever sends what it gives.
    if (this.#outputEnded) this.#over();
  };
}
