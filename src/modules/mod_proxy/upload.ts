// The body of a request → its length, where it is short or says it, and its pieces as they come.
import type { Readable } from "node:stream";
import type { Request, RequestBody } from "../../api/index.js";

/** Bytes of a body in chunks that are waited for, so that its length is known. */
const mostGathered = 65_536;

/** A body on its way to a back end. */
export interface Upload {
  /** Undefined: it is not known. */
  readonly length: number | undefined;
  /** What has been read; all of it where there is no source. */
  readonly pieces: readonly Buffer[];
  /** Where the rest comes from. */
  readonly source: Readable | (() => Readable) | undefined;
}

const nothing: Upload = { length: 0, pieces: [], source: undefined };

/** A body that goes on as it comes. */
export function streamed(body: RequestBody | undefined): Upload {
  if (!body || body.length === 0) return nothing;
  const { arrived, length } = body;
  if (arrived) return { length: arrived.length, pieces: [Buffer.from(arrived)], source: undefined };
  return { length, pieces: [], source: () => body.stream() };
}

/** Begins to read a body, as far as its length asks for it. Fails with a RequestBodyError. */
export function uploadOf(body: RequestBody | undefined): Upload | Promise<Upload> {
  const upload = streamed(body);
  if (!body || upload.length !== undefined) return upload;
  const begun = gathered.get(body) ?? gather(body.stream());
  gathered.set(body, begun);
  return begun;
}

/** What was begun to be read: another member of a balancer may be asked with the same body. */
const gathered = new WeakMap<RequestBody, Promise<Upload>>();

function gather(source: Readable): Promise<Upload> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let length = 0;
    const take = (bytes: Buffer): void => {
      pieces.push(Buffer.from(bytes));
      length += bytes.length;
      if (length <= mostGathered) return;
      source.pause();
      done({ length: undefined, pieces, source });
    };
    const ended = (): void => done({ length, pieces, source: undefined });
    const done = (upload: Upload): void => {
      source.off("data", take).off("end", ended).off("error", reject);
      resolve(upload);
    };
    source.on("data", take).on("end", ended).on("error", reject);
  });
}

/** The body that goes along: none where the request is one for an ErrorDocument. */
export function bodyOf({ body, headers, previous, method }: Request): RequestBody | undefined {
  if (previous && method === "GET") return undefined;
  return body.length !== 0 || headers.has("content-length") ? body : undefined;
}

/** Whether variables of the environment want no chunks. */
export function wantsLength({ environment }: Request): boolean {
  if (environment.has("force-proxy-request-1.0")) return true;
  return (
    environment.has("proxy-sendcl") && !environment.has("proxy-sendchunked") && !environment.has("proxy-sendchunks")
  );
}
