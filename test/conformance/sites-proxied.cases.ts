// Sites that stand in front of an application on a port of its own, as their handbooks write them: what both ends see.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

/** A request: the host, what it shows, where it goes, and what else it says. */
type Row = readonly [host: string, name: string, target: string, more?: Partial<Case>];

const names = [
  "proxy",
  "proxy_http",
  "proxy_wstunnel",
  "rewrite",
  "headers",
  "setenvif",
  "expires",
  "deflate",
  "filter",
];
const passwords = ["auth_basic", "authn_core", "authn_file", "authz_user"];
const back = "127.0.0.1:@PORT2@";

/** Name of the host → its lines. */
const hosts: Readonly<Record<string, string>> = {
  // A forge: all but its assets goes to the application, which sees encoded slashes as they are.
  "git.test": `AllowEncodedSlashes NoDecode
  <Location />
    Require all granted
    ProxyPassReverse http://${back}
    ProxyPassReverse http://git.test/
  </Location>
  RewriteEngine on
  RewriteRule ^/[\\w\\.-]+/[\\w\\.-]+/gitlab-lfs/objects.* http://${back}/large%{REQUEST_URI} [P,QSA,NE]
  RewriteCond %{REQUEST_URI} ^/uploads/.*
  RewriteRule .* http://${back}%{REQUEST_URI} [P,QSA,NE]
  RewriteCond @ROOT@/git%{REQUEST_FILENAME} !-f [OR]
  RewriteCond %{REQUEST_URI} ^/u$
  RewriteRule .* http://${back}%{REQUEST_URI} [P,QSA,NE]
  RequestHeader set X_FORWARDED_PROTO 'https'
  RequestHeader set X-Forwarded-Ssl on
  DocumentRoot "@ROOT@/git"
  ErrorDocument 404 /404.html
  ErrorDocument 502 /502.html
  ErrorDocument 503 /deploy.html`,
  // Tickets under a path, with its own files and uploads past the application.
  "tickets.test": `DocumentRoot "@ROOT@/tickets"
  ProxyPreserveHost On
  ProxyRequests Off
  ProxyPass /tickets/plugin_assets !
  ProxyPass /tickets/images !
  Alias /tickets/images "@ROOT@/tickets/images"
  Alias /tickets/plugin_assets "@ROOT@/tickets/plugins"
  <Location /tickets>
    ProxyPass http://${back}/tickets
    ProxyPassReverse http://${back}/tickets
    RequestHeader set X-Forwarded-Proto "https" env=HTTPS_FRONT
  </Location>
  SetEnvIf X-Front-Proto https HTTPS_FRONT
  <LocationMatch "^/tickets/(settings|admin)">
    AuthType Basic
    AuthName "Desk"
    AuthUserFile "@ROOT@/conf/users"
    Require valid-user
  </LocationMatch>
  RedirectMatch ^/$ /tickets/`,
  // Dashboards under a path, with the user's name from the front, and live pages by WebSocket.
  "graphs.test": `ProxyPreserveHost on
  RewriteEngine On
  RewriteCond %{HTTP:Upgrade} =websocket [NC]
  RewriteRule /grafana/(.*) ws://${back}/live/$1 [P,L]
  <Proxy *>
    AuthType Basic
    AuthName GrafanaAuthProxy
    AuthBasicProvider file
    AuthUserFile "@ROOT@/conf/users"
    Require valid-user
    RewriteEngine On
    RewriteRule .* - [E=PROXY_USER:%{LA-U:REMOTE_USER},NS]
    RequestHeader set X-WEBAUTH-USER "%{PROXY_USER}e"
    RequestHeader unset Authorization
  </Proxy>
  ProxyPass /grafana http://${back}
  ProxyPassReverse /grafana http://${back}`,
  // An office: one port for pages, one for what is polled for long, the database manager closed.
  "office.test": `ProxyRequests Off
  ProxyPreserveHost On
  ProxyPass /longpolling/ http://${back}/poll/ timeout=30
  ProxyPass /web/database/manager !
  ProxyPass / http://${back}/ retry=0
  ProxyPassReverse /longpolling/ http://${back}/poll/
  ProxyPassReverse / http://${back}/
  RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}
  RequestHeader set X-Odoo-Db "%{HTTP_HOST}s"
  <LocationMatch "/web/static/.*">
    ExpiresActive On
    ExpiresDefault "access plus 1 day"
    Header set Cache-Control "public"
  </LocationMatch>
  <Location "/web/database">
    Require ip 10.0.0.0/8
  </Location>
  Header edit Set-Cookie "^(.*)$" "$1; Secure; SameSite=Lax"
  AddOutputFilterByType DEFLATE text/html text/plain application/json`,
  // Charts at the root, with only some paths for those who have not logged in.
  "charts.test": `ProxyPass "/static" "!"
  Alias "/static" "@ROOT@/charts"
  ProxyPass "/" "http://${back}/" nocanon
  ProxyPassReverse "/" "http://${back}/"
  AllowEncodedSlashes NoDecode
  Header always set X-Frame-Options SAMEORIGIN
  Header always unset X-Powered-By
  <If "%{REQUEST_URI} =~ m#^/(health|ping)$#">
    Header set Cache-Control no-store
  </If>
  <Location "/api/">
    <RequireAny>
      Require method GET HEAD
      Require ip 10.0.0.0/8
    </RequireAny>
  </Location>`,
  // Notebooks under a path: pages by http, kernels by WebSocket.
  "hub.test": `RewriteEngine On
  RewriteCond %{HTTP:Connection} Upgrade [NC]
  RewriteCond %{HTTP:Upgrade} websocket [NC]
  RewriteRule /jhub/(.*) ws://${back}/jhub/$1 [NE,P,L]
  RewriteCond %{HTTP:Connection} !Upgrade [NC]
  RewriteRule /jhub/(.*) http://${back}/jhub/$1 [NE,P,L]
  <Location /jhub/>
    ProxyPreserveHost on
    ProxyPass http://${back}/jhub/
    ProxyPassReverse http://${back}/jhub/
    RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}
  </Location>`,
  // Reports of faults: large bodies in, some paths limited, others shut.
  "faults.test": `ProxyPass "/api/" "http://${back}/api/"
  ProxyPass "/_static/" "!"
  ProxyPass "/" "http://${back}/"
  ProxyPassReverse "/" "http://${back}/"
  ProxyErrorOverride On 404 502
  ErrorDocument 404 "nothing of that name"
  RequestHeader set X-Forwarded-Proto "https"
  RequestHeader edit X-Sentry-Auth "sentry_secret=[^,]*,?\\s*" ""
  SetEnvIfExpr "%{REQUEST_URI} =~ m#^/api/(\\d+)/store/#" PROJECT=$1
  RequestHeader set X-Project "%{PROJECT}e" env=PROJECT
  <LocationMatch "^/api/\\d+/(store|envelope)/">
    LimitRequestBody 64
    Header always set Access-Control-Allow-Origin "*"
    <LimitExcept POST OPTIONS>
      Require all denied
    </LimitExcept>
  </LocationMatch>
  <Location "/_static/">
    Require all denied
  </Location>`,
};

const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="];
const editor = "Authorization: Basic ZWRpdG9yOnNlY3JldA==";
const wrong = "Authorization: Basic ZWRpdG9yOndyb25n";

const visits = (host: string, targets: readonly string[]): readonly Row[] =>
  targets.map((target): Row => [host, `answers ${target}`, target]);

const rows: readonly Row[] = [
  ...visits("git.test", [
    "/",
    "/assets/app.css",
    "/assets/none.css",
    "/group/project",
    "/group%2Fproject/raw?ref=a%2Fb",
  ]),
  ...visits("git.test", ["/uploads/a.png", "/a/b/gitlab-lfs/objects/1?x=1", "/u", "/moved/x", "/404.html", "/none/"]),
  ["git.test", "takes a push", "/group/project.git/git-receive-pack", { method: "POST", body: "0000" }],
  ["git.test", "passes an encoded slash in an API", "/api/v4/projects/group%2Fproject/repository/files/a%2Eb"],
  ...visits("tickets.test", ["/", "/tickets", "/tickets/", "/tickets/issues?q=1", "/tickets/images/a.png"]),
  ...visits("tickets.test", ["/tickets/images/none.png", "/tickets/plugin_assets/x.js", "/tickets/moved/x", "/other"]),
  ["tickets.test", "says https", "/tickets/issues", { headers: ["X-Front-Proto: https"] }],
  ["tickets.test", "asks for a password", "/tickets/settings/mail"],
  ["tickets.test", "takes a password", "/tickets/admin", { headers: [editor] }],
  ["graphs.test", "asks who it is", "/grafana/d/1"],
  ["graphs.test", "tells who it is", "/grafana/d/1?orgId=1", { headers: [editor] }],
  ["graphs.test", "refuses a wrong password", "/grafana/", { headers: [wrong] }],
  ["graphs.test", "believes no client", "/grafana/", { headers: [editor, "X-WEBAUTH-USER: admin"] }],
  ["graphs.test", "asks who wants a WebSocket", "/grafana/api/live/ws", { headers: upgrade }],
  ["graphs.test", "follows the application", "/grafana/moved/x", { headers: [editor] }],
  ...visits("office.test", ["/", "/web/login", "/longpolling/poll", "/web/static/a.css", "/web/database/manager"]),
  ...visits("office.test", ["/web/database/selector", "/moved/a?b=c", "/cookie", "/gone"]),
  ["office.test", "packs", "/web/login", { headers: ["Accept-Encoding: gzip"] }],
  [
    "office.test",
    "takes a call",
    "/jsonrpc",
    { method: "POST", body: "{}", headers: ["Content-Type: application/json"] },
  ],
  ...visits("charts.test", [
    "/",
    "/superset/welcome/",
    "/static/a.js",
    "/static/",
    "/health",
    "/ping",
    "/api/v1/chart/1",
  ]),
  ...visits("charts.test", [
    "/api/v1/chart/a%2Fb",
    "/explore/?form_data=%7B%22a%22%3A1%7D",
    "/moved/",
    "/static/%2e%2e/x",
  ]),
  ["charts.test", "refuses to write", "/api/v1/chart/", { method: "POST", body: "{}" }],
  ...visits("hub.test", [
    "/jhub/",
    "/jhub/hub/login?next=%2Fjhub%2F",
    "/jhub",
    "/jhub/user/a%40b/tree",
    "/jhub/moved/x",
  ]),
  ["hub.test", "passes on a form", "/jhub/hub/login", { method: "POST", body: "username=a" }],
  ...visits("faults.test", ["/", "/api/0/projects/", "/api/1/store/", "/_static/a.js", "/gone", "/none", "/moved/x"]),
  ["faults.test", "takes a report", "/api/12/store/", { method: "POST", body: "{}" }],
  [
    "faults.test",
    "takes no long report",
    "/api/12/store/",
    { method: "POST", body: "x".repeat(65), differs: "LimitRequestBody holds in front of a back end too" },
  ],
  ["faults.test", "answers a preflight", "/api/12/envelope/", { method: "OPTIONS" }],
  [
    "faults.test",
    "keeps a secret",
    "/api/12/store/",
    { method: "POST", body: "{}", headers: ["X-Sentry-Auth: Sentry sentry_key=k, sentry_secret=s, sentry_version=7"] },
  ],
];

const configuration = `${daemonGroup}
${[...names, ...passwords].map((name) => `LoadModule ${name}_module @MODULES@/mod_${name}.so\n`).join("")}
Listen 127.0.0.1:@PORT2@
<Directory "@ROOT@">
  Require all granted
</Directory>
${Object.entries(hosts)
  .map(([name, lines]) => `<VirtualHost *:@PORT@>\n  ServerName ${name}\n  ${lines}\n</VirtualHost>\n`)
  .join("")}
<VirtualHost *:@PORT2@>
  ServerName back.test
  AllowEncodedSlashes NoDecode
  RedirectMatch ^(.*)/moved/ http://${back}$1/elsewhere/
  RedirectMatch gone ^/gone
  RequestHeader unset Connection
  Header set Set-Cookie "session=1; Path=/" "expr=%{REQUEST_URI} == '/cookie'"
  WSGIScriptAlias / "@ROOT@/apps/dump.wsgi"
</VirtualHost>
`;

/** Sites in front of applications. */
export const suite: Suite = {
  name: "sites in front of applications",
  configuration,
  files: {
    "apps/dump.wsgi": dumpApplication,
    "conf/users": "editor:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
    "git/assets/app.css": "a {}\n",
    "git/404.html": "no such page\n",
    "git/502.html": "soon\n",
    "tickets/images/a.png": "png\n",
    "charts/a.js": "1;\n",
  },
  cases: rows.map(([host, name, target, more]): Case => ({ name: `${host} ${name}`, target, host, ...more })),
};
