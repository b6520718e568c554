// Directives of mod_http2 about what is done otherwise here: accepted where nothing depends on it, else refused.
import {
  arg,
  optional,
  type Argument,
  type Context,
  type DirectiveMaker,
  type http2,
  type Override,
} from "../../api/index.js";

type Maker = DirectiveMaker<typeof http2.settings>;

interface Accepted {
  readonly args: readonly Argument<unknown>[];
  readonly summary: string;
  readonly doc: string;
  readonly example: string;
  readonly contexts?: readonly Context[];
  readonly override?: Override | readonly Override[];
  readonly default?: string;
}

const hosts: readonly Context[] = ["server config", "virtual host"];
const everywhere: readonly Context[] = [...hosts, "directory", ".htaccess"];

const noThreads = "Has no effect here: requests do not wait for threads of their own.";
const noPush = "Has no effect here: nothing is pushed, see H2Push.";

/** The directives without effect, and those that would promise what is not done. */
export const acceptedDirectives = (directive: Maker) => {
  const accepted = (record: Accepted) => directive({ contexts: hosts, ...record, set: () => undefined });
  const count = arg.int("number");
  return {
    H2MinWorkers: accepted({
      args: [arg.int("number", { min: 1 })],
      summary: "The fewest threads that serve streams.",
      doc: noThreads,
      example: "H2MinWorkers 10",
    }),
    H2MaxWorkers: accepted({
      args: [arg.int("number", { min: 1 })],
      summary: "The most threads that serve streams.",
      doc: noThreads,
      example: "H2MaxWorkers 25",
    }),
    H2MaxWorkerIdleSeconds: accepted({
      args: [arg.duration("time")],
      summary: "How long a thread may idle.",
      doc: noThreads,
      example: "H2MaxWorkerIdleSeconds 600",
    }),
    H2StreamMaxMemSize: accepted({
      args: [arg.int("bytes", { min: 1024 })],
      summary: "How much of a response a stream may hold.",
      doc: "Has no effect here: a stream holds up to 64 KiB of a response, and of a request what H2WindowSize says.",
      example: "H2StreamMaxMemSize 65536",
    }),
    H2MaxDataFrameLen: accepted({
      args: [count],
      summary: "How much one DATA frame may hold.",
      doc: "Has no effect here: frames are as large as the client's settings allow, 16 KiB unless it says otherwise.",
      example: "H2MaxDataFrameLen 16384",
      default: "0",
    }),
    H2OutputBuffering: accepted({
      args: [arg.flag()],
      summary: "Whether output is held back until there is more of it.",
      doc: "Has no effect here: what is written in one turn of the event loop leaves together, and nothing waits longer.",
      example: "H2OutputBuffering On",
    }),
    H2SessionExtraFiles: accepted({
      args: [count],
      summary: "How many files a connection may keep open.",
      doc: "Has no effect, as in Apache: a stream has one file open while it is sent.",
      example: "H2SessionExtraFiles 5",
    }),
    H2SerializeHeaders: accepted({
      args: [arg.flag()],
      summary: "Whether requests are put into the form of HTTP/1.1 on their way.",
      doc: "Has no effect, as in Apache.",
      example: "H2SerializeHeaders Off",
    }),
    H2CopyFiles: accepted({
      args: [arg.flag()],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Whether files are copied between threads.",
      doc: "Has no effect here: there is one thread.",
      example: "H2CopyFiles Off",
    }),
    H2TLSWarmUpSize: accepted({
      args: [count],
      summary: "How many bytes are sent in small TLS records first.",
      doc: "Has no effect here: the TLS library chooses the size of records.",
      example: "H2TLSWarmUpSize 1048576",
    }),
    H2TLSCoolDownSecs: accepted({
      args: [count],
      summary: "After how many idle seconds TLS records are small again.",
      doc: "Has no effect here: the TLS library chooses the size of records.",
      example: "H2TLSCoolDownSecs 1",
    }),
    H2Push: accepted({
      args: [arg.flag()],
      contexts: everywhere,
      override: "AuthConfig",
      summary: "Whether resources are pushed that nobody has asked for.",
      doc:
        "Nothing is pushed, whatever is written here: browsers no longer take pushes. `Link` fields with `rel=preload` reach " +
        "the client as they are, and early with H2EarlyHints.",
      example: "H2Push Off",
      default: "Off",
    }),
    H2PushDiarySize: accepted({
      args: [count],
      summary: "How many pushes a connection remembers.",
      doc: noPush,
      example: "H2PushDiarySize 256",
    }),
    H2PushPriority: accepted({
      args: [arg.word("type"), arg.word("order"), optional(arg.word("weight"))],
      summary: "In which order pushed resources are sent.",
      doc: noPush,
      example: "H2PushPriority text/css Before",
    }),
    H2ProxyRequests: directive({
      args: [arg.flag()],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Whether requests for other servers are taken over HTTP/2.",
      doc: "`On` is refused: this server is no forward proxy over HTTP/2.",
      example: "H2ProxyRequests Off",
      default: "Off",
      set: ([isOn], place) =>
        isOn ? place.fail("there is no forward proxy over HTTP/2", "take the line away") : undefined,
    }),
    H2WebSockets: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether WebSockets are taken over HTTP/2.",
      doc: "`On` is refused: browsers open WebSockets over HTTP/1.1 where it is off, and lose nothing.",
      example: "H2WebSockets Off",
      default: "Off",
      set: ([isOn], place) =>
        isOn
          ? place.fail("WebSockets are taken over HTTP/1.1 only", "take the line away: clients then use that")
          : undefined,
    }),
  };
};
