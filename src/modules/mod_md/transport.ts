// Requests of the ACME library → exchanges over TLS, bounded in time and size, by a proxy where there is one.
import { request as requestPlain, type IncomingMessage } from "node:http";
import { request as requestSecure } from "node:https";
import { connect, type TLSSocket } from "node:tls";

/** How an authority is reached. */
export interface Route {
  /** Certificates of those who may have signed the authority's server's, in PEM; undefined: those Node trusts. */
  readonly trusted: string | undefined;
  /** URL of a proxy that takes CONNECT. */
  readonly proxy: string | undefined;
  readonly signal: AbortSignal;
}

/** A request, and its answer. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Milliseconds for one exchange, and bytes of its answer. */
const timeLimit = 30_000;
const sizeLimit = 1_048_576;

/** Sends one request. Rejects with what a person can make sense of. */
export async function exchange(sent: Exchange, route: Route): Promise<Answered> {
  const url = new URL(sent.url);
  const limit = AbortSignal.any([route.signal, AbortSignal.timeout(timeLimit)]);
  try {
    if (!/^https?:$/.test(url.protocol)) throw new Error("is no URL of http");
    const tunnel =
      route.proxy !== undefined && url.protocol === "https:" ? await openTunnel(url, route, limit) : undefined;
    return await send(sent, url, { route, limit, tunnel });
  } catch (error) {
    if (route.signal.aborted) throw new Error("it was broken off: the server ends");
    if (limit.aborted) throw new Error(`${url.origin} did not answer within ${timeLimit / 1000} seconds`);
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      `${url.origin} cannot be asked: ${code !== undefined && !message.includes(code) ? `${code}: ` : ""}${message}`,
    );
  }
}

function send(
  { method, headers, body }: Exchange,
  url: URL,
  {
    route,
    limit,
    tunnel,
  }: { readonly route: Route; readonly limit: AbortSignal; readonly tunnel: TLSSocket | undefined },
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) }) },
      signal: limit,
      agent: false,
      ...(route.trusted === undefined ? {} : { ca: route.trusted }),
      ...(tunnel ? { createConnection: () => tunnel } : {}),
    } as const;
    const heard = (response: IncomingMessage): void => void read(response).then(resolve, reject);
    const request = url.protocol === "https:" ? requestSecure(url, options, heard) : requestPlain(url, options, heard);
    request.on("error", reject).end(body);
  });
}

async function read(response: IncomingMessage): Promise<Answered> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > sizeLimit) {
      response.destroy();
      throw new Error(`its answer is longer than ${sizeLimit} bytes`);
    }
    chunks.push(chunk);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { status: response.statusCode ?? 0, headers, text: Buffer.concat(chunks).toString("utf8") };
}

/** A connection through the proxy, encrypted for who is behind it. */
function openTunnel(url: URL, { proxy = "", trusted }: Route, limit: AbortSignal): Promise<TLSSocket> {
  const path = `${url.hostname}:${url.port || 443}`;
  return new Promise((resolve, reject) => {
    const request = requestPlain(proxy, {
      method: "CONNECT",
      path,
      signal: limit,
      agent: false,
      headers: { Host: path },
    });
    request.on("error", reject);
    request.on("response", (response) => reject(new Error(`the proxy answered ${response.statusCode ?? 0}`)));
    request.on("connect", (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        return reject(new Error(`the proxy answered ${response.statusCode ?? 0}`));
      }
      const servername = url.hostname.replace(/^\[|\]$/g, "");
      const secure = connect({ socket, servername, ...(trusted === undefined ? {} : { ca: trusted }) });
      secure.once("secureConnect", () => resolve(secure)).once("error", reject);
    });
    request.end();
  });
}
