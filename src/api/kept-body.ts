// The body of a request, read to its end within a limit → the same bytes, for whoever asks for them next.
import { Readable } from "node:stream";
import { RequestBodyError, type RequestBody } from "./request.js";

/** A body of bytes that are there already; it can be read any number of times. */
export function bodyOf(bytes: Buffer): RequestBody {
  return {
    length: bytes.length,
    arrived: bytes,
    stream: () => Readable.from(bytes.length > 0 ? [bytes] : [], { objectMode: false }),
    discard: () => true,
  };
}

/** Reads a body of at most so many bytes. Fails with a RequestBodyError, of status 413 where it is longer. */
export async function readBody(body: RequestBody, most: number): Promise<Buffer> {
  if (body.length !== undefined && body.length > most) throw tooLarge(body.length, most);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of body.stream() as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > most) throw tooLarge(length, most);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooLarge(length: number, most: number): RequestBodyError {
  return new RequestBodyError(413, `a request body of ${length} bytes is larger than the limit of ${most}`);
}
