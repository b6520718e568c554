// The directives of mod_cache that say what is kept, where and under which key.
import { arg, optional, rest, type Context, type DirectiveMaker, type Place } from "../../api/index.js";
import type { cache, KeyBase } from "./settings.js";
import { parseUrlPrefix } from "./url-prefix.js";

export type CacheMaker = DirectiveMaker<typeof cache.settings>;

export const hosts: readonly Context[] = ["server config", "virtual host"];
export const places: readonly Context[] = ["server config", "virtual host", "directory"];

export const whatDirectives = (directive: CacheMaker) => ({
  CacheEnable: directive({
    args: [arg.word("provider"), optional(arg.word("URL"))],
    contexts: places,
    summary: "What is kept, and by which provider.",
    doc:
      "The providers are `disk` (mod_cache_disk) and `socache` (mod_cache_socache). The URL is the beginning of a path of this server, " +
      "`/` for all, compared as text. A whole URL (`http://`, `http://.example.org/`, with `*` or `.` in front of the end of a name) " +
      "is for requests that name one in their first line. Several lines may apply: the first provider that has a response " +
      "gives it, the first that takes one keeps it. In a `<Location>` the URL may be left out; such a line counts only with " +
      "`CacheQuickHandler Off`, since a cache in front of everything is asked before Locations are looked at. In " +
      "`<Directory>`, `<Files>` and `<If>` it may not stand.",
    example:
      'CacheRoot /var/cache/modhost\nCacheEnable disk /\nCacheDisable /account\n\nCacheQuickHandler Off\n<Location "/shop">\n  CacheEnable disk\n</Location>',
    set: ([store, url], place) => {
      if (store.startsWith("/")) {
        return place.fail(`provider (${store}) starts with a '/'.  Are url and provider switched?`);
      }
      const location = locationOf(place);
      if (location === undefined) {
        if (url === undefined) return place.fail(`CacheEnable provider (${store}) is missing an URL.`);
        return { enables: [{ store, url: parseUrlPrefix(url), origin: place.origin }] };
      }
      if (url !== undefined && !url.startsWith(location)) {
        return place.fail("When in a Location, CacheEnable must specify a path or an URL below that location.");
      }
      return { enablesHere: [{ store, origin: place.origin }] };
    },
  }),

  CacheDisable: directive({
    args: [arg.word("URL")],
    contexts: places,
    summary: "What is not kept after all.",
    doc:
      "The beginning of a path, or a whole URL, as in CacheEnable, whichever stands first; in a `<Location>` the word `on`. " +
      "There it counts always, with `CacheQuickHandler On` too, where Apache does not see it.",
    example: 'CacheDisable /account\n<Location "/basket">\n  CacheDisable on\n</Location>',
    set: ([url], place) => {
      if (locationOf(place) !== undefined) {
        if (url.toLowerCase() === "on") return { disabledHere: true };
        return place.fail("CacheDisable must be followed by the word 'on' when in a Location.");
      }
      if (!url.startsWith("/") && !url.includes(":")) return place.fail("CacheDisable must specify a path or an URL.");
      return { disables: [parseUrlPrefix(url)] };
    },
  }),

  CacheQuickHandler: directive({
    args: [arg.flag()],
    contexts: hosts,
    summary: "Whether the cache answers in front of everything.",
    doc:
      "On, what is kept is given to whoever asks for its URL: nobody looks at `Require` lines, at authentication, at rewriting or at " +
      "any section, which is fast, and means that what is kept must be for everybody. Requests with an Authorization field are " +
      "passed on. Off, the cache stands in the place of a handler: access was checked before, the filter `CACHE` may say " +
      "between which filters responses are kept, and the key is the path after rewriting.",
    example: "CacheQuickHandler Off",
    default: "On",
    set: ([isQuick]) => ({ isQuick }),
  }),

  CacheKeyBaseURL: directive({
    args: [arg.word("URL")],
    contexts: hosts,
    summary: "The scheme, name and port of keys, whatever the request says.",
    doc:
      "So that virtual hosts, or servers, that serve the same content under several names share what is kept. Without it a key has " +
      "the name and port by UseCanonicalName.",
    example: "CacheKeyBaseURL http://www.example.com/",
    set: ([url], place) => ({ keyBase: parseKeyBase(url, place) }),
  }),

  CacheIgnoreQueryString: directive({
    args: [arg.flag()],
    contexts: hosts,
    summary: "Whether URLs that differ in their query have the same response.",
    doc: "Off, a response to a URL with a query is kept only if it says how long it is fresh.",
    example: "CacheIgnoreQueryString On",
    default: "Off",
    set: ([ignoresQuery]) => ({ ignoresQuery }),
  }),

  CacheIgnoreURLSessionIdentifiers: directive({
    args: [rest(arg.word("identifier"))],
    contexts: hosts,
    summary: "Parameters that are left out of keys.",
    doc:
      "Names of parameters that stand at the end of a path behind `;`, or in the query. `None` takes away all that were named. What a " +
      "response says to one session is then given to all.",
    example: "CacheIgnoreURLSessionIdentifiers jsessionid PHPSESSID",
    default: "None",
    set: ([ignoredSessionIds]) => ({ ignoredSessionIds }),
  }),

  CacheIgnoreHeaders: directive({
    args: [rest(arg.word("field"))],
    contexts: hosts,
    summary: "Fields of responses that are not kept.",
    doc:
      "What they say is then sent with the first response alone: `Set-Cookie`, which is kept otherwise. Fields for one connection are " +
      "never kept. `None` takes away all that were named.",
    example: "CacheIgnoreHeaders Set-Cookie",
    default: "None",
    set: ([ignoredHeaders]) => ({ ignoredHeaders }),
  }),

  CacheHeader: directive({
    args: [arg.flag()],
    contexts: places,
    summary: "Whether a field X-Cache says where the response comes from.",
    doc:
      "`HIT`, `REVALIDATE` (whoever made it says that it is still good) or `MISS`, and the name of the server. The variable " +
      '`cache-status` says more, in a log for instance: `LogFormat "%h %r %>s %{cache-status}e"`; `cache-hit`, `cache-miss`, ' +
      "`cache-revalidate` and `cache-invalidate` say it for their case.",
    example: "CacheHeader On",
    default: "Off",
    set: ([showsHeader]) => ({ showsHeader }),
  }),

  CacheDetailHeader: directive({
    args: [arg.flag()],
    contexts: places,
    summary: "Whether a field X-Cache-Detail says why.",
    doc: "What the variable `cache-status` says.",
    example: "CacheDetailHeader On",
    default: "Off",
    set: ([showsDetail]) => ({ showsDetail }),
  }),
});

/** The path of the Location around a line; undefined outside of one. Other sections are refused. */
function locationOf(place: Place): string | undefined {
  const inner = place.sections.filter(
    ({ name }) => !/^(VirtualHost|If(Module|Define|Version|File|Directive|Section))$/i.test(name),
  );
  if (inner.length === 0) return undefined;
  const last = inner.at(-1);
  const outside = inner.find(({ name }) => !/^Location(Match)?$/i.test(name));
  if (outside) return place.fail(`cannot occur within <${outside.name}> section`);
  return last?.argument ?? "";
}

function parseKeyBase(text: string, place: Place): KeyBase {
  const match = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#:]*)(?::(\d+))?)?(?:[/?#].*)?$/i.exec(text);
  const [, scheme, host, port] = match ?? [];
  if (!scheme && !host && !port) {
    return place.fail(`URL '${text}' must contain at least one of a scheme, a hostname or a port.`);
  }
  return { ...(scheme ? { scheme } : {}), ...(host ? { host } : {}), ...(port ? { port } : {}) };
}
