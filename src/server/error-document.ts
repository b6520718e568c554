// A refused response → the one with a body: ErrorDocument, or the built-in page.
import { answer, Headers, signatureOf, type Response } from "../api/index.js";
import { errorPage } from "./error-page.js";
import type { ServerRequest } from "./request.js";
import { statusText } from "./status.js";

type Awaitable<Value> = Value | Promise<Value>;

const htmlType = "text/html; charset=iso-8859-1";

/** The response for a refusal. `serveLocal` serves a local ErrorDocument by an internal redirect. */
export function errorDocument(
  request: ServerRequest,
  refused: Response,
  serveLocal: (path: string) => Awaitable<Response>,
): Awaitable<Response> {
  // A status without a phrase of its own is a 500 to Apache.
  const document = request.core.errorDocuments[String(parseInt(statusText(refused.status), 10))];
  if (!document || document.kind === "default" || request.errorStatus !== undefined) return builtIn(request, refused);
  const content = document.content.evaluate(request, { response: refused });
  if (content === undefined) return builtIn(request, refused);
  if (document.kind === "text") return textPage(request, refused, content);
  if (document.kind === "external") return external(request, refused, content);
  request.ownStatus = refused.status;
  const served = serveLocal(content);
  return served instanceof Promise
    ? served.then((response) => merge(request, refused, response))
    : merge(request, refused, served);
}

function textPage(request: ServerRequest, refused: Response, text: string): Response {
  const headers = pageFields(request, refused);
  headers.set("Content-Type", htmlType);
  const { failure: _, ...rest } = refused;
  const body = Buffer.from(request.headOnly ? "" : text, "latin1");
  return { ...rest, headers, body, page: true };
}

/** The fields of the refusal; those that name methods are never without Allow. */
function pageFields({ core }: ServerRequest, { status, headers }: Response): Headers {
  const fields = new Headers(headers);
  const namesMethods = status === 405 || status === 501;
  if (namesMethods && core.traceEnable !== "off" && !fields.has("allow")) fields.set("Allow", "TRACE");
  return fields;
}

/** A redirect to the document: the status is lost, as in Apache; a 401 keeps its own page. */
function external(request: ServerRequest, refused: Response, url: string): Response {
  if (refused.status === 401) {
    request.log("notice", "core", "AH00113: cannot use a full URL in a 401 ErrorDocument directive --- ignoring!");
    return builtIn(request, refused);
  }
  request.ownStatus = refused.status;
  return builtIn(request, {
    ...refused,
    status: 302,
    headers: new Headers([["Location", url]]),
    failure: {},
  });
}

/** The local document's response under the status of the error, unless the document set one of its own. */
function merge(request: ServerRequest, refused: Response, served: Response): Response {
  // Apache names the status in force when the document failed: that of the first error.
  if (served.failure) {
    if (request.last) request.last.ownStatus = served.status;
    return builtIn(request, refused, refused.status);
  }
  const own = served.ownStatus === true;
  const status = served.status === 200 && !own ? refused.status : served.status;
  const headers = new Headers();
  // Challenges stand in front, as everything does that Apache sends with errors too.
  refused.headers.forEach((name, value, key) => {
    if (key.endsWith("-authenticate") && !served.headers.has(name)) headers.append(name, value);
  });
  served.headers.forEach((name, value) => headers.append(name, value));
  refused.headers.forEach((name, value, key) => {
    if (!headers.has(name) && !(own && key === "allow")) headers.append(name, value);
  });
  // Conditions were asked of the resource, not of its error document.
  return { ...served, status, headers, ...(refused.close || closing.has(refused.status) ? { close: true } : {}) };
}

function builtIn(request: ServerRequest, refused: Response, recursive?: number): Response {
  const { core } = request;
  const headers = pageFields(request, refused);
  headers.set("Content-Type", request.environment.has("suppress-error-charset") ? "text/html" : htmlType);
  const body = errorPage({
    status: refused.status,
    reason: refused.reason,
    method: request.headOnly ? "HEAD" : request.method,
    note: refused.failure?.note,
    location: refused.headers.get("Location"),
    expect: request.headers.get("Expect"),
    serverAdmin: core.serverAdmin,
    recursiveStatus: recursive,
    signature: signatureOf(request),
  });
  const { failure: _, ...rest } = refused;
  const close = closing.has(refused.status) || refused.close === true;
  return { ...answer(refused.status, headers, body), ...rest, headers, body, page: true, ...(close ? { close } : {}) };
}

/** Statuses after which Apache closes the connection. */
const closing = new Set([400, 408, 411, 413, 414, 500, 501, 503]);
