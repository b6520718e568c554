// One request and its answer on the wire, as HTTP/1.1 (and later HTTP/2) hands them to the pipeline.
import type { AnnouncementOptions } from "./announcement.js";
import type { TlsEndpoint } from "./tls.js";
import type {
  Connection,
  Ends,
  Headers,
  http2,
  ReadTimeout,
  RequestBody,
  Response,
  SettingsOf,
  VirtualHost,
} from "../api/index.js";

/** Limits that hold before the virtual host is known: those of the default virtual host of the local address. */
export interface WireLimits {
  readonly requestLine: number;
  readonly fields: number;
  readonly fieldSize: number;
  /** Milliseconds a read or write may stand still. */
  readonly timeout: number;
  /** Milliseconds a kept connection may idle; used until `send` names the virtual host's own. */
  readonly keepAliveTimeout: number;
  /** How long head and body of a request may take (mod_reqtimeout); undefined without limit. */
  readonly reading?: { readonly header: ReadTimeout; readonly body: ReadTimeout };
  readonly allow09: boolean;
  /** Undefined where HTTP/2 is not spoken at that address. */
  readonly http2?: Http2Limits | undefined;
  /** HttpProtocolOptions Strict; Unsafe tolerates bare LF and repeated blanks. */
  readonly strict: boolean;
}

/** What holds for connections of HTTP/2. */
export interface Http2Limits extends SettingsOf<typeof http2.settings> {
  /** Whether a connection may begin with it: not encrypted, and encrypted. */
  readonly begins: { readonly plain: boolean; readonly encrypted: boolean };
  /** Notes why a connection was ended: frames that are faulty, or that come too often. */
  readonly ended: (reason: string, client: Ends) => void;
}

/** Why a request could not be read; the pipeline answers it from the default virtual host and the connection closes. */
export interface Fault {
  readonly status: 400 | 408 | 413 | 414 | 417 | 431 | 501 | 505;
  /** Extra text of the error page, escaped HTML. */
  readonly note?: string;
  /** For the error log, at info. */
  readonly reason: string;
  /** Set when the host was known before the fault was found: the answer then names the server by it. */
  readonly hostKnown?: true;
}

/** How the answer is to be sent, by the settings of the virtual host. */
export interface Transmission {
  /** Value of the Server field. */
  readonly server: string;
  readonly keepAlive: boolean;
  /** Milliseconds. */
  readonly keepAliveTimeout: number;
  /** 0 without limit. */
  readonly maxKeepAliveRequests: number;
  /** Milliseconds a write may stand still. */
  readonly timeout: number;
  /** The page of a 500 found while sending (a field with control bytes, a file that does not open). */
  failurePage?(): Buffer;
}

/** What was sent, for the access log. */
export interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly bodyBytes: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly connectionState: "X" | "+" | "-";
}

/** A request from the wire. */
export interface Exchange {
  readonly connection: Connection;
  /** Milliseconds since the epoch, with a fraction: when the first byte of the request line was read. */
  readonly startTime: number;
  /** As sent ("" if the line could not be read). HEAD stays HEAD here. */
  readonly method: string;
  /** As sent, also in absolute form, "*" or authority form. */
  readonly target: string;
  /** "HTTP/0.9", "HTTP/1.0", "HTTP/1.1"; higher 1.x as sent. */
  readonly protocol: string;
  /** The request line as received, without its line end. */
  readonly requestLine: string;
  readonly headers: Headers;
  readonly body: RequestBody;
  /**
   * What it may change to: see Request.upgrade. Over a protocol with a field of its own for that (RFC 8441), the request
   * comes as GET with Upgrade, and the 101 with its stream goes out as that protocol has it.
   */
  readonly upgrade?: string | undefined;
  readonly fault: Fault | undefined;
  /** Set by who answers it, for reports: the virtual host it fell to. */
  virtualHost?: VirtualHost;
  /** Sets what LimitRequestBody allows, before the body is read; bytes, 0 without limit. */
  limitBody(bytes: number): void;
  /** Lets the fields behind its body join its own, once they are there (MergeTrailers). */
  mergeTrailers?(): void;
  /**
   * Sends the answer; `done` is called exactly once, also when the client left. Must be called exactly once. One with
   * `tunnel` joins the client with its body: see `switchProtocols`.
   */
  send(response: Response, transmission: Transmission, done: (sent: Sent) => void): void;
}

/** Answers exchanges: the pipeline. */
export interface ExchangeHandler {
  limits(localAddress: string, localPort: number): WireLimits;
  /** How the announcement is read that connections between those ends begin with, if they do. */
  announcement?(ends: Ends): AnnouncementOptions | undefined;
  /** How connections to that address are encrypted, if they are. */
  tls?(localAddress: string, localPort: number): TlsEndpoint | undefined;
  handle(exchange: Exchange): void;
}
