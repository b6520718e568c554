// What mod_cache remembers of a request between its look at what is kept and the response.
import type { Headers, Request, Response, SettingsOf } from "../../api/index.js";
import type { cache } from "./settings.js";
import type { CacheStore, CacheStoreProvider, Entry } from "./store.js";

export type CacheSettings = SettingsOf<typeof cache.settings>;

/** A request whose response may be kept. */
export interface CacheState {
  readonly key: string;
  /** What gives the stores: the limits of what is kept are those of the request that is answered in the end. */
  readonly providers: readonly CacheStoreProvider[];
  /** What is kept, and must be asked about, with the store that has it; gone when it was replaced or taken away. */
  stale?: { readonly entry: Entry; readonly store: CacheStore } | undefined;
  /** The fields of the request before conditions of ours were put in. */
  readonly original?: Headers;
  release: (() => void) | undefined;
  isDone: boolean;
}

/** A request that changes what is behind its URL. */
export interface ChangeState {
  readonly key: string;
  readonly stores: readonly CacheStore[];
}

export const cacheState = Symbol("mod_cache");
export const changeState = Symbol("mod_cache change");

/** The state of a request, or of the one that led to it by internal redirects. */
export function stateOf<State>(request: Request, key: symbol): State | undefined {
  for (let each: Request | undefined = request; each; each = each.previous) {
    const state = each.kept.get(key);
    if (state) return state as State;
  }
  return undefined;
}

/** Gives the lock free, if the request holds it. */
export function release(state: CacheState): void {
  state.release?.();
  state.release = undefined;
}

/** Puts fields back as they were. */
export function restore(request: Request, fields: Headers | undefined): void {
  if (!fields) return;
  for (const [name] of [...request.headers]) request.headers.delete(name);
  fields.forEach((name, value) => request.headers.append(name, value));
}

export type Outcome = "hit" | "miss" | "revalidate" | "invalidate";

/** Says what came of it: variables for logs, and the fields X-Cache and X-Cache-Detail where they are wanted. */
export function tell(
  request: Request,
  headers: Headers | undefined,
  {
    settings,
    outcome,
    reason,
  }: { readonly settings: CacheSettings; readonly outcome: Outcome; readonly reason: string },
): void {
  request.environment.set(`cache-${outcome}`, reason);
  request.environment.set("cache-status", reason);
  const { serverName } = request.virtualHost;
  if (settings.showsHeader) headers?.set("X-Cache", `${outcome.toUpperCase()} from ${serverName}`);
  if (settings.showsDetail) headers?.set("X-Cache-Detail", `"${reason}" from ${serverName}`);
}

/** A response made of a kept one. */
export function storedAnswer(entry: Entry, headers: Headers): Response {
  return { status: entry.status, headers, body: entry.body, stored: true };
}
