// A socket → exchanges, one after another: kept alive, pipelined, timed, and ended when the client is gone.
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import {
  allowedTime,
  dropBody,
  Headers,
  RequestBodyError,
  type AnnouncedClient,
  type Connection,
  type ConnectionReport,
  type Ends,
  type Response,
  type TlsConnection,
} from "../../api/index.js";
import { errorPage } from "../error-page.js";
import type { Opened } from "../tls.js";
import type { Fault, Sent, Transmission, WireLimits } from "../exchange.js";
import { beginning, beginningOf, type Beginning } from "../http2/begin.js";
import { IncomingBody, type BodySource } from "./body.js";
import { now } from "./clock.js";
import { HeadFinder } from "./find-head.js";
import { ChunkFraming, LengthFraming } from "./framing.js";
import type { Head } from "./head.js";
import { HttpExchange } from "./http-exchange.js";
import { Input } from "./input.js";
import { newMemory } from "./read-head.js";
import { planResponse } from "./respond.js";
import { composeInterim } from "./response-head.js";
import { ResponseWriter } from "./response-writer.js";
import { SentRecord } from "./sent.js";
import type { ServedConnection, ServerState } from "./server-state.js";
import { Tunnel, type TunnelEnd } from "./tunnel.js";

/**
 * "idle": nothing of a request is there; "head": part of one; "work": a request is being answered; "tunnel": the
 * connection has changed protocols; "drain": answered, the rest of its body is dropped; "linger": closing, what still
 * comes is dropped so that the client sees the answer.
 */
type Phase = "idle" | "head" | "work" | "tunnel" | "drain" | "linger" | "closed";

/** Bytes read ahead of the request in work. */
const mostAhead = 65_536;
/** Milliseconds without a byte, and in all, and bytes, for which a closing connection still reads. */
const lingerPause = 2000;
const lingerTime = 30_000;
const lingerBytes = 32 * 1024 * 1024;

const plainOnTls: Fault = {
  status: 400,
  reason: "plain HTTP on a port for TLS",
  note:
    "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n" +
    " Instead use the HTTPS scheme to access this URL, please.<br />\n",
};

const processPart = process.pid.toString(36);
let connectionCount = 0;

/** A text that no other connection of this server start has. */
export function connectionId(): string {
  return `${processPart}-${(connectionCount++).toString(36)}`;
}

/** How an answer is to be sent and reported. */
interface Answering {
  readonly transmission: Transmission;
  readonly done: (sent: Sent) => void;
}

/** The connection of one client. */
export class ClientConnection implements Connection, BodySource, TunnelEnd, ServedConnection {
  readonly id = connectionId();
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly announced: AnnouncedClient | undefined;
  readonly secure: boolean;
  readonly tls: TlsConnection | undefined;
  keepalives = 0;
  readonly input = new Input();
  hasEnded = false;

  readonly #socket: Socket;
  readonly #ends: Ends;
  readonly #state: ServerState;
  readonly #limits: WireLimits;
  readonly #finder: HeadFinder;
  readonly #writer: ResponseWriter;
  /** The client speaks plain HTTP where TLS is spoken. */
  readonly #isMisled: boolean;
  /** Tells whether HTTP/2 begins: at the beginning of the connection, or behind a request that asked for it. */
  #beginning: ((bytes: Buffer) => Beginning) | undefined;
  #phase: Phase = "idle";
  /** Tick at which reading has taken too long. */
  #deadline: number;
  #lingerEnd = Infinity;
  #lingered = 0;
  /** When the part of a request being read began, and what had come by then. */
  #readingSince: { readonly tick: number; readonly bytes: number } | undefined;
  #isReading = false;
  #isPaused = false;
  #received = 0;

  // Of the exchange in work.
  #exchange: HttpExchange | undefined;
  #startTime = 0;
  #bytesInBefore = 0;
  #bytesOutBefore = 0;
  #done: ((sent: Sent) => void) | undefined;
  #answer: { status: number; head: string; keeps: boolean; closesHard: boolean; keepAliveTimeout: number } | undefined;
  #abort: AbortController | undefined;
  #tunnel: Tunnel | undefined;

  constructor({ socket, ends, announced, tls, isPlain }: Opened, state: ServerState, limits: WireLimits) {
    this.#socket = socket;
    this.tls = tls;
    this.#isMisled = isPlain;
    this.#state = state;
    this.#ends = ends;
    this.announced = announced;
    this.remoteAddress = ends.remoteAddress;
    this.remotePort = ends.remotePort;
    this.localAddress = ends.localAddress;
    this.localPort = ends.localPort;
    this.secure = tls !== undefined;
    this.#limits = limits;
    const { begins } = limits.http2 ?? {};
    if (!isPlain && (this.secure ? begins?.encrypted : begins?.plain)) this.#beginning = beginning;
    this.#finder = new HeadFinder({ limits: this.#limits, secure: this.secure, memory: newMemory() });
    this.#writer = new ResponseWriter(socket, state, this.#sent);
    this.#deadline = state.deadline(this.#limits.timeout);
    socket.on("data", this.#read);
    socket.on("end", this.#end);
    socket.on("error", () => undefined);
    socket.on("close", this.#closed);
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#phase === "closed") this.#abort.abort();
    }
    return this.#abort.signal;
  }

  /** What it is doing now. */
  report(): ConnectionReport {
    const exchange = this.state === "working" ? this.#exchange : undefined;
    const host = exchange?.virtualHost;
    return {
      state: this.state,
      client: this.announced?.address ?? this.remoteAddress,
      requests: this.keepalives,
      bytes: this.#writer.bytesOut,
      requestLine: exchange?.requestLine ?? "",
      host: host ? `${host.serverName}:${this.localPort}` : "",
      startedAt: exchange?.startTime ?? 0,
    };
  }

  /** Whether it has changed protocols. */
  get isUpgraded(): boolean {
    return this.#phase === "tunnel";
  }

  get state(): ConnectionReport["state"] {
    if (this.#phase === "work" || this.#phase === "tunnel" || this.#phase === "drain") return "working";
    if (this.#phase === "linger" || this.#phase === "closed") return "closing";
    return this.#phase === "idle" && this.keepalives > 0 ? "kept" : "reading";
  }

  /** Ends the connection at once. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Ends the connection if it is kept for a request that has not begun; whether it did. */
  giveWay(): boolean {
    if (this.#phase !== "idle" || this.keepalives === 0) return false;
    // The response before may still be held back.
    if (this.#writer.isFlushed) this.#socket.destroy();
    else this.#close();
    return true;
  }

  /** Looks whether something takes too long. */
  checkDeadlines(tick: number): void {
    const late = tick >= this.#deadline;
    switch (this.#phase) {
      case "idle":
        if (late) this.#socket.destroy();
        return;
      case "head":
        if (late) this.#giveUp({ status: 408, reason: "the request head did not arrive in time" });
        return;
      case "work":
        if (this.#writer.isOverdue(tick) || (this.hasEnded && this.#writer.isSilent(tick))) this.#socket.destroy();
        else if (late && this.#exchange?.incoming?.isWanted) {
          this.#exchange.incoming.fail(new RequestBodyError(408, "the request body did not arrive in time"));
        }
        return;
      case "tunnel":
        if (this.#writer.isOverdue(tick) || this.#tunnel?.isIdle(tick)) this.#socket.destroy();
        return;
      case "drain":
        if (late) this.#exchange?.incoming?.fail(new RequestBodyError(408, "the request body did not arrive in time"));
        return;
      case "linger":
        if (late || tick >= this.#lingerEnd) this.#socket.destroy();
        return;
      case "closed":
    }
  }

  wantBytes(): void {
    this.#readingSince ??= { tick: this.#state.tick, bytes: this.#received };
    this.#deadline = this.#readDeadline("body");
    if (this.#isPaused) this.#resume();
  }

  pauseBytes(): void {
    this.#deadline = Infinity;
  }

  sendContinue(): void {
    if (this.#phase === "work" && !this.#answer) this.#writer.write("HTTP/1.1 100 Continue\r\n\r\n");
  }

  inform(status: number, headers: Headers): void {
    if (this.#phase !== "work" || this.#answer || this.#exchange?.head.version !== 11) return;
    const text = composeInterim(status, headers);
    if (text !== undefined) this.#writer.write(text);
  }

  /** Sends the answer of the exchange in work. */
  answer(exchange: HttpExchange, response: Response, { transmission, done }: Answering): void {
    if (exchange !== this.#exchange || this.#done) throw new TypeError("an exchange is answered once");
    this.#done = done;
    this.#answer = { status: response.status, head: "", keeps: false, closesHard: false, keepAliveTimeout: 0 };
    if (this.#phase === "closed") {
      dropBody(response.body);
      this.#report("X", 0);
      return;
    }
    if (exchange.fault?.status === 408 && exchange.requestLine === "") {
      // Apache does not answer half a request line; it only logs it.
      dropBody(response.body);
      this.#report("-", 0);
      this.#close();
      return;
    }
    this.#writer.timeout = response.writeTimeout ?? transmission.timeout;
    if (response.becomes) return this.#switchProtocols(exchange, transmission);
    if (!this.#sendPlanned(exchange, response, transmission)) {
      dropBody(response.body);
      this.#sendPlanned(exchange, failure(exchange, transmission), transmission);
    }
  }

  /** Says that HTTP/2 is spoken from now on, and waits for the client to begin. */
  #switchProtocols({ head }: HttpExchange, { keepAliveTimeout }: Transmission): void {
    const text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n";
    this.#answer = { status: 101, head: text, keeps: true, closesHard: false, keepAliveTimeout };
    this.#beginning = beginningOf(head);
    this.#writer.send({ text, body: undefined, length: undefined, delimiting: "none", keeps: true });
  }

  /** False when the response cannot be sent as it is: nothing has been written then. */
  #sendPlanned(exchange: HttpExchange, response: Response, transmission: Transmission): boolean {
    const { incoming, head } = exchange;
    const plan = planResponse(head, response, {
      transmission,
      keepalives: this.keepalives,
      isLeaving: this.#state.isDraining || this.#state.isCrowded,
      isBodyLost: incoming?.error !== undefined,
      isBodyRefused: incoming?.isRefused === true,
      awaitsContinue: head.expectsContinue && incoming?.awaitsContinue !== false,
    });
    if (plan.text === undefined) return false;
    this.#answer = {
      status: response.status,
      head: plan.text,
      keeps: plan.keeps,
      closesHard: plan.delimiting === "close",
      keepAliveTimeout: transmission.keepAliveTimeout,
    };
    if (plan.body !== response.body) dropBody(response.body);
    if (response.tunnel && response.body instanceof Duplex) {
      this.#openTunnel(response.body, response.tunnel.idleTimeout ?? transmission.timeout);
    }
    try {
      this.#writer.send(plan);
      return true;
    } catch {
      return false;
    }
  }

  readonly #read = (chunk: Buffer): void => {
    this.#received += chunk.length;
    if (this.#phase === "linger") {
      this.#linger(chunk.length);
      return;
    }
    if (this.#tunnel) {
      this.#tunnel.receive(chunk);
      return;
    }
    this.input.append(chunk);
    if (this.#phase === "idle" || this.#phase === "head") {
      this.#readHeads();
      return;
    }
    const body = this.#exchange?.incoming;
    if (body?.isWanted) {
      this.#deadline = this.#readDeadline("body");
      body.feed();
    }
    if (this.input.length > mostAhead && !body?.isWanted) this.#pause();
  };

  readonly #end = (): void => {
    this.hasEnded = true;
    if (this.#phase === "idle" || this.#phase === "head") this.#inputEnded();
    else if (this.#tunnel) this.#tunnel.inputEnded();
    else if (this.#exchange?.incoming?.isWanted) this.#exchange.incoming.feed();
  };

  readonly #closed = (): void => {
    const { incoming } = this.#exchange ?? {};
    this.#phase = "closed";
    this.#state.remove(this);
    this.input.clear();
    if (!this.#exchange) return;
    this.#abort?.abort();
    incoming?.fail(new RequestBodyError(400, "the client has gone"));
    this.#tunnel?.close();
    const bodyBytes = this.#writer.cancel();
    if (this.#done) this.#report("X", this.#tunnel ? 0 : bodyBytes);
  };

  /** Takes requests off the input until one needs time. */
  #readHeads(): void {
    if (this.#isReading) return;
    if (this.#beginning && !this.#isHttp1(this.#beginning)) return;
    this.#isReading = true;
    while (this.#phase === "idle" || this.#phase === "head") {
      if (this.#startTime === 0) this.#startTime = now();
      const head = this.#finder.next(this.input);
      if (!head) break;
      if (this.input.length > 0) this.#writer.cork();
      this.#begin(head);
    }
    this.#isReading = false;
    this.#writer.flush();
    if (this.#phase !== "idle" && this.#phase !== "head") return;
    this.#waitForHead();
  }

  /** Whether what has come is HTTP/1.1. If it is not, the connection goes on as one of HTTP/2. */
  #isHttp1(look: (bytes: Buffer) => Beginning): boolean {
    const { bytes, start, end } = this.input;
    const found = look(bytes.subarray(start, end));
    if (found === "more") {
      this.#waitForHead();
      return false;
    }
    this.#beginning = undefined;
    if (Buffer.isBuffer(found)) this.#handOver(found);
    // Behind a 101 nothing else may follow.
    else if (look !== beginning) this.#socket.destroy();
    else return true;
    return false;
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket;
    if (this.hasEnded) return void socket.destroy();
    socket.off("data", this.#read).off("end", this.#end).off("close", this.#closed);
    this.#writer.release();
    this.#phase = "closed";
    this.input.clear();
    socket.pause();
    socket.unshift(bytes);
    this.#state.replace(this, {
      socket,
      ends: this.#ends,
      announced: this.announced,
      tls: this.tls,
      isPlain: false,
      protocol: "h2",
    });
  }

  /** The tick at which the part of a request being read is overdue: silent too long, or slower than allowed. */
  #readDeadline(part: "header" | "body"): number {
    const silent = this.#state.deadline(this.#limits.timeout);
    const { reading } = this.#limits;
    const since = this.#readingSince;
    if (!reading || !since) return silent;
    const allowed = allowedTime(reading[part], this.#received - since.bytes);
    return Math.min(silent, this.#state.deadline(allowed) - this.#state.tick + since.tick);
  }

  #waitForHead(): void {
    this.input.release();
    if (this.hasEnded) {
      this.#inputEnded();
      return;
    }
    if (this.input.length > 0) {
      this.#phase = "head";
      this.#readingSince ??= { tick: this.#state.tick, bytes: this.#received };
      this.#deadline = this.#readDeadline("header");
    } else {
      this.#startTime = 0;
    }
    if (this.#isPaused) this.#resume();
  }

  /** Hands a request to the pipeline. */
  #begin(head: Head): void {
    this.#phase = "work";
    this.#readingSince = undefined;
    this.#deadline = Infinity;
    this.#state.active++;
    if (this.#isMisled) head.fault ??= plainOnTls;
    const exchange = new HttpExchange(this, head, { startTime: this.#startTime, body: this.#bodyOf(head) });
    this.#startTime = 0;
    this.#exchange = exchange;
    try {
      this.#state.handler.handle(exchange);
    } catch (error) {
      // Nobody will answer it any more.
      this.#socket.destroy();
      throw error;
    }
  }

  #bodyOf(head: Head): IncomingBody | undefined {
    const length = head.isChunked ? undefined : (head.contentLength ?? 0);
    if (length === 0 || head.fault) return undefined;
    return new IncomingBody({
      source: this,
      framing: length === undefined ? new ChunkFraming(this.#limits) : new LengthFraming(length),
      length,
      expectsContinue: head.expectsContinue,
    });
  }

  /** The client has ended its side, and no whole request is left. */
  #inputEnded(): void {
    if (this.#finder.hasRequestLine(this.input)) {
      this.#giveUp({ status: 400, reason: "the client ended in the middle of the request head" });
    } else {
      this.#close();
    }
  }

  #giveUp(fault: Fault): void {
    if (this.#startTime === 0) this.#startTime = now();
    this.#begin(this.#finder.giveUp(this.input, fault));
  }

  /** The response has left, or broke off. */
  readonly #sent = (isWhole: boolean, bodyBytes: number): void => {
    const { keeps, closesHard, keepAliveTimeout } = this.#answer ?? {
      keeps: false,
      closesHard: false,
      keepAliveTimeout: 0,
    };
    const body = this.#exchange?.incoming;
    if (this.#tunnel) {
      this.#tunnel.outputEnded(isWhole);
      return;
    }
    if (!isWhole) {
      this.#report("-", bodyBytes);
      body?.fail(new RequestBodyError(400, "the response broke off"));
      this.#breakOff(closesHard);
      return;
    }
    this.#report(keeps || this.#exchange?.fault?.status === 417 ? "+" : "-", bodyBytes);
    this.keepalives++;
    if (!keeps) {
      body?.fail(new RequestBodyError(400, "the response was sent before the body was read"));
      this.#close();
      return;
    }
    if (body && !body.isComplete) this.#dropRest(body, keepAliveTimeout);
    else this.#next(keepAliveTimeout);
  };

  /** The head of a change of protocols is about to be written. */
  #openTunnel(stream: Duplex, idleTimeout: number): void {
    const tunnel = new Tunnel(stream, { client: this, state: this.#state, writer: this.#writer, idleTimeout });
    this.#tunnel = tunnel;
    this.#phase = "tunnel";
    if (this.#isPaused) this.#resume();
    const { bytes, start, end } = this.input;
    this.input.clear();
    if (end > start) tunnel.receive(bytes.subarray(start, end));
    if (this.hasEnded) tunnel.inputEnded();
  }

  pauseReading(): void {
    this.#pause();
  }

  resumeReading(): void {
    if (this.#isPaused && this.#phase === "tunnel") this.#resume();
  }

  endWriting(): void {
    this.#writer.flush();
    this.#socket.end();
  }

  tunnelOver(isBroken: boolean): void {
    this.#tunnel = undefined;
    // As Apache: what went through a tunnel is no body. It counts among all bytes.
    this.#report("-", 0);
    if (isBroken) this.#breakOff(true);
    else this.#close();
  }

  #dropRest(body: IncomingBody, keepAliveTimeout: number): void {
    this.#phase = "drain";
    const dropped = body.discard();
    if (dropped === true) this.#next(keepAliveTimeout);
    else if (dropped === false) this.#close();
    else {
      void dropped.then((isWhole) => {
        if (this.#phase !== "drain") return;
        if (isWhole) this.#next(keepAliveTimeout);
        else this.#close();
      });
    }
  }

  #next(keepAliveTimeout: number): void {
    this.#exchange = undefined;
    this.#phase = "idle";
    this.#deadline = this.#state.deadline(keepAliveTimeout);
    if (this.#isReading) return;
    if (this.input.length > 0) this.#readHeads();
    else this.#waitForHead();
  }

  /** Tells whoever logs what was sent; the connection may go on after that. */
  #report(connectionState: "X" | "+" | "-", bodyBytes: number): void {
    const done = this.#done;
    const { status, head } = this.#answer ?? { status: 0, head: "" };
    const consumed = this.#received - this.input.length;
    const bytesOut = this.#writer.bytesOut - this.#bytesOutBefore;
    const record = new SentRecord(
      {
        status,
        bodyBytes,
        bytesIn: consumed - this.#bytesInBefore,
        bytesOut,
        connectionState,
      },
      head,
    );
    this.#bytesInBefore = consumed;
    this.#bytesOutBefore = this.#writer.bytesOut;
    this.#done = undefined;
    this.#answer = undefined;
    this.#state.active--;
    this.#state.requests++;
    this.#state.bytes += bytesOut;
    if (this.#exchange) this.#state.milliseconds += now() - this.#exchange.startTime;
    done?.(record);
  }

  /** Ends our side, and reads on a while, so that a client still sending sees the answer. */
  #close(): void {
    this.#exchange = undefined;
    if (this.#phase === "closed") return;
    this.#phase = "linger";
    this.input.clear();
    this.#writer.flush();
    this.#socket.end();
    this.#lingerEnd = this.#state.deadline(lingerTime);
    this.#deadline = this.#state.deadline(lingerPause);
    if (this.#isPaused) this.#resume();
  }

  /** Makes a response that broke off look broken, also where only the end of the connection ends it. */
  #breakOff(closesHard: boolean): void {
    if (!closesHard) return this.#close();
    this.#exchange = undefined;
    // What is encrypted has an end of its own, which is then missing.
    if (this.tls) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  #linger(bytes: number): void {
    this.#lingered += bytes;
    this.#deadline = this.#state.deadline(lingerPause);
    if (this.#lingered > lingerBytes) this.#socket.destroy();
  }

  #pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #resume(): void {
    this.#isPaused = false;
    this.#socket.resume();
  }
}

/** The 500 in the place of a response that cannot be sent. */
function failure({ method }: HttpExchange, transmission: Transmission): Response {
  const page = transmission.failurePage?.() ?? errorPage({ status: 500, method, serverAdmin: "[no address given]" });
  return {
    status: 500,
    headers: new Headers([["Content-Type", "text/html; charset=iso-8859-1"]]),
    body: page,
    unsized: true,
    close: true,
  };
}
