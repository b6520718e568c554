// MultiViews and type maps: the best of several variants of a document for a client.
import { arg, core, defineModule, rest, type Context } from "../../api/index.js";
import { negotiation } from "./settings.js";
import { nameEncoding, negotiateName, serveMap } from "./views.js";

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];

export default defineModule({
  name: "mod_negotiation",
  summary: "Serves the variant of a document that suits a client best: MultiViews and type maps.",
  settings: negotiation.settings,
  directives: (directive) => ({
    LanguagePriority: directive({
      args: [rest(arg.word("language"))],
      contexts,
      override: "FileInfo",
      summary: "Languages in the order they are preferred where clients do not decide.",
      doc: "Used as ForceLanguagePriority says.",
      example: "LanguagePriority en fr de",
      set: ([priority]) => ({ priority }),
    }),
    ForceLanguagePriority: directive({
      args: [rest(arg.oneOf("word", "None", "Prefer", "Fallback"))],
      contexts,
      override: "FileInfo",
      summary: "What LanguagePriority decides.",
      doc:
        "`Prefer`: which of several variants a client likes alike; `Fallback`: which it gets if it likes none; `None`: " +
        "nothing. Otherwise the client gets 406 with a list.",
      example: "LanguagePriority en fr\nForceLanguagePriority Prefer Fallback",
      default: "Prefer",
      set: ([force]) => ({ force: force.includes("None") ? [] : force }),
    }),
    CacheNegotiatedDocs: directive({
      args: [arg.flag()],
      contexts: ["server config", "virtual host"],
      summary: "Whether caches of HTTP/1.0 may keep negotiated documents.",
      doc: "Has no effect: as in Apache, what is chosen is served as a document of its own, with Vary for caches that know it.",
      example: "CacheNegotiatedDocs On",
      default: "Off",
      set: ([cacheDocuments]) => ({ cacheDocuments }),
    }),
  }),
  hooks: {
    typeChecker: {
      rank: "first",
      run: (request) => {
        const { file, filename } = request;
        if (file !== undefined || filename === "" || filename.endsWith("/")) return undefined;
        return request.settings(core).options.plain?.MultiViews ? negotiateName(request) : undefined;
      },
    },
    fixups: {
      run: (request) => {
        if (request.contentEncoding.length === 1 && request.headers.has("accept-encoding")) nameEncoding(request);
        return undefined;
      },
    },
    handler: {
      run: (request) => {
        const handler = request.handler ?? "";
        return handler === "type-map" || handler === "application/x-type-map" ? serveMap(request) : undefined;
      },
    },
  },
});
