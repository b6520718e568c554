// Buffers and slices of files, in order → writes of bounded size, no faster than the client reads.
import { close, openSync, read } from "node:fs";
import { fileSystemPath, fillFromSlice, type FileSlice } from "../../api/index.js";

/** Hears that what was written has left. */
export type OnWritten = (error?: Error | null) => void;

/** The connection, as whoever sends a body sees it. */
export interface Outlet {
  /**
   * Sends; false when the client must read first: `resume` of the sender is called then. `sent` is called when the data has
   * left this process, in the order of the writes and never before this returns, or with an error where it will not.
   */
  write(data: Buffer | string, sent?: OnWritten): boolean;
  /** Whether everything written has left this process, so that its memory may be used again. */
  readonly isFlushed: boolean;
  /** The body is over; when it is not whole, the client must see that. */
  bodySent(isWhole: boolean): void;
  /** Holds writes back until the end of this turn of the event loop, to send them as one. */
  gather(): void;
}

/** Sends one body. */
export interface BodySender {
  /** Bytes of the body given to the outlet, framing not counted. */
  readonly bodyBytes: number;
  start(): void;
  /** The client has read what was written. */
  resume(): void;
  /** The client is gone. */
  cancel(): void;
}

/** Bytes in one write, and in one read of a file. */
export const pieceSize = 65_536;

/** Sends parts one after another. */
export class PartsSender implements BodySender {
  readonly #outlet: Outlet;
  readonly #parts: readonly (Buffer | FileSlice)[];
  #index = 0;
  /** Bytes of the current part that are sent. */
  #sent = 0;
  #file: number | undefined;
  #piece: Buffer | undefined;
  #isReading = false;
  #isOver = false;
  bodyBytes = 0;

  /** Opens the first part if it is a file; throws when that fails. */
  constructor(outlet: Outlet, parts: readonly (Buffer | FileSlice)[]) {
    this.#outlet = outlet;
    this.#parts = parts;
    const [first] = parts;
    if (first && !Buffer.isBuffer(first)) this.#file = openSync(fileSystemPath(first.path), "r");
  }

  start(): void {
    this.resume();
  }

  resume(): void {
    while (!this.#isOver && !this.#isReading) {
      const part = this.#parts[this.#index];
      if (!part) return this.#finish(true);
      if (this.#sent >= part.length) {
        this.#nextPart();
      } else if (Buffer.isBuffer(part)) {
        const piece = part.subarray(this.#sent, this.#sent + pieceSize);
        this.#sent += piece.length;
        this.bodyBytes += piece.length;
        if (!this.#outlet.write(piece)) return;
      } else {
        this.#readPiece(part);
      }
    }
  }

  cancel(): void {
    this.#isOver = true;
    if (!this.#isReading) this.#closeFile();
  }

  #readPiece(slice: FileSlice): void {
    try {
      this.#file ??= openSync(fileSystemPath(slice.path), "r");
    } catch {
      return this.#finish(false);
    }
    if (!this.#outlet.isFlushed) this.#piece = undefined;
    const piece = (this.#piece ??= Buffer.allocUnsafeSlow(Math.min(pieceSize, this.#largestSlice())));
    const size = Math.min(piece.length, slice.length - this.#sent);
    this.#isReading = true;
    read(this.#file, piece, 0, size, slice.offset + this.#sent, (error, bytes) => {
      this.#isReading = false;
      if (this.#isOver) return this.#closeFile();
      // A file that became shorter: what Content-Length promised cannot be kept.
      if (error || bytes === 0) return this.#finish(false);
      this.#sent += bytes;
      this.bodyBytes += bytes;
      if (this.#outlet.write(piece.subarray(0, bytes))) this.resume();
    });
  }

  #largestSlice(): number {
    return this.#parts.reduce((largest, part) => (Buffer.isBuffer(part) ? largest : Math.max(largest, part.length)), 1);
  }

  #nextPart(): void {
    this.#closeFile();
    this.#index++;
    this.#sent = 0;
  }

  #finish(isWhole: boolean): void {
    this.#isOver = true;
    this.#closeFile();
    this.#outlet.bodySent(isWhole);
  }

  #closeFile(): void {
    if (this.#file === undefined) return;
    close(this.#file, () => undefined);
    this.#file = undefined;
  }
}

/**
 * Reads parts that are short together into `target` from `at` on; gives the number of bytes read, less than their
 * length when a file has become shorter. Throws when one cannot be opened. For files of this size waiting for the
 * thread pool costs more than the read.
 */
export function readShort(parts: readonly (Buffer | FileSlice)[], target: Buffer, at: number): number {
  let position = at;
  for (const part of parts) {
    if (Buffer.isBuffer(part)) {
      position += part.copy(target, position);
      continue;
    }
    const bytes = part.length === 0 ? 0 : fillFromSlice(part, target, position);
    position += bytes;
    if (bytes < part.length) break;
  }
  return position - at;
}
