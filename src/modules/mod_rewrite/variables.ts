// The name in %{NAME} → a function that reads it from a request.
import { core, encryptionVariable, methodOf, remoteHostOf, serverBanner, type Request } from "../../api/index.js";
import { then, type Awaitable, type Run } from "./run.js";

/** Reads a variable of a request: that of the run, or of one it looks ahead to. */
export type Reader = (request: Request, run: Run) => Awaitable<string>;

/** Apache's version of the interface of its modules, for scripts that ask. */
const apiVersion = "20120211:142";

/** How to read a variable; those that do not exist are empty. */
export function readerOf(name: string): Reader {
  if (name.length < 4) return none;
  const prefixed = /^(?:(ENV|SSL):|(HTTP|LA-U|LA-F):)(.+)$/is.exec(name);
  if (prefixed) return prefixedReader((prefixed[1] ?? prefixed[2] ?? "").toUpperCase(), prefixed[3] ?? "");
  if (name[3] === ":" || name[4] === ":") return none;
  return readers[name.toUpperCase()] ?? none;
}

const none: Reader = () => "";

function prefixedReader(prefix: string, name: string): Reader {
  switch (prefix) {
    case "ENV":
      return ({ notes, environment }) => notes.get(name) ?? environment.get(name) ?? process.env[name] ?? "";
    case "HTTP":
      return fieldReader(name);
    case "SSL":
      return tlsReader(name);
    default:
      return lookAhead(prefix, name);
  }
}

/** A variable of mod_ssl, where that is loaded. */
function tlsReader(name: string): Reader {
  if (!/^SSL_/i.test(name)) return none;
  return (request) => encryptionVariable(request, name) ?? "";
}

function fieldReader(name: string): Reader {
  const isVaried = name.toLowerCase() !== "host";
  return ({ headers }, run) => {
    const value = headers.get(name);
    if (value !== undefined && isVaried) run.varyOfCondition.push(name);
    return value ?? "";
  };
}

/** Reads a variable as it would be for the URL, or the file, that the rules have come to. */
function lookAhead(kind: string, name: string): Reader {
  const read = readerOf(name);
  return (_request, run) => {
    const { request, uri } = run;
    if (!mayLookAhead(request)) return "";
    const isRelative = run.directory !== undefined && !uri.startsWith("/");
    const isFile = kind === "LA-F" && (run.directory === undefined || isRelative);
    const path = !isRelative ? uri : (isFile ? (run.directory ?? "") : run.base) + uri;
    return then(isFile ? request.lookupFile(path) : request.lookup(path), (found) =>
      then(read(found.request, run), (value) => {
        run.trace?.(5, `lookahead: path=${path} var=${name} -> val=${value}`);
        return value;
      }),
    );
  };
}

/** Whether a request may look further: the main one, or a part of it with a path of its own. */
export function mayLookAhead({ parent, path }: Request): boolean {
  return parent === undefined || (parent.path !== "" && path !== "" && parent.path !== path);
}

const readers: Readonly<Record<string, Reader>> = {
  TIME: (_request, run) => {
    const time = ["YEAR", "MON", "DAY", "HOUR", "MIN", "SEC"].map((part) => timePart(part)).join("");
    run.trace?.(1, `RESULT='${time}'`);
    return time;
  },
  ...Object.fromEntries(
    ["YEAR", "MON", "DAY", "HOUR", "MIN", "SEC", "WDAY"].map((part): [string, Reader] => [
      `TIME_${part}`,
      () => timePart(part),
    ]),
  ),
  IPV6: ({ connection }, run) => {
    const { remoteAddress } = connection;
    const flag = remoteAddress.includes(":") && !remoteAddress.startsWith("::ffff:") ? "on" : "off";
    run.trace?.(1, `IPV6='${flag}'`);
    return flag;
  },
  HTTPS: ({ connection }) => (connection.secure ? "on" : "off"),
  IS_SUBREQ: ({ parent }) => (parent ? "true" : "false"),
  PATH_INFO: ({ pathInfo }) => pathInfo,
  AUTH_TYPE: ({ authType }) => authType ?? "",
  HTTP_HOST: fieldReader("Host"),
  HTTP_ACCEPT: fieldReader("Accept"),
  HTTP_COOKIE: fieldReader("Cookie"),
  HTTP_REFERER: fieldReader("Referer"),
  HTTP_FORWARDED: fieldReader("Forwarded"),
  HTTP_USER_AGENT: fieldReader("User-Agent"),
  HTTP_PROXY_CONNECTION: fieldReader("Proxy-Connection"),
  SERVER_NAME: ({ serverName }) =>
    serverName.includes(":") && !serverName.startsWith("[") ? `[${serverName}]` : serverName,
  SERVER_ADDR: ({ connection }) => plainAddress(connection.localAddress),
  SERVER_PORT: ({ serverPort }) => String(serverPort),
  SERVER_ADMIN: (request) => request.settings(core).serverAdmin,
  SERVER_PROTOCOL: ({ protocol }) => protocol,
  SERVER_SOFTWARE: (request) => serverBanner(request.settings(core).serverTokens),
  API_VERSION: () => apiVersion,
  REMOTE_ADDR: ({ clientAddress }) => plainAddress(clientAddress),
  CONN_REMOTE_ADDR: ({ connection }) => plainAddress(connection.remoteAddress),
  REMOTE_PORT: ({ connection }) => String(connection.remotePort),
  REMOTE_HOST: (request) => {
    const address = plainAddress(request.clientAddress);
    const name = remoteHostOf(request);
    return name instanceof Promise ? name.then((late) => late ?? address) : (name ?? address);
  },
  REMOTE_USER: ({ user }) => user ?? "",
  REMOTE_IDENT: none,
  REQUEST_URI: ({ path }) => path,
  REQUEST_METHOD: methodOf,
  REQUEST_SCHEME: ({ scheme, virtualHost }) => virtualHost.serverScheme ?? scheme,
  REQUEST_FILENAME: ({ filename }) => filename,
  SCRIPT_FILENAME: ({ filename }) => filename,
  QUERY_STRING: ({ query }) => query ?? "",
  THE_REQUEST: ({ requestLine }) => requestLine,
  DOCUMENT_ROOT: ({ documentRoot }) => documentRoot,
  CONTEXT_PREFIX: ({ contextPrefix }) => contextPrefix,
  CONTEXT_DOCUMENT_ROOT: ({ contextDocumentRoot, documentRoot }) => contextDocumentRoot || documentRoot,
};

function plainAddress(address: string): string {
  return address.startsWith("::ffff:") ? address.slice(7) : address;
}

function timePart(part: string): string {
  const now = new Date();
  const two = (number: number): string => String(number).padStart(2, "0");
  switch (part) {
    case "YEAR":
      return String(now.getFullYear()).padStart(4, "0");
    case "MON":
      return two(now.getMonth() + 1);
    case "DAY":
      return two(now.getDate());
    case "HOUR":
      return two(now.getHours());
    case "MIN":
      return two(now.getMinutes());
    case "SEC":
      return two(now.getSeconds());
    default:
      return String(now.getDay());
  }
}
