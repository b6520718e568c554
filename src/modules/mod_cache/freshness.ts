// A kept response and a request → whether it may be used as it is, and with which Age and Warning.
import {
  evaluateConditions,
  Headers,
  parseHttpDate,
  type Request,
  type SettingsOf,
  type Validators,
} from "../../api/index.js";
import type { CacheControl } from "./cache-control.js";
import type { cache } from "./settings.js";
import type { Entry } from "./store.js";

type CacheSettings = SettingsOf<typeof cache.settings>;

/** What a fresh response goes out with: seconds, and texts of Warning fields. */
export interface Freshness {
  readonly age: number;
  readonly warnings: readonly string[];
}

/** The age of a response in whole seconds (RFC 9111 section 4.2.3). */
function ageOf(entry: Entry, now: number): number {
  const stated = entry.headers.get("age");
  const received = stated !== undefined && /^\d{1,12}$/.test(stated) ? Number(stated) * 1000 : 0;
  const apparent = Math.max(0, entry.responseTime - entry.date);
  const delay = entry.responseTime - entry.requestTime;
  return Math.floor(Math.max(0, Math.max(apparent, received) + delay + (now - entry.responseTime)) / 1000);
}

/** How a response may be used, by its own word and by what the request asks for; undefined: it is stale. */
export function freshness(
  entry: Entry,
  asked: CacheControl,
  { settings, now }: { readonly settings: CacheSettings; readonly now: number },
): Freshness | undefined {
  const { control } = entry;
  if ((asked.noCache && !settings.ignoresControl) || control.noCache) return undefined;
  const age = ageOf(entry, now);
  const own = control.sharedMaxAge ?? control.maxAge;
  const wanted = settings.ignoresControl ? undefined : asked.maxAge;
  const maxAge = wanted === undefined ? own : own === undefined ? wanted : Math.min(wanted, own);
  const minFresh = settings.ignoresControl ? 0 : (asked.minFresh ?? 0);
  const mayBeStale = !control.mustRevalidate && !control.proxyRevalidate && control.sharedMaxAge === undefined;
  const maxStale = mayBeStale ? Math.min(asked.maxStale ?? 0, aYear) : 0;
  const lifetime = maxAge ?? Math.floor((entry.expires - entry.date) / 1000);
  if (age >= lifetime + maxStale - minFresh) return undefined;
  const warnings: string[] = [];
  const byExpires = Math.floor((entry.expires - entry.date) / 1000);
  if (!((maxAge !== undefined && age < maxAge) || byExpires > age)) warnings.push(staleWarning);
  if (own === undefined && !entry.headers.has("expires") && age > aDay) warnings.push("113 Heuristic expiration");
  return { age, warnings };
}

export const staleWarning = "110 Response is stale";
const aDay = 86_400;
const aYear = 365 * aDay;

/** Adds a warning unless one of that number is there. */
export function addWarning(headers: Headers, warning: string): void {
  const before = headers.get("warning");
  if (before?.includes(warning.slice(0, 3))) return;
  headers.set("Warning", before === undefined ? warning : `${before}, ${warning}`);
}

/** What conditions are asked of, for a kept response. */
export function validatorsOf(headers: Headers, request: Request): Validators {
  const now = Math.floor(request.startTime / 1000);
  return { etag: headers.get("etag"), lastModified: parseHttpDate(headers.get("last-modified")) ?? now, now };
}

/**
 * Whether the conditions of a request leave open what a kept response says to them: then whoever made it is asked. All
 * conditions must agree (RFC 2616 section 13.3.4, as Apache has it).
 */
export function leavesOpen(request: Request, entry: Entry): boolean {
  const { headers } = request;
  const validators = validatorsOf(entry.headers, request);
  const verdict = (name: string): number | undefined => {
    const range = headers.get("range");
    const alone = new Headers([[name, headers.get(name) ?? ""], ...(range ? [["Range", range] as const] : [])]);
    return evaluateConditions(alone, true, validators);
  };
  return (
    (headers.has("if-match") && verdict("if-match") === 412) ||
    (headers.has("if-unmodified-since") && verdict("if-unmodified-since") !== 412) ||
    (headers.has("if-none-match") && verdict("if-none-match") !== 304) ||
    (headers.has("if-modified-since") && verdict("if-modified-since") !== 304) ||
    (headers.has("if-range") && headers.has("range") && !isRangeOf(headers.get("if-range") ?? "", validators))
  );
}

function isRangeOf(condition: string, { etag, lastModified }: Validators): boolean {
  return condition.startsWith('"') ? condition === etag : parseHttpDate(condition) === lastModified;
}
