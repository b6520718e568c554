// One request on its way to a back end: what the passes of http-proxy work on.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { Headers, ProxyTls, Request, RequestBody } from "../../api/index.js";
import type { Parameters } from "./parameters.js";
import type { ProxySettings } from "./settings.js";
import type { Address } from "./target.js";

/** A response as node:http has it, or as something else that is read the same way. */
export type Incoming = Readable &
  Pick<IncomingMessage, "statusCode" | "statusMessage" | "rawHeaders" | "rawTrailers" | "complete">;

/** Stands where http-proxy has request and response. */
export interface Passage {
  readonly request: Request;
  readonly address: Address;
  /** Path and query, as they go over the wire. */
  readonly path: string;
  readonly parameters: Parameters;
  readonly settings: ProxySettings;
  /** How the connection is encrypted, and the name the back end is to have. */
  readonly tls: { readonly tls: ProxyTls; readonly name: string } | undefined;
  /** "HEAD" stays. */
  readonly method: string;
  /** Longest pause of the back end, in milliseconds. */
  readonly timeout: number;
  /** Undefined: none goes along. */
  readonly body: RequestBody | undefined;
  /** The whole body where it had arrived, so that it can be sent twice. */
  readonly whole: Buffer | undefined;
  /** The protocol the client asks to change to, where it may. */
  readonly upgrade: string | undefined;
  /** Fields for the back end, made by the passes. */
  fields: Headers;
  /** It was sent once over a pooled connection that turned out to be closed. */
  isRetry: boolean;
  /** Exactly one of these three is called. */
  answered(response: Incoming): void;
  switched(response: IncomingMessage, socket: Socket): void;
  failed(error: Error): void;
  /** Called when nothing more moves, with the bytes that did. */
  over(sent: number, read: number): void;
}
