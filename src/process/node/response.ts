// A ServerResponse that writes to no socket: what is written to it becomes a Response.
import { ServerResponse, STATUS_CODES } from "node:http";
import { Headers, refuse, type Response } from "../../api/index.js";
import { logError, type NodeCall } from "./call.js";
import { abortMessage, type CallMessage } from "./message.js";
import { OutgoingBody } from "./outgoing-body.js";

type Chunk = string | Buffer | Uint8Array | null | undefined;
type Callback = (error?: Error | null) => void;

const delivery = Symbol("delivery");

/**
 * The response with what is ours about it. Frameworks put other prototypes under it, so all that differs from
 * node:http's are own properties.
 */
interface CallResponse extends Omit<ServerResponse, "socket"> {
  [delivery]: Delivery;
  socket: unknown;
  _implicitHeader(): void;
  _header: string | null;
  _headerSent: boolean;
  _hasBody: boolean;
  _closed: boolean;
}

/** A response under way, from the first call of the application to "close". */
export class Delivery {
  readonly message: CallMessage;
  readonly response: ServerResponse;
  readonly body: OutgoingBody;
  /** What is to be answered, once that is settled. */
  answer: Response | undefined;
  /** Hears of `answer`. */
  answered: ((answer: Response) => void) | undefined;
  /** Ends the watch for the client's leaving. */
  forget: (() => void) | undefined;
  readonly call: NodeCall;
  readonly isHead: boolean;
  #needsDrain = false;
  #isOver = false;
  #flushes = false;

  constructor(call: NodeCall, message: CallMessage) {
    this.call = call;
    this.message = message;
    this.isHead = call.method === "HEAD";
    this.body = new OutgoingBody({
      drained: () => this.#drained(),
      taken: () => this.finish(),
      abandoned: () => this.#notTaken(),
    });
    const response = new ServerResponse(message);
    this.response = response;
    const own = response as unknown as CallResponse;
    own[delivery] = this;
    own.socket = call.socket;
    // A response to HEAD is made like any other, so that its length is known; the server sends none of its body.
    own._hasBody = true;
    own.writeHead = writeHead as ServerResponse["writeHead"];
    own._implicitHeader = implicitHeader;
    own.write = write as ServerResponse["write"];
    own.end = end as ServerResponse["end"];
    own.flushHeaders = flushHeaders;
    own.destroy = destroy as unknown as CallResponse["destroy"];
    own.writeContinue = nothing;
    own.writeProcessing = nothing;
    own.writeEarlyHints = nothing;
    call.socket.breakOff = (error) => this.breakOff(error ?? new Error("the application has closed the connection"));
  }

  /** Takes bytes of the body; the head is settled by then. */
  write(bytes: Buffer): boolean {
    // Some statuses have none.
    if (!(this.response as unknown as CallResponse)._hasBody || this.#isOver) return true;
    const hasRoom = this.body.write(bytes);
    if (!hasRoom) this.#needsDrain = true;
    this.flushSoon();
    return hasRoom;
  }

  /** Answers with what there is when the application pauses. */
  flushSoon(): void {
    if (this.#flushes || this.answer) return;
    this.#flushes = true;
    process.nextTick(flush, this);
  }

  settle(): void {
    if (this.answer) return;
    const { response, body } = this;
    const { statusMessage } = response;
    const headers = fieldsOf(response);
    const answer: Response = { status: response.statusCode, headers, body: undefined };
    // Without a phrase, a status Apache does not know would be sent as 500.
    if (statusMessage && !(statusMessage === "OK" && response.statusCode === 200)) answer.reason = statusMessage;
    if (headers.has("connection")) takeConnectionFields(headers, answer);
    answer.body = body.body();
    this.#answer(answer);
  }

  end(): void {
    this.body.end();
    if (this.answer) {
      if (this.isHead) process.nextTick(finished, this);
      return;
    }
    this.settle();
    process.nextTick(finished, this);
  }

  /** The application threw, or rejected. */
  fail(error: unknown): void {
    logError(this.call, `${this.call.script} failed`, error);
    this.breakOff(error instanceof Error ? error : new Error(String(error)));
  }

  /** The response never will be complete: 500, if nothing of it has been sent. */
  breakOff(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (!this.answer) this.#answer(refuse(500));
    else if (!this.body.hasEnded) this.body.fail(error);
    this.#close();
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    abortMessage(this.message);
    // Nobody will read it: only the access log shows the status.
    if (!this.answer) this.#answer(refuse(408));
    this.#close();
  }

  /** All of it was taken. */
  finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.response.emit("prefinish");
    this.response.emit("finish");
    this.#close();
  }

  #answer(answer: Response): void {
    this.answer = answer;
    this.answered?.(answer);
  }

  #drained(): void {
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    if (!this.response.finished) this.response.emit("drain");
  }

  /** Whoever sends it has stopped reading: the client left, or it needs no body of it. */
  #notTaken(): void {
    if (this.body.hasEnded) this.finish();
    else if (this.isHead) this.#drained();
    else this.abandon();
  }

  #close(): void {
    const { response, message, call } = this;
    call.socket.breakOff = undefined;
    this.forget?.();
    response.destroyed = true;
    (response as unknown as CallResponse)._closed = true;
    response.emit("close");
    if (!message.destroyed && message.listenerCount("close") > 0) message.destroy();
  }
}

function flush(of: Delivery): void {
  of.settle();
}

function finished(of: Delivery): void {
  of.finish();
}

function fieldsOf(response: ServerResponse): Headers {
  const headers = new Headers();
  const names = (response as unknown as { getRawHeaderNames(): string[] }).getRawHeaderNames();
  for (const name of names) {
    const value = response.getHeader(name);
    if (Array.isArray(value)) for (const each of value) headers.append(name, each);
    else if (value !== undefined) headers.append(name, String(value));
  }
  return headers;
}

/** What concerns the connection is the server's; an application may ask for its end. */
function takeConnectionFields(headers: Headers, answer: Response): void {
  if (/(^|,)\s*close\s*(,|$)/i.test(headers.get("connection") ?? "")) answer.close = true;
  for (const name of ["connection", "keep-alive", "transfer-encoding"]) headers.delete(name);
}

function writeHead(this: CallResponse, status: number, reason?: unknown, fields?: unknown): CallResponse {
  if (this._header) throw codedError("ERR_HTTP_HEADERS_SENT", "Cannot write headers after they are sent to the client");
  const code = status | 0;
  if (code < 100 || code > 999) throw codedRangeError("ERR_HTTP_INVALID_STATUS_CODE", `Invalid status code: ${status}`);
  const phrase = typeof reason === "string" ? reason : this.statusMessage || (STATUS_CODES[code] ?? "unknown");

  if (/[^\t\x20-\x7e\x80-\xff]/.test(phrase)) {
    throw codedError("ERR_INVALID_CHAR", 'Invalid character in statusMessage ["reason"]');
  }
  setFields(this, typeof reason === "string" ? fields : (fields ?? reason));
  this.statusCode = code;
  this.statusMessage = phrase;
  this._header = code === 200 ? "HTTP/1.1 200 OK\r\n\r\n" : `HTTP/1.1 ${code} ${phrase}\r\n\r\n`;
  this._headerSent = true;
  if (code === 204 || code === 304 || code < 200) this._hasBody = false;
  return this;
}

/** Fields as an object, a flat list of names and values, or a list of pairs. */
function setFields(response: CallResponse, fields: unknown): void {
  if (Array.isArray(fields)) {
    const flat = Array.isArray(fields[0]) ? (fields as unknown[][]).flat() : (fields as unknown[]);
    const seen = new Set<string>();
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = String(flat[i]);
      if (seen.has(name.toLowerCase())) response.appendHeader(name, flat[i + 1] as string);
      else response.setHeader(name, flat[i + 1] as string);
      seen.add(name.toLowerCase());
    }
  } else if (typeof fields === "object" && fields !== null) {
    for (const name of Object.keys(fields)) {
      if (name !== "") response.setHeader(name, (fields as Record<string, string>)[name] ?? "");
    }
  }
}

function implicitHeader(this: CallResponse): void {
  this.writeHead(this.statusCode);
}

function write(this: CallResponse, chunk: Chunk, encoding?: BufferEncoding | Callback, callback?: Callback): boolean {
  const done = typeof encoding === "function" ? encoding : callback;
  const bytes = bytesOf(chunk, typeof encoding === "string" ? encoding : undefined);
  if (this.finished || this.destroyed) {
    const error = this.finished
      ? codedError("ERR_STREAM_WRITE_AFTER_END", "write after end")
      : codedError("ERR_STREAM_DESTROYED", "Cannot call write after a stream was destroyed");
    if (done) process.nextTick(done, error);
    if (this.finished && this.listenerCount("error") > 0) process.nextTick(() => this.emit("error", error));
    return false;
  }
  if (!this._header) this._implicitHeader();
  const hasRoom = this[delivery].write(bytes);
  if (done) process.nextTick(done, null);
  return hasRoom;
}

function end(
  this: CallResponse,
  chunk?: Chunk | Callback,
  encoding?: BufferEncoding | Callback,
  callback?: Callback,
): CallResponse {
  const done = [chunk, encoding, callback].find((one): one is Callback => typeof one === "function");
  const data = typeof chunk === "function" ? undefined : chunk;
  if (this.finished) {
    const code = data ? "ERR_STREAM_WRITE_AFTER_END" : "ERR_STREAM_ALREADY_FINISHED";
    if (done) process.nextTick(done, codedError(code, "the response has ended already"));
    return this;
  }
  const bytes = data === undefined || data === null ? undefined : bytesOf(data, encoding as BufferEncoding | undefined);
  if (done) this.once("finish", done);
  if (!this._header) this._implicitHeader();
  const of = this[delivery];
  this.finished = true;
  if (this.destroyed) return this;
  if (bytes && bytes.length > 0 && this._hasBody) of.body.write(bytes);
  of.end();
  return this;
}

function flushHeaders(this: CallResponse): void {
  if (!this._header) this._implicitHeader();
  this[delivery].flushSoon();
}

function destroy(this: CallResponse, error?: Error): CallResponse {
  if (this.destroyed) return this;
  this.destroyed = true;
  this[delivery].breakOff(error ?? new Error("the application has broken off its response"));
  return this;
}

/** 1xx responses are the server's: it sends 100 Continue when the body is first read. */
function nothing(): void {}

function bytesOf(chunk: Chunk, encoding: BufferEncoding | undefined): Buffer {
  if (typeof chunk === "string") return Buffer.from(chunk, encoding ?? "utf8");
  if (Buffer.isBuffer(chunk)) return chunk;
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk === null || chunk === undefined) {
    throw codedError("ERR_STREAM_NULL_VALUES", "May not write null values to stream");
  }
  const message = 'The "chunk" argument must be of type string or an instance of Buffer or Uint8Array';
  throw Object.assign(new TypeError(message), { code: "ERR_INVALID_ARG_TYPE" });
}

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function codedRangeError(code: string, message: string): RangeError {
  return Object.assign(new RangeError(message), { code });
}
