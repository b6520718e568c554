// Requests passed on to a back end, which is a virtual host of the same server: what it sees, and what the client gets.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule slotmem_shm_module @MODULES@/mod_slotmem_shm.so
LoadModule proxy_balancer_module @MODULES@/mod_proxy_balancer.so
LoadModule lbmethod_byrequests_module @MODULES@/mod_lbmethod_byrequests.so
LoadModule rewrite_module @MODULES@/mod_rewrite.so
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
<VirtualHost *:@PORT@>
  ServerName front.test
  ProxyPass /app/not !
  ProxyPass /app http://127.0.0.1:@PORT2@/app
  ProxyPass /root/ http://127.0.0.1:@PORT2@/
  ProxyPassReverse /root/ http://127.0.0.1:@PORT2@/
  <Proxy balancer://shop>
    BalancerMember http://127.0.0.1:@PORT2@/app/one route=a
    ProxySet stickysession=S
  </Proxy>
  <Proxy balancer://lost>
    BalancerMember http://127.0.0.1:@PORT3@ retry=0
  </Proxy>
  <Proxy balancer://second>
    BalancerMember http://127.0.0.1:@PORT3@
    BalancerMember http://127.0.0.1:@PORT2@/
  </Proxy>
  ProxyPass /shop balancer://shop
  ProxyPass /shops/ balancer://shop/two/
  ProxyPass /lost balancer://lost
  ProxyPass /second balancer://second
  ProxyPass /back balancer://shop
  ProxyPassReverse /moving balancer://second
  ProxyPass /moving balancer://second
  RewriteEngine On
  RewriteRule ^/rw/(.*)$ http://127.0.0.1:@PORT2@/app/$1 [P]
  RewriteRule ^/rwq/(.*)$ http://127.0.0.1:@PORT2@/app/$1?own=1 [P,QSA]
  RewriteRule ^/rwb/(.*)$ balancer://shop/$1 [P]
  RewriteRule ^/rwx/(.*)$ http://127.0.0.1:@PORT3@/$1 [P]
  ProxyPass /dead http://127.0.0.1:@PORT3@/
  ProxyPass /unknown http://no.such.host.invalid/
  ProxyPassMatch "^/m/(.*)\\.x$" "http://127.0.0.1:@PORT2@/app/matched/$1"
  <Location /loc>
    ProxyPass http://127.0.0.1:@PORT2@/app/in
    ProxyPreserveHost On
    ProxyAddHeaders Off
  </Location>
  <Location /own>
    ProxyPass http://127.0.0.1:@PORT2@/
    ProxyErrorOverride On
    ErrorDocument 404 "a page of the front"
  </Location>
  <Proxy "http://127.0.0.1:@PORT2@/app/secret">
    Require all denied
  </Proxy>
  Alias /app/not "@ROOT@/htdocs/file.txt"
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName back.test
  WSGIScriptAlias /app "@ROOT@/apps/dump.wsgi"
  Redirect /moved http://127.0.0.1:@PORT2@/elsewhere
  Redirect /away http://away.test/
  Redirect gone /gone
</VirtualHost>
`;

const cases: readonly Case[] = [
  { name: "what the back end sees of a request", target: "/app/a?b=c" },
  { name: "a path with encoded bytes", target: "/app/a%20b/%C3%A9?q=%20%41" },
  {
    name: "a path with bytes encoded without need",
    target: "/app/%41",
    differs: "the path goes on byte for byte; Apache encodes it anew",
  },
  { name: "a path with dot segments and doubled slashes", target: "/app//a/../b/./c" },
  { name: "a path kept out", target: "/app/not" },
  { name: "a path that only begins like one", target: "/apple" },
  {
    name: "a regular expression",
    target: "/m/a%20b.x?k=v",
    differs: "connections to its back end are kept, too (HTTP_CONNECTION)",
  },
  { name: "a Location with Host kept and nothing added", target: "/loc/x" },
  { name: "a section of back ends", target: "/app/secret/x" },
  {
    name: "fields for one connection alone",
    target: "/app",
    headers: [
      "TE: trailers",
      "Keep-Alive: timeout=5",
      "Upgrade: h2c",
      "X-Hop: 1",
      "X-Stays: 1",
      "Connection: X-Hop",
      "Max-Forwards: 4",
    ],
  },
  {
    name: "lists of proxies before",
    target: "/app",
    headers: ["X-Forwarded-For: 9.9.9.9", "X-Forwarded-Host: o", "X-Forwarded-Server: p", "X-Forwarded-Proto: https"],
  },
  { name: "a body", method: "POST", target: "/app", body: "hello" },
  {
    name: "a body in chunks",
    method: "DELETE",
    target: "/app",
    headers: ["Transfer-Encoding: chunked"],
    body: "5\r\nhello\r\n0\r\n\r\n",
  },
  { name: "no body where one could be", method: "POST", target: "/app", headers: ["Content-Length: 0"] },
  { name: "HTTP/1.0 without Host", raw: "GET /app HTTP/1.0\r\n\r\n" },
  { name: "a file with its validators", target: "/root/file.txt" },
  { name: "a part of a file", target: "/root/file.txt", headers: ["Range: bytes=2-4"] },
  {
    name: "a file that is not modified",
    target: "/root/file.txt",
    headers: ["If-Modified-Since: Wed, 01 May 2024 12:00:00 GMT"],
  },
  { name: "HEAD of a file", method: "HEAD", target: "/root/file.txt" },
  { name: "OPTIONS of a file", method: "OPTIONS", target: "/root/file.txt" },
  { name: "a redirect to the back end", target: "/root/moved/x" },
  { name: "a redirect elsewhere", target: "/root/away/x" },
  { name: "an error page of the back end", target: "/root/gone" },
  { name: "an error page of the front in its place", target: "/own/none" },
  { name: "another error page of the front", target: "/own/gone" },
  { name: "a back end that does not listen", target: "/dead" },
  { name: "a back end whose name is not known", target: "/unknown" },
  { name: "a balancer", target: "/shop/x?y" },
  { name: "a balancer with a path", target: "/shops/x" },
  { name: "a balancer itself", target: "/shop" },
  { name: "a session of a balancer", target: "/shop/x", headers: ["Cookie: S=1.a"] },
  { name: "a balancer of which nobody listens", target: "/lost/x" },
  { name: "a balancer of which one does not listen", target: "/second/file.txt" },
  { name: "a redirect of a balancer's member", target: "/moving/moved/x" },
  { name: "a rule with P", target: "/rw/a%20b?c" },
  { name: "a rule with P and a query", target: "/rwq/x?c=d" },
  { name: "a rule with P to a balancer", target: "/rwb/x?c=d" },
  { name: "a rule with P to a back end that does not listen", target: "/rwx/x" },
  { name: "Max-Forwards at zero", target: "/app", headers: ["Max-Forwards: 0"] },
  { name: "Max-Forwards that is no number", target: "/app", headers: ["Max-Forwards: x"] },
  { name: "OPTIONS with Max-Forwards at zero", method: "OPTIONS", target: "/app", headers: ["Max-Forwards: 0"] },
  { name: "TRACE", method: "TRACE", target: "/root/file.txt" },
  {
    name: "two requests on one connection",
    raw: "GET /root/file.txt HTTP/1.1\r\nHost: a\r\n\r\nGET /root/gone HTTP/1.1\r\nHost: a\r\n\r\n",
    answers: ["GET", "GET"],
  },
];

export const suite: Suite = {
  name: "a reverse proxy",
  configuration,
  files: { "htdocs/file.txt": "0123456789\n", "apps/dump.wsgi": dumpApplication },
  cases,
};
