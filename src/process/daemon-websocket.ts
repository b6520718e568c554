// A client that speaks WebSocket ↔ messages on a daemon's connection (docs/daemon-protocol.md).
import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import type { WebSocket } from "ws";
import type { Headers, Request, Response, WebSocketLimits } from "../api/index.js";
import { bytesFrame, longestPayload, toDaemon } from "./daemon-frames.js";
import { UpgradeSocket } from "./node/upgrade-socket.js";

/** The daemon's connection, as a WebSocket uses it. */
export interface MessageConnection {
  /** Sends a frame; false when the daemon must read first: `drained` is called then. */
  sendFrame(frame: Buffer): boolean;
  /** Reads nothing from the daemon until it is resumed. */
  hold(): void;
  resume(): void;
  /** Closes when everything is sent. */
  closeSoon(): void;
}

/** What holds where no WSGIWebSocket line says otherwise: 16 MiB, and 20 seconds. */
export const defaultLimits: WebSocketLimits = {
  mostMessage: longestPayload,
  pingInterval: 20_000,
  pingTimeout: 20_000,
};

/** Bytes of messages that may wait for the client before the daemon is made to wait. */
const mostWaiting = 65_536;
/** Bytes of the reason of a close. */
const longestReason = 123;
const empty = Buffer.alloc(0);

/** Closes with that code where the one an application gave may not be sent. */
const internalError = 1011;

/** One WebSocket. */
export class DaemonWebSocket {
  /** The 101, or a refusal when the client's handshake was none. */
  readonly answered: Promise<Response>;
  readonly #connection: MessageConnection;
  readonly #limits: WebSocketLimits;
  #socket: WebSocket | undefined;
  #ping: NodeJS.Timeout | undefined;
  #isHeld = false;
  #isOver = false;

  /** `headers` are those of the application's acceptance, Sec-WebSocket-Protocol among them. */
  constructor(request: Request, headers: Headers, connection: MessageConnection, limits: WebSocketLimits) {
    this.#connection = connection;
    this.#limits = limits;
    const { remoteAddress, remotePort, localAddress, localPort, secure: encrypted } = request.connection;
    const near = new UpgradeSocket({ remoteAddress, remotePort, localAddress, localPort, encrypted });
    this.answered = near.answered;
    const refused = (): void => this.#closed(1006, empty);
    near.once("close", refused);
    // Loaded with the first WebSocket: most servers have none.
    const { WebSocketServer } = createRequire(import.meta.url)("ws") as typeof import("ws");
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: Math.min(limits.mostMessage, longestPayload),
      handleProtocols: () => headers.get("sec-websocket-protocol") ?? false,
    });
    server.on("headers", (lines) => {
      headers.forEach((name, value, key) => {
        if (key !== "sec-websocket-protocol") lines.push(`${name}: ${value}`);
      });
    });
    server.handleUpgrade(handshakeOf(request), near, empty, (socket) => {
      near.off("close", refused);
      this.#opened(socket);
    });
  }

  /** A message of the application, or its close. The memory is used again. */
  frame(type: number, payload: Buffer): void {
    const socket = this.#socket;
    if (!socket || this.#isOver) return;
    if (type === toDaemon.close) {
      this.#close(payload.length >= 2 ? payload.readUInt16BE(0) : 1000, payload.subarray(2));
    } else if (socket.readyState === socket.OPEN) {
      socket.send(Buffer.from(payload), { binary: type === toDaemon.binary }, this.#sent);
      if (socket.bufferedAmount <= mostWaiting) return;
      this.#isHeld = true;
      this.#connection.hold();
    }
  }

  /** The daemon has read enough for more. */
  drained(): void {
    if (this.#socket?.isPaused) this.#socket.resume();
  }

  /** The daemon is gone. */
  lost(): void {
    this.#isOver = true;
    clearInterval(this.#ping);
    this.#close(internalError, empty);
    this.drained();
  }

  #opened(socket: WebSocket): void {
    this.#socket = socket;
    socket.on("message", (data, isBinary) => {
      // As "nodebuffer", which is the default, messages come as buffers.
      const frame = bytesFrame(isBinary ? toDaemon.binary : toDaemon.text, data as Buffer);
      if (!this.#isOver && !this.#connection.sendFrame(frame)) socket.pause();
    });
    // What breaks the protocol is closed with the code for it.
    socket.on("error", () => undefined);
    socket.on("close", (code, reason) => this.#closed(code, reason));
    this.#watch(socket);
  }

  /** Asks the client from time to time whether it is there; one that is made to wait cannot say so. */
  #watch(socket: WebSocket): void {
    const { pingInterval, pingTimeout } = this.#limits;
    if (pingInterval === 0) return;
    let limit: NodeJS.Timeout | undefined;
    const heard = (): void => {
      clearTimeout(limit);
      limit = undefined;
    };
    socket.on("pong", heard).on("message", heard).on("close", heard);
    this.#ping = setInterval(() => {
      if (socket.readyState !== socket.OPEN || limit) return;
      socket.ping();
      if (pingTimeout === 0) return;
      limit = setTimeout(() => {
        limit = undefined;
        if (!socket.isPaused) socket.terminate();
      }, pingTimeout);
    }, pingInterval);
  }

  #close(code: number, reason: Buffer): void {
    try {
      this.#socket?.close(code, shortened(reason));
    } catch {
      this.#socket?.close(internalError);
    }
  }

  /** The client has closed, or is gone. */
  #closed(code: number, reason: Buffer): void {
    clearInterval(this.#ping);
    if (this.#isOver) return;
    this.#isOver = true;
    const payload = Buffer.alloc(2 + reason.length);
    payload.writeUInt16BE(code, 0);
    reason.copy(payload, 2);
    this.#connection.sendFrame(bytesFrame(toDaemon.close, payload));
    this.#connection.closeSoon();
  }

  readonly #sent = (): void => {
    if (!this.#isHeld || (this.#socket?.bufferedAmount ?? 0) > mostWaiting / 2) return;
    this.#isHeld = false;
    this.#connection.resume();
  };
}

/** What the handshake is made from. */
function handshakeOf({ headers, method }: Request): IncomingMessage {
  const fields: Record<string, string> = {};
  headers.forEach((_name, value, key) => (fields[key] = key in fields ? `${fields[key] ?? ""}, ${value}` : value));
  return { method, headers: fields } as unknown as IncomingMessage;
}

/** A reason that fits, without half a character at its end. */
function shortened(reason: Buffer): Buffer {
  if (reason.length <= longestReason) return reason;
  let end = longestReason;
  while (end > 0 && ((reason[end] ?? 0) & 0xc0) === 0x80) end--;
  return reason.subarray(0, end);
}
