// Variables and a body → an exchange in SCGI: a netstring of variables; the answer is a script's, up to the end of the connection.
import {
  HeadReader,
  OutputFault,
  ProxyError,
  type ProxyEar,
  type ProxySpeaker,
  type Request,
  type Response,
  type ScriptHead,
} from "../../api/index.js";
import type { Readable } from "node:stream";

/** Says the response to a script's head. */
export type Respond = (head: ScriptHead, body: Readable | Buffer) => Response | Promise<Response>;

/** Variables that SCGI has in places of its own, or not at all. */
const notPassed = new Set(["GATEWAY_INTERFACE", "CONTENT_LENGTH", "SCGI"]);

/** Speaks SCGI; the variables are those in the request's environment. */
export class ScgiSpeaker implements ProxySpeaker {
  readonly closing = undefined;
  readonly #request: Request;
  readonly #length: number;
  readonly #respond: Respond;
  readonly #head = new HeadReader("scgi");
  #hasBegun = false;
  /** Bytes that Content-Length promises and that have not come. */
  #left = 0;

  constructor(request: Request, length: number, respond: Respond) {
    this.#request = request;
    this.#length = length;
    this.#respond = respond;
  }

  opening(): Buffer {
    let text = `CONTENT_LENGTH\0${this.#length}\0SCGI\x001\0`;
    for (const [name, value] of this.#request.environment) {
      if (!notPassed.has(name)) text += `${withoutNul(name)}\0${withoutNul(value)}\0`;
    }
    return Buffer.from(`${text.length}:${text},`, "latin1");
  }

  piece(bytes: Buffer): Buffer {
    return bytes;
  }

  hear(bytes: Buffer, ear: ProxyEar): void {
    let body: Buffer | undefined = bytes;
    if (!this.#hasBegun) {
      body = this.#read(() => this.#head.read(bytes));
      if (!body) return;
      this.#hasBegun = true;
      const head = this.#head.head(Date.now());
      this.#left = Number(head.fields.get("content-length") ?? 0) || 0;
      ear.begin((rest) => this.#respond(head, rest));
    }
    this.#left -= body.length;
    if (body.length > 0) ear.body(body);
  }

  ended(ear: ProxyEar): void {
    if (!this.#hasBegun) this.#read(() => this.#head.ended());
    if (this.#left > 0 && !this.#request.headOnly) {
      throw new ProxyError("response", `the connection was closed, ${this.#left} bytes before the end of the response`);
    }
    ear.end(false);
  }

  #read<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof OutputFault)) throw error;
      throw new ProxyError("response", `AH00860: error reading response headers: ${error.message}`, 500);
    }
  }
}

/** Strings of C end at a NUL. */
function withoutNul(text: string): string {
  const end = text.indexOf("\0");
  return end < 0 ? text : text.slice(0, end);
}
