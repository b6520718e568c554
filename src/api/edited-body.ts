// A text and an editor that takes it in pieces → the text edited, whole or as a stream.
import { pipeline, Transform, type Readable } from "node:stream";
import { streamOf } from "./content-coding.js";
import { refuse, type Response } from "./response.js";

/** Changes a text that comes in pieces. What it throws ends the text. */
export interface Editor {
  write(piece: Buffer): Buffer;
  end(): Buffer;
}

/** Hears why an editor gave up, and throws what is none of the editor's own errors. */
export type GaveUp = (error: unknown) => void;

/**
 * A response with its body edited. Where the editor gives up the answer is a 500 if the body was at hand, else the body breaks
 * off. Its length is for the caller to see to.
 */
export function editBody(response: Response, editor: Editor, gaveUp: GaveUp): Response {
  const { body } = response;
  if (body === undefined) return response;
  if (!Buffer.isBuffer(body)) return { ...response, body: editedStream(streamOf(body), editor, gaveUp) };
  try {
    return { ...response, body: Buffer.concat([editor.write(body), editor.end()]) };
  } catch (error) {
    gaveUp(error);
    return refuse(500);
  }
}

/** A stream with its bytes edited; one that breaks off breaks this one off too. */
export function editedStream(source: Readable, editor: Editor, gaveUp: GaveUp): Readable {
  const step = (done: (error: Error | null, bytes?: Buffer) => void, edit: () => Buffer): void => {
    let bytes: Buffer;
    try {
      bytes = edit();
    } catch (error) {
      try {
        gaveUp(error);
      } catch (unknown) {
        return done(unknown instanceof Error ? unknown : new Error(String(unknown)));
      }
      return done(error instanceof Error ? error : new Error(String(error)));
    }
    done(null, bytes.length > 0 ? bytes : undefined);
  };
  const transform = new Transform({
    transform: (piece: Buffer, _encoding, done) => step(done, () => editor.write(piece)),
    flush: (done) => step(done, () => editor.end()),
  });
  return pipeline(source, transform, () => undefined);
}
