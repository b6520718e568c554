// A request → the variables of RFC 3875 that programs run for it find, as Apache sets them.
import { serverBanner } from "./banner.js";
import { remoteHostOf } from "./client-name.js";
import { core } from "./core.js";
import { escapeHtml, escapePath } from "./escape.js";
import type { Lookup, Request } from "./request.js";
import { methodOf } from "./request-method.js";
import { signatureOf } from "./signature.js";

type Awaitable<Value> = Value | Promise<Value>;

/** The path programs are looked for in, where the server's own environment has none. */
const defaultPath = "/bin:/usr/bin:/usr/ucb:/usr/bsd:/usr/local/bin";

/**
 * Sets the variables in the request's environment, over what stands there. Strings are latin1 strings of bytes. A promise
 * only where the client's name, or the file of PATH_TRANSLATED, has to be waited for.
 */
export function setCgiVariables(request: Request): Awaitable<void> {
  const { environment } = request;
  addFields(request, environment);
  addServer(request, environment);
  addClient(request, environment);
  addRequest(request, environment);
  const addRest = (name: string | undefined): Awaitable<void> => {
    if (name !== undefined) environment.set("REMOTE_HOST", name);
    return addTranslated(request);
  };
  const name = remoteHostOf(request);
  return name instanceof Promise ? name.then(addRest) : addRest(name);
}

/** Says how long the body is that goes along, where it has been counted (ProxyPassage.bodyLength). */
export function setBodyLength({ environment, body }: Request, length: number | undefined): void {
  if (length === undefined || body.length === 0) return;
  environment.set("CONTENT_LENGTH", String(length));
  environment.delete("HTTP_TRANSFER_ENCODING");
}

/** Variables by names of request fields in lower case; "" for fields that are left out. */
const names = new Map<string, string>([
  ["content-type", "CONTENT_TYPE"],
  ["content-length", "CONTENT_LENGTH"],
  // A client must not choose the proxy of a program (httpoxy).
  ["proxy", ""],
]);
const keptNames = 500;

function variableOf(field: string): string {
  const known = names.get(field);
  if (known !== undefined) return known;
  const name = /^[a-z0-9-]+$/.test(field) ? `HTTP_${field.toUpperCase().replaceAll("-", "_")}` : "";
  if (names.size < keptNames) names.set(field, name);
  return name;
}

function addFields(request: Request, environment: Map<string, string>): void {
  const { cgiPassAuth } = request.settings(core);
  request.headers.forEach((_name, _value, field) => {
    if (!cgiPassAuth && (field === "authorization" || field === "proxy-authorization")) return;
    const variable = variableOf(field);
    if (variable !== "") environment.set(variable, request.headers.get(field) ?? "");
  });
}

function addServer(request: Request, environment: Map<string, string>): void {
  const { serverTokens, serverAdmin } = request.settings(core);
  const { connection, documentRoot, contextPrefix } = request;
  const path = environment.get("PATH") ?? process.env["PATH"] ?? defaultPath;
  environment.set("PATH", path);
  const libraries = environment.get("LD_LIBRARY_PATH") ?? process.env["LD_LIBRARY_PATH"];
  if (libraries !== undefined) environment.set("LD_LIBRARY_PATH", libraries);
  const signature = signatureOf(request);
  environment.set("SERVER_SIGNATURE", signature === undefined ? "" : `${signature}\n`);
  environment.set("SERVER_SOFTWARE", serverBanner(serverTokens));
  environment.set("SERVER_NAME", escapeHtml(request.serverName));
  environment.set("SERVER_ADDR", connection.localAddress);
  environment.set("SERVER_PORT", String(request.serverPort));
  environment.set("DOCUMENT_ROOT", documentRoot);
  environment.set("REQUEST_SCHEME", request.scheme);
  environment.set("CONTEXT_PREFIX", contextPrefix);
  environment.set("CONTEXT_DOCUMENT_ROOT", contextPrefix === "" ? documentRoot : request.contextDocumentRoot);
  environment.set("SERVER_ADMIN", serverAdmin);
  environment.set("SCRIPT_FILENAME", request.filename);
}

function addClient(request: Request, environment: Map<string, string>): void {
  environment.set("REMOTE_ADDR", request.clientAddress);
  environment.set("REMOTE_PORT", String(request.connection.remotePort));
  if (request.user !== undefined) {
    environment.set("REMOTE_USER", request.user);
  } else {
    for (let back = request.previous; back; back = back.previous) {
      if (back.user === undefined) continue;
      environment.set("REDIRECT_REMOTE_USER", back.user);
      break;
    }
  }
  if (request.authType !== undefined) environment.set("AUTH_TYPE", request.authType);
}

function addRequest(request: Request, environment: Map<string, string>): void {
  const { path, pathInfo, parent } = request;
  environment.set("GATEWAY_INTERFACE", "CGI/1.1");
  environment.set("SERVER_PROTOCOL", parent ? "INCLUDED" : request.protocol);
  environment.set("REQUEST_METHOD", methodOf(request));
  environment.set("QUERY_STRING", request.query ?? "");
  environment.set("REQUEST_URI", request.settings(core).cgiCurrentUri ? path : firstTarget(request));
  environment.set("SCRIPT_NAME", parent ? path : path.slice(0, pathInfoStart(path, pathInfo)));
  if (pathInfo !== "") environment.set("PATH_INFO", pathInfo);
  for (const [name, value] of redirectVariables(request)) environment.set(name, value);
}

/**
 * REDIRECT_URL and REDIRECT_QUERY_STRING: what the request before an internal redirect was for. As in Apache they are for
 * programs alone; rules and logs find the other REDIRECT_ variables without them.
 */
export function redirectVariables(request: Request): readonly (readonly [string, string])[] {
  const { previous } = request;
  if (!previous) return [];
  const { path, query, target } = previous;
  const url = request.settings(core).qualifyRedirectURL ? previous.absoluteUrl(target) : path;
  return [["REDIRECT_URL", url], ...(query === undefined ? [] : [["REDIRECT_QUERY_STRING", query] as const])];
}

/** The target as it stands in the request line, also where internal redirects led elsewhere. */
function firstTarget({ requestLine }: Request): string {
  return /^\S*\s+(\S*)/.exec(requestLine)?.[1] ?? "";
}

/** Where the path info begins in a path: the two may differ in their slashes, so they are compared from the end. */
function pathInfoStart(path: string, info: string): number {
  if (info === "") return path.length;
  let at = path.length - 1;
  for (let left = info.length - 1; at >= 0 && left >= 0 && path[at] === info[left]; at--, left--) {
    if (info[left] === "/") while (at > 0 && path[at - 1] === "/") at--;
  }
  at = Math.max(at, 0);
  while (at < path.length && path[at] !== "/") at++;
  return at;
}

/** PATH_TRANSLATED: the file the path info would map to, were it a path of its own. */
function addTranslated(request: Request): Awaitable<void> {
  if (request.pathInfo === "") return;
  const keep = ({ request: { filename, pathInfo } }: Lookup): void => {
    if (filename !== "") request.environment.set("PATH_TRANSLATED", filename + pathInfo);
  };
  const found = request.lookup(escapePath(request.pathInfo));
  return found instanceof Promise ? found.then(keep) : keep(found);
}
