// A socket that speaks HTTP/2 → exchanges, many at a time: bounded, timed, and drained without losing one.
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { allowedTime, type AnnouncedClient, type ConnectionReport, type TlsConnection } from "../../api/index.js";
import type { Http2Limits, WireLimits } from "../exchange.js";
import { connectionId } from "../http1/connection.js";
import { now } from "../http1/clock.js";
import type { ServedConnection, ServerState } from "../http1/server-state.js";
import type { Opened } from "../tls.js";
import { GivenUpRequests, resets } from "./given-up-requests.js";
import { readStreamHead } from "./read-stream-head.js";
import { StreamExchange, type StreamOwner } from "./stream-exchange.js";

/** Bytes of the fields of one request, and fields beyond LimitRequestFields that are read so that it can be refused. */
const mostFieldBytes = 131_072;
const fieldsBeyond = 104;
/** Fields where LimitRequestFields is off. */
const mostFields = 10_000;
/** Milliseconds a client may take to end a connection after it has been told to. */
const farewell = 5_000;
/** Stands for "any": a stream that is opened now is still served. */
const lastStream = 2 ** 31 - 1;

/** The connection of one client. */
export class Http2Connection implements ServedConnection, StreamOwner {
  readonly id = connectionId();
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly announced: AnnouncedClient | undefined;
  readonly secure: boolean;
  readonly tls: TlsConnection | undefined;
  readonly #socket: Socket;
  readonly #state: ServerState;
  readonly #limits: WireLimits;
  readonly #http2: Http2Limits;
  readonly #session: ServerHttp2Session;
  /** Requests in work: also those whose stream the client has given up. */
  readonly #exchanges = new Set<StreamExchange>();
  /** Streams that are open. */
  #streams = 0;
  #givenUp: GivenUpRequests | undefined;
  #keepalives = 0;
  #bytes = 0;
  /** Tick at which it has been idle for too long. */
  #deadline: number;
  #leaving: "not" | "told" | "closing" = "not";

  constructor(
    { socket, ends, announced, tls }: Opened,
    state: ServerState,
    { limits, http2 }: { limits: WireLimits; http2: Http2Limits },
  ) {
    this.#socket = socket;
    this.#state = state;
    this.#limits = limits;
    this.#http2 = http2;
    this.tls = tls;
    this.secure = tls !== undefined;
    this.announced = announced;
    this.remoteAddress = ends.remoteAddress;
    this.remotePort = ends.remotePort;
    this.localAddress = ends.localAddress;
    this.localPort = ends.localPort;
    this.#deadline = state.deadline(limits.timeout);
    // Whoever ends the connection has no answers to wait for.
    socket.allowHalfOpen = false;
    socket.on("error", () => undefined);
    this.#session = performServerHandshake(socket, sessionOptions(limits, http2));
    nameFaults(this.#session);
    this.#session.on("stream", this.#begin);
    this.#session.on("error", (error: Error) => this.#note(error));
    this.#session.on("close", this.#closed);
    if (socket.destroyed) this.#session.destroy();
    else if (http2.modernTlsOnly && tls && !isModern(tls)) this.#session.goaway(constants.NGHTTP2_INADEQUATE_SECURITY);
  }

  get tick(): number {
    return this.#state.tick;
  }

  get streamTimeout(): number | undefined {
    return this.#http2.streamTimeout;
  }

  /** Streams do not change protocols. */
  readonly isUpgraded = false;

  get state(): ConnectionReport["state"] {
    if (this.#exchanges.size > 0) return "working";
    if (this.#leaving === "closing") return "closing";
    return this.#keepalives > 0 ? "kept" : "reading";
  }

  report(): ConnectionReport {
    const [exchange] = this.#exchanges;
    const host = exchange?.virtualHost;
    return {
      state: this.state,
      client: this.announced?.address ?? this.remoteAddress,
      requests: this.#keepalives,
      bytes: this.#bytes,
      requestLine: exchange?.requestLine ?? "",
      host: host ? `${host.serverName}:${this.localPort}` : "",
      startedAt: exchange?.startTime ?? 0,
    };
  }

  cut(): void {
    this.#session.destroy();
    this.#socket.destroy();
  }

  giveWay(): boolean {
    if (this.#streams > 0 || this.#exchanges.size > 0 || this.#keepalives === 0) return false;
    this.#close();
    return true;
  }

  checkDeadlines(tick: number): void {
    for (const exchange of this.#exchanges) exchange.checkDeadlines(tick);
    if (this.#state.isDraining && this.#leaving === "not") this.#leave();
    if (this.#streams > 0 || tick < this.#deadline) return;
    if (this.#leaving === "closing") this.cut();
    else this.#close();
  }

  deadline(milliseconds: number): number {
    return this.#state.deadline(milliseconds);
  }

  bodyDeadline(since: number, bytes: number): number {
    const silent = this.#state.deadline(this.#limits.timeout);
    const { reading } = this.#limits;
    if (!reading) return silent;
    return Math.min(silent, this.#state.deadline(allowedTime(reading.body, bytes)) - this.#state.tick + since);
  }

  answered(exchange: StreamExchange, bytesOut: number): void {
    this.#exchanges.delete(exchange);
    this.#keepalives++;
    this.#bytes += bytesOut;
    this.#state.active--;
    this.#state.requests++;
    this.#state.bytes += bytesOut;
    this.#state.milliseconds += now() - exchange.startTime;
  }

  readonly #begin = (stream: ServerHttp2Stream, _fields: unknown, flags: number, raw: readonly string[] = []): void => {
    this.#streams++;
    stream.on("close", () => this.#streamClosed(stream.rstCode));
    // A client that gives its requests up may not have more in work than one that waits for them.
    if (this.#exchanges.size >= this.#http2.maxStreams) {
      stream.on("error", () => undefined);
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return;
    }
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const head = readStreamHead(raw, this.#limits, isWhole);
    const exchange = new StreamExchange(this, stream, { head, keepalives: this.#keepalives, isWhole });
    this.#exchanges.add(exchange);
    this.#state.active++;
    try {
      this.#state.handler.handle(exchange);
    } catch (error) {
      // Nobody will answer it any more.
      this.cut();
      throw error;
    }
  };

  #streamClosed(code: number): void {
    this.#streams--;
    if (code === constants.NGHTTP2_CANCEL && (this.#givenUp ??= new GivenUpRequests()).isOneTooMany()) {
      this.#http2.ended("connection of HTTP/2 ended: Too many requests were given up by the client", this);
      // The library says GOAWAY, and would leave the connection to its client.
      this.cut();
    }
    if (this.#streams === 0) this.#deadline = this.#state.deadline(this.#limits.keepAliveTimeout);
  }

  /**
   * Tells the client that the next request belongs on another connection. What it has sent before it hears of this is still
   * served: the connection closes when the client has answered, so that no request is lost (RFC 9113 section 6.8). Twice, since
   * the first answer overtakes requests that wait to be written.
   */
  #leave(): void {
    this.#leaving = "told";
    if (this.#session.destroyed || this.#session.closed) return;
    this.#session.goaway(constants.NGHTTP2_NO_ERROR, lastStream);
    this.#session.ping(() => {
      if (this.#session.destroyed || !this.#session.ping(() => this.#close())) this.#close();
    });
    this.#deadline = this.#state.deadline(farewell);
  }

  /** Ends the connection when its streams have ended. */
  #close(): void {
    if (this.#leaving === "closing") return;
    this.#leaving = "closing";
    this.#deadline = this.#state.deadline(farewell);
    if (!this.#session.destroyed) this.#session.close();
  }

  /** Notes what a client did that ended its connection; that it went is no fault. */
  #note(error: NodeJS.ErrnoException): void {
    if (error.errno !== undefined && error.errno <= firstFault) {
      this.#http2.ended(`connection of HTTP/2 ended: ${error.message}`, this);
    }
  }

  readonly #closed = (): void => {
    this.#state.remove(this);
    if (!this.#socket.destroyed) this.#socket.destroySoon();
  };
}

/** Errors of the protocol's reader have this number and those below; those above are the system's. */
const firstFault = -500;

/** Errors of the protocol's reader, by nghttp2's numbers → what the client is told (RFC 9113 section 7). */
const faults: ReadonlyMap<number, number> = new Map([
  [-505, constants.NGHTTP2_PROTOCOL_ERROR],
  [-510, constants.NGHTTP2_STREAM_CLOSED],
  [-522, constants.NGHTTP2_FRAME_SIZE_ERROR],
  [-523, constants.NGHTTP2_COMPRESSION_ERROR],
  [-524, constants.NGHTTP2_FLOW_CONTROL_ERROR],
  [-904, constants.NGHTTP2_ENHANCE_YOUR_CALM],
]);

/** Has a session that ends by a client's fault say which; Node calls them all internal errors. */
function nameFaults(session: ServerHttp2Session): void {
  const destroy = session.destroy.bind(session);
  session.destroy = (error, code) => {
    const { errno } = (error ?? {}) as NodeJS.ErrnoException;
    destroy(error, code ?? (errno === undefined ? undefined : faults.get(errno)));
  };
}

function sessionOptions(limits: WireLimits, http2: Http2Limits): Parameters<typeof performServerHandshake>[1] {
  const most = {
    maxHeaderListPairs: (limits.fields || mostFields) + fieldsBeyond,
    maxSessionInvalidFrames: http2.maxStreamErrors,
    ...(http2.maxHeaderBlock === 0 ? {} : { maxSendHeaderBlockLength: http2.maxHeaderBlock }),
  };
  return {
    ...most,
    ...resets,
    // The name is an old one: lengths become multiples of eight.
    paddingStrategy: http2.pads ? constants.PADDING_STRATEGY_CALLBACK : constants.PADDING_STRATEGY_NONE,
    settings: {
      enablePush: false,
      initialWindowSize: http2.windowSize,
      maxConcurrentStreams: http2.maxStreams,
      maxHeaderListSize: mostFieldBytes,
    },
  };
}

/** Versions from 1.2 on, and there the ciphers that RFC 9113 (appendix A) leaves: forward secret, with authentication. */
function isModern({ socket }: TlsConnection): boolean {
  const version = socket.getProtocol();
  if (version === "TLSv1.3") return true;
  return version === "TLSv1.2" && /^(?:ECDHE|DHE)-.*(?:GCM|CHACHA20|CCM)/.test(socket.getCipher().name);
}
