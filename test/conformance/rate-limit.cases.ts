// The filter RATE_LIMIT: what arrives, not when.
import { daemonGroup } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
LoadModule ratelimit_module @MODULES@/mod_ratelimit.so
LoadModule deflate_module @MODULES@/mod_deflate.so
LoadModule filter_module @MODULES@/mod_filter.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
DocumentRoot "@ROOT@/htdocs"
<Location /slow>
  SetOutputFilter RATE_LIMIT
  SetEnv rate-limit 100
</Location>
<Location /burst>
  SetOutputFilter RATE_LIMIT
  SetEnv rate-limit 4
  SetEnv rate-initial-burst 64
</Location>
<Location /packed>
  SetOutputFilter DEFLATE;RATE_LIMIT
  SetEnv rate-limit 100
</Location>
<Location /turned>
  SetOutputFilter RATE_LIMIT;DEFLATE
  SetEnv rate-limit 100
</Location>
<Location /without>
  SetOutputFilter RATE_LIMIT
</Location>
<Location /zero>
  SetOutputFilter RATE_LIMIT
  SetEnv rate-limit 0
</Location>
<Location /word>
  SetOutputFilter RATE_LIMIT
  SetEnv rate-limit fast
</Location>
<Location /bad-burst>
  SetOutputFilter RATE_LIMIT
  SetEnv rate-limit 100
  SetEnv rate-initial-burst none
</Location>
<Location /by-browser>
  SetOutputFilter RATE_LIMIT
</Location>
SetEnvIf User-Agent greedy rate-limit=100
ErrorDocument 404 /error.txt
WSGIScriptAlias /app "@ROOT@/app.wsgi"
<Location /app>
  SetOutputFilter RATE_LIMIT
  SetEnv rate-limit 100
</Location>
`;

const long = "0123456789abcdef".repeat(1536);
const folders = ["slow", "burst", "packed", "turned", "without", "zero", "word", "bad-burst", "by-browser"];
const gzip = ["Accept-Encoding: gzip"];

const rows: readonly (readonly [name: string, target: string, more?: Partial<Case>])[] = [
  ["passes a short file", "/slow/short.txt"],
  ["passes a long file", "/slow/long.txt"],
  ["passes an empty file", "/slow/empty.txt"],
  ["passes a burst", "/burst/long.txt"],
  ["passes one range", "/slow/long.txt", { headers: ["Range: bytes=10-20000"] }],
  ["passes several ranges", "/slow/long.txt", { headers: ["Range: bytes=0-9000,10000-10009"] }],
  ["passes the end", "/slow/long.txt", { headers: ["Range: bytes=-9"] }],
  ["passes a range that cannot be", "/slow/long.txt", { headers: ["Range: bytes=99999-"] }],
  ["passes HEAD", "/slow/long.txt", { method: "HEAD" }],
  ["passes 304", "/slow/long.txt", { headers: ["If-None-Match: *"] }],
  ["passes an error page", "/slow/missing"],
  ["passes a packed file", "/packed/long.txt", { headers: gzip }],
  ["stands behind DEFLATE, however named", "/turned/long.txt", { headers: gzip }],
  ["passes a file that is not packed", "/packed/long.txt"],
  ["does nothing without a rate", "/without/long.txt"],
  ["does nothing with a rate of 0", "/zero/long.txt"],
  ["does nothing with a word for a rate", "/word/long.txt"],
  ["takes a word for no burst", "/bad-burst/long.txt"],
  ["takes its rate from SetEnvIf", "/by-browser/long.txt", { headers: ["User-Agent: greedy"] }],
  ["passes an application", "/app"],
  [
    "keeps the connection",
    "/slow/long.txt",
    {
      raw: ["GET /slow/long.txt HTTP/1.1\r\nHost: x\r\n\r\n", "GET /slow/short.txt HTTP/1.1\r\nHost: x\r\n\r\n"],
      answers: ["GET", "GET"],
    },
  ],
  ["closes after HTTP/1.0", "", { raw: "GET /slow/long.txt HTTP/1.0\r\n\r\n" }],
];

export const suite: Suite = {
  name: "the rate limit",
  configuration,
  files: Object.fromEntries([
    [
      "app.wsgi",
      `
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x" * 9000, b"y" * 9000]
`,
    ],
    ["htdocs/error.txt", "error\n"],
    ...folders.flatMap((folder) => [
      [`htdocs/${folder}/long.txt`, long],
      [`htdocs/${folder}/short.txt`, "short\n"],
      [`htdocs/${folder}/empty.txt`, ""],
    ]),
  ]) as Record<string, string>,
  cases: rows.map(([name, target, more]): Case => ({ name, target, ...more })),
};
