// A request for a directory, or for nothing → a redirect, the index in its place, or nothing to say.
import {
  escapePath,
  Headers,
  refuse,
  type Lookup,
  type Request,
  type SettingsOf,
  type Verdict,
} from "../../api/index.js";
import type { settings } from "./settings.js";

type DirSettings = SettingsOf<typeof settings>;
type Awaitable<Value> = Value | Promise<Value>;

/** Acts on directories, and on names nothing is behind; the rest of the requests pass. */
export function serveDirectory(request: Request, dir: DirSettings): Awaitable<Verdict> {
  const { file } = request;
  if (file === undefined) return dir.fallback === undefined ? undefined : fallBack(request, dir.fallback);
  if (!file.isDirectory() || request.pathInfo !== "") return undefined;
  if (!request.path.endsWith("/")) return addSlash(request, dir);
  // mod_rewrite has found another path, with which the request begins anew.
  if (request.handler === "redirect-handler") return undefined;
  if (dir.checkHandler && request.handler !== undefined) return undefined;
  return tryIndex(request, dir, { next: 0, refused: undefined });
}

function addSlash(request: Request, { slash }: DirSettings): Verdict {
  // What Apache takes for the handler of a directory, for `%R`.
  request.handler ??= "httpd/unix-directory";
  if (!slash) return undefined;
  if (request.method !== "GET" && request.environment.has("redirect-carefully")) return undefined;
  const query = request.query === undefined ? "" : `?${request.query}`;
  return redirectTo(301, request.absoluteUrl(`${escapePath(request.path)}/${query}`));
}

function redirectTo(status: number, url: string): Verdict {
  return refuse(status, { headers: new Headers([["Location", url]]) });
}

/** How far the list of names is tried, and the last error met. */
interface Progress {
  readonly next: number;
  readonly refused: Verdict;
}

function tryIndex(request: Request, dir: DirSettings, { next, refused }: Progress): Awaitable<Verdict> {
  const name = dir.indexNames[next];
  if (name === undefined) return refused;
  const last = next === dir.indexNames.length - 1;
  // A query of the name's own is not told from the client's, as in Apache.
  const query = request.query === undefined ? "" : `?${request.query}`;
  const target = (name.startsWith("/") ? name : escapePath(request.path) + name) + query;
  const goOn = (found: Lookup): Awaitable<Verdict> => {
    if (isServable(found)) return serveIndex(request, found, dir);
    const { status, response } = found;
    if (isRedirect(status) || (last && (status === 406 || status === 401))) return response;
    const error = status === 404 || status === 200 ? refused : response;
    return tryIndex(request, dir, { next: next + 1, refused: error });
  };
  const found = request.lookup(target);
  return found instanceof Promise ? found.then(goOn) : goOn(found);
}

function serveIndex(request: Request, { request: found }: Lookup, { indexRedirect }: DirSettings): Verdict {
  if (indexRedirect !== undefined) return redirectTo(indexRedirect, request.absoluteUrl(escapePath(found.path)));
  request.adopt(found);
  return "done";
}

function fallBack(request: Request, target: string): Awaitable<Verdict> {
  if (request.handler !== undefined) return undefined;
  if (request.path === target.replace(/\?.*/s, "")) {
    // Apache falls back to it again and again until it is tired of it.
    request.log("error", "dir", `FallbackResource ${target} leads to nothing`);
    return refuse(500);
  }
  const goOn = (found: Lookup): Verdict => {
    if (!isServable(found)) return found.status === 200 || found.status === 404 ? undefined : found.response;
    request.adopt(found.request);
    return "done";
  };
  const found = request.lookup(withQuery(target, request.query));
  return found instanceof Promise ? found.then(goOn) : goOn(found);
}

function withQuery(path: string, query: string | undefined): string {
  return query === undefined ? path : `${path}${path.includes("?") ? "&" : "?"}${query}`;
}

/** Whether what was found is a file, or a proxied resource; a name within a file (path info) is taken too. */
function isServable({ status, request }: Lookup): boolean {
  return status === 200 && (request.handler === "proxy-server" || request.file?.isFile() === true);
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}
