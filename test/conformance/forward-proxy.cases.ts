// A forward proxy: what is passed on, what the server meant sees of it, tunnels, and who may use it.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const modules = `${daemonGroup}
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule proxy_connect_module @MODULES@/mod_proxy_connect.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule setenvif_module @MODULES@/mod_setenvif.so
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
`;

/** The server meant: it tells what it sees. */
const meant = `<VirtualHost *:@PORT2@>
  ServerName back.test
  WSGIScriptAlias /app "@ROOT@/apps/dump.wsgi"
  Redirect /moved http://127.0.0.1:@PORT2@/elsewhere
  <Location "/named">
    AuthType Basic
    AuthName back
    AuthUserFile "@ROOT@/users"
    Require valid-user
  </Location>
</VirtualHost>
`;

const files = {
  "htdocs/file.txt": "a file\n",
  "htdocs/own.txt": "a file of the proxy itself\n",
  "htdocs/named/x.txt": "named\n",
  "apps/dump.wsgi": dumpApplication,
  // "secret"
  users: "joe:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n",
};

const back = "http://127.0.0.1:@PORT2@";

const requests: readonly Case[] = [
  { name: "what the server meant sees", target: `${back}/app/a%20b/%41?q=%20`, host: "other.test" },
  { name: "a URL without a path", target: back },
  { name: "a URL without a path and with a query", target: `${back}?q`, differs: "it may have one (RFC 3986, 3)" },
  { name: "dot segments and doubled slashes go on as they are", target: `${back}/app//a/../b/./c` },
  { name: "a scheme in capitals", target: "HTTP://127.0.0.1:@PORT2@/app/x" },
  { name: "a file", target: `${back}/file.txt` },
  { name: "HEAD", method: "HEAD", target: `${back}/file.txt` },
  { name: "OPTIONS", method: "OPTIONS", target: `${back}/file.txt` },
  { name: "a body", method: "POST", target: `${back}/app/x`, body: "hello" },
  {
    name: "a body in chunks",
    method: "POST",
    target: `${back}/app/x`,
    headers: ["Transfer-Encoding: chunked"],
    body: "5\r\nhello\r\n0\r\n\r\n",
  },
  { name: "a redirect stays what it is", target: `${back}/moved/x` },
  { name: "an error of the server meant", target: `${back}/none` },
  { name: "a name asked for by the server meant", target: `${back}/named/x.txt` },
  {
    name: "a name for the server meant",
    target: `${back}/named/x.txt`,
    headers: [`Authorization: Basic ${Buffer.from("joe:secret").toString("base64")}`],
  },
  {
    name: "a name for another proxy",
    target: `${back}/app/x`,
    headers: ["Proxy-Authorization: Basic am9lOnNlY3JldA=="],
  },
  {
    name: "fields for one connection alone",
    target: `${back}/app/x`,
    headers: [
      "Connection: X-Hop",
      "X-Hop: 1",
      "X-Stays: 1",
      "Proxy-Connection: keep-alive",
      "TE: trailers",
      "Via: 1.0 a",
    ],
  },
  { name: "HTTP/1.0", raw: `GET ${back}/app/x HTTP/1.0\r\n\r\n` },
  { name: "Max-Forwards", target: `${back}/app/x`, headers: ["Max-Forwards: 4"] },
  { name: "Max-Forwards at zero", target: `${back}/app/x`, headers: ["Max-Forwards: 0"] },
  { name: "TRACE", method: "TRACE", target: `${back}/app/x` },
  { name: "a server that does not listen", target: "http://127.0.0.1:@PORT3@/" },
  { name: "a name that is not known", target: "http://no.such.host.invalid/" },
  { name: "no host", target: "http:///app/x" },
  { name: "a port of zero", target: "http://127.0.0.1:0/" },
  { name: "a port that is too high", target: "http://127.0.0.1:99999/" },
  {
    name: "an empty port",
    target: "http://127.0.0.1:/",
    differs: "it is the port that is refused; Apache looks for a host with a colon in its name",
  },
  { name: "a bad name", target: "http://a..b/" },
  { name: "a name with an underscore", target: "http://a_b.invalid/" },
  { name: "a user in the URL", target: "http://joe:secret@127.0.0.1:@PORT2@/app/x" },
  { name: "a fragment", target: `${back}/app/x#y` },
  { name: "a slash turned round", target: `${back}\\app` },
  { name: "https without SSLProxyEngine", target: "https://127.0.0.1:@PORT2@/app/x" },
  { name: "ftp without its module", target: "ftp://127.0.0.1/x" },
  { name: "a scheme that nobody knows", target: "gopher://127.0.0.1/x" },
  { name: "a scheme of back ends", target: "fcgi://127.0.0.1/x" },
  {
    name: "a file of this machine",
    target: "file:///etc/passwd",
    differs: "it has no host; Apache puts the domain in its place",
  },
  { name: "a balancer", target: "balancer://shop/x" },
  { name: "a Unix socket", target: "unix:@ROOT@/x.sock|http://x/", differs: "the URL has no host" },
  { name: "no authority", target: "http:/app/x" },
  { name: "the proxy itself by its name", target: "http://front.test:@PORT@/own.txt" },
  { name: "the proxy itself by an alias", target: "http://x.alias.test:@PORT@/own.txt" },
  { name: "the proxy itself by its address", target: "http://127.0.0.1:@PORT@/own.txt" },
  { name: "the proxy itself by its name without a port", target: "http://front.test/own.txt", host: "x" },
  { name: "a path alone", target: "/own.txt" },
  { name: "a path with Host of another server", target: "/own.txt", host: "127.0.0.1:@PORT2@" },
  { name: "a path that ProxyPass has", target: "/pass/x" },
  { name: "a URL of the proxy that ProxyPass has", target: "http://front.test:@PORT@/pass/x" },
  {
    name: "a blocked host",
    target: "http://blocked.test/",
    differs: "hosts are blocked before their names are looked up",
  },
  { name: "a host with the address of a blocked one", target: "http://127.0.0.3/" },
  { name: "a section for a URL", target: `${back}/app/secret` },
  { name: "a Location is for paths of this server", target: `${back}/app/location` },
  { name: "a LocationMatch is for the whole URL", target: `${back}/app/matched` },
  { name: "a name without its domain", target: "http://intranet/a?b" },
  { name: "a name without its domain, and a port", target: "http://intranet:81/a" },
  { name: "POST to a name without its domain", method: "POST", target: "http://intranet.invalid/a", body: "x" },
  {
    name: "two requests on a connection",
    raw: `GET ${back}/app/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /own.txt HTTP/1.1\r\nHost: x\r\n\r\n`,
    answers: ["GET", "GET"],
  },
  { name: "what is logged", target: `${back}/app/x?y`, logs: ["access.log"] },
];

const connect = "CONNECT 127.0.0.1:@PORT2@ HTTP/1.1\r\nHost: 127.0.0.1:@PORT2@\r\n\r\n";
const inside = "GET /app/x HTTP/1.1\r\nHost: back.test\r\nConnection: close\r\n\r\n";

const tunnels: readonly Case[] = [
  { name: "a tunnel", raw: [connect, inside], answers: ["CONNECT", "GET"] },
  { name: "a tunnel of HTTP/1.0", raw: [connect.replace("1.1", "1.0"), inside], answers: ["CONNECT", "GET"] },
  { name: "what is sent along with CONNECT", raw: connect + inside, answers: ["CONNECT", "GET"] },
  { name: "a client that ends its side", raw: [connect, inside], answers: ["CONNECT", "GET"], end: true },
  {
    name: "CONNECT without Host",
    raw: "CONNECT 127.0.0.1:@PORT2@ HTTP/1.1\r\n\r\n",
  },
  {
    name: "CONNECT with another Host",
    raw: [connect.replace("Host: 127.0.0.1", "Host: x.test"), inside],
    answers: ["CONNECT", "GET"],
  },
  {
    name: "CONNECT with a length: what follows goes through the tunnel",
    raw: connect.replace("\r\n\r\n", `\r\nContent-Length: ${inside.length}\r\n\r\n`) + inside,
    answers: ["CONNECT", "GET"],
  },
  {
    name: "CONNECT with chunks",
    raw: `${connect.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n")}0\r\n\r\n`,
    answers: ["CONNECT"],
    end: true,
  },
  { name: "CONNECT with two hosts", raw: `CONNECT 127.0.0.1:@PORT2@,x:1 HTTP/1.1\r\nHost: x\r\n\r\n` },
  { name: "CONNECT with a URL", raw: `CONNECT http://127.0.0.1:@PORT2@/ HTTP/1.1\r\nHost: x\r\n\r\n` },
  { name: "CONNECT with a path", raw: "CONNECT /x HTTP/1.1\r\nHost: x\r\n\r\n" },
  { name: "CONNECT with a user", raw: "CONNECT joe@127.0.0.1:@PORT2@ HTTP/1.1\r\nHost: x\r\n\r\n" },
  { name: "CONNECT without a port", raw: "CONNECT 127.0.0.1 HTTP/1.1\r\nHost: x\r\n\r\n" },
  { name: "CONNECT with an empty port", raw: "CONNECT 127.0.0.1: HTTP/1.1\r\nHost: x\r\n\r\n" },
  { name: "CONNECT with a port of zero", raw: "CONNECT 127.0.0.1:0 HTTP/1.1\r\nHost: x\r\n\r\n" },
  { name: "CONNECT with a port that is too high", raw: "CONNECT 127.0.0.1:70000 HTTP/1.1\r\nHost: x\r\n\r\n" },
  { name: "CONNECT with a blank in front", raw: " CONNECT 127.0.0.1:@PORT2@ HTTP/1.1\r\nHost: x\r\n\r\n" },
  { name: "CONNECT with a line end alone", raw: "CONNECT 127.0.0.1:@PORT2@ HTTP/1.1\nHost: x\n\n" },
  { name: "CONNECT to a port that is not allowed", raw: "CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: x\r\n\r\n" },
  {
    name: "a request behind a CONNECT that is refused",
    raw: "CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: x\r\n\r\nGET /own.txt HTTP/1.1\r\nHost: x\r\n\r\n",
    answers: ["GET", "GET"],
  },
  {
    name: "a body behind a CONNECT that is refused",
    raw: "CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: x\r\nContent-Length: 39\r\n\r\nGET /own.txt HTTP/1.1\r\nHost: smuggled\r\nGET /file.txt HTTP/1.1\r\nHost: x\r\n\r\n",
    answers: ["GET", "GET"],
  },
  {
    name: "CONNECT to a blocked host",
    raw: "CONNECT blocked.test:@PORT2@ HTTP/1.1\r\nHost: x\r\n\r\n",
    differs: "hosts are blocked before their names are looked up",
  },
  { name: "CONNECT to the address of a blocked host", raw: "CONNECT 127.0.0.3:@PORT2@ HTTP/1.1\r\nHost: x\r\n\r\n" },
  {
    name: "CONNECT to a name that is not known",
    raw: "CONNECT no.such.host.invalid:@PORT2@ HTTP/1.1\r\nHost: x\r\n\r\n",
  },
  { name: "CONNECT to a server that does not listen", raw: "CONNECT 127.0.0.1:@PORT3@ HTTP/1.1\r\nHost: x\r\n\r\n" },
  {
    name: "CONNECT with Max-Forwards at zero",
    raw: "CONNECT 127.0.0.1:@PORT2@ HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n",
  },
  {
    name: "CONNECT to the proxy itself",
    raw: [
      "CONNECT 127.0.0.1:@PORT@ HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /own.txt HTTP/1.1\r\nHost: front.test\r\nConnection: close\r\n\r\n",
    ],
    answers: ["CONNECT", "GET"],
  },
  {
    name: "what is logged of a tunnel",
    raw: [connect, inside],
    answers: ["CONNECT", "GET"],
    logs: ["access.log"],
    linesEach: 0.5,
  },
];

const front = `<VirtualHost *:@PORT@>
  ServerName front.test:@PORT@
  ServerAlias *.alias.test
  CustomLog "@RUN@/access.log" "%>s %U|%q|%r|%m|%V"
  ProxyRequests On
  ProxyVia On
  ProxyBlock blocked.test 127.0.0.3
  ProxyDomain .invalid
  AllowCONNECT @PORT@ @PORT2@-@PORT2@ @PORT3@
  <Proxy "*">
    Require ip 127.0.0.1
  </Proxy>
  <Proxy "${back}/app/secret">
    Require all denied
  </Proxy>
  <Location "/app/location">
    Require all denied
  </Location>
  <LocationMatch "/app/matched$">
    Require all denied
  </LocationMatch>
  ProxyPass /pass ${back}/app
</VirtualHost>
`;

/** Only those with a name, which is asked for by 407. */
const guarded = `<VirtualHost *:@PORT@>
  ServerName front.test
  ProxyRequests On
  <Proxy "*">
    AuthType Basic
    AuthName proxy
    AuthUserFile "@ROOT@/users"
    Require valid-user
  </Proxy>
  <Location "/named">
    AuthType Basic
    AuthName own
    AuthUserFile "@ROOT@/users"
    Require valid-user
  </Location>
  AllowCONNECT @PORT2@
  SetEnvIf X-Chain "on" Proxy-Chain-Auth
</VirtualHost>
`;

const joe = `Basic ${Buffer.from("joe:secret").toString("base64")}`;
const guardedCases: readonly Case[] = [
  { name: "no name", target: `${back}/app/x` },
  { name: "a name", target: `${back}/app/x`, headers: [`Proxy-Authorization: ${joe}`] },
  { name: "a name for the server meant alone", target: `${back}/app/x`, headers: [`Authorization: ${joe}`] },
  { name: "a wrong password", target: `${back}/app/x`, headers: ["Proxy-Authorization: Basic am9lOng="] },
  {
    name: "a name that goes on",
    target: `${back}/app/x`,
    headers: [`Proxy-Authorization: ${joe}`, "X-Chain: on"],
  },
  {
    name: "both names",
    target: `${back}/named/x.txt`,
    headers: [`Proxy-Authorization: ${joe}`, `Authorization: ${joe}`],
  },
  { name: "the server meant asks for a name", target: `${back}/named/x.txt`, headers: [`Proxy-Authorization: ${joe}`] },
  { name: "a path of the proxy asks as a server", target: "/named/x.txt" },
  { name: "a name for a path of the proxy", target: "/named/x.txt", headers: [`Authorization: ${joe}`] },
  { name: "a tunnel without a name", raw: connect },
  {
    name: "a tunnel with a name",
    raw: [connect.replace("\r\n\r\n", `\r\nProxy-Authorization: ${joe}\r\n\r\n`), inside],
    answers: ["CONNECT", "GET"],
  },
];

/** Through another proxy, which is a virtual host of the same server. */
const chained = `Listen 127.0.0.1:@PORT3@
<VirtualHost *:@PORT@>
  ServerName front.test
  ProxyRequests On
  ProxyVia Full
  ProxyMaxForwards 5
  <Proxy "*">
    Require local
  </Proxy>
  AllowCONNECT @PORT2@ 81
  ProxyRemote http://loop.test http://127.0.0.1:@PORT@
  ProxyRemoteMatch "\\.matched\\.test" http://127.0.0.1:@PORT2@
  ProxyRemote ftp http://127.0.0.1:@PORT2@
  ProxyRemote http://direct.invalid http://127.0.0.1:@PORT2@
  ProxyRemote ${back} http://127.0.0.1:@PORT3@ joe:secret
  ProxyRemote 127.0.0.1:@PORT2@ http://127.0.0.1:@PORT3@
  ProxyRemote http://dead.test http://127.0.0.1:1
  NoProxy direct.invalid .net.invalid 127.0.0.9
  ProxyPass /pass ${back}/app
  ProxyPassReverse /pass ${back}/app
</VirtualHost>
<VirtualHost *:@PORT3@>
  ServerName second.test
  ProxyRequests On
  ProxyVia On
  <Proxy "*">
    Require local
  </Proxy>
  AllowCONNECT @PORT2@
</VirtualHost>
`;

const chainedCases: readonly Case[] = [
  { name: "a request through another proxy", target: `${back}/app/x?y` },
  { name: "a body through another proxy", method: "POST", target: `${back}/app/x`, body: "hello" },
  { name: "ProxyPass through another proxy", target: "/pass/x?y" },
  { name: "a tunnel through another proxy", raw: [connect, inside], answers: ["CONNECT", "GET"] },
  { name: "a host that is reached without", target: "http://direct.invalid/" },
  { name: "an expression", target: "http://a.matched.test/app/x" },
  { name: "a loop", target: "http://loop.test/" },
  { name: "another proxy that does not listen", target: "http://dead.test/" },
  { name: "a scheme that the other proxy has", target: "ftp://127.0.0.1/app/x" },
];

const suiteOf = (name: string, configuration: string, cases: readonly Case[]): Suite => ({
  name,
  configuration: modules + configuration + meant,
  files,
  cases,
  masks: [[/\((?:Apache|modhost)\/[\d.]+\)/g, "(PRODUCT)"]],
});

export const suite = suiteOf("a forward proxy", front, [...requests, ...tunnels]);

export const further: readonly Suite[] = [
  suiteOf("a forward proxy that asks for names", guarded, guardedCases),
  suiteOf("a proxy behind another", chained, chainedCases),
];
