// The bytes a back end sends → the head of its response, the pieces of its body, and where it ends (RFC 9112).
import { Headers, ProxyError } from "../../api/index.js";
import { mostHeadBytes } from "./limits.js";

/** Status line and fields. */
export interface ReceivedHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
}

/** Who is told what was read. */
export interface ResponseListener {
  /** A response of status 1xx but 101: the response itself follows. */
  interim(head: ReceivedHead): void;
  /** 101; nothing more is read. */
  changes(head: ReceivedHead, rest: Buffer): void;
  head(head: ReceivedHead): void;
  body(bytes: Buffer): void;
  /** The response is whole. `keeps`: milliseconds for which the connection stays open; 0: it does not. */
  end(keeps: number, trailers: Headers | undefined): void;
}

type State = "head" | "length" | "to the end" | "size" | "data" | "data end" | "trailers" | "over";

/** Bytes of a line that frames a chunk, and of all trailers. */
const mostLineBytes = 8192;
/** Interim responses before the response. */
const mostInterim = 100;
/** Milliseconds a connection is given up before the back end does: a request may be on its way. */
const margin = 1000;

const lineFeed = 0x0a;
const emptyLine = Buffer.from("\n\r\n");
const bareEmptyLine = Buffer.from("\n\n");
const statusLine = /^HTTP\/1\.(\d) +(\d{3})(?:[ \t]+(.*))?$/;
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// eslint-disable-next-line no-control-regex
const badValue = /[\0-\x08\x0a-\x1f\x7f]/;
const chunkSize = /^[ \t]*0*([0-9A-Fa-f]{1,13})[ \t]*(?:;.*)?$/;

/** Names of fields as back ends spell them, in lower case. */
const names = new Map<string, string>();
const mostNames = 1024;

/** Reads one response. What it throws is a ProxyError. */
export class ResponseReader {
  readonly #listener: ResponseListener;
  /** The request's method is one that is answered without a body. */
  readonly #isHead: boolean;
  #state: State = "head";
  /** What has come of a head, or of a line. */
  #pending: Buffer | undefined;
  /** Bytes of the body, or of the chunk, that are missing. */
  #left = 0;
  #keeps = 0;
  #interims = 0;
  #trailers: Headers | undefined;
  #trailerBytes = 0;

  constructor(listener: ResponseListener, isHead: boolean) {
    this.#listener = listener;
    this.#isHead = isHead;
  }

  read(bytes: Buffer): void {
    let rest: Buffer | undefined = bytes;
    while (rest !== undefined && rest.length > 0 && this.#state !== "over") rest = this.#step(rest);
  }

  /** The connection has ended. */
  ended(): void {
    if (this.#state === "to the end") return this.#end();
    if (this.#state === "over") return;
    throw new ProxyError("response", "the connection was closed");
  }

  /** Uses up some of the bytes and gives the others; undefined: more must come. */
  #step(bytes: Buffer): Buffer | undefined {
    switch (this.#state) {
      case "head":
        return this.#readHead(bytes);
      case "to the end":
        this.#listener.body(bytes);
        return undefined;
      case "length":
      case "data":
        return this.#readData(bytes);
      default:
        return this.#readLine(bytes);
    }
  }

  #readHead(bytes: Buffer): Buffer | undefined {
    const all = this.#pending ? Buffer.concat([this.#pending, bytes]) : bytes;
    const end = endOfHead(all);
    if (end < 0 || end > mostHeadBytes) {
      if (all.length > mostHeadBytes) throw badHeader(`its head is longer than ${mostHeadBytes} bytes`);
      this.#pending = all === bytes ? Buffer.from(all) : all;
      return undefined;
    }
    this.#pending = undefined;
    const rest = all.subarray(end);
    const { head, minor } = parseHead(all.toString("latin1", 0, end));
    const { status } = head;
    if (status >= 200) this.#begin(head, minor, rest.length);
    else if (status === 101) {
      this.#state = "over";
      this.#listener.changes(head, rest);
    } else if (++this.#interims > mostInterim) {
      throw badHeader("there is no end of interim responses");
    } else this.#listener.interim(head);
    return rest;
  }

  #begin(head: ReceivedHead, minor: number, following: number): void {
    const { status, headers } = head;
    const isBodiless = this.#isHead || status === 204 || status === 304;
    this.#keeps = patienceOf(headers, minor);
    const length = this.#frame(headers, isBodiless);
    if (isBodiless) {
      // What follows would be read as the next response.
      if (following > 0) this.#keeps = 0;
      this.#listener.head(head);
      return this.#end();
    }
    if (length === undefined && this.#state !== "size") this.#state = "to the end";
    this.#listener.head(head);
    if (length === undefined) return;
    this.#left = length;
    this.#state = "length";
    if (following > length) this.#keeps = 0;
    if (length === 0) this.#end();
  }

  /** How long the body is; undefined: it is chunked (the state says so), or goes on to the end of the connection. */
  #frame(headers: Headers, isBodiless: boolean): number | undefined {
    const coding = headers.get("transfer-encoding");
    const length = headers.get("content-length");
    if (coding !== undefined) {
      if (!/^chunked$/i.test(coding)) throw badHeader(`its Transfer-Encoding is ${JSON.stringify(coding)}`);
      // RFC 9112, 6.3: the chunks are believed, and the connection is not used again.
      if (length !== undefined) {
        headers.delete("content-length");
        this.#keeps = 0;
      }
      this.#state = "size";
      return undefined;
    }
    if (length === undefined) {
      if (!isBodiless) this.#keeps = 0;
      return undefined;
    }
    const digits = /^(\d{1,15})(?:, \1)*$/.exec(length)?.[1];
    if (digits === undefined) throw badHeader(`its Content-Length is ${JSON.stringify(length)}`);
    if (digits !== length) headers.set("Content-Length", digits);
    return Number(digits);
  }

  #readData(bytes: Buffer): Buffer | undefined {
    const isAll = bytes.length <= this.#left;
    const piece = isAll ? bytes : bytes.subarray(0, this.#left);
    this.#left -= piece.length;
    this.#listener.body(piece);
    if (this.#left === 0) {
      if (this.#state === "data") this.#state = "data end";
      else this.#end();
    }
    return isAll ? undefined : bytes.subarray(piece.length);
  }

  /** A line of the framing of chunks. */
  #readLine(bytes: Buffer): Buffer | undefined {
    const all = this.#pending ? Buffer.concat([this.#pending, bytes]) : bytes;
    const end = all.indexOf(lineFeed);
    if ((end < 0 ? all.length : end) > mostLineBytes) throw badChunk("a line of it is too long");
    if (end < 0) {
      this.#pending = all === bytes ? Buffer.from(all) : all;
      return undefined;
    }
    this.#pending = undefined;
    const line = all.toString("latin1", 0, end > 0 && all[end - 1] === 0x0d ? end - 1 : end);
    const rest = all.subarray(end + 1);
    if (this.#state === "size") this.#readSize(line);
    else if (this.#state === "trailers") this.#readTrailer(line, rest.length);
    else if (line !== "") throw badChunk("no line end follows the data of a chunk");
    else this.#state = "size";
    return rest;
  }

  #readSize(line: string): void {
    const digits = chunkSize.exec(line)?.[1];
    if (digits === undefined) throw badChunk(`a size of a chunk is ${JSON.stringify(line.slice(0, 30))}`);
    this.#left = parseInt(digits, 16);
    this.#state = this.#left === 0 ? "trailers" : "data";
  }

  #readTrailer(line: string, following: number): void {
    if (line === "") {
      if (following > 0) this.#keeps = 0;
      return this.#end();
    }
    this.#trailerBytes += line.length;
    if (this.#trailerBytes > mostHeadBytes) throw badChunk("its trailers are too long");
    this.#trailers ??= new Headers();
    addField(this.#trailers, line);
  }

  #end(): void {
    this.#state = "over";
    this.#listener.end(this.#keeps, this.#trailers);
  }
}

/** Where the bytes behind a head begin; -1: it is not whole. Apache takes lines without CR, too. */
function endOfHead(bytes: Buffer): number {
  const end = bytes.indexOf(emptyLine);
  const before = end < 0 ? bytes : bytes.subarray(0, end);
  const bare = before.indexOf(bareEmptyLine);
  if (bare >= 0) return bare + bareEmptyLine.length;
  return end < 0 ? -1 : end + emptyLine.length;
}

function parseHead(text: string): { head: ReceivedHead; minor: number } {
  let end = text.indexOf("\n");
  const [, minor = "", status = "", reason = ""] = statusLine.exec(lineOf(text, 0, end)) ?? [];
  if (status === "" || status.startsWith("0")) {
    throw new ProxyError("response", `the status line is ${JSON.stringify(text.slice(0, 60))}`, 502);
  }
  const headers = new Headers();
  for (;;) {
    const at = end + 1;
    end = text.indexOf("\n", at);
    let line = lineOf(text, at, end);
    if (line === "") break;
    // Lines that begin with a blank go on with the field before.
    for (let next = text.charCodeAt(end + 1); next === 0x20 || next === 0x09; next = text.charCodeAt(end + 1)) {
      const from = end + 1;
      end = text.indexOf("\n", from);
      line = `${trimmed(line)} ${trimmed(lineOf(text, from, end))}`;
    }
    addField(headers, line);
  }
  return { head: { status: Number(status), reason: trimmed(reason), headers }, minor: Number(minor) };
}

function lineOf(text: string, from: number, end: number): string {
  return text.slice(from, end > from && text.charCodeAt(end - 1) === 0x0d ? end - 1 : end);
}

function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function addField(headers: Headers, line: string): void {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  const value = trimmed(line.slice(colon + 1));
  const key = names.get(name) ?? learn(name);
  if (key === undefined || badValue.test(value)) {
    throw badHeader(`a line of its head is ${JSON.stringify(line.slice(0, 60))}`);
  }
  headers.appendKnown(name, key, value);
}

function learn(name: string): string | undefined {
  if (!fieldName.test(name)) return undefined;
  const key = name.toLowerCase();
  if (names.size >= mostNames) names.clear();
  // A copy, so that the map does not keep the whole head in memory.
  names.set(Buffer.from(name, "latin1").toString("latin1"), key);
  return key;
}

/** Milliseconds for which the back end keeps the connection open; 0: it does not. */
function patienceOf(headers: Headers, minor: number): number {
  const connection = headers.get("connection")?.toLowerCase();
  const words = connection?.split(/[\s,]+/);
  if (words?.includes("close") || (minor === 0 && !words?.includes("keep-alive"))) return 0;
  const seconds = /(?:^|[\s,])timeout=(\d{1,6})(?:$|[\s,])/i.exec(headers.get("keep-alive") ?? "")?.[1];
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) * 1000 - margin);
}

function badHeader(what: string): ProxyError {
  return new ProxyError("response", `AH01106: bad HTTP header returned: ${what}`, 502);
}

function badChunk(what: string): ProxyError {
  return new ProxyError("response", `the body is chunked, and ${what}`, 502);
}
