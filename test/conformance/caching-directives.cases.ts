// Directives of mod_cache that say how long a response is kept and what is asked of whoever makes it, each at a place of its own.
import { cachingApplication } from "./caching-application.js";
import { cacheModules } from "./caching.cases.js";
import { daemonGroup } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

/** Lines of `<Location /NAME>`. */
const places: Readonly<Record<string, string>> = {
  min: "CacheMinExpire 100",
  "min-max": "CacheMinExpire 100\nCacheMaxExpire 200",
  max: "CacheMaxExpire 0",
  factor: "CacheLastModifiedFactor 0",
  "factor-default": "CacheLastModifiedFactor 0\nCacheDefaultExpire 0\nCacheIgnoreNoLastMod On",
  "factor-large": "CacheLastModifiedFactor 1.5\nCacheMaxExpire 5",
  default: "CacheDefaultExpire 0\nCacheIgnoreNoLastMod On",
  header: "CacheHeader Off\nCacheDetailHeader Off",
  "detail-only": "CacheHeader Off",
  "expired-stored": "CacheStoreExpired On\nCacheMaxExpire 0",
  "no-store": "CacheStoreNoStore On",
  private: "CacheStorePrivate On",
  error: "CacheStaleOnError On",
  quick: "CacheMinFileSize 1",
};

/** Lines of virtual hosts, by name. */
const hosts: Readonly<Record<string, string>> = {
  ignoring: "CacheIgnoreCacheControl On",
  "ignoring-slow": "CacheIgnoreCacheControl On\nCacheQuickHandler Off",
  queryless: "CacheIgnoreQueryString On",
  keyed: 'CacheKeyBaseURL "http://elsewhere.test/"',
  locked: 'CacheLock On\nCacheLockPath "@RUN@/locks"\nCacheLockMaxAge 2',
  folders: 'CacheRoot "@RUN@/cache"\nCacheDirLevels 3\nCacheDirLength 4',
  identifiers: "CacheIgnoreURLSessionIdentifiers None",
};

const old = "Last-Modified=Wed, 01 May 2024 12:00:00 GMT";

/** What is asked first, and then. */
const rows: readonly (readonly [name: string, first: readonly string[], second: readonly string[]])[] = [
  ["fresh", ["X-Say: Cache-Control=max-age=100"], []],
  ["fresh and tagged", ['X-Say: Cache-Control=max-age=100|ETag="a"'], ['X-Say: ETag="a"']],
  ["stale and tagged", ['X-Say: Cache-Control=max-age=0|ETag="a"'], ['X-Say: Cache-Control=max-age=0|ETag="a"']],
  ["expired", ["X-Say: Expires=Wed, 01 May 2024 12:00:00 GMT"], []],
  ["old", [`X-Say: ${old}`], []],
  ["nothing to go by", [], []],
  ["no-store", ["X-Say: Cache-Control=no-store, max-age=100"], []],
  ["private", ["X-Say: Cache-Control=private, max-age=100"], []],
  ["no-cache by the client", ["X-Say: Cache-Control=max-age=100"], ["Cache-Control: no-cache"]],
  ["max-age=0 by the client", ["X-Say: Cache-Control=max-age=100"], ["Cache-Control: max-age=0"]],
  ["no-store by the client", ["X-Say: Cache-Control=max-age=100"], ["Cache-Control: no-store"]],
  ["only-if-cached by the client", [], ["Cache-Control: only-if-cached"]],
  ["Pragma by the client", ["X-Say: Cache-Control=max-age=100"], ["Pragma: no-cache"]],
  ["an error behind a stale one", ['X-Say: Cache-Control=max-age=0|ETag="a"'], ["X-Status: 503 Busy"]],
];

/** A path that no other case asks for. */
function pair(prefix: string, [name, first, second]: (typeof rows)[number], host: string): Case {
  const path = `${prefix}/${name.replaceAll(" ", "-")}`;
  const request = (target: string, headers: readonly string[]): string =>
    `${[`GET ${target} HTTP/1.1`, `Host: ${host}`, ...headers].join("\r\n")}\r\n\r\n`;
  const [one, other] = prefix.startsWith("/app") && host !== "www.test" ? [`${path}?a=1`, `${path}?a=2`] : [path, path];
  return {
    name: `${host} ${prefix}: ${name}`,
    raw: request(one, first),
    next: [() => request(one, second), () => request(other, []), () => request(`${path};jsessionid=7?b=c&sid=9`, [])],
  };
}

export const suite: Suite = {
  name: "directives of caches",
  masks: [[/^Age: \d+$/gm, "Age: AGE"]],
  configuration: `${daemonGroup}${cacheModules}
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
${[...Object.keys(places).map((name) => `/${name}`), "/app"].map((path) => `WSGIScriptAlias ${path} "@ROOT@/apps/app.wsgi"`).join("\n")}
CacheEnable disk /
CacheIgnoreURLSessionIdentifiers sid jsessionid
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
<VirtualHost *:@PORT@>
  ServerName www.test
</VirtualHost>
${Object.entries(hosts)
  .map(([name, lines]) => `<VirtualHost *:@PORT@>\n  ServerName ${name}.test\n${lines}\n</VirtualHost>`)
  .join("\n")}
<VirtualHost *:@PORT@>
  ServerName alone.test
  CacheDirLevels 1
</VirtualHost>
`,
  files: {
    ...Object.fromEntries(
      ["cache", "locks"].flatMap((name) =>
        ["apache", "modhost"].map((kind) => [`${kind}/${name}`, { folder: true, mode: 0o777 }] as const),
      ),
    ),
    "apps/app.wsgi": cachingApplication,
    "htdocs/index.html": "index\n",
  },
  cases: [
    ...Object.keys(places).flatMap((name) => rows.map((row) => pair(`/${name}`, row, "www.test"))),
    ...Object.keys(hosts).flatMap((name) => rows.map((row) => pair(`/app/${name}`, row, `${name}.test`))),
    {
      ...pair("/app/alone", rows[0] ?? ["", [], []], "alone.test"),
      differs: "CacheRoot of the main server holds for all virtual hosts, whatever else they say of the cache",
    },
  ],
};
