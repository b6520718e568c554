// The body of a request that comes slowly → all of it in memory or on disk, before a thread of a daemon is asked for.
import { Readable } from "node:stream";
import { RequestBodyError, type Request, type RequestBody } from "../api/index.js";
import { hasRoomOnDisk, Spool } from "./spool.js";

/** Bytes of one body that may be held in memory, and of all that this worker has not handed over: more goes to disk. */
const mostOfOne = 1024 * 1024;
const mostHeld = 64 * 1024 * 1024;
let held = 0;

/**
 * Whether a body is to be taken in first: it has a length of at most `limit`, and did not come with the head. Where there is
 * no room for it, it is handed on as it comes.
 */
export function isTakenIn({ body, headers }: Request, limit: number): boolean {
  const { length } = body;
  if (length === undefined || length === 0 || length > limit || body.arrived !== undefined || body.isTaken)
    return false;
  // A client that asks first waits for the application's word.
  return (fitsInMemory(length) || hasRoomOnDisk(length)) && headers.get("expect") === undefined;
}

function fitsInMemory(length: number): boolean {
  return length <= mostOfOne && held + length <= mostHeld;
}

/** A body that was taken in; `release` when it has been handed over. */
export interface TakenIn {
  readonly body: RequestBody;
  readonly release: () => void;
}

/** Takes a body in. Rejects with a RequestBodyError when it breaks off. */
export function takeIn(body: RequestBody): Promise<TakenIn> {
  const size = body.length ?? 0;
  return fitsInMemory(size) ? toMemory(body, size) : toDisk(body, size);
}

function toMemory(body: RequestBody, size: number): Promise<TakenIn> {
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
      reject(faultOf(error));
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

function toDisk(body: RequestBody, size: number): Promise<TakenIn> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const broke = (error: Error): void => {
      if (isOver) return;
      isOver = true;
      spool?.close();
      reject(faultOf(error));
    };
    let spool: Spool | undefined;
    let reader: SpoolReader | undefined;
    try {
      const events = {
        changed: () => (reader ? reader.changed() : stream.resume()),
        failed: (error: Error) => reader?.destroy(error),
      };
      spool = new Spool(size, events, { isReserved: true });
    } catch (error) {
      return reject(new RequestBodyError(500, `no file for the body: ${String(error)}`));
    }
    const kept = spool;
    const stream = body.stream();
    stream
      .on("data", (piece: Buffer) => {
        kept.add(piece);
        if (kept.isBehind) stream.pause();
        if (kept.isBroken) {
          broke(new RequestBodyError(500, "the disk takes no more of the body"));
          stream.destroy();
        }
      })
      .on("end", () => {
        if (isOver) return;
        isOver = true;
        reader = new SpoolReader(kept, size);
        const source = reader;
        resolve({
          body: {
            length: size,
            arrived: undefined,
            stream: () => source,
            discard: () => source.destroy() !== undefined,
          },
          release: () => void source.destroy(),
        });
      })
      .on("error", broke)
      .on("close", () => broke(new Error("the client has closed the connection")));
  });
}

/** What is in a spool, up to a number of bytes. */
class SpoolReader extends Readable {
  readonly #spool: Spool;
  #left: number;
  #wantsMore = false;

  constructor(spool: Spool, size: number) {
    super();
    this.#spool = spool;
    this.#left = size;
  }

  changed(): void {
    if (this.#wantsMore) this._read();
  }

  override _read(): void {
    this.#wantsMore = true;
    this.#spool.take((bytes) => {
      this.#wantsMore = false;
      this.#left -= bytes.length;
      this.push(bytes);
      if (this.#left === 0) this.push(null);
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#spool.close();
    done(error);
  }
}

function faultOf(error: Error): RequestBodyError {
  return error instanceof RequestBodyError ? error : new RequestBodyError(400, error.message);
}
