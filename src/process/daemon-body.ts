// Bytes of a response as a daemon sends them → a stream at the client's pace, with what waits in memory or on disk.
import { LendingStream } from "../api/index.js";
import { hasRoomOnDisk, Spool } from "./spool.js";

/** Bytes that may in any case wait for the client. */
const highWaterMark = 131_072;
/** Bytes of one response that may wait in memory; more goes to disk. */
const mostInMemory = 1024 * 1024;
/** Bytes that all responses of this worker together may hold in memory above `highWaterMark` each. */
const mostHeld = 64 * 1024 * 1024;
/** A client that takes less than `mostInMemory` in so many milliseconds is slow: what is written to disk for a fast one is wasted. */
const slowness = 250;
let held = 0;

/** Who sends the bytes. */
export interface BodySource {
  /** There is room again. */
  read(): void;
  /** Nothing more is to come for now. */
  full(): void;
  /** The client has left before the end. */
  leave(): void;
}

/** The body of a response that comes bit by bit. */
export class DaemonBody extends LendingStream {
  /** The client has not taken what came: the daemon is made to wait. */
  isFull = false;
  isFinished = false;
  readonly #buffer: number;
  readonly #on: BodySource;
  /** Bytes it counts for in what all hold. */
  #counted = 0;
  #spool: Spool | undefined;
  /** What comes goes to the spool, because there is something in it. */
  #isSpooling = false;
  #wantsMore = false;
  #slow: NodeJS.Timeout | undefined;
  #sent = 0;

  /** `buffer`: bytes it may hold, in memory as long as all together do not hold too much there, then on disk. */
  constructor(buffer: number, on: BodySource) {
    super({ highWaterMark });
    this.#buffer = buffer;
    this.#on = on;
    // Breaking off must not bring the worker down where nobody listens yet.
    this.on("error", () => undefined);
  }

  add(bytes: Buffer): void {
    if (this.destroyed) return;
    if (this.#isSpooling) return this.#keep(bytes);
    this.#sent += bytes.length;
    if (this.push(bytes)) return;
    this.#count(this.readableLength);
    if (this.readableLength < Math.min(this.#buffer, mostInMemory) && held < mostHeld) return;
    this.#fill();
    if (this.#buffer > highWaterMark) this.#slow ??= this.#watch();
  }

  finish(): void {
    this.isFinished = true;
    this.isFull = false;
    clearTimeout(this.#slow);
    if (this.#isSpooling) this.#pump();
    else this.push(null);
  }

  override _read(): void {
    this.#wantsMore = true;
    this.#count(this.readableLength);
    if (this.#isSpooling) this.#pump();
    else this.#open();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#count(0);
    clearTimeout(this.#slow);
    this.#spool?.close();
    if (!this.isFinished) this.#on.leave();
    done(error);
  }

  #fill(): void {
    if (this.isFull) return;
    this.isFull = true;
    this.#on.full();
  }

  #open(): void {
    if (!this.isFull) return;
    this.isFull = false;
    this.#on.read();
  }

  /** Finds out whether the client is slow. */
  #watch(): NodeJS.Timeout {
    const before = this.#taken();
    return setTimeout(() => {
      this.#slow = undefined;
      if (this.destroyed || this.isFinished || this.#isSpooling) return;
      if (this.#taken() - before >= mostInMemory) return;
      if (this.#hasSpool()) this.#open();
    }, slowness).unref();
  }

  /** Bytes that have gone to the client. */
  #taken(): number {
    return this.#sent - this.readableLength;
  }

  /** From here on what comes goes to disk, if it can. */
  #hasSpool(): boolean {
    const room = this.#buffer - this.readableLength;
    if (room <= 0 || !hasRoomOnDisk(room)) return false;
    try {
      this.#spool ??= new Spool(this.#buffer, {
        changed: () => this.#changed(),
        failed: (error) => this.destroy(error),
      });
    } catch {
      // The daemon waits for the client then.
      return false;
    }
    this.#isSpooling = true;
    return true;
  }

  #keep(bytes: Buffer): void {
    this.#spool?.add(bytes);
    if (this.#spool?.isFull) this.#fill();
  }

  #changed(): void {
    if (this.destroyed) return;
    if (this.#wantsMore) this.#pump();
    if (this.#isSpooling && !this.isFinished && this.#spool?.isFull === false) this.#open();
  }

  /** Gives the client what it is due from the spool, and when that is empty what comes again. */
  #pump(): void {
    const spool = this.#spool;
    if (!spool || this.destroyed || !this.#isSpooling) return;
    if (spool.isEmpty) {
      this.#isSpooling = false;
      if (this.isFinished) this.push(null);
      else this.#open();
      return;
    }
    spool.take((bytes) => {
      if (this.destroyed) return;
      this.#sent += bytes.length;
      this.#wantsMore = this.push(bytes);
      this.#count(this.readableLength);
      // The end is told as soon as it is known.
      if (this.#wantsMore || (spool.isEmpty && this.isFinished)) this.#pump();
      this.#changed();
    });
  }

  #count(bytes: number): void {
    const above = this.destroyed ? 0 : bytes;
    held += above - this.#counted;
    this.#counted = above;
  }
}
