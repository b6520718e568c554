// What a handler answers with: status, headers, body.
import type { Duplex, Readable } from "node:stream";
import { Headers } from "./headers.js";

/**
 * A slice of a regular file; the server opens, sends and closes it. `path` is a latin1 string of bytes as
 * Request.filename (see fileSystemPath), `length` in bytes.
 */
export interface FileSlice {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * A response body. Bytes, a slice of a file, several of both in order (multipart ranges), or a stream.
 * A stream that ends with an error, or is destroyed before its end, breaks the response off: the client never sees
 * a complete-looking one.
 */
export type Body = Buffer | FileSlice | readonly (Buffer | FileSlice)[] | Readable | undefined;

/** Fields that stand at the end of a head, unless something has given them a place. */
export type PlacedField = "content-type" | "content-encoding" | "content-language";

/** The answer to a request. */
export interface Response {
  status: number;
  /** The reason phrase, where it is not the standard one. */
  reason?: string;
  headers: Headers;
  body: Body;
  /** Fields that stay on error responses too (`Header always`). */
  always?: Headers;
  /**
   * Set when the body is to be made by the server: ErrorDocument, or the built-in page for `status`. `note` is the
   * extra text of the built-in page, already escaped HTML. `isOwn`: where an ErrorDocument is being served, the failure
   * takes the place of the first one.
   */
  failure?: { readonly note?: string; readonly isOwn?: true };
  /** Content-Encoding is what a filter did: it stands where the filter put it, not behind the type. */
  encodedHere?: true;
  /** Fields that a header line has put where they are, so that they stay there. */
  placed?: ReadonlySet<PlacedField>;
  /** The body is a page the server made for the status: the built-in one, or the text of an ErrorDocument. */
  page?: true;
  /** To be sent without Content-Length, in chunks, although the length is known: an application gave none. */
  unsized?: true;
  /** The status is an application's own: it holds even where the application serves an ErrorDocument. */
  ownStatus?: boolean;
  /** Milliseconds in which the client must take something of it, where that is not the Timeout of its virtual host. */
  writeTimeout?: number;
  /**
   * It was kept as it came out of its filters (a cache has it): they are not for it again, but those behind the mark of the
   * cache. Content-Encoding and Content-Language stand where they stood.
   */
  stored?: true;
  /** The connection must be closed after this response. */
  close?: boolean;
  /** The body is the whole answer, status line and fields too: sent as it is, and the connection closed behind it. */
  raw?: true;
  /** No output filter is asked: what the server says of itself in place of a handler. */
  unfiltered?: true;
  /** With status 101: what the connection speaks from now on, beginning with the answer to this very request. */
  becomes?: "h2c";
  /** Fields behind the body, asked for when that has been sent; HTTP/2 alone sends them. */
  trailers?: () => Headers | undefined;
  /** From another server: its fields stay in their order, Date and Server among them. */
  relayed?: true;
  /** The connection changes protocols; `body` is the Duplex it is joined with: see `switchProtocols`. */
  tunnel?: Tunnel;
}

/** How a connection that has changed protocols is watched over. */
export interface Tunnel {
  /**
   * Milliseconds without a byte in either direction after which it is ended; 0 without limit, undefined: the Timeout of
   * the virtual host. A client that does not take what is written to it is cut after Timeout in any case.
   */
  readonly idleTimeout?: number | undefined;
  /** Nothing is said in front of what the stream gives: it answers the request itself. */
  readonly isAnswer?: boolean;
}

/** A response with a body of the handler's own. */
export function answer(status: number, headers: Headers = new Headers(), body: Body = undefined): Response {
  return { status, headers, body };
}

/** A status whose page the server makes: ErrorDocument, or the built-in page. Also for 3xx with a Location. */
export function refuse(
  status: number,
  { headers = new Headers(), ...failure }: NonNullable<Response["failure"]> & { headers?: Headers } = {},
): Response {
  return { status, headers, body: undefined, failure };
}

/**
 * 101: the connection speaks another protocol from here on. Only where `Request.upgrade` says that the client asked for it
 * and may have it. The head goes out with Upgrade, Connection and `headers`, and the server joins client and `stream`:
 *
 * - what the client sends, also what came with its request, is written to `stream`, no faster than that takes it; what can be
 *   read from `stream` goes to the client, no faster than that reads;
 * - the end of either side is passed on as the end of the other, and a side that has ended may still be written to; when both
 *   have ended, or `stream` was closed, the connection is closed;
 * - an error of `stream` resets the connection; destroyed without an error it ends it;
 * - when the client is gone, has been silent for `idleTimeout`, or is cut at the end of a graceful stop (when
 *   GracefulShutdownTimeout is over; until then it goes on), `stream` is destroyed: free there what worked for it;
 * - the request counts as in work, and is logged, when it is over: with status 101, and what was sent to the client as the
 *   bytes of its body.
 *
 * `stream` is the server's from here on: nobody else reads it, writes to it, or needs to listen to its errors. Where the
 * response cannot be sent any more it is destroyed. An application that wants the client's connection itself gets one side of
 * a pair of streams, the other being `stream`.
 */
export function switchProtocols(
  protocol: string,
  stream: Duplex,
  { headers, idleTimeout }: { readonly headers?: Headers; readonly idleTimeout?: number | undefined } = {},
): Response {
  const fields = new Headers([
    ["Upgrade", protocol],
    ["Connection", "Upgrade"],
  ]);
  headers?.forEach((name, value, key) => {
    if (key !== "upgrade" && key !== "connection") fields.append(name, value);
  });
  return { status: 101, headers: fields, body: stream, tunnel: { idleTimeout } };
}

/**
 * The answer to CONNECT, where `Request.isForwarded`: client and `stream` are joined as `switchProtocols` says. `isAnswer`: the
 * stream itself says what becomes of the request.
 */
export function connectTunnel(stream: Duplex, tunnel: Tunnel): Response {
  return { status: 200, headers: new Headers(), body: stream, tunnel };
}

/** The number of bytes of a body, or undefined for a stream. */
export function lengthOf(body: Body): number | undefined {
  if (body === undefined) return 0;
  if (Buffer.isBuffer(body)) return body.length;
  if (isParts(body)) return body.reduce((sum, part) => sum + part.length, 0);
  return isFileSlice(body) ? body.length : undefined;
}

export function isFileSlice(body: NonNullable<Body>): body is FileSlice {
  return "path" in body && "offset" in body;
}

export function isParts(body: NonNullable<Body>): body is readonly (Buffer | FileSlice)[] {
  return Array.isArray(body);
}

/** Ends a body that nobody will read. */
export function dropBody(body: Body): void {
  if (body === undefined || Buffer.isBuffer(body) || isParts(body) || isFileSlice(body)) return;
  body.on("error", () => undefined);
  body.destroy();
}
