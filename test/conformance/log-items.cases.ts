// Every item and modifier of LogFormat, each on a line of its own.
import type { Case, Suite } from "./harness.js";

interface Row {
  readonly name: string;
  readonly format: string;
  readonly target?: string;
  readonly more?: Partial<Case>;
}

const row = (name: string, format: string, target = "/a.txt", more: Partial<Case> = {}): Row => ({
  ...{ name, format, target, more },
});
const agent = ['User-Agent: say "hello" \\ \x80'];
const chunked = "POST @TARGET@ HTTP/1.1\r\nHost: @HOST@\r\nTransfer-Encoding: chunked\r\n";
const trailers = `${chunked}\r\n3\r\nabc\r\n0\r\nX-Sum: nine\r\nX-Twice: a\r\nX-Twice: b\r\n\r\n`;
const two = ["GET /a.txt HTTP/1.1\r\nHost: @HOST@\r\n\r\n", "GET /missing HTTP/1.1\r\nHost: @HOST@\r\n\r\n"];
const spoken = ["X-Spoken-For: 192.0.2.7"];

const rows: readonly Row[] = [
  row("%a %{c}a", "%a %{c}a"),
  row("%a %{c}a %h of a client that is spoken for", "%a %{c}a %h %{c}h", "/a.txt", { headers: spoken }),
  row("%A", "%A"),
  row("%B %b", "%B %b"),
  row("%B %b of nothing", "%B %b", "/empty.txt"),
  row("%B %b of HEAD", "%B %b", "/a.txt", { method: "HEAD" }),
  row("%{NAME}C", "%{a}C %{B}C %{none}C", "/a.txt", { headers: ["Cookie: a=1; b = two words ; c"] }),
  row("%D", "took=%D"),
  row("%{VARNAME}e", "%{COLOUR}e %{NONE}e"),
  row("%f", "%f"),
  row("%f of what is not there", "%f", "/missing"),
  row("%f of an index", "%f %>f %<f", "/folder/"),
  row("%h %l %u", "%h %l %u"),
  row("%H", "%H"),
  row("%H of HTTP/1.0", "%H", "/", { raw: "GET /a.txt HTTP/1.0\r\nHost: @HOST@\r\n\r\n" }),
  row("%{VARNAME}i", "%{User-Agent}i %{none}i", "/a.txt", { headers: agent }),
  row("%{VARNAME}i of two fields", "%{X-A}i", "/a.txt", { headers: ["X-A: 1", "X-A: 2"] }),
  row("%k", "%k", "/", { raw: two, answers: ["GET", "GET"] }),
  row("%L of what is not in the error log", "%L %{c}L"),
  row("%L of what is in the error log", "id=%L cid=%{c}L", "/denied/"),
  row("%m", "%m", "/a.txt", { method: "POST", body: "x" }),
  row("%{VARNAME}n", "%{none}n"),
  row("%{VARNAME}o", "%{Content-Type}o %{ETag}o %{none}o %{X-Out}o"),
  row("%{VARNAME}o of an error", "%{Content-Type}o %{X-Out}o", "/missing"),
  row("%p", "%p %{canonical}p %{local}p %{remote}p %{Remote}p"),
  row("%{other}p", "%{other}p"),
  row("%P", "pid=%P pid=%{pid}P"),
  row("%{other}P", "%{other}P"),
  row("%q", "%q|%q", '/a.txt?x="1"'),
  row("%q of none", "[%q]"),
  row("%q of an empty one", "[%q]", "/a.txt?"),
  row("%r", "%r", "/a.txt?q=%20"),
  row("%<r %>r", "%<r|%>r", "/missing"),
  row("%R of a file", "%R"),
  row("%R of a handler", "%R %>R", "/status"),
  row("%s %>s %<s", "%s %>s %<s"),
  row("%s %>s %<s behind an internal redirect", "%s %>s %<s", "/missing"),
  row("%U %>U %<U behind an internal redirect", "%U %>U %<U %f %>f %<f", "/missing?q"),
  row("%t", "%t"),
  row("%{begin}t and %{end}t", "%{begin}t %{end}t"),
  row("%{begin:}t and %{end:}t", "%{begin:}t %{end:}t"),
  row("%{sec}t", "epoch=%{sec}t epoch=%{begin:sec}t epoch=%{end:sec}t"),
  row("%{msec}t", "epoch=%{msec}t epoch=%{begin:msec}t epoch=%{end:msec}t"),
  row("%{usec}t", "epoch=%{usec}t epoch=%{begin:usec}t epoch=%{end:usec}t"),
  row("%{msec_frac}t", "%{%s}t.%{msec_frac}t %{begin:msec_frac}t %{end:msec_frac}t"),
  row("%{usec_frac}t", "%{%s}t.%{usec_frac}t %{begin:usec_frac}t %{end:usec_frac}t"),
  row("%{format}t", "%{%Y-%m-%d}t %{begin:%d/%b/%Y}t %{end:%A %j}t"),
  row("%{format}t without items", "%{plain}t %{beginning}t %{secs}t %{msecs}t"),
  row("%T", "took=%T took=%{s}T took=%{ms}T took=%{us}T"),
  row("%{other}T", "%{other}T"),
  row("%u of a name", "%u", "/closed/a.txt", { headers: ["Authorization: Basic YW5uOng="] }),
  row("%u of a refusal", "%u %>u %<u %>s", "/closed/a.txt"),
  row("%U", "%U", "/a%2etxt?q"),
  row("%U %f of an encoded slash that is refused", "%U %f %>s", "/%2fa/..%2fa.txt"),
  row("%U %f of dots above the root", "%U %f %>s", "/folder/%2e%2e/../a.txt"),
  row("%U %f of slashes in front", "%U %f %>s", "//folder//nothing"),
  row("%U %f of a redirect", "%U %f %>s", "/old/a.txt?q"),
  row("%U %f of what is gone", "%U %f %>s", "//gone"),
  row("%U %f of a variant with a path behind it", "%U %f %>s", "/variants/page/more?q"),
  row("%q %U of an index with a query of its own", "%q %U %R", "/asked/?q"),
  row("%R of a folder without its slash", "%R %f %>s", "/listed"),
  row("%R of a folder", "%R %f %>s", "/listed/"),
  row("%v %V", "%v %V"),
  row("%X of a connection that stays", "%X"),
  row("%X of one that does not", "%X", "/a.txt", { headers: ["Connection: close"] }),
  row("%X of HTTP/1.0", "%X", "/", { raw: "GET /a.txt HTTP/1.0\r\nHost: @HOST@\r\n\r\n" }),
  row("%I", "%I"),
  row("%I of a body", "%I", "/a.txt", { method: "POST", body: "0123456789" }),
  row("%O %S", "out=%O sum=%S"),
  row("%^FB where it is not measured", "%^FB"),
  row("%{VARNAME}^ti", "%{X-Sum}^ti %{x-sum}^ti %{X-Twice}^ti %{none}^ti", "/a.txt", { raw: trailers }),
  row("%{VARNAME}^ti of a body that is not read", "%{X-Sum}^ti", "/denied/", { raw: trailers }),
  row("%{VARNAME}^ti without trailers", "%{X-Sum}^ti", "/a.txt", { method: "POST", body: "x" }),
  row("%{VARNAME}^ti of a CGI program", "%{X-Sum}^ti %{X-Sum}i", "/cgi/reads", { raw: trailers }),
  row("%{VARNAME}^ti behind a name without braces", "%^ti"),
  row("%{VARNAME}^to without trailers", "%{X-Sum}^to"),
  row("%{VARNAME}^to of a back end", "%{X-Sum}^to %{X-Sum}o", "/proxied/trailers"),
  row("conditions that hold", "%200{User-Agent}i %!404{User-Agent}i %200,304>s", "/a.txt", { headers: agent }),
  row("conditions that do not", "%404{User-Agent}i %!200{User-Agent}i %!200,404>s", "/a.txt", { headers: agent }),
  row("conditions on the last status", "%404<s %404>s %!404>s %404r", "/missing"),
  row("modifiers in any order", "%{User-Agent}!404>i %>!404{User-Agent}i", "/a.txt", { headers: agent }),
  row("percent signs and escapes", '%%\\t|\\n|\\\\|"|\\x|%%h'),
  row("an item behind text without a blank", "a%sb%mc"),
];

const hostOf = (index: number): string => `item${index}.test`;
const quoted = (text: string): string => `"${text.replace(/"/g, '\\"')}"`;

const configuration = `LoadModule headers_module @MODULES@/mod_headers.so
LoadModule remoteip_module @MODULES@/mod_remoteip.so
LoadModule status_module @MODULES@/mod_status.so
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule cgid_module @MODULES@/mod_cgid.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_anon_module @MODULES@/mod_authn_anon.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule negotiation_module @MODULES@/mod_negotiation.so
LoadModule autoindex_module @MODULES@/mod_autoindex.so
DocumentRoot "@ROOT@/htdocs"
AddLanguage en .en
<Directory "@ROOT@/htdocs/variants">
  Options MultiViews
  FileETag None
  AcceptPathInfo On
</Directory>
<Directory "@ROOT@/htdocs/listed">
  Options Indexes
  DirectorySlash Off
</Directory>
<Directory "@ROOT@/htdocs/asked">
  DirectoryIndex a.txt?x=1
</Directory>
Redirect /old /new
Redirect gone /gone
Listen 127.0.0.1:@PORT2@
ScriptSock "@RUN@/cgi.sock"
SetEnv COLOUR "blue \\"green\\""
Header always set X-Out "out"
ErrorDocument 404 /errors/404.txt
RemoteIPHeader X-Spoken-For
RemoteIPTrustedProxy 127.0.0.1
ScriptAlias /cgi "@ROOT@/cgi"
<Location /status>
  SetHandler server-status
  Require all denied
</Location>
<Location /denied>
  Require all denied
</Location>
<Location /closed>
  AuthType Basic
  AuthName area
  AuthBasicProvider anon
  Anonymous ann
  Require valid-user
</Location>
ProxyPass /proxied/ http://127.0.0.1:@PORT2@/cgi/nph-
<VirtualHost *:@PORT2@>
</VirtualHost>
${rows
  .map(
    ({ format }, index) => `<VirtualHost *:@PORT@>
  ServerName ${hostOf(index)}
  CustomLog "@RUN@/items.log" ${quoted(format)}
</VirtualHost>
`,
  )
  .join("")}`;

const masks: readonly (readonly [RegExp, string])[] = [
  [/\bc?id=[\w+/@-]{3,40}/g, "id=ID"],
  [/\d{10}\.\d{3,6}/g, "SECONDS"],
  [/ \d{3}(\d{3})?(?= \d{3}|$)/gm, " FRACTION"],
];

export const suite: Suite = {
  name: "items of access logs",
  configuration,
  files: {
    "htdocs/a.txt": "aaaaa\n",
    "htdocs/empty.txt": "",
    "htdocs/folder/index.html": "index\n",
    "htdocs/variants/page.html.en": "page\n",
    "htdocs/listed/a.txt": "a",
    "htdocs/asked/a.txt": "a",
    "htdocs/closed/a.txt": "closed\n",
    "htdocs/errors/404.txt": "not there\n",
    "cgi/reads": { mode: 0o755, text: '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"\ncat\n' },
    "cgi/nph-trailers": {
      mode: 0o755,
      text:
        '#!/bin/sh\nprintf "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n"\n' +
        'printf "3\\r\\nabc\\r\\n0\\r\\nX-Sum: nine\\r\\n\\r\\n"\n',
    },
  },
  masks,
  cases: rows.map(({ name, target = "/", more = {} }, index): Case => {
    const { raw, ...rest } = more;
    const named = (text: string): string => text.replaceAll("@HOST@", hostOf(index)).replaceAll("@TARGET@", target);
    return {
      name: `have ${name}`,
      target,
      host: hostOf(index),
      logs: ["items.log"],
      ...rest,
      ...(raw === undefined ? {} : { raw: typeof raw === "string" ? named(raw) : raw.map(named) }),
    };
  }),
};
