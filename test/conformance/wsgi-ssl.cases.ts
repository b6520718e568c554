// mod_wsgi behind TLS: what scripts look up of mod_ssl, the scheme, and what logs show of it.
import { selfSigned } from "./certificates.js";
import type { Case, Suite } from "./harness.js";

const own = selfSigned("/C=DE/O=Own, Inc./CN=own.test", "subjectAltName=DNS:own.test");

/** Those that are the same for both servers. */
const names = `SSL_PROTOCOL SSL_CIPHER SSL_SERVER_S_DN SSL_SERVER_S_DN_CN SSL_SERVER_M_SERIAL SSL_CLIENT_VERIFY
SSL_CLIENT_S_DN SSL_TLS_SNI SSL_SECURE_RENEG SSL_NOTHING NOTHING ssl_protocol HTTPS https REQUEST_METHOD REQUEST_SCHEME
REQUEST_URI REQUEST_FILENAME SCRIPT_FILENAME SERVER_NAME SERVER_PORT SERVER_ADMIN SERVER_PROTOCOL SERVER_ADDR HTTP_HOST
HTTP_USER_AGENT HTTP_ACCEPT HTTP_REFERER HTTP_COOKIE HTTP_X_A REMOTE_ADDR REMOTE_HOST REMOTE_USER REMOTE_PORT AUTH_TYPE
PATH_INFO QUERY_STRING DOCUMENT_ROOT THE_REQUEST IS_SUBREQ API_VERSION TIME_YEAR TIME_MON ENV:S_X S_X`.split(/\s+/);

/** Notes what it can look up, by name and by what is no name; afterwards it cannot. */
const lookup = `import sys
NAMES = ${JSON.stringify(names)}
def noted(call, *args):
    try:
        return call(*args)
    except Exception as error:
        return type(error).__name__
def look(environ):
    lookup = environ["mod_ssl.var_lookup"]
    sys.kept = lookup
    seen = {name: noted(lookup, name) for name in NAMES}
    for args in ((), (1,), ("a", "b"), (b"SSL_PROTOCOL",), ("\\u20ac",), ("SSL_\\xff",), ("",)):
        seen["%a" % (args,)] = noted(lookup, *args)
    seen["is https"] = bool(noted(environ["mod_ssl.is_https"]))
    return seen
def allow_access(environ, host):
    sys.seen = look(environ)
    return True
def check_password(environ, user, password):
    sys.seen = look(environ)
    return True
def groups_for_user(environ, user):
    sys.seen = look(environ)
    return ["staff"]
def process_group(environ):
    sys.seen = {key: environ[key] for key in environ if key.startswith("mod_ssl") or key == "HTTPS"}
`;

const configuration = `
LoadModule ssl_module @MODULES@/mod_ssl.so
LoadModule wsgi_module @MODULES@/mod_wsgi.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
WSGISocketPrefix "@RUN@/wsgi"
WSGIDaemonProcess apps threads=2
Listen 127.0.0.1:@PORT2@ https
SetEnv S_X x
LogFormat "%r HTTPS=%{HTTPS}e SNI=%{SSL_TLS_SNI}e %>s" https
CustomLog @RUN@/https.log https
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
<VirtualHost *:@PORT2@>
  ServerName own.test
  SSLEngine on
  SSLProtocol -all +TLSv1.3
  SSLCertificateFile @ROOT@/own.pem
  SSLCertificateKeyFile @ROOT@/own.key
</VirtualHost>
WSGIApplicationGroup %{GLOBAL}
WSGIScriptAlias /scheme-daemon "@ROOT@/scripts/scheme.wsgi" process-group=apps application-group=%{GLOBAL}
WSGIScriptAlias /scheme "@ROOT@/scripts/scheme.wsgi"
WSGIScriptAlias /trusting "@ROOT@/scripts/scheme.wsgi"
WSGIScriptAliasMatch ^/(access|password|groups|dispatch) "@ROOT@/scripts/seen.wsgi"
<Location /trusting>
  WSGITrustedProxyHeaders X-Forwarded-Proto
</Location>
<Location /access>
  WSGIAccessScript "@ROOT@/scripts/lookup.py"
</Location>
<Location /password>
  AuthType Basic
  AuthName private
  AuthBasicProvider wsgi
  WSGIAuthUserScript "@ROOT@/scripts/lookup.py"
  Require valid-user
</Location>
<Location /groups>
  AuthType Basic
  AuthName private
  AuthBasicProvider wsgi
  WSGIAuthUserScript "@ROOT@/scripts/lookup.py"
  WSGIAuthGroupScript "@ROOT@/scripts/lookup.py"
  Require wsgi-group staff
</Location>
<Location /dispatch>
  WSGIDispatchScript "@ROOT@/scripts/lookup.py"
</Location>
`;

const files: Suite["files"] = {
  "own.pem": own.cert,
  "own.key": { text: own.key, mode: 0o600 },
  "htdocs/static/x.txt": "static\n",
  "scripts/lookup.py": lookup,
  "scripts/scheme.wsgi": `def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [("%s %s" % (environ["wsgi.url_scheme"], "HTTPS" in environ)).encode()]
`,
  "scripts/seen.wsgi": `import sys
def application(environ, start_response):
    seen = dict(sys.seen)
    try:
        seen["afterwards"] = sys.kept("HTTPS")
    except AttributeError:
        pass
    except RuntimeError as error:
        seen["afterwards"] = str(error)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return ["".join("%s = %r\\n" % item for item in seen.items()).encode("latin-1")]
`,
};

const encrypted: Omit<Case, "name"> = { tls: { servername: "own.test" }, to: { port: 2 }, host: "own.test" };
const given = ["User-Agent: test", "Accept: text/plain", "Cookie: a=b", "X-A: 1"];
const credentials = ["Authorization: Basic bWU6c2VjcmV0"];

const lookups = ["access", "password", "groups", "dispatch"].flatMap((where): Case[] => {
  const asked = { target: `/${where}/path/info?query`, headers: [...given, ...credentials] };
  return [
    { ...encrypted, ...asked, name: `what a script of ${where} looks up of an encrypted request` },
    { ...asked, host: "main.test", name: `what a script of ${where} looks up of a plain request` },
  ];
});

const schemes = ["/scheme", "/scheme-daemon", "/trusting", "/static/x.txt"].flatMap((target): Case[] => [
  { ...encrypted, target, logs: ["https.log"], name: `the scheme of an encrypted request for ${target}` },
  { target, logs: ["https.log"], name: `the scheme of a plain request for ${target}` },
  {
    ...{ target, logs: ["https.log"], headers: ["X-Forwarded-Proto: https"] },
    name: `the scheme that a proxy tells, for ${target}`,
  },
]);

export const suite: Suite = { name: "wsgi and ssl", configuration, files, cases: [...lookups, ...schemes] };
