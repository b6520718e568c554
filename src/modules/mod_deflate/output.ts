// Responses → the same compressed with gzip, or a compressed one as it was.
import { constants, createGunzip, createGzip, gunzipSync, gzipSync } from "node:zlib";
import { pipeline } from "node:stream";
import { encodeContent, streamOf, type ContentCoding, type NamedFilter, type Request } from "../../api/index.js";
import { deflate } from "./settings.js";

/** The filter DEFLATE. */
export const deflateFilter: NamedFilter = {
  type: "content set",
  run: (request, response) => encodeContent(request, response, codingFor(request)),
};

type DeflateSettings = ReturnType<typeof settingsOf>;
const settingsOf = (request: Request) => request.settings(deflate);
const codings = new WeakMap<DeflateSettings, ContentCoding>();

function codingFor(request: Request): ContentCoding {
  const settings = settingsOf(request);
  let coding = codings.get(settings);
  if (!coding) codings.set(settings, (coding = makeCoding(settings)));
  return Object.keys(settings.notes).length === 0 ? coding : noting(request, coding, settings);
}

function makeCoding({ level, windowBits, memLevel, bufferSize, etag }: DeflateSettings): ContentCoding {
  // zlib has no gzip with a window of 2^8.
  const options = { level, memLevel, windowBits: Math.max(9, windowBits) };
  return {
    name: "gzip",
    etag,
    // Header, checksum, and the fields that say it is compressed.
    smallest: 68,
    buffered: bufferSize + 18,
    off: "no-gzip",
    onlyHtml: "gzip-only-text/html",
    force: "force-gzip",
    whole: (bytes) => gzipSync(bytes, options),
    stream: () => createGzip({ ...options, flush: constants.Z_NO_FLUSH }),
  };
}

function noting({ notes }: Request, coding: ContentCoding, { notes: names }: DeflateSettings): ContentCoding {
  return {
    ...coding,
    done: (bytesIn, bytesOut) => {
      const raw = Math.max(0, bytesOut - 18);
      const { ratio, input, output } = names;
      if (ratio !== undefined) notes.set(ratio, bytesIn > 0 ? String(Math.floor((raw * 100) / bytesIn)) : "-");
      if (input !== undefined) notes.set(input, bytesIn > 0 ? String(bytesIn) : "-");
      if (output !== undefined) notes.set(output, raw > 0 ? String(raw) : "-");
    },
  };
}

/** The filter INFLATE: takes gzip off a response. */
export const inflateFilter: NamedFilter = {
  type: "content set",
  run: (request, response) => {
    const { headers, body, status } = response;
    const codings = (headers.get("content-encoding") ?? "").split(",").map((each) => each.trim().toLowerCase());
    const last = codings.at(-1);
    if (request.parent || status === 204 || status === 304 || headers.has("content-range")) return response;
    if (last !== "gzip" && last !== "x-gzip") return response;
    const rest = codings.slice(0, -1);
    if (rest.length === 0) headers.delete("Content-Encoding");
    else headers.set("Content-Encoding", rest.join(", "));
    headers.delete("Content-Length");
    headers.delete("Content-MD5");
    const tag = headers.get("etag");
    if (tag?.endsWith('"')) headers.set("ETag", `${tag.slice(0, -1)}-gunzip"`);
    if (body === undefined || request.headOnly) return { ...response, body: undefined };
    const whole = Buffer.isBuffer(body) ? inflatedShort(body, request.settings(deflate).bufferSize) : undefined;
    if (whole) return { ...response, body: whole };
    const inflated = createGunzip();
    pipeline(streamOf(body), inflated, () => undefined);
    return { ...response, body: inflated };
  },
};

/** What is packed in bytes, if it is short and whole. */
function inflatedShort(bytes: Buffer, most: number): Buffer | undefined {
  try {
    return gunzipSync(bytes, { maxOutputLength: most });
  } catch {
    return undefined;
  }
}
