// application(environ, startResponse) → an application: the calling convention of PEP 3333, in JavaScript.
import { Readable } from "node:stream";
import { Headers, refuse, type Response } from "../../api/index.js";
import { logError, type NodeCall, type RunApplication } from "./call.js";
import { Pump, type Head } from "./pump.js";

/** A piece of a response body. A string is sent as UTF-8. */
export type Piece = string | Uint8Array;

/** What an application gives back: pieces, one or many, at once or as they come. `close` is called in any case. */
export type Pieces = (Piece | Iterable<Piece> | AsyncIterable<Piece>) & { close?(): unknown };

/** "200 OK" and the fields; `error` as Python's exc_info: the head may be changed until the first bytes are sent. */
export type StartResponse = (
  status: string,
  fields: readonly (readonly [string, string])[],
  error?: unknown,
) => (piece: Piece) => void;

export type WsgiApplication = (
  environ: Record<string, unknown>,
  startResponse: StartResponse,
) => Pieces | Promise<Pieces>;

/** Runs an application. One that returns a list of pieces is answered at once. */
export function wsgiApplication(application: WsgiApplication): RunApplication {
  return (call) => {
    const start = new Start();
    let result: Pieces | Promise<Pieces>;
    try {
      result = application(environOf(call), start.response);
      if (isWhole(result) && start.head && start.written.length === 0) return wholeResponse(start.head, result);
    } catch (error) {
      logError(call, `${call.script} failed`, error);
      return refuse(500);
    }
    const pump = new Pump(call);
    return pump.run(() => iterate(pump, start, result));
  };
}

/** What the application says of the head, and writes through `write`. */
class Start {
  head: Head | undefined;
  written: Buffer[] = [];
  /** Where `write` goes once the response is under way. */
  pump: Pump | undefined;

  readonly response: StartResponse = (status, fields, error) => {
    if (this.head && error === undefined) throw new Error("startResponse was called twice, without an error");
    if (this.pump?.isAnswered) throw error instanceof Error ? error : new Error(String(error));
    const [, code, reason] = /^([1-9]\d\d)(?: (.*))?$/s.exec(status) ?? [];
    if (code === undefined) throw new TypeError(`status must be like "200 OK", got ${JSON.stringify(status)}`);
    const headers = new Headers();
    for (const [name, value] of fields) {
      if (!isFieldName(name) || !isFieldValue(value))
        throw new TypeError(`field ${JSON.stringify(name)} cannot be sent`);
      headers.append(name, value);
    }
    this.head = { status: Number(code), headers, ...(reason ? { reason } : {}) };
    return (piece) => this.#write(bytesOf(piece));
  };

  #write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!this.pump) this.written.push(bytes);
    else void this.pump.write(bytes);
  }
}

async function iterate(pump: Pump, start: Start, result: Pieces | Promise<Pieces>): Promise<void> {
  const pieces = await result;
  try {
    start.pump = pump;
    for (const bytes of start.written.splice(0)) pump.body.write(bytes);
    if (pump.body.size > 0) pump.answer(headOf(start));
    if (isPiece(pieces)) await send(pump, start, pieces);
    else for await (const piece of pieces) if (!(await send(pump, start, piece))) break;
    if (!pump.isAnswered) {
      pump.body.end();
      pump.answer(headOf(start));
    }
  } finally {
    if (typeof pieces === "object" && "close" in pieces) pieces.close?.();
  }
}

/** Sends a piece. The head goes with the first that is not empty, as PEP 3333 has it. */
async function send(pump: Pump, start: Start, piece: Piece): Promise<boolean> {
  const bytes = bytesOf(piece);
  if (bytes.length === 0) return !pump.isAbandoned;
  const hasRoom = pump.write(bytes);
  if (!pump.isAnswered) pump.answer(headOf(start));
  return hasRoom;
}

function headOf({ head }: Start): Head {
  if (!head) throw new Error("the application did not call startResponse before its first piece");
  return head;
}

function wholeResponse({ status, reason, headers }: Head, pieces: Piece | readonly Piece[]): Response {
  const list = Array.isArray(pieces) ? (pieces as readonly Piece[]).map(bytesOf) : [bytesOf(pieces as Piece)];
  const body = list.length === 1 ? list[0] : Buffer.concat(list);
  return { status, headers, body, ...(reason === undefined ? {} : { reason }) };
}

function isPiece(value: unknown): value is Piece {
  return typeof value === "string" || value instanceof Uint8Array;
}

/** Pieces that are all there. */
function isWhole(value: unknown): value is Piece | readonly Piece[] {
  return isPiece(value) || (Array.isArray(value) && !("close" in value) && value.every(isPiece));
}

function bytesOf(piece: Piece): Buffer {
  if (typeof piece === "string") return Buffer.from(piece);
  if (piece instanceof Uint8Array) return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
  throw new TypeError(`a piece of a response must be a string or bytes, got ${typeof piece}`);
}

function isFieldName(name: unknown): boolean {
  return typeof name === "string" && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name);
}

function isFieldValue(value: unknown): boolean {
  return typeof value === "string" && !/[^\t\x20-\x7e\x80-\xff]/.test(value);
}

function environOf(call: NodeCall): Record<string, unknown> {
  const environ: Record<string, unknown> = call.environ();
  environ["wsgi.version"] = [1, 0];
  environ["wsgi.url_scheme"] ??= call.socket.encrypted ? "https" : "http";
  environ["wsgi.errors"] = {
    write: (text: string) => call.log("error", text.replace(/\n$/, "")),
    flush: () => undefined,
  };
  environ["wsgi.multithread"] = false;
  environ["wsgi.multiprocess"] = true;
  environ["wsgi.run_once"] = false;
  // Made when it is asked for: the client is sent 100 Continue then, and not before.
  let input: Readable | undefined;
  Object.defineProperty(environ, "wsgi.input", {
    enumerable: true,
    get: () => (input ??= inputOf(call)),
  });
  return environ;
}

function inputOf({ body }: NodeCall): Readable {
  if (body.length === 0) return Readable.from([]);
  return body.arrived ? Readable.from([body.arrived], { objectMode: false }) : body.stream();
}
