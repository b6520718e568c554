// A request → the environ of its application: the part of the mount, made once, and that of the request.
import { byteString, core, redirectVariables, serverBanner, type Request } from "../../api/index.js";
import { shownPath } from "./chroot.js";

/** What decides the constant part of an environ. */
export interface MountKey {
  readonly scriptName: string;
  readonly processGroup: string;
  readonly applicationGroup: string;
  readonly callable: string;
  /** Path of a WSGIHandlerScript, "" where the script is the request's own file. */
  readonly handlerScript: string;
  /** Of the process group, which decides it. */
  readonly chroot?: string | undefined;
}

export type Environ = Record<string, string>;

/** Constant parts that one mount keeps; a client could ask for any number through a regular expression. */
const keptConstants = 64;

/** What a constant part was made from. */
interface Made {
  readonly part: Readonly<Environ>;
  readonly mount: MountKey;
  readonly filename: string;
  readonly localAddress: string;
  readonly localPort: number;
  readonly secure: boolean;
  readonly contextPrefix: string;
  readonly contextDocumentRoot: string;
  /** Settings of core; virtual hosts and sections with the same ones are alike. */
  readonly core: object;
}

/** The constant parts of the environs of one mount: for each script, local address and scheme the same object. */
export class ConstantParts {
  /** The most recently used first. */
  readonly #made: Made[] = [];

  of(request: Request, mount: MountKey): Readonly<Environ> {
    const [first] = this.#made;
    if (first && isFor(first, request, mount)) return first.part;
    const at = this.#made.findIndex((made) => isFor(made, request, mount));
    const [found = make(request, mount)] = at < 0 ? [] : this.#made.splice(at, 1);
    this.#made.unshift(found);
    this.#made.length = Math.min(this.#made.length, keptConstants);
    return found.part;
  }
}

function make(request: Request, mount: MountKey): Made {
  const { filename, contextPrefix, contextDocumentRoot, connection } = request;
  const { localAddress, localPort, secure } = connection;
  const part = Object.freeze(constantPartOf(request, mount));
  return {
    ...{ part, mount, filename, localAddress, localPort, secure, contextPrefix, contextDocumentRoot },
    core: request.settings(core),
  };
}

function isFor(made: Made, request: Request, mount: MountKey): boolean {
  const { filename, connection, contextPrefix, contextDocumentRoot } = request;
  return (
    made.filename === filename &&
    made.mount.scriptName === mount.scriptName &&
    made.mount.applicationGroup === mount.applicationGroup &&
    made.mount.processGroup === mount.processGroup &&
    made.mount.callable === mount.callable &&
    made.mount.handlerScript === mount.handlerScript &&
    made.localAddress === connection.localAddress &&
    made.localPort === connection.localPort &&
    made.secure === connection.secure &&
    made.contextPrefix === contextPrefix &&
    made.contextDocumentRoot === contextDocumentRoot &&
    made.core === request.settings(core)
  );
}

/** The constant part of an environ. */
export function constantPartOf(
  request: Request,
  { scriptName, processGroup, applicationGroup, callable, handlerScript, chroot }: MountKey,
): Environ {
  const { connection, filename, scheme, contextPrefix, contextDocumentRoot } = request;
  const { serverAdmin, serverTokens, ...settings } = request.settings(core);
  const seen = (path: string): string => shownPath(chroot, path);
  const documentRoot = seen(byteString(settings.documentRoot.replace(/(.)\/+$/, "$1")));
  return {
    SERVER_SOFTWARE: serverBanner(serverTokens),
    SERVER_ADMIN: serverAdmin,
    SERVER_ADDR: connection.localAddress,
    DOCUMENT_ROOT: documentRoot,
    REQUEST_SCHEME: scheme,
    CONTEXT_PREFIX: contextPrefix,
    CONTEXT_DOCUMENT_ROOT: contextPrefix === "" ? documentRoot : seen(contextDocumentRoot),
    SCRIPT_FILENAME: seen(filename),
    SCRIPT_NAME: scriptName,
    "mod_wsgi.process_group": processGroup,
    "mod_wsgi.application_group": applicationGroup,
    "mod_wsgi.callable_object": callable,
    "mod_wsgi.request_handler": request.handler ?? "",
    "mod_wsgi.handler_script": handlerScript,
    "mod_wsgi.script_name": scriptName,
    "mod_wsgi.listener_host": connection.localAddress,
    "mod_wsgi.listener_port": String(connection.localPort),
    "mod_wsgi.server_pid": String(process.pid),
  };
}

/** What the settings say of an environ. */
export interface EnvironOptions {
  /** REQUEST_METHOD. */
  readonly method: string;
  readonly passAuthorization: boolean;
  /** Proxy-Authorization too (CGIPassAuth). */
  readonly passAllAuthorization: boolean;
}

/** The part of the environ that belongs to the request; together with the constant part it is whole. */
export function requestPart(request: Request, constant: Readonly<Environ>, options: EnvironOptions): Environ {
  const { connection, environment } = request;
  const pathInfo = mergeSlashes(request.pathInfo);
  const environ: Environ = {
    REQUEST_METHOD: options.method,
    REQUEST_URI: firstTarget(request),
    PATH_INFO: pathInfo,
    QUERY_STRING: request.query ?? "",
    SERVER_PROTOCOL: request.protocol,
    SERVER_NAME: escapeHtml(request.serverName),
    SERVER_PORT: String(request.serverPort),
    REMOTE_ADDR: request.clientAddress,
    REMOTE_PORT: String(connection.remotePort),
    "wsgi.url_scheme": request.scheme,
    "mod_wsgi.path_info": pathInfo,
    "mod_wsgi.request_id": request.id,
    "mod_wsgi.connection_id": connection.id,
    "mod_wsgi.request_start": String(request.startTime / 1000),
  };
  addFields(environ, request, options);
  if (request.user !== undefined) environ["REMOTE_USER"] = request.user;
  if (request.authType !== undefined) environ["AUTH_TYPE"] = request.authType;
  if (environment.size > 0) addVariables(environ, environment, constant);
  for (const [name, value] of redirectVariables(request)) environ[name] = value;
  return environ;
}

/** The path up to and with the script, by what the walk left behind it. */
export function scriptNameOf({ path, pathInfo }: Request): string {
  if (pathInfo === "") return mergeSlashes(path);
  if (path.endsWith(pathInfo)) return mergeSlashes(path.slice(0, path.length - pathInfo.length));
  // The two differ in their slashes: compare from the end, any number of slashes standing for one.
  let end = path.length;
  let left = pathInfo.length;
  while (end > 0 && left > 0 && path[end - 1] === pathInfo[left - 1]) {
    end--;
    left--;
    if (path[end] === "/") while (path[end - 1] === "/") end--;
  }
  return mergeSlashes(path.slice(0, end));
}

/** Names of environ keys by names of request fields in lower case; "" for fields that are left out. */
const keys = new Map<string, string>([
  ["content-type", "CONTENT_TYPE"],
  ["content-length", "CONTENT_LENGTH"],
  // A client must not choose the proxy of an application (httpoxy).
  ["proxy", ""],
]);
const keptKeys = 500;

function keyOf(field: string): string {
  const known = keys.get(field);
  if (known !== undefined) return known;
  const key = /^[a-z0-9-]+$/.test(field) ? `HTTP_${field.toUpperCase().replaceAll("-", "_")}` : "";
  if (keys.size < keptKeys) keys.set(field, key);
  return key;
}

function addFields(
  environ: Environ,
  { headers }: Request,
  { passAuthorization, passAllAuthorization }: EnvironOptions,
): void {
  headers.forEach((_name, value, field) => {
    if (field === "authorization" && !passAuthorization && !passAllAuthorization) return;
    if (field === "proxy-authorization" && !passAllAuthorization) return;
    const key = keyOf(field);
    if (key === "") return;
    const earlier = environ[key];
    environ[key] = earlier === undefined ? value : `${earlier}, ${value}`;
  });
}

/** SetEnv and its like show where the request has no value of its own. */
function addVariables(environ: Environ, variables: ReadonlyMap<string, string>, constant: Readonly<Environ>): void {
  for (const [name, value] of variables) {
    if (name === "PATH_INFO" && environ[name] === "") environ[name] = value;
    else if (name === "HTTPS") environ["wsgi.url_scheme"] = /^(on|1)$/i.test(value) ? "https" : "http";
    else if (!Object.hasOwn(environ, name) && !Object.hasOwn(constant, name)) environ[name] = value;
  }
}

/** The target as it stands in the request line, also where internal redirects led elsewhere. */
function firstTarget({ requestLine }: Request): string {
  const start = requestLine.indexOf(" ") + 1;
  const end = requestLine.indexOf(" ", start);
  return end < 0 ? requestLine.slice(start) : requestLine.slice(start, end);
}

function mergeSlashes(path: string): string {
  return path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
}

function escapeHtml(text: string): string {
  return /[<>&"]/.test(text)
    ? text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    : text;
}
