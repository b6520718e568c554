// A request for a back end → what its scheme says and hears, over a connection; and what comes of it.
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import {
  giveBack,
  hold,
  ProxyError,
  type ProxyEar,
  type ProxyExpectation,
  type ProxySpeaker,
  type Response,
} from "../../api/index.js";
import { AnswerStream } from "./answer-stream.js";
import type { Asking } from "./asking.js";
import type { Connections } from "./connections.js";
import type { Line, LineUser } from "./line.js";
import type { Upload } from "./upload.js";
import { idempotent, leavePatience } from "./limits.js";

/** One exchange. */
export interface Exchange {
  readonly asking: Asking;
  readonly speaker: ProxySpeaker;
  readonly connections: Connections;
  readonly upload: Upload;
  /** It gets a new connection. */
  readonly isAlone: boolean;
  /** The back end may change protocols. */
  readonly mayChange: boolean;
  /** The status where a pause was too long; undefined: that of a back end that says nothing. */
  readonly timeoutStatus: number | undefined;
  /** The response in place of that of the back end (ProxyErrorOverride). */
  readonly override: (response: Response) => Response;
}

/** Speaks with the back end. */
export function converse(exchange: Exchange): void {
  new Conversation(exchange, exchange.isAlone).start();
}

class Conversation implements ProxyEar, LineUser {
  readonly #exchange: Exchange;
  readonly #isNew: boolean;
  #line: Line | undefined;
  #takeBack: () => void = () => undefined;
  /** Ends the wait for the back end to want the body. */
  #timer: NodeJS.Timeout | undefined;
  #source: Readable | undefined;
  #isSending = false;
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
    const { connections, asking, mayChange } = this.#exchange;
    const { localAddress, timeout: patience, connectTimeout, request } = asking;
    const { signal } = request.connection;
    if (signal.aborted) return this.#clientLeft();
    signal.addEventListener("abort", this.#clientLeft);
    const takeBack = connections.take({
      isNew: this.#isNew,
      mayChange,
      localAddress,
      patience,
      connectTimeout,
      ready: (line) => this.#begin(line),
      failed: (error) => this.#fail(error),
    });
    if (!this.#line) this.#takeBack = takeBack;
  }

  #begin(line: Line): void {
    const { socket } = line;
    const { speaker, connections } = this.#exchange;
    this.#line = line;
    this.#readBefore = socket.bytesRead;
    this.#writtenBefore = socket.bytesWritten;
    line.user = this;
    this.#watch();
    socket.cork();
    socket.write(speaker.opening(connections.keeps), "latin1");
    if (speaker.expects === undefined) this.#sendBody();
    else this.#await(speaker.expects);
    socket.uncork();
  }

  #await({ patience, isNeeded }: ProxyExpectation): void {
    this.#timer = setTimeout(() => {
      if (isNeeded) this.#fail(new ProxyError("connect", "the back end did not answer in the time of ping="));
      else this.#sendBody();
    }, patience);
  }

  goOn(): void {
    if (this.#exchange.speaker.expects !== undefined && !this.#isAnswered) this.#sendBody();
  }

  #sendBody(): void {
    clearTimeout(this.#timer);
    if (this.#isSending || this.#isOver) return;
    this.#isSending = true;
    const { upload } = this.#exchange;
    for (const piece of upload.pieces) this.#sendPiece(piece);
    if (upload.source === undefined) this.#endBody();
    else this.#pump(typeof upload.source === "function" ? upload.source() : upload.source);
  }

  #pump(source: Readable): void {
    this.#source = source;
    source.on("data", (bytes: Buffer) => {
      if (!this.#isOver && !this.#sendPiece(bytes)) source.pause();
    });
    source.on("end", () => this.#endBody());
    // The client's fault: its status is the answer, where there is none yet.
    source.on("error", (error: Error) => this.#fail(error));
  }

  drained(): void {
    this.#source?.resume();
  }

  #sendPiece(bytes: Buffer): boolean {
    const socket = this.#line?.socket;
    const said = this.#exchange.speaker.piece(bytes);
    if (Buffer.isBuffer(said)) return socket?.write(said) ?? true;
    let goesOn = true;
    for (const each of said) goesOn = socket?.write(each) ?? true;
    return goesOn;
  }

  #endBody(): void {
    this.#isSent = true;
    const { closing } = this.#exchange.speaker;
    if (closing && !this.#isOver) this.#line?.socket.write(closing);
  }

  // What the connection tells.

  heard(bytes: Buffer): void {
    this.#understand(() => this.#exchange.speaker.hear(bytes, this));
    giveBack(bytes);
  }

  ended(): void {
    if (this.#isOver || this.#repeats()) return;
    this.#understand(() => this.#exchange.speaker.ended(this));
    if (!this.#isOver) this.#fail(new ProxyError("response", "the connection was closed"));
  }

  #understand(act: () => void): void {
    if (this.#isOver) return;
    try {
      act();
      this.#answer();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  broken(error: Error): void {
    if (this.#isOver || this.#repeats(error)) return;
    // Where nothing has begun, a reset is an end: each scheme has a status of its own for it.
    if (!this.#make && !this.#isAnswered && (error as NodeJS.ErrnoException).code === "ECONNRESET") {
      this.#understand(() => this.#exchange.speaker.ended(this));
    }
    if (!this.#isOver) this.#fail(error);
  }

  closed(): void {
    if (!this.#isOver && !this.#repeats()) this.#fail(new ProxyError("response", "the connection was closed"));
  }

  /** A kept connection that turns out to be closed: once more, over a new one, where nothing is lost or done twice. */
  #repeats(error?: NodeJS.ErrnoException): boolean {
    const { asking, upload, connections, speaker } = this.#exchange;
    const line = this.#line;
    if (!line?.isReused || this.#isAnswered || upload.source !== undefined || speaker.expects) return false;
    if (line.socket.bytesRead > this.#readBefore) return false;
    // What could not be written was not done.
    if (!idempotent.has(asking.request.method) && error?.syscall !== "write") return false;
    this.#isOver = true;
    this.#leave();
    connections.give(line, 0);
    connections.purge();
    new Conversation(this.#exchange, true).start();
    return true;
  }

  // What the speaker has heard.

  begin(make: (body: Readable | Buffer) => Response | Promise<Response>): void {
    // A body that the back end has not asked for is not sent any more.
    clearTimeout(this.#timer);
    this.#make = make;
  }

  change(make: (socket: Socket) => Response, rest: Buffer): void {
    const line = this.#line;
    if (!line) return;
    const { connections, asking } = this.#exchange;
    this.#isOver = this.#isAnswered = true;
    this.#leave();
    const socket = line.release();
    if (rest.length > 0) socket.unshift(Buffer.from(rest));
    socket.on("error", () => undefined);
    socket.once("close", () => {
      connections.give(line, 0);
      asking.over(socket.bytesWritten - this.#writtenBefore, socket.bytesRead - this.#readBefore);
    });
    asking.answered(make(socket));
  }

  body(bytes: Buffer): void {
    if (this.#make) this.#early.push(bytes);
    else if (this.#stream && !this.#stream.isSkipped) {
      hold(bytes);
      if (!this.#stream.push(bytes)) this.#line?.socket.pause();
    }
  }

  end(keeps: boolean | number): void {
    if (this.#isOver) return;
    this.#finish(this.#isSent ? Number(keeps === true ? Infinity : keeps) : 0);
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
        if (!this.#isOver) this.#line?.socket.resume();
      },
      cancel: () => this.#clientLeft(),
    });
    this.#stream = stream;
    this.#settle(make(stream));
    for (const bytes of early) this.body(bytes);
  }

  #settle(made: Response | Promise<Response>): void {
    const { asking, override } = this.#exchange;
    const response = made instanceof Promise ? made : override(made);
    // What is answered in another way leaves the rest to be read and dropped.
    if (response instanceof Promise || response.body !== this.#stream) this.#stream?.skip();
    asking.answered(response);
  }

  // Time.

  #watch(): void {
    this.#line?.watch(Math.min(this.#exchange.asking.timeout - this.#stillFor, leavePatience));
  }

  /** The connection stands still: the back end's fault after its time, unless it waits for the client; or the client is gone. */
  stoodStill(): void {
    const line = this.#line;
    if (!line || this.#isOver) return;
    const { socket } = line;
    const { asking, timeoutStatus } = this.#exchange;
    const { timeout, request } = asking;
    const moved = socket.bytesRead + socket.bytesWritten;
    if (moved !== this.#moved) this.#stillFor = 0;
    this.#moved = moved;
    this.#stillFor += socket.timeout ?? 0;
    const waitsForBody = this.#source !== undefined && !this.#isSent && !socket.writableNeedDrain;
    if (socket.isPaused() || waitsForBody) this.#stillFor = 0;
    if (this.#stillFor >= timeout)
      return this.#fail(new ProxyError("response", "The timeout specified has expired", timeoutStatus));
    if (request.connection.hasEnded === true && this.#stillFor >= leavePatience) return this.#clientLeft();
    line.watchAgain(Math.min(timeout - this.#stillFor, leavePatience));
  }

  readonly #clientLeft = (): void => {
    // Asked of each body that is done with, too: an error is dear to make.
    if (!this.#isOver) this.#fail(new ProxyError("response", "the client has gone"));
  };

  #fail(error: Error): void {
    if (this.#isOver) return;
    const { asking } = this.#exchange;
    this.#finish(0);
    this.#make = undefined;
    if (!this.#isAnswered) return asking.failed(error);
    if (!this.#stream || this.#stream.isSkipped || this.#stream.destroyed) return;
    asking.brokenOff(error);
    this.#stream.destroy(error);
  }

  #finish(keeps: number): void {
    this.#isOver = true;
    this.#takeBack();
    this.#leave();
    const { connections, asking } = this.#exchange;
    const line = this.#line;
    if (!line) return asking.over(0, 0);
    const { bytesWritten, bytesRead } = line.socket;
    connections.give(line, keeps);
    asking.over(bytesWritten - this.#writtenBefore, bytesRead - this.#readBefore);
  }

  #leave(): void {
    clearTimeout(this.#timer);
    this.#exchange.asking.request.connection.signal.removeEventListener("abort", this.#clientLeft);
    // What is left of the body is the server's to drop.
    this.#source?.pause();
  }
}
