// Responses → the same as data: URLs, to be put into pages: the filter DATA.
import { Transform, pipeline, type TransformCallback } from "node:stream";
import { core, defineModule, lengthOf, streamOf, type NamedFilter } from "../../api/index.js";

const dataFilter: NamedFilter = {
  type: "resource",
  run: (request, response) => {
    const { headers, body, status } = response;
    if (request.parent || request.previous || body === undefined || status === 204 || status === 304) return response;
    const { addDefaultCharset } = request.settings(core);
    const added = addDefaultCharset === undefined ? "" : `; charset=${addDefaultCharset}`;
    const type = headers.get("content-type") ?? "";
    // The default charset comes behind all filters in Apache: it is not in the URL, and is that of the URL.
    const isAdded = added !== "" && type.endsWith(added) && !(request.contentType?.endsWith(added) ?? false);
    const start = startOf(isAdded ? type.slice(0, -added.length) : type);
    headers.set("Content-Type", `text/plain${added}`);
    if (Buffer.isBuffer(body)) {
      const text = Buffer.from(start + body.toString("base64"), "latin1");
      if (headers.has("content-length")) headers.set("Content-Length", String(text.length));
      return { ...response, body: text };
    }
    const length = lengthOf(body) ?? statedLength(headers.get("content-length"));
    if (length === undefined) headers.delete("Content-Length");
    else headers.set("Content-Length", String(start.length + Math.ceil(length / 3) * 4));
    if (request.headOnly) return { ...response, body: undefined };
    const encoder = new Encoder(start);
    // A body that breaks off breaks this one off too.
    pipeline(streamOf(body), encoder, () => undefined);
    return { ...response, body: encoder };
  },
};

/** "data:text/html;charset=utf-8;base64,", as far as the type says. */
function startOf(type: string): string {
  const [media = "", charset = ""] = type.split(" ");
  return `data:${media}${charset};base64,`;
}

function statedLength(field: string | undefined): number | undefined {
  return field !== undefined && /^\d{1,15}$/.test(field) ? Number(field) : undefined;
}

/** Encodes what comes in groups of three bytes; what is left of a piece waits for the next. */
class Encoder extends Transform {
  #left = Buffer.alloc(0);
  #start: string;

  constructor(start: string) {
    super();
    this.#start = start;
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const bytes = this.#left.length === 0 ? piece : Buffer.concat([this.#left, piece]);
    const whole = bytes.length - (bytes.length % 3);
    this.#left = Buffer.from(bytes.subarray(whole));
    done(null, this.#text(bytes.subarray(0, whole)));
  }

  override _flush(done: TransformCallback): void {
    done(null, this.#text(this.#left));
  }

  #text(bytes: Buffer): Buffer {
    const text = Buffer.from(this.#start + bytes.toString("base64"), "latin1");
    this.#start = "";
    return text;
  }
}

export default defineModule({
  name: "mod_data",
  summary:
    "Turns responses into data: URLs (RFC 2397), to be put into pages: the filter DATA. The answer is text/plain, its " +
    "own type stands in the URL.",
  settings: {},
  directives: () => ({}),
  provides: { outputFilter: { DATA: dataFilter } },
});
