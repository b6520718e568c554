// A connection and one of its streams → the connection as the request of that stream sees it.
import type { ServerHttp2Stream } from "node:http2";
import type { AnnouncedClient, Connection, Headers, Http2Stream, TlsConnection } from "../../api/index.js";
import { responseFields } from "./response-fields.js";

/** What all streams of a connection have in common. */
export interface CommonConnection {
  readonly id: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly announced: AnnouncedClient | undefined;
  readonly secure: boolean;
  readonly tls: TlsConnection | undefined;
}

/** Its signal is of the one request: a client may give that up and keep the connection. */
export class StreamConnection implements Connection, CommonConnection {
  readonly id: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly announced: AnnouncedClient | undefined;
  readonly secure: boolean;
  readonly tls: TlsConnection | undefined;
  readonly http2: Http2Stream;
  readonly keepalives: number;
  readonly #stream: ServerHttp2Stream;
  #abort: AbortController | undefined;
  #isGone = false;

  constructor(common: CommonConnection, stream: ServerHttp2Stream, keepalives: number) {
    this.id = common.id;
    this.remoteAddress = common.remoteAddress;
    this.remotePort = common.remotePort;
    this.localAddress = common.localAddress;
    this.localPort = common.localPort;
    this.announced = common.announced;
    this.secure = common.secure;
    this.tls = common.tls;
    this.keepalives = keepalives;
    this.http2 = { id: stream.id ?? 0 };
    this.#stream = stream;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#isGone) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  get hasEnded(): boolean {
    return this.#isGone;
  }

  inform(status: number, headers: Headers): void {
    const stream = this.#stream;
    if (stream.headersSent || stream.destroyed || stream.closed) return;
    let text = "\r\n";
    headers.forEach((name, value) => (text += `${name}: ${value}\r\n`));
    stream.additionalHeaders(responseFields(status, `${text}\r\n`));
  }

  /** The stream is over; `isAborted` when the request was still in work. */
  leave(isAborted: boolean): void {
    if (this.#isGone || !isAborted) return;
    this.#isGone = true;
    this.#abort?.abort();
  }
}
