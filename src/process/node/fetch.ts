// fetch(request) → an application: the convention of web-standard handlers (Hono and others).
import { STATUS_CODES } from "node:http";
import { Readable } from "node:stream";
import { Headers as Fields } from "../../api/index.js";
import type { NodeCall, RunApplication } from "./call.js";
import { Pump } from "./pump.js";

/** What such a handler is given beside the request: what a platform calls its environment. */
export interface FetchEnvironment {
  /** CGI variables and mod_wsgi.* strings. */
  readonly environ: Record<string, string>;
  /** The URL path the script is mounted at; "" at the root. */
  readonly mount: string;
  /** The target of the request line. */
  readonly originalUrl: string;
  readonly remoteAddress: string;
}

export type FetchHandler = (request: Request, environment: FetchEnvironment) => Response | Promise<Response>;

// A body that goes on for more bytes than this is not waited for.
const mostAtOnce = 65_536;

/** Runs a handler. The path of the request's URL is what is below the mount. */
export function fetchApplication(handler: FetchHandler): RunApplication {
  return (call) => {
    const gone = new AbortController();
    const pump = new Pump(call);
    pump.abandoned = () => gone.abort();
    return pump.run(async () => send(pump, await handler(requestOf(call, gone.signal), environmentOf(call))));
  };
}

function environmentOf(call: NodeCall): FetchEnvironment {
  return {
    get environ() {
      return call.environ();
    },
    mount: call.mount,
    originalUrl: call.originalUrl,
    remoteAddress: call.socket.remoteAddress,
  };
}

function requestOf(call: NodeCall, signal: AbortSignal): Request {
  const { rawHeaders, method, socket, body } = call;
  const headers = new Headers();
  let host = "localhost";
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    if (name.toLowerCase() === "host" && isHost(value)) host = value;
    headers.append(name, value);
  }
  const hasBody = body.length !== 0 && method !== "GET" && method !== "HEAD";
  const url = `${socket.encrypted ? "https" : "http"}://${host}${call.url}`;
  return new Request(url, { method, headers, signal, ...(hasBody ? { body: bodyOf(call), duplex: "half" } : {}) });
}

function isHost(value: string): boolean {
  return /^[^\s/?#@\\]+$/.test(value);
}

function bodyOf({ body }: NodeCall): Buffer | ReadableStream {
  return body.arrived ?? (Readable.toWeb(body.stream()) as ReadableStream);
}

async function send(pump: Pump, response: Response): Promise<void> {
  if (!(response instanceof Object) || typeof response.status !== "number") {
    throw new TypeError("fetch did not give a Response");
  }
  const head = { status: response.status, headers: fieldsOf(response), ...reasonOf(response) };
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  if (!reader) {
    pump.body.end();
    return pump.answer(head);
  }
  let next = reader.read();
  for (;;) {
    // A body that is all there is answered in one piece: it shows before the next turn.
    const read = pump.isAnswered ? await next : await Promise.race([next, turn()]);
    if (read === "later") {
      pump.answer(head);
      continue;
    }
    if (read.done) break;
    if (!pump.isAnswered && pump.body.size > mostAtOnce) pump.answer(head);
    const hasRoom = pump.write(Buffer.from(read.value.buffer, read.value.byteOffset, read.value.byteLength));
    if (pump.isAnswered && !(await hasRoom)) return reader.cancel();
    next = reader.read();
  }
  pump.body.end();
  pump.answer(head);
}

function turn(): Promise<"later"> {
  return new Promise((resolve) => setImmediate(resolve, "later" as const));
}

/** Without a phrase, a status Apache does not know would be sent as 500. */
function reasonOf({ status, statusText }: Response): { readonly reason?: string } {
  if (status === 200 && statusText === "") return {};
  return { reason: statusText || (STATUS_CODES[status] ?? "unknown") };
}

function fieldsOf(response: Response): Fields {
  const fields = new Fields();
  response.headers.forEach((value, name) => {
    if (name !== "connection" && name !== "transfer-encoding" && name !== "keep-alive") fields.append(name, value);
  });
  return fields;
}
