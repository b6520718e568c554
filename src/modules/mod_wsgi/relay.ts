// The response of an application → the response the client gets, by mod_wsgi's rules for daemons.
import { STATUS_CODES } from "node:http";
import { Headers, refuse, type Body, type Request, type Response } from "../../api/index.js";
import type { WsgiSettings } from "./settings.js";

/** Fields of which every one is kept, those of which the last wins; of all others the values are joined. */
const repeated = new Set(["set-cookie", "www-authenticate"]);
const lastWins = new Set(["location", "content-length", "content-range", "transfer-encoding"]);

/** Makes an application's response the server's: as it is where it ran embedded, else read as a script's output is. */
export function relay(
  request: Request,
  response: Response,
  { daemon, settings }: { daemon: boolean; settings: WsgiSettings },
): Response | Promise<Response> {
  if (!daemon || response.failure) return response;
  const { status, headers } = tidy(response);
  if (settings.errorOverride && status >= 400) {
    drop(response.body);
    return refuse(STATUS_CODES[status] === undefined || status === 418 ? 500 : status);
  }
  const location = status === 200 ? headers.get("location") : undefined;
  if (location?.startsWith("/")) {
    drop(response.body);
    return request.redirect(location);
  }
  return response;
}

/** Applies the rules for fields; changes the response only where one of them bites. */
function tidy(response: Response): Response {
  const { headers } = response;
  const seen: string[] = [];
  let unusual = false;
  headers.forEach((_name, value, key) => {
    if (seen.includes(key)) unusual ||= !repeated.has(key);
    else seen.push(key);
    if (key === "status" || key === "last-modified") unusual = true;
    if (key === "content-type") unusual ||= /^[^;]*[A-Z]/.test(value);
  });
  if (!unusual) return response;
  const tidied = new Headers();
  const spelled = new Map<string, string>();
  headers.forEach((name, value, key) => {
    if (key === "status") setStatus(response, value);
    else if (repeated.has(key) || !tidied.has(key)) tidied.append(name, value);
    else tidied.set(spelled.get(key) ?? name, lastWins.has(key) ? value : `${tidied.get(key) ?? ""}, ${value}`);
    if (!spelled.has(key)) spelled.set(key, name);
  });
  const type = tidied.get("content-type");
  if (type !== undefined)
    tidied.set(
      "Content-Type",
      type.replace(/^[^;]*/, (media) => media.toLowerCase()),
    );
  const modified = Date.parse(tidied.get("last-modified") ?? "");
  if (modified > Date.now()) tidied.set("Last-Modified", new Date().toUTCString());
  response.headers = tidied;
  return response;
}

/** A Status field overrides the status, with its words. */
function setStatus(response: Response, value: string): void {
  const [, status, reason] = /^(\d{3})(?: +(.*))?$/.exec(value) ?? [];
  if (status === undefined) return;
  response.status = Number(status);
  delete response.reason;
  if (reason) response.reason = reason;
}

function drop(body: Body): void {
  if (body && "destroy" in body) body.destroy();
}
