// The response of a back end → the response the client gets.
import { STATUS_CODES } from "node:http";
import { Headers, refuse, type Request, type Response } from "../../api/index.js";
import { namedByConnection, via } from "./fields.js";
import type { Incoming, Passage } from "./passage.js";
import { reverseCookie, reverseUrl } from "./reverse.js";
import type { ProxySettings } from "./settings.js";

/** Fields for one connection alone. */
const notPassed = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Fields that ProxyPassReverse changes. */
const holdsUrl = new Set(["location", "content-location", "uri", "destination"]);

// eslint-disable-next-line no-control-regex
const badText = /[\0-\x08\x0a-\x1f\x7f]/;

/** Makes the answer; its body streams. Undefined: its status is none. */
export function relay(incoming: Incoming, { request, settings, method }: Passage): Response | undefined {
  const { statusCode: status = 0, statusMessage = "" } = incoming;
  if (status < 200) {
    incoming.destroy();
    return undefined;
  }
  const reason = badText.test(statusMessage) || statusMessage === STATUS_CODES[status] ? undefined : statusMessage;
  const received = new Headers(pairs(incoming.rawHeaders));
  const keepTrailers = (): void => {
    if (incoming.rawTrailers.length > 0) request.answerTrailers = new Headers(pairs(incoming.rawTrailers));
  };
  if (incoming.complete) keepTrailers();
  else incoming.once("end", keepTrailers);
  if (isOverridden(status, settings)) {
    incoming.resume();
    return {
      ...refuse(status, { headers: challengeOf(received, status) }),
      ...(reason === undefined ? {} : { reason }),
    };
  }
  const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
  // Read to its end, so that the connection can be used again.
  if (!hasBody) incoming.resume();
  const headers = fieldsFor(received, request, settings);
  if (hasBody && request.contentType !== undefined && !headers.has("content-type"))
    headers.append("Content-Type", request.contentType);
  const body = hasBody ? (wholeBody(incoming) ?? incoming) : undefined;
  return {
    ...{ status, headers, body, relayed: true },
    // What came in chunks goes on in chunks, as in Apache.
    ...(Buffer.isBuffer(body) && !headers.has("content-length") ? { unsized: true } : {}),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** The body, if all of it came along with the head: the client then gets both in one write. */
function wholeBody(incoming: Incoming): Buffer | undefined {
  if (!incoming.complete || incoming.readableFlowing !== null) return undefined;
  const body = incoming.read() as Buffer | null;
  // The end shows when it is read for, and frees the connection.
  incoming.resume();
  return body ?? Buffer.alloc(0);
}

function* pairs(flat: readonly string[]): Iterable<readonly [string, string]> {
  for (let i = 0; i + 1 < flat.length; i += 2) yield [flat[i] ?? "", flat[i + 1] ?? ""];
}

function fieldsFor(received: Headers, request: Request, settings: ProxySettings): Headers {
  const headers = new Headers();
  const cookies: (readonly [string, string])[] = [];
  const named = namedByConnection(received);
  const { reverses } = settings;
  received.forEach((name, value, key) => {
    if (notPassed.has(key) || named?.has(key)) return;
    if (key === "set-cookie") cookies.push([name, reverseCookie(value, request, settings)]);
    else if (reverses.length > 0 && holdsUrl.has(key)) headers.append(name, reverseUrl(value, reverses, request));
    else headers.append(name, value);
  });
  for (const [name, value] of cookies) headers.append(name, value);
  if (settings.via === "On" || settings.via === "Full") headers.append("Via", via(request, settings.via));
  return headers;
}

/** Whether the server's own page stands in place of the back end's (ProxyErrorOverride). */
export function isOverridden(status: number, { errorOverride }: ProxySettings): boolean {
  if (errorOverride === undefined) return false;
  return errorOverride === "errors" ? status >= 400 : errorOverride.has(status);
}

/** A page of our own for a 401 still has to ask for what the back end asks for. */
function challengeOf(received: Headers, status: number): Headers {
  const headers = new Headers();
  if (status === 401) for (const value of received.all("www-authenticate")) headers.append("WWW-Authenticate", value);
  return headers;
}
