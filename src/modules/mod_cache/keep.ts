// A response on its way out → the same, kept; or the kept one it says is still good.
import { dropBody, Headers, lengthOf, parseHttpDate, type Request, type Response } from "../../api/index.js";
import { namedKeys } from "./key.js";
import { isErrorDocument, meeting, storesOf } from "./look-up.js";
import { unlessNone } from "./settings.js";
import {
  cacheState,
  changeState,
  release,
  restore,
  stateOf,
  storedAnswer,
  tell,
  type CacheSettings,
  type CacheState,
  type ChangeState,
} from "./state.js";
import { contentFields, expiryOf, keptFields, olderReason, readSaid, whyNot, type Said } from "./storable.js";
import type { EntryHead, EntryWriter } from "./store.js";
import { takeIn } from "./take-in.js";

type Awaitable<Value> = Value | Promise<Value>;

/** Decides about the response of a request that was looked up. */
export function keepResponse(request: Request, response: Response, settings: CacheSettings): Awaitable<Response> {
  if ((request.parent && settings.isQuick) || response.stored || request.rehearsal) return response;
  const change = stateOf<ChangeState>(request, changeState);
  if (change) return response.status > 299 ? response : invalidate(request, response, { settings, change });
  const state = stateOf<CacheState>(request, cacheState);
  if (!state || state.isDone) return response;
  state.isDone = true;
  // Of a Location that the look in front of everything did not know of.
  if (settings.disabledHere) return response;
  const staleInstead =
    response.status >= 500 && settings.staleOnError ? onError(request, response, settings) : undefined;
  if (staleInstead) return staleInstead;
  if (response.page || isErrorDocument(request)) return passPage(response, state, settings);
  return decide(request, response, { settings, state });
}

interface Deciding {
  readonly settings: CacheSettings;
  readonly state: CacheState;
}

/** A request has changed what is behind its URL. */
function invalidate(
  request: Request,
  response: Response,
  { settings, change }: { readonly settings: CacheSettings; readonly change: ChangeState },
): Awaitable<Response> {
  const { headers, always } = response;
  const keys = [change.key, ...namedKeys(request, settings, always ? [headers, always] : [headers])];
  const gone = Promise.all(keys.flatMap((key) => change.stores.map((store) => store.forget(key, request.headers))));
  tell(request, undefined, { settings, outcome: "invalidate", reason: `cache invalidated by ${request.method}` });
  return gone.then(() => response);
}

/** Where whoever makes the response has failed, the stale one, unless that forbids it. */
function onError(request: Request, { status, body, page }: Response, settings: CacheSettings): Response | undefined {
  const state = stateOf<CacheState>(request, cacheState);
  const entry = state?.stale?.entry;
  if (!state || !entry || isErrorDocument(request)) return undefined;
  const { mustRevalidate, proxyRevalidate, sharedMaxAge } = entry.control;
  if (mustRevalidate || proxyRevalidate || (page && sharedMaxAge !== undefined)) return undefined;
  dropBody(body);
  const headers = new Headers([["Warning", "111 Revalidation failed"]]);
  entry.headers.forEach((name, value, key) => {
    if (key !== "date" && key !== "server") headers.append(name, value);
  });
  tell(request, headers, { settings, outcome: "hit", reason: `cache hit: ${status} status; stale content returned` });
  release(state);
  restore(request, state.original);
  return { ...storedAnswer(entry, headers), relayed: true };
}

/** A page of the server is not kept, and what was kept has no use any more, but for failures. */
function passPage(response: Response, state: CacheState, settings: CacheSettings): Response {
  if (response.status < 500 || !settings.staleOnError) dropStale(state);
  release(state);
  return response;
}

function dropStale(state: CacheState): void {
  state.stale?.store.remove(state.stale.entry);
  state.stale = undefined;
}

function decide(request: Request, response: Response, { settings, state }: Deciding): Awaitable<Response> {
  const stale = state.stale?.entry;
  const said = readSaid(response, stale);
  const stated = response.headers.get("content-length");
  const reason =
    whyNot(said, { request, response, settings, stale }) ??
    (stated !== undefined && !/^\d{1,15}$/.test(stated) ? "invalid content length" : undefined);
  if (reason !== undefined) return pass(request, response, { settings, state, reason });
  if (response.status === 304 && state.stale) return renew(request, response, { settings, state, said });
  return store(request, response, { settings, state, said });
}

function pass(
  request: Request,
  response: Response,
  { settings, state, reason }: Deciding & { readonly reason: string },
): Awaitable<Response> {
  request.log("debug", "cache", `AH00768: cache: ${state.key} not cached. Reason: ${reason}`);
  release(state);
  if (response.status === 304 && state.stale) {
    // It says that nothing has changed, and contradicts itself: once more, without conditions.
    dropStale(state);
    restore(request, state.original);
    for (const name of ["If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since"])
      request.headers.delete(name);
    state.isDone = false;
    return request.redirect(request.target, "same");
  }
  const fails = response.status >= 500 && settings.staleOnError;
  if (reason !== olderReason && !fails) dropStale(state);
  tell(request, response.headers, { settings, outcome: "miss", reason });
  return response;
}

/** What is kept of a response, besides its body. */
function headFor(
  request: Request,
  { status, headers, always }: Pick<Response, "status" | "headers" | "always">,
  { settings, said, key }: { readonly settings: CacheSettings; readonly said: Said; readonly key: string },
): EntryHead {
  const now = Date.now();
  const stated = parseHttpDate(always?.get("date") ?? headers.get("date"));
  const date = stated === undefined ? now : stated * 1000;
  return {
    ...{ key, status, date, expires: expiryOf(said, date, settings) },
    ...{ requestTime: request.startTime, responseTime: now, control: said.control, headOnly: false },
    fields: keptFields(always ? { headers, always } : { headers }, said.control, unlessNone(settings.ignoredHeaders)),
  };
}

/** Nothing has changed: the kept response gets the fields of the 304, and is the answer. */
async function renew(
  request: Request,
  response: Response,
  { settings, state, said }: Deciding & { readonly said: Said },
): Promise<Response> {
  const { stale } = state;
  if (!stale) return response;
  const { entry, store } = stale;
  dropBody(response.body);
  const fresh = new Headers([...response.headers, ...(response.always ?? [])]);
  for (const name of contentFields) fresh.delete(name);
  const headers = mergedFields(entry.headers, fresh);
  const head = headFor(request, { status: entry.status, headers }, { settings, said, key: state.key });
  const isRenewed = await store.renew(entry, { ...head, headOnly: entry.headOnly });
  if (!isRenewed) store.remove(entry);
  restore(request, state.original);
  const what = isRenewed ? "refreshed" : "refresh failed";
  tell(request, headers, { settings, outcome: "revalidate", reason: `conditional cache hit: entity ${what}` });
  release(state);
  const answer = meeting(request, entry, headers);
  if (answer.status === 304) for (const name of contentFields) headers.delete(name);
  return answer;
}

/** The kept fields without warnings of a stale response, and those of the 304 in the place of the ones they name. */
function mergedFields(kept: Headers, fresh: Headers): Headers {
  const merged = new Headers();
  kept.forEach((name, value, key) => {
    const isGone = key === "warning" ? value.startsWith("1") : fresh.has(key);
    if (!isGone) merged.append(name, value);
  });
  fresh.forEach((name, value) => merged.append(name, value));
  return merged;
}

function store(
  request: Request,
  response: Response,
  { settings, state, said }: Deciding & { readonly said: Said },
): Awaitable<Response> {
  const { key, providers } = state;
  // The fields the client sent are what the response varies by, and what ranges are cut by.
  restore(request, state.original);
  state.stale = undefined;
  const stated = response.headers.get("content-length");
  const known = response.unsized ? undefined : lengthOf(response.body);
  const length = stated === undefined ? known : Number(stated);
  const head = { ...headFor(request, response, { settings, said, key }), headOnly: request.headOnly };
  let writer: EntryWriter | undefined;
  for (const each of response.status === 206 ? [] : storesOf(providers, request))
    if ((writer ??= each.create(head, request.headers, length))) break;
  if (!writer) {
    release(state);
    const reason = "cache miss: cache unwilling to store response";
    tell(request, response.headers, { settings, outcome: "miss", reason });
    return response;
  }
  tell(request, response.headers, { settings, outcome: "miss", reason: "cache miss: attempting entity save" });
  return takeIn(request, response, { writer, done: () => release(state) });
}
