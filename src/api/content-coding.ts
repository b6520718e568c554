// A response and a way to compress → the response compressed, where client and content allow it.
import { createReadStream } from "node:fs";
import { pipeline, Readable, Transform } from "node:stream";
import { fileSystemPath } from "./file-name.js";
import { fillFromSlice } from "./file-slice.js";
import type { Headers } from "./headers.js";
import type { Request } from "./request.js";
import { isFileSlice, isParts, lengthOf, type Body, type FileSlice, type Response } from "./response.js";

/** How to compress, and when not to. */
export interface ContentCoding {
  /** The name in Accept-Encoding and Content-Encoding. */
  readonly name: string;
  /** What becomes of an entity tag. */
  readonly etag: "AddSuffix" | "NoChange" | "Remove";
  /** Bodies of at most so many bytes stay as they are. */
  readonly smallest: number;
  /** Bytes beyond which the result is sent in chunks, as it is made. */
  readonly buffered: number;
  /** Variables of the request: compress nothing, compress only text/html, compress whatever the client says. */
  readonly off: string;
  readonly onlyHtml?: string;
  readonly force?: string;
  whole(bytes: Buffer): Buffer;
  /** A stream that compresses; `flush` makes it give out all it has. */
  stream(): Transform & { flush(): void; readonly bytesWritten: number };
  /** Hears how much went in and came out. */
  done?(bytesIn: number, bytesOut: number): void;
}

const plain = new Set(["identity", "7bit", "8bit", "binary"]);

/** Compresses a response, or says by Vary at least that it might have. */
export function encodeContent(request: Request, response: Response, coding: ContentCoding): Response {
  const { headers, status } = response;
  // What comes in pieces is packed before its length shows.
  const length = response.unsized ? undefined : (lengthOf(response.body) ?? statedLength(headers));
  if (status === 204 || request.parent || (length !== undefined && length <= coding.smallest)) return response;
  const { environment } = request;
  if (environment.has(coding.off) || headers.has("content-range")) return response;
  if (coding.onlyHtml !== undefined && environment.get(coding.onlyHtml) === "1") {
    if (!headers.get("content-type")?.startsWith("text/html")) return response;
  }
  const before = codingsOf(response);
  if (before.some((each) => !plain.has(each))) return response;
  mergeVary(headers, "Accept-Encoding");
  const forced = coding.force !== undefined && environment.has(coding.force);
  if (!forced && !accepts(request.headers.get("accept-encoding"), coding.name)) return response;
  const rest = before.filter((each) => each !== "identity");
  headers.set("Content-Encoding", [...rest, coding.name].join(", "));
  headers.delete("Content-Length");
  headers.delete("Content-MD5");
  changeTag(headers, coding);
  response.encodedHere = true;
  return status === 304 ? response : withBody(request, response, coding);
}

function statedLength(headers: Headers): number | undefined {
  const stated = headers.get("content-length");
  return stated === undefined ? undefined : Number(stated);
}

function codingsOf({ headers, always }: Response): readonly string[] {
  const stated = [...headers.all("content-encoding"), ...(always?.all("content-encoding") ?? [])];
  return stated.flatMap((value) => value.split(",").map((each) => each.trim())).filter((each) => each !== "");
}

/** Adds a name to Vary unless the field is there and names it. */
export function mergeVary(headers: Headers, name: string): void {
  const before = headers.all("vary").join(",");
  headers.set("Vary", before === "" ? name : `${before},${name}`);
}

/** Whether Accept-Encoding names the coding, as Apache reads it: a `*` is no name, and only q=0 speaks against it. */
function accepts(field: string | undefined, name: string): boolean {
  for (const item of field?.split(",") ?? []) {
    const [token = "", ...parameters] = item.split(";").map((each) => each.trim());
    if (token.toLowerCase() === name) return !parameters.slice(0, 1).some((each) => /^q=0(?:\.0{0,3})?$/.test(each));
  }
  return false;
}

function changeTag(headers: Headers, { etag, name }: ContentCoding): void {
  if (etag === "Remove") return headers.delete("ETag");
  const tag = headers.get("etag");
  if (etag === "AddSuffix" && tag !== undefined && tag.length > 2 && tag.endsWith('"')) {
    headers.set("ETag", `${tag.slice(0, -1)}-${name}"`);
  }
}

/** Results for bodies that stay in memory: small files, over and over. */
const results = new WeakMap<Buffer, Map<string, Buffer>>();

/** Files of at most so many bytes are packed in one go: a stream and its hops cost more than the packing itself. */
const largestAtOnce = 128 * 1024;

function withBody(request: Request, response: Response, coding: ContentCoding): Response {
  const { body } = response;
  const read = body && isFileSlice(body) && body.length <= largestAtOnce ? sliceNow(body) : undefined;
  const bytes = Buffer.isBuffer(body) ? body : read;
  if (bytes) {
    const packed = read ? coding.whole(read) : packedOnce(bytes, coding, request.handler === undefined);
    coding.done?.(bytes.length, packed.length);
    // As Apache, which sends what an application made bit by bit.
    const isLong = response.ownStatus === true || (packed.length > coding.buffered && bytes.length > 32_768);
    const { unsized: _pieces, ...rest } = response;
    return { ...rest, body: packed, ...(isLong ? { unsized: true } : {}) };
  }
  if (request.headOnly || body === undefined) return { ...response, body: undefined };
  return { ...response, body: throughStream(body, coding, response.ownStatus === true || response.relayed === true) };
}

function packedOnce(bytes: Buffer, coding: ContentCoding, mayKeep: boolean): Buffer {
  if (!mayKeep) return coding.whole(bytes);
  const known = results.get(bytes) ?? new Map<string, Buffer>();
  let packed = known.get(coding.name);
  if (!packed) {
    packed = coding.whole(bytes);
    results.set(bytes, known.set(coding.name, packed));
  }
  return packed;
}

function throughStream(body: NonNullable<Body>, coding: ContentCoding, flushes: boolean): Readable {
  const source = streamOf(body);
  const packer = coding.stream();
  if (flushes) {
    // What an application has sent so far is for the client to see.
    source.on("data", () => setImmediate(() => packer.writable && packer.flush()));
    source.pause();
  }
  if (!coding.done) return pipeline(source, packer, () => undefined);
  let bytesOut = 0;
  const counter = new Transform({
    transform: (piece: Buffer, _encoding, next) => {
      bytesOut += piece.length;
      next(null, piece);
    },
  });
  return pipeline(source, packer, counter, (error) => {
    if (!error) coding.done?.(packer.bytesWritten, bytesOut);
  });
}

/** The bytes of a body as a stream, whatever it is. */
export function streamOf(body: NonNullable<Body>): Readable {
  if (Buffer.isBuffer(body)) return Readable.from([body], { objectMode: false });
  if (isParts(body)) return Readable.from(eachPart(body), { objectMode: false });
  return isFileSlice(body) ? readSlice(body) : body;
}

async function* eachPart(parts: readonly (Buffer | FileSlice)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (Buffer.isBuffer(part)) yield part;
    else for await (const piece of readSlice(part)) yield piece as Buffer;
  }
}

/** What a part of a file holds; undefined where it is not all there any more. */
function sliceNow(slice: FileSlice): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(slice.length);
  try {
    return fillFromSlice(slice, bytes, 0) === slice.length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function readSlice({ path, offset, length }: FileSlice): Readable {
  if (length === 0) return Readable.from([]);
  return createReadStream(fileSystemPath(path), { start: offset, end: offset + length - 1 });
}
