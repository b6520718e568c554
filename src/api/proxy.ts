// What modules that teach mod_proxy a scheme of back ends, TLS or a way to balance say of it.
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import type { HealthCheck, HealthWord } from "./health-check.js";
import type { ServerView } from "./module.js";
import type { Request, VirtualHost } from "./request.js";
import type { Response } from "./response.js";
import type { SharedRecord } from "./shared-table.js";

/**
 * Whether this server is a proxy for requests that name another one (absolute targets, CONNECT), registered as
 * `provides: { forwardProxy: { NAME: takes } }`. Asked for no other requests.
 */
export type ForwardProxy = (request: Request) => boolean;

/** The way of a CONNECT request. Times in milliseconds. */
export interface ConnectWay {
  readonly host: string;
  readonly port: number;
  /** Another proxy, which is asked to go on. */
  readonly remote:
    { readonly host: string; readonly port: number; readonly credentials: string | undefined } | undefined;
  /** Longest silence of both sides, and longest wait for the connection. */
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly localAddress: string | undefined;
}

/** How CONNECT is answered, registered as `provides: { proxyConnect: { connect } }`; mod_proxy asks it. */
export interface ProxyConnect {
  /** Whether that port may be reached. */
  allows(request: Request, port: number): boolean;
  /** The tunnel; a ProxyError where there is no connection. */
  open(request: Request, way: ConnectWay): Promise<Response>;
}

/** A scheme of back ends, registered as `provides: { proxyScheme: { NAME: scheme } }` (mod_proxy_http: "http"). */
export interface ProxyScheme {
  /** The port of URLs that name none. */
  readonly defaultPort: number;
  /** Connections are encrypted: needs SSLProxyEngine. */
  readonly secure?: true;
  /** It has no chunks: a body is sent with its length, for which it waits in a file where that is not known. */
  readonly needsLength?: true;
  /**
   * How its protocol is spoken, where it is not HTTP. Asked once for each request; a response in its place is the answer.
   */
  readonly speak?: (passage: ProxyPassage) => ProxySpeaker | Response | Promise<ProxySpeaker | Response>;
}

/** A request for a back end that speaks another protocol than HTTP. Texts are latin1 strings of bytes. */
export interface ProxyPassage {
  readonly request: Request;
  /** The URL without socket and query, its path as Apache hands it on: "fcgi://localhost/var/www/a.php". */
  readonly url: string;
  /** Its path, decoded. */
  readonly path: string;
  /** The path is a file's, put there by SetHandler; it is not encoded. */
  readonly isHandedOver: boolean;
  /** Bytes of the body that goes along; undefined, unless `needsLength`: it comes in chunks, and there are many of them. */
  readonly bodyLength: number | undefined;
}

/** One exchange with a back end: the bytes of what is said, and what is meant by the bytes that come back. */
export interface ProxySpeaker {
  /** The request without its body; a text is one of bytes (latin1). `keeps`: the connection may be used again. */
  opening(keeps: boolean): Buffer | string;
  /** Where the back end is asked to say first that it wants the body: how long that is waited for. */
  readonly expects?: ProxyExpectation | undefined;
  /** A piece of the body. */
  piece(bytes: Buffer): Buffer | readonly Buffer[];
  /** What follows the body. */
  readonly closing: Buffer | undefined;
  /**
   * Takes what the back end sends; what it means is told to the ear. The bytes lie in memory that is used again: what is kept
   * for a later call is copied. Throws a ProxyError where it means nothing.
   */
  hear(bytes: Buffer, ear: ProxyEar): void;
  /** The back end has ended the connection: tells the ear that this was the end of the response, or throws a ProxyError. */
  ended(ear: ProxyEar): void;
}

/** What holds until a back end has said that it wants the body. */
export interface ProxyExpectation {
  /** Milliseconds. */
  readonly patience: number;
  /** A back end that says nothing until then is not there; without it, the body is sent all the same. */
  readonly isNeeded: boolean;
}

/** Who is told what a back end says. */
export interface ProxyEar {
  /** The back end wants the body. */
  goOn(): void;
  /** It has changed protocols: what comes after `rest`, and goes, belongs to the socket, which is the response's now. */
  change(make: (socket: Socket) => Response, rest: Buffer): void;
  /** The head is there. `make` gets the body, whole where it has come with the head, and gives the response. */
  begin(make: (body: Readable | Buffer) => Response | Promise<Response>): void;
  /** A piece of the body. */
  body(bytes: Buffer): void;
  /** All has come. `keeps`: the connection can be used again; a number: within so many milliseconds. */
  end(keeps: boolean | number): void;
}

/** Why there is no answer of a back end. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  /** "name": its name is not known. "connect": it was not reached, and nothing was read of the request. */
  readonly stage: "name" | "connect" | "acquire" | "response";
  /** The status of the answer, where it is not that of the stage. */
  readonly status: number | undefined;

  constructor(stage: ProxyError["stage"], message: string, status?: number) {
    super(message);
    this.stage = stage;
    this.status = status;
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

/**
 * Chooses by turns: the turns of each grow by its share, and those of the chosen one shrink by the sum. `isBetter` says which of
 * two is before the other; undefined: by their turns.
 */
export function chooseByTurns(
  candidates: readonly BalanceCandidate[],
  isBetter: (one: BalanceCandidate, other: BalanceCandidate) => boolean = (one, other) => one.turns > other.turns,
): BalanceCandidate | undefined {
  let total = 0;
  let [best] = candidates;
  for (const candidate of candidates) {
    candidate.turns += candidate.loadFactor;
    total += candidate.loadFactor;
    if (best && isBetter(candidate, best)) best = candidate;
  }
  if (best) best.turns -= total;
  return best;
}

/** A way to choose (lbmethod), registered as `provides: { proxyBalanceMethod: { NAME: method } }`. */
export interface BalanceMethod {
  /** Of one or more. */
  choose(candidates: readonly BalanceCandidate[]): BalanceCandidate | undefined;
}

/**
 * Letters of `status`: D(isabled), S(topped), I(gnores errors), R (spare), H (hot standby), E(rror), N (draining), C (its health
 * checks fail).
 */
export type MemberFlag = "D" | "S" | "I" | "R" | "H" | "E" | "N" | "C";

/** A member of a balancer, for modules that watch or change it. What is changed here changes in all HTTP workers. */
export interface ProxyMember extends BalanceCandidate {
  /** "http://10.0.0.1:8080/app", with the socket in front where it is one. */
  readonly url: string;
  readonly address: {
    readonly scheme: string;
    readonly host: string;
    /** Undefined: the scheme's own. */
    readonly port: number | undefined;
    readonly socketPath: string | undefined;
  };
  /** As it goes over the wire, "" for none. */
  readonly path: string;
  readonly route: string;
  /** The route of the member that takes its sessions. */
  readonly redirect: string;
  readonly set: number;
  /** Milliseconds: what parameters say, undefined where they do not. */
  readonly parameters: {
    readonly timeout?: number;
    readonly connectTimeout?: number;
    readonly acquire?: number;
    readonly retry?: number;
    readonly ttl?: number;
    readonly max?: number;
    readonly reuse?: boolean;
    readonly keepAlive?: boolean;
    readonly health?: readonly HealthWord[];
  };
  /** Longest pause, and longest wait for a connection, in milliseconds. */
  readonly timeout: number;
  readonly connectTimeout: number;
  /** When a request to it failed, in milliseconds since the epoch; 0: none has, or one went well since. */
  readonly failedAt: number;
  has(flag: MemberFlag): boolean;
  isUsable(withRoute?: boolean): boolean;
  /** A part of its record, as others keep them: what `change` has set under that name. */
  kept(name: string): string | number | boolean | undefined;
  /** Flags by their letters, `route`, `redirect`, `loadFactor`, `set`, `failedAt`, and what others keep. */
  change(values: SharedRecord): void;
}

/** How a balancer treats its members. Times in milliseconds. */
export interface BalancerParameters {
  readonly method?: string;
  /** Names of the cookie, and of the path parameter. */
  readonly sticky?: { readonly cookie: string; readonly path: string } | undefined;
  readonly separator?: string;
  /** Whether ";" begins parameters of paths. */
  readonly semicolons?: boolean;
  readonly failsOver?: boolean;
  readonly maxAttempts?: number;
  readonly failOnStatus?: readonly number[];
  readonly failOnTimeout?: boolean;
  readonly forceRecovery?: boolean;
  /** How long a request waits for a member, where none takes requests. */
  readonly timeout?: number;
  /** Of the forms that change it; "None": there are none. */
  readonly nonce?: string;
  /** Members that can be added. */
  readonly growth?: number;
}

/** A balancer. */
export interface ProxyBalancer {
  /** "balancer://name". */
  readonly name: string;
  /** The same at each start of a configuration that says the same. */
  readonly key: string;
  readonly members: readonly ProxyMember[];
  readonly parameters: BalancerParameters;
  readonly method: string;
  /** Members it may have, with those that can still be added. */
  readonly mostMembers: number;
  /** The path of the last ProxyPass that leads to it; "/" where there is none. */
  readonly path: string;
  /** Changes in all HTTP workers: `method`, `timeout`, `maxAttempts`, `failsOver`, `sticky` ("cookie|path", "" for none). */
  change(values: SharedRecord): void;
  /** Adds a member, which is disabled at first; a text says why not. */
  add(url: string): ProxyMember | string;
}

/** The balancers, registered by mod_proxy as `provides: { proxyBalancers: { all: balancers } }`. */
export interface ProxyBalancers {
  /** Those that a virtual host knows, and how it came to them. */
  of(host: VirtualHost): {
    readonly balancers: readonly ProxyBalancer[];
    readonly inheritsBalancers: boolean;
    readonly inheritsRules: boolean;
    readonly persists: boolean;
  };
}

/** Health checks, registered by mod_proxy_hcheck as `provides: { proxyHealth: { hcheck: health } }`. */
export interface ProxyHealth {
  /** How a member is checked. */
  checkOf(member: ProxyMember, host: VirtualHost): HealthCheck;
  /** Why parameters cannot be used: they name a template or a condition that is not there. */
  faultIn(words: readonly HealthWord[], server: ServerView, host: VirtualHost): string | undefined;
  /** Conditions by name, with their texts. */
  conditions(host: VirtualHost): ReadonlyMap<string, string>;
}

/** Names under which health checks keep with members what the page of a balancer changes and shows. */
export const healthKeys = {
  method: "hcmethod",
  passes: "hcpasses",
  fails: "hcfails",
  interval: "hcinterval",
  uri: "hcuri",
  expression: "hcexpr",
  /** Checks in a row that are counted until the member is in or out. */
  passed: "hcpassed",
  failed: "hcfailed",
} as const;
