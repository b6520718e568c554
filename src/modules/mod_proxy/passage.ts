// One request on its way to a back end: what the passes of http-proxy work on.
import type { IncomingMessage } from "node:http";
import type { Headers, Request, RequestBody } from "../../api/index.js";
import type { Mapping } from "./translate.js";
import type { ProxySettings } from "./settings.js";

/** Stands where http-proxy has request and response. */
export interface Passage {
  readonly request: Request;
  readonly mapping: Mapping;
  readonly settings: ProxySettings;
  /** "HEAD" stays. */
  readonly method: string;
  /** Longest pause of the back end, in milliseconds. */
  readonly timeout: number;
  /** Undefined: none goes along. */
  readonly body: RequestBody | undefined;
  /** The whole body where it had arrived, so that it can be sent twice. */
  readonly whole: Buffer | undefined;
  /** Fields for the back end, made by the passes. */
  fields: Headers;
  /** It was sent once over a pooled connection that turned out to be closed. */
  isRetry: boolean;
  /** Exactly one of these two is called. */
  answered(response: IncomingMessage): void;
  failed(error: Error): void;
}
