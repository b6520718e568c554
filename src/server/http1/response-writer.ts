// A planned response → writes on the socket, few for small ones, and never ahead of the client by much.
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { isParts } from "../../api/index.js";
import { hold } from "../held-writes.js";
import { partsOf, type Plan } from "./respond.js";
import { pieceSize, PartsSender, readShort, type BodySender, type OnWritten, type Outlet } from "./send-parts.js";
import { StreamSender } from "./send-stream.js";
import type { ServerState } from "./server-state.js";

/** Bodies up to this size are joined with the head as a string, which is the cheapest write. */
const joinedSize = 8192;

const lastChunk = "0\r\n\r\n";

function oneChunk(data: string): string {
  return data === "" ? lastChunk : `${data.length.toString(16)}\r\n${data}\r\n${lastChunk}`;
}

/** Hears that a response is written and has left, or cannot be completed. */
export type OnSent = (isWhole: boolean, bodyBytes: number) => void;

/** Writes the responses of one connection, one at a time. */
export class ResponseWriter implements Outlet {
  /** Bytes written since the connection began. */
  bytesOut = 0;
  /** Milliseconds a write may stand still. */
  timeout = 60_000;
  readonly #socket: Socket;
  readonly #state: ServerState;
  readonly #onSent: OnSent;
  #sender: BodySender | undefined;
  /** Set while the client must read before more is written. */
  #isBlocked = false;
  #lastTick = 0;
  /** What to report once the client has read enough. */
  #result: { readonly isWhole: boolean; readonly bodyBytes: number } | undefined;
  #isGathering = false;
  #isCorked = false;

  constructor(socket: Socket, state: ServerState, onSent: OnSent) {
    this.#socket = socket;
    this.#state = state;
    this.#onSent = onSent;
    socket.on("drain", this.#drained);
  }

  /** Whether nothing has moved for the time allowed although there is something to send. */
  isOverdue(tick: number): boolean {
    return (this.#isBlocked || this.#socket.writableLength > 0) && this.isStill(tick, this.timeout);
  }

  /** Whether a body is on its way and silent for the time allowed. */
  isSilent(tick: number): boolean {
    return this.#sender !== undefined && this.isStill(tick, this.timeout);
  }

  /** Whether nothing was written for so many milliseconds. */
  isStill(tick: number, milliseconds: number): boolean {
    return tick >= this.#state.deadline(milliseconds) - this.#state.tick + this.#lastTick;
  }

  get isFlushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Sends a response. Throws, before anything is written, when a file does not open. */
  send({ text = "", body, length, delimiting }: Plan): void {
    if (body === undefined) return this.#sendWhole(text + (delimiting === "chunked" ? lastChunk : ""), 0);
    if (Buffer.isBuffer(body) && body.length <= joinedSize) {
      const data = body.toString("latin1");
      return this.#sendWhole(text + (delimiting === "chunked" ? oneChunk(data) : data), body.length);
    }
    if (Buffer.isBuffer(body) && delimiting === "chunked") {
      return this.#sendBy(new StreamSender(this, Readable.from([body]), { delimiting, length }), text);
    }
    const parts = partsOf(body);
    if (!isParts(parts)) return this.#sendBy(new StreamSender(this, parts, { delimiting, length }), text);
    if (length === undefined || length > pieceSize) return this.#sendBy(new PartsSender(this, parts), text);
    const bytes = Buffer.allocUnsafe(text.length + length);
    const read = readShort(parts, bytes, text.length);
    bytes.write(text, 0, "latin1");
    this.write(read === length ? bytes : bytes.subarray(0, text.length + read));
    this.#report(read === length, read);
  }

  /** The client is gone; gives the bytes of the body that were written. */
  cancel(): number {
    const bodyBytes = this.#result?.bodyBytes ?? this.#sender?.bodyBytes ?? 0;
    this.#result = undefined;
    this.#sender?.cancel();
    this.#sender = undefined;
    return bodyBytes;
  }

  /** Lets go of the socket, which something else writes to from now on. */
  release(): void {
    this.flush();
    this.#socket.off("drain", this.#drained);
  }

  write(data: Buffer | string, sent?: OnWritten): boolean {
    const socket = this.#socket;
    this.bytesOut += data.length;
    this.#lastTick = this.#state.tick;
    const isRoom = socket.write(data, "latin1", sent);
    if (isRoom) return true;
    this.flush();
    // What the kernel took at once is no reason to wait.
    if (socket.writableLength === 0) return true;
    this.#isBlocked = true;
    return false;
  }

  bodySent(isWhole: boolean): void {
    const bodyBytes = this.#sender?.bodyBytes ?? 0;
    this.#sender = undefined;
    this.#report(isWhole, bodyBytes);
  }

  gather(): void {
    if (this.#isGathering || this.#isBlocked) return;
    this.#isGathering = true;
    this.#socket.cork();
    setImmediate(this.#endGather);
  }

  /** Holds writes back until `flush`: several requests are at hand. */
  cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
  }

  /** Lets out what was held back. */
  flush(): void {
    this.#endGather();
    if (!this.#isCorked) return;
    this.#isCorked = false;
    this.#socket.uncork();
  }

  #sendWhole(text: string, bodyBytes: number): void {
    hold(this.#socket);
    this.write(text);
    this.#report(true, bodyBytes);
  }

  #sendBy(sender: BodySender, text: string): void {
    this.#sender = sender;
    this.gather();
    if (text !== "") this.write(text);
    sender.start();
  }

  #report(isWhole: boolean, bodyBytes: number): void {
    if (this.#isBlocked) this.#result = { isWhole, bodyBytes };
    else this.#onSent(isWhole, bodyBytes);
  }

  readonly #endGather = (): void => {
    if (!this.#isGathering) return;
    this.#isGathering = false;
    this.#socket.uncork();
  };

  readonly #drained = (): void => {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#lastTick = this.#state.tick;
    if (this.#result) {
      const { isWhole, bodyBytes } = this.#result;
      this.#result = undefined;
      this.#onSent(isWhole, bodyBytes);
    } else {
      this.#sender?.resume();
    }
  };
}
