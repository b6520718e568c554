// A plain passage (no TLS, no change of protocols, its body at hand) → the same exchange through undici, whose client costs half of node:http's.
import { createRequire } from "node:module";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import type { Client, Dispatcher } from "undici";
import { ProxyError } from "../../api/index.js";
import { addFraming, expectsContinue } from "./fields.js";
import { idempotent, leavePatience, mostHeadBytes, mostIdle } from "./limits.js";
import type { Passage } from "./passage.js";
import type { Address } from "./target.js";

/** Milliseconds between looks at what runs. */
const lookPeriod = 1000;
/** undici closes the connection after an answer to HEAD, and what answers TRACE tells how it writes fields. */
const plainMethods = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

const require = createRequire(import.meta.url);

/** The library, from the first use on: it takes a tenth of a second to load, which only those wait for who proxy. */
function undici(): typeof import("undici") {
  return require("undici") as typeof import("undici");
}

/** Whether the short way will do: nothing is asked for that only `send` has. */
export function isPlain(passage: Passage): boolean {
  const { parameters, settings, tls, upgrade, body, whole, request } = passage;
  const { max, connectTimeout, ping, keepAlive, reuse = true } = parameters;
  return (
    plainMethods.has(passage.method) &&
    tls === undefined &&
    upgrade === undefined &&
    (body === undefined || whole !== undefined) &&
    reuse &&
    max === undefined &&
    connectTimeout === undefined &&
    ping === undefined &&
    keepAlive !== true &&
    settings.sourceAddress === undefined &&
    !passage.isRetry &&
    !expectsContinue(passage) &&
    !request.environment.has("proxy-nokeepalive") &&
    !request.environment.has("proxy-initial-not-pooled")
  );
}

/** A client of undici's with its one connection. */
interface Line {
  readonly client: Client;
  socket: Socket | undefined;
  /** It has brought a response: the back end may close it while the next request is under way. */
  hasServed: boolean;
  /** Why the connection broke. undici takes a reset for the end of a body without a length. */
  fault: Error | undefined;
}

/** Connections to one address, with the exchanges that run over them. */
export class DispatchPool {
  readonly #idle: Line[] = [];
  readonly #running = new Set<Exchange>();
  readonly #address: Pick<Address, "host" | "port" | "socketPath">;
  readonly #origin: string;
  readonly #idleTime: number;
  #look: NodeJS.Timeout | undefined;

  constructor(address: Address, defaultPort: number, idleTime: number) {
    const { host, port = defaultPort } = address;
    this.#address = address;
    this.#origin = `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
    this.#idleTime = idleTime;
  }

  /** Sends a passage; `again` does so another way, once, where the connection turns out to have been closed meanwhile. */
  send(passage: Passage, again: () => void): void {
    const { path, method, whole, timeout } = passage;
    const line = this.#idle.pop() ?? this.#open(timeout);
    const exchange = new Exchange(passage, line, { again, over: (isFree) => this.#over(exchange, line, isFree) });
    this.#running.add(exchange);
    this.#look ??= setInterval(() => this.#lookAfter(), lookPeriod).unref();
    const fields = passage.fields.copy();
    addFraming(fields, passage, true);
    const flat: string[] = [];
    fields.forEach((name, value, key) => {
      // undici says itself that the connection is to be kept.
      if (key !== "connection") flat.push(name, value);
    });
    exchange.sent = whole?.length ?? 0;
    for (const text of flat) exchange.sent += text.length + 2;
    line.client.dispatch(
      {
        ...{ path, method, headers: flat },
        ...{ headersTimeout: timeout, bodyTimeout: timeout },
        ...(whole ? { body: whole } : {}),
      },
      exchange,
    );
  }

  /** Closes the connections that idle. */
  close(): void {
    for (const { client } of this.#idle.splice(0)) void client.destroy();
  }

  #open(timeout: number): Line {
    const { socketPath } = this.#address;
    const { buildConnector, Client } = undici();
    const connect = buildConnector({ timeout, ...(socketPath === undefined ? {} : { socketPath }) });
    const client = new Client(this.#origin, {
      pipelining: 1,
      keepAliveTimeout: this.#idleTime,
      keepAliveMaxTimeout: this.#idleTime,
      maxHeaderSize: mostHeadBytes,
      connect: (options, callback) => {
        connect(options, (error: Error | null, socket: Socket | null) => {
          if (!socket) return callback(error ?? new Error("there is no connection"), null);
          line.socket = socket;
          line.fault = undefined;
          socket.on("error", (fault) => (line.fault = fault));
          callback(null, socket);
        });
      },
    });
    const line: Line = { client, socket: undefined, hasServed: false, fault: undefined };
    // One that idles and whose connection was closed is not connected anew: the next request opens one of its own.
    client.on("disconnect", () => {
      const at = this.#idle.indexOf(line);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      void client.destroy();
    });
    return line;
  }

  /** The connection may serve another request, unless it is closed: that shows when its last one has wholly ended. */
  #keep(line: Line): void {
    if (line.socket?.destroyed === false && this.#idle.length < mostIdle) this.#idle.push(line);
    else void line.client.destroy();
  }

  #over(exchange: Exchange, line: Line, isFree: boolean): void {
    this.#running.delete(exchange);
    if (isFree) setImmediate(() => this.#keep(line));
    else void line.client.destroy();
    if (this.#running.size > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }

  #lookAfter(): void {
    for (const exchange of this.#running) exchange.look();
  }
}

/** What follows of an exchange. */
interface Consequences {
  /** It is to be tried once more. */
  again(): void;
  /** Nothing moves any more; `isFree`: the connection may serve another. */
  over(isFree: boolean): void;
}

/** One exchange; also what undici tells of it. */
class Exchange implements Dispatcher.DispatchHandler {
  sent = 0;
  readonly #passage: Passage;
  readonly #line: Line;
  readonly #then: Consequences;
  #controller: Dispatcher.DispatchController | undefined;
  #answer: DispatchAnswer | undefined;
  #read = 0;
  #quietSince = performance.now();
  #isSettled = false;

  constructor(passage: Passage, line: Line, then: Consequences) {
    this.#passage = passage;
    this.#line = line;
    this.#then = then;
    passage.request.connection.signal.addEventListener("abort", this.#clientLeft);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#passage.request.connection.signal.aborted) this.#clientLeft();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _fields: unknown, reason?: string): void {
    this.#quietSince = performance.now();
    if (status < 200) return;
    const fields = texts(controller.rawHeaders);
    for (const text of fields) this.#read += text.length + 2;
    this.#answer = new DispatchAnswer(status, reason ?? "", fields, controller);
    this.#settle();
    this.#passage.answered(this.#answer);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#quietSince = performance.now();
    this.#read += chunk.length;
    this.#answer?.bring(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { fault } = this.#line;
    if (fault) return this.onResponseError(controller, fault);
    this.#answer?.finish(texts(controller.rawTrailers));
    this.#line.hasServed = true;
    this.#over(true);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const answer = this.#answer;
    if (answer) {
      if (!answer.destroyed) {
        this.#passage.request.log("error", "proxy_http", `AH01110: error reading response: ${error.message}`);
        answer.destroy(error);
      }
      return this.#over(false);
    }
    if (this.#isSettled) return;
    this.#settle();
    if (this.#mayRepeat(error)) {
      this.#passage.isRetry = true;
      this.#then.over(false);
      return this.#then.again();
    }
    this.#passage.failed(faultOf(error));
    this.#over(false);
  }

  /** A client that has ended its side, and whose back end says nothing though it is listened to, has gone. */
  look(): void {
    if (this.#controller?.paused === true) this.#quietSince = performance.now();
    const { connection } = this.#passage.request;
    if (connection.hasEnded === true && performance.now() - this.#quietSince >= leavePatience) this.#clientLeft();
  }

  readonly #clientLeft = (): void => {
    const gone = new ProxyError("response", "the client has gone");
    if (this.#answer) this.#answer.destroy(gone);
    else this.#controller?.abort(gone);
  };

  /** Whether a pooled connection was closed by the back end before it could read the request. */
  #mayRepeat(error: Error): boolean {
    const { code = "", syscall } = error as NodeJS.ErrnoException;
    const isClosed = ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"].includes(code);
    return this.#line.hasServed && isClosed && (idempotent.has(this.#passage.method) || syscall === "write");
  }

  #over(isFree: boolean): void {
    this.#settle();
    this.#then.over(isFree);
    this.#passage.over(this.sent, this.#read);
  }

  #settle(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#passage.request.connection.signal.removeEventListener("abort", this.#clientLeft);
  }
}

/** The response, read as one of node:http is. */
export class DispatchAnswer extends Readable {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly rawHeaders: string[];
  rawTrailers: string[] = [];
  complete = false;
  readonly #controller: Dispatcher.DispatchController;

  constructor(status: number, reason: string, fields: string[], controller: Dispatcher.DispatchController) {
    super();
    this.statusCode = status;
    this.statusMessage = reason;
    this.rawHeaders = fields;
    this.#controller = controller;
  }

  bring(chunk: Buffer): void {
    if (!this.push(chunk)) this.#controller.pause();
  }

  finish(trailers: string[]): void {
    this.rawTrailers = trailers;
    this.complete = true;
    this.push(null);
  }

  override _read(): void {
    if (this.#controller.paused) this.#controller.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.complete && !this.#controller.aborted)
      this.#controller.abort(error ?? new ProxyError("response", "nobody reads it"));
    done(error);
  }
}

function texts(raw: Dispatcher.DispatchController["rawHeaders"]): string[] {
  return Array.isArray(raw) ? raw.map((item) => (typeof item === "string" ? item : item.toString("latin1"))) : [];
}

/** undici's errors in the words that failures are known by. */
function faultOf(error: Error): Error {
  // Those of its parser have no code, which node:http's have.
  if (error.name === "HTTPParserError") return Object.assign(new Error(error.message), { code: "HPE_INVALID" });
  switch ((error as NodeJS.ErrnoException).code) {
    case "UND_ERR_CONNECT_TIMEOUT":
      return new ProxyError("connect", "the back end did not accept the connection in time");
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return new ProxyError("response", "The timeout specified has expired");
    case "UND_ERR_HEADERS_OVERFLOW":
      return Object.assign(new Error(error.message), { code: "HPE_HEADER_OVERFLOW" });
    case "UND_ERR_SOCKET":
      return new ProxyError("response", "the connection was closed");
    default:
      return error;
  }
}
