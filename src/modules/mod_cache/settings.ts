// The settings of mod_cache.
import { tmpdir } from "node:os";
import { defineSettings, list, value, type Origin, type Setting } from "../../api/index.js";
import type { UrlPrefix } from "./url-prefix.js";

/** A CacheEnable line: what is kept, and by which provider. */
export interface EnableLine {
  readonly store: string;
  readonly url: UrlPrefix;
  readonly origin: Origin;
}

/** Words of lines that add to each other; an inner list stands in place of the outer one. */
const words: Setting<readonly string[]> = list<string>("replace");

export const cache = defineSettings("mod_cache", {
  enables: list<EnableLine>("outer first"),
  disables: list<UrlPrefix>("outer first"),
  /** Providers of CacheEnable lines in a Location. */
  enablesHere: list<{ readonly store: string; readonly origin: Origin }>("outer first"),
  /** CacheDisable on, in a Location. */
  disabledHere: value<boolean>(false),
  isQuick: value<boolean>(true),
  ignoresControl: value<boolean>(false),
  /** In lower case; "none" among them: none. */
  ignoredHeaders: words,
  ignoresQuery: value<boolean>(false),
  /** "None" among them: none. */
  ignoredSessionIds: words,
  keyBase: value<KeyBase>({}),
  locks: value<boolean>(false),
  /** Milliseconds. */
  lockMaxAge: value<number>(5_000),
  lockPath: value<string>(`${tmpdir()}/mod_cache-lock`),
  showsHeader: value<boolean>(false),
  showsDetail: value<boolean>(false),
  /** Milliseconds, these three. */
  defaultExpire: value<number>(3_600_000),
  maxExpire: value<number>(86_400_000),
  minExpire: value<number>(0),
  lastModifiedFactor: value<number>(0.1),
  ignoresNoLastModified: value<boolean>(false),
  staleOnError: value<boolean>(true),
  storesExpired: value<boolean>(false),
  storesPrivate: value<boolean>(false),
  storesNoStore: value<boolean>(false),
});

/** What CacheKeyBaseURL puts in the place of what the request says. */
export interface KeyBase {
  readonly scheme?: string;
  readonly host?: string;
  readonly port?: string;
}

/** The words of such a list, or none. */
export function unlessNone(listed: readonly string[]): readonly string[] {
  return listed.some((word) => word.toLowerCase() === "none") ? [] : listed;
}
