// The filter DEFLATE: responses compressed with gzip, and request bodies unpacked.
import { arg, defineModule, optional, type Context } from "../../api/index.js";
import { inflateBody } from "./input.js";
import { deflateFilter, inflateFilter } from "./output.js";
import { deflate } from "./settings.js";

const hosts: readonly Context[] = ["server config", "virtual host"];
const anywhere: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];

export default defineModule({
  name: "mod_deflate",
  summary: "Compresses responses with gzip: the filter DEFLATE.",
  settings: deflate.settings,
  directives: (directive) => ({
    DeflateCompressionLevel: directive({
      args: [arg.int("level", { min: 1, max: 9 })],
      contexts: hosts,
      summary: "How hard to compress.",
      doc: "From 1, fast, to 9, small. Without it zlib's own middle is taken, which is 6.",
      example: "DeflateCompressionLevel 9",
      set: ([level]) => ({ level }),
    }),
    DeflateWindowSize: directive({
      args: [arg.int("bits", { min: 1, max: 15 })],
      contexts: hosts,
      summary: "The window of the compression, as a power of two.",
      doc: "The smallest that zlib knows for gzip is 9, which smaller ones stand for.",
      example: "DeflateWindowSize 15",
      default: "15",
      set: ([windowBits]) => ({ windowBits }),
    }),
    DeflateMemLevel: directive({
      args: [arg.int("level", { min: 1, max: 9 })],
      contexts: hosts,
      summary: "How much memory the compression takes.",
      doc: "From 1 to 9.",
      example: "DeflateMemLevel 9",
      default: "9",
      set: ([memLevel]) => ({ memLevel }),
    }),
    DeflateBufferSize: directive({
      args: [arg.int("bytes", { min: 1 })],
      contexts: hosts,
      summary: "The size of the fragments compressed at a time.",
      doc: "What is longer than this when compressed is sent in chunks.",
      example: "DeflateBufferSize 8096",
      default: "8096",
      set: ([bufferSize]) => ({ bufferSize }),
    }),
    DeflateFilterNote: directive({
      args: [arg.word("type"), optional(arg.word("name"))],
      contexts: hosts,
      summary: "Leaves how well it compressed in a note, for logs.",
      doc:
        "The type is `Input` (bytes in), `Output` (bytes out) or `Ratio` (percent); with one argument that is the name " +
        "of a note for the ratio. `%{NAME}n` shows it in a log.",
      example: 'DeflateFilterNote ratio\nDeflateFilterNote Input instream\nLogFormat "%r %{ratio}n%%" deflate',
      set: ([type, name], place) => {
        if (name === undefined) return { notes: { ratio: type } };
        const kind = ["ratio", "input", "output"].find((each) => each === type.toLowerCase());
        return kind ? { notes: { [kind]: name } } : place.fail(`type must be Input, Output or Ratio, found "${type}"`);
      },
    }),
    DeflateAlterETag: directive({
      args: [arg.oneOf("way", "AddSuffix", "NoChange", "Remove")],
      contexts: hosts,
      summary: "What becomes of the entity tag of what is compressed.",
      doc: "`AddSuffix` appends `-gzip`, `NoChange` leaves it, so that conditions on it hold, `Remove` takes it away.",
      example: "DeflateAlterETag NoChange",
      default: "AddSuffix",
      set: ([etag]) => ({ etag }),
    }),
    DeflateInflateLimitRequestBody: directive({
      args: [arg.size("bytes")],
      contexts: anywhere,
      override: "All",
      summary: "The largest request body, unpacked.",
      doc: "Without it LimitRequestBody holds. 0 is without limit.",
      example: "<Location /upload>\n  SetInputFilter DEFLATE\n  DeflateInflateLimitRequestBody 1048576\n</Location>",
      set: ([inflateLimit]) => ({ inflateLimit }),
    }),
    DeflateInflateRatioLimit: directive({
      args: [arg.int("ratio", { min: 1 })],
      contexts: anywhere,
      override: "All",
      summary: "How much more a request body may be unpacked than packed.",
      doc: "Beyond it, for longer than DeflateInflateRatioBurst allows, the request is refused with 413.",
      example: "<Location /upload>\n  SetInputFilter DEFLATE\n  DeflateInflateRatioLimit 100\n</Location>",
      default: "200",
      set: ([ratioLimit]) => ({ ratioLimit }),
    }),
    DeflateInflateRatioBurst: directive({
      args: [arg.int("number", { min: 0 })],
      contexts: anywhere,
      override: "All",
      summary: "How often in a row the ratio may be exceeded.",
      doc: "Counted in pieces of what is unpacked.",
      example: "<Location /upload>\n  SetInputFilter DEFLATE\n  DeflateInflateRatioBurst 10\n</Location>",
      default: "3",
      set: ([ratioBurst]) => ({ ratioBurst }),
    }),
  }),
  provides: {
    outputFilter: { DEFLATE: deflateFilter, INFLATE: inflateFilter },
    inputFilter: { DEFLATE: inflateBody },
  },
});
