// The cookies that tell clients apart.
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule usertrack_module @MODULES@/mod_usertrack.so
DocumentRoot "@ROOT@/htdocs"
LogFormat "%U %>s %{cookie}n" track
CustomLog "@RUN@/track.log" track "expr=%{REQUEST_URI} == '/logged.txt'"
CookieTracking On
<Location /off>
  CookieTracking Off
</Location>
<Location /name>
  CookieTracking On
  CookieName my-id.x
</Location>
<Location /nothing-taken-over>
  CookieName other
</Location>
<Location /domain>
  CookieTracking On
  CookieDomain .example.test
</Location>
<Location /all>
  CookieTracking On
  CookieName a
  CookieDomain .example.test
  CookieSameSite Strict
  CookieSecure On
  CookieHttpOnly On
</Location>
<Location /none>
  CookieTracking On
  CookieSameSite none
</Location>
<Location /cookie>
  CookieTracking On
  CookieStyle Cookie
</Location>
<Location /cookie2>
  CookieTracking On
  CookieStyle RFC2965
  CookieDomain .example.test
</Location>
ErrorDocument 404 /error.txt
Redirect /redirected /a.txt
<VirtualHost *:@PORT@>
  ServerName www.test
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName expiring.test
  CookieTracking On
  CookieExpires "2 weeks 1 day"
  <Location /cookie>
    CookieTracking On
    CookieStyle Cookie
  </Location>
  <Location /cookie2>
    CookieTracking On
    CookieStyle Cookie2
  </Location>
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName seconds.test
  CookieTracking On
  CookieStyle RFC2109
  CookieExpires 3600
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName plus.test
  CookieTracking On
  CookieStyle RFC2109
  CookieExpires "plus 1 month 2 hours 3 minutes 4 seconds"
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName untracked.test
  CookieExpires 10
</VirtualHost>
`;

const rows: readonly (readonly [name: string, target: string, more?: Partial<Case>])[] = [
  ["are given to new clients", "/a.txt"],
  ["are not given to those that have one", "/logged.txt", { headers: ["Cookie: Apache=abc.def"], logs: ["track.log"] }],
  ["are found behind others", "/logged.txt", { headers: ["Cookie: x=1; Apache=abc"], logs: ["track.log"] }],
  ["are found without a blank", "/logged.txt", { headers: ["Cookie: x=1;Apache=abc;y=2"], logs: ["track.log"] }],
  ["are found behind a comma", "/logged.txt", { headers: ["Cookie: x=1, Apache=abc, y"], logs: ["track.log"] }],
  [
    "are found in a second field",
    "/logged.txt",
    { headers: ["Cookie: x=1", "Cookie: Apache=abc"], logs: ["track.log"] },
  ],
  ["are not found under a longer name", "/a.txt", { headers: ["Cookie: MyApache=abc"] }],
  ["are not found without a value", "/a.txt", { headers: ["Cookie: Apache="] }],
  ["are not found in another case", "/a.txt", { headers: ["Cookie: apache=x"] }],
  [
    "are found with an equals sign in the value",
    "/logged.txt",
    { headers: ["Cookie: Apache=a=b"], logs: ["track.log"] },
  ],
  ["are escaped in logs", "/logged.txt", { headers: ['Cookie: Apache=a"b\\c\x80'], logs: ["track.log"] }],
  ["are not given where tracking is off", "/off/a.txt"],
  ["have the name they are given", "/name/a.txt"],
  ["are known by that name", "/name/a.txt", { headers: ["Cookie: my-id.x=1"] }],
  ["are not known by a name with other signs", "/name/a.txt", { headers: ["Cookie: my-idxx=1"] }],
  ["are not given by a section with other lines", "/nothing-taken-over/a.txt"],
  ["have a domain", "/domain/a.txt"],
  ["have all attributes in order", "/all/a.txt"],
  ["have SameSite=None", "/none/a.txt"],
  ["have no age without CookieExpires", "/cookie/a.txt"],
  ["are of version 2", "/cookie2/a.txt"],
  ["go out with errors", "/missing"],
  ["go out with redirects", "/redirected"],
  ["go out with 304", "/a.txt", { headers: ["If-None-Match: *"] }],
  ["go out with HEAD", "/a.txt", { method: "HEAD" }],
  ["go out once for an index", "/folder/"],
  ["expire", "/a.txt", { host: "expiring.test" }],
  ["have an age", "/cookie/a.txt", { host: "expiring.test" }],
  ["have an age in version 2", "/cookie2/a.txt", { host: "expiring.test" }],
  ["have an age in seconds", "/a.txt", { host: "seconds.test" }],
  ["have an age that is a sum", "/a.txt", { host: "plus.test" }],
  ["are not given by a virtual host with other lines", "/a.txt", { host: "untracked.test" }],
];

export const suite: Suite = {
  name: "tracking cookies",
  configuration,
  files: Object.fromEntries([
    ...["", "off/", "name/", "nothing-taken-over/", "domain/", "all/", "none/", "cookie/", "cookie2/"].map(
      (folder) => [`htdocs/${folder}a.txt`, "a\n"] as const,
    ),
    ["htdocs/folder/index.html", "index\n"],
    ["htdocs/logged.txt", "logged\n"],
    ["htdocs/error.txt", "error\n"],
  ]),
  cases: rows.map(([name, target, more]): Case => ({ name, target, ...more })),
};
