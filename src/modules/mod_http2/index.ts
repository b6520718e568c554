// HTTP/2: what its connections are held to, who may change to it, and what is told early.
import { arg, defineModule, Headers, http2, optional, type Context, type Request } from "../../api/index.js";
import { acceptedDirectives } from "./accepted.js";
import { upgradeOf } from "./upgrade.js";

const hosts: readonly Context[] = ["server config", "virtual host"];
const everywhere: readonly Context[] = [...hosts, "directory", ".htaccess"];
const perConnection = "What holds for a connection is that of the first virtual host of its address.";

export default defineModule({
  name: "mod_http2",
  summary: "Speaks HTTP/2",
  settings: http2.settings,
  directives: (directive) => ({
    H2MaxSessionStreams: directive({
      args: [arg.int("number", { min: 1, max: 10_000 })],
      contexts: hosts,
      summary: "How many requests a client may have in work on one connection.",
      doc:
        "A request counts until its answer is ready, even if the client has given it up; one too many is refused, and the " +
        `client may send it again. ${perConnection}`,
      example: "H2MaxSessionStreams 100",
      default: "100",
      set: ([maxStreams]) => ({ maxStreams }),
    }),
    H2WindowSize: directive({
      args: [arg.int("bytes", { min: 1024, max: 2 ** 31 - 1 })],
      contexts: hosts,
      summary: "How much of a request's body a client may send ahead of its reader.",
      doc: `For each stream: with H2MaxSessionStreams it bounds what a connection may hold. ${perConnection}`,
      example: "H2WindowSize 65535",
      default: "65535",
      set: ([windowSize]) => ({ windowSize }),
    }),
    H2MaxStreamErrors: directive({
      args: [arg.int("number", { min: 1 })],
      contexts: hosts,
      summary: "After how many faulty frames of a client its connection is ended.",
      doc: `Streams that a client opens and gives up are bounded besides: 200 at once, 33 a second. ${perConnection}`,
      example: "H2MaxStreamErrors 8",
      default: "8",
      set: ([maxStreamErrors]) => ({ maxStreamErrors }),
    }),
    H2MaxHeaderBlockLen: directive({
      args: [arg.int("bytes")],
      contexts: hosts,
      summary: "How large the packed fields of a response may be.",
      doc: `A response with more of them is not sent, its stream ends. 0: as large as they are. ${perConnection}`,
      example: "H2MaxHeaderBlockLen 65536",
      default: "0",
      set: ([maxHeaderBlock]) => ({ maxHeaderBlock }),
    }),
    H2Padding: directive({
      args: [arg.int("bits", { min: 0, max: 8 })],
      contexts: hosts,
      summary: "Whether frames are filled up, so that their length tells less of what is in them.",
      doc: `With any number but 0 they are filled up to a multiple of eight bytes. ${perConnection}`,
      example: "H2Padding 3",
      default: "0",
      set: ([bits]) => ({ pads: bits > 0 }),
    }),
    H2StreamTimeout: directive({
      args: [arg.duration("time")],
      contexts: hosts,
      summary: "How long an answer may stand still because its client does not read.",
      doc: `The stream is ended then, the connection goes on. ${perConnection}`,
      example: "H2StreamTimeout 30",
      default: "as Timeout",
      set: ([streamTimeout]) => ({ streamTimeout }),
    }),
    H2Direct: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether a connection may begin with HTTP/2, without asking.",
      doc:
        "`Protocols` must have `h2c`, or `h2` where connections are encrypted; there, clients ask for HTTP/2 in the handshake, " +
        `and it is off. ${perConnection}`,
      example: "Protocols h2c http/1.1\nH2Direct On",
      default: "On without TLS, Off with it",
      set: ([direct]) => ({ direct }),
    }),
    H2Upgrade: directive({
      args: [arg.flag()],
      contexts: everywhere,
      override: "AuthConfig",
      summary: "Whether a request of HTTP/1.1 may change to HTTP/2 by its Upgrade field.",
      doc: "`Protocols` must have `h2c`; the request may have no body. Over TLS it is never done: clients ask in the handshake.",
      example: "Protocols h2c http/1.1\nH2Upgrade On",
      default: "On without TLS",
      set: ([upgrade]) => ({ upgrade }),
    }),
    H2ModernTLSOnly: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether HTTP/2 needs TLS 1.2 with a cipher RFC 9113 approves of.",
      doc:
        "A client that agreed upon HTTP/2 and on such a cipher is told INADEQUATE_SECURITY; TLS 1.3 has good ones only. " +
        perConnection,
      example: "H2ModernTLSOnly On",
      default: "On",
      set: ([modernTlsOnly]) => ({ modernTlsOnly }),
    }),
    H2EarlyHints: directive({
      args: [arg.flag()],
      contexts: hosts,
      summary: "Whether fields known beforehand are sent early, with status 103.",
      doc:
        "They are those of H2EarlyHint and H2PushResource. Browsers load what `Link` fields name while the application " +
        "still works. Only requests of HTTP/2 have it.",
      example: 'H2EarlyHints On\nH2EarlyHint Link "</style.css>;rel=preload;as=style"',
      default: "Off",
      set: ([earlyHints]) => ({ earlyHints }),
    }),
    H2EarlyHint: directive({
      args: [arg.word("name"), arg.word("value")],
      contexts: everywhere,
      override: ["FileInfo", "AuthConfig"],
      summary: "Adds a field to answers of HTTP/2, and to what H2EarlyHints sends before them.",
      doc: "Lines add up.",
      example: 'H2EarlyHints On\nH2EarlyHint Link "</style.css>;rel=preload;as=style"',
      set: ([name, text], place) => {
        const value = text.trim();
        if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name)) return place.fail(`name is no field name: "${name}"`);
        if (value === "" || !/^[\t\x20-\x7e\x80-\xff]+$/.test(value))
          return place.fail("value is empty or has control characters");
        return { earlyFields: [{ name, value }] };
      },
    }),
    H2PushResource: directive({
      args: [arg.word("path"), optional(arg.word("word")), optional(arg.word("critical"))],
      contexts: everywhere,
      override: ["FileInfo", "AuthConfig"],
      summary: "Names a resource that clients will need: a Link field with rel=preload.",
      doc:
        "`H2PushResource [add] path [critical]`. It is not pushed, see H2Push: the field is in answers of HTTP/2, and with " +
        "H2EarlyHints in a 103 before them.",
      example: "H2EarlyHints On\nH2PushResource /style.css",
      set: ([first, second, third], place) => {
        const words = first.toLowerCase() === "add" && second !== undefined ? [second, third] : [first, second, third];
        const [path = "", last, more] = words;
        if (last !== undefined && last.toLowerCase() !== "critical")
          return place.fail(`expected "critical", found "${last}"`);
        if (more !== undefined) return place.fail(`too many arguments: "${more}"`);
        return { links: [`<${path}>; rel=preload${last === undefined ? "" : "; critical"}`] };
      },
    }),
    ...acceptedDirectives(directive),
  }),
  hooks: {
    fixups: {
      run: (request, { earlyHints, earlyFields, links }) => {
        const { http2: stream, id } = request.connection;
        if (!stream) return undefined;
        setVariables(request, `${id}-${stream.id}`, stream.id);
        if (request.parent || (earlyFields.length === 0 && links.length === 0)) return undefined;
        const fields = request.answerHeaders;
        for (const link of links) fields.append("Link", link);
        for (const { name, value } of earlyFields) fields.append(name, value);
        if (earlyHints && !request.headers.has("expect")) request.connection.inform?.(103, new Headers(fields));
        return undefined;
      },
    },
    handler: {
      rank: "first",
      when: ({ upgrade }) => upgrade !== false,
      run: upgradeOf,
    },
  },
});

function setVariables({ environment }: Request, tag: string, id: number): void {
  environment.set("HTTP2", "on");
  environment.set("H2PUSH", "off");
  environment.set("H2_PUSH", "off");
  environment.set("H2_PUSHED", "");
  environment.set("H2_PUSHED_ON", "");
  environment.set("H2_STREAM_ID", String(id));
  environment.set("H2_STREAM_TAG", tag);
}
