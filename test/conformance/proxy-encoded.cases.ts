// mapping=encoded and mapping=servlet of ProxyPass: which paths they take, which URL the back end is asked for, and which
// sections apply.
import type { Case, Suite } from "./harness.js";

const back = "http://127.0.0.1:@PORT2@";

const configuration = `
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule headers_module @MODULES@/mod_headers.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<VirtualHost *:@PORT@>
  ServerName front.test
  SetEnvIf X-Out yes no-proxy
  RewriteEngine On
  RewriteRule ^/e/forbidden - [F]
  ProxyPass /e/out ! mapping=encoded
  ProxyPass /e/ ${back}/enc/ mapping=encoded
  ProxyPass /p%3Bq/ ${back}/percent/ mapping=encoded
  ProxyPass /n/ ${back}/nocanon/ mapping=encoded nocanon
  ProxyPassMatch ^/m/([^/]*)/(.*) ${back}/$2/$1 mapping=encoded
  ProxyPass /s/app ${back}/app mapping=servlet
  ProxyPass /s/dir/ ${back}/dir/ mapping=servlet
  ProxyPass /d/ ${back}/plain/
  <Location /l/>
    ProxyPass ${back}/location/ mapping=servlet
  </Location>
  <Location /s/app/admin>
    Require all denied
  </Location>
  <Location /e/ad>
    Require all denied
  </Location>
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName back.test
  AllowEncodedSlashes On
  Header always set X-Seen "expr=%{THE_REQUEST}"
</VirtualHost>
`;

const paths = [
  "/e/plain",
  "/e/",
  "/e",
  "/e//x",
  "/e/a%2Fb",
  "/e/a%2fb?q=%2F",
  "/e/%41%7e%3b%20",
  "/e/a;b=c/d",
  "/e/./x/../y",
  "/e/%2e%2e/s/app/x",
  "/e/..%2fs/x",
  "/e/out",
  "/e/out/x",
  "/e/o%75t/x",
  "/e/forbidden/x",
  "/e/forbidde%6e/x",
  "/e/admin",
  "/e/a%64min",
  "/e%2Fx",
  "/x%2Fy",
  "/d/a%2Fb",
  "/p;q/x",
  "/p%3Bq/x",
  "/p%3bq/x",
  "/n/a%2Fb",
  "/n/%41",
  "/m/one/two",
  "/m/o%2Fne/t%77o%3F",
  "/s/app",
  "/s/app/",
  "/s/app;v=1",
  "/s/app;v=1/",
  "/s/app;v=1/x",
  "/s;v=2/app/x",
  "/s/app/x;y=z",
  "/s/app/x;y=z/w",
  "/s/application",
  "/s/app/a%2Fb",
  "/s/app/..;/app/x",
  "/s/app/x/..;/y",
  "/s/app/..;/../../z",
  "/..;/s/app",
  "/s/.;/app/x",
  "/s/app/.;/x",
  "/s/app/;x/y",
  "/s/app/admin",
  "/s/app/admin;v",
  "/s/app;v/ad%6din/x",
  "/s/app/x/..;/admin",
  "/s/app/admin%3Bx",
  "/s/dir",
  "/s/dir/",
  "/s/dir;v/",
  "/s/dir;v/x",
  "/s/dir/x/",
  "/s/dir/x/;y",
  "/s/dir/x/..",
  "/s/dir/x/..;",
  "/l/x;y",
  "/l;z/x",
  "/l/a%2Fb",
];

const cases: readonly Case[] = [
  ...paths.map((target) => ({ name: `a mapping of ${target}`, target })),
  ...["/s/..;/s/app/x", "/s/..;x=y/s;a/app;b/x;c"].map((target) => ({
    name: `a mapping of ${target}`,
    target,
    differs: "Apache takes the first segment of the prefix for matched when it has been left again by ..;",
  })),
  { name: "a request kept out", target: "/e/x", headers: ["X-Out: yes"] },
  { name: "a request kept out whose path is not to be decoded", target: "/e/a%2Fb", headers: ["X-Out: yes"] },
];

export const suite: Suite = {
  name: "paths that a reverse proxy does not decode",
  configuration,
  files: { "htdocs/file.txt": "file\n" },
  cases,
};
