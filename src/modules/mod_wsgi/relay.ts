// The response of an application → the response the client gets, by mod_wsgi's rules for daemons.
import { Headers, lengthOf, refuse, type Body, type Request, type Response } from "../../api/index.js";
import type { WsgiSettings } from "./settings.js";

/** Fields that are kept apart from the others and come last, every one of them. */
const repeated = new Set(["set-cookie", "www-authenticate"]);
/** Fields that come first, and of which the last one counts. */
const leading = new Set(["last-modified", "location", "content-length", "content-range", "transfer-encoding"]);

/** Makes an application's response the server's: as it is where it ran embedded, else read as a script's output is. */
export function relay(
  request: Request,
  response: Response,
  { daemon, settings }: { daemon: boolean; settings: WsgiSettings },
): Response | Promise<Response> {
  if (response.failure || response.tunnel) return response;
  response.ownStatus = true;
  if (!daemon) {
    // There Apache counts a body that is not there.
    if (response.unsized && lengthOf(response.body) === 0) delete response.unsized;
    return response;
  }
  const { status, headers } = tidy(response);
  if (settings.errorOverride && status >= 400) {
    drop(response.body);
    return refuse(status);
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
  if (!isUntidy(headers)) return response;
  const first = new Headers();
  const others = new Headers();
  const last: [string, string][] = [];
  headers.forEach((name, value, key) => {
    if (key === "status") setStatus(response, value);
    else if (repeated.has(key)) last.push([name, value]);
    else if (leading.has(key)) first.set(first.has(key) ? (spelling(first, key) ?? name) : name, valueOf(key, value));
    else if (key === "content-type") others.set(name, valueOf(key, value));
    else if (others.has(key)) others.set(spelling(others, key) ?? name, `${others.get(key) ?? ""}, ${value}`);
    else others.append(name, value);
  });
  const vary = others.get("vary");
  if (vary !== undefined) others.set(spelling(others, "vary") ?? "Vary", distinct(vary));
  response.headers = new Headers([...first, ...others, ...last]);
  return response;
}

/** Whether there is a field to change, or out of its place. */
function isUntidy(headers: Headers): boolean {
  const seen: string[] = [];
  let untidy = false;
  let reached = 0;
  headers.forEach((_name, value, key) => {
    const rank = leading.has(key) ? 0 : repeated.has(key) ? 2 : 1;
    if (rank < 2 && seen.includes(key)) untidy = true;
    seen.push(key);
    if (key === "content-type") {
      untidy ||= /^[^;]*[A-Z]/.test(value);
      return;
    }
    if (rank < reached || key === "status" || key === "last-modified" || key === "vary") untidy = true;
    reached = Math.max(reached, rank);
  });
  return untidy;
}

function valueOf(key: string, value: string): string {
  if (key === "content-type") return value.replace(/^[^;]*/, (media) => media.toLowerCase());
  if (key !== "last-modified") return value;
  // A date in the future is now, and what is no date the beginning of time.
  const time = Date.parse(value);
  return time <= Date.now() ? value : new Date(Number.isNaN(time) ? 0 : Date.now()).toUTCString();
}

/** The names in a Vary field, each once. */
function distinct(vary: string): string {
  const names = new Map<string, string>();
  for (const name of vary.split(/[\s,]+/))
    if (name !== "" && !names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  return [...names.values()].join(",");
}

/** How the first field of that name is spelled. */
function spelling(headers: Headers, key: string): string | undefined {
  for (const [name] of headers) if (name.toLowerCase() === key) return name;
  return undefined;
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
