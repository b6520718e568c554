// Types of responses → how long they may be kept: Expires and Cache-Control.
import {
  arg,
  defineModule,
  map,
  value,
  type Context,
  type Request,
  type Response,
  type Setting,
} from "../../api/index.js";
import { readLifetime, type Lifetime } from "./lifetime.js";

const contexts: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const override = "Indexes";
const lifetimeDoc =
  "Times are written `access plus 1 month 2 days` or `modification plus 3 hours` (`now` is `access`, `plus` may be left " +
  "out), with years, months, weeks, days, hours, minutes and seconds; or in short `A3600` and `M3600`, in seconds. A month " +
  "is 30 days, a year 365. Modification counts from the last change of the file, and does nothing where there is none.";

/** What is written as one argument, quoted, or as several words. */
const lifetime = arg.custom("time", "lifetime", (text, place): Lifetime => {
  const read = readLifetime(text);
  return typeof read === "string" ? place.refuse(read) : read;
});

/** Whether types with wildcards count: as in Apache, not under a section whose own lines have none. */
const wildcards: Setting<boolean> = {
  initial: false,
  add: (earlier, later) => earlier || later,
  nest: (_outer, inner) => inner,
};

export default defineModule({
  name: "mod_expires",
  summary: "Says how long clients may keep what they got, by its type.",
  settings: {
    active: value<boolean>(false),
    byType: map<Lifetime>(),
    byDefault: value<Lifetime | undefined>(undefined),
    wildcards,
  },
  directives: (directive) => ({
    ExpiresActive: directive({
      args: [arg.flag()],
      contexts,
      override,
      summary: "Whether Expires and Cache-Control: max-age are sent.",
      doc: "Responses that have an Expires field, and errors, are left as they are.",
      example: 'ExpiresActive On\nExpiresDefault "access plus 1 day"',
      default: "Off",
      set: ([active]) => ({ active, wildcards: false }),
    }),
    ExpiresByType: directive({
      args: [arg.word("type"), lifetime],
      contexts,
      override,
      summary: "How long responses of a media type may be kept.",
      doc: `A type may end in \`/*\`; such lines hold in their own section, and in inner ones without Expires lines. ${lifetimeDoc}`,
      example: 'ExpiresActive On\nExpiresByType image/png "access plus 1 month"\nExpiresByType text/* A600',
      set: ([type, time], place) => {
        if (!type.includes("/")) return place.fail(`type must have a slash, found "${type}"`);
        return { byType: { [type.toLowerCase()]: time }, wildcards: type.endsWith("/*") };
      },
    }),
    ExpiresDefault: directive({
      args: [lifetime],
      contexts,
      override,
      summary: "How long responses of all other types may be kept.",
      doc: lifetimeDoc,
      example: 'ExpiresActive On\nExpiresDefault "modification plus 2 weeks"',
      set: ([byDefault]) => ({ byDefault, wildcards: false }),
    }),
  }),
  hooks: {
    outputFilter: {
      rank: "first",
      onPages: true,
      when: ({ active, byType, byDefault }) => active && (byDefault !== undefined || Object.keys(byType).length > 0),
      run: (request, response, { byType, byDefault, wildcards }) => {
        if (response.status >= 400 || request.parent || response.always?.has("expires")) return response;
        if (response.headers.has("expires")) return response;
        const time = lifetimeOf(response.headers.get("content-type"), byType, wildcards) ?? byDefault;
        if (time) setFields(request, response, time);
        return response;
      },
    },
  },
});

function lifetimeOf(
  contentType: string | undefined,
  byType: Readonly<Record<string, Lifetime>>,
  wildcards: boolean,
): Lifetime | undefined {
  if (contentType === undefined) return undefined;
  const type = contentType.replace(/\s*;.*$/s, "").toLowerCase();
  return byType[type] ?? (wildcards ? byType[type.replace(/\/.*$/s, "/*")] : undefined);
}

function setFields(request: Request, { headers }: Response, { from, seconds }: Lifetime): void {
  const now = request.startTime;
  if (from === "modification" && !request.file) return;
  const base = from === "modification" ? (request.file?.mtimeMs ?? now) : now;
  const expires = Math.max(base + seconds * 1000, now);
  const age = `max-age=${Math.floor((expires - now) / 1000)}`;
  const control = headers.get("cache-control");
  headers.set("Cache-Control", control === undefined ? age : `${control}, ${age}`);
  headers.set("Expires", new Date(expires).toUTCString());
}
