// The text of [CO=...] → a Set-Cookie field.
import type { Request } from "../../api/index.js";
import type { Trace } from "./run.js";

const key = Symbol("cookies of mod_rewrite");
const days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Sets a cookie of "NAME:VALUE:DOMAIN:minutes:path:secure:httponly:samesite", each name once for a request and its parts. */
export function setCookie(request: Request, text: string, trace: Trace | undefined): void {
  const separator = text.startsWith(";") ? ";" : ":";
  const parts = text.split(separator).filter((part) => part !== "");
  const [name, value, domain, minutes, path, secure, httpOnly, sameSite] = parts;
  if (name === undefined || value === undefined || domain === undefined) return;
  let main = request;
  while (main.parent) main = main.parent;
  const known = cookiesOf(main);
  if (known.has(name)) {
    trace?.(5, `skipping already set cookie '${name}'`, "without directory");
    return;
  }
  known.add(name);
  const expires = minutes === undefined ? 0 : Number(/^\s*[+-]?\d+/.exec(minutes)?.[0] ?? 0);
  const cookie = [
    `${name}=${value}; path=${path ?? "/"}; domain=${domain}`,
    ...(expires === 0 ? [] : [`expires=${dateOf(request.startTime + expires * 60_000)}`]),
    ...(isSaid(secure, "secure") ? ["secure"] : []),
    ...(isSaid(httpOnly, "httponly") ? ["HttpOnly"] : []),
    ...(sameSite === undefined || sameSite === "0" || /^false$/i.test(sameSite) ? [] : [`SameSite=${sameSite}`]),
  ].join("; ");
  main.alwaysHeaders.append("Set-Cookie", cookie);
  trace?.(5, `setting cookie '${cookie}'`, "without directory");
}

function cookiesOf(request: Request): Set<string> {
  const first = firstOf(request);
  const known = first.kept.get(key);
  if (known instanceof Set) return known as Set<string>;
  const cookies = new Set<string>();
  first.kept.set(key, cookies);
  return cookies;
}

/** Requests of one chain of internal redirects share their cookies. */
function firstOf(request: Request): Request {
  let first = request;
  while (first.previous) first = first.previous;
  return first;
}

function isSaid(word: string | undefined, name: string): boolean {
  return word !== undefined && ["true", "1", name].includes(word.toLowerCase());
}

/** "Sat, 21-Nov-2026 09:20:00 GMT". */
function dateOf(time: number): string {
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  return (
    `${days[date.getUTCDay()]}, ${two(date.getUTCDate())}-${months[date.getUTCMonth()]}-${date.getUTCFullYear()} ` +
    `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} GMT`
  );
}
