// The body of a request that comes slowly → all of it in memory, before a thread of a daemon is asked for.
import { Readable } from "node:stream";
import { RequestBodyError, type Request, type RequestBody } from "../api/index.js";

/** Bytes that this worker holds of bodies that have not been handed over: beyond, they are handed on as they come. */
const mostHeld = 64 * 1024 * 1024;
let held = 0;

/** Whether a body is to be taken in first: it has a length of at most `limit`, and did not come with the head. */
export function isTakenIn({ body, headers }: Request, limit: number): boolean {
  const { length } = body;
  if (length === undefined || length === 0 || length > limit || body.arrived !== undefined || body.isTaken)
    return false;
  // A client that asks first waits for the application's word.
  return held + length <= mostHeld && headers.get("expect") === undefined;
}

/** A body that was taken in; `release` when it has been handed over. */
export interface TakenIn {
  readonly body: RequestBody;
  readonly release: () => void;
}

/** Takes a body in. Rejects with a RequestBodyError when it breaks off. */
export function takeIn(body: RequestBody): Promise<TakenIn> {
  const size = body.length ?? 0;
  held += size;
  const release = (): void => {
    held -= size;
  };
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let isOver = false;
    const broke = (error: Error): void => {
      if (isOver) return;
      isOver = true;
      release();
      reject(error instanceof RequestBodyError ? error : new RequestBodyError(400, error.message));
    };
    body
      .stream()
      .on("data", (piece: Buffer) => pieces.push(piece))
      .on("end", () => {
        isOver = true;
        resolve({ body: whole(Buffer.concat(pieces)), release });
      })
      .on("error", broke)
      .on("close", () => broke(new Error("the client has closed the connection")));
  });
}

function whole(bytes: Buffer): RequestBody {
  return { length: bytes.length, arrived: bytes, stream: () => Readable.from([bytes]), discard: () => true };
}
