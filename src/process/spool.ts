// Bytes that wait for somebody slow → a file without a name, and back in their order.
import { close, ftruncate, openSync, read, unlinkSync, writev } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { giveBack } from "../api/index.js";

/** Bytes that all spools of this process may have in files. */
const mostOnDisk = 1024 * 1024 * 1024;
/** Bytes that may wait to be written before `isBehind`. */
const mostPending = 1024 * 1024;
const pieceSize = 65_536;
/** Where there is room on a disk; /tmp may be memory. */
const folders = [process.env["TMPDIR"], "/var/tmp", tmpdir()];

let onDisk = 0;

/** What a spool tells whoever fills and empties it. */
export interface SpoolEvents {
  /** Something can be read that could not be before, or there is room again. */
  changed(): void;
  /** What was written cannot be read back. */
  failed(error: Error): void;
}

/** Whether a spool of that many bytes may be made now. */
export function hasRoomOnDisk(bytes: number): boolean {
  return onDisk + bytes <= mostOnDisk;
}

/**
 * A queue of bytes, of which a file holds what has been written. It takes no more room than its limit, and begins at the front
 * again whenever it is empty. What the disk does not take stays in memory, and nothing more is accepted then.
 */
export class Spool {
  readonly #fd: number;
  readonly #limit: number;
  readonly #events: SpoolEvents;
  readonly #isReserved: boolean;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  /** Ends of what is in the file, and of what was read of it. */
  #written = 0;
  #taken = 0;
  #isWriting = false;
  #isReading = false;
  /** The disk is full, or worse: what is in memory is all there will be. */
  isBroken = false;
  #isClosed = false;
  #counted = 0;

  /** `limit` in bytes; `isReserved`: all of it counts from now on. Throws when no file can be made. */
  constructor(limit: number, events: SpoolEvents, { isReserved = false } = {}) {
    this.#limit = limit;
    this.#events = events;
    this.#isReserved = isReserved;
    this.#fd = openNameless();
    if (isReserved) this.#count(limit);
  }

  /** Whether everything that came in has been taken out. */
  get isEmpty(): boolean {
    return this.#taken === this.#written && this.#pending.length === 0 && !this.#isWriting && !this.#isReading;
  }

  /** Whether nothing more should be added before `changed`. */
  get isFull(): boolean {
    const size = this.#written + this.#pendingBytes;
    return this.isBroken || this.isBehind || size >= this.#limit || onDisk >= mostOnDisk;
  }

  /** Whether much waits to be written. */
  get isBehind(): boolean {
    return this.#pendingBytes >= mostPending;
  }

  /** Takes bytes in; where they are lent, it gives them back when they are in the file. */
  add(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#write();
  }

  /** Hands out some bytes, later; nothing when there are none yet: `changed` follows then. One at a time. */
  take(done: (bytes: Buffer) => void): void {
    if (this.#isReading || this.#isClosed) return;
    if (this.#taken === this.#written) {
      if (this.#isWriting || this.#pending.length === 0) return;
      const first = this.#pending.shift() as Buffer;
      this.#pendingBytes -= first.length;
      return done(first);
    }
    this.#isReading = true;
    const length = Math.min(pieceSize, this.#written - this.#taken);
    read(this.#fd, Buffer.allocUnsafe(length), 0, length, this.#taken, (error, count, buffer) => {
      this.#isReading = false;
      if (this.#isClosed) return this.#release();
      if (error || count === 0) return this.#events.failed(error ?? new Error("the end of the spool is missing"));
      this.#taken += count;
      if (this.#taken === this.#written && !this.#isWriting) this.#rewind();
      done(buffer.subarray(0, count));
    });
  }

  /** Gives the file up. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pending = [];
    this.#count(0);
    this.#release();
  }

  /** What is still under way uses the descriptor. */
  #release(): void {
    if (!this.#isReading && !this.#isWriting) close(this.#fd, () => undefined);
  }

  #write(): void {
    if (this.#isWriting || this.isBroken || this.#isClosed || this.#pending.length === 0) return;
    const pieces = this.#pending.splice(0);
    this.#isWriting = true;
    writev(this.#fd, pieces, this.#written, (error, count) => {
      this.#isWriting = false;
      if (this.#isClosed) return this.#release();
      const rest = error ? pieces : behind(pieces, count);
      if (rest.length === 0) pieces.forEach(giveBack);
      this.isBroken ||= rest.length > 0;
      this.#pending.unshift(...rest);
      this.#pendingBytes = this.#pending.reduce((sum, { length }) => sum + length, 0);
      if (!error) this.#written += count;
      if (!this.#isReserved) this.#count(this.#written);
      this.#write();
      this.#events.changed();
    });
  }

  /** Everything in the file was taken: it begins anew. */
  #rewind(): void {
    this.#written = this.#taken = 0;
    if (!this.#isReserved) this.#count(0);
    // What is written next must not be cut off by it.
    this.#isWriting = true;
    ftruncate(this.#fd, 0, () => {
      this.#isWriting = false;
      if (this.#isClosed) return this.#release();
      this.#write();
      this.#events.changed();
    });
  }

  #count(bytes: number): void {
    onDisk += bytes - this.#counted;
    this.#counted = bytes;
  }
}

/** What is left of pieces behind the first `count` bytes. */
function behind(pieces: readonly Buffer[], count: number): Buffer[] {
  let skipped = 0;
  return pieces.flatMap((piece) => {
    const from = Math.min(piece.length, Math.max(0, count - skipped));
    skipped += piece.length;
    return from === piece.length ? [] : [piece.subarray(from)];
  });
}

function openNameless(): number {
  let reason: unknown;
  for (const folder of folders) {
    if (folder === undefined) continue;
    const path = join(folder, `modhost-${process.pid}-${randomBytes(8).toString("hex")}`);
    try {
      const fd = openSync(path, "wx+", 0o600);
      unlinkSync(path);
      return fd;
    } catch (error) {
      reason = error;
    }
  }
  throw reason instanceof Error ? reason : new Error("there is no folder for temporary files");
}
