// What is said of HTTP/2: the settings of mod_http2, which the server itself needs.
import { defineSettings } from "./module.js";
import { list, value } from "./settings.js";

/** A field of a 103 response, or a Link in it and in the response. */
export interface EarlyField {
  readonly name: string;
  readonly value: string;
}

export const http2 = defineSettings("mod_http2", {
  /** Streams a client may have open at the same time. */
  maxStreams: value<number>(100),
  /** Bytes of a request body that a client may send before it is read. */
  windowSize: value<number>(65_535),
  /** Faulty frames after which a connection is ended. */
  maxStreamErrors: value<number>(8),
  /** Bytes of the largest block of response fields; 0: as large as they are. */
  maxHeaderBlock: value<number>(0),
  /** Whether frames are filled up, so that their length tells less. */
  pads: value<boolean>(false),
  /** Milliseconds a stream may stand still; undefined: as Timeout says. */
  streamTimeout: value<number | undefined>(undefined),
  /** Whether a connection may begin with HTTP/2; undefined: where it is not encrypted. */
  direct: value<boolean | undefined>(undefined),
  /** Whether a request of HTTP/1.1 may ask for it; undefined: where it is not encrypted. */
  upgrade: value<boolean | undefined>(undefined),
  /** Whether old versions and ciphers of TLS are refused, as RFC 9113 has it. */
  modernTlsOnly: value<boolean>(true),
  earlyHints: value<boolean>(false),
  /** Fields of H2EarlyHint. */
  earlyFields: list<EarlyField>("outer first"),
  /** Values of Link fields, by H2PushResource. */
  links: list<string>("outer first"),
});
