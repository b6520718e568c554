// AllowMethods lines → 405 for requests by other methods.
import { arg, defineModule, refuse, rest, value, type Request, type Response } from "../../api/index.js";

const methods = new Set(
  (
    "GET PUT POST DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL " +
    "CHECKOUT UNCHECKOUT CHECKIN UPDATE LABEL REPORT MKWORKSPACE MKACTIVITY BASELINE-CONTROL MERGE HEAD"
  ).split(" "),
);

export default defineModule({
  name: "mod_allowmethods",
  summary: "Refuses requests by methods that are not named",
  checksEachUrl: true,
  settings: { allowed: value<ReadonlySet<string> | undefined>(undefined) },
  directives: (directive) => ({
    AllowMethods: directive({
      args: [rest(arg.word("method"))],
      contexts: ["directory"],
      summary: "Names the methods a section can be asked by",
      doc:
        "Others are answered with 405. `HEAD` and `GET` go together. `reset` allows all again. Names are as in requests, in " +
        "capitals.",
      default: "reset",
      example: "<Location />\n  AllowMethods GET POST OPTIONS\n</Location>",
      set: (words, place) => {
        const [names] = words;
        if (names.length === 1 && names[0]?.toLowerCase() === "reset") return { allowed: undefined };
        const unknown = names.find((name) => !methods.has(name));
        if (unknown !== undefined) place.fail(`Invalid Method '${unknown}'`);
        return { allowed: new Set(names.map((name) => (name === "HEAD" ? "GET" : name))) };
      },
    }),
  }),
  hooks: {
    accessChecker: {
      when: ({ allowed }) => allowed !== undefined,
      run: (request, { allowed }) => (allowed && !allowed.has(request.method) ? refused(request) : undefined),
    },
  },
});

/** Without the names in Allow: as Apache, which tells those of its own handlers alone. */
function refused(request: Request): Response {
  const what = request.filename === "" ? `uri ${request.path}` : request.filename;
  request.log(
    "error",
    "allowmethods",
    `AH01623: client method denied by server configuration: '${request.method}' to ${what}`,
  );
  return refuse(405);
}
