// A name → what mod_ssl.var_lookup() of scripts gives for it: variables of mod_ssl, and of the request as mod_ssl names them.
import { encryptionVariable, type Request } from "../../api/index.js";
import type { Environ } from "./environ.js";

/** Those that are the same in the environ of the script. */
const ofEnviron = new Set([
  ...["REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "DOCUMENT_ROOT"],
  ...["SERVER_ADMIN", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "SERVER_SOFTWARE"],
  ...["HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_COOKIE", "HTTP_FORWARDED", "HTTP_HOST", "HTTP_PROXY_CONNECTION"],
  "HTTP_ACCEPT",
]);

const two = (number: number): string => String(number).padStart(2, "0");

const ofRequest: Readonly<Record<string, (request: Request, now: Date) => string>> = {
  HTTPS: ({ connection }) => (connection.secure ? "on" : "off"),
  IS_SUBREQ: ({ parent }) => String(parent !== undefined),
  AUTH_TYPE: ({ authType }) => authType ?? "",
  REMOTE_USER: ({ user }) => user ?? "",
  REMOTE_HOST: ({ clientAddress }) => clientAddress,
  REQUEST_SCHEME: ({ scheme }) => scheme,
  REQUEST_URI: ({ path }) => path,
  REQUEST_FILENAME: ({ filename }) => filename,
  SCRIPT_FILENAME: ({ filename }) => filename,
  THE_REQUEST: ({ requestLine }) => requestLine,
  API_VERSION: () => "20120211",
  TIME_YEAR: (_request, now) => String(now.getFullYear()),
  TIME_MON: (_request, now) => two(now.getMonth() + 1),
  TIME_DAY: (_request, now) => two(now.getDate()),
  TIME_HOUR: (_request, now) => two(now.getHours()),
  TIME_MIN: (_request, now) => two(now.getMinutes()),
  TIME_SEC: (_request, now) => two(now.getSeconds()),
  TIME_WDAY: (_request, now) => String(now.getDay()),
};

/** The value of a variable; "" without. Names have no case, but for those of `ENV:`. */
export function variableOf(request: Request, environ: Environ, name: string): string {
  if (/^ENV:/i.test(name)) {
    const variable = name.slice(4);
    return request.notes.get(variable) ?? request.environment.get(variable) ?? process.env[variable] ?? "";
  }
  const upper = name.toUpperCase();
  if (ofEnviron.has(upper)) return environ[upper] ?? "";
  if (Object.hasOwn(ofRequest, upper)) return ofRequest[upper]?.(request, new Date()) ?? "";
  return encryptionVariable(request, upper) ?? "";
}
