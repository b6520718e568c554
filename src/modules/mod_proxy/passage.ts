// One request on its way to an HTTP server: what the passes of http-proxy work on.
import type { Headers, Request, RequestBody } from "../../api/index.js";
import type { Parameters } from "./parameters.js";
import type { ProxySettings } from "./settings.js";
import type { Upload } from "./upload.js";

/** Stands where http-proxy has request and response. */
export interface Passage {
  readonly request: Request;
  /** The name of the server meant, with its port, for Host. */
  readonly host: string;
  /** Value of Proxy-Authorization, for another proxy that is given the whole URL. */
  readonly credentials: string | undefined;
  /** Path and query, as they go over the wire. */
  readonly path: string;
  readonly parameters: Parameters;
  readonly settings: ProxySettings;
  /** "HEAD" stays. */
  readonly method: string;
  /** It is a request of HTTP/1.0. */
  readonly isOld: boolean;
  /** Milliseconds without a movement after which a connection that has changed protocols is closed. */
  readonly tunnelTimeout: number;
  /** Undefined: none goes along. */
  readonly body: RequestBody | undefined;
  readonly upload: Upload;
  /** The protocol the client asks to change to, where it may. */
  readonly upgrade: string | undefined;
  /** Whether the line of the configuration allows that protocol, for this request or another. */
  readonly mayChangeTo: (protocol: string) => boolean;
  /** Fields for the back end, made by the passes. */
  fields: Headers;
  /** What the last pass does. */
  send(): void;
}
