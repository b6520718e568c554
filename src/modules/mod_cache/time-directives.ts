// The directives of mod_cache that say what may be kept, how long, and who asks meanwhile.
import { arg } from "../../api/index.js";
import { hosts, places, type CacheMaker } from "./directives.js";

const example = (line: string): string => `CacheEnable disk /\n${line}`;

export const timeDirectives = (directive: CacheMaker) => ({
  CacheDefaultExpire: directive({
    args: [arg.duration("time")],
    contexts: places,
    summary: "How long a response is fresh that says neither that nor when it was modified.",
    doc: "In seconds.",
    example: example("CacheDefaultExpire 600"),
    default: "3600",
    set: ([defaultExpire]) => ({ defaultExpire }),
  }),
  CacheMaxExpire: directive({
    args: [arg.duration("time")],
    contexts: places,
    summary: "How long a response is fresh at most, where that is guessed from its Last-Modified.",
    doc: "In seconds. What a response says itself, by `max-age` or Expires, holds beyond it, as in Apache.",
    example: example("CacheMaxExpire 43200"),
    default: "86400",
    set: ([maxExpire]) => ({ maxExpire }),
  }),
  CacheMinExpire: directive({
    args: [arg.duration("time")],
    contexts: places,
    summary: "How long a response is fresh at least, where that is guessed from its Last-Modified.",
    doc: "In seconds.",
    example: example("CacheMinExpire 60"),
    default: "0",
    set: ([minExpire]) => ({ minExpire }),
  }),
  CacheLastModifiedFactor: directive({
    args: [
      arg.custom("factor", "number", (text, place) => {
        const number = /^[+-]?(\d+\.?\d*|\.\d+)/.test(text) ? parseFloat(text) : NaN;
        return Number.isNaN(number) ? place.refuse("must be a number, for example 0.1") : number;
      }),
    ],
    contexts: places,
    summary: "How long a response is fresh, as a part of the time since it was modified.",
    doc:
      "For responses that do not say how long: with 0.1, what was modified ten hours ago is fresh for one, within CacheMinExpire and " +
      "CacheMaxExpire.",
    example: example("CacheLastModifiedFactor 0.5"),
    default: "0.1",
    set: ([lastModifiedFactor]) => ({ lastModifiedFactor }),
  }),
  CacheIgnoreCacheControl: directive({
    args: [arg.flag()],
    contexts: hosts,
    summary: "Whether what clients ask for by Cache-Control counts for nothing.",
    doc: "`no-cache`, `no-store`, `max-age` and `min-fresh` of requests, and Pragma. What responses say counts always.",
    example: example("CacheIgnoreCacheControl On"),
    default: "Off",
    set: ([ignoresControl]) => ({ ignoresControl }),
  }),
  CacheIgnoreNoLastMod: directive({
    args: [arg.flag()],
    contexts: places,
    summary:
      "Whether responses are kept that say neither how long they are fresh nor what they could be asked about by.",
    doc: "They are then fresh for CacheDefaultExpire.",
    example: example("CacheIgnoreNoLastMod On"),
    default: "Off",
    set: ([ignoresNoLastModified]) => ({ ignoresNoLastModified }),
  }),
  CacheStoreExpired: directive({
    args: [arg.flag()],
    contexts: places,
    summary: "Whether responses are kept that are stale already.",
    doc: "They save the body where whoever made them says that they are still good.",
    example: example("CacheStoreExpired On"),
    default: "Off",
    set: ([storesExpired]) => ({ storesExpired }),
  }),
  CacheStorePrivate: directive({
    args: [arg.flag()],
    contexts: places,
    summary: "Whether responses are kept that say `Cache-Control: private`.",
    doc: "They are for one client alone: with this all get them.",
    example: example("CacheStorePrivate On"),
    default: "Off",
    set: ([storesPrivate]) => ({ storesPrivate }),
  }),
  CacheStoreNoStore: directive({
    args: [arg.flag()],
    contexts: places,
    summary: "Whether responses are kept that say `Cache-Control: no-store`.",
    doc: "They are not to be written anywhere: with this they are.",
    example: example("CacheStoreNoStore On"),
    default: "Off",
    set: ([storesNoStore]) => ({ storesNoStore }),
  }),
  CacheStaleOnError: directive({
    args: [arg.flag()],
    contexts: places,
    summary: "Whether a stale response is given where whoever makes it fails.",
    doc:
      "With a status of 500 or more, from a back end, an application or the server itself; not where an ErrorDocument of this server is " +
      "set for it, nor where the kept response says `must-revalidate` or `proxy-revalidate`. It goes out with `Warning: 111 " +
      "Revalidation failed`.",
    example: example("CacheStaleOnError Off"),
    default: "On",
    set: ([staleOnError]) => ({ staleOnError }),
  }),
  CacheLock: directive({
    args: [arg.flag()],
    contexts: hosts,
    summary: "Whether one request at a time asks for what is not kept, or stale.",
    doc:
      "The others get the stale response meanwhile, with `Warning: 110 Response is stale`, or are passed on without their response " +
      "being kept. Locks are files below CacheLockPath, so that all workers share them.",
    example: example("CacheLock On\nCacheLockMaxAge 5"),
    default: "Off",
    set: ([locks]) => ({ locks }),
  }),
  CacheLockMaxAge: directive({
    args: [
      arg.custom("seconds", "seconds", (text, place) =>
        /^\d{1,9}$/.test(text) && Number(text) > 0
          ? Number(text) * 1000
          : place.refuse("must be a whole number of at least 1"),
      ),
    ],
    contexts: hosts,
    summary: "How long a lock counts at most.",
    doc: "In whole seconds. Then another request may ask, and the first one goes on.",
    example: example("CacheLock On\nCacheLockMaxAge 10"),
    default: "5",
    set: ([lockMaxAge]) => ({ lockMaxAge }),
  }),
  CacheLockPath: directive({
    args: [arg.filePath("directory")],
    contexts: hosts,
    summary: "The folder of the lock files.",
    doc: "It is made when it is first needed, by the account the server runs as.",
    example: example("CacheLock On\nCacheLockPath /var/cache/modhost-locks"),
    default: "mod_cache-lock in the folder for temporary files",
    set: ([lockPath]) => ({ lockPath }),
  }),
});
