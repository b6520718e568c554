// A request → the kept response, or what is to be remembered until its response comes.
import {
  answer,
  evaluateConditions,
  hasConditions,
  Headers,
  refuse,
  type Request,
  type Response,
} from "../../api/index.js";
import { readCacheControl, type CacheControl } from "./cache-control.js";
import { addWarning, freshness, leavesOpen, staleWarning, validatorsOf, type Freshness } from "./freshness.js";
import { keyOf } from "./key.js";
import { takeLock, type LockAttempt } from "./lock.js";
import {
  cacheState,
  changeState,
  storedAnswer,
  tell,
  type CacheSettings,
  type CacheState,
  type ChangeState,
} from "./state.js";
import type { CacheStore, CacheStoreProvider, Entry } from "./store.js";
import { askedUrl, isBelow } from "./url-prefix.js";

const changing = new Set(["PUT", "POST", "DELETE"]);
const conditions = ["If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since"];

/** In front of everything (CacheQuickHandler On): nobody has looked yet at who asks. */
export function quickHandler(request: Request, settings: CacheSettings): Response | undefined {
  // What an internal redirect leads to is kept for the URL that was asked for.
  if (request.parent || request.previous) return undefined;
  return lookUp(request, settings);
}

/** In the place of a handler (CacheQuickHandler Off). */
export function handler(request: Request, settings: CacheSettings): Response | undefined {
  if (isErrorDocument(request)) return undefined;
  return lookUp(request, settings);
}

/** Whether it is the redirect to an ErrorDocument, whose status stands already. */
export function isErrorDocument({ previous, environment }: Request): boolean {
  return previous !== undefined && Number(environment.get("REDIRECT_STATUS") ?? 200) >= 300;
}

function lookUp(request: Request, settings: CacheSettings): Response | undefined {
  const providers = providersFor(request, settings);
  const stores = storesOf(providers, request);
  if (stores.length === 0) return undefined;
  const { headers, method } = request;
  const asked = readCacheControl(headers.get("cache-control"), headers.get("pragma"));
  if (asked.noStore && !settings.ignoresControl) return undefined;
  if (settings.isQuick && headers.has("authorization")) return undefined;
  const key = keyOf(request, settings);
  if (changing.has(method)) {
    const change: ChangeState = { key, stores };
    request.kept.set(changeState, change);
    return undefined;
  }
  if (method !== "GET") return undefined;
  return select(request, settings, { key, providers, stores, asked });
}

/** What gives the places where the response may be, by the lines that apply. */
function providersFor(request: Request, settings: CacheSettings): readonly CacheStoreProvider[] {
  const { enables, disables, enablesHere, disabledHere, isQuick } = settings;
  if (disabledHere) return [];
  const url = askedUrl(request, isQuick);
  if (disables.some((prefix) => isBelow(prefix, url))) return [];
  const providers = new Set<CacheStoreProvider>();
  const add = (name: string): void => {
    const provider = request.providers("cacheStore").get(name) as CacheStoreProvider | undefined;
    if (provider) providers.add(provider);
  };
  // A cache in front of everything is there before Locations count, as in Apache.
  if (!isQuick) for (const { store } of enablesHere) add(store);
  for (const { store, url: prefix } of enables) if (isBelow(prefix, url)) add(store);
  return [...providers];
}

/** The stores under the settings of a request, each once. */
export function storesOf(providers: readonly CacheStoreProvider[], request: Request): readonly CacheStore[] {
  const stores = new Set<CacheStore>();
  for (const provider of providers) {
    const store = provider(request);
    if (store) stores.add(store);
  }
  return [...stores];
}

interface Selection {
  readonly key: string;
  readonly providers: readonly CacheStoreProvider[];
  readonly stores: readonly CacheStore[];
  readonly asked: CacheControl;
}

function select(request: Request, settings: CacheSettings, selection: Selection): Response | undefined {
  const { key, providers, stores, asked } = selection;
  const mayUse = !asked.noCache || settings.ignoresControl;
  let lock: LockAttempt | undefined;
  const takeOnce = (): LockAttempt =>
    (lock ??= settings.locks && !request.rehearsal ? takeLock(request, key, settings) : "none");
  for (const store of mayUse ? stores : []) {
    const entry = store.open(key, request.headers);
    if (!entry || (entry.headOnly && !request.headOnly)) continue;
    const isOpen = hasAnyCondition(request) && leavesOpen(request, entry);
    const fresh = isOpen ? undefined : freshness(entry, asked, { settings, now: request.startTime });
    if (fresh) return hit(request, settings, { entry, fresh });
    // Somebody is asking about it already: until then it has to do.
    if (!isOpen && mayWait(entry, asked, settings) && takeOnce() === "held") return hit(request, settings, { entry });
    if (asked.onlyIfCached) continue;
    const held = takeOnce();
    if (held === "held") return undefined;
    const original = request.headers.copy();
    if (!isOpen) askAbout(request, entry);
    remember(request, { key, providers, stale: { entry, store }, original, lock: held });
    return undefined;
  }
  if (mayUse && asked.onlyIfCached) return refuse(504);
  const taken = takeOnce();
  // Who holds the lock keeps the response; this one is passed on.
  if (taken !== "held") remember(request, { key, providers, lock: taken });
  return undefined;
}

/** Locks are for what is stale by age, not for what a request or a response wants to be asked about. */
function mayWait(entry: Entry, asked: CacheControl, settings: CacheSettings): boolean {
  return settings.locks && !entry.control.noCache && (!asked.noCache || settings.ignoresControl);
}

function remember(
  request: Request,
  { lock, ...rest }: Pick<CacheState, "key" | "providers" | "stale" | "original"> & { readonly lock: LockAttempt },
): void {
  const release = typeof lock === "object" ? lock.release : undefined;
  const state: CacheState = { ...rest, release, isDone: false };
  request.kept.set(cacheState, state);
}

/** Conditions are for the whole of a page, not for its parts. */
function hasAnyCondition({ headers, parent }: Request): boolean {
  if (parent) return false;
  return hasConditions(headers) || headers.has("if-range");
}

/** Puts our own conditions in the place of the client's. */
function askAbout({ headers }: Request, entry: Entry): void {
  for (const name of conditions) headers.delete(name);
  const etag = entry.headers.get("etag");
  const lastModified = entry.headers.get("last-modified");
  if (etag !== undefined) headers.set("If-None-Match", etag);
  if (lastModified !== undefined) headers.set("If-Modified-Since", lastModified);
  // If it has changed, the whole of it is wanted.
  if (etag !== undefined || lastModified !== undefined) headers.delete("Range");
}

function hit(
  request: Request,
  settings: CacheSettings,
  { entry, fresh }: { readonly entry: Entry; readonly fresh?: Freshness },
): Response {
  const headers = entry.headers.copy();
  if (fresh) headers.set("Age", String(fresh.age));
  for (const warning of fresh?.warnings ?? [staleWarning]) addWarning(headers, warning);
  tell(request, headers, { settings, outcome: "hit", reason: "cache hit" });
  return meeting(request, entry, headers);
}

/** The response as the conditions of the client want it. */
export function meeting(request: Request, entry: Entry, headers: Headers): Response {
  const status = hasAnyCondition(request)
    ? evaluateConditions(request.headers, true, validatorsOf(headers, request))
    : undefined;
  if (status === 304) return { ...answer(304, headers), stored: true };
  if (status === 412) return refuse(412);
  return storedAnswer(entry, headers);
}
