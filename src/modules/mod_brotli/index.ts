// The filter BROTLI_COMPRESS: responses compressed with brotli.
import { brotliCompressSync, constants, createBrotliCompress } from "node:zlib";
import {
  arg,
  defineModule,
  defineSettings,
  encodeContent,
  map,
  optional,
  value,
  type Context,
  type ContentCoding,
  type NamedFilter,
  type Request,
} from "../../api/index.js";

const hosts: readonly Context[] = ["server config", "virtual host"];

const brotli = defineSettings("mod_brotli", {
  quality: value<number>(5),
  /** Powers of two; 0: the encoder's choice. */
  window: value<number>(18),
  block: value<number>(0),
  etag: value<"AddSuffix" | "NoChange" | "Remove">("AddSuffix"),
  notes: map<string>(),
});

const filter: NamedFilter = {
  type: "content set",
  run: (request, response) => encodeContent(request, response, codingFor(request)),
};

function codingFor(request: Request): ContentCoding {
  const { quality, window, block, etag, notes } = request.settings(brotli);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_LGWIN]: window,
    ...(block > 0 ? { [constants.BROTLI_PARAM_LGBLOCK]: block } : {}),
  };
  return {
    name: "br",
    etag,
    smallest: -1,
    buffered: 65_536,
    off: "no-brotli",
    whole: (bytes) => brotliCompressSync(bytes, { params }),
    stream: () => createBrotliCompress({ params }),
    done: (bytesIn, bytesOut) => note(request, notes, { bytesIn, bytesOut }),
  };
}

function note(
  request: Request,
  { ratio, input, output }: Readonly<Record<string, string>>,
  { bytesIn, bytesOut }: { readonly bytesIn: number; readonly bytesOut: number },
): void {
  if (ratio !== undefined) request.notes.set(ratio, bytesIn > 0 ? String(Math.floor((bytesOut * 100) / bytesIn)) : "-");
  if (input !== undefined) request.notes.set(input, String(bytesIn));
  if (output !== undefined) request.notes.set(output, String(bytesOut));
}

export default defineModule({
  name: "mod_brotli",
  summary: "Compresses responses with brotli: the filter BROTLI_COMPRESS.",
  settings: brotli.settings,
  directives: (directive) => ({
    BrotliCompressionQuality: directive({
      args: [arg.int("quality", { min: 0, max: 11 })],
      contexts: hosts,
      summary: "How hard to compress.",
      doc: "From 0, fast, to 11, small.",
      example: "BrotliCompressionQuality 5",
      default: "5",
      set: ([quality]) => ({ quality }),
    }),
    BrotliCompressionWindow: directive({
      args: [arg.int("bits", { min: 10, max: 24 })],
      contexts: hosts,
      summary: "The window of the compression, as a power of two.",
      doc: "From 10 to 24.",
      example: "BrotliCompressionWindow 18",
      default: "18",
      set: ([window]) => ({ window }),
    }),
    BrotliCompressionMaxInputBlock: directive({
      args: [arg.int("bits", { min: 16, max: 24 })],
      contexts: hosts,
      summary: "The largest block compressed at a time, as a power of two.",
      doc: "From 16 to 24. Without it the encoder chooses.",
      example: "BrotliCompressionMaxInputBlock 20",
      set: ([block]) => ({ block }),
    }),
    BrotliFilterNote: directive({
      args: [arg.word("type"), optional(arg.word("name"))],
      contexts: hosts,
      summary: "Leaves how well it compressed in a note, for logs.",
      doc: "As DeflateFilterNote.",
      example: "BrotliFilterNote Ratio brotli",
      set: ([type, name], place) => {
        if (name === undefined) return { notes: { ratio: type } };
        const kind = ["ratio", "input", "output"].find((each) => each === type.toLowerCase());
        return kind ? { notes: { [kind]: name } } : place.fail(`type must be Input, Output or Ratio, found "${type}"`);
      },
    }),
    BrotliAlterETag: directive({
      args: [arg.oneOf("way", "AddSuffix", "NoChange", "Remove")],
      contexts: hosts,
      summary: "What becomes of the entity tag of what is compressed.",
      doc: "As DeflateAlterETag, with `-br`.",
      example: "BrotliAlterETag NoChange",
      default: "AddSuffix",
      set: ([etag]) => ({ etag }),
    }),
  }),
  provides: { outputFilter: { BROTLI_COMPRESS: filter } },
});
