// The % items of LogFormat, by letter.
import {
  compileStrftime,
  escapeLogItem,
  methodOf,
  remoteHostText,
  wasLogged,
  type LogItem,
  type LogText,
  type Request,
} from "../../api/index.js";
import { commonLogTime, perSecond } from "./time.js";

/** An item that takes no notice of its argument. */
const plain = (text: LogText, original = false): LogItem => ({ original, make: () => text });

/** An item whose argument names something. */
const named = (make: (argument: string) => LogText): LogItem => ({ make });

/** An item whose argument is one of some words; any other is written as it stands, as Apache does. */
const chosen = (texts: Readonly<Record<string, LogText>>, original = false): LogItem => ({
  original,
  make: (argument) => texts[argument.toLowerCase()] ?? (() => argument),
});

const escaped = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : escapeLogItem(text);
const elapsed: (divisor: number) => LogText =
  (divisor) =>
  ({ startTime }, { endTime }) =>
    String(Math.floor(Math.max(0, Math.round((endTime - startTime) * 1000)) / divisor));

const address: LogText = ({ clientAddress }) => clientAddress;
const peerAddress: LogText = ({ connection }) => connection.remoteAddress;
const peerName: LogText = (request) =>
  request.clientAddress === request.connection.remoteAddress
    ? remoteHostText(request)
    : request.connection.remoteAddress;
const canonicalPort: LogText = ({ virtualHost, connection }) =>
  String(virtualHost.serverPort ?? (connection.secure ? 443 : 80));
const pid: LogText = () => String(process.pid);

/** All items of mod_log_config; mod_logio has %I, %O and %S. */
export const items: Readonly<Record<string, LogItem>> = {
  a: { make: (argument) => (argument === "c" ? peerAddress : address) },
  A: plain(({ connection }) => connection.localAddress),
  b: plain((_request, { bodyBytes }) => (bodyBytes === 0 ? undefined : String(bodyBytes))),
  B: plain((_request, { bodyBytes }) => String(bodyBytes)),
  C: named(
    (name) =>
      ({ headers }) =>
        escaped(cookie(headers.get("cookie"), name)),
  ),
  D: plain(elapsed(1), true),
  e: named(
    (name) =>
      ({ environment }) =>
        escaped(environment.get(name)),
  ),
  f: plain(fileName),
  h: { make: (argument) => (argument === "c" ? peerName : remoteHostText) },
  H: plain(({ protocol }) => escapeLogItem(protocol)),
  i: named((name) => {
    const key = name.toLowerCase();
    return ({ headers }) => escaped(headers.get(key));
  }),
  k: plain(({ connection }) => String(connection.keepalives)),
  l: plain(() => undefined),
  // As in Apache: only of what is in the error log too.
  L: {
    original: true,
    make: (argument) =>
      argument === "c"
        ? ({ connection }) => (wasLogged(connection) ? connection.id : undefined)
        : (request) => (wasLogged(request) ? request.id : undefined),
  },
  m: plain((request) => (request.method === "" ? undefined : escapeLogItem(methodOf(request)))),
  n: named(
    (name) =>
      ({ notes }) =>
        escaped(notes.get(name)),
  ),
  o: named(responseField),
  p: chosen({
    "": canonicalPort,
    canonical: canonicalPort,
    local: ({ connection }) => String(connection.localPort),
    remote: ({ clientPort }) => String(clientPort),
  }),
  P: chosen({ "": pid, pid, tid: pid, hextid: () => process.pid.toString(16) }),
  q: plain(({ query }) => (query === undefined ? "" : escapeLogItem(`?${query}`))),
  r: plain(requestLine, true),
  R: plain(handlerName, true),
  s: plain((request, record) => String(request === record.original ? record.originalStatus : record.status), true),
  t: { make: time },
  T: chosen({ "": elapsed(1_000_000), s: elapsed(1_000_000), ms: elapsed(1000), us: elapsed(1) }, true),
  u: plain(({ user }) => (user === "" ? '""' : escaped(user))),
  U: plain(({ path }) => (path === "" ? undefined : escapeLogItem(path)), true),
  v: plain(({ virtualHost }) => escapeLogItem(virtualHost.serverName)),
  V: plain(({ serverName }) => escapeLogItem(serverName)),
  X: plain((_request, { connectionState }) => connectionState),
  "^ti": named(
    (name) =>
      ({ body }) =>
        escaped(body.trailers?.get(name)),
  ),
  "^to": named(
    (name) =>
      ({ answerTrailers }) =>
        escaped(answerTrailers?.all(name)[0]),
  ),
};

/** Proxied with a query, it is a part of the name. */
function fileName({ filename, query }: Request): string | undefined {
  if (filename === "") return undefined;
  const isWhole = query === undefined || filename.includes("?") || !takesQuery.test(filename);
  return escapeLogItem(isWhole ? filename : `${filename}?${query}`);
}

const takesQuery = /^proxy:(?:https?|wss?|h2c?|ajp|balancer):/;

/** As in Apache, a directory has one too. */
function handlerName({ handler, path, filename }: Request): string | undefined {
  if (handler !== undefined) return escapeLogItem(handler);
  return path.endsWith("/") && filename.endsWith("/") ? "httpd/unix-directory" : undefined;
}

function requestLine({ requestLine: line }: Request): string | undefined {
  if (line === "") return undefined;
  // Blanks are shown as one; a password in an absolute target is not for the log.
  const single = /[ \t]{2}|\t/.test(line) ? line.replace(/[ \t]+/g, " ") : line;
  return escapeLogItem(
    single.includes("@") ? single.replace(/^(\S+ +[a-z]+:\/\/[^\s:@/]*:)[^\s@/]*@/i, "$1XXXXXXXX@") : single,
  );
}

function responseField(name: string): LogText {
  const key = name.toLowerCase();
  if (key === "content-type") {
    return (_request, { headers }) => escaped(headers.get(key)?.replace(/\s*;.*$/s, ""));
  }
  if (key === "set-cookie") return (_request, { headers }) => escaped(headers.get(key));
  return (_request, { headers }) => escaped(headers.all(key)[0]);
}

function cookie(field: string | undefined, name: string): string | undefined {
  for (const pair of field?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim().toLowerCase() === name.toLowerCase())
      return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** `%t`, `%{FORMAT}t`, `%{begin:FORMAT}t` and `%{end:FORMAT}t`. */
function time(argument: string): LogText {
  const [, prefix, rest = ""] = /^(begin|end)(?::(.*))?$/s.exec(argument) ?? ["", "", argument];
  const at: (request: Request, endTime: number) => number =
    prefix === "end" ? (_request, endTime) => endTime : ({ startTime }) => startTime;
  const fraction = fractions[rest];
  if (fraction) return (request, { endTime }) => fraction(at(request, endTime));
  const show = perSecond(rest === "" ? commonLogTime : compileStrftime(rest));
  return (request, { endTime }) => show(at(request, endTime));
}

const fractions: Readonly<Record<string, (milliseconds: number) => string>> = {
  sec: (ms) => String(Math.floor(ms / 1000)),
  msec: (ms) => String(Math.floor(ms)),
  usec: (ms) => String(Math.floor(ms * 1000)),
  msec_frac: (ms) => String(Math.floor(ms) % 1000).padStart(3, "0"),
  usec_frac: (ms) => String(Math.floor(ms * 1000) % 1_000_000).padStart(6, "0"),
};
