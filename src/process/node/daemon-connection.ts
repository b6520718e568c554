// A worker's connection to this daemon: requests one after the other, and their answers (docs/daemon-protocol.md).
import type { Socket } from "node:net";
import { Duplex, Readable } from "node:stream";
import { isFileSlice, isParts, refuse, type Level, type Response } from "../../api/index.js";
import { countPassing } from "../../server/spent-buffers.js";
import {
  bodyFlag,
  emptyFrame,
  endFlag,
  FrameError,
  FrameReader,
  fromDaemon,
  mayUpgrade,
  toDaemon,
} from "../daemon-frames.js";
import { logError, type NodeCall } from "./call.js";
import { ClientSocket } from "./client-socket.js";
import type { DaemonScripts, Found } from "./daemon-scripts.js";
import { RequestShape } from "./daemon-shape.js";
import { answerFrames, dataFrame, endFrame, failureFrame, headFrame, logFrames, staleFrame } from "./answer-frames.js";
import { mountedUrl } from "./url.js";

/** What the connections of a process share. */
export interface ConnectionHost {
  readonly scripts: DaemonScripts;
  /** Whether this connection is to be given up now that it is free; asked once for each answer. */
  givesUp(connection: DaemonConnection): boolean;
  /** An answer is complete. */
  answered(): void;
  /** Its request has changed protocols: it takes no thread any more. */
  switched(connection: DaemonConnection): void;
  /** It serves no more: its thread is free. */
  left(connection: DaemonConnection): void;
  /** The socket is closed. */
  closed(connection: DaemonConnection): void;
  log(level: "error" | "warn" | "info" | "debug", message: string): void;
}

/** A request that was read, and perhaps its body. */
interface Pending {
  readonly shape: RequestShape;
  readonly values: readonly string[];
  readonly flags: number;
  readonly mtime: number;
}

const hello = (thread: number): Buffer => {
  const text = Buffer.from(JSON.stringify({ pid: process.pid, thread }));
  const frame = Buffer.concat([emptyFrame(fromDaemon.hello), text]);
  frame.writeUInt32BE(text.length, 1);
  return frame;
};
const wanted = emptyFrame(fromDaemon.wanted);
const goodbye = emptyFrame(fromDaemon.bye);

/** One connection. It has a thread, that is the right to run one request at a time, from `greet` to `left`. */
export class DaemonConnection {
  /** 0: it waits for a thread. */
  thread = 0;
  /** performance.now() when it got its thread. */
  since = 0;
  readonly #socket: Socket;
  readonly #host: ConnectionHost;
  readonly #reader: FrameReader;
  readonly #shapes: (RequestShape | undefined)[] = [];
  #pending: Pending | undefined;
  #body: RequestInput | undefined;
  #run: DaemonCall | undefined;
  #client: ClientSocket | undefined;
  /** The worker is to close it; nothing more is read from it. */
  #hasLeft = false;
  #drained: (() => void) | undefined;
  /** The client's connection, where that has changed protocols. */
  #tunnel: Duplex | undefined;
  #lastFlags = 0;

  constructor(socket: Socket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    this.#reader = new FrameReader({
      frame: (type, payload) => this.#frame(type, payload),
      data: (bytes) => (this.#tunnel ? this.#feed(this.#tunnel, bytes) : this.#body?.add(bytes)),
    });
    socket
      .on("data", (chunk: Buffer) => this.#received(chunk))
      .on("end", () => this.#givenUp())
      .on("drain", () => this.#drained?.())
      .on("error", () => undefined)
      .on("close", () => this.#closed());
  }

  /** Takes requests from now on. */
  greet(thread: number): void {
    this.thread = thread;
    this.since = performance.now();
    this.#socket.write(hello(thread));
  }

  get isIdle(): boolean {
    return this.thread > 0 && !this.#hasLeft && !this.#run && !this.#pending;
  }

  get isServing(): boolean {
    return this.#run !== undefined || this.#pending !== undefined;
  }

  /** For the log: what it is running. */
  get running(): string {
    return this.#run === undefined ? "" : `${this.#run.method} ${this.#run.originalUrl}`;
  }

  /** Gives an idle connection up, or one that never had a thread. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#socket.write(goodbye);
    this.#leave();
  }

  #leave(): void {
    this.#hasLeft = true;
    this.#host.left(this);
  }

  #received(chunk: Buffer): void {
    if (this.#hasLeft) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError) && !(error instanceof SyntaxError)) throw error;
      this.#host.log("error", `a worker does not keep to the protocol: ${error.message}`);
      this.#socket.destroy();
      return;
    }
    const pending = this.#pending;
    if (!pending) return;
    this.#pending = undefined;
    this.#start(pending);
  }

  #frame(type: number, payload: Buffer): void {
    switch (type) {
      case toDaemon.shape: {
        const shape = new RequestShape(payload);
        this.#shapes[shape.id & 63] = shape;
        return;
      }
      case toDaemon.request:
        return this.#request(payload);
      case toDaemon.end:
        if (this.#tunnel) return void this.#tunnel.end();
        return this.#body?.end();
      case toDaemon.broken:
        return this.#body?.break(payload.toString("utf8", 2));
      default:
        throw new FrameError(`a frame of type ${type}`);
    }
  }

  #request(payload: Buffer): void {
    const shape = this.#shapes[payload[0] ?? 0];
    if (!shape || this.#run || this.#pending) throw new FrameError("a request out of turn, or of no known shape");
    const flags = payload[1] ?? 0;
    const values = shape.values(payload.toString("latin1", 18));
    const length = (flags & (bodyFlag.follows | bodyFlag.waits)) === 0 ? 0 : lengthOf(shape, values);
    this.#body = new RequestInput(length, (flags & bodyFlag.follows) !== 0, {
      want: () => this.#socket.write(wanted),
      pause: () => this.#socket.pause(),
      resume: () => this.#socket.resume(),
    });
    this.#pending = { shape, values: values ?? [], flags, mtime: payload.readDoubleBE(10) };
    if (values) return;
    this.#pending = undefined;
    this.#socket.write(failureFrame(this.#flags(), 400, "a value of the environ holds a NUL"));
    this.#next();
  }

  #start({ shape, values, mtime, flags }: Pending): void {
    const input = this.#body;
    if (!input) return;
    const run = new DaemonCall(this, shape, values, input, this.#clientOf(shape, values));
    run.mayUpgrade = (flags & mayUpgrade) !== 0;
    this.#run = run;
    const found = this.#host.scripts.find(shape.script, mtime, shape.reloading);
    if (found instanceof Promise) void found.then((later) => this.#runWith(run, shape, later));
    else this.#runWith(run, shape, found);
  }

  #runWith(run: DaemonCall, shape: RequestShape, found: Found): void {
    if (found === "stale") {
      this.#socket.write(staleFrame(this.#flags()));
      return this.#next();
    }
    let response: Response | Promise<Response>;
    try {
      response = found.application(shape.callable)(run);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      for (const line of `${shape.script} cannot be served: ${reason}`.split("\n")) run.log("error", line);
      response = refuse(500);
    }
    if (!(response instanceof Promise)) return this.#answer(run, response);
    response.then(
      (later) => this.#answer(run, later),
      (error: unknown) => {
        logError(run, `${shape.script} failed`, error);
        this.#answer(run, refuse(500));
      },
    );
  }

  #answer(run: DaemonCall, response: Response): void {
    if (this.#run !== run) return;
    if (run.isAbandoned) return this.#end();
    const { status, body } = response;
    if (response.failure) {
      this.#socket.write(failureFrame(this.#flags(), status, "the application failed"));
      return this.#next();
    }
    if (body === undefined || Buffer.isBuffer(body)) {
      this.#socket.write(answerFrames(response, body, this.#flags()));
      return this.#next();
    }
    if (response.tunnel && body instanceof Duplex) this.#switch(body);
    if (isParts(body) || isFileSlice(body)) throw new TypeError("an application answers with bytes or a stream");
    this.#stream(run, response, body);
  }

  #switch(tunnel: Duplex): void {
    this.#tunnel = tunnel;
    tunnel.on("drain", () => this.#socket.resume());
    this.#host.switched(this);
  }

  /** The memory of the bytes is used again. */
  #feed(tunnel: Duplex, bytes: Buffer): void {
    countPassing(2 * bytes.length);
    if (tunnel.writable && !tunnel.write(Buffer.from(bytes))) this.#socket.pause();
  }

  /** Ends what has changed protocols: the process ends. */
  endTunnel(): void {
    this.#tunnel?.destroy();
  }

  /** Sends a body as it comes; the head is sent with its first piece, or when there is none yet. */
  #stream(run: DaemonCall, response: Response, body: Readable): void {
    const socket = this.#socket;
    let isOver = false;
    const over = (): boolean => {
      const was = isOver;
      isOver = true;
      this.#drained = undefined;
      return was;
    };
    socket.write(headFrame(response));
    this.#drained = () => body.resume();
    run.stop = () => body.destroy();
    body.on("data", (chunk: Buffer) => {
      countPassing(chunk.length);
      if (chunk.length > 0 && !writeData(socket, chunk)) body.pause();
    });
    body.on("end", () => {
      if (over()) return;
      socket.write(endFrame(this.#flags()));
      this.#next();
    });
    body.on("error", (error: Error) => {
      if (over() || run.isAbandoned) return;
      socket.write(failureFrame(this.#flags(), 500, error.message));
      this.#next();
    });
    body.on("close", () => {
      if (over()) return;
      if (run.isAbandoned) return this.#end();
      if (this.#tunnel) socket.write(endFrame(this.#flags()));
      else socket.write(failureFrame(this.#flags(), 500, "the application has broken off its response"));
      this.#next();
    });
  }

  /** The flags of the last frame of an answer. */
  #flags(): number {
    const inputLeft = this.#body?.isLeft() ? endFlag.inputLeft : 0;
    const isLast = this.#tunnel !== undefined || this.#host.givesUp(this);
    return (this.#lastFlags = inputLeft | (isLast ? endFlag.bye : 0));
  }

  #next(): void {
    this.#run?.finish();
    this.#tunnel?.end();
    this.#run = this.#body = undefined;
    this.#host.answered();
    if (this.#lastFlags !== 0) this.#leave();
  }

  /** The worker gave the request up, or the connection. */
  #givenUp(): void {
    const run = this.#run;
    if (!run || this.#hasLeft) return this.#end();
    run.abandon();
  }

  /** Closes: nobody reads any more what is sent. */
  #end(): void {
    this.#run?.finish();
    this.#run = undefined;
    this.#socket.end();
    this.#socket.destroySoon();
  }

  #closed(): void {
    this.#run?.abandon();
    this.#tunnel?.destroy();
    this.#run = this.#pending = undefined;
    if (!this.#hasLeft) this.#leave();
    this.#host.closed(this);
  }

  /** Lines for the log of the running request; those that come later go to the log of the server. */
  log(run: DaemonCall, level: Level, message: string): void {
    if (this.#run === run && !run.isAbandoned) this.#socket.write(logFrames(level, message));
    else this.#host.log("error", message);
  }

  #clientOf(shape: RequestShape, values: readonly string[]): ClientSocket {
    const get = (name: string): string => shape.get(values, name) ?? "";
    const address = {
      remoteAddress: get("REMOTE_ADDR"),
      remotePort: Number(get("REMOTE_PORT")),
      localAddress: get("SERVER_ADDR"),
      localPort: Number(get("SERVER_PORT")),
      encrypted: get("wsgi.url_scheme") === "https",
    };
    const known = this.#client;
    const isSame =
      known !== undefined &&
      !known.destroyed &&
      known.remoteAddress === address.remoteAddress &&
      known.remotePort === address.remotePort &&
      known.encrypted === address.encrypted;
    if (isSame) return known;
    return (this.#client = new ClientSocket(address));
  }
}

// From here on data is not copied behind its header.
const large = 16_384;

function writeData(socket: Socket, chunk: Buffer): boolean {
  if (chunk.length < large) return socket.write(dataFrame(chunk));
  socket.cork();
  socket.write(dataFrame(undefined, chunk.length));
  const hasRoom = socket.write(chunk);
  socket.uncork();
  return hasRoom;
}

function lengthOf(shape: RequestShape, values: readonly string[] | undefined): number | undefined {
  const length = values && shape.get(values, "CONTENT_LENGTH");
  return length === undefined || length === "" ? undefined : Number(length);
}

/** The body of a request, as it comes. */
class RequestInput {
  readonly length: number | undefined;
  readonly #on: { want(): void; pause(): void; resume(): void };
  #pieces: Buffer[] = [];
  #stream: Readable | undefined;
  /** It is on its way, or asked for. */
  #isComing: boolean;
  #hasEnded: boolean;
  #fault: Error | undefined;

  constructor(length: number | undefined, isComing: boolean, on: { want(): void; pause(): void; resume(): void }) {
    this.length = length;
    this.#isComing = isComing;
    this.#hasEnded = length === 0;
    this.#on = on;
  }

  get arrived(): Buffer | undefined {
    if (!this.#hasEnded || this.#fault || this.#stream) return undefined;
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] ?? Buffer.alloc(0);
  }

  stream(): Readable {
    const stream = (this.#stream = new Readable({ highWaterMark: 65_536, read: () => this.#on.resume() }));
    stream.on("error", () => undefined);
    for (const piece of this.#pieces.splice(0)) stream.push(piece);
    if (this.#fault) stream.destroy(this.#fault);
    else if (this.#hasEnded) stream.push(null);
    else if (!this.#isComing) {
      this.#isComing = true;
      this.#on.want();
    }
    return stream;
  }

  /** The memory of the bytes is used again. */
  add(bytes: Buffer): void {
    const copy = Buffer.from(bytes);
    // As read, and copied.
    countPassing(2 * copy.length);
    if (!this.#stream) this.#pieces.push(copy);
    else if (!this.#stream.destroyed && !this.#stream.push(copy)) this.#on.pause();
  }

  end(): void {
    this.#hasEnded = true;
    if (this.#stream && !this.#stream.destroyed) this.#stream.push(null);
    // It may have come together with more than the application has taken: the next request must be read.
    this.#on.resume();
  }

  break(reason: string): void {
    this.#hasEnded = true;
    this.#fault = new Error(reason);
    this.#stream?.destroy(this.#fault);
  }

  /** Whether bytes of it may still come. */
  isLeft(): boolean {
    return this.#isComing && !this.#hasEnded;
  }
}

/** A request to an application in this process. */
class DaemonCall implements NodeCall {
  readonly script: string;
  readonly method: string;
  readonly url: string;
  readonly mount: string;
  readonly originalUrl: string;
  readonly protocol: string;
  readonly rawHeaders: string[];
  readonly socket: ClientSocket;
  readonly body: RequestInput;
  mayUpgrade = false;
  isAbandoned = false;
  /** Ends what is being sent. */
  stop: (() => void) | undefined;
  readonly #connection: DaemonConnection;
  readonly #shape: RequestShape;
  readonly #values: readonly string[];
  readonly #watchers = new Set<() => void>();

  constructor(
    connection: DaemonConnection,
    shape: RequestShape,
    values: readonly string[],
    body: RequestInput,
    socket: ClientSocket,
  ) {
    this.#connection = connection;
    this.#shape = shape;
    this.#values = values;
    const { mount, url, originalUrl } = mountedUrl((name) => shape.get(values, name));
    this.script = shape.script;
    this.method = shape.get(values, "REQUEST_METHOD") ?? "GET";
    this.url = url;
    this.mount = mount;
    this.originalUrl = originalUrl;
    this.protocol = shape.get(values, "SERVER_PROTOCOL") ?? "HTTP/1.1";
    this.rawHeaders = shape.rawHeaders(values);
    this.socket = socket;
    this.body = body;
  }

  environ(): Record<string, string> {
    return this.#shape.environ(this.#values);
  }

  whenAbandoned(left: () => void): () => void {
    if (this.isAbandoned) left();
    else this.#watchers.add(left);
    return () => void this.#watchers.delete(left);
  }

  abandon(): void {
    if (this.isAbandoned) return;
    this.isAbandoned = true;
    for (const left of [...this.#watchers]) left();
    this.stop?.();
    this.body.break("the client has closed the connection");
  }

  finish(): void {
    this.#watchers.clear();
    this.socket.breakOff = undefined;
  }

  log(level: Level, message: string): void {
    this.#connection.log(this, level, message);
  }
}
