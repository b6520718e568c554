// CacheSocache → responses kept for the life of the server, in shared memory: the provider "socache".
import { createHash } from "node:crypto";
import { accessSync, constants, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import {
  arg,
  defineModule,
  defineSettings,
  value,
  type Context,
  type Origin,
  type ServerView,
  type SettingsOf,
  type WorkerView,
} from "../../api/index.js";
import type { FileStore } from "./file-store.js";
import { readDirectives, storeProvider } from "./provider.js";
import type { CacheStore, EntryHead } from "./store.js";

const socache = defineSettings("mod_cache_socache", {
  /** The name of a provider, and what stands behind its colon. */
  provider: value<{ readonly name: string; readonly arguments: string; readonly origin: Origin } | undefined>(
    undefined,
  ),
  /** Bytes of body and fields. */
  most: value<number>(102_400),
  /** Milliseconds, both. */
  longest: value<number>(86_400_000),
  shortest: value<number>(600_000),
});

const hosts: readonly Context[] = ["server config", "virtual host"];
const places: readonly Context[] = ["server config", "virtual host", "directory"];
const provider = storeProvider({
  name: "cache_socache",
  definition: socache,
  folderOf: ({ provider: line }) => line && keyOf(line),
  options,
  within,
});

export default defineModule({
  name: "mod_cache_socache",
  summary: "Keeps responses of mod_cache for as long as the server runs: the provider `socache`",
  settings: socache.settings,
  directives: (directive) => ({
    CacheSocache: directive({
      args: [arg.word("provider")],
      contexts: hosts,
      summary: "Where responses are kept, and how many bytes of them.",
      doc:
        "`NAME` or `NAME:arguments`; the module that provides the name must be loaded (mod_socache_shmcb and the like). Whatever the " +
        "name, responses are kept in files that all workers share, in a folder of this start of the server below `/dev/shm`, which is " +
        "memory, or where there is none, below the folder for temporary files. The number in brackets, as in `shmcb:/path(10485760)`, is the most bytes that are kept; 16 MiB " +
        "without one. Servers of memcache or Redis are not asked.",
      example: "CacheSocache shmcb\nCacheEnable socache /",
      set: ([word], { origin }) => {
        const colon = word.indexOf(":");
        const name = colon < 0 ? word : word.slice(0, colon);
        return { provider: { name, arguments: colon < 0 ? "" : word.slice(colon + 1), origin } };
      },
    }),
    CacheSocacheMaxSize: directive({
      args: [arg.int("bytes", { min: 1024, max: 4_294_967_295 })],
      contexts: places,
      summary: "The largest response that is kept, fields included.",
      doc: "In bytes, at least 1024. A response whose length does not show at its beginning is not kept.",
      example: "CacheSocacheMaxSize 65536",
      default: "102400",
      set: ([most]) => ({ most }),
    }),
    CacheSocacheMaxTime: directive({
      args: [arg.duration("time")],
      contexts: places,
      summary: "How long a response is kept at most, however long it is fresh.",
      doc: "In seconds.",
      example: "CacheSocacheMaxTime 3600",
      default: "86400",
      set: ([longest]) => ({ longest }),
    }),
    CacheSocacheMinTime: directive({
      args: [arg.duration("time")],
      contexts: places,
      summary: "How long a response is kept at least, so that a stale one can be asked about.",
      doc: "In seconds.",
      example: "CacheSocacheMinTime 300",
      default: "600",
      set: ([shortest]) => ({ shortest }),
    }),
    ...readDirectives(directive, "CacheSocache"),
  }),
  lifecycle: { check, start, stop: provider.stop },
  provides: { cacheStore: { socache: provider.storeFor } },
});

type SocacheSettings = SettingsOf<typeof socache.settings>;
const standardLimit = 16 * 1024 * 1024;

function check(server: ServerView): void {
  const known = server.providers("socache");
  for (const { settings } of server.everywhere(socache)) {
    const { provider } = settings;
    if (!provider || known.has(provider.name)) continue;
    server.error(`CacheSocache: Unknown socache provider '${provider.name}'.`, provider.origin, {
      advice: `load the module that provides it: a2enmod socache_${provider.name}`,
    });
  }
}

/** A folder of its own for each CacheSocache line, below one that belongs to this start of the server. */
function options({ provider: line }: SocacheSettings, { secret }: WorkerView) {
  const key = line ? keyOf(line) : "";
  const own = createHash("sha256").update(secret).update("cache-socache").digest("hex").slice(0, 32);
  // Nobody else can have made a folder of that name, whoever may write there.
  const root = `${sharedPlace()}/${prefix}${process.ppid}-${own}/${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
  const limit = Math.max(1024 ** 2, Number(/\((\d{1,15})\)$/.exec(key)?.[1] ?? standardLimit));
  return { root, levels: 1, length: 1, limit };
}

function start(worker: WorkerView): void {
  provider.start(worker);
  const isUsed = worker.server.virtualHosts.some((host) => worker.server.settings(socache, host).provider);
  if (isUsed && !worker.isRehearsal) forgetEnded(sharedPlace());
}

const prefix = "modhost-cache-";

/** Memory that processes share, or what stands for it. */
function sharedPlace(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

/** Takes away the folders of servers that have ended. */
function forgetEnded(place: string): void {
  for (const name of readdirSync(place)) {
    const pid = Number(/^modhost-cache-(\d{1,10})-[0-9a-f]{32}$/.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    try {
      rmSync(`${place}/${name}`, { recursive: true, force: true });
    } catch {
      // It is somebody else's.
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function keyOf({ name, arguments: words }: { readonly name: string; readonly arguments: string }): string {
  return `${name}:${words}`;
}

function within(folder: FileStore, settings: SocacheSettings): CacheStore {
  const { most, shortest, longest } = settings;
  const kept = (head: EntryHead): EntryHead => {
    const now = Date.now();
    return { ...head, until: Math.min(Math.max(now + shortest, head.expires), now + longest) };
  };
  return {
    open: (key, asked) => folder.open(key, asked),
    create: (head, asked, length) => {
      if (length === undefined) return undefined;
      const fields = head.fields.reduce((sum, [name, text]) => sum + name.length + text.length, head.key.length);
      const room = most - fields - 1;
      if (room < 0) return undefined;
      return folder.create(kept(head), asked, { length: head.headOnly ? undefined : length, least: 0, most: room });
    },
    renew: (entry, head) => folder.renew(entry, kept(head)),
    remove: (entry) => folder.remove(entry),
    forget: (key, asked) => folder.forget(key, asked),
  };
}
