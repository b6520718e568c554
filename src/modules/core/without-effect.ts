// Directives of core that say how Apache does a thing which is done otherwise here: accepted, refused where it matters.
import { arg, rest, type Argument, type Context } from "../../api/index.js";
import { hosts, hostsAndDirectories, serverOnly, type CoreMaker } from "./contexts.js";

interface Accepted {
  readonly args: readonly Argument<unknown>[];
  readonly contexts: readonly Context[];
  readonly summary: string;
  readonly doc: string;
  readonly example: string;
  readonly default?: string;
}

export const acceptedDirectives = (directive: CoreMaker) => {
  const accepted = (record: Accepted) => directive({ ...record, override: "All", set: () => undefined });
  const number = arg.int("number");
  return {
    AcceptFilter: accepted({
      args: [arg.word("protocol"), arg.word("filter")],
      contexts: serverOnly,
      summary: "Has the system hold connections back until data arrive.",
      doc: "Has no effect here: connections are taken at once, an idle one costs little.",
      example: "AcceptFilter http none",
    }),
    Protocol: accepted({
      args: [arg.oneOf("protocol", "http", "https")],
      contexts: hosts,
      summary: "The protocol of a virtual host's connections.",
      doc: "Has no effect here: `Listen` says it.",
      example: "Protocol http",
    }),
    Protocols: directive({
      args: [rest(arg.word("protocol"))],
      contexts: hosts,
      summary: "The protocols that are spoken, the preferred one first.",
      doc:
        "`h2` is HTTP/2 over TLS, `h2c` HTTP/2 without; both need mod_http2. HTTP/1.1 is spoken in any case, as in Apache. " +
        "Other names are passed over. Over TLS what holds is the list of the virtual host the client names.",
      example: "Protocols h2 http/1.1",
      default: "http/1.1",
      set: ([protocols]) => ({ protocols: protocols.map((each) => each.toLowerCase()) }),
    }),
    ProtocolsHonorOrder: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether the order of Protocols goes before that of the client.",
      doc: "Off, the first protocol in the client's list is spoken that stands in Protocols too.",
      example: "ProtocolsHonorOrder On",
      default: "On",
      set: ([protocolsHonorOrder]) => ({ protocolsHonorOrder }),
    }),
    ExtendedStatus: directive({
      args: [arg.flag()],
      contexts: serverOnly,
      summary: "Whether the status of mod_status shows totals and requests.",
      doc:
        "Off, `server-status` shows how many workers there are and what they do, without totals, processor time and the " +
        "requests in work. Counting costs nothing here, and is done either way.",
      example: "ExtendedStatus On",
      default: "On where mod_status is loaded",
      set: ([extendedStatus]) => ({ extendedStatus }),
    }),
    FlushMaxPipelined: accepted({
      args: [arg.word("number")],
      contexts: hosts,
      summary: "How many pipelined responses may wait to be sent together.",
      doc: "Has no effect here: responses are sent as they are ready.",
      example: "FlushMaxPipelined 5",
    }),
    FlushMaxThreshold: accepted({
      args: [number],
      contexts: hosts,
      summary: "How many bytes may wait to be sent together.",
      doc: "Has no effect here: the system's socket buffer decides.",
      example: "FlushMaxThreshold 65535",
    }),
    ReadBufferSize: accepted({
      args: [number],
      contexts: hostsAndDirectories,
      summary: "The size of the buffer files are read with.",
      doc: "Has no effect here: Node reads files in pieces of a size of its own.",
      example: "ReadBufferSize 8192",
    }),
    SeeRequestTail: directive({
      args: [arg.flag()],
      contexts: serverOnly,
      summary: "Whether the status of mod_status shows the end of long request lines.",
      doc: "It shows 63 bytes of a request line: the first ones, or with On the last.",
      example: "SeeRequestTail On",
      default: "Off",
      set: ([seeRequestTail]) => ({ seeRequestTail }),
    }),
  };
};
