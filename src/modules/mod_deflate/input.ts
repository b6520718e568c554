// The body of a request sent with gzip → what was packed in it, within limits.
import { pipeline, Transform, type Readable } from "node:stream";
import { createGunzip, type Gunzip } from "node:zlib";
import {
  core,
  RequestBodyError,
  type Headers,
  type InputFilter,
  type Request,
  type RequestBody,
} from "../../api/index.js";
import { deflate } from "./settings.js";

/** The filter DEFLATE for request bodies. */
export const inflateBody: InputFilter = (request, body) => {
  const { headers } = request;
  const codings = (headers.get("content-encoding") ?? "").split(",").map((each) => each.trim().toLowerCase());
  const last = codings.at(-1);
  if (last !== "gzip" && last !== "x-gzip") return body;
  if (codings.length === 1) headers.delete("Content-Encoding");
  else headers.set("Content-Encoding", codings.slice(0, -1).join(", "));
  headers.delete("Content-Length");
  headers.delete("Content-MD5");
  return new InflatedBody(request, body);
};

class InflatedBody implements RequestBody {
  readonly length = undefined;
  readonly arrived = undefined;
  error: RequestBodyError | undefined;
  readonly #request: Request;
  readonly #body: RequestBody;

  constructor(request: Request, body: RequestBody) {
    this.#request = request;
    this.#body = body;
  }

  get trailers(): Headers | undefined {
    return this.#body.trailers;
  }

  stream(): Readable {
    const gunzip = createGunzip();
    const limits = new Limits(this.#request, gunzip);
    const source = this.#body.stream();
    let failed = false;
    source.once("error", () => (failed = true));
    const fail = (error: Error): void => {
      this.error ??= error instanceof RequestBodyError ? error : (this.#body.error ?? undefined);
    };
    limits.once("error", fail);
    gunzip.once("error", (error) => {
      if (!failed) limits.destroy(new RequestBodyError(400, `the body is not gzip as it says: ${error.message}`));
    });
    pipeline(source, gunzip, limits, () => undefined);
    return limits;
  }

  discard(): boolean | Promise<boolean> {
    return this.#body.discard();
  }
}

/** Passes bytes on while there are not too many, in all and for what they were packed in. */
class Limits extends Transform {
  readonly #gunzip: Gunzip;
  readonly #most: number;
  readonly #ratio: number;
  readonly #burst: number;
  #total = 0;
  #hits = 0;

  constructor(request: Request, gunzip: Gunzip) {
    super();
    const { inflateLimit, ratioLimit, ratioBurst } = request.settings(deflate);
    this.#gunzip = gunzip;
    this.#most = inflateLimit ?? request.settings(core).limitRequestBody;
    this.#ratio = ratioLimit;
    this.#burst = ratioBurst;
  }

  override _transform(
    piece: Buffer,
    _encoding: BufferEncoding,
    done: (error: Error | null, data?: Buffer) => void,
  ): void {
    this.#total += piece.length;
    if (this.#most > 0 && this.#total > this.#most) {
      return done(new RequestBodyError(413, `Inflated content length of ${this.#total} is larger than ${this.#most}`));
    }
    const isDense = this.#total / Math.max(1, this.#gunzip.bytesWritten) >= this.#ratio;
    this.#hits = isDense ? this.#hits + 1 : 0;
    if (this.#hits > this.#burst) {
      return done(new RequestBodyError(413, `AH02805: the inflate ratio limit of ${this.#ratio} is exceeded`));
    }
    done(null, piece);
  }
}
