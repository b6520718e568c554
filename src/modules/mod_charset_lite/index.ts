// CharsetSourceEnc and CharsetDefault → pages sent in another encoding than they have, and forms the other way.
import { arg, defineModule, refuse, rest, type Context, type NamedFilter, type Place } from "../../api/index.js";
import { hasForm, wayOf, xlateIn, xlateOut } from "./filters.js";
import { charset } from "./settings.js";
import { isEncoding } from "./translation.js";

const anywhere: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const example = "<Directory /srv/old>\n  CharsetSourceEnc ISO-8859-1\n  CharsetDefault UTF-8\n</Directory>";
const implicit: readonly NamedFilter[] = [xlateOut];
const none: readonly NamedFilter[] = [];

export default defineModule({
  name: "mod_charset_lite",
  summary: "Sends pages in another encoding than their files have, and takes forms back into it.",
  settings: charset.settings,
  directives: (directive) => ({
    CharsetSourceEnc: directive({
      args: [arg.word("encoding")],
      contexts: anywhere,
      override: "FileInfo",
      summary: "The encoding of the files, and of what scripts make.",
      doc:
        "Together with CharsetDefault. Types `text/...` and `message/...` are translated, on their way out; bodies of POST and " +
        "PUT on their way in. A byte that is no sign of the encoding, or a sign that the other one lacks, breaks the response " +
        "off. The type says of the encoding what AddDefaultCharset and AddCharset have it say. Encodings are those of " +
        "iconv-lite: Unicode, ISO 8859, Windows, IBM's and Mac's code pages, KOI8, and those of East Asia.",
      example,
      set: ([source], place) => ({ source: encoding(source, place) }),
    }),
    CharsetDefault: directive({
      args: [arg.word("encoding")],
      contexts: anywhere,
      override: "FileInfo",
      summary: "The encoding that pages are sent in.",
      doc: "Together with CharsetSourceEnc; where both are the same nothing is done. What is proxied stays as it is.",
      example,
      set: ([target], place) => ({ target: encoding(target, place) }),
    }),
    CharsetOptions: directive({
      args: [
        rest(arg.oneOf("option", "ImplicitAdd", "NoImplicitAdd", "TranslateAllMimeTypes", "NoTranslateAllMimeTypes")),
      ],
      contexts: anywhere,
      override: "FileInfo",
      summary: "What is translated, and whether by itself.",
      doc:
        "`NoImplicitAdd`: only where the filters `XLATEOUT` (SetOutputFilter) and `XLATEIN` (SetInputFilter) are named. " +
        "`TranslateAllMimeTypes`: all types, for what is text by another name.",
      default: "ImplicitAdd NoTranslateAllMimeTypes",
      example: "CharsetOptions NoImplicitAdd\nSetOutputFilter XLATEOUT",
      set: ([options]) =>
        Object.assign({}, ...options.map((option) => changes[option])) as { implicit?: boolean; allTypes?: boolean },
    }),
  }),
  hooks: {
    fixups: {
      when: ({ source, target }) => source !== undefined || target !== undefined,
      run: (request, { implicit: added }) => {
        const way = wayOf(request);
        if (!way || !hasForm(request)) return undefined;
        if (isEncoding(way.from) && isEncoding(way.to)) {
          if (added) request.inputFilters = [...request.inputFilters, "XLATEIN"];
          return undefined;
        }
        request.log("error", "charset_lite", `AH01449: can't open translation ${way.to}->${way.from}`);
        return refuse(500);
      },
    },
  },
  provides: {
    outputFilter: { XLATEOUT: xlateOut },
    inputFilter: { XLATEIN: xlateIn },
    outputFilterChain: {
      mod_charset_lite: (request: Parameters<typeof wayOf>[0]): readonly NamedFilter[] => {
        const { source, target, implicit: added } = request.settings(charset);
        return source !== undefined && target !== undefined && added ? implicit : none;
      },
    },
  },
});

const changes = {
  ImplicitAdd: { implicit: true },
  NoImplicitAdd: { implicit: false },
  TranslateAllMimeTypes: { allTypes: true },
  NoTranslateAllMimeTypes: { allTypes: false },
} as const;

/** Apache says so of each request alone. */
function encoding(name: string, place: Place): string {
  if (!isEncoding(name)) place.warn(`encoding: "${name}" is none of those known here: nothing will be translated`);
  return name;
}
