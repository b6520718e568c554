// A stream → the exchange the pipeline answers, and its answer on the stream.
import { constants, type ServerHttp2Stream } from "node:http2";
import { Duplex } from "node:stream";
import {
  dropBody,
  Headers,
  isParts,
  RequestBodyError,
  type RequestBody,
  type Response,
  type Tunnel,
  type VirtualHost,
} from "../../api/index.js";
import { errorPage } from "../error-page.js";
import type { Exchange, Fault, Sent, Transmission } from "../exchange.js";
import { noBody } from "../http1/body.js";
import { now } from "../http1/clock.js";
import type { Head } from "../http1/head.js";
import { partsOf, planResponse, type Plan } from "../http1/respond.js";
import { PartsSender, type BodySender, type OnWritten, type Outlet } from "../http1/send-parts.js";
import { StreamSender } from "../http1/send-stream.js";
import { SentRecord } from "../http1/sent.js";
import { responseFields, trailingFields } from "./response-fields.js";
import { StreamBody, type BodyWatch } from "./stream-body.js";
import { StreamConnection, type CommonConnection } from "./stream-connection.js";

/** The connection a stream belongs to. */
export interface StreamOwner extends CommonConnection {
  /** The coarse clock of all deadlines. */
  readonly tick: number;
  /** Milliseconds a stream may stand still, where that is not what Timeout says. */
  readonly streamTimeout: number | undefined;
  /** The tick at which so many milliseconds from now are over. */
  deadline(milliseconds: number): number;
  /** The tick at which a body is overdue that was begun to be read at a tick, and of which so many bytes have come. */
  bodyDeadline(since: number, bytes: number): number;
  /** An exchange is over: what it sent is about to be reported. */
  answered(exchange: StreamExchange, bytesOut: number): void;
}

/** What a stream brought. */
export interface Arrival {
  readonly head: Head;
  /** Requests of the connection before this one. */
  readonly keepalives: number;
  /** No data follow the head. */
  readonly isWhole: boolean;
}

/** One request and its answer. */
export class StreamExchange implements Exchange, Outlet, BodyWatch {
  readonly connection: StreamConnection;
  readonly startTime = now();
  readonly head: Head;
  readonly incoming: StreamBody | undefined;
  declare virtualHost?: VirtualHost;
  readonly #owner: StreamOwner;
  readonly #stream: ServerHttp2Stream;
  #transmission: Transmission | undefined;
  #done: ((sent: Sent) => void) | undefined;
  #sent = { status: 0, head: "" };
  #sender: BodySender | undefined;
  #bodyBytes = 0;
  #isClosed = false;
  /** Milliseconds the answer may stand still. */
  #patience = 0;
  /** Tick of the last movement of the answer, while it is on its way. */
  #movedAt: number | undefined;
  /** Tick at which the body began to be read. */
  #readingSince: number | undefined;
  #bodyDeadline = Infinity;
  /** What the client is joined with, by CONNECT. */
  #joined: Duplex | undefined;

  constructor(owner: StreamOwner, stream: ServerHttp2Stream, { head, keepalives, isWhole }: Arrival) {
    this.#owner = owner;
    this.#stream = stream;
    this.connection = new StreamConnection(owner, stream, keepalives);
    this.head = head;
    if (!isWhole) {
      const { contentLength: length, expectsContinue } = head;
      this.incoming = new StreamBody(stream, { watch: this, length, expectsContinue });
    }
    stream.on("error", () => undefined);
    stream.on("close", this.#closed);
  }

  get method(): string {
    return this.head.method;
  }

  get target(): string {
    return this.head.target;
  }

  get protocol(): string {
    return this.head.protocol;
  }

  get requestLine(): string {
    return this.head.requestLine;
  }

  get headers(): Headers {
    return this.head.headers;
  }

  get fault(): Fault | undefined {
    return this.head.fault;
  }

  get body(): RequestBody {
    return this.incoming ?? noBody;
  }

  limitBody(bytes: number): void {
    if (this.incoming) this.incoming.limit = bytes;
  }

  mergeTrailers(): void {
    this.incoming?.mergeTrailers(this.headers);
  }

  send(response: Response, transmission: Transmission, done: (sent: Sent) => void): void {
    if (this.#transmission) throw new TypeError("an exchange is answered once");
    this.#transmission = transmission;
    this.#done = done;
    this.#sent = { status: response.status, head: "" };
    if (this.#isClosed || this.#stream.destroyed) {
      dropBody(response.body);
      this.#report("X");
      return;
    }
    this.#movedAt = this.#owner.tick;
    this.#patience = this.#owner.streamTimeout ?? response.writeTimeout ?? transmission.timeout;
    if (this.#sendPlanned(response)) return;
    dropBody(response.body);
    if (this.#stream.headersSent || !this.#sendPlanned(this.#failure())) this.bodySent(false);
  }

  /** Ends the stream at once. */
  cut(): void {
    if (!this.#stream.destroyed) this.#breakOff();
  }

  /** Looks whether something takes too long. */
  checkDeadlines(tick: number): void {
    if (this.#movedAt !== undefined && tick - this.#movedAt > this.#owner.deadline(this.#patience) - tick)
      return this.cut();
    if (tick >= this.#bodyDeadline) {
      this.incoming?.fail(new RequestBodyError(408, "the request body did not arrive in time"));
    }
  }

  wantBytes(): void {
    if (this.#joined) return;
    this.#readingSince ??= this.#owner.tick;
    this.tookBytes();
  }

  tookBytes(): void {
    if (this.#joined) this.#movedAt = this.#owner.tick;
    if (this.#readingSince === undefined) return;
    this.#bodyDeadline = this.#owner.bodyDeadline(this.#readingSince, this.incoming?.received ?? 0);
  }

  pauseBytes(): void {
    this.#bodyDeadline = Infinity;
  }

  get isFlushed(): boolean {
    return this.#stream.writableLength === 0;
  }

  write(data: Buffer | string, sent?: OnWritten): boolean {
    this.#movedAt = this.#owner.tick;
    return this.#stream.write(data, "latin1", sent);
  }

  bodySent(isWhole: boolean): void {
    this.#bodyBytes = this.#sender?.bodyBytes ?? this.#bodyBytes;
    this.#sender = undefined;
    if (this.#stream.destroyed) return;
    if (isWhole) this.#stream.end();
    else this.#breakOff();
  }

  gather(): void {
    // What is written in one turn leaves as one anyway.
  }

  /** Resets the stream, so that what has been sent does not look whole; `close` would end it first. */
  #breakOff(): void {
    this.#stream.destroy(new Error("the response broke off"));
  }

  /** False when the response cannot be sent as it is: nothing has been sent then. */
  #sendPlanned(response: Response): boolean {
    const transmission = this.#transmission;
    // What is made for a connection of its own does not go on one of many streams.
    if (!transmission || response.raw) return false;
    if (response.tunnel) return this.#openTunnel(response.body, response.tunnel, transmission.server);
    const plan = planResponse(this.head, response, {
      transmission,
      keepalives: 0,
      isLeaving: false,
      isBodyLost: false,
      isBodyRefused: false,
      awaitsContinue: false,
    });
    if (plan.text === undefined) return false;
    this.#sent = { status: response.status, head: plan.text };
    if (plan.body !== response.body) dropBody(response.body);
    try {
      this.#respond(response, plan);
      return true;
    } catch {
      return false;
    }
  }

  #respond({ status, trailers }: Response, { text = "", body, length }: Plan): void {
    const stream = this.#stream;
    const parts = body === undefined ? undefined : partsOf(body);
    // It opens the file: before anything is said of it.
    const files = parts && isParts(parts) && !Buffer.isBuffer(body) ? new PartsSender(this, parts) : undefined;
    stream.on("drain", this.#drained);
    stream.on("finish", this.#finished);
    const endStream = parts === undefined;
    const waitForTrailers = !endStream && trailers !== undefined;
    if (waitForTrailers) stream.on("wantTrailers", () => stream.sendTrailers(trailingFields(trailers())));
    stream.respond(responseFields(status, text), { endStream, waitForTrailers });
    if (endStream) return;
    if (Buffer.isBuffer(body)) {
      this.#bodyBytes = body.length;
      stream.end(body);
      return;
    }
    this.#sender =
      files ?? (isParts(parts) ? undefined : new StreamSender(this, parts, { delimiting: "length", length }));
    this.#sender?.start();
  }

  /** Joins a client that has sent CONNECT with a stream, which does not answer itself; false where that cannot be. */
  #openTunnel(joined: Response["body"], { idleTimeout, isAnswer }: Tunnel, server: string): boolean {
    if (this.head.method !== "CONNECT" || isAnswer || !(joined instanceof Duplex)) return false;
    const stream = this.#stream;
    this.#joined = joined;
    if (idleTimeout !== undefined) this.#patience = idleTimeout === 0 ? Infinity : idleTimeout;
    stream.on("drain", this.#drained);
    stream.on("finish", this.#finished);
    stream.respond({ ":status": 200, "proxy-agent": server });
    this.#sender = new StreamSender(this, joined, { delimiting: "close", length: undefined });
    this.#sender.start();
    joined.on("error", () => undefined);
    this.limitBody(0);
    if (this.incoming) this.incoming.stream().pipe(joined);
    else joined.end();
    return true;
  }

  readonly #drained = (): void => {
    this.#movedAt = this.#owner.tick;
    this.#sender?.resume();
  };

  /** All of the answer has left. */
  readonly #finished = (): void => {
    // The client may still have something to say.
    if (this.#joined) return;
    this.#movedAt = undefined;
    if (this.#sender) return;
    this.#report("-");
    const stream = this.#stream;
    // A client that still sends what nobody reads is told so, now that it has its answer (RFC 9113 section 8.1).
    if (this.incoming && !this.incoming.isComplete) {
      this.incoming.fail(new RequestBodyError(400, "the response was sent before the body was read"));
      if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
    } else if (!stream.readableEnded) stream.resume();
  };

  readonly #closed = (): void => {
    this.#isClosed = true;
    this.#movedAt = undefined;
    this.#joined?.destroy();
    this.connection.leave(!this.#transmission || this.#done !== undefined);
    this.incoming?.fail(new RequestBodyError(400, "the client has gone"));
    const sender = this.#sender;
    this.#sender = undefined;
    if (sender) {
      this.#bodyBytes = sender.bodyBytes;
      sender.cancel();
    }
    if (!this.#done) return;
    // Node closes a stream whose end has been sent, now and then before it says that it has finished.
    const { writableEnded, rstCode } = this.#stream;
    this.#report(writableEnded && rstCode === constants.NGHTTP2_NO_ERROR && !sender ? "-" : "X");
  };

  /** Tells whoever logs what was sent. */
  #report(connectionState: "X" | "-"): void {
    const done = this.#done;
    if (!done) return;
    this.#done = undefined;
    const { status, head } = this.#sent;
    // As Apache: what went through a tunnel is no body. It counts among all bytes.
    const bodyBytes = this.#joined ? 0 : this.#bodyBytes;
    const bytesOut = head.length + this.#bodyBytes;
    const bytesIn = this.head.length + (this.incoming?.received ?? 0);
    this.#owner.answered(this, bytesOut);
    done(new SentRecord({ status, bodyBytes, bytesIn, bytesOut, connectionState }, head));
  }

  /** The 500 in the place of a response that cannot be sent. */
  #failure(): Response {
    const page =
      this.#transmission?.failurePage?.() ??
      errorPage({ status: 500, method: this.method, serverAdmin: "[no address given]" });
    return { status: 500, headers: new Headers([["Content-Type", "text/html; charset=iso-8859-1"]]), body: page };
  }
}
