// A request for a back end that speaks another protocol than HTTP → what its scheme says and hears, over a connection.
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { ProxyError, type ProxyEar, type ProxySpeaker, type Request, type Response } from "../../api/index.js";
import { AnswerStream } from "./answer-stream.js";
import type { Connections } from "./connections.js";
import type { Upload } from "./upload.js";
import { idempotent, leavePatience } from "./limits.js";

/** One exchange. Times in milliseconds. */
export interface Exchange {
  readonly request: Request;
  readonly speaker: ProxySpeaker;
  readonly connections: Connections;
  readonly upload: Upload;
  readonly localAddress: string | undefined;
  /** Longest pause of the back end, and longest wait for the connection. */
  readonly timeout: number;
  readonly connectTimeout: number;
  /** The response in place of that of the back end (ProxyErrorOverride). */
  readonly override: (response: Response) => Response;
  /** Exactly one of these two is called. */
  readonly answered: (response: Response | Promise<Response>) => void;
  readonly failed: (error: Error) => void;
  /** Called when nothing more moves, with the bytes that did. */
  readonly over: (sent: number, read: number) => void;
}

/** Speaks with the back end. */
export function converse(exchange: Exchange, isNew = false): void {
  new Conversation(exchange, isNew).start();
}

class Conversation implements ProxyEar {
  readonly #exchange: Exchange;
  readonly #isNew: boolean;
  #socket: Socket | undefined;
  #isReused = false;
  #takeBack: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #source: Readable | undefined;
  /** The body of the request has been sent to its end. */
  #isSent = false;
  #stream: AnswerStream | undefined;
  /** What makes the response, between the head and the end of the bytes it came with; and what came with it. */
  #make: ((body: Readable | Buffer) => Response | Promise<Response>) | undefined;
  #early: Buffer[] = [];
  #isAnswered = false;
  #isOver = false;
  #stillFor = 0;
  #moved = 0;
  #readBefore = 0;
  #writtenBefore = 0;

  constructor(exchange: Exchange, isNew: boolean) {
    this.#exchange = exchange;
    this.#isNew = isNew;
  }

  start(): void {
    const { connections, localAddress, timeout, request } = this.#exchange;
    const { signal } = request.connection;
    if (signal.aborted) return this.#clientLeft();
    signal.addEventListener("abort", this.#clientLeft);
    const failed = (error: ProxyError): void => this.#fail(error);
    this.#takeBack = connections.take(
      { isNew: this.#isNew, localAddress, ready: (socket) => this.#ready(socket), failed },
      timeout,
    );
  }

  #ready(socket: Socket): void {
    this.#socket = socket;
    this.#readBefore = socket.bytesRead;
    this.#writtenBefore = socket.bytesWritten;
    socket.on("error", this.#broken).on("close", this.#closed);
    if (!socket.connecting) {
      this.#isReused = true;
      return this.#begin(socket);
    }
    socket.once("connect", () => {
      clearTimeout(this.#timer);
      this.#begin(socket);
    });
    this.#timer = setTimeout(
      () => this.#fail(new ProxyError("connect", "the back end did not accept the connection in time")),
      this.#exchange.connectTimeout,
    );
  }

  #begin(socket: Socket): void {
    if (this.#isOver) return;
    const { speaker, upload, connections } = this.#exchange;
    socket.on("data", this.#hear).on("end", this.#ended).on("timeout", this.#stoodStill);
    this.#watch();
    socket.cork();
    socket.write(speaker.opening(connections.keeps));
    for (const piece of upload.pieces) this.#sendPiece(piece);
    if (upload.source === undefined) this.#endBody();
    else this.#pump(typeof upload.source === "function" ? upload.source() : upload.source);
    socket.uncork();
    socket.resume();
  }

  #pump(source: Readable): void {
    this.#source = source;
    source.on("data", (bytes: Buffer) => {
      if (!this.#isOver && !this.#sendPiece(bytes)) source.pause();
    });
    this.#socket?.on("drain", this.#drained);
    source.on("end", () => this.#endBody());
    // The client's fault: its status is the answer, where there is none yet.
    source.on("error", (error: Error) => this.#fail(error));
  }

  readonly #drained = (): void => {
    if (!this.#isOver) this.#source?.resume();
  };

  #sendPiece(bytes: Buffer): boolean {
    const said = this.#exchange.speaker.piece(bytes);
    if (Buffer.isBuffer(said)) return this.#socket?.write(said) ?? true;
    let goesOn = true;
    for (const each of said) goesOn = this.#socket?.write(each) ?? true;
    return goesOn;
  }

  #endBody(): void {
    this.#isSent = true;
    const { closing } = this.#exchange.speaker;
    if (closing && !this.#isOver) this.#socket?.write(closing);
  }

  readonly #hear = (bytes: Buffer): void => {
    this.#understand(() => this.#exchange.speaker.hear(bytes, this));
  };

  readonly #ended = (): void => {
    if (this.#isOver || this.#repeats()) return;
    this.#understand(() => this.#exchange.speaker.ended(this));
    if (!this.#isOver) this.#fail(new ProxyError("response", "the connection was closed"));
  };

  #understand(act: () => void): void {
    if (this.#isOver) return;
    try {
      act();
      this.#answer();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  readonly #broken = (error: Error): void => {
    if (this.#isOver || this.#repeats()) return;
    this.#fail(error);
  };

  readonly #closed = (): void => {
    if (!this.#isOver && !this.#repeats()) this.#fail(new ProxyError("response", "the connection was closed"));
  };

  /** A kept connection that turns out to be closed: once more, over a new one, where nothing is lost or done twice. */
  #repeats(): boolean {
    const { request, upload, connections } = this.#exchange;
    const socket = this.#socket;
    if (!this.#isReused || this.#isNew || this.#isAnswered || upload.source !== undefined || !socket) return false;
    if (socket.bytesRead > this.#readBefore || !idempotent.has(request.method)) return false;
    this.#isOver = true;
    this.#leave();
    connections.give(socket, false);
    connections.purge();
    converse(this.#exchange, true);
    return true;
  }

  // What the speaker has heard.

  begin(make: (body: Readable | Buffer) => Response | Promise<Response>): void {
    this.#make = make;
  }

  body(bytes: Buffer): void {
    if (this.#make) this.#early.push(bytes);
    else if (this.#stream && !this.#stream.isSkipped && !this.#stream.push(bytes)) this.#socket?.pause();
  }

  end(keeps: boolean): void {
    if (this.#isOver) return;
    this.#finish(keeps && this.#isSent);
    if (!this.#make) this.#stream?.push(null);
  }

  /** Answers, when all that came with the head is there: with the whole body, or a stream. */
  #answer(): void {
    const make = this.#make;
    if (!make) return;
    this.#make = undefined;
    this.#isAnswered = true;
    const early = this.#early;
    this.#early = [];
    if (this.#isOver) return this.#settle(make(Buffer.concat(early)));
    const stream = new AnswerStream({
      resume: () => {
        if (!this.#isOver) this.#socket?.resume();
      },
      cancel: () => this.#clientLeft(),
    });
    this.#stream = stream;
    this.#settle(make(stream));
    for (const bytes of early) this.body(bytes);
  }

  #settle(made: Response | Promise<Response>): void {
    const { answered, override } = this.#exchange;
    const response = made instanceof Promise ? made : override(made);
    // What is answered in another way leaves the rest to be read and dropped.
    if (response instanceof Promise || response.body !== this.#stream) this.#stream?.skip();
    answered(response);
  }

  // Time.

  #watch(): void {
    this.#socket?.setTimeout(Math.max(1, Math.min(this.#exchange.timeout - this.#stillFor, leavePatience)));
  }

  /** The connection stands still: the back end's fault after its time, unless it waits for the client; or the client is gone. */
  readonly #stoodStill = (): void => {
    const socket = this.#socket;
    if (!socket || this.#isOver) return;
    const { timeout, request } = this.#exchange;
    const moved = socket.bytesRead + socket.bytesWritten;
    if (moved !== this.#moved) this.#stillFor = 0;
    this.#moved = moved;
    this.#stillFor += socket.timeout ?? 0;
    const waitsForBody = this.#source !== undefined && !this.#isSent && !socket.writableNeedDrain;
    if (socket.isPaused() || waitsForBody) this.#stillFor = 0;
    if (this.#stillFor >= timeout)
      return this.#fail(new ProxyError("response", "The timeout specified has expired", 504));
    if (request.connection.hasEnded === true && this.#stillFor >= leavePatience) return this.#clientLeft();
    this.#watch();
  };

  readonly #clientLeft = (): void => {
    this.#fail(new ProxyError("response", "the client has gone"));
  };

  #fail(error: Error): void {
    if (this.#isOver) return;
    const { request } = this.#exchange;
    this.#finish(false);
    this.#make = undefined;
    if (!this.#isAnswered) return this.#exchange.failed(error);
    if (!this.#stream || this.#stream.isSkipped || this.#stream.destroyed) return;
    request.log("error", "proxy", `AH01110: error reading response: ${error.message}`);
    this.#stream.destroy(error);
  }

  #finish(isWhole: boolean): void {
    this.#isOver = true;
    this.#takeBack();
    this.#leave();
    const { connections, over } = this.#exchange;
    const socket = this.#socket;
    if (!socket) return over(0, 0);
    const [sent, read] = [socket.bytesWritten - this.#writtenBefore, socket.bytesRead - this.#readBefore];
    connections.give(socket, isWhole);
    over(sent, read);
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#exchange.request.connection.signal.removeEventListener("abort", this.#clientLeft);
    // What is left of the body is the server's to drop.
    this.#source?.pause();
    const socket = this.#socket;
    socket?.off("error", this.#broken).off("close", this.#closed).off("data", this.#hear).off("end", this.#ended);
    socket?.off("timeout", this.#stoodStill).off("drain", this.#drained);
  }
}
