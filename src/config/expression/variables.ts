// Names of variables → what they stand for.
import {
  core,
  byteString,
  methodOf,
  remoteHostText,
  serverBanner,
  type ExpressionContext,
  type Request,
} from "../../api/index.js";
import { groupName, userName } from "../../api/account-name.js";
import { requestField, type WordFunction } from "./scope.js";

type Read = (request: Request, context: ExpressionContext) => string | undefined;

const field =
  (name: string): WordFunction =>
  (scope) =>
    requestField(scope, name);

/** Variables that read a request field, which goes into Vary. */
const fields: Readonly<Record<string, WordFunction>> = {
  HTTP_ACCEPT: field("Accept"),
  HTTP_COOKIE: field("Cookie"),
  HTTP_FORWARDED: field("Forwarded"),
  HTTP_HOST: field("Host"),
  HTTP_PROXY_CONNECTION: field("Proxy-Connection"),
  HTTP_REFERER: field("Referer"),
  HTTP_USER_AGENT: field("User-Agent"),
};

const documentRoot = (request: Request): string => byteString(request.settings(core).documentRoot);
const onOff = (is: boolean): string => (is ? "on" : "off");

const ofRequests: Readonly<Record<string, Read>> = {
  REQUEST_METHOD: methodOf,
  REQUEST_SCHEME: ({ scheme }) => scheme,
  REQUEST_URI: ({ path }) => path,
  REQUEST_FILENAME: ({ filename }) => filename,
  SCRIPT_FILENAME: ({ filename }) => filename,
  DOCUMENT_URI: ({ environment, path }) => environment.get("DOCUMENT_URI") ?? path,
  LAST_MODIFIED: (_request, { response }) => stamp(lastModified(response?.headers.get("last-modified"))),
  SCRIPT_USER: ({ file }) => (file ? userName(file.uid) : ""),
  SCRIPT_GROUP: ({ file }) => (file ? groupName(file.gid) : ""),
  PATH_INFO: ({ pathInfo }) => pathInfo,
  QUERY_STRING: ({ query }) => query,
  IS_SUBREQ: ({ parent }) => (parent ? "true" : "false"),
  THE_REQUEST: ({ requestLine }) => requestLine,
  REMOTE_ADDR: ({ clientAddress }) => clientAddress,
  REMOTE_PORT: ({ connection }) => String(connection.remotePort),
  REMOTE_HOST: remoteHostText,
  REMOTE_USER: ({ user }) => user,
  REMOTE_IDENT: () => "",
  SERVER_NAME: ({ serverName }) => serverName,
  SERVER_PORT: ({ serverPort }) => String(serverPort),
  SERVER_ADMIN: (request) => request.settings(core).serverAdmin,
  SERVER_PROTOCOL: ({ protocol }) => protocol,
  DOCUMENT_ROOT: documentRoot,
  AUTH_TYPE: ({ authType }) => authType,
  CONTENT_TYPE: ({ contentType }, { response }) => response?.headers.get("content-type") ?? contentType,
  HANDLER: ({ handler }) => handler,
  REQUEST_STATUS: (_request, { response }) => String(response?.status ?? 200),
  REQUEST_LOG_ID: ({ id }) => id,
  CONTEXT_PREFIX: ({ contextPrefix }) => contextPrefix,
  CONTEXT_DOCUMENT_ROOT: (request) => request.contextDocumentRoot || documentRoot(request),
  HTTP2: ({ connection }) => (connection.http2 ? "on" : "off"),
  HTTPS: ({ connection }) => onOff(connection.secure),
  IPV6: ({ clientAddress }) => onOff(clientAddress.includes(":") && !clientAddress.startsWith("::ffff:")),
  CONN_LOG_ID: ({ connection }) => connection.id,
  CONN_REMOTE_ADDR: ({ connection }) => connection.remoteAddress,
  TIME: () => stamp(new Date()),
  TIME_YEAR: () => String(new Date().getFullYear()),
  TIME_MON: () => twoDigits(new Date().getMonth() + 1),
  TIME_DAY: () => twoDigits(new Date().getDate()),
  TIME_HOUR: () => twoDigits(new Date().getHours()),
  TIME_MIN: () => twoDigits(new Date().getMinutes()),
  TIME_SEC: () => twoDigits(new Date().getSeconds()),
  TIME_WDAY: () => String(new Date().getDay()),
  SERVER_SOFTWARE: (request) => serverBanner(request.settings(core).serverTokens),
  // The number of Apache 2.4's interface for modules.
  API_VERSION: () => "20120211",
};

/** The variables every server has, by name in upper case. */
export const variables: ReadonlyMap<string, WordFunction> = new Map([
  ...Object.entries(fields),
  ...Object.entries(ofRequests).map(([name, read]): [string, WordFunction] => [
    name,
    ({ request, context }) => read(request, context) ?? "",
  ]),
]);

function twoDigits(number: number): string {
  return String(number).padStart(2, "0");
}

/** "YYYYMMDDhhmmss", local time. */
function stamp(date: Date): string {
  const parts = [date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
  return String(date.getFullYear()) + parts.map(twoDigits).join("");
}

/** Before there is a response nothing is known of it, and Apache shows the epoch. */
function lastModified(value: string | undefined): Date {
  const time = Date.parse(value ?? "");
  return new Date(Number.isNaN(time) ? 0 : time);
}
