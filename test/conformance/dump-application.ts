// The WSGI application the suites share: it answers with its environ, one line per key.

/** Keys that differ between any two servers or requests, or that only mod_wsgi 4.9 has or spells otherwise. */
const left = [
  // Per request or process.
  "REMOTE_PORT",
  "SERVER_SOFTWARE",
  "apache.version",
  "mod_wsgi.version",
  "mod_wsgi.request_id",
  "mod_wsgi.connection_id",
  "mod_wsgi.thread_id",
  "mod_wsgi.request_start",
  "mod_wsgi.queue_start",
  "mod_wsgi.daemon_start",
  "mod_wsgi.application_start",
  "mod_wsgi.script_start",
  "mod_wsgi.script_reloading",
  "mod_wsgi.server_pid",
  "mod_wsgi.daemon_connects",
  "mod_wsgi.daemon_restarts",
  // Dropped by mod_wsgi 6.0, or new in it; mod_wsgi 4.9 is what is compared with. A case of its own shows these.
  "GATEWAY_INTERFACE",
  "PATH_TRANSLATED",
  "SERVER_SIGNATURE",
  "REMOTE_HOST",
  "REMOTE_IDENT",
  "PATH",
  "LD_LIBRARY_PATH",
  "mod_wsgi.enable_sendfile",
  "mod_wsgi.ignore_activity",
  "mod_wsgi.handler_script",
  "mod_wsgi.input_chunked",
  "mod_wsgi.total_requests",
  "mod_wsgi.thread_requests",
];

/** Text of the script. `environ` shows strings, numbers, booleans and tuples by repr, other objects as OBJECT. */
export const dumpApplication = `
LEFT = set(${JSON.stringify(left)})

def show(value):
    return repr(value) if isinstance(value, (str, bool, int, float, tuple)) else "OBJECT"

def lines(environ, keys):
    return "".join("%s = %s\\n" % (key, show(environ[key])) for key in keys).encode("latin-1", "backslashreplace")

def application(environ, start_response):
    body = lines(environ, sorted(key for key in environ if key not in LEFT))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

def left_out(environ, start_response):
    body = " ".join(sorted(key for key in environ if key in LEFT)).encode("latin-1")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

def chosen(environ, start_response):
    wanted = environ.get("QUERY_STRING", "").split(",")
    body = lines(environ, sorted(key for key in environ if any(key == one or key.endswith("_" + one) for one in wanted)))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]

def redirected(environ, start_response):
    names = ("REDIRECT_", "ERROR_", "PATH_INFO", "SCRIPT_NAME", "REQUEST_", "QUERY_STRING", "CONTENT_", "HTTP_X_")
    body = lines(environ, sorted(key for key in environ if key.startswith(names)))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;

/** Text of a script that shows what the configuration set: variables named S_ and those of regular expressions. */
export const variablesApplication = `
def application(environ, start_response):
    names = ("S_", "MATCH_", "REDIRECT_S_")
    body = "".join("%s = %s\\n" % (key, environ[key]) for key in sorted(environ) if key.startswith(names)).encode("latin-1")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;

/** Lines that make a daemon group of one process and the module it needs. */
export const daemonGroup = `
LoadModule wsgi_module @MODULES@/mod_wsgi.so
WSGISocketPrefix "@RUN@/wsgi"
WSGIDaemonProcess apps processes=1 threads=5
WSGIProcessGroup apps
WSGIApplicationGroup %{GLOBAL}
`;
