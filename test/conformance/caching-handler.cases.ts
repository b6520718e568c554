// The cache in the place of a handler, between filters, behind access checks; in shared memory; in front of a back end.
import { cacheFiles, cacheModules, masks, sequence, type Row } from "./caching.cases.js";
import { daemonGroup } from "./dump-application.js";
import type { Suite } from "./harness.js";

const application = (...paths: readonly string[]): string =>
  paths.map((path) => `WSGIScriptAlias ${path} "@ROOT@/apps/app.wsgi"`).join("\n");

const handled = `${daemonGroup}${cacheModules}
LoadModule include_module @MODULES@/mod_include.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
CacheQuickHandler Off
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
  AllowOverride All
</Directory>
${application("/app", "/located", "/closed", "/not", "/packed", "/before", "/plain")}
CacheEnable disk /app
CacheEnable disk /not
CacheEnable disk /static
CacheEnable disk /closed
CacheEnable disk /users
<Location /located>
  CacheEnable disk
</Location>
<Location /not>
  CacheDisable on
</Location>
<Location /closed>
  SetEnvIf X-Pass "^open$" pass
  Require env pass
</Location>
<Location /packed>
  CacheEnable disk
  SetOutputFilter DEFLATE
</Location>
<Location /static/pages>
  Options +Includes
  SetOutputFilter CACHE;INCLUDES
</Location>
<Location /static/made>
  Options +Includes
  SetOutputFilter INCLUDES;CACHE
  CacheIgnoreNoLastMod On
</Location>
<Location /static/whole>
  Options +Includes
  SetOutputFilter INCLUDES
  CacheDisable on
</Location>
<Location /users>
  AuthType Basic
  AuthName Users
  AuthUserFile "@ROOT@/conf/users"
  Require valid-user
</Location>
RewriteEngine On
RewriteRule ^/app/old/(.*)$ /app/new/$1 [PT]
<Location /static/headed>
  Header always set X-Two 2
  Header set X-One 1
</Location>
`;

const fresh = "X-Say: Cache-Control=max-age=100";
const tagged = 'X-Say: Cache-Control=max-age=100|ETag="a"';
const stale = 'X-Say: Cache-Control=max-age=0|ETag="a"';
const user = "Authorization: Basic YTpi";

const handledRows: readonly Row[] = [
  ["a static file, twice", ["/static/a.txt"], ["/static/a.txt"], ["HEAD /static/a.txt"]],
  ["a condition", ["/static/b.txt"], ["/static/b.txt", "If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"]],
  ["a range of what is kept", ["/static/c.txt"], ["/static/c.txt", "Range: bytes=0-1"]],
  ["an application", ["/app/1", fresh], ["/app/1"]],
  ["a path that was rewritten", ["/app/old/1", fresh], ["/app/new/1"], ["/app/old/1"]],
  ["an encoded path", ["/app/%32", fresh], ["/app/2"]],
  ["CacheEnable in a Location", ["/located/1", fresh], ["/located/1"]],
  ["CacheDisable in a Location", ["/not/1", fresh], ["/not/1", fresh]],
  ["no line at all", ["/plain/1", fresh], ["/plain/1", fresh]],
  ["what some may have", ["/closed/1", fresh, "X-Pass: open"], ["/closed/1"], ["/closed/1", "X-Pass: open"]],
  ["what users may have", ["/users/a.txt", user], ["/users/a.txt"], ["/users/a.txt", user]],
  ["a stale one that is still good", ["/app/3", stale], ["/app/3", tagged], ["/app/3"]],
  ["a stale one, and an error", ["/app/4", stale], ["/app/4", "X-Status: 503 Busy"], ["/app/4", tagged]],
  ["only-if-cached", ["/app/5", "Cache-Control: only-if-cached"], ["/app/5", fresh]],
  ["POST", ["/app/6", fresh], ["POST /app/6"], ["/app/6", fresh]],
  [
    "compressed",
    ["/packed/1", fresh, "Accept-Encoding: gzip", `X-Body: ${"long ".repeat(50)}`],
    ["/packed/1", "Accept-Encoding: gzip"],
    ["/packed/1", fresh, `X-Body: ${"long ".repeat(50)}`],
  ],
  ["behind the includes", ["/static/made/a.html", "X-V: 1"], ["/static/made/a.html", "X-V: 2"]],
  ["fields that filters have set", ["/static/headed/a.txt"], ["/static/headed/a.txt"]],
  [
    "a page of parts that are kept",
    ["/static/whole/a.shtml", "X-V: 1", "X-Say: Cache-Control=max-age=100"],
    ["/static/whole/a.shtml", "X-V: 2"],
    ["/app/part", "X-V: 3"],
    ["/static/whole/part.txt"],
  ],
  [
    "a page of parts that are stale",
    ["/static/whole/b.shtml", stale],
    ["/static/whole/b.shtml", tagged],
    ["/static/whole/b.shtml", tagged, 'If-None-Match: "a"'],
  ],
  [
    "POST with Content-Location",
    ["/app/8", fresh],
    ["POST /app/7", "X-Say: Content-Location=http://elsewhere.test/app/8"],
    ["/app/8"],
  ],
  ["a directory", ["/static/"], ["/static/"], ["/static/index.html"]],
  ["a file that is not there", ["/static/none"], ["/static/none"]],
];

/** Changes that name what else they have changed; Apache looks only where the request line has a whole URL. */
const named = ["Location", "Content-Location"].flatMap((field, index) =>
  ["/app/", "http://www.test/app/"].map((base, number) => {
    const target = `/app/named${index}${number}`;
    const say = `X-Say: ${field}=http://www.test${target}`;
    const name = `POST to ${base} with ${field} of the same host`;
    const status = "X-Status: 201 Created";
    return sequence([name, [target, fresh], [`POST ${base}x`, say, status], [target, fresh]], {
      ...(number === 0
        ? { differs: "RFC 9111, 4.4: what the answer names is not fresh any more, however it was asked" }
        : {}),
    });
  }),
);

const page = '<p><!--#echo var="HTTP_X_V" -->';

export const suite: Suite = {
  name: "CacheQuickHandler Off",
  configuration: handled,
  masks,
  files: {
    ...cacheFiles,
    "conf/users": "a:{SHA}6dcXfufJLW3J6S/9rRe4vUlBj5g=\n",
    "htdocs/static/a.txt": "file a of the tests",
    "htdocs/static/b.txt": "file b of the tests",
    "htdocs/static/c.txt": "file c of the tests",
    "htdocs/static/index.html": "<p>index",
    "htdocs/static/headed/a.txt": "with fields",
    "htdocs/static/pages/a.html": page,
    "htdocs/static/made/a.html": page,
    "htdocs/users/a.txt": "for users",
    "htdocs/static/whole/a.shtml": '<!--#include virtual="/app/part" --> <!--#include virtual="part.txt" -->',
    "htdocs/static/whole/b.shtml": '<!--#include virtual="/app/stale" -->',
    "htdocs/static/whole/part.txt": "a part\n",
  },
  cases: [
    ...handledRows.map((row) => sequence(row)),
    ...named,
    sequence(["in front of the includes", ["/static/pages/a.html", "X-V: 1"], ["/static/pages/a.html", "X-V: 2"]]),
  ],
};

const shared = `LoadModule socache_shmcb_module @MODULES@/mod_socache_shmcb.so
${daemonGroup}${cacheModules
  .replace("cache_disk_module", "cache_socache_module")
  .replace("mod_cache_disk", "mod_cache_socache")
  .replace(/CacheRoot.*/, "CacheSocache shmcb:@RUN@/shared(1048576)")}
${application("/app", "/small")}
CacheEnable socache /
CacheSocacheMaxSize 2000
<Location /small>
  CacheSocacheMaxSize 1024
</Location>
`;

const sharedRows: readonly Row[] = [
  ["a length that does not show", ["/app/0", fresh], ["/app/0", fresh]],
  ["an application", ["/app/1", "X-Sized: 1", fresh], ["/app/1"], ["HEAD /app/1"]],
  ["a range", ["/app/2", "X-Sized: 1", fresh], ["/app/2", "Range: bytes=0-1"]],
  [
    "a stale one that has changed",
    ["/app/4", "X-Sized: 1", stale],
    ["/app/4", "X-Sized: 1", 'X-Say: Cache-Control=max-age=100|ETag="b"'],
    ["/app/4"],
  ],
  [
    "Vary",
    ["/app/5", "X-Sized: 1", "X-Say: Vary=X-V|Cache-Control=max-age=100", "X-V: 1"],
    ["/app/5", "X-Sized: 1", fresh, "X-V: 2"],
    ["/app/5", "X-Sized: 1", "X-V: 1"],
  ],
  [
    "a body that is too long",
    ["/app/6", "X-Sized: 1", fresh, `X-Body: ${"long ".repeat(450)}`],
    ["/app/6", "X-Sized: 1", fresh],
  ],
  [
    "fields that are too long",
    ["/small/1", "X-Sized: 1", `${fresh}|X-Long=${"long ".repeat(240)}x`],
    ["/small/1", "X-Sized: 1", fresh],
  ],
  ["a stale one, and an error", ["/app/7", "X-Sized: 1", stale], ["/app/7", "X-Sized: 1", "X-Status: 503 Busy"]],
  ["a condition of the client", ["/app/8", "X-Sized: 1", tagged], ["/app/8", 'If-None-Match: "a"']],
  ["another tag", ["/app/9", "X-Sized: 1", tagged], ["/app/9", 'If-None-Match: "b"']],
  ["a query", ["/app/10?a", "X-Sized: 1", fresh], ["/app/10?a"], ["/app/10?b", "X-Sized: 1"]],
  ["HEAD at first", ["HEAD /app/11", "X-Sized: 1", fresh], ["/app/11", "X-Sized: 1", fresh], ["/app/11"]],
  [
    "a client that wants it anew",
    ["/app/12", "X-Sized: 1", fresh],
    ["/app/12", "X-Sized: 1", "Cache-Control: no-cache"],
  ],
  ["POST between", ["/app/13", "X-Sized: 1", fresh], ["POST /app/13", "X-Sized: 1"], ["/app/13", "X-Sized: 1", fresh]],
  ["what may not be kept", ["/app/14", "X-Sized: 1", "X-Say: Cache-Control=no-store"], ["/app/14", "X-Sized: 1"]],
  ["a status that is kept", ["/app/15", "X-Sized: 1", "X-Status: 410 Gone", fresh], ["/app/15"]],
  ["a status that is not", ["/app/16", "X-Sized: 1", "X-Status: 500 Broken", fresh], ["/app/16", "X-Sized: 1", fresh]],
];

const passed = `${daemonGroup}${cacheModules}
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
Listen 127.0.0.1:@PORT2@
<VirtualHost *:@PORT@>
  ServerName front.test
  CacheEnable disk /
  CacheKeyBaseURL http://www.test:80/
  CacheIgnoreQueryString On
  ProxyPass /app http://127.0.0.1:@PORT2@/app
  ProxyPass /lost http://127.0.0.1:@PORT3@/
  CacheStaleOnError On
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName back.test
  ${application("/app")}
</VirtualHost>
`;

const passedRows: readonly Row[] = [
  ["a response of a back end", ["/app/1", fresh], ["/app/1"], ["HEAD /app/1"]],
  ["a range of it", ["/app/2", fresh], ["/app/2", "Range: bytes=0-1"]],
  ["a stale one that is still good", ["/app/3", stale], ["/app/3", stale], ["/app/3", tagged], ["/app/3"]],
  [
    "a stale one that has changed",
    ["/app/4", stale],
    ["/app/4", 'X-Say: Cache-Control=max-age=100|ETag="b"'],
    ["/app/4"],
  ],
  ["a stale one, and an error", ["/app/5", stale], ["/app/5", "X-Status: 503 Busy"], ["/app/5", tagged]],
  [
    "a condition of the client",
    ["/app/6", tagged],
    ["/app/6", 'If-None-Match: "a"'],
    ["/app/6", tagged, 'If-None-Match: "b"'],
  ],
  ["a query that does not matter", ["/app/7?a", fresh], ["/app/7?b"], ["/app/7"]],
  ["a status of the back end", ["/app/8", "X-Status: 404 Missing", fresh], ["/app/8"]],
  ["a range at first", ["/app/9", fresh, "Range: bytes=0-1"], ["/app/9"]],
  ["a back end that is not there", ["/lost/1"], ["/lost/1"]],
  ["POST", ["/app/10", fresh], ["POST /app/10"], ["/app/10", fresh]],
];

export const further: readonly Suite[] = [
  {
    name: "CacheEnable socache",
    configuration: shared,
    masks,
    files: cacheFiles,
    cases: [
      ...sharedRows.map((row) => sequence(row)),
      sequence(
        [
          "a stale one that is still good",
          ["/app/3", "X-Sized: 1", stale],
          ["/app/3", "X-Sized: 1", tagged],
          ["/app/3"],
        ],
        { differs: "Apache loses the body when it renews the fields, and gives an empty one from then on" },
      ),
    ],
  },
  {
    name: "CacheEnable in front of a back end",
    configuration: passed,
    masks,
    files: cacheFiles,
    cases: passedRows.map((row) => sequence(row)),
  },
];
