// The body of a request → data frames to the daemon, at the pace of both.
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { RequestBodyError, type RequestBody } from "../api/index.js";
import { brokenFrame, dataHeader, emptyFrame, toDaemon } from "./daemon-frames.js";

const endFrame = emptyFrame(toDaemon.end);

/** A body on its way to a daemon. */
export class Upload {
  /** Nothing more will be sent: the body ended, broke, or is not wanted. */
  isOver = false;
  readonly #socket: Socket;
  readonly #stream: Readable;
  readonly #onError: (error: Error) => void;
  #isHeldUp = false;
  readonly #onDrain = (): void => this.#resume();

  /** Begins to take the body from the client, to whom it may send 100 Continue. `onError` hears why it broke. */
  constructor(socket: Socket, body: RequestBody, onError: (error: Error) => void) {
    this.#socket = socket;
    this.#onError = onError;
    this.#stream = body.stream();
    socket.on("drain", this.#onDrain);
    this.#stream
      .on("data", (chunk: Buffer) => this.#send(chunk))
      .on("end", () => this.#end(endFrame))
      .on("error", (error) => this.#broke(error))
      .on("close", () => this.#broke(new Error("the client has closed the connection")));
  }

  /** Whether it waits for the client: all that came was handed on. */
  waitsForClient(): boolean {
    return !this.isOver && !this.#isHeldUp;
  }

  /** Takes no more from the client: nobody reads it. */
  stop(): void {
    if (this.isOver) return;
    this.#finish();
    this.#stream.destroy();
  }

  #send(chunk: Buffer): void {
    if (this.isOver || chunk.length === 0) return;
    this.#socket.cork();
    this.#socket.write(dataHeader(chunk.length));
    const goesOn = this.#socket.write(chunk);
    this.#socket.uncork();
    if (goesOn) return;
    this.#isHeldUp = true;
    this.#stream.pause();
  }

  #resume(): void {
    if (!this.#isHeldUp) return;
    this.#isHeldUp = false;
    this.#stream.resume();
  }

  #broke(error: Error): void {
    if (this.isOver) return;
    this.#end(brokenFrame(error instanceof RequestBodyError ? error.status : 400, error.message));
    this.#onError(error);
  }

  #end(frame: Buffer): void {
    if (this.isOver) return;
    this.#socket.write(frame);
    this.#finish();
  }

  #finish(): void {
    this.isOver = true;
    this.#socket.off("drain", this.#onDrain);
  }
}
