// Directives on what requests may be: limits, times, paths, methods.
import { arg, optional, rest, type ProtocolOptions } from "../../api/index.js";
import { everywhere, hosts, serverOnly, type CoreMaker } from "./contexts.js";

const protocolWords: Readonly<Record<string, Partial<Omit<ProtocolOptions, "written">>>> = {
  strict: { strict: true },
  unsafe: { strict: false },
  lenientmethods: { lenientMethods: true },
  registeredmethods: { lenientMethods: false },
  "allow0.9": { allow09: true },
  "require1.0": { allow09: false },
};

const protocolWord = arg.custom(
  "option",
  "Strict|Unsafe|RegisteredMethods|LenientMethods|Allow0.9|Require1.0",
  (text, place) => {
    const found = protocolWords[text.toLowerCase()];
    return (
      found ?? place.refuse("must be one of Strict, Unsafe, RegisteredMethods, LenientMethods, Allow0.9, Require1.0")
    );
  },
);

const defaultProtocol = { strict: true, lenientMethods: true, allow09: true };

export const requestDirectives = (directive: CoreMaker) => ({
  Timeout: directive({
    args: [arg.duration("seconds")],
    contexts: hosts,
    summary: "How long a read from a client, or a write to it, may stand still.",
    doc: "A bare number counts seconds; `ms`, `s`, `min` and `h` may follow.",
    example: "Timeout 30",
    default: "60",
    set: ([timeout]) => ({ timeout }),
  }),

  LimitRequestLine: directive({
    args: [arg.int("bytes")],
    contexts: hosts,
    summary: "Longest request line; a longer one is refused with 414.",
    doc: "That of the default virtual host of the address counts, since the name is not known yet.",
    example: "LimitRequestLine 4094",
    default: "8190",
    set: ([limitRequestLine]) => ({ limitRequestLine }),
  }),

  LimitRequestFields: directive({
    args: [arg.int("number", { max: 32767 })],
    contexts: hosts,
    summary: "Largest number of header fields in a request; more are refused with 400.",
    doc: "0 is without limit.",
    example: "LimitRequestFields 50",
    default: "100",
    set: ([limitRequestFields]) => ({ limitRequestFields }),
  }),

  LimitRequestFieldsize: directive({
    args: [arg.int("bytes")],
    contexts: hosts,
    summary: "Longest header field of a request; a longer one is refused with 400.",
    doc: "Holds for folded fields and for repeated ones taken together, too.",
    example: "LimitRequestFieldSize 4094",
    default: "8190",
    set: ([limitRequestFieldSize]) => ({ limitRequestFieldSize }),
  }),

  LimitRequestBody: directive({
    args: [arg.int("bytes")],
    contexts: everywhere,
    override: "All",
    summary: "Largest request body; a larger one is refused with 413.",
    doc: "0 is without limit.",
    example: "LimitRequestBody 1048576",
    default: "1073741824",
    set: ([limitRequestBody]) => ({ limitRequestBody }),
  }),

  LimitXMLRequestBody: directive({
    args: [arg.int("bytes")],
    contexts: everywhere,
    override: "All",
    summary: "Largest XML body of a WebDAV request.",
    doc: "Accepted; there is no module here that reads XML bodies. `LimitRequestBody` bounds all bodies.",
    example: "LimitXMLRequestBody 65536",
    default: "1000000",
    set: () => undefined,
  }),

  LimitInternalRecursion: directive({
    args: [arg.int("number", { min: 1 }), optional(arg.int("subrequests", { min: 1 }))],
    contexts: hosts,
    summary: "Longest chain of internal redirects, and deepest nesting of look-ups.",
    doc: "A request that goes beyond is answered with 500. The first number holds for both.",
    example: "LimitInternalRecursion 5",
    default: "10",
    set: ([limitInternalRecursion]) => ({ limitInternalRecursion }),
  }),

  HttpProtocolOptions: directive({
    args: [rest(protocolWord)],
    contexts: hosts,
    summary: "How strictly requests are read.",
    doc:
      "`Strict` refuses what RFC 9112 does not allow, `Unsafe` tolerates line ends without CR and repeated blanks. " +
      "`RegisteredMethods` refuses unknown methods with 501 at once. `Require1.0` refuses HTTP/0.9.",
    example: "HttpProtocolOptions Strict Require1.0",
    default: "Strict LenientMethods Allow0.9",
    set: ([words]) => {
      const said = Object.assign({}, ...words) as Partial<Omit<ProtocolOptions, "written">>;
      const written = Object.keys(said) as (keyof typeof said)[];
      return { httpProtocolOptions: { ...defaultProtocol, ...said, written } };
    },
  }),

  RegisterHttpMethod: directive({
    args: [rest(arg.word("method"))],
    contexts: serverOnly,
    summary: "Makes further methods known.",
    doc: "A known method that a resource does not support is answered with 405, an unknown one with 501.",
    example: "RegisterHttpMethod PURGE",
    set: ([registeredMethods]) => ({ registeredMethods }),
  }),

  AllowEncodedSlashes: directive({
    args: [arg.oneOf("policy", "On", "Off", "NoDecode")],
    contexts: hosts,
    summary: "What to make of `%2F` in a path: refuse it with 404 (Off), decode it, or leave it as it is (NoDecode).",
    doc: "Virtual hosts do not inherit it from the main server.",
    example: "AllowEncodedSlashes NoDecode",
    default: "Off",
    set: ([allowEncodedSlashes]) => ({ allowEncodedSlashes }),
  }),

  MergeSlashes: directive({
    args: [arg.flag()],
    contexts: hosts,
    summary: "Whether repeated slashes in a path count as one.",
    doc: "`<Location>` matches the merged path in any case.",
    example: "MergeSlashes Off",
    default: "On",
    set: ([mergeSlashes]) => ({ mergeSlashes }),
  }),

  MergeTrailers: directive({
    args: [arg.flag()],
    contexts: hosts,
    summary: "Whether fields behind a chunked body join the request's header.",
    doc:
      "Only once the body has been read, and never in place of a field that the header has: logs and applications that ask " +
      "late see them. Without it they are for logs alone (`%{NAME}^ti`).",
    example: "MergeTrailers Off",
    default: "Off",
    set: ([mergeTrailers]) => ({ mergeTrailers }),
  }),

  TraceEnable: directive({
    args: [arg.oneOf("policy", "on", "off", "extended")],
    contexts: hosts,
    summary: "Whether TRACE is answered by sending the request back.",
    doc: "`off` answers 405. `extended` takes a body of up to 64 KiB too.",
    example: "TraceEnable off",
    default: "on",
    set: ([traceEnable]) => ({ traceEnable }),
  }),
});
