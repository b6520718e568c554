// What a handler answers with: status, headers, body.
import type { Readable } from "node:stream";
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
   * extra text of the built-in page, already escaped HTML.
   */
  failure?: { readonly note?: string };
  /** Content-Encoding is what a filter did: it stands where the filter put it, not behind the type. */
  encodedHere?: true;
  /** The body is a page the server made for the status: the built-in one, or the text of an ErrorDocument. */
  page?: true;
  /** To be sent without Content-Length, in chunks, although the length is known: an application gave none. */
  unsized?: true;
  /** The status is an application's own: it holds even where the application serves an ErrorDocument. */
  ownStatus?: boolean;
  /** The connection must be closed after this response. */
  close?: boolean;
  /** From another server: its fields stay in their order, Date and Server among them. */
  relayed?: true;
}

/** A response with a body of the handler's own. */
export function answer(status: number, headers: Headers = new Headers(), body: Body = undefined): Response {
  return { status, headers, body };
}

/** A status whose page the server makes: ErrorDocument, or the built-in page. Also for 3xx with a Location. */
export function refuse(
  status: number,
  { note, headers = new Headers() }: { note?: string; headers?: Headers } = {},
): Response {
  return { status, headers, body: undefined, failure: note === undefined ? {} : { note } };
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
