// A passage and its fields → a request to the back end, over a pooled connection; and what comes of it.
import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { ProxyError } from "../../api/index.js";
import { addFraming, expectsContinue } from "./fields.js";
import { idempotent, leavePatience, mostHeadBytes } from "./limits.js";
import type { Passage } from "./passage.js";

/** The pool a request goes through. */
export interface Pool {
  readonly agent: Agent;
  /** For connections that are used once. */
  readonly single: Agent;
  readonly defaultPort: number;
  readonly keepsAlive: boolean;
  /** Drops the connections that idle: one of them has turned out to be closed. */
  purge(): void;
}

/** Milliseconds after which a body is sent though the back end has not asked for it. */
const continuePatience = 1000;

/** Sends a passage; it hears of the response or of the failure. */
export function send(passage: Passage, pool: Pool): void {
  new Sending(passage, pool).start();
}

/** One try. */
class Sending {
  readonly #passage: Passage;
  readonly #pool: Pool;
  readonly #timers = new Set<NodeJS.Timeout>();
  #outgoing: ClientRequest | undefined;
  #socket: Socket | undefined;
  #source: Readable | undefined;
  #response: IncomingMessage | undefined;
  #isUploading = false;
  /** What had moved on the connection before. */
  #readBefore = 0;
  #writtenBefore = 0;
  /** Bytes that had moved, and for how many milliseconds none did, when that was last looked at. */
  #moved = 0;
  #stillFor = 0;
  #isRepeated = false;
  /** The passage has heard what becomes of it. */
  #isSettled = false;

  constructor(passage: Passage, pool: Pool) {
    this.#passage = passage;
    this.#pool = pool;
  }

  start(): void {
    const { address, path, parameters, request, method, settings, tls, timeout } = this.#passage;
    const { signal } = request.connection;
    if (signal.aborted) return this.#fail(new ProxyError("response", "the client has gone"));
    const waits = expectsContinue(this.#passage);
    const isSingle =
      request.environment.has("proxy-nokeepalive") || request.environment.has("proxy-initial-not-pooled");
    const secure = tls && { tls: tls.tls, peerName: tls.name, connectLimit: parameters.connectTimeout ?? timeout };
    const outgoing = httpRequest({
      agent: isSingle ? this.#pool.single : this.#pool.agent,
      ...secure,
      ...(settings.sourceAddress === undefined ? {} : { localAddress: settings.sourceAddress }),
      ...(address.socketPath === undefined
        ? { host: address.host, port: address.port ?? this.#pool.defaultPort }
        : { socketPath: address.socketPath }),
      ...{ method, path, headers: this.#flatFields(waits, isSingle), maxHeaderSize: mostHeadBytes },
    });
    this.#outgoing = outgoing;
    signal.addEventListener("abort", this.#clientLeft);
    outgoing.on("socket", this.#connected);
    outgoing.on("response", this.#answered);
    outgoing.on("upgrade", this.#switched);
    outgoing.on("error", this.#broken);
    outgoing.on("close", this.#closed);
    if (parameters.max !== undefined) {
      this.#after(parameters.acquire ?? this.#passage.timeout, () => {
        if (!this.#socket) this.#abort(new ProxyError("acquire", "no connection became free in time"));
      });
    }
    // A body that cannot be sent twice is not touched before there is a connection.
    if (!waits) {
      if (!this.#passage.body || this.#passage.whole) this.#sendBody();
      return;
    }
    outgoing.flushHeaders();
    outgoing.once("continue", this.#sendBody);
    const { ping } = parameters;
    if (ping === undefined) this.#after(continuePatience, this.#sendBody);
    else this.#after(ping, () => this.#missPing());
  }

  /** The back end was to say that it is there before it gets the body, and has not. */
  #missPing(): void {
    if (this.#source || this.#response) return;
    this.#abort(new ProxyError("connect", "the back end did not answer in the time of ping="));
  }

  #flatFields(waits: boolean, isSingle: boolean): string[] {
    const fields = this.#passage.fields.copy();
    if (waits) fields.append("Expect", "100-continue");
    addFraming(fields, this.#passage, this.#pool.keepsAlive && !isSingle);
    const flat: string[] = [];
    fields.forEach((name, value) => flat.push(name, value));
    return flat;
  }

  readonly #connected = (socket: Socket): void => {
    const { parameters, body, whole } = this.#passage;
    this.#socket = socket;
    this.#readBefore = socket.bytesRead;
    this.#writtenBefore = socket.bytesWritten;
    this.#watch();
    socket.on("timeout", this.#stoodStill);
    const waitsForBody = body !== undefined && !whole && !expectsContinue(this.#passage);
    if (parameters.keepAlive) socket.setKeepAlive(true);
    if (!socket.connecting) {
      if (waitsForBody) this.#sendBody();
      return;
    }
    if (waitsForBody) socket.once("connect", this.#sendBody);
    const { connectTimeout } = parameters;
    if (connectTimeout === undefined) return;
    this.#after(connectTimeout, () => {
      if (socket.connecting)
        this.#abort(new ProxyError("connect", "the back end did not accept the connection in time"));
    });
  };

  readonly #sendBody = (): void => {
    const outgoing = this.#outgoing;
    const { body, whole } = this.#passage;
    if (!outgoing || this.#source || outgoing.writableEnded || outgoing.destroyed || this.#response) return;
    if (!body || whole) {
      outgoing.end(whole);
      return;
    }
    const source = body.stream();
    this.#source = source;
    this.#isUploading = true;
    let hasBegun = false;
    source.on("data", (chunk: Buffer) => {
      hasBegun = true;
      if (!outgoing.write(chunk)) source.pause();
    });
    // The head goes with the first of the body, or without it where that takes its time.
    setImmediate(() => {
      if (!hasBegun && !outgoing.destroyed) outgoing.flushHeaders();
    });
    outgoing.on("drain", () => source.resume());
    source.on("end", () => {
      this.#isUploading = false;
      outgoing.end();
    });
    // The client's fault: its status is the answer, where there is none yet.
    source.on("error", (error) => this.#abort(error));
    source.on("close", () => {
      if (this.#isUploading) outgoing.destroy();
    });
  };

  readonly #answered = (response: IncomingMessage): void => {
    this.#response = response;
    // Whoever reads it hears of faults too; until then nobody does.
    response.on("error", () => undefined);
    // A body the back end has not asked for is not sent any more.
    if (!this.#source && !this.#outgoing?.writableEnded) response.once("end", () => this.#outgoing?.destroy());
    this.#settle();
    this.#passage.answered(response);
  };

  readonly #switched = (response: IncomingMessage, socket: Socket, head: Buffer): void => {
    socket.off("timeout", this.#stoodStill);
    socket.setTimeout(0);
    if (this.#isSettled || this.#passage.upgrade === undefined) {
      socket.destroy();
      return this.#fail(new ProxyError("response", "the back end changes protocols, which nobody asked for"));
    }
    if (head.length > 0) socket.unshift(head);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#tellOver(socket));
    this.#settle();
    this.#passage.switched(response, socket);
  };

  /** Has the connection looked at when it has stood still for the time that is left, or for long enough to look. */
  #watch(): void {
    this.#socket?.setTimeout(Math.min(this.#passage.timeout - this.#stillFor, leavePatience));
  }

  /** The connection stands still: the back end's fault after its time, unless it waits for the client; or the client is gone. */
  readonly #stoodStill = (): void => {
    const response = this.#response;
    const waitsForReader = response !== undefined && response.readableFlowing !== true;
    const waitsForBody = this.#isUploading && this.#outgoing?.writableNeedDrain === false;
    this.#addStill();
    if (waitsForReader || waitsForBody) this.#stillFor = 0;
    const { timeout, request } = this.#passage;
    const isOver = this.#stillFor >= timeout;
    if (!isOver && !(request.connection.hasEnded === true && this.#stillFor >= leavePatience)) return this.#watch();
    const stage = this.#socket?.connecting ? "connect" : "response";
    const error = new ProxyError(stage, isOver ? "The timeout specified has expired" : "the client has gone");
    if (response) this.#breakOff(response, error);
    else this.#abort(error);
  };

  #addStill(): void {
    const socket = this.#socket;
    if (!socket) return;
    const moved = socket.bytesRead + socket.bytesWritten;
    if (moved !== this.#moved) this.#stillFor = 0;
    this.#moved = moved;
    this.#stillFor += socket.timeout ?? 0;
  }

  /** Whoever reads the response sees that it is not whole. */
  #breakOff(response: IncomingMessage, error: Error): void {
    this.#passage.request.log("error", "proxy_http", `AH01110: error reading response: ${error.message}`);
    response.destroy(error);
  }

  readonly #clientLeft = (): void => {
    this.#abort(new ProxyError("response", "the client has gone"));
  };

  readonly #broken = (error: Error): void => {
    // Before node:http takes the end of the connection for the end of a body without a length, also where it was reset.
    if (this.#response?.complete === false) this.#breakOff(this.#response, error);
    if (this.#isSettled) return;
    if (this.#mayRepeat(error)) {
      this.#settle();
      this.#passage.isRetry = true;
      this.#isRepeated = true;
      this.#pool.purge();
      new Sending(this.#passage, this.#pool).start();
      return;
    }
    this.#fail(error);
  };

  /**
   * Whether the fault is that a pooled connection was closed by the back end before it could read the request, and the
   * request can be sent once more: nothing of it left this machine, or its method is idempotent.
   */
  #mayRepeat(error: Error): boolean {
    const { isRetry, method } = this.#passage;
    if (isRetry || this.#source || this.#outgoing?.reusedSocket !== true) return false;
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code !== "ECONNRESET" && code !== "EPIPE") return false;
    return idempotent.has(method) || syscall === "write";
  }

  #isTold = false;

  #tellOver(socket: Socket | undefined): void {
    if (this.#isTold) return;
    this.#isTold = true;
    if (!socket) return this.#passage.over(0, 0);
    this.#passage.over(socket.bytesWritten - this.#writtenBefore, socket.bytesRead - this.#readBefore);
  }

  readonly #closed = (): void => {
    const { upgrade } = this.#passage;
    this.#socket?.off("timeout", this.#stoodStill);
    // A connection that has changed protocols lives on.
    const livesOn = this.#isSettled && upgrade !== undefined && !this.#response && this.#socket?.destroyed === false;
    if (!livesOn && !this.#isRepeated) this.#tellOver(this.#socket);
    if (!this.#isSettled) this.#fail(new ProxyError("response", "the connection was closed"));
  };

  #abort(error: Error): void {
    this.#fail(error);
    this.#outgoing?.destroy();
  }

  #fail(error: Error): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#passage.failed(error);
  }

  #settle(): void {
    this.#isSettled = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#passage.request.connection.signal.removeEventListener("abort", this.#clientLeft);
  }

  #after(milliseconds: number, act: () => void): void {
    this.#timers.add(setTimeout(act, milliseconds));
  }
}
