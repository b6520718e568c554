// A TRACE request → the request itself, as a response.
import { Readable } from "node:stream";
import { answer, Headers, refuse, type core, type Request, type Response, type SettingsOf } from "../../api/index.js";

const bodyLimit = 64 * 1024;

/** Sends a TRACE request back, if TraceEnable lets it. */
export function trace(
  request: Request,
  { traceEnable }: SettingsOf<typeof core.settings>,
): Response | Promise<Response> {
  if (traceEnable === "off") {
    return refuse(405, { headers: new Headers([["Allow", ""]]), note: "TRACE denied by server configuration" });
  }
  if (request.body.length === 0) return echo(request, Buffer.alloc(0));
  if (traceEnable !== "extended") return { ...refuse(413), close: true };
  return collect(request);
}

function echo(request: Request, body: Buffer): Response {
  const seen = new Set<string>();
  let head = `${request.requestLine}\r\n`;
  request.headers.forEach((name, _value, key) => {
    if (!seen.has(key)) head += `${name}: ${request.headers.get(key)}\r\n`;
    seen.add(key);
  });
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), body]);
  // A stream, since Apache sends it without a length.
  const headers = new Headers([["Content-Type", "message/http"]]);
  return { ...answer(200, headers, Readable.from([bytes])), unfiltered: true };
}

async function collect(request: Request): Promise<Response> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.body.stream() as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bodyLimit) return { ...refuse(413), close: true };
    chunks.push(chunk);
  }
  return echo(request, Buffer.concat(chunks));
}
