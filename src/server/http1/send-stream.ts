// A stream → the body of a response: in chunks, counted, or up to the end of the connection.
import type { Readable } from "node:stream";
import { giveBack, isLent, LendingStream } from "../../api/index.js";
import { countPassing } from "../spent-buffers.js";
import type { Delimiting } from "./response-head.js";
import type { BodySender, Outlet } from "./send-parts.js";

/** Below this a chunk and its framing are joined to one string. */
const joinedSize = 4096;

/** Sends what a stream gives. */
export class StreamSender implements BodySender {
  readonly #outlet: Outlet;
  readonly #stream: Readable;
  readonly #isChunked: boolean;
  /** Bytes that Content-Length still promises. */
  #left: number;
  #isOver = false;
  /** Whether pieces are given back. */
  readonly #lends: boolean;
  /** Pieces to be given back when they have left, in the order of their writes. */
  readonly #lent: Buffer[] = [];
  bodyBytes = 0;

  /** `length` in bytes, where Content-Length says it. */
  constructor(
    outlet: Outlet,
    stream: Readable,
    { delimiting, length }: { delimiting: Delimiting; length: number | undefined },
  ) {
    this.#outlet = outlet;
    this.#stream = stream;
    this.#lends = stream instanceof LendingStream;
    this.#isChunked = delimiting === "chunked";
    this.#left = length ?? Infinity;
  }

  start(): void {
    const stream = this.#stream;
    stream.on("error", this.#fail);
    if (stream.readableEnded) return this.#end();
    if (stream.destroyed) return this.#fail();
    stream.on("end", this.#end);
    stream.on("close", this.#fail);
    // The head waits for what the stream has at hand.
    this.#outlet.gather();
    stream.on("data", this.#send);
    // One that was held back until now.
    if (stream.isPaused()) stream.resume();
  }

  resume(): void {
    if (!this.#isOver) this.#stream.resume();
  }

  cancel(): void {
    this.#finish(undefined);
  }

  readonly #send = (data: Buffer | string): void => {
    let piece = typeof data === "string" ? Buffer.from(data) : data;
    if (this.#isOver || piece.length === 0) return;
    // What is more than Content-Length promised would be read as the next response.
    if (this.#left === 0) return this.#finish(true);
    if (piece.length > this.#left) piece = piece.subarray(0, this.#left);
    this.#left -= piece.length;
    this.bodyBytes += piece.length;
    if (!this.#write(piece)) this.#stream.pause();
  };

  #write(piece: Buffer): boolean {
    const outlet = this.#outlet;
    if (!this.#isChunked) return this.#writeData(piece);
    const size = piece.length.toString(16);
    if (piece.length <= joinedSize) {
      const text = piece.toString("latin1");
      if (this.#lends) giveBack(piece);
      return outlet.write(`${size}\r\n${text}\r\n`);
    }
    outlet.gather();
    outlet.write(`${size}\r\n`);
    this.#writeData(piece);
    return outlet.write("\r\n");
  }

  #writeData(piece: Buffer): boolean {
    if (this.#lends && isLent(piece)) {
      this.#lent.push(piece);
      return this.#outlet.write(piece, this.#written);
    }
    countPassing(piece.length);
    return this.#outlet.write(piece);
  }

  readonly #written = (error?: Error | null): void => {
    const piece = this.#lent.shift();
    if (piece && !error) giveBack(piece);
  };

  readonly #end = (): void => {
    if (this.#isOver) return;
    if (this.#left !== Infinity && this.#left > 0) return this.#finish(false);
    if (this.#isChunked) this.#outlet.write("0\r\n\r\n");
    this.#finish(true);
  };

  readonly #fail = (): void => {
    if (!this.#isOver) this.#finish(this.#left === 0);
  };

  /** Undefined: the client is gone, and needs nothing told. */
  #finish(isWhole: boolean | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const stream = this.#stream;
    stream.off("data", this.#send);
    // Errors that come later concern nobody, but must not be uncaught.
    if (!stream.destroyed && !stream.readableEnded) stream.destroy();
    if (isWhole !== undefined) this.#outlet.bodySent(isWhole);
  }
}
