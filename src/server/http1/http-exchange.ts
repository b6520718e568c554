// A head and its connection → the exchange the pipeline answers.
import type { Headers, RequestBody, Response, VirtualHost } from "../../api/index.js";
import type { Exchange, Fault, Sent, Transmission } from "../exchange.js";
import { noBody, type IncomingBody } from "./body.js";
import type { ClientConnection } from "./connection.js";
import { upgradeOf, type Head } from "./head.js";

/** The request in work on a connection. */
export class HttpExchange implements Exchange {
  readonly connection: ClientConnection;
  readonly startTime: number;
  readonly method: string;
  readonly target: string;
  readonly protocol: string;
  readonly requestLine: string;
  readonly headers: Headers;
  readonly fault: Fault | undefined;
  readonly head: Head;
  declare virtualHost?: VirtualHost;
  /** Undefined when the request has none. */
  readonly incoming: IncomingBody | undefined;

  constructor(
    connection: ClientConnection,
    head: Head,
    { startTime, body }: { startTime: number; body: IncomingBody | undefined },
  ) {
    this.connection = connection;
    this.startTime = startTime;
    this.method = head.method;
    this.target = head.target;
    this.protocol = head.protocol;
    this.requestLine = head.requestLine;
    this.headers = head.headers;
    this.fault = head.fault;
    this.head = head;
    this.incoming = body;
  }

  get body(): RequestBody {
    return this.incoming ?? noBody;
  }

  get upgrade(): string | undefined {
    return upgradeOf(this.head);
  }

  limitBody(bytes: number): void {
    if (this.incoming) this.incoming.limit = bytes;
  }

  mergeTrailers(): void {
    this.incoming?.mergeTrailers(this.headers);
  }

  send(response: Response, transmission: Transmission, done: (sent: Sent) => void): void {
    this.connection.answer(this, response, { transmission, done });
  }
}
