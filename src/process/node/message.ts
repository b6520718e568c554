// A call → the IncomingMessage that node:http would make of it.
import { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { NodeCall } from "./call.js";

/** The message with what is ours about it. Frameworks put other prototypes under it: what matters are own properties. */
export interface CallMessage extends IncomingMessage {
  /** As the parser of node:http hands fields over: taken apart when they are asked for. */
  _addHeaderLines(rawHeaders: string[], count: number): void;
  originalUrl: string;
  baseUrl: string;
  [source]: Source;
}

const source = Symbol("source");

/** Where the body comes from: asked for when the application first reads. */
interface Source {
  readonly call: NodeCall;
  stream: Readable | undefined;
}

/**
 * Makes the message. `url` is what is below the mount; `originalUrl` the target of the request line and `baseUrl` the
 * mount, which is where Express looks for them. `socket` is what the application sees of the connection.
 */
export function incomingMessage(call: NodeCall, socket: unknown = call.socket): CallMessage {
  // It asks its socket for a high water mark and for addresses; frameworks ask for no more than ClientSocket has.
  const message = new IncomingMessage(socket as Socket) as CallMessage;
  message[source] = { call, stream: undefined };
  message._read = read;
  message._destroy = destroy;
  message.method = call.method;
  message.url = call.url;
  message.originalUrl = call.originalUrl;
  message.baseUrl = call.mount;
  // What tells parsers of bodies that there is one.
  if (call.body.length === undefined && !isChunked(call)) call.rawHeaders.push("Transfer-Encoding", "chunked");
  message._addHeaderLines(call.rawHeaders, call.rawHeaders.length);
  const { protocol } = call;
  message.httpVersion = protocol === "HTTP/1.1" ? "1.1" : protocol.slice(5) || "1.1";
  message.httpVersionMajor = protocol === "HTTP/2.0" ? 2 : 1;
  message.httpVersionMinor = protocol === "HTTP/1.0" || protocol === "HTTP/2.0" ? 0 : 1;
  return message;
}

function isChunked({ rawHeaders }: NodeCall): boolean {
  return rawHeaders.some((name, i) => i % 2 === 0 && name.toLowerCase() === "transfer-encoding");
}

/** Tells the application that the client is gone. */
export function abortMessage(message: CallMessage): void {
  if (message.destroyed || message.complete) return;
  message.aborted = true;
  message.emit("aborted");
  const error: NodeJS.ErrnoException = new Error("aborted");
  error.code = "ECONNRESET";
  message.destroy(message.listenerCount("error") > 0 ? error : undefined);
}

function read(this: CallMessage): void {
  const from = this[source];
  // As IncomingMessage does when it is first read.
  (this as unknown as { _readableState: { readingMore: boolean } })._readableState.readingMore = false;
  if (from.stream) {
    from.stream.resume();
    return;
  }
  const { body } = from.call;
  if (body.length === 0 || body.arrived) {
    this.complete = true;
    if (body.arrived && body.arrived.length > 0) this.push(body.arrived);
    this.push(null);
    return;
  }
  const stream = body.stream();
  from.stream = stream;
  stream.on("data", (chunk: Buffer) => {
    if (!this.push(chunk)) stream.pause();
  });
  stream.on("end", () => {
    this.complete = true;
    this.push(null);
  });
  stream.on("error", (error) => {
    if (!this.destroyed) this.destroy(this.listenerCount("error") > 0 ? error : undefined);
  });
}

function destroy(this: CallMessage, error: Error | null, done: (error?: Error | null) => void): void {
  const { stream } = this[source];
  if (stream && !stream.destroyed && !stream.readableEnded) stream.destroy();
  // Later than a stream does it: "error" without a listener would bring the process down.
  process.nextTick(done, error && this.listenerCount("error") > 0 ? error : null);
}
