// A packet of variables and a body → an exchange with uWSGI, which answers as an HTTP server does, up to the end of the connection.
import { Headers, ProxyError, type ProxyEar, type ProxySpeaker, type Request, type Response } from "../../api/index.js";
import type { Readable } from "node:stream";

const longestLine = 8190;
const longestHead = 65_536;

/** Fields for one connection alone. */
const notPassed = new Set(["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"]);

const statusLine = /^HTTP\/\d(?:\.\d)? (\d{3})(?: (.*))?$/;
const field = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;
// eslint-disable-next-line no-control-regex
const badText = /[\0-\x08\x0a-\x1f\x7f]/;

/** Speaks with uWSGI. */
export class UwsgiSpeaker implements ProxySpeaker {
  readonly closing = undefined;
  readonly #request: Request;
  readonly #opening: Buffer;
  #head = Buffer.alloc(0);
  #hasBegun = false;
  #isOver = false;
  /** Bytes of the body that are missing; Infinity: it goes on to the end of the connection. */
  #left = Infinity;

  constructor(request: Request, opening: Buffer) {
    this.#request = request;
    this.#opening = opening;
  }

  opening(): Buffer {
    return this.#opening;
  }

  piece(bytes: Buffer): Buffer {
    return bytes;
  }

  hear(bytes: Buffer, ear: ProxyEar): void {
    if (this.#isOver) return;
    if (this.#hasBegun) return this.#pass(bytes, ear);
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = endOfHead(this.#head);
    if (end < 0) {
      if (this.#head.length > longestHead)
        throw new ProxyError("response", "the head of the response is too long", 502);
      return;
    }
    const lines = this.#head.toString("latin1", 0, end).split(/\r?\n/);
    this.#hasBegun = true;
    const rest = this.#head.subarray(end);
    this.#head = Buffer.alloc(0);
    ear.begin(this.#understand(lines));
    this.#pass(rest, ear);
  }

  ended(ear: ProxyEar): void {
    if (!this.#hasBegun) {
      const status = this.#head.length > 0 ? 502 : 500;
      throw new ProxyError("response", "the connection was closed before the head of the response was whole", status);
    }
    if (this.#left > 0 && this.#left < Infinity) {
      throw new ProxyError("response", `the connection was closed, ${this.#left} bytes before the end of the response`);
    }
    this.#finish(ear);
  }

  #pass(bytes: Buffer, ear: ProxyEar): void {
    const piece = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= piece.length;
    if (piece.length > 0) ear.body(piece);
    if (this.#left === 0) this.#finish(ear);
  }

  #finish(ear: ProxyEar): void {
    this.#isOver = true;
    ear.end(false);
  }

  #understand([first = "", ...lines]: readonly string[]): (body: Readable | Buffer) => Response {
    const { headOnly } = this.#request;
    const [, number = "", reason = ""] = statusLine.exec(first) ?? [];
    const status = Number(number);
    if (number === "" || status < 200 || badText.test(reason)) {
      throw new ProxyError("response", "the response does not begin with a status line of HTTP", 502);
    }
    const headers = new Headers();
    for (const line of lines) {
      const [, name = "", value = ""] = line.length > longestLine ? [] : (field.exec(line) ?? []);
      if (line !== "" && (name === "" || badText.test(value))) {
        throw new ProxyError(
          "response",
          `a line of the response is no field: ${JSON.stringify(line.slice(0, 30))}`,
          502,
        );
      }
      if (name !== "" && !notPassed.has(name.toLowerCase())) headers.append(name, value);
    }
    this.#frame(headers, headOnly || status === 204 || status === 304);
    return (body) => ({
      status,
      reason,
      headers,
      body: headOnly ? undefined : body,
      relayed: true,
      ...unsized(headers, body),
    });
  }

  #frame(headers: Headers, isBodiless: boolean): void {
    if (headers.has("transfer-encoding")) {
      // The protocol has no chunks: what frames the body is not to be told apart from the body.
      throw new ProxyError("response", "the response has a Transfer-Encoding, which uwsgi has not", 502);
    }
    const lengths = new Set(headers.all("content-length"));
    if (lengths.size === 0) return;
    const [length = ""] = lengths;
    if (lengths.size > 1 || !/^\d{1,15}$/.test(length)) {
      throw new ProxyError("response", "the Content-Length of the response is no number", 502);
    }
    headers.set("Content-Length", length);
    if (!isBodiless) this.#left = Number(length);
  }
}

function unsized(headers: Headers, body: Readable | Buffer): { unsized?: true } {
  return Buffer.isBuffer(body) && body.length > 0 && !headers.has("content-length") ? { unsized: true } : {};
}

/** Where the body begins; -1: the head is not whole. */
function endOfHead(bytes: Buffer): number {
  const crlf = bytes.indexOf("\n\r\n");
  const lf = bytes.indexOf("\n\n");
  if (crlf < 0) return lf < 0 ? -1 : lf + 2;
  return lf >= 0 && lf < crlf ? lf + 2 : crlf + 3;
}
