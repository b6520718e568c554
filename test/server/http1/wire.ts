// A handler and limits → a server on a free port, and raw bytes sent to it.
import { connect, type AddressInfo, type Socket } from "node:net";
import { Headers, type Response } from "../../../src/api/index.js";
import type { Exchange, Sent, Transmission, WireLimits } from "../../../src/server/exchange.js";
import { serve, type Serving } from "../../../src/server/listen.js";

export const limits: WireLimits = {
  requestLine: 8190,
  fields: 100,
  fieldSize: 8190,
  timeout: 5000,
  keepAliveTimeout: 5000,
  allow09: true,
  strict: true,
};

export const transmission: Transmission = {
  server: "test",
  keepAlive: true,
  keepAliveTimeout: 5000,
  maxKeepAliveRequests: 100,
  timeout: 5000,
};

export type Handle = (exchange: Exchange, send: (response: Response) => void) => void;

/** A server at work in a test, and what it noted. */
export interface Wire {
  readonly serving: Serving;
  readonly port: number;
  readonly exchanges: Exchange[];
  readonly sent: Sent[];
}

/** What a test server may be told. */
export interface WireOptions {
  readonly limits?: Partial<WireLimits>;
  readonly transmission?: Partial<Transmission>;
  readonly maxConnections?: number;
}

const started: Serving[] = [];
const sockets: Socket[] = [];

// Also those of tests that failed.
after(() => {
  for (const serving of started) serving.cut();
  for (const socket of sockets) socket.destroy();
});

/** Starts a server that answers by `handle`; a fault is answered with its status alone. */
export async function startWire(handle: Handle, options: WireOptions = {}): Promise<Wire> {
  const exchanges: Exchange[] = [];
  const sent: Sent[] = [];
  const serving = await serve({
    sockets: [{ where: { port: 0, host: "127.0.0.1" } }],
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
    handler: {
      limits: () => ({ ...limits, ...options.limits }),
      handle(exchange) {
        exchanges.push(exchange);
        const send = (response: Response): void =>
          exchange.send(response, { ...transmission, ...options.transmission }, (record) => sent.push(record));
        if (exchange.fault) send(text(exchange.fault.status, exchange.fault.note ?? ""));
        else handle(exchange, send);
      },
    },
  });
  started.push(serving);
  const { port } = serving.addresses[0] as AddressInfo;
  return { serving, port, exchanges, sent };
}

/** A response with a short text. */
export function text(status: number, body: string, fields: readonly (readonly [string, string])[] = []): Response {
  return { status, headers: new Headers([["Content-Type", "text/plain"], ...fields]), body: Buffer.from(body) };
}

/** A client that keeps what it received. */
export class Client {
  readonly socket: Socket;
  received = "";
  isEnded = false;
  isReset = false;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(this.socket);
    this.socket.setNoDelay(true);
    this.socket.setEncoding("latin1");
    this.socket.on("data", (data: string) => {
      this.received += data;
    });
    this.socket.on("end", () => {
      this.isEnded = true;
    });
    this.socket.on("error", () => {
      this.isReset = true;
      this.isEnded = true;
    });
  }

  send(bytes: string): void {
    this.socket.write(bytes, "latin1");
  }

  /** Waits until the server has ended its side; gives all that was received. */
  async all(): Promise<string> {
    await until(() => this.isEnded, "the server ends the connection");
    this.socket.destroy();
    return this.received;
  }

  /** Waits until that has been received. */
  async has(part: string): Promise<void> {
    await until(
      () => this.received.includes(part),
      `"${part}" arrives, got ${JSON.stringify(this.received.slice(-300))}`,
    );
  }
}

/** Sends bytes on a new connection and gives all of the answer; Date is left out. */
export async function exchange(port: number, bytes: string, { end = false } = {}): Promise<string> {
  const client = new Client(port);
  client.send(bytes);
  if (end) client.socket.end();
  const answer = await client.all();
  return answer.replace(/Date: [^\r]*\r\n/g, "");
}

/** Waits for a condition. */
export async function until(condition: () => boolean, what: string, milliseconds = 40_000): Promise<void> {
  const limit = Date.now() + milliseconds;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
