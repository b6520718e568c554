// KeptBodySize → bodies of requests that can be read more than once.
import {
  arg,
  bodyOf,
  defineModule,
  readBody,
  RequestBodyError,
  value,
  type Headers,
  type RequestBody,
} from "../../api/index.js";
import { Readable } from "node:stream";

export default defineModule({
  name: "mod_request",
  summary: "Keeps bodies of requests, so that more than one part of an answer can read them",
  settings: { keptBodySize: value<number>(0) },
  directives: (directive) => ({
    KeptBodySize: directive({
      args: [arg.size("bytes")],
      contexts: ["directory"],
      summary: "Keeps bodies of up to so many bytes",
      doc:
        "A body that is kept can be read by the handler and by the sub-requests of its answer. A longer one is answered with " +
        "413. 0: none is kept. mod_auth_form keeps what it needs without this.",
      default: "0",
      example: "<Location /shop>\n  KeptBodySize 32768\n</Location>",
      set: ([keptBodySize]) => ({ keptBodySize }),
    }),
  }),
  hooks: {
    fixups: {
      rank: "last",
      when: ({ keptBodySize }) => keptBodySize > 0,
      run: (request, { keptBodySize }) => {
        if (!(request.body instanceof KeptBody) && request.body.length !== 0 && !request.parent) {
          request.body = new KeptBody(request.body, keptBodySize);
        }
        return undefined;
      },
    },
  },
});

/** A body that is read from the client once, whole, and then as often as it is asked for. */
class KeptBody implements RequestBody {
  readonly length: number | undefined;
  readonly #body: RequestBody;
  readonly #most: number;
  #kept: Promise<RequestBody> | undefined;
  #error: RequestBodyError | undefined;

  constructor(body: RequestBody, most: number) {
    this.#body = body;
    this.#most = most;
    this.length = body.length;
  }

  get arrived(): Buffer | undefined {
    if (this.#kept) return undefined;
    const { arrived } = this.#body;
    return arrived && arrived.length <= this.#most ? arrived : undefined;
  }

  get trailers(): Headers | undefined {
    return this.#body.trailers;
  }

  get error(): RequestBodyError | undefined {
    return this.#error ?? this.#body.error;
  }

  stream(): Readable {
    this.#kept ??= readBody(this.#body, this.#most).then(bodyOf);
    const kept = this.#kept;
    kept.catch((error: unknown) => {
      if (error instanceof RequestBodyError) this.#error ??= error;
    });
    return Readable.from(
      (async function* () {
        yield* (await kept).stream() as AsyncIterable<Buffer>;
      })(),
      { objectMode: false },
    );
  }

  /** What is too long to be kept is refused, whoever reads it. */
  discard(): boolean | Promise<boolean> {
    if (this.#kept)
      return this.#kept.then(
        () => true,
        () => false,
      );
    if (this.length === undefined || this.length <= this.#most) return this.#body.discard();
    this.#error ??= new RequestBodyError(
      413,
      `a body of ${this.length} bytes is larger than KeptBodySize ${this.#most}`,
    );
    return false;
  }
}
