// Bytes of a request body on the wire → its data: Content-Length or chunked framing taken off.
import { Headers, RequestBodyError } from "../../api/index.js";
import type { WireLimits } from "../exchange.js";
import type { Input } from "./input.js";
import { token } from "./request-line.js";

/** A trailer that is none: the body itself was whole. */
export class TrailerError extends RequestBodyError {
  constructor(reason: string) {
    super(400, `AH02656: ${reason}`);
  }
}

/** Takes the framing off a body, piece by piece. */
export interface Framing {
  /** Whether the end of the body has been read. */
  readonly isDone: boolean;
  /** The fields behind the body, once its end has been read. */
  readonly trailers?: Headers | undefined;
  /**
   * Uses up bytes of the input and gives the data in them; undefined when more must arrive first, or at the end.
   * Throws a RequestBodyError.
   */
  next(input: Input): Buffer | undefined;
  /** The same framing in the same state, to be tried out. */
  copy(): Framing;
}

/** A body of known length. */
export class LengthFraming implements Framing {
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get isDone(): boolean {
    return this.#left === 0;
  }

  next(input: Input): Buffer | undefined {
    const size = Math.min(this.#left, input.length);
    if (size === 0) return undefined;
    const data = input.bytes.subarray(input.start, input.start + size);
    input.start += size;
    this.#left -= size;
    return data;
  }

  copy(): Framing {
    return new LengthFraming(this.#left);
  }
}

/** A chunked body (RFC 9112 section 7.1), as strict as Apache. */
export class ChunkFraming implements Framing {
  readonly #limits: WireLimits;
  #state: "size" | "data" | "data end" | "trailers" | "done" = "size";
  /** Bytes left of the chunk. */
  #left = 0;
  /** Lines of trailers so far. */
  #trailerLines = 0;
  #trailers: [name: string, value: string][] = [];

  constructor(limits: WireLimits) {
    this.#limits = limits;
  }

  get trailers(): Headers | undefined {
    return this.isDone && this.#trailers.length > 0 ? new Headers(this.#trailers) : undefined;
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  next(input: Input): Buffer | undefined {
    for (;;) {
      if (this.#state === "data") {
        const size = Math.min(this.#left, input.length);
        if (size === 0) return undefined;
        const data = input.bytes.subarray(input.start, input.start + size);
        input.start += size;
        this.#left -= size;
        if (this.#left === 0) this.#state = "data end";
        return data;
      }
      if (this.#state === "done" || !this.#step(input)) return undefined;
    }
  }

  copy(): Framing {
    const copy = new ChunkFraming(this.#limits);
    copy.#state = this.#state;
    copy.#left = this.#left;
    copy.#trailerLines = this.#trailerLines;
    copy.#trailers = this.#trailers.map(([name, value]) => [name, value]);
    return copy;
  }

  /** Reads a line of framing; false when it has not arrived. */
  #step(input: Input): boolean {
    if (this.#state === "data end") return this.#readDataEnd(input);
    const line = this.#readLine(input);
    if (line === undefined) return false;
    if (this.#state === "trailers") this.#readTrailer(line);
    else this.#readSize(line);
    return true;
  }

  #readDataEnd(input: Input): boolean {
    const { bytes, start, length } = input;
    const lenient = !this.#limits.strict && bytes[start] === 0x0a;
    if (length > 0 && bytes[start] !== 0x0d && !lenient) throw malformed("no line end behind the data of a chunk");
    if (length > 1 && !lenient && bytes[start + 1] !== 0x0a) throw malformed("no line end behind the data of a chunk");
    if (length < (lenient ? 1 : 2)) return false;
    input.start += lenient ? 1 : 2;
    this.#state = "size";
    return true;
  }

  #readSize(line: string): void {
    const digits = /^([0-9A-Fa-f]+)[ \t]{0,10}(?:;[\t\x20-\x7e\x80-\xff]*)?$/.exec(line)?.[1]?.replace(/^0+(?=.)/, "");
    if (digits === undefined) throw malformed("malformed chunk size");
    if (digits.length > 16 || (digits.length === 16 && digits > "7")) {
      throw new RequestBodyError(413, "AH01590: a chunk is larger than any body may be");
    }
    this.#left = parseInt(digits, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
  }

  #readTrailer(line: string): void {
    if (line === "") {
      this.#state = "done";
      return;
    }
    const colon = line.indexOf(":");
    const isFold = /^[ \t]+[^ \t]/.test(line) && this.#trailers.length > 0;
    // eslint-disable-next-line no-control-regex
    if ((!isFold && !token.test(line.slice(0, colon))) || /[\0-\x08\n-\x1f\x7f]/.test(line)) {
      throw new TrailerError("malformed trailer");
    }
    if (this.#limits.fields !== 0 && ++this.#trailerLines > this.#limits.fields) {
      throw new TrailerError("more trailers than LimitRequestFields");
    }
    const last = isFold ? this.#trailers.at(-1) : undefined;
    if (last) last[1] += ` ${trimmed(line)}`;
    else this.#trailers.push([line.slice(0, colon), trimmed(line.slice(colon + 1))]);
  }

  /** A line without its end; undefined when it has not arrived. */
  #readLine(input: Input): string | undefined {
    const { bytes, start, end } = input;
    const lf = bytes.indexOf(0x0a, start);
    const stop = lf < 0 || lf >= end ? end : lf;
    if (stop - start > this.#limits.fieldSize + 2) {
      if (this.#state === "trailers") throw new TrailerError("a trailer exceeds LimitRequestFieldSize");
      throw new RequestBodyError(413, "AH01590: a chunk's size line exceeds LimitRequestFieldSize");
    }
    if (stop === end) return undefined;
    const hasReturn = lf > start && bytes[lf - 1] === 0x0d;
    if (!hasReturn && this.#limits.strict) throw malformed("a line does not end in CR LF");
    input.start = lf + 1;
    return bytes.toString("latin1", start, hasReturn ? lf - 1 : lf);
  }
}

const trimmed = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, "");

function malformed(what: string): RequestBodyError {
  return new RequestBodyError(400, `AH01590: chunked body: ${what}`);
}
