// A request → the key its response is kept under: a URL of this server.
import type { Request, SettingsOf } from "../../api/index.js";
import { unlessNone, type cache } from "./settings.js";
import { earlyPath } from "./url-prefix.js";

type CacheSettings = SettingsOf<typeof cache.settings>;

/**
 * The key: scheme, name and port of this server, path and query. In front of everything the path is the one sent, else the
 * one that hooks have left; behind an internal redirect it is that of the client's request too, as what is answered may
 * depend on it (Apache keeps what a front controller answers under the controller's own path, one page for all).
 */
export function keyOf(request: Request, settings: CacheSettings): string {
  const { scheme = request.scheme, host, port } = settings.keyBase;
  const name = host ?? (request.serverName || "_default_");
  const shownPort = port !== undefined ? `:${port}` : host !== undefined ? "" : `:${request.serverPort}`;
  const first = firstOf(request);
  const isEarly = settings.isQuick || first !== request;
  const path = isEarly ? earlyPath(first) : request.path;
  const asked = isEarly ? earlyQuery(first) : request.query;
  const query = settings.ignoresQuery ? undefined : asked;
  return `${scheme}://${name}${shownPort}${withoutSession(path, query, unlessNone(settings.ignoredSessionIds))}`;
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
