// A response and the request it answers → why it is not kept, and how long it is fresh if it is.
import { parseHttpDate, type Headers, type Request, type Response } from "../../api/index.js";
import { controlFields, readCacheControl, type CacheControl } from "./cache-control.js";
import type { CacheSettings } from "./state.js";
import type { Entry } from "./store.js";
import { earlyPath } from "./url-prefix.js";

/** What a response says of itself; times in seconds since the epoch. */
export interface Said {
  readonly control: CacheControl;
  /** Whether there is a Cache-Control field at all. */
  readonly hasControl: boolean;
  readonly expires: string | undefined;
  readonly expiresAt: number | undefined;
  readonly lastModified: number | undefined;
  readonly etag: string | undefined;
}

/** Statuses that are kept without a word of how long they are fresh. */
const keptStatuses = new Set([200, 203, 206, 300, 301, 304]);

/** Reads what decides; a 304 that says nothing of it is taken to say what the kept response said. */
export function readSaid({ status, headers, always }: Response, stale: Entry | undefined): Said {
  let [control, pragma] = controlFields(headers, always);
  if (status === 304 && stale && control === undefined && pragma === undefined) {
    control = stale.headers.get("cache-control");
    pragma = stale.headers.get("pragma");
  }
  const field = (name: string): string | undefined => always?.get(name) ?? headers.get(name);
  const expires = field("expires");
  return {
    control: readCacheControl(control, pragma),
    hasControl: control !== undefined,
    expires,
    expiresAt: parseHttpDate(expires),
    lastModified: parseHttpDate(field("last-modified")),
    etag: field("etag"),
  };
}

interface Judged {
  readonly request: Request;
  readonly response: Response;
  readonly settings: CacheSettings;
  readonly stale: Entry | undefined;
}

/** Why a response is not kept, in Apache's words; undefined: it is. */
export function whyNot(said: Said, judged: Judged): string | undefined {
  const { response, stale } = judged;
  if (!keptStatuses.has(response.status) && said.expires === undefined && !said.hasControl)
    return `Response status ${response.status}`;
  return whyNotByTime(said, judged) ?? whyNotByControl(said, judged) ?? (stale && whyNotBeside(stale, response));
}

function whyNotByTime(said: Said, { request, response, settings, stale }: Judged): string | undefined {
  const { control, expires, expiresAt, lastModified, etag } = said;
  const { maxAge, sharedMaxAge } = control;
  const isTimed = maxAge !== undefined || sharedMaxAge !== undefined;
  const { storesExpired } = settings;
  if (!isTimed && !storesExpired && expires !== undefined && expiresAt === undefined)
    return `Broken expires header: ${expires}`;
  if (!isTimed && !storesExpired && expiresAt !== undefined && expiresAt * 1000 < request.startTime)
    return "Expires header already expired; not cacheable";
  const mustAsk = control.mustRevalidate === true || control.proxyRevalidate === true;
  const isOld = sharedMaxAge === 0 || (sharedMaxAge === undefined && maxAge === 0);
  if (!storesExpired && mustAsk && isOld && lastModified === undefined && etag === undefined)
    return "s-maxage or max-age zero and no Last-Modified or Etag; not cacheable";
  if (!settings.ignoresQuery && hasQuery(request, settings) && expires === undefined && !isTimed)
    return "Query string present but no explicit expiration time";
  if (response.status === 304 && !stale) return "HTTP Status 304 Not Modified";
  const isMute = lastModified === undefined && etag === undefined && expires === undefined && !isTimed;
  if (response.status === 200 && isMute && !settings.ignoresNoLastModified)
    return "No Last-Modified; Etag; Expires; Cache-Control:max-age or Cache-Control:s-maxage headers";
  return undefined;
}

function hasQuery(request: Request, { isQuick }: CacheSettings): boolean {
  const { originalTarget, query } = request;
  return isQuick ? originalTarget.length > earlyPath(request).length : query !== undefined;
}

function whyNotByControl({ control }: Said, { request, response, settings }: Judged): string | undefined {
  if (!settings.storesNoStore && control.noStore) return "Cache-Control: no-store present";
  if (!settings.storesPrivate && control.isPrivate) return "Cache-Control: private present";
  const isForAll =
    control.sharedMaxAge !== undefined || control.mustRevalidate || control.proxyRevalidate || control.isPublic;
  if (request.headers.has("authorization") && !isForAll) return "Authorization required";
  const names = response.headers.get("vary")?.split(",") ?? [];
  if (names.some((name) => name.trim() === "*")) return "Vary header contains '*'";
  if (request.environment.has("no-cache")) return "environment variable 'no-cache' is set";
  return undefined;
}

/** The reason for a response that is older than what is kept: that stays then. */
export const olderReason = "updated entity is older than cached entity";

/** Fields of the content, which a 304 has no business to change. */
export const contentFields = [
  "Allow",
  "Content-Encoding",
  "Content-Language",
  "Content-Length",
  "Content-Location",
  "Content-MD5",
  "Content-Range",
  "Content-Type",
  "Last-Modified",
];

function whyNotBeside(stale: Entry, { status, headers }: Response): string | undefined {
  const date = parseHttpDate(headers.get("date"));
  if (date !== undefined && date * 1000 < Math.floor(stale.date / 1000) * 1000) return olderReason;
  if (status !== 304) return undefined;
  const differs = (name: string): boolean => {
    const [before, now] = [stale.headers.get(name), headers.get(name)];
    return before !== undefined && now !== undefined && before !== now;
  };
  // Content-Type is what the handler knows of the file, not what it answers.
  const changed = ["ETag", ...contentFields].filter((name) => name !== "Content-Type" && differs(name));
  return changed.length === 0 ? undefined : `contradiction: 304 Not Modified; but ${changed.join(", ")} modified`;
}

/** When a response is not fresh any more, in milliseconds since the epoch: by its word, or by guessing. */
export function expiryOf({ control, expiresAt, lastModified }: Said, date: number, settings: CacheSettings): number {
  const { minExpire, maxExpire, lastModifiedFactor, defaultExpire } = settings;
  const within = (time: number): number => Math.min(Math.max(time, minExpire), maxExpire);
  const seconds = control.sharedMaxAge ?? control.maxAge;
  if (seconds !== undefined) return date + within(seconds * 1000);
  if (expiresAt !== undefined) return expiresAt * 1000;
  const modified = lastModified === undefined ? undefined : lastModified * 1000;
  // One that was modified this very second would be stale at once.
  if (modified !== undefined && modified < date) return date + within((date - modified) * lastModifiedFactor);
  return date + defaultExpire;
}

/** Fields for one connection alone. */
const notKept = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "trailers",
  "transfer-encoding",
  "upgrade",
]);

/** The fields of a response that are kept: those that stay on errors behind the others. */
export function keptFields(
  { headers, always }: Pick<Response, "headers" | "always">,
  control: CacheControl,
  ignored: readonly string[],
): readonly (readonly [string, string])[] {
  const left = new Set([...ignored, ...(control.unstored ?? [])].map((name) => name.toLowerCase()));
  const fields: (readonly [string, string])[] = [];
  const take = (from: Headers | undefined): void =>
    from?.forEach((name, value, key) => {
      if (!notKept.has(key) && !left.has(key)) fields.push([name, value]);
    });
  take(headers);
  take(always);
  return fields;
}
