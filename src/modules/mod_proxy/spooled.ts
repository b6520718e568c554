// A body whose length is not known → the same body, which has waited in a file without a name, and its length.
import type { FileHandle } from "node:fs/promises";
import { openNameless, RequestBodyError, type Request } from "../../api/index.js";
import type { Upload } from "./upload.js";

/** Bytes that all bodies of this HTTP worker may have in files. */
const mostOnDisk = 1024 * 1024 * 1024;

let onDisk = 0;

/** Files of requests that are not over. */
const spools = new Map<Request, Spool>();

/** A body in a file; it can be read again for another member of a balancer. */
class Spool {
  readonly #file: FileHandle;
  #length = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  get upload(): Upload {
    const length = this.#length;
    return { length, pieces: [], source: () => this.#file.createReadStream({ start: 0, autoClose: false }) };
  }

  async add(bytes: Buffer): Promise<void> {
    if (onDisk + bytes.length > mostOnDisk) {
      throw new RequestBodyError(413, "there is no room for a body without a length: too many of them wait in files");
    }
    onDisk += bytes.length;
    this.#length += bytes.length;
    await this.#file.write(bytes);
  }

  close(): void {
    onDisk -= this.#length;
    this.#length = 0;
    // Waits for what is being read.
    this.#file.close().catch(() => undefined);
  }
}

/** What was spooled of a request before. */
export function spoolOf(request: Request): Upload | undefined {
  return spools.get(request)?.upload;
}

/** Reads a body to its end. Fails with a RequestBodyError. */
export async function spooled(request: Request, { pieces, source }: Upload): Promise<Upload> {
  const known = spoolOf(request);
  if (known) return known;
  const spool = new Spool(await openNameless());
  try {
    for (const piece of pieces) await spool.add(piece);
    const rest = typeof source === "function" ? source() : source;
    for await (const bytes of rest ?? []) await spool.add(bytes as Buffer);
  } catch (error) {
    spool.close();
    throw error;
  }
  spools.set(request, spool);
  return spool.upload;
}

/** Frees what a request has in a file. */
export function dropSpool(...requests: readonly Request[]): void {
  if (spools.size === 0) return;
  for (const request of requests) {
    spools.get(request)?.close();
    spools.delete(request);
  }
}
