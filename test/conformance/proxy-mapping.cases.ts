// ProxyPass and ProxyPassReverse in all their forms: which URL the back end is asked for, and what of its answer the client gets.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const back = "http://127.0.0.1:@PORT2@";

const configuration = `${daemonGroup}
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
AllowEncodedSlashes NoDecode
ProxyPass /main/ ${back}/app/main/
<VirtualHost *:@PORT@>
  ServerName front.test
  ServerAlias *
  AllowEncodedSlashes NoDecode
  # The order of lines.
  ProxyPass /first ${back}/app/one
  ProxyPass /first/deep ${back}/app/two
  ProxyPass /second/deep ${back}/app/two
  ProxyPass /second ${back}/app/one
  ProxyPass /kept/out !
  ProxyPass /kept ${back}/app/kept
  ProxyPass /late ${back}/app/late
  ProxyPass /late/out !
  ProxyPass /main/own ${back}/app/own
  ProxyPassMatch ^/out/.*\\.gif$ !
  ProxyPass /out ${back}/app/out
  # Slashes.
  ProxyPass /slash/ ${back}/app/slash/
  ProxyPass /bare ${back}/app/bare
  ProxyPass /file/ ${back}/app/file
  ProxyPass /raw ${back}/app/raw nocanon
  ProxyPass /plain ${back}/app/plain
  ProxyPass /query ${back}/app/query noquery
  ProxyPass /i/ ${back}/app/\${WHERE}/ interpolate
  ProxyPass "/a b" "${back}/app/a%20b"
  # Expressions.
  ProxyPassMatch ^/number/([0-9]+)$ ${back}/app/n/$1
  ProxyPassMatch ^/pair/([^/]*)/([^/]*)$ ${back}/app/p/$2/$1
  ProxyPassMatch ^/whole ${back}/app
  ProxyPassMatch ^(/app/all/.*)$ ${back}$1
  ProxyPassMatch ^/none/(x)? ${back}/app/none/[$1]
  <LocationMatch ^/area/(\\w+)>
    ProxyPassMatch ${back}/app/area/$1
  </LocationMatch>
  <Location /place>
    ProxyPass ${back}/app/place
    ProxyPassReverse ${back}/
  </Location>
  <Location /place/out>
    ProxyPass !
  </Location>
  # Fields.
  ProxyPass /via ${back}/app/via
  <Location /host>
    ProxyPreserveHost On
    ProxyPass ${back}/app/host
  </Location>
  <Location /quiet>
    ProxyAddHeaders Off
    ProxyPass ${back}/app/quiet
  </Location>
  <Location /set>
    RequestHeader set X-Set "by the front"
    RequestHeader unset X-Unset
    Header set X-Answer "by the front"
    ProxyPass ${back}/app/set
  </Location>
  # Answers.
  ProxyPassInterpolateEnv On
  SetEnvIf X-Where "(.+)" WHERE=$1
  ProxyPass /r/ ${back}/r/
  ProxyPassReverse /r/ ${back}/r/
  ProxyPassReverse /special/ ${back}/r/special/
  ProxyPassReverse /other/ http://other.test/in/
  ProxyPassReverse /byname/ http://back.test/
  ProxyPassReverse /i/ ${back}/\${WHERE}/ interpolate
  ProxyPassReverseCookieDomain back.test front.test
  ProxyPassReverseCookieDomain .dot.test front.test
  ProxyPassReverseCookieDomain "\${WHERE}.test" there.test interpolate
  ProxyPassReverseCookiePath /r /outside
  ProxyPassReverseCookiePath / /all/
  <Location /errors>
    ProxyPass ${back}/status
    ProxyErrorOverride On 404 503
    ErrorDocument 404 "not found, says the front"
    ErrorDocument 503 "away, says the front"
  </Location>
  <Location /allerrors>
    ProxyPass ${back}/status
    ProxyErrorOverride On
    ErrorDocument 500 "failed, says the front"
  </Location>
  <Location /noerrors>
    ProxyPass ${back}/status
    ProxyErrorOverride Off
    ErrorDocument 404 "not to be seen"
  </Location>
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName back.test
  AllowEncodedSlashes NoDecode
  ProxyPassInherit Off
  WSGIScriptAlias /app "@ROOT@/apps/dump.wsgi"
  RewriteEngine On
  RewriteRule ^/status/404$ - [R=404,L]
  RewriteRule ^/status/410$ - [R=410,L]
  RewriteRule ^/status/500$ - [R=500,L]
  RewriteRule ^/status/503$ - [R=503,L]
  Alias /r "@ROOT@/htdocs"
  <Location /r/redirects>
    Header set Location "expr=%{req:X-Location}"
  </Location>
  <Location /r/places>
    Header set Location "${back}/r/a"
    Header set Content-Location "${back}/r/b"
    Header set URI "${back}/r/c"
    Header set Destination "${back}/r/d"
    Header set Link "<${back}/r/e>"
  </Location>
  <Location /r/cookies>
    Header set Set-Cookie "expr=%{req:X-Cookie}"
  </Location>
  <Location /r/twice>
    Header add Set-Cookie "a=1; path=/r/x; domain=back.test"
    Header add Set-Cookie "b=2; Path=/; HttpOnly"
  </Location>
</VirtualHost>
`;

/** What is asked for, and the URL that shows how it was mapped. */
const mapped: readonly (readonly [string, string])[] = [
  ["the first of two lines, though the second is longer", "/first/deep/x"],
  ["the longer of two lines, which is the first", "/second/deep/x"],
  ["the shorter of two lines", "/second/x"],
  ["a path kept out in front", "/kept/out/x"],
  ["a path beside one kept out", "/kept/x"],
  ["a path kept out too late", "/late/out/x"],
  ["a line of the main server before one of the virtual host", "/main/own/x"],
  ["a pattern kept out", "/out/a.gif"],
  ["a path beside a pattern kept out", "/out/a.png"],
  ["slashes at both ends", "/slash/x"],
  ["slashes at both ends, without that of the request", "/slash"],
  ["no slash at either end", "/bare"],
  ["no slash at either end, and a slash in the request", "/bare/"],
  ["no slash at either end, and another word", "/barely"],
  ["a slash at one end alone", "/file/x"],
  ["an encoded slash", "/plain/a%2Fb"],
  ["an encoded slash with nocanon", "/raw/a%2Fb"],
  ["bytes encoded without need, with nocanon", "/raw/%41%7e"],
  ["a semicolon", "/plain/a;b=c/d"],
  ["a plus, an ampersand and brackets", "/plain/a+b&c[d]"],
  ["an encoded question mark", "/plain/a%3Fb?c"],
  ["an encoded percent sign", "/plain/100%25"],
  ["an empty query", "/plain/x?"],
  ["a query with everything", "/plain/x?a=1&b=%20&c=d?e/f"],
  ["a query that is dropped", "/query/x?a=1"],
  ["a path with a blank in the line", "/a%20b/c"],
  ["a group", "/number/42"],
  ["a group that does not match", "/number/x"],
  ["a group with a query", "/number/42?x=y"],
  ["two groups", "/pair/a%20b/c"],
  ["no group: the whole path", "/whole/x"],
  ["a group that holds the whole path", "/app/all/x/y"],
  ["a group that takes no part", "/none/y"],
  ["an expression of a section", "/area/one"],
  ["a section", "/place/x"],
  ["a section kept out", "/place/out/x"],
];

/** Fields of the request, and the path. */
const fields: readonly (readonly [string, string, readonly string[]])[] = [
  ["a variable in the URL", "/i/x", ["X-Where: here"]],
  ["Host, kept", "/host/x", ["X-Forwarded-Host: before.test"]],
  ["Host, not kept", "/via/x", ["X-Forwarded-For: 10.0.0.1, 10.0.0.2"]],
  ["nothing added", "/quiet/x", ["X-Forwarded-For: 10.0.0.1"]],
  ["fields that are set and taken away", "/set/x", ["X-Set: by the client", "X-Unset: x"]],
  ["credentials", "/via/x", ["Authorization: Basic YTpi", "Proxy-Authorization: Basic YTpi", "Cookie: a=b"]],
];

/** What the back end says, and where. */
const answered: readonly (readonly [string, string, string?])[] = [
  ["a redirect below the path", "/r/redirects", `X-Location: ${back}/r/x?y#z`],
  ["a redirect beside the path", "/r/redirects", `X-Location: ${back}/else`],
  ["a redirect that two lines match", "/r/redirects", `X-Location: ${back}/r/special/x`],
  ["a redirect in other letters", "/r/redirects", "X-Location: HTTP://127.0.0.1:@PORT2@/r/x"],
  ["a redirect to another server that is mapped", "/r/redirects", "X-Location: http://other.test/in/x"],
  ["a redirect to that server, elsewhere", "/r/redirects", "X-Location: http://other.test/out/x"],
  ["a redirect to a name", "/r/redirects", "X-Location: http://back.test/x"],
  ["a redirect by a path", "/r/redirects", "X-Location: /r/x"],
  ["a redirect by https", "/r/redirects", "X-Location: https://127.0.0.1:@PORT2@/r/x"],
  ["other fields with places", "/r/places"],
  ["a cookie without attributes", "/r/cookies", "X-Cookie: a=b"],
  ["a cookie's path", "/r/cookies", "X-Cookie: a=b; path=/r/deep"],
  ["a cookie's path beside", "/r/cookies", "X-Cookie: a=b; path=/x; secure"],
  ["a cookie's domain", "/r/cookies", "X-Cookie: a=b; domain=back.test; path=/q"],
  ["a cookie's domain with a dot", "/r/cookies", "X-Cookie: a=b; Domain=.dot.test"],
  ["a cookie's domain that is another", "/r/cookies", "X-Cookie: a=b; domain=www.back.test"],
  ["a cookie with an empty path", "/r/cookies", "X-Cookie: a=b; path=; domain="],
  ["two cookies", "/r/twice"],
  ["a page of the front for a status that is listed", "/errors/404"],
  ["another one", "/errors/503"],
  ["the page of the back end for a status that is not listed", "/errors/500"],
  ["a page of the front for any error", "/allerrors/500"],
  ["the front's own page for any error", "/allerrors/410"],
  ["the page of the back end where nothing is replaced", "/noerrors/404"],
];

/** Where the two differ, by path. */
const differences: Readonly<Record<string, string>> = {
  "/plain/a+b&c[d]": "the path goes on byte for byte; Apache encodes it anew",
  "/plain/100%25": "the path goes on byte for byte; Apache refuses an encoded percent sign next to NoDecode",
  "/query/x?a=1": "noquery has its effect without nocanon too",
  "/a%20b/c": "what the line writes encoded is not encoded once more",
  "/number/42": "connections to its back end are kept, too (HTTP_CONNECTION)",
  "/number/42?x=y": "connections to its back end are kept, too (HTTP_CONNECTION)",
  "/pair/a%20b/c": "connections to its back end are kept, too (HTTP_CONNECTION)",
};

const cases: readonly Case[] = [
  ...mapped.map(([name, target]) => {
    const differs = differences[target];
    return { name, target, ...(differs === undefined ? {} : { differs }) };
  }),
  ...fields.map(([name, target, headers]) => ({ name, target, headers })),
  ...answered.map(([name, target, field]) => ({ name, target, headers: field === undefined ? [] : [field] })),
  {
    name: "a cookie's domain by a variable",
    target: "/r/cookies",
    headers: ["X-Cookie: a=b; domain=here.test", "X-Where: here"],
  },
  {
    name: "a redirect by a variable",
    target: "/r/redirects",
    headers: [`X-Location: ${back}/here/x`, "X-Where: here"],
  },
];

/** ProxyVia is for a whole virtual host. */
const via = (value: string): Suite => ({
  name: `ProxyVia ${value}`,
  configuration: `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule headers_module @MODULES@/mod_headers.so
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
<VirtualHost *:@PORT@>
  ServerName front.test
  ProxyVia ${value}
  ProxyPass / ${back}/
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName back.test
  Header set X-Via "expr=%{req:Via}"
  Header set Via "1.0 behind" "expr=%{REQUEST_URI} =~ /with/"
</VirtualHost>
`,
  files: { "htdocs/file.txt": "file\n", "htdocs/with.txt": "with\n" },
  masks: [[/\(Apache\/[^)]*\)|\(modhost[^)]*\)/g, "(PRODUCT)"]],
  cases: [
    { name: "a request without Via", target: "/file.txt" },
    { name: "a request with Via", target: "/file.txt", headers: ["Via: 1.1 before"] },
    { name: "an answer with Via", target: "/with.txt" },
    { name: "a request of HTTP/1.0", raw: "GET /with.txt HTTP/1.0\r\nHost: a\r\nVia: 1.1 before\r\n\r\n" },
  ],
});

/** Lines with one back end, and what the back end sees: "close" by disablereuse=On, of whichever line that holds. */
const shared: Suite = {
  name: "lines of ProxyPass with the same back end",
  configuration: `LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule headers_module @MODULES@/mod_headers.so
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
ProxyPass /main http://127.0.0.4:@PORT2@/ disablereuse=On
<VirtualHost *:@PORT@>
  ServerName front.test
  ProxyPass /m http://127.0.0.4:@PORT2@/ disablereuse=Off
  ProxyPass /n http://127.0.0.4:@PORT2@/deep/
  ProxyPass /a ${back}/ disablereuse=On
  ProxyPass /b ${back}/
  ProxyPass /c ${back}/deep/ disablereuse=Off
  <Location /d>
    ProxyPass ${back}/
  </Location>
  ProxyPass /e HTTP://LOCALHOST:@PORT2@/deep/ disablereuse=Off
  ProxyPass /f http://localhost:@PORT2@/ disablereuse=On
  <Location /g>
    ProxyPass http://127.0.0.2:@PORT2@/
  </Location>
  ProxyPass /h http://127.0.0.2:@PORT2@/ disablereuse=On
  ProxyPass /i http://127.0.0.2:@PORT2@ disablereuse=On
  ProxyPass /k http://127.0.0.3:@PORT2@/deep/ disablereuse=On
  ProxyPass /l http://127.0.0.3:@PORT2@/
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName other.test
  ProxyPass /a ${back}/
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName back.test
  Header set X-Connection "expr=%{req:Connection}"
</VirtualHost>
`.replace("Listen 127.0.0.1:@PORT2@", "Listen 0.0.0.0:@PORT2@"),
  files: { "htdocs/file.txt": "file\n", "htdocs/deep/file.txt": "deep\n" },
  cases: [
    ..."abcdefghklmn".split("").map((line): Case => ({ name: `line ${line}`, target: `/${line}/file.txt` })),
    { name: "a request with the longer URL of an earlier line", target: "/l/deep/file.txt" },
    { name: "a URL without a slash", target: "/i/file.txt" },
    { name: "another virtual host", target: "/a/file.txt", headers: ["Host: other.test"] },
  ],
};

export const suite: Suite = {
  name: "paths and fields of a reverse proxy",
  configuration,
  files: {
    "htdocs/redirects": "r\n",
    "htdocs/places": "p\n",
    "htdocs/cookies": "c\n",
    "htdocs/twice": "t\n",
    "apps/dump.wsgi": dumpApplication,
  },
  cases,
};
export const further: readonly Suite[] = [shared, ...["Off", "On", "Full", "Block"].map(via)];
