// The first bytes of a script's output → its fields, as Apache reads them, and what is left of the body.
import { Headers } from "./headers.js";
import { parseHttpDate } from "./http-date.js";

/** What a script said in front of its body. */
export interface ScriptHead {
  /** Of a Status field. */
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly contentType: string | undefined;
  /** Fields that errors keep too; repeated ones joined, cookies apart from each other at the end. */
  readonly always: Headers;
  /** Location, Content-Length, Content-Range, Transfer-Encoding, ETag, Last-Modified: each once. */
  readonly fields: Headers;
  /** Seconds since the epoch. */
  readonly lastModified: number | undefined;
}

/** Why the output is none of a script, for the error log. */
export class OutputFault extends Error {
  override readonly name = "OutputFault";
  /** The line that is no field, and what of the output came with it. */
  readonly line: string;
  readonly rest: Buffer;

  constructor(message: string, line = "", rest: Buffer = Buffer.alloc(0)) {
    super(message);
    this.line = line;
    this.rest = rest;
  }
}

const longestLine = 8190;
const longestHead = 256 * 1024;

const single = new Set(["location", "content-length", "content-range", "transfer-encoding", "etag"]);

/** Reads the head of one script's output; a fault is thrown. */
export class HeadReader {
  readonly #script: string;
  readonly #lines: string[] = [];
  #line = "";
  #bytes = 0;

  /** `script` is the last part of its file name. */
  constructor(script: string) {
    this.#script = script;
  }

  /** Takes bytes; gives those behind the head once it is whole. */
  read(bytes: Buffer): Buffer | undefined {
    this.#bytes += bytes.length;
    for (let at = 0; ;) {
      const end = bytes.indexOf(10, at);
      this.#line += bytes.toString("latin1", at, end < 0 ? bytes.length : end);
      if (this.#line.length > longestLine || this.#bytes > longestHead + bytes.length) this.ended();
      if (end < 0) return undefined;
      // Apache's lines are texts of C, which end where a NUL stands.
      const line = this.#line.replaceAll("\r", "").replace(/\0.*/s, "");
      this.#line = "";
      at = end + 1;
      if (line === "") return bytes.subarray(at);
      if (!line.includes(":")) {
        const message = `malformed header from script '${this.#script}': Bad header: ${line.slice(0, 30)}`;
        throw new OutputFault(message, line, bytes.subarray(at));
      }
      this.#lines.push(line);
    }
  }

  /** The output ended within the head. */
  ended(): never {
    const what = this.#lines.length === 0 ? "End of script output before headers" : "Premature end of script headers";
    throw new OutputFault(`${what}: ${this.#script}`);
  }

  /** The head; `now` in milliseconds since the epoch. */
  head(now: number): ScriptHead {
    const always = new Headers();
    const fields = new Headers();
    const cookies: string[] = [];
    let [status, reason, contentType, lastModified]: [number?, string?, string?, number?] = [];
    for (const line of this.#lines) {
      const colon = line.indexOf(":");
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).replace(/^[\t-\r ]+/, "");
      const key = name.toLowerCase();
      if (key === "content-type") contentType = value.trimEnd().replace(/^[^;]*/, (type) => type.toLowerCase());
      else if (key === "status") [status, reason] = statusOf(value);
      else if (key === "set-cookie") cookies.push(value);
      else if (key === "last-modified") {
        const date = parseHttpDate(value);
        if (date === undefined) continue;
        lastModified = Math.max(lastModified ?? 0, date);
        fields.set("Last-Modified", new Date(Math.min(lastModified * 1000, now)).toUTCString());
      } else if (single.has(key)) fields.set(name, value);
      else merge(always, name, value);
    }
    for (const cookie of cookies) always.append("Set-Cookie", cookie);
    return { status, reason, contentType, always, fields, lastModified };
  }
}

function merge(fields: Headers, name: string, value: string): void {
  const earlier = fields.get(name);
  if (earlier === undefined) fields.append(name, value);
  else fields.set(nameIn(fields, name), `${earlier}, ${value}`);
}

/** A field's name as it was first spelled. */
function nameIn(fields: Headers, name: string): string {
  let spelled = name;
  const key = name.toLowerCase();
  fields.forEach((each, _value, known) => {
    if (known === key) spelled = each;
  });
  return spelled;
}

/** Number and words of a Status field; 500 where it is no status, and its own words where those may not be sent. */
function statusOf(value: string): [number, string | undefined] {
  const number = Number(/^[+-]?\d+/.exec(value)?.[0] ?? "0");
  if (number < 100 || number > 599) return [500, undefined];
  const reason = /^\d{3} +(.*\S)/.exec(value)?.[1];
  return [number, reason !== undefined && /[^\t -~\x80-\xff]/.test(reason) ? undefined : reason];
}
