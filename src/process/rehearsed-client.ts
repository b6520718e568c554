// A request as a client writes it → what the wire of a rehearsed server answers, over a connection of this process to itself.
import { connect as connectPlain, createServer, isIP, type AddressInfo, type Server, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { Headers, type Ends } from "../api/index.js";
import type { ExchangeHandler } from "../server/exchange.js";
import { ServerState } from "../server/http1/server-state.js";
import { openConnection } from "../server/listen.js";

/** A request that a client would send, and from where to where. */
export interface ClientRequest {
  readonly method: string;
  /** As it stands in the request line. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly secure: boolean;
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
}

/** The head of an answer, as it was sent. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

/** Bytes of a request's body at most; who explains has none, and who reads one shall not wait for it. */
const mostBody = 1024 * 1024;
/** Also what nobody should use any more: the server chooses. */
const anyCipher = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";

/**
 * Sends a request by the server's own way: announcement, handshake, request line, fields. The connection counts as one
 * between the ends that the request names. Undefined: the server ended it without an answer.
 */
export async function askServer(handler: ExchangeHandler, request: ClientRequest): Promise<WireAnswer | undefined> {
  const { localAddress, localPort, remoteAddress } = request;
  const ends: Ends = { localAddress, localPort, remoteAddress, remotePort: 0 };
  const state = new ServerState({ handler, maxConnections: Infinity, open: openConnection });
  const door = createServer({ allowHalfOpen: true }, (socket) => state.admit(socket, undefined, ends));
  const client = await connectTo(door);
  try {
    if (handler.announcement?.(ends)) client.write(announcementOf(ends));
    const stream = request.secure ? await secured(client, request) : client;
    return stream && (await exchange(stream, request));
  } finally {
    client.destroy();
    door.close();
    await state.empty();
  }
}

function connectTo(door: Server): Promise<Socket> {
  return new Promise((resolve, reject) => {
    door.once("error", reject).listen(0, "127.0.0.1", () => {
      const client = connectPlain((door.address() as AddressInfo).port, "127.0.0.1", () => resolve(client));
      client.once("error", reject).on("error", () => undefined);
    });
  });
}

/** What a proxy in front would say of the client (PROXY protocol, version 1). */
function announcementOf({ localAddress, localPort, remoteAddress, remotePort }: Ends): string {
  return `PROXY TCP${isIP(remoteAddress)} ${remoteAddress} ${localAddress} ${remotePort} ${localPort}\r\n`;
}

/** The encrypted connection; undefined where the server breaks the handshake off. */
function secured(socket: Socket, { headers }: ClientRequest): Promise<TLSSocket | undefined> {
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1].replace(/:\d*$/, "") ?? "";
  return new Promise((resolve) => {
    const stream = connectTls({
      ...{ socket, rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] },
      ...{ minVersion: "TLSv1", ciphers: anyCipher },
      ...(isIP(host.replace(/^\[|\]$/g, "")) === 0 && host !== "" ? { servername: host } : {}),
    });
    stream.once("secureConnect", () => resolve(stream));
    stream.on("error", () => resolve(undefined)).on("close", () => resolve(undefined));
  });
}

function exchange(stream: Socket, { method, target, headers }: ClientRequest): Promise<WireAnswer | undefined> {
  return new Promise((resolve) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const answer = readHead(text);
      if (answer) resolve(answer);
    });
    stream.on("error", () => resolve(undefined)).on("close", () => resolve(undefined));
    stream.on("end", () => resolve(undefined));
    const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    stream.write(`${method} ${target} HTTP/1.1\r\n${fields}\r\n`, "latin1");
    stream.write(bodyFor(new Headers(headers)));
  });
}

/** Blanks, as many as were promised. */
function bodyFor(headers: Headers): Buffer {
  if (headers.has("transfer-encoding")) return Buffer.from("0\r\n\r\n");
  return Buffer.alloc(Math.min(Number(headers.get("content-length") ?? 0) || 0, mostBody), " ");
}

/** The head behind interim ones, when it is there. */
function readHead(text: string): WireAnswer | undefined {
  let from = 0;
  for (;;) {
    const end = text.indexOf("\r\n\r\n", from);
    if (end < 0) return undefined;
    const [first = "", ...lines] = text.slice(from, end).split("\r\n");
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(first)?.[1]);
    from = end + 4;
    if (status >= 100 && status < 200 && status !== 101) continue;
    const fields = lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    return { status, headers: fields };
  }
}
