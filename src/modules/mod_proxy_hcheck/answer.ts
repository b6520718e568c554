// The bytes a back end answers a health check with → status, fields and body.
import { Headers } from "../../api/index.js";

/** What a back end said. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The first of it, latin1. */
  readonly body: string;
}

const mostHead = 65_536;
/** Bytes of a body that conditions see; what comes after them is not waited for. */
const mostBody = 262_144;

/** Reads one answer; faults are thrown. */
export class AnswerReader {
  readonly #hasBody: boolean;
  #bytes = Buffer.alloc(0);
  #head: { readonly status: number; readonly headers: Headers } | undefined;

  /** `hasBody`: what was asked for has one. */
  constructor(hasBody: boolean) {
    this.#hasBody = hasBody;
  }

  /** Takes bytes, or the end; gives the answer once it is whole. */
  take(bytes: Buffer | "end"): Answer | undefined {
    if (bytes !== "end") this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const hasEnded = bytes === "end";
    while (!this.#head) {
      const end = endOfHead(this.#bytes);
      if (end === undefined) {
        if (hasEnded || this.#bytes.length > mostHead) throw new Error("the answer has no head");
        return undefined;
      }
      const head = headOf(this.#bytes.toString("latin1", 0, end));
      this.#bytes = this.#bytes.subarray(end);
      // Interim ones are followed by the answer.
      if (head.status >= 200 || head.status === 101) this.#head = head;
    }
    const { status, headers } = this.#head;
    const body = this.#bodyOf(status, headers, hasEnded);
    return body === undefined ? undefined : { status, headers, body };
  }

  #bodyOf(status: number, headers: Headers, hasEnded: boolean): string | undefined {
    if (!this.#hasBody || status < 200 || status === 204 || status === 304) return "";
    if (/(^|,)\s*chunked\s*$/i.test(headers.get("transfer-encoding") ?? "")) return this.#chunks(hasEnded);
    const length = headers.get("content-length");
    const due = length === undefined ? Infinity : /^\d{1,15}$/.test(length) ? Number(length) : NaN;
    if (Number.isNaN(due)) throw new Error("its Content-Length is no number");
    const wanted = Math.min(due, mostBody);
    if (this.#bytes.length < wanted) {
      if (!hasEnded) return undefined;
      if (due !== Infinity) throw new Error("the answer ended within its body");
    }
    return this.#bytes.toString("latin1", 0, wanted);
  }

  /** The body out of its chunks: undefined while the last one has not come. */
  #chunks(hasEnded: boolean): string | undefined {
    const text = this.#bytes.toString("latin1");
    let body = "";
    for (let at = 0; ;) {
      const { 0: line = "", 1: size = "" } = /^([0-9a-f]{1,8})[^\r\n]*\r?\n/i.exec(text.slice(at, at + 4096)) ?? [];
      if (line === "") {
        if (hasEnded || /\n/.test(text.slice(at))) throw new Error("the chunks of the answer are broken");
        return undefined;
      }
      const length = parseInt(size, 16);
      if (length === 0) return body;
      const begin = at + line.length;
      body += text.slice(begin, begin + length);
      if (body.length >= mostBody) return body.slice(0, mostBody);
      const rest = text.slice(begin + length, begin + length + 2);
      if (rest.length < 2) {
        if (hasEnded) throw new Error("the answer ended within its body");
        return undefined;
      }
      if (rest !== "\r\n") throw new Error("the chunks of the answer are broken");
      at = begin + length + 2;
    }
  }
}

/** Behind the empty line. */
function endOfHead(bytes: Buffer): number | undefined {
  const text = bytes.toString("latin1", 0, Math.min(bytes.length, mostHead));
  const match = /\r?\n\r?\n/.exec(text);
  return match ? match.index + match[0].length : undefined;
}

function headOf(text: string): { status: number; headers: Headers } {
  const [first = "", ...lines] = text.split(/\r?\n/);
  const status = /^HTTP\/1\.\d (\d{3})(?: |$)/.exec(first)?.[1];
  if (status === undefined) throw new Error("the answer is none of HTTP/1");
  const headers = new Headers();
  for (const line of lines) {
    if (line === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) throw new Error("a line of its head is no field");
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { status: Number(status), headers };
}
