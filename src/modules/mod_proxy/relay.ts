// The response of a back end → the response the client gets.
import { STATUS_CODES } from "node:http";
import type { Readable } from "node:stream";
import { Headers, refuse, type Request, type Response } from "../../api/index.js";
import { namedByConnection, via } from "./fields.js";
import type { Passage } from "./passage.js";
import type { ReceivedHead } from "./response-reader.js";
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

/** Makes the answer; its body streams, or is whole. */
export function relay(
  received: ReceivedHead,
  body: Readable | Buffer,
  { request, settings, method, mayChangeTo }: Passage,
): Response {
  const { status } = received;
  const shown = badText.test(received.reason) || received.reason === STATUS_CODES[status] ? undefined : received.reason;
  const reason = shown === undefined ? {} : { reason: shown };
  if (isOverridden(status, settings))
    return { ...refuse(status, { headers: challengeOf(received.headers, status) }), ...reason };
  const hasBody = method !== "HEAD" && status !== 204 && status !== 304;
  const headers = fieldsFor(received.headers, request, settings);
  // A status that speaks of protocols, 426 for one.
  const upgrade = received.headers.get("upgrade");
  if (upgrade !== undefined && mayChangeTo(upgrade)) {
    headers.append("Connection", "Upgrade");
    headers.append("Upgrade", upgrade);
  }
  if (hasBody && request.contentType !== undefined && !headers.has("content-type"))
    headers.append("Content-Type", request.contentType);
  return {
    ...{ status, headers, body: hasBody ? body : undefined, relayed: true },
    // What came in chunks goes on in chunks, as in Apache.
    ...(hasBody && Buffer.isBuffer(body) && !headers.has("content-length") ? { unsized: true } : {}),
    // Only what has no length can have fields behind it.
    ...(hasBody && !headers.has("content-length") ? { trailers: () => request.answerTrailers } : {}),
    ...reason,
  };
}

function fieldsFor(received: Headers, request: Request, settings: ProxySettings): Headers {
  const headers = new Headers();
  const cookies: (readonly [string, string])[] = [];
  const named = namedByConnection(received);
  const { reverses } = settings;
  const isOwn = !request.isForwarded;
  received.forEach((name, value, key) => {
    if (notPassed.has(key) || named?.has(key)) return;
    if (key === "set-cookie") cookies.push([name, isOwn ? reverseCookie(value, request, settings) : value]);
    else if (isOwn && reverses.length > 0 && holdsUrl.has(key))
      headers.append(name, reverseUrl(value, reverses, request));
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
