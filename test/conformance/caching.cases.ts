// What is kept and given again, for how long, and what is asked of whoever makes it: mod_cache in front of everything.
import { cachingApplication } from "./caching-application.js";
import { daemonGroup } from "./dump-application.js";
import { fileTime, type Case, type Suite } from "./harness.js";

/** What both suites load. */
export const cacheModules = `
LoadModule cache_module @MODULES@/mod_cache.so
LoadModule cache_disk_module @MODULES@/mod_cache_disk.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
LoadModule filter_module @MODULES@/mod_filter.so
LoadModule deflate_module @MODULES@/mod_deflate.so
CacheRoot "@RUN@/cache"
CacheHeader On
CacheDetailHeader On
`;

const configuration = `${daemonGroup}${cacheModules}
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
  AllowOverride All
</Directory>
WSGIScriptAlias /app "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /off "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /small "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /expired "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /unmarked "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /own "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /secret "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /fails "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /packed "@ROOT@/apps/app.wsgi"
WSGIScriptAlias /document "@ROOT@/apps/app.wsgi"
CacheEnable disk /
CacheDisable /off
CacheDisable /static/off
CacheIgnoreHeaders Set-Cookie X-Hidden
CacheIgnoreURLSessionIdentifiers sid jsessionid
SetEnvIf X-No-Cache . no-cache
<Location /small>
  CacheMaxFileSize 40
  CacheMinFileSize 12
</Location>
<Location /expired>
  CacheStoreExpired On
</Location>
<Location /unmarked>
  CacheIgnoreNoLastMod On
  CacheDefaultExpire 100
</Location>
<Location /own>
  CacheStorePrivate On
  CacheStoreNoStore On
</Location>
<Location /secret>
  Require all denied
</Location>
<Location /fails>
  CacheStaleOnError Off
</Location>
<Location /packed>
  SetOutputFilter DEFLATE
</Location>
<Location /document>
  ErrorDocument 503 /static/sorry.txt
</Location>
<Location /static/headed>
  Header set X-One 1
  Header always set X-Two 2
  Header append Vary Accept
</Location>
<Location /static/located>
  CacheDisable On
</Location>
Redirect permanent /moved http://elsewhere.test/
Redirect 410 /gone
ErrorDocument 404 "nothing here"
LogFormat "%r: hit=%{cache-hit}e miss=%{cache-miss}e again=%{cache-revalidate}e changed=%{cache-invalidate}e status=%{cache-status}e %>s" outcome
CustomLog "@RUN@/outcome.log" outcome
`;

/** A name and requests. */
export type Row = readonly [name: string, ...requests: (readonly [target: string, ...headers: string[]])[]];

const request = (method: string, target: string, headers: readonly string[], body = ""): string =>
  `${[`${method} ${target} HTTP/1.1`, "Host: www.test", ...headers].join("\r\n")}\r\n${body ? `Content-Length: ${body.length}\r\n` : ""}\r\n${body}`;

/** Requests one after another, each on a connection of its own; "HEAD /path" for another method. */
export function sequence([name, ...requests]: Row, more: Partial<Case> = {}): Case {
  const [first, ...further] = requests.map(([target, ...headers]) => {
    const [method = "", path] = target.includes(" ") ? target.split(" ", 2) : ["GET", target];
    return request(method, path ?? "", headers, method === "POST" || method === "PUT" ? "x" : "");
  });
  return { name, raw: first ?? "", next: further.map((each) => () => each), ...more };
}

const fresh = "X-Say: Cache-Control=max-age=100";
const tagged = 'X-Say: Cache-Control=max-age=100|ETag="a"';
const stale = 'X-Say: Cache-Control=max-age=0|ETag="a"';
const modified = "Wed, 01 May 2024 12:00:00 GMT";

const rows: readonly Row[] = [
  ["a static file, twice", ["/static/a.txt"], ["/static/a.txt"]],
  ["a static file by HEAD, then by GET", ["HEAD /static/h.txt"], ["/static/h.txt"], ["HEAD /static/h.txt"]],
  ["GET, then HEAD", ["/static/g.txt"], ["HEAD /static/g.txt"]],
  [
    "ranges of what is kept",
    ["/static/s.txt"],
    ["/static/s.txt", "Range: bytes=2-4"],
    ["/static/s.txt", "Range: bytes=-2"],
  ],
  ["a range beyond what is kept", ["/static/t.txt"], ["/static/t.txt", "Range: bytes=900-"]],
  ["If-Range that holds", ["/static/u.txt"], ["/static/u.txt", `If-Range: ${modified}`, "Range: bytes=0-1"]],
  ["If-Range that does not", ["/static/v.txt"], ["/static/v.txt", 'If-Range: "x"', "Range: bytes=0-1"]],
  ["If-Modified-Since of what is kept", ["/static/w.txt"], ["/static/w.txt", `If-Modified-Since: ${modified}`]],
  ["If-None-Match with another tag", ["/static/x.txt"], ["/static/x.txt", 'If-None-Match: "other"']],
  ["If-Match that fails", ["/static/y.txt"], ["/static/y.txt", 'If-Match: "other"']],
  ["If-None-Match: *", ["/static/z.txt"], ["/static/z.txt", "If-None-Match: *"]],
  ["fields that filters have set", ["/static/headed/a.txt", "Accept: a/b"], ["/static/headed/a.txt", "Accept: a/b"]],
  ["a file that is not there", ["/static/none"], ["/static/none"]],
  ["a redirect of the server", ["/moved/a"], ["/moved/a"]],
  ["a status of the server", ["/gone/a"], ["/gone/a"]],
  ["a directory without a slash", ["/static"], ["/static"]],
  ["a directory", ["/static/"], ["/static/"]],
  ["below CacheDisable", ["/static/off/a.txt"], ["/static/off/a.txt"]],
  ["an application below CacheDisable", ["/off/a", fresh], ["/off/a", fresh]],
  ["what an application calls fresh", ["/app/1", fresh], ["/app/1"]],
  ["s-maxage before max-age", ["/app/2", "X-Say: Cache-Control=s-maxage=0, max-age=100"], ["/app/2", fresh]],
  ["Expires in the future", ["/app/3", "X-Say: Expires=Wed, 01 May 2097 12:00:00 GMT"], ["/app/3"]],
  ["Expires in the past", ["/app/4", "X-Say: Expires=Wed, 01 May 2024 12:00:00 GMT"], ["/app/4"]],
  ["Expires that is none", ["/app/5", "X-Say: Expires=0"], ["/app/5"]],
  ["an old Last-Modified", ["/app/6", `X-Say: Last-Modified=${modified}`], ["/app/6"]],
  ["an ETag alone", ["/app/7", 'X-Say: ETag="a"'], ["/app/7"]],
  ["nothing to go by", ["/app/8"], ["/app/8"]],
  ["no-store", ["/app/9", "X-Say: Cache-Control=no-store, max-age=100"], ["/app/9", fresh]],
  ["private", ["/app/10", "X-Say: Cache-Control=private, max-age=100"], ["/app/10", fresh]],
  ["private with a field", ["/app/11", 'X-Say: Cache-Control=private="X-A", max-age=100|X-A=1|X-B=2'], ["/app/11"]],
  [
    "no-cache",
    ["/app/12", 'X-Say: Cache-Control=no-cache|ETag="a"'],
    ["/app/12", 'X-Say: Cache-Control=no-cache|ETag="a"'],
  ],
  ["no-cache with a field", ["/app/13", 'X-Say: Cache-Control=no-cache="X-A", max-age=100|X-A=1'], ["/app/13"]],
  ["must-revalidate at once", ["/app/14", "X-Say: Cache-Control=max-age=0, must-revalidate"], ["/app/14"]],
  ["Pragma of a response", ["/app/15", 'X-Say: Pragma=no-cache|ETag="a"'], ["/app/15", 'X-Say: ETag="a"']],
  [
    "Vary",
    ["/app/16", "X-Say: Vary=X-V|Cache-Control=max-age=100", "X-V: 1"],
    ["/app/16", fresh, "X-V: 2"],
    ["/app/16", "X-V: 1"],
  ],
  [
    "Vary by two fields",
    ["/app/17", "X-Say: Vary=X-W, X-V|Cache-Control=max-age=100", "X-V: 1"],
    ["/app/17", "X-V: 1"],
    ["/app/17", fresh, "X-V: 1", "X-W: 1"],
  ],
  ["Vary: *", ["/app/18", "X-Say: Vary=*|Cache-Control=max-age=100"], ["/app/18", fresh]],
  ["a stale one that is still good", ["/app/19", stale], ["/app/19", stale], ["/app/19", tagged], ["/app/19"]],
  [
    "a stale one that has changed",
    ["/app/20", stale],
    ["/app/20", 'X-Say: Cache-Control=max-age=100|ETag="b"'],
    ["/app/20"],
  ],
  ["fields of a 304", ["/app/21", `${stale}|X-A=1|X-B=1`], ["/app/21", `${tagged}|X-A=2`], ["/app/21"]],
  ["a 304 to the client after asking", ["/app/22", stale], ["/app/22", stale, 'If-None-Match: "a"']],
  ["a range after asking", ["/app/23", stale], ["/app/23", stale, "Range: bytes=0-1"]],
  [
    "a 304 that contradicts itself",
    ["/app/24", `${stale}|Content-Language=de`],
    ["/app/24", `${stale}|Content-Language=fr`],
  ],
  ["a stale one, and an error", ["/app/25", stale], ["/app/25", "X-Status: 503 Busy"], ["/app/25", tagged]],
  ["a stale one, and 404", ["/app/26", stale], ["/app/26", "X-Status: 404 Gone"], ["/app/26", tagged]],
  [
    "must-revalidate, and an error",
    ["/app/27", 'X-Say: Cache-Control=max-age=0, must-revalidate|ETag="a"'],
    ["/app/27", "X-Status: 503 Busy"],
  ],
  ["CacheStaleOnError Off", ["/fails/1", stale], ["/fails/1", "X-Status: 503 Busy"], ["/fails/1", tagged]],
  [
    "an ErrorDocument, and an error",
    ["/document/1", stale],
    ["/document/1", "X-Status: 503 Busy"],
    ["/document/1", tagged],
  ],
  ["no-cache of a request", ["/app/28", fresh], ["/app/28", fresh, "Cache-Control: no-cache"], ["/app/28"]],
  ["Pragma of a request", ["/app/29", fresh], ["/app/29", fresh, "Pragma: no-cache"], ["/app/29"]],
  ["no-store of a request", ["/app/30", fresh], ["/app/30", "Cache-Control: no-store"], ["/app/30"]],
  ["max-age=0 of a request", ["/app/31", tagged], ["/app/31", tagged, "Cache-Control: max-age=0"]],
  [
    "min-fresh of a request",
    ["/app/32", tagged],
    ["/app/32", "Cache-Control: min-fresh=50"],
    ["/app/32", tagged, "Cache-Control: min-fresh=200"],
  ],
  [
    "max-stale of a request",
    ["/app/33", stale],
    ["/app/33", "Cache-Control: max-stale"],
    ["/app/33", "Cache-Control: max-stale=100"],
  ],
  [
    "only-if-cached",
    ["/app/34", "Cache-Control: only-if-cached"],
    ["/app/34", fresh],
    ["/app/34", "Cache-Control: only-if-cached"],
  ],
  ["only-if-cached, and a stale one", ["/app/35", stale], ["/app/35", "Cache-Control: only-if-cached"]],
  [
    "an Authorization field",
    ["/app/36", fresh, "Authorization: Basic YTpi"],
    ["/app/36", fresh],
    ["/app/36", "Authorization: Basic YTpi"],
  ],
  [
    "Authorization and public",
    ["/app/37", "X-Say: Cache-Control=public, max-age=9", "Authorization: Basic YTpi"],
    ["/app/37"],
  ],
  ["a query without a word of time", ["/app/38?a", 'X-Say: ETag="a"'], ["/app/38?a"]],
  ["a query with one", ["/app/39?a", fresh], ["/app/39?a"], ["/app/39?b", fresh], ["/app/39", fresh]],
  ["session identifiers", ["/app/40?x=1&sid=2", fresh], ["/app/40?x=1&sid=3"], ["/app/40?sid=4&x=1"], ["/app/40?x=1"]],
  ["a session identifier in the path", ["/app/41;jsessionid=1?x", fresh], ["/app/41;jsessionid=2?x"], ["/app/41?x"]],
  ["POST, and what was kept", ["/app/42", tagged], ["POST /app/42", fresh], ["/app/42", tagged], ["/app/42"]],
  ["PUT that fails", ["/app/43", fresh], ["PUT /app/43", "X-Status: 404 Missing"], ["/app/43"]],
  ["DELETE", ["/app/44", tagged], ["DELETE /app/44"], ["/app/44", tagged]],
  ["OPTIONS and PATCH", ["OPTIONS /app/45", fresh], ["/app/45", fresh], ["PATCH /app/45", fresh], ["/app/45"]],
  ["a status of 301", ["/app/46", "X-Status: 301 Moved", "X-Say: Location=/x"], ["/app/46"]],
  ["a status of 302", ["/app/47", "X-Status: 302 Found", "X-Say: Location=/x"], ["/app/47", fresh]],
  [
    "a status of 302 with max-age",
    ["/app/48", "X-Status: 302 Found", "X-Say: Location=/x|Cache-Control=max-age=100"],
    ["/app/48"],
  ],
  ["a status of 404 with max-age", ["/app/49", "X-Status: 404 Missing", fresh], ["/app/49"]],
  ["a status of 204", ["/app/50", "X-Status: 204 No Content", fresh], ["/app/50", fresh]],
  [
    "a status of 206",
    ["/app/51", "X-Status: 206 Partial Content", "X-Say: Content-Range=bytes 0-1/9|Cache-Control=max-age=100"],
    ["/app/51", fresh],
  ],
  ["fields that are not kept", ["/app/52", `${fresh}|Set-Cookie=a=b|X-Hidden=1|X-Shown=1`], ["/app/52"]],
  ["an Age of before", ["/app/53", `${fresh}|Age=50`], ["/app/53"], ["/app/53", fresh, "Cache-Control: max-age=20"]],
  [
    "a Warning of before",
    ["/app/54", `${stale}|Warning=199 - "x"`],
    ["/app/54", "Cache-Control: max-stale"],
    ["/app/54", tagged],
  ],
  ["an environment variable", ["/app/55", fresh, "X-No-Cache: 1"], ["/app/55", fresh]],
  ["Content-Length", ["/app/56", fresh, "X-Sized: 1"], ["/app/56"]],
  ["a body that is too long", ["/small/1", fresh, `X-Body: ${"long ".repeat(20)}`], ["/small/1", fresh]],
  [
    "a body that is too long, by its length",
    ["/small/2", fresh, "X-Sized: 1", `X-Body: ${"long ".repeat(20)}`],
    ["/small/2", fresh],
  ],
  ["a body within the limits", ["/small/4", fresh], ["/small/4"]],
  [
    "CacheStoreExpired",
    ["/expired/1", 'X-Say: ETag="a"|Expires=Wed, 01 May 2024 12:00:00 GMT'],
    ["/expired/1", 'X-Say: ETag="a"'],
  ],
  ["CacheIgnoreNoLastMod", ["/unmarked/1"], ["/unmarked/1"]],
  [
    "CacheStorePrivate and CacheStoreNoStore",
    ["/own/1", "X-Say: Cache-Control=private, max-age=10"],
    ["/own/1"],
    ["/own/2", "X-Say: Cache-Control=no-store, max-age=10"],
    ["/own/2"],
  ],
  ["what may not be had", ["/secret/1", fresh], ["/secret/1", fresh]],
  [
    "compressed, and not",
    ["/packed/1", `${fresh}|Vary=Accept-Encoding`, "Accept-Encoding: gzip", `X-Body: ${"long ".repeat(50)}`],
    ["/packed/1", "Accept-Encoding: gzip"],
    ["/packed/1", fresh, `X-Body: ${"long ".repeat(50)}`],
    ["/packed/1"],
  ],
  ["names of hosts", ["/app/57", fresh], ["http://www.test/app/57", fresh]],
  ["an encoded path", ["/app/%35%38", fresh], ["/app/58", fresh], ["/app/%35%38"]],
];

const names = "a b g h r s t u v w x y z".split(" ");

/** A mask: the seconds since a response was kept. */
export const masks: NonNullable<Suite["masks"]> = [
  [/^Age: [0-3]$/gm, "Age: FEW"],
  [/^Age: 5[0-3]$/gm, "Age: 50 AND FEW"],
];

export const cacheFiles: Suite["files"] = {
  "apache/cache": { folder: true, mode: 0o777 },
  "modhost/cache": { folder: true, mode: 0o777 },
  "apps/app.wsgi": cachingApplication,
};

export const suite: Suite = {
  name: "CacheEnable",
  configuration,
  masks,
  files: {
    ...cacheFiles,
    ...Object.fromEntries(
      names.map((name) => [`htdocs/static/${name}.txt`, { text: `file ${name} of the tests`, mtime: fileTime }]),
    ),
    "htdocs/static/headed/a.txt": "with fields",
    "htdocs/static/off/a.txt": "not kept",
    "htdocs/static/located/a.txt": "not kept",
    "htdocs/static/index.html": "<p>index",
    "htdocs/static/sorry.txt": "sorry",
    "htdocs/front/.htaccess":
      "RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule . /app/front [PT,L]\n",
  },
  cases: [
    ...rows.map((row) => sequence(row)),
    sequence(
      [
        "variables in the log",
        ["/app/90", stale],
        ["/app/90", stale],
        ["/app/90", tagged],
        ["/app/90"],
        ["POST /app/90"],
        ["/none"],
      ],
      {
        logs: ["outcome.log"],
      },
    ),
    sequence(["a front controller", ["/front/one", fresh], ["/front/two", fresh], ["/front/one"]], {
      differs: "Apache gives all pages of a front controller the first one that was kept",
    }),
    sequence(["a range at first", ["/static/r.txt", "Range: bytes=0-3"], ["/static/r.txt"]], {
      differs: "Apache sends all of it while it stores it, a range afterwards",
    }),
    sequence(["CacheDisable in a Location", ["/static/located/a.txt"], ["/static/located/a.txt"]], {
      differs: "Apache does not see it with CacheQuickHandler On",
    }),
  ],
};
