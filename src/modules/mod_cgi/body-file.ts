// The body of a request → a file without a name that its script reads, which is not started before.
import type { FileHandle } from "node:fs/promises";
import { openNameless, type Request } from "../../api/index.js";

/** Larger bodies, and those of unknown length, are fed to their scripts as they come. */
const largest = 64 * 1024 * 1024;

/** What a script reads, and the beginning of it for the script log. */
export interface BodyFile {
  readonly file: FileHandle;
  readonly beginning: string;
}

/** How a script gets the body. */
export function inputOf({ body, parent }: Request): "nothing" | "file" | "stream" {
  if (parent || body.length === 0 || body.isTaken) return "nothing";
  return body.length !== undefined && body.length <= largest ? "file" : "stream";
}

/** Reads the body to its end; the file is at its beginning. Rejects with a RequestBodyError. */
export async function bodyFile({ body }: Request, kept = 0): Promise<BodyFile> {
  const file = await openNameless();
  try {
    let [length, beginning] = [0, ""];
    for await (const piece of body.stream() as AsyncIterable<Buffer>) {
      if (beginning.length < kept) beginning += piece.toString("latin1", 0, kept - beginning.length);
      for (let at = 0; at < piece.length;) {
        at += (await file.write(piece, at, piece.length - at, length + at)).bytesWritten;
      }
      length += piece.length;
    }
    return { file, beginning };
  } catch (error) {
    await file.close();
    throw error;
  }
}
