// Where a login leads to → a redirect, never to another site by the word of the client.
import { Headers, refuse, type Request, type Response, type StringExpression } from "../../api/index.js";

/**
 * Where the form of a login wants to go then, if that is on this site; undefined otherwise. Apache sends the browser
 * wherever the form says, so that a form on any page can use a site one trusts to lead to one that nobody should.
 */
export function ownLocation(request: Request, location: string | undefined): string | undefined {
  if (location === undefined || location === "") return undefined;
  if (isOwn(request, location)) return location;
  request.log("warn", "auth_form", `a login form wanted to go to another site, and is not followed: ${location}`);
  return undefined;
}

function isOwn(request: Request, location: string): boolean {
  // Browsers leave out tabs and line ends, and take a backslash for a slash.
  if (/[\0-\x20\x7f\\]/.test(location)) return false;
  const base = `${request.scheme}://${request.hostname || request.serverName}/`;
  let url: URL;
  try {
    url = new URL(location, base);
  } catch {
    return false;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return false;
  const { serverName, aliases } = request.virtualHost;
  const own = [request.hostname, serverName, ...aliases].map((name) => name.toLowerCase());
  return own.includes(url.hostname) && url.username === "" && url.password === "";
}

/** The redirect; the status of Apache's own is 302 after a login, 307 after a logout. */
export function redirectTo(location: string, status = 302): Response {
  return refuse(status, { headers: new Headers([["Location", location]]) });
}

/** The same to where a directive says; `code` is of the message where that cannot be told. */
export function redirectBy(
  request: Request,
  expression: StringExpression,
  { status = 302, code, what }: { status?: number; code: string; what: string },
): Response {
  const location = expression.evaluate(request);
  if (location !== undefined) return redirectTo(location, status);
  request.log("error", "auth_form", `${code}: Can't evaluate ${what} expression: ${expression.text}`);
  return refuse(500);
}
