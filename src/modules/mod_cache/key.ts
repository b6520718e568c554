// A request → the key its response is kept under: a URL of this server.
import type { Headers, Request, SettingsOf } from "../../api/index.js";
import { unlessNone, type cache } from "./settings.js";
import { earlyPath } from "./url-prefix.js";

type CacheSettings = SettingsOf<typeof cache.settings>;

/**
 * The key: scheme, name and port of this server, path and query. In front of everything the path is the one sent, else the
 * one that hooks have left; behind an internal redirect it is that of the client's request too, as what is answered may
 * depend on it (Apache keeps what a front controller answers under the controller's own path, one page for all).
 */
export function keyOf(request: Request, settings: CacheSettings): string {
  const first = firstOf(request);
  const isEarly = settings.isQuick || first !== request;
  const path = isEarly ? earlyPath(first) : request.path;
  return keyFor(request, settings, { path, query: isEarly ? earlyQuery(first) : request.query });
}

/**
 * The keys of the URLs of this very host that the answer to a change names in Location and Content-Location (RFC 9111,
 * section 4.4). Apache looks at them only where the request line has a whole URL.
 */
export function namedKeys(request: Request, settings: CacheSettings, fields: readonly Headers[]): readonly string[] {
  const base = `${request.scheme}://${request.headers.get("host") ?? request.serverName}/`;
  if (!URL.canParse(base)) return [];
  const { origin, href } = new URL(earlyPath(request), base);
  return ["location", "content-location"].flatMap((name) => {
    const named = fields.map((each) => each.get(name)).find((value) => value !== undefined);
    if (named === undefined || !URL.canParse(named, href)) return [];
    const url = new URL(named, href);
    if (url.origin !== origin) return [];
    const path = settings.isQuick ? url.pathname : decoded(url.pathname);
    return keyFor(request, settings, { path, query: url.search === "" ? undefined : url.search.slice(1) });
  });
}

function decoded(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_all, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

function keyFor(
  request: Request,
  settings: CacheSettings,
  { path, query }: { readonly path: string; readonly query: string | undefined },
): string {
  const { scheme = request.scheme, host, port } = settings.keyBase;
  const name = host ?? (request.serverName || "_default_");
  const shownPort = port !== undefined ? `:${port}` : host !== undefined ? "" : `:${request.serverPort}`;
  const asked = settings.ignoresQuery ? undefined : query;
  return `${scheme}://${name}${shownPort}${withoutSession(path, asked, unlessNone(settings.ignoredSessionIds))}`;
}
/** The request of the client that internal redirects led from. */
export function firstOf(request: Request): Request {
  let first = request;
  while (first.previous) first = first.previous;
  return first;
}

function earlyQuery({ originalTarget }: Request): string | undefined {
  const at = originalTarget.indexOf("?");
  return at < 0 ? undefined : originalTarget.slice(at + 1);
}

function withoutSession(path: string, query: string | undefined, identifiers: readonly string[]): string {
  let left = path;
  let asked = query;
  for (const identifier of identifiers) {
    const semicolon = left.lastIndexOf(";");
    if (semicolon >= 0 && left.startsWith(`${identifier}=`, semicolon + 1) && !left.includes("/", semicolon)) {
      left = left.slice(0, semicolon);
      continue;
    }
    const parts = asked?.split("&");
    const index = parts?.findIndex((part) => part.startsWith(`${identifier}=`)) ?? -1;
    if (index >= 0) asked = parts?.filter((_, at) => at !== index).join("&");
  }
  return `${left}?${asked ?? ""}`;
}
