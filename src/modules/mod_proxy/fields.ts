// The fields of a request → those its back end gets.
import { Headers, serverBanner, type Request } from "../../api/index.js";
import type { Passage } from "./passage.js";
import type { Via } from "./settings.js";

/** Fields for one connection alone, and those that are made anew. */
const notPassed = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "host",
  "content-length",
  "expect",
]);

/** Methods whose requests have no length where they have no body. */
const bodiless = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"]);

/** The fields that go from end to end, with Host in front. */
export function endToEndFields({ request, host, settings, credentials }: Passage): Headers {
  const { headers, environment } = request;
  const { trailers } = request.body;
  const own = settings.preserveHost ? headers.get("host") : undefined;
  const fields = new Headers([["Host", own ?? host]]);
  const named = namedByConnection(headers);
  // Who this proxy itself has asked who they are, need not tell the next one.
  const keepsSecret =
    request.user !== undefined && !environment.has("Proxy-Chain-Auth") && !environment.has("proxy-chain-auth");
  headers.forEach((name, value, key) => {
    if (notPassed.has(key) || named?.has(key) || (keepsSecret && key === "proxy-authorization")) return;
    // What has stood behind the body (MergeTrailers) does not go in front of it.
    if (trailers?.get(key) === value) return;
    fields.append(name, value);
  });
  if (credentials !== undefined) extend(fields, "Proxy-Authorization", credentials);
  return fields;
}

/** The names in Connection, in lower case: fields for one connection alone. */
export function namedByConnection(headers: Headers): ReadonlySet<string> | undefined {
  const value = headers.get("connection");
  if (value === undefined || /^(keep-alive|close)$/i.test(value)) return undefined;
  return new Set(value.toLowerCase().split(/[\s,]+/));
}

/** Adds what tells the back end of the client. */
export function addForwarded(fields: Headers, { request, settings }: Passage): void {
  const { headers, virtualHost } = request;
  const hops = headers.has("max-forwards") ? Number(headers.get("max-forwards")) - 1 : settings.maxForwards;
  if (hops > 0 || headers.has("max-forwards")) fields.set("Max-Forwards", String(hops));
  if (settings.via === "Block") fields.delete("Via");
  else if (settings.via !== "Off") extend(fields, "Via", via(request, settings.via));
  // They would tell anybody who the client is.
  if (!settings.addHeaders || request.isForwarded) return;
  extend(fields, "X-Forwarded-For", request.clientAddress);
  const host = headers.get("host");
  if (host !== undefined) extend(fields, "X-Forwarded-Host", host);
  extend(fields, "X-Forwarded-Server", virtualHost.serverName);
}

function extend(fields: Headers, name: string, value: string): void {
  const earlier = fields.get(name);
  fields.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
}

/** What ProxyVia adds: this server's own name, whatever the client has called it. */
export function via({ protocol, virtualHost, serverPort, scheme }: Request, word: Via): string {
  const port = serverPort === (scheme === "https" ? 443 : 80) ? "" : `:${serverPort}`;
  const comment = word === "Full" ? ` (${serverBanner("Min")})` : "";
  return `${protocol.replace(/^HTTP\//, "")} ${virtualHost.serverName}${port}${comment}`;
}

/** Adds what frames the body, and says what becomes of the connection. The body's length is always said, or that it comes in chunks. */
export function addFraming(
  fields: Headers,
  { request, body, upload: { length }, method, upgrade, isOld }: Passage,
  keepsAlive: boolean,
): void {
  if (length === undefined) fields.append("Transfer-Encoding", "chunked");
  else if (length > 0) fields.append("Content-Length", String(length));
  else if (!bodiless.has(method) || (body && request.headers.has("content-length")))
    fields.append("Content-Length", "0");
  if (isOld) return;
  if (upgrade !== undefined) fields.append("Upgrade", upgrade);
  fields.append("Connection", upgrade !== undefined ? "Upgrade" : keepsAlive ? "Keep-Alive" : "close");
}

/** Whether the back end is asked for the word to go on before it gets the body: as the client asks, or by `ping=`. */
export function expectsContinue({ request, body, upload, parameters, settings, isOld }: Passage): boolean {
  if (body === undefined || isOld) return false;
  if (parameters.ping !== undefined) return true;
  if (!settings.passesExpect) return false;
  return upload.source !== undefined && /^100-continue$/i.test(request.headers.get("expect") ?? "");
}
