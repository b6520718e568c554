// One run of an application in a daemon: its request, the response as it comes, and its clock.
import { constants, closeSync, createReadStream, fstatSync, openSync } from "node:fs";
import type { Readable } from "node:stream";
import {
  Headers,
  lentCopyOf,
  refuse,
  RequestBodyError,
  switchProtocols,
  type ApplicationCall,
  type Level,
  type Request,
  type RequestBody,
  type Response,
} from "../api/index.js";
import { DaemonBody } from "./daemon-body.js";
import type { DaemonConnection } from "./daemon-connection.js";
import { DaemonTunnel } from "./daemon-tunnel.js";
import type { Upload } from "./daemon-upload.js";
import { DaemonWebSocket, defaultLimits } from "./daemon-websocket.js";

/** A file the daemon offers. */
interface OfferedFile {
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  readonly size: number;
  readonly offset: number;
  readonly length: number;
}

const levels: Readonly<Record<string, Level>> = { c: "crit", e: "error", w: "warn", i: "info", d: "debug" };

// Bytes of a file that are read at a time.
const highWaterMark = 131_072;

/** What holds for the response of a run. */
export interface ResponseLimits {
  /** Bytes of it that are taken off the daemon before the client has taken them. */
  readonly buffer: number;
  /** Bytes that a field may have with its name. */
  readonly longestField: number;
  /** Milliseconds in which the client must take something of it; 0: the server's Timeout. */
  readonly writeTimeout: number;
}

/** A run from the moment it is asked for until the daemon is done with it. */
export class DaemonRun {
  readonly call: ApplicationCall;
  readonly request: Request;
  /** The body of the request, which may have been taken in already. */
  readonly body: RequestBody;
  /** The answer: a response or a refusal; fails only with a RequestBodyError. */
  readonly answered: Promise<Response>;
  /** performance.now() when it began to wait for a thread. */
  waitingSince: number;
  /** Whether it was sent back as stale. */
  isStale = false;
  /** Where it runs; undefined while it waits. */
  connection: DaemonConnection | undefined;
  upload: Upload | undefined;
  /** Whether a frame of the answer has come: then it is never repeated. */
  hasBegun = false;
  /** Times it was handed to a daemon that turned out not to have read it. */
  returns = 0;
  /** performance.now() when it was handed over. */
  startedAt = 0;
  /** Milliseconds it ran, without the time it waited for the client. */
  ranFor = 0;
  /** Milliseconds in which nothing was heard from the daemon and it was not the client's turn. */
  silentFor = 0;
  /** Whether the supervisor was told that it runs too long. */
  isOverdue = false;
  #resolve: ((response: Response) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #head: Response | undefined;
  #length: number | undefined;
  #pieces: Buffer[] = [];
  #received = 0;
  readonly #limits: ResponseLimits;
  #body: DaemonBody | undefined;
  #file: Readable | undefined;
  #isAbandoned = false;
  /** Set when the client's connection has changed protocols: what passes is then the stream's, or the messages'. */
  #tunnel: DaemonTunnel | undefined;
  #webSocket: DaemonWebSocket | undefined;

  constructor(
    call: ApplicationCall,
    request: Request,
    { body, ...limits }: { readonly body: RequestBody } & ResponseLimits,
  ) {
    this.call = call;
    this.request = request;
    this.body = body;
    this.#limits = limits;
    this.waitingSince = performance.now();
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Whether the caller has its response, or refusal. */
  get isAnswered(): boolean {
    return this.#resolve === undefined;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** Whether the client's connection may change protocols. */
  get mayUpgrade(): boolean {
    return this.call.role === undefined && this.request.upgrade !== undefined;
  }

  /** Whether the daemon has nothing to do but wait for the client: to send its body, or to take the response. */
  waitsForClient(): boolean {
    if (this.#isAbandoned) return false;
    return this.#body?.isFull === true || this.upload?.waitsForClient() === true;
  }

  log(level: Level, message: string): void {
    this.request.log(level, "wsgi", message);
  }

  /** A line the application wrote. */
  logLine(payload: Buffer): void {
    this.log(levels[payload.toString("latin1", 0, 1)] ?? "error", payload.toString("utf8", 1));
  }

  /** The application has changed protocols: bytes go to and fro. */
  openTunnel(connection: DaemonConnection): void {
    const head = this.#head;
    if (this.#isAbandoned || !head) return;
    this.#tunnel = new DaemonTunnel(connection);
    const { headers } = head;
    this.#answer(switchProtocols(headers.get("upgrade") ?? "", this.#tunnel, { headers, idleTimeout: 0 }));
  }

  /** The application has accepted a WebSocket: messages go to and fro. */
  openWebSocket(payload: Buffer, connection: DaemonConnection): void {
    this.head(payload);
    if (this.#isAbandoned || !this.#head) return;
    const { headers } = this.#head;
    this.#webSocket = new DaemonWebSocket(this.request, headers, connection, this.call.webSocket ?? defaultLimits);
    void this.#webSocket.answered.then((response) => this.#answer(response));
  }

  /** A message, or the close, of a WebSocket. */
  message(type: number, payload: Buffer): void {
    this.#webSocket?.frame(type, payload);
  }

  /** The daemon has read what was sent to it. */
  drained(): void {
    this.#webSocket?.drained();
  }

  /** The status line and fields have come; whether they are a change of protocols. */
  head(payload: Buffer): boolean {
    const lines = payload.toString("latin1").split("\n");
    const line = lines[0] ?? "";
    const headers = new Headers();
    const { longestField, writeTimeout } = this.#limits;
    for (let i = 1; i + 1 < lines.length; i += 2) {
      const [name, value] = [lines[i] as string, lines[i + 1] as string];
      if (name.length + value.length + 2 > longestField) return this.#refuseField(name, longestField);
      headers.append(name, value);
    }
    // An empty phrase is one too.
    const reason = line.length > 3 ? { reason: line.slice(4) } : {};
    this.#head = { status: Number(line.slice(0, 3)), headers, body: undefined, ...reason };
    if (writeTimeout > 0) this.#head.writeTimeout = writeTimeout;
    const length = headers.get("content-length");
    if (length !== undefined && !this.request.headOnly) this.#length = Number(length);
    return this.#head.status === 101;
  }

  #refuseField(name: string, limit: number): false {
    this.log(
      "error",
      `WSGI0144: the field ${name} of the response is longer than ${limit} bytes: shorten it, or raise header-buffer-size`,
    );
    this.refuse(500);
    this.abandon("a field of the response is too long");
    return false;
  }

  /** Bytes of the body have come; the memory is used again. */
  data(bytes: Buffer): void {
    if (this.#isAbandoned) return;
    this.#received += bytes.length;
    if (this.#body) this.#body.add(lentCopyOf(bytes));
    else if (this.#tunnel) this.#tunnel.add(Buffer.from(bytes));
    else this.#pieces.push(Buffer.from(bytes));
  }

  /** All that had come was handed over: answers as soon as there is something to answer with. */
  settle(): void {
    if (this.#isAbandoned || this.isAnswered || !this.#head || this.#webSocket) return;
    if (this.#length !== undefined && this.#received >= this.#length) return this.#answerWhole(this.#head);
    const connection = this.connection;
    const body = new DaemonBody(this.#limits.buffer, {
      read: () => connection?.resume(),
      full: () => connection?.hold(),
      leave: () => this.abandon("the client has closed the connection"),
    });
    this.#body = body;
    for (const piece of this.#pieces.splice(0)) body.add(piece);
    this.#answer({ ...this.#head, body });
  }

  /** The response is complete. */
  end(): void {
    if (this.#isAbandoned) return;
    this.upload?.stop();
    this.#tunnel?.finish();
    if (this.#body) this.#body.finish();
    else if (!this.isAnswered) {
      if (this.#head) this.#answerWhole(this.#head);
      else this.#refuse(502);
    }
  }

  /** The response never will be complete; `status` is what to answer if nothing of it was sent. */
  fail(status: number, reason: string, note?: string): void {
    if (this.#isAbandoned) return;
    this.upload?.stop();
    if (!this.isAnswered) return this.#refuse(status, note);
    this.#body?.destroy(new Error(reason));
    this.#tunnel?.destroy(new Error(reason));
    this.#webSocket?.lost();
  }

  /** Answers with a status although the daemon said nothing of the kind, for instance for want of time. */
  refuse(status: number): void {
    if (!this.isAnswered) this.#refuse(status);
  }

  /** The body of the request broke off: answered by the pipeline with the error's own status, if it still can be. */
  bodyBroke(error: Error): void {
    if (this.isAnswered) return;
    const reject = this.#reject;
    this.#resolve = this.#reject = undefined;
    reject?.(error instanceof RequestBodyError ? error : new RequestBodyError(400, error.message));
    this.abandon(error.message);
  }

  /** Gives it up: nobody waits for the response any more. */
  abandon(reason: string): void {
    // The end of a tunnel is told by its stream.
    if (this.#isAbandoned || this.#tunnel || this.#webSocket) return;
    this.#isAbandoned = true;
    this.#pieces = [];
    this.upload?.stop();
    // Nobody will read it: the client is gone. Only the access log shows the status.
    this.refuse(408);
    if (this.#body && !this.#body.isFinished) this.#body.destroy(new Error(reason));
    this.connection?.cancel(this);
  }

  /** Opens a file the daemon offers; whether that worked, and it is the response's body now. */
  takeFile(payload: Buffer): boolean {
    if (this.#isAbandoned || this.isAnswered || !this.#head) return false;
    const offer = JSON.parse(payload.toString()) as OfferedFile;
    this.#file = openOffered(offer);
    if (!this.#file) return false;
    this.#answer({ ...this.#head, body: this.#file });
    return true;
  }

  #answerWhole(head: Response): void {
    const pieces = this.#pieces;
    const body = pieces.length === 1 ? pieces[0] : pieces.length === 0 ? undefined : Buffer.concat(pieces);
    this.#pieces = [];
    head.body = body;
    // As with Apache: what an application gives no length for is sent in chunks.
    if (!head.headers.has("content-length")) head.unsized = true;
    this.#answer(head);
  }

  #answer(response: Response): void {
    const resolve = this.#resolve;
    this.#resolve = this.#reject = undefined;
    resolve?.(response);
  }

  #refuse(status: number, note?: string): void {
    this.#answer(refuse(status, note === undefined ? {} : { note }));
  }
}

/** A stream of the offered part of the file, if it is the very same file that the daemon has open. */
function openOffered({ path, device, inode, size, offset, length }: OfferedFile): Readable | undefined {
  let fd: number;
  try {
    // A path of bytes. Not blocking: it may have become a pipe by now.
    fd = openSync(Buffer.from(path, "latin1"), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  const found = fstatSync(fd);
  if (found.isFile() && found.dev === device && found.ino === inode && found.size === size) {
    return createReadStream("", { fd, start: offset, end: offset + length - 1, highWaterMark });
  }
  closeSync(fd);
  return undefined;
}
