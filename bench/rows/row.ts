// What a row of the benchmark is.
import type { Contestant } from "../contestants.js";

/** One piece of work; the first contestant is modhost. */
export interface Row {
  readonly name: string;
  readonly path: string;
  readonly contestants: readonly Contestant[];
  /** "http" unless given. */
  readonly scheme?: "https";
  readonly connections?: number;
  /** Fields of every request. */
  readonly headers?: readonly string[];
  /**
   * What asks: wrk, one request after the other on each connection, unless given. h2load does so over HTTP/2; "events"
   * reads endless streams of server-sent events, and each of them counts as a request.
   */
  readonly load?: "h2load" | "events";
  /** What the contestants ask in turn; what it costs is not counted. */
  readonly backend?: Contestant;
}
