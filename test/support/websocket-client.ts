// A URL → a WebSocket client that keeps what it received.
import { WebSocket, type ClientOptions } from "ws";
import { until } from "./running.js";

/** How a handshake was refused. */
export interface Refusal {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

const open = new Set<WebSocketClient>();

/** Ends all clients that are left. */
export function endClients(): void {
  for (const { socket } of open) socket.terminate();
  open.clear();
}

/** One client; `endClients` ends it. */
export class WebSocketClient {
  readonly socket: WebSocket;
  /** Texts as strings, binary messages as buffers. */
  readonly messages: (string | Buffer)[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  refusal: Refusal | undefined;
  error: Error | undefined;
  headers: NodeJS.Dict<string | string[]> = {};

  constructor(url: string, protocols: readonly string[] = [], options: ClientOptions = {}) {
    this.socket = new WebSocket(url.replace(/^http/, "ws"), [...protocols], options);
    open.add(this);
    this.socket
      .on("message", (data, isBinary) => this.messages.push(isBinary ? (data as Buffer) : (data as Buffer).toString()))
      .on("close", (code, reason) => {
        open.delete(this);
        this.closed = { code, reason: reason.toString() };
      })
      .on("upgrade", (response) => (this.headers = response.headers))
      .on("error", (error) => (this.error = error))
      .on("unexpected-response", (_request, response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on("end", () => {
          const { statusCode: status = 0, headers } = response;
          this.refusal = { status, headers, body: Buffer.concat(pieces).toString() };
          open.delete(this);
        });
      });
  }

  /** Waits until the handshake is done. */
  async opened(): Promise<this> {
    await until("the WebSocket opens", () => {
      if (this.error) throw this.error;
      return this.socket.readyState === WebSocket.OPEN || this.messages.length > 0;
    });
    return this;
  }

  /** Waits until the handshake was refused. */
  async refused(): Promise<Refusal> {
    await until("the handshake is refused", () => this.refusal !== undefined);
    return this.refusal ?? { status: 0, headers: {}, body: "" };
  }

  send(message: string | Buffer): void {
    this.socket.send(message);
  }

  /** Takes the next message off, waiting for it. */
  async next(): Promise<string | Buffer> {
    await until("a message comes", () => this.messages.length > 0 || this.closed !== undefined);
    const message = this.messages.shift();
    if (message === undefined) throw new Error(`closed with ${this.closed?.code}`);
    return message;
  }

  /** Waits for the end. */
  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    await until("the WebSocket is closed", () => this.closed !== undefined);
    return this.closed ?? { code: 0, reason: "" };
  }
}
