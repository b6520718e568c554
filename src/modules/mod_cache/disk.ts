// CacheRoot → a folder that responses are kept in: the provider "disk".
import {
  arg,
  defineModule,
  defineSettings,
  value,
  type Context,
  type Origin,
  type ServerView,
} from "../../api/index.js";
import type { BodyLimits, FileStore } from "./file-store.js";
import { readDirectives, storeProvider } from "./provider.js";
import type { CacheStore } from "./store.js";

const disk = defineSettings("mod_cache_disk", {
  root: value<string | undefined>(undefined),
  levels: value<number>(2),
  levelsOrigin: value<Origin | undefined>(undefined),
  length: value<number>(2),
  least: value<number>(1),
  most: value<number>(1_000_000),
  limit: value<number>(300 * 1024 * 1024),
});

const hosts: readonly Context[] = ["server config", "virtual host"];
const places: readonly Context[] = ["server config", "virtual host", "directory"];
const provider = storeProvider({
  name: "cache_disk",
  definition: disk,
  folderOf: ({ root }) => root,
  options: ({ root = "", levels, length, limit }) => ({ root, levels, length, limit }),
  within,
});

export default defineModule({
  name: "mod_cache_disk",
  summary: "Keeps responses of mod_cache in files: the provider `disk`",
  settings: disk.settings,
  directives: (directive) => ({
    CacheRoot: directive({
      args: [arg.filePath("directory")],
      contexts: hosts,
      summary: "The folder that responses are kept in.",
      doc:
        "Without it nothing is kept. The account the server runs as must be able to write there. The files are not those of " +
        "Apache: each has a name that ends in `.entry`, with a line of JSON in front, and bodies of more than 32 KiB have a file of " +
        "their own, so that `htcacheclean` finds nothing there. What it does the server does itself, see CacheRootLimit. " +
        "All of it may be deleted at any time, while the server runs too.",
      example: "CacheRoot /var/cache/apache2/mod_cache_disk\nCacheEnable disk /",
      set: ([root]) => ({ root }),
    }),
    CacheRootLimit: directive({
      args: [arg.custom("bytes", "bytes", (text, place) => sizeOf(text) ?? place.refuse(sizeExpected))],
      contexts: hosts,
      summary: "The most bytes that are kept below CacheRoot. Not in Apache.",
      doc:
        "A number with K, M or G behind it, or without. When there is more, the responses that were stored or renewed longest ago " +
        "go; every five minutes, and whenever a sixteenth of the limit has been added, one of the workers looks. Each file counts " +
        "as 4 KiB at least. In Apache `htcacheclean` is run beside the server; its limit in Debian is the same as this default.",
      example: "CacheRoot /var/cache/apache2/mod_cache_disk\nCacheRootLimit 2G\nCacheEnable disk /",
      default: "300M",
      set: ([limit]) => ({ limit }),
    }),
    CacheDirLevels: directive({
      args: [arg.int("levels", { min: 1, max: 20 })],
      contexts: hosts,
      summary: "How many folders below each other there are below CacheRoot.",
      doc: "Times CacheDirLength at most 20.",
      example: "CacheDirLevels 3\nCacheDirLength 1",
      default: "2",
      set: ([levels], place) => ({ levels, levelsOrigin: place.origin }),
    }),
    CacheDirLength: directive({
      args: [arg.int("characters", { min: 1, max: 20 })],
      contexts: hosts,
      summary: "How many characters the names of the folders below CacheRoot have.",
      doc: "Times CacheDirLevels at most 20.",
      example: "CacheDirLength 1",
      default: "2",
      set: ([length], place) => ({ length, levelsOrigin: place.origin }),
    }),
    CacheMinFileSize: directive({
      args: [arg.size("bytes")],
      contexts: places,
      summary: "The smallest body that is kept.",
      doc: "In bytes.",
      example: "CacheMinFileSize 64",
      default: "1",
      set: ([least]) => ({ least }),
    }),
    CacheMaxFileSize: directive({
      args: [arg.size("bytes")],
      contexts: places,
      summary: "The largest body that is kept.",
      doc: "In bytes. Where the length shows only as the body comes, what was written until then is thrown away.",
      example: "CacheMaxFileSize 20000000",
      default: "1000000",
      set: ([most]) => ({ most }),
    }),
    ...readDirectives(directive, "Cache"),
  }),
  lifecycle: { check, start: provider.start, stop: provider.stop },
  provides: { cacheStore: { disk: provider.storeFor } },
});

const sizeExpected = "must be a number of bytes, with K, M or G behind it or without, of at least 1M";

function sizeOf(text: string): number | undefined {
  const match = /^(\d{1,12})([KMG]?)B?$/i.exec(text);
  const unit = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[(match?.[2] ?? "").toUpperCase()] ?? 1;
  const bytes = Number(match?.[1]) * unit;
  return bytes >= 1024 ** 2 ? bytes : undefined;
}

function check(server: ServerView): void {
  const told = new Set<Origin>();
  for (const virtualHost of server.virtualHosts) {
    const { levels, length, levelsOrigin } = server.settings(disk, virtualHost);
    if (levels * length <= 20 || !levelsOrigin || told.has(levelsOrigin)) continue;
    told.add(levelsOrigin);
    server.error("CacheDirLevels*CacheDirLength value must not be higher than 20", levelsOrigin);
  }
}

function within(folder: FileStore, { least, most }: BodyLimits): CacheStore {
  return {
    open: (key, asked) => folder.open(key, asked),
    create: (head, asked, length) =>
      head.headOnly
        ? folder.create(head, asked, { length: undefined, least, most })
        : folder.create(head, asked, { length, least, most }),
    renew: (entry, head) => folder.renew(entry, head),
    remove: (entry) => folder.remove(entry),
    forget: (key, asked) => folder.forget(key, asked),
  };
}
