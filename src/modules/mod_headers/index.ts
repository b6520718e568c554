// Header and RequestHeader lines → fields of responses and requests changed.
import {
  arg,
  defineModule,
  Headers,
  list,
  rest,
  type Context,
  type Place,
  type Request,
  type Response,
} from "../../api/index.js";
import { applyLines, type Line } from "./action.js";
import { withEntityApart } from "./entity.js";
import { readLine } from "./line.js";
import { learnLoad } from "./value.js";

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];

const actionsDoc =
  "`set` replaces a field, `setifempty` sets one that is not there, `append` adds to its list, `merge` does so unless the " +
  "value is in it, `add` adds a field of the same name, `unset` takes all of the name away, `edit` replaces the first " +
  "match of a regular expression in each (`edit*` all matches), where `$1` stands for a group, and `note` copies the field " +
  "to a note for logs. In values `%t` is the time of the request and `%D` its duration, in microseconds, " +
  "`%l` the load of the machine, `%b` and `%i` the percentages of this worker's connections that are busy and idle, `%{NAME}e` and `%{NAME}s` variables, `%%` a percent sign. At the end may stand `env=NAME` " +
  "(only where the variable is set) or `env=!NAME`, or `expr=` and an expression that must be true; a value may be `expr=` and a text with `%{NAME}`. With `early` a line acts as soon as the request is read; " +
  "in sections it then has no effect. Outer lines act before inner ones.";

/** The fields that early lines set, until there is a response. */
const early = Symbol("early response fields");

interface EarlyFields {
  readonly onsuccess: Headers;
  readonly always: Headers;
}

const isEarly = ({ condition }: Line): boolean => condition.kind === "early";

export default defineModule({
  name: "mod_headers",
  summary: "Changes the header fields of requests and responses.",
  settings: {
    request: list<Line>("outer first"),
    onsuccess: list<Line>("outer first"),
    always: list<Line>("outer first"),
    /** Whether a line anywhere around here is an early one. */
    earlyLines: list<Line>("outer first"),
    /** Lines around here for which type, language and encoding must be where Apache has them. */
    entityLines: list<Line>("outer first"),
  },
  directives: (directive) => ({
    Header: directive({
      args: [rest(arg.word("word"))],
      contexts,
      override: "FileInfo",
      summary: "Sets, adds to, edits or removes header fields of responses.",
      doc:
        `${actionsDoc} \`echo\` copies fields of the request whose names match a regular expression. Lines with \`always\` ` +
        "also act on error pages and redirects made by the server, in a list of their own: a field set by one list is not " +
        "seen by the other.",
      example:
        'Header set X-Frame-Options SAMEORIGIN\nHeader always set Strict-Transport-Security "max-age=31536000"\n' +
        'Header edit Set-Cookie "(?i)^(.*)$" "$1; Secure"\nHeader set X-Served "%D %t" env=TIMED',
      set: ([words], place) => {
        const { target, line } = readLine(words, false, place);
        if (comesTooLate(line, place)) return undefined;
        return {
          [target]: [line],
          ...(isEarly(line) ? { earlyLines: [line] } : {}),
          ...(line.isOfEntity || line.act.kind === "echo" ? { entityLines: [line] } : {}),
        };
      },
    }),
    RequestHeader: directive({
      args: [rest(arg.word("word"))],
      contexts,
      override: "FileInfo",
      summary: "Sets, adds to, edits or removes header fields of requests, before the handler sees them.",
      doc: actionsDoc,
      example: 'RequestHeader unset Proxy early\nRequestHeader set X-Forwarded-Proto "https" env=HTTPS',
      set: ([words], place) => {
        const { line } = readLine(words, true, place);
        if (comesTooLate(line, place)) return undefined;
        return { request: [line], ...(isEarly(line) ? { earlyLines: [line] } : {}) };
      },
    }),
  }),

  hooks: {
    postReadRequest: {
      rank: "first",
      when: ({ earlyLines }) => earlyLines.length > 0,
      run: (request, { request: lines, onsuccess, always }) => {
        applyLines(request, request.headers, { lines, early: true });
        if (!onsuccess.some(isEarly) && !always.some(isEarly)) return undefined;
        const fields: EarlyFields = { onsuccess: new Headers(), always: new Headers() };
        applyLines(request, fields.always, { lines: always, early: true });
        applyLines(request, fields.onsuccess, { lines: onsuccess, early: true });
        request.kept.set(early, fields);
        return undefined;
      },
    },
    fixups: {
      after: ["mod_dir"],
      when: ({ request }) => request.length > 0,
      run: (request, { request: lines }) => {
        applyLines(request, request.headers, { lines, early: false });
        return undefined;
      },
    },
    outputFilter: {
      rank: "last",
      onPages: true,
      when: ({ onsuccess, always }) => onsuccess.length > 0 || always.length > 0,
      run: (request, response, { onsuccess, always, earlyLines, entityLines }) => {
        const act = (): void => {
          if (earlyLines.length > 0) addEarly(request, response);
          if (always.length > 0) {
            response.always ??= new Headers();
            applyLines(request, response.always, { lines: always, early: false, response });
          }
          if (!response.page) applyLines(request, response.headers, { lines: onsuccess, early: false, response });
        };
        if (entityLines.length > 0) withEntityApart(request, response, act);
        else act();
        return response;
      },
    },
  },
  lifecycle: { start: ({ load }) => learnLoad(load) },
});

/** As in Apache, early lines of sections and .htaccess files come too late. */
function comesTooLate(line: Line, place: Place): boolean {
  const isInside = place.directory !== undefined || place.sections.length > (hostOnly(place.sections) ? 1 : 0);
  if (!isEarly(line) || !isInside) return false;
  place.warn('"early" acts before sections and .htaccess files are known: the line has no effect here');
  return true;
}

function hostOnly(sections: readonly unknown[]): boolean {
  const [first] = sections as readonly { readonly name?: string }[];
  return first?.name === "VirtualHost";
}

/** What early lines set lies below what the response has by itself. */
function addEarly(request: Request, response: Response): void {
  const fields = request.kept.get(early) as EarlyFields | undefined;
  if (!fields) return;
  const always = (response.always ??= new Headers());
  fields.always.forEach((name, value) => {
    if (!always.has(name)) always.append(name, value);
  });
  if (response.page) return;
  const own = response.headers;
  const below = fields.onsuccess.copy();
  own.forEach((name) => {
    below.delete(name);
  });
  own.forEach((name, value) => {
    below.append(name, value);
  });
  response.headers = below;
}
