// What modules that teach mod_proxy a scheme of back ends, TLS or a way to balance say of it.
import type { ConnectionOptions } from "node:tls";
import type { Request } from "./request.js";
import type { Response } from "./response.js";

/** A scheme of back ends, registered as `provides: { proxyScheme: { NAME: scheme } }` (mod_proxy_http: "http"). */
export interface ProxyScheme {
  /** The port of URLs that name none. */
  readonly defaultPort: number;
  /** Connections are encrypted: needs SSLProxyEngine. */
  readonly secure?: true;
  /** Whose exchange it is, where it is not HTTP. */
  readonly exchange?: (passage: ProxyPassage) => Promise<Response>;
}

/** A request for a back end that speaks another protocol than HTTP. */
export interface ProxyPassage {
  readonly request: Request;
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  /** The path of the URL, decoded, without its query: a latin1 string of bytes. */
  readonly path: string;
  /** Longest pause, and longest wait for the connection, in milliseconds. */
  readonly timeout: number;
  readonly connectTimeout: number;
  /** Whether the body of the request goes along. */
  readonly hasBody: boolean;
}

/** Why there is no answer of a back end; thrown by `ProxyScheme.exchange`. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  /** "connect": it was not reached, and nothing was read of the request. */
  readonly stage: "connect" | "acquire" | "response";

  constructor(stage: ProxyError["stage"], message: string) {
    super(message);
    this.stage = stage;
  }
}

/** How connections to back ends are encrypted, registered as `provides: { proxyTls: { ssl: provider } }`. */
export interface ProxyTlsProvider {
  /** For a request's settings; undefined where SSLProxyEngine is off. The same object for the same settings. */
  settingsFor(request: Request): ProxyTls | undefined;
}

/** How a connection to a back end is encrypted. */
export interface ProxyTls {
  /** Without the name of the back end. */
  readonly options: ConnectionOptions;
  /** Looks at a connection whose handshake is done: why it may not be used, or undefined. */
  check(socket: import("node:tls").TLSSocket, name: string): string | undefined;
}

/** A member of a balancer, for methods that choose one. */
export interface BalanceCandidate {
  /** Hundredths. */
  readonly loadFactor: number;
  /** Requests it has under way, and has had, and bytes each way, over all HTTP workers. */
  readonly busy: number;
  readonly elected: number;
  readonly sent: number;
  readonly read: number;
  /** A number methods may keep with it, of this HTTP worker alone. */
  turns: number;
}

/** A way to choose (lbmethod), registered as `provides: { proxyBalanceMethod: { NAME: method } }`. */
export interface BalanceMethod {
  /** Of one or more. */
  choose(candidates: readonly BalanceCandidate[]): BalanceCandidate | undefined;
}
