// A response, the request it answers, and the state of the connection → how it is sent.
import { Duplex, type Readable } from "node:stream";
import {
  isFileSlice,
  isParts,
  lengthOf,
  type Body,
  type FileSlice,
  type Headers,
  type Response,
} from "../../api/index.js";
import type { Transmission } from "../exchange.js";
import { dropsConnection } from "../status.js";
import { upgradeOf, type Head } from "./head.js";
import { composeHead, type Delimiting } from "./response-head.js";

/** What decides how a response is sent, besides the response and the request. */
export interface Circumstances {
  readonly transmission: Transmission;
  /** Requests answered before. */
  readonly keepalives: number;
  /** The server is stopping, or other clients wait for a place. */
  readonly isLeaving: boolean;
  /** The request's body could not be read; refused: for what it is. */
  readonly isBodyLost: boolean;
  readonly isBodyRefused: boolean;
  /** The client still waits for a 100 Continue, which it will not get. */
  readonly awaitsContinue: boolean;
}

/** What is to be written. */
export interface Plan {
  /** Status line and fields; "" towards HTTP/0.9. Undefined: a field is invalid. */
  readonly text: string | undefined;
  readonly body: Body;
  /** Bytes of the body, where known before it is sent. */
  readonly length: number | undefined;
  readonly delimiting: Delimiting;
  readonly keeps: boolean;
}

/** Decides on framing and persistence, as Apache does, and composes the head. */
export function planResponse(head: Head, response: Response, around: Circumstances): Plan {
  const { transmission } = around;
  const isHead = head.method === "HEAD" && head.version !== 9;
  const hasBody = response.status >= 200 && response.status !== 204 && response.status !== 304;
  const known = response.unsized || around.isBodyRefused ? undefined : lengthOf(response.body);
  // A HEAD without a body at hand says nothing of its length; a stream may have said it itself.
  const stated = known === undefined || isHead ? statedLength(response.headers) : undefined;
  const counted = hasBody ? (known === undefined || (isHead && known === 0) ? stated : known) : undefined;
  // As Apache, which cannot tell here whether nothing is all there is.
  const length = isHead && counted === 0 ? undefined : counted;
  const mustClose =
    head.mustClose || around.awaitsContinue || around.isBodyRefused || (response.unsized && response.close);
  const delimiting: Delimiting = !hasBody
    ? "none"
    : length !== undefined || isHead
      ? "length"
      : head.version === 11 && !mustClose
        ? "chunked"
        : "close";
  const left = transmission.maxKeepAliveRequests - around.keepalives;
  const keeps =
    delimiting !== "close" &&
    !mustClose &&
    !head.fault &&
    !head.asksClose &&
    (head.version === 11 || (head.asksKeepAlive && head.version === 10)) &&
    transmission.keepAlive &&
    transmission.keepAliveTimeout > 0 &&
    (transmission.maxKeepAliveRequests === 0 || left > 0) &&
    response.close !== true &&
    !dropsConnection(response.status) &&
    !around.isLeaving &&
    !around.isBodyLost &&
    !asksClose(response.headers) &&
    !(response.always && asksClose(response.always));
  if (response.tunnel) return planTunnel(head, response, transmission);
  const body = isHead || !hasBody ? undefined : response.body;
  if (response.raw) {
    return { text: "", body: response.body, length: undefined, delimiting: "close", keeps: false };
  }
  if (head.version === 9) return { text: "", body, length, delimiting: "close", keeps: false };
  const showsKeepAlive = keeps && head.asksKeepAlive;
  const text = composeHead(response, {
    server: transmission.server,
    delimiting,
    length,
    connection: showsKeepAlive ? "Keep-Alive" : keeps || closesSilently(head) ? "" : "close",
    keepAlive: showsKeepAlive ? keepAliveValue(transmission, left) : "",
  });
  return { text, body, length, delimiting, keeps };
}

/** The head of a change of protocols or the answer to CONNECT, where that was asked for; after it, whatever the stream gives. */
function planTunnel(head: Head, response: Response, { server }: Transmission): Plan {
  const around = { server, delimiting: "none", length: undefined, connection: "", keepAlive: "" } as const;
  const isJoined = response.body instanceof Duplex;
  let text: string | undefined;
  // As Apache says it: no field of a message stands in what is none.
  if (isJoined && head.method === "CONNECT")
    text = response.tunnel?.isAnswer ? "" : `HTTP/1.0 200 Connection Established\r\nProxy-agent: ${server}\r\n\r\n`;
  else if (isJoined && upgradeOf(head) !== undefined) text = composeHead(response, around);
  return { text, body: response.body, length: undefined, delimiting: "close", keeps: false };
}

function statedLength(headers: Headers): number | undefined {
  const value = headers.get("content-length");
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function asksClose(headers: Headers): boolean {
  const value = headers.get("connection");
  return value !== undefined && /\bclose\b/i.test(value);
}

/** After an expectation it does not know Apache closes without saying so. */
function closesSilently(head: Head): boolean {
  return head.fault?.status === 417 && head.version === 11 && !head.asksClose;
}

function keepAliveValue({ keepAliveTimeout, maxKeepAliveRequests }: Transmission, left: number): string {
  const timeout = `timeout=${Math.floor(keepAliveTimeout / 1000)}`;
  return maxKeepAliveRequests === 0 ? timeout : `${timeout}, max=${left}`;
}

/** A body as parts in order, or the stream it is. */
export function partsOf(body: Exclude<Body, undefined>): readonly (Buffer | FileSlice)[] | Readable {
  if (Buffer.isBuffer(body)) return [body];
  if (isParts(body)) return body;
  return isFileSlice(body) ? [body] : body;
}
