// What a Node application is given to answer, wherever it runs: in an HTTP worker or in a daemon.
import { inspect } from "node:util";
import type { Readable } from "node:stream";
import type { Level, Response } from "../../api/index.js";
import type { ClientSocket } from "./client-socket.js";

/** The body of a request. Nothing is read before it is asked for. */
export interface CallBody {
  /** Bytes; 0 without a body, undefined when that is not known before it ends. */
  readonly length: number | undefined;
  /** All of it, if it has arrived already. */
  readonly arrived: Buffer | undefined;
  stream(): Readable;
}

/** One request to an application. */
export interface NodeCall {
  readonly script: string;
  /** "HEAD" stays. */
  readonly method: string;
  /** Path and query below the mount, as they go into `request.url`. */
  readonly url: string;
  /** The URL path the script is mounted at, without a trailing slash; "" at the root. */
  readonly mount: string;
  /** The target of the request line. */
  readonly originalUrl: string;
  /** "HTTP/1.1". */
  readonly protocol: string;
  /** Names and values of the fields in turn. */
  readonly rawHeaders: string[];
  readonly socket: ClientSocket;
  readonly body: CallBody;
  /** Whether the client asks for another protocol, and may have it. */
  readonly mayUpgrade: boolean;
  /** All CGI variables and mod_wsgi.* strings. */
  environ(): Record<string, string>;
  /** Calls `left` when nobody waits for the response any more; until what it returns is called. */
  whenAbandoned(left: () => void): () => void;
  /** To the error log of the request. */
  log(level: Level, message: string): void;
}

/** A loaded application: whatever it exports, this runs it. */
export type RunApplication = (call: NodeCall) => Response | Promise<Response>;

/** The text of something thrown, with its stack. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${inspect(error)}`;
  const cause = error.cause === undefined ? "" : `\nCaused by: ${describeError(error.cause)}`;
  return (error.stack ?? `${error.name}: ${error.message}`) + cause;
}

/** Logs something thrown, a line for each of its stack. */
export function logError(call: Pick<NodeCall, "log">, intro: string, error: unknown): void {
  for (const line of `${intro}: ${describeError(error)}`.split("\n")) call.log("error", line);
}
