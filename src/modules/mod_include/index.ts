// Server-side includes: pages with directives in them, as the filter INCLUDES and by the executable bit.
import { arg, defineModule, type Context, type Request } from "../../api/index.js";
import { includes, prepare } from "./filter.js";
import { include, type IncludeSettings } from "./settings.js";

const hosts: readonly Context[] = ["server config", "virtual host"];
const everywhere: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const inside: readonly Context[] = ["directory", ".htaccess"];

const tag = (name: string) =>
  arg.custom(name, "text", (text, place) =>
    text === "" || /[\t-\r ]/.test(text) ? place.refuse("must be a text without white space") : text,
  );

/** Chooses the filter for what the handler server-parsed or the executable bit says is a page. */
function choose(request: Request, { xBitHack }: IncludeSettings): undefined {
  if (request.handler === "server-parsed") {
    request.contentType ??= "text/html";
    request.handler = "default-handler";
  } else {
    const isExecutable = request.file !== undefined && (request.file.mode & 0o100) !== 0;
    if (xBitHack === "off" || !isExecutable || !/^text\/html(?:$|;)/.test(request.contentType ?? "")) return;
  }
  request.outputFilters = [...request.outputFilters, "INCLUDES"];
}

export default defineModule({
  name: "mod_include",
  summary: "Server-side includes: the filter INCLUDES, for pages with directives in them.",
  settings: include.settings,
  directives: (directive) => ({
    SSIStartTag: directive({
      args: [tag("tag")],
      contexts: hosts,
      summary: "What a directive in a page begins with.",
      doc: "Another one where two servers work on the same pages, at different times.",
      example: 'SSIStartTag "<%"\nSSIEndTag "%>"',
      default: '"<!--#"',
      set: ([startTag]) => ({ startTag }),
    }),
    SSIEndTag: directive({
      args: [tag("tag")],
      contexts: hosts,
      summary: "What a directive in a page ends with.",
      doc: "Goes with SSIStartTag.",
      example: 'SSIEndTag "%>"',
      default: '"-->"',
      set: ([endTag]) => ({ endTag }),
    }),
    SSIErrorMsg: directive({
      args: [arg.word("message")],
      contexts: everywhere,
      override: "All",
      summary: "What stands in the place of a directive that fails.",
      doc: '`<!--#config errmsg="..." -->` changes it within a page. The reason is in the error log.',
      example: 'SSIErrorMsg "<!-- Error -->"',
      default: '"[an error occurred while processing this directive]"',
      set: ([errorMessage]) => ({ errorMessage }),
    }),
    SSITimeFormat: directive({
      args: [arg.word("format")],
      contexts: everywhere,
      override: "All",
      summary: "How dates are shown.",
      doc: 'The letters are those of strftime. `<!--#config timefmt="..." -->` changes it within a page.',
      example: 'SSITimeFormat "%R, %B %d, %Y"',
      default: '"%A, %d-%b-%Y %H:%M:%S %Z"',
      set: ([timeFormat]) => ({ timeFormat }),
    }),
    SSIUndefinedEcho: directive({
      args: [arg.word("text")],
      contexts: everywhere,
      override: "All",
      summary: "What `echo` shows of a variable that is not there.",
      doc: '`<!--#config echomsg="..." -->` changes it within a page.',
      example: 'SSIUndefinedEcho "<!-- undef -->"',
      default: '"(none)"',
      set: ([undefinedEcho]) => ({ undefinedEcho }),
    }),
    XBitHack: directive({
      args: [arg.oneOf("switch", "off", "on", "full")],
      contexts: everywhere,
      override: "Options",
      summary: "Takes HTML files that their owner may execute for pages with directives.",
      doc: "With `full`, where the group may execute the file too, its date is sent as Last-Modified and asked for by conditions.",
      example: "XBitHack on",
      default: "off",
      set: ([xBitHack]) => ({ xBitHack }),
    }),
    SSILegacyExprParser: directive({
      args: [arg.flag()],
      contexts: inside,
      override: "Limit",
      summary: "Reads the conditions of `if` and `elif` as Apache 2.2 did.",
      doc: "On, variables are written `$name`, and patterns `/.../` behind `=` and `!=`; off, the expressions are those of `<If>`, with the functions `v`, `reqenv` and `env` for variables.",
      example: "<Directory /srv/pages>\n  SSILegacyExprParser on\n</Directory>",
      default: "off",
      set: ([legacyExpressions]) => ({ legacyExpressions }),
    }),
    SSIETag: directive({
      args: [arg.flag()],
      contexts: inside,
      override: "Limit",
      summary: "Leaves a page its entity tag.",
      doc: "For pages whose directives do not make them different from time to time; the tag is that of the file alone.",
      example: "<Directory /srv/pages>\n  SSIETag on\n</Directory>",
      default: "off",
      set: ([keepsTag]) => ({ keepsTag }),
    }),
    SSILastModified: directive({
      args: [arg.flag()],
      contexts: inside,
      override: "Limit",
      summary: "Leaves a page its Last-Modified.",
      doc: "The date is that of the file alone, or the one a script gave.",
      example: "<Directory /srv/pages>\n  SSILastModified on\n</Directory>",
      default: "off",
      set: ([lastModified]) => ({ lastModified }),
    }),
  }),
  hooks: {
    fixups: { rank: "last", run: choose },
  },
  provides: { outputFilter: { INCLUDES: includes } },
  lifecycle: { start: ({ server }) => prepare(server) },
});
