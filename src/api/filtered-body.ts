// A request's body and a way to change it → the body as an input filter gives it on.
import type { Readable } from "node:stream";
import type { Headers } from "./headers.js";
import type { RequestBody, RequestBodyError } from "./request.js";

/** A body whose bytes are what `change` makes of another's; how many they are is not known beforehand. */
export function filteredBody(body: RequestBody, change: (source: Readable) => Readable): RequestBody {
  return {
    length: undefined,
    arrived: undefined,
    get isTaken(): boolean {
      return body.isTaken ?? false;
    },
    get trailers(): Headers | undefined {
      return body.trailers;
    },
    get error(): RequestBodyError | undefined {
      return body.error;
    },
    stream: () => change(body.stream()),
    discard: () => body.discard(),
  };
}
