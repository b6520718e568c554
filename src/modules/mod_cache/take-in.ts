// A response and a writer → the same response, taken in as it is sent.
import { finished, pipeline, Transform, type Readable } from "node:stream";
import { isFileSlice, isParts, lengthOf, streamOf, type Request, type Response } from "../../api/index.js";
import type { EntryWriter } from "./store.js";

/** Bodies that are at hand are taken in before they are sent, if they are no longer than this; else beside. */
const atOnce = 1024 * 1024;

interface Taking {
  readonly writer: EntryWriter;
  /** Called when it has been taken in, or given up. */
  readonly done: () => void;
}

/** Takes in the body of a response. The next request finds it when the last byte of this one has been sent. */
export async function takeIn(request: Request, response: Response, { writer, done }: Taking): Promise<Response> {
  const { body } = response;
  if (request.headOnly || body === undefined) {
    await writer.commit();
    done();
    return response;
  }
  if (Buffer.isBuffer(body) || isParts(body) || isFileSlice(body)) {
    const taken = takeAll(response, writer).finally(done);
    if ((lengthOf(body) ?? 0) <= atOnce) await taken;
    return response;
  }
  return { ...response, body: takeAlong(body, { writer, done }) };
}

/** What is at hand, whoever reads the response. */
async function takeAll({ body }: Response, writer: EntryWriter): Promise<void> {
  if (body === undefined) return;
  let length = 0;
  try {
    if (Buffer.isBuffer(body)) {
      length = body.length;
      await writer.write(body);
    } else {
      for await (const piece of streamOf(body) as AsyncIterable<Buffer>) {
        length += piece.length;
        if (!(await writer.write(piece))) break;
      }
    }
  } catch {
    return writer.abort();
  }
  // A file that was changed meanwhile may have another length than was said.
  if (length === lengthOf(body)) await writer.commit();
  else await writer.abort();
}

/** What comes bit by bit: each piece is taken in before it is passed on, and the end waits until all can be found. */
function takeAlong(body: Readable, { writer, done }: Taking): Transform {
  let takes = true;
  const take = async (piece: Buffer): Promise<void> => {
    takes = await writer.write(piece);
  };
  const along = new Transform({
    transform: (piece: Buffer, _encoding, next) => {
      if (!takes) return next(null, piece);
      void take(piece).then(() => next(null, piece));
    },
    flush: (next) => {
      void writer.commit().then(() => {
        done();
        next();
      });
    },
  });
  // The client has left, or whoever makes the response has failed: what came so far is no response.
  finished(along, { readable: false }, (error) => {
    if (error) void writer.abort().then(done);
  });
  return pipeline(body, along, () => undefined);
}
