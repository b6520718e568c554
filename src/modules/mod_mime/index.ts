// Types, languages, encodings and handlers of files by the extensions of their names.
import {
  arg,
  defineModule,
  filterNames,
  rest,
  unknownFilter,
  type Context,
  type DirectiveMaker,
  type Place,
} from "../../api/index.js";
import { meaning, noMeaning, type Meaning } from "./mappings.js";
import { resolveName } from "./resolve.js";
import { settings, type MultiViews } from "./settings.js";
import { readTypes, type TypeTable } from "./types.js";

const everywhere: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const extensions = rest(arg.word("extension"));

/** A directive that gives extensions one attribute. */
function giving(
  directive: DirectiveMaker<typeof settings>,
  attribute: keyof Meaning,
  words: { readonly argument: string; readonly summary: string; readonly doc: string; readonly example: string },
) {
  const { argument, ...common } = words;
  return directive({
    ...common,
    args: [arg.word(argument), extensions],
    contexts: everywhere,
    override: "FileInfo",
    set: ([value, names]) => meaning(names, { [attribute]: value.toLowerCase() }),
  });
}

/** A directive that takes one attribute of extensions back. */
function taking(
  directive: DirectiveMaker<typeof settings>,
  attribute: keyof Meaning,
  words: { readonly summary: string; readonly example: string },
) {
  return directive({
    ...words,
    args: [extensions],
    contexts: everywhere,
    override: "FileInfo",
    doc: "For what outer sections gave, and for what its own section gives, wherever in it the line stands.",
    set: ([names]) => noMeaning(names, attribute),
  });
}

/** Filters by extension. */
function filterBy(
  directive: DirectiveMaker<typeof settings>,
  attribute: "outputFilters" | "inputFilters",
  words: { readonly summary: string; readonly example: string },
) {
  return directive({
    ...words,
    args: [arg.word("filters"), extensions],
    contexts: everywhere,
    override: "FileInfo",
    doc: "Names with semicolons between them. Several extensions of a name add up; an inner line takes the place of an outer one.",
    set: ([filters, names]) => meaning(names, { [attribute]: filterNames(filters) }),
  });
}

function multiViewsOf(kinds: readonly string[], place: Place): MultiViews {
  const alone = kinds.find((kind) => kind === "Any" || kind === "NegotiatedOnly");
  if (alone !== undefined && kinds.some((kind) => kind !== alone)) {
    return place.fail(`${alone} does not go together with other kinds, found "${kinds.join(" ")}"`);
  }
  return { any: alone === "Any", filters: kinds.includes("Filters"), handlers: kinds.includes("Handlers") };
}

function readTable(file: string, place: Place): TypeTable {
  try {
    return readTypes(file, place.readOnce);
  } catch (error) {
    return place.fail(`could not open mime types config file ${file}: ${error instanceof Error ? error.message : ""}`);
  }
}

export default defineModule({
  name: "mod_mime",
  summary: "Tells types, languages, encodings and handlers of files by the extensions of their names.",
  settings,
  directives: (directive) => ({
    TypesConfig: directive({
      args: [arg.filePath("file-path")],
      contexts: ["server config", "virtual host"],
      summary: "A file of media types: lines of a type and its extensions.",
      doc: "Without it the types of the package mime-db hold; with it those of the file alone.",
      example: "TypesConfig /dev/null",
      set: ([file], place) => ({ types: readTable(file, place) }),
    }),

    AddType: giving(directive, "type", {
      argument: "type",
      summary: "The media type of files with an extension.",
      doc: "The leading dot may be left out. Of several extensions with a type the last one counts. It wins over the table of types.",
      example: "AddType text/markdown .md .markdown",
    }),
    AddHandler: giving(directive, "handler", {
      argument: "handler",
      summary: "The handler of files with an extension.",
      doc: "The extension counts wherever in the name it stands. `SetHandler` wins over it.",
      example: "AddHandler default-handler .page",
    }),
    AddCharset: giving(directive, "charset", {
      argument: "charset",
      summary: "The charset of files with an extension.",
      doc: "Stands behind their type, which another extension of the name may give.",
      example: "AddCharset UTF-8 .utf8 .html",
    }),
    AddEncoding: giving(directive, "encoding", {
      argument: "encoding",
      summary: "The content encoding of files with an extension.",
      doc: "Several such extensions in a name give several encodings, in order.",
      example: "AddEncoding gzip .gz",
    }),
    AddLanguage: giving(directive, "language", {
      argument: "language",
      summary: "The language of files with an extension.",
      doc: "Several such extensions in a name give several languages.",
      example: "AddLanguage en .en",
    }),

    RemoveType: directive({
      args: [extensions],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Takes the media type of extensions back, that of the table of types too.",
      doc: "A later AddType in the same section gives one again.",
      example: "<Location /raw>\n  RemoveType .html\n</Location>",
      set: ([names]) => meaning(names, { type: "" }),
    }),
    RemoveHandler: taking(directive, "handler", {
      summary: "Takes the handler of extensions back.",
      example: "<Location /upload>\n  RemoveHandler .cgi .php\n</Location>",
    }),
    RemoveCharset: taking(directive, "charset", {
      summary: "Takes the charset of extensions back.",
      example: "<Location /old>\n  RemoveCharset .html\n</Location>",
    }),
    RemoveEncoding: taking(directive, "encoding", {
      summary: "Takes the content encoding of extensions back.",
      example: "<Location /downloads>\n  RemoveEncoding .gz\n</Location>",
    }),
    RemoveLanguage: taking(directive, "language", {
      summary: "Takes the language of extensions back.",
      example: "<Location /code>\n  RemoveLanguage .pl\n</Location>",
    }),

    DefaultLanguage: directive({
      args: [arg.word("language")],
      contexts: everywhere,
      override: "FileInfo",
      summary: "The language of files whose names say none.",
      doc: "Without it they have none.",
      example: "DefaultLanguage en",
      set: ([language]) => ({ defaultLanguage: language }),
    }),
    ModMimeUsePathInfo: directive({
      args: [arg.flag()],
      contexts: ["directory"],
      summary: "Whether the path behind a file's name counts as part of the name.",
      doc: "For files that answer to paths below them (`AcceptPathInfo`).",
      example: "<Location /wiki>\n  ModMimeUsePathInfo On\n</Location>",
      default: "Off",
      set: ([usePathInfo]) => ({ usePathInfo }),
    }),
    MultiviewsMatch: directive({
      args: [rest(arg.oneOf("kind", "Any", "NegotiatedOnly", "Filters", "Handlers"))],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Which files MultiViews looks at, by the parts of their names that were not asked for.",
      doc:
        "Those of types, languages, charsets and encodings may stand in a name in any case. `Filters` adds the extensions of " +
        "filters, `Handlers` those of handlers, and `Any` all others, copies of editors (`page.html.bak`) too.",
      example: "MultiviewsMatch Handlers Filters",
      default: "NegotiatedOnly",
      set: ([kinds], place) => ({ multiViews: multiViewsOf(kinds, place) }),
    }),

    AddOutputFilter: filterBy(directive, "outputFilters", {
      summary: "Filters that files with an extension go through.",
      example: "AddOutputFilter DEFLATE .svg",
    }),
    AddInputFilter: filterBy(directive, "inputFilters", {
      summary: "Filters that bodies of requests for files with an extension go through.",
      example: "AddInputFilter DEFLATE .cgi",
    }),
    RemoveOutputFilter: taking(directive, "outputFilters", {
      summary: "Takes the output filters of extensions back.",
      example: "<Location /raw>\n  RemoveOutputFilter .html\n</Location>",
    }),
    RemoveInputFilter: taking(directive, "inputFilters", {
      summary: "Takes the input filters of extensions back.",
      example: "<Location /raw>\n  RemoveInputFilter .cgi\n</Location>",
    }),
  }),

  hooks: {
    typeChecker: {
      run(request, mime) {
        const { filename } = request;
        if (filename === "") return undefined;
        if (request.file?.isDirectory()) {
          request.contentType = "httpd/unix-directory";
          return "done";
        }
        const whole = mime.usePathInfo ? filename + request.pathInfo : filename;
        const resolved = resolveName(whole.slice(whole.lastIndexOf("/") + 1), mime);
        request.contentEncoding = resolved.encoding;
        request.contentLanguage = resolved.language;
        // For MultiViews: a file is looked at where the rest of its name is what was asked for.
        if (request.parent && resolved.unknown !== undefined) request.notes.set("mime-exceptions", resolved.unknown);
        request.outputFilters = resolved.outputFilters;
        request.inputFilters = resolved.inputFilters;
        if (resolved.handler !== undefined && !request.filename.startsWith("proxy:"))
          request.handler = resolved.handler;
        if (resolved.contentType === undefined) return undefined;
        request.contentType = resolved.contentType;
        request.charset = resolved.charset;
        return "done";
      },
    },
  },

  lifecycle: {
    check(server) {
      for (const { settings: set, origin } of server.everywhere({ module: "mod_mime", settings })) {
        for (const said of Object.values(set.mappings?.added ?? {})) {
          const kinds = [
            ["outputFilter", said.outputFilters],
            ["inputFilter", said.inputFilters],
          ] as const;
          for (const [kind, names = []] of kinds) {
            const fault = names.map((name) => unknownFilter(name, server.providers(kind))).find(Boolean);
            if (fault !== undefined) server.error(fault, origin("mappings"));
          }
        }
      }
    },
  },
});
