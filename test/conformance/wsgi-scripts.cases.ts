// Scripts beside the applications: who decides about access, who chooses groups, who answers for a handler's name.
import { dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

/** Bodies of allow_access(environ, host) by name. */
const access: Readonly<Record<string, string>> = {
  true: "return True",
  false: "return False",
  none: "return None",
  nothing: "pass",
  one: "return 1",
  zero: "return 0",
  text: "return 'yes'",
  raises: "raise ValueError('on purpose')",
  exits: "raise SystemExit(1)",
  local: "return host == '127.0.0.1'",
  other: "return host == '127.0.0.2'",
  field: "return environ.get('HTTP_X_KEY') == 'secret'",
  query: "return 'open' in environ['QUERY_STRING']",
  method: "return environ['REQUEST_METHOD'] == 'GET'",
  errors: "print('for the log', file=environ['wsgi.errors']); return True",
  authorization: "return 'HTTP_AUTHORIZATION' not in environ",
  groups: "return (environ['mod_wsgi.process_group'], environ['mod_wsgi.application_group']) == ('', '')",
  absent:
    "return not [key for key in environ if key in ('wsgi.input', 'CONTENT_TYPE', 'CONTENT_LENGTH', 'wsgi.url_scheme')]",
  ssl: "return not environ['mod_ssl.is_https'](*(() if environ['mod_wsgi.version'] >= (5,) else ()))",
};

/** Bodies of check_password(environ, user, password) by name. */
const passwords: Readonly<Record<string, string>> = {
  right: "return (user, password) == ('me', 'se:cret')",
  unknown: "return None if user != 'me' else password == 'se:cret'",
  renamed: "return 'somebody' if password == 'se:cret' else False",
  empty: "return ''",
  number: "return 1",
  raises: "raise ValueError('on purpose')",
};

/** Bodies of groups_for_user(environ, user) by name. */
const memberships: Readonly<Record<string, string>> = {
  staff: "return ['others', 'staff']",
  bytes: "return [b'staff']",
  nobody: "return []",
  none: "return None",
  tuple: "return ('staff',)",
  generator: "yield 'staff'",
  other: "return ['staffing']",
  fails: "raise ValueError('on purpose')",
  broken: "yield 'staff'\n    raise ValueError('on purpose')",
};

const basic = "  AuthType Basic\n  AuthName private\n  AuthBasicProvider wsgi\n";

const seenKeys = [
  ...["SERVER_NAME", "SERVER_ADDR", "SERVER_PORT", "REMOTE_ADDR", "DOCUMENT_ROOT", "SERVER_ADMIN", "SERVER_PROTOCOL"],
  ...[
    "REQUEST_METHOD",
    "QUERY_STRING",
    "REQUEST_URI",
    "SCRIPT_NAME",
    "PATH_INFO",
    "HTTP_HOST",
    "HTTP_X_A",
    "HTTP_COOKIE",
  ],
  ...["mod_wsgi.process_group", "mod_wsgi.application_group"],
];

const configuration = `
LoadModule wsgi_module @MODULES@/mod_wsgi.so
LoadModule auth_basic_module @MODULES@/mod_auth_basic.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
WSGISocketPrefix "@RUN@/wsgi"
WSGIDaemonProcess one threads=2
WSGIDaemonProcess two threads=2
ServerAdmin admin@main.test
DocumentRoot "@ROOT@/htdocs"
WSGIScriptAlias /seen "@ROOT@/scripts/seen-app.py" application-group=%{GLOBAL}
WSGIScriptAlias /dispatched "@ROOT@/apps/dump.wsgi"
WSGIScriptAlias /dispatched-alias "@ROOT@/apps/dump.wsgi" process-group=one application-group=of-alias
WSGIScriptAlias /imported "@ROOT@/scripts/imported.py" process-group=one application-group=%{GLOBAL}
WSGIImportScript "@ROOT@/scripts/imported.py" process-group=one application-group=%{GLOBAL}
WSGIHandlerScript mine "@ROOT@/scripts/handler.py" process-group=one application-group=%{GLOBAL}
WSGIHandlerScript bare "@ROOT@/scripts/handler.py"
WSGIHandlerScript without "@ROOT@/scripts/empty.py" process-group=one
WSGIHandlerScript gone "@ROOT@/scripts/missing.py" process-group=one
WSGIHandlerScript broken "@ROOT@/scripts/broken.py" process-group=one
<Directory "@ROOT@">
  Require all granted
</Directory>
${Object.keys(access)
  .map((name) => `<Location /access/${name}>\n  WSGIAccessScript "@ROOT@/scripts/access-${name}.py"\n</Location>`)
  .join("\n")}
${Object.keys(passwords)
  .map(
    (name) => `WSGIScriptAlias /user/${name} "@ROOT@/scripts/user-app.py"
<Location /user/${name}>
${basic}  WSGIAuthUserScript "@ROOT@/scripts/user-${name}.py"
  Require valid-user
</Location>`,
  )
  .join("\n")}
${Object.keys(memberships)
  .map(
    (name) => `WSGIScriptAlias /group/${name} "@ROOT@/scripts/user-app.py"
<Location /group/${name}>
${basic}  WSGIAuthUserScript "@ROOT@/scripts/user-right.py"
  WSGIAuthGroupScript "@ROOT@/scripts/group-${name}.py"
  Require wsgi-group staff
</Location>`,
  )
  .join("\n")}
<Location /user/broken>
${basic}  WSGIAuthUserScript "@ROOT@/scripts/broken.py"
  Require valid-user
</Location>
<Location /user/no-function>
${basic}  WSGIAuthUserScript "@ROOT@/scripts/empty.py"
  Require valid-user
</Location>
<Location /user/without>
${basic}  Require valid-user
</Location>
<Location /group/without>
${basic}  WSGIAuthUserScript "@ROOT@/scripts/user-right.py"
  Require wsgi-group staff
</Location>
<Location /access/broken>
  WSGIAccessScript "@ROOT@/scripts/broken.py"
</Location>
<Location /access/syntax>
  WSGIAccessScript "@ROOT@/scripts/syntax.py"
</Location>
<Location /access/missing>
  WSGIAccessScript "@ROOT@/scripts/missing.py"
</Location>
<Location /access/no-function>
  WSGIAccessScript "@ROOT@/scripts/empty.py"
</Location>
<Location /access/in-group>
  WSGIAccessScript "@ROOT@/scripts/group.py" application-group=mine
</Location>
<Location /access/in-server>
  WSGIAccessScript "@ROOT@/scripts/group.py" application-group=%{SERVER}
</Location>
<Location /access/denied-else>
  WSGIAccessScript "@ROOT@/scripts/access-true.py"
  Require all denied
</Location>
<Location /access/none-denied-else>
  WSGIAccessScript "@ROOT@/scripts/access-none.py"
  Require all denied
</Location>
<Location /seen>
  WSGIAccessScript "@ROOT@/scripts/seen.py"
</Location>
<Location /dispatched>
  WSGIDispatchScript "@ROOT@/scripts/dispatch.py"
</Location>
<Location /dispatched-alias>
  WSGIDispatchScript "@ROOT@/scripts/dispatch.py"
</Location>
WSGIScriptAlias /broken-dispatch "@ROOT@/apps/dump.wsgi"
<Location /broken-dispatch>
  WSGIDispatchScript "@ROOT@/scripts/broken.py"
</Location>
WSGIScriptAlias /empty-dispatch "@ROOT@/apps/dump.wsgi"
<Location /empty-dispatch>
  WSGIDispatchScript "@ROOT@/scripts/empty.py"
</Location>
<Directory "@ROOT@/htdocs/pages">
  AddHandler mine .mine
  AddHandler bare .bare
  AddHandler without .without
  AddHandler gone .gone
  AddHandler broken .broken
</Directory>
<Location /virtual>
  SetHandler mine
</Location>
<Location /no-info>
  SetHandler mine
  AcceptPathInfo Off
</Location>
`;

const files = {
  ...Object.fromEntries(
    Object.entries(access).map(([name, body]) => [
      `scripts/access-${name}.py`,
      `from __future__ import print_function\ndef allow_access(environ, host):\n    ${body}\n`,
    ]),
  ),
  ...Object.fromEntries(Object.keys(access).map((name) => [`htdocs/access/${name}/index.html`, `${name}\n`])),
  ...Object.fromEntries(
    ["broken", "syntax", "missing", "no-function", "in-group", "in-server", "denied-else", "none-denied-else"].map(
      (name) => [`htdocs/access/${name}/index.html`, `${name}\n`],
    ),
  ),
  ...Object.fromEntries(
    Object.entries(passwords).map(([name, body]) => [
      `scripts/user-${name}.py`,
      `def check_password(environ, user, password):\n    ${body}\n`,
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(memberships).map(([name, body]) => [
      `scripts/group-${name}.py`,
      `def groups_for_user(environ, user):\n    ${body}\n`,
    ]),
  ),
  "scripts/user-app.py": `def application(environ, start_response):
    body = ("%r %r\\n" % (environ.get("REMOTE_USER"), environ.get("AUTH_TYPE"))).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`,
  "scripts/broken.py": "import nothing_of_this_name\n",
  "scripts/syntax.py": "def allow_access(:\n",
  "scripts/empty.py": "number = 5\n",
  "scripts/group.py": `def allow_access(environ, host):
    return environ["mod_wsgi.application_group"] in ("mine", "main.test")
`,
  // The application runs in the same interpreter: it shows what the script has seen.
  "scripts/seen.py": `import sys
def allow_access(environ, host):
    sys.seen = dict(environ, host=host)
    return True
`,
  "scripts/seen-app.py": `import sys
KEYS = ${JSON.stringify([...seenKeys, "host"])}
def application(environ, start_response):
    body = "".join("%s = %r\\n" % (key, sys.seen.get(key)) for key in KEYS).encode("latin-1")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`,
  "scripts/dispatch.py": `try:
    from urllib.parse import parse_qs
except ImportError:
    from urlparse import parse_qs
def chosen(environ, name):
    value = parse_qs(environ["QUERY_STRING"]).get(name, [None])[0]
    if value == "raises":
        raise ValueError("on purpose")
    return 5 if value == "number" else value
def process_group(environ):
    return chosen(environ, "process")
def application_group(environ):
    return chosen(environ, "application")
def callable_object(environ):
    return chosen(environ, "callable")
`,
  "scripts/imported.py": `import threading
where = threading.current_thread().name
number = 0
def application(environ, start_response):
    global number
    number += 1
    body = ("%d %s\\n" % (number, where == threading.current_thread().name)).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`,
  "scripts/handler.py": `KEYS = ["SCRIPT_NAME", "PATH_INFO", "SCRIPT_FILENAME", "REQUEST_METHOD", "mod_wsgi.process_group",
    "mod_wsgi.application_group", "mod_wsgi.callable_object", "mod_wsgi.request_handler", "mod_wsgi.handler_script"]
def handle_request(environ, start_response):
    body = "".join("%s = %r\\n" % (key, environ.get(key)) for key in KEYS).encode("latin-1") + environ["wsgi.input"].read(100)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`,
  "apps/dump.wsgi": dumpApplication,
  "htdocs/pages/a.mine": "a page\n",
  "htdocs/pages/a.bare": "a page\n",
  "htdocs/pages/a.without": "a page\n",
  "htdocs/pages/a.gone": "a page\n",
  "htdocs/pages/a.broken": "a page\n",
  "htdocs/virtual/there.txt": "there\n",
};

const accessCases: readonly (readonly [name: string, more?: Partial<Case>])[] = [
  ...Object.keys(access).map((name) => [name] as const),
  ...["broken", "syntax", "missing", "no-function", "in-group", "in-server", "denied-else", "none-denied-else"].map(
    (name) => [name] as const,
  ),
  ["field", { name: "field with the field", headers: ["X-Key: secret"] }],
  ["query", { name: "query with the word", target: "/access/query/?open" }],
  ["method", { name: "method for POST", method: "POST" }],
  ["method", { name: "method for HEAD", method: "HEAD" }],
  ["authorization", { name: "authorization with the field", headers: ["Authorization: Basic dTpw"] }],
];

const groups = "mod_wsgi.process_group,mod_wsgi.application_group,mod_wsgi.callable_object";

const dispatched = (name: string, query: string): Case => ({
  name: `dispatch: ${name}`,
  target: `/dispatched?${query}`,
});

const cases: readonly Case[] = [
  ...accessCases.map(([name, more = {}]): Case => ({
    target: `/access/${name}/`,
    ...more,
    name: `access by a script: ${more.name ?? name}`,
  })),
  { name: "what an access script sees", target: "/seen/path/info?query", headers: ["X-A: 1", "X-a: 2", "Cookie: a=b"] },
  { name: "what an access script sees of POST", method: "POST", target: "/seen", body: "abc" },
  dispatched("no opinion", ""),
  dispatched("a process group", "process=two&application=%25{GLOBAL}"),
  dispatched("an application group", "process=one&application=named"),
  dispatched("an application group to expand", "process=one&application=%25{SERVER}"),
  dispatched("embedded by name", "process=%25{GLOBAL}&application=%25{GLOBAL}"),
  dispatched("a callable", "process=one&callable=chosen&application=%25{GLOBAL}"),
  dispatched("a missing callable", "process=one&callable=nobody&application=%25{GLOBAL}"),
  dispatched("an unknown process group", "process=nobody"),
  dispatched("an exception", "process=raises"),
  dispatched("an exception for the callable", "process=one&callable=raises"),
  dispatched("a number", "application=number"),
  { name: "dispatch beside the options of an alias", target: `/dispatched-alias?process=two&${groups}` },
  { name: "dispatch without opinion beside the options of an alias", target: "/dispatched-alias" },
  {
    name: "dispatch by a script that does not load",
    target: "/broken-dispatch",
    differs: "mod_wsgi goes on without the script",
  },
  { name: "dispatch by a script without functions", target: "/empty-dispatch" },
  { name: "an imported script is the application's", target: "/imported" },
  ...["a.mine", "a.mine/more", "a.bare", "a.without", "a.gone", "a.broken"].map((file): Case => ({
    name: `a handler's script for ${file}`,
    target: `/pages/${file}`,
  })),
  { name: "a handler's script for a file that is not there", target: "/pages/missing.mine" },
  { name: "a handler's script for a location", target: "/virtual/any/thing?q" },
  { name: "a handler's script for a file in a location", target: "/virtual/there.txt/more" },
  { name: "a handler's script for POST", method: "POST", target: "/virtual/x", body: "the body" },
  { name: "a handler's script without path info", target: "/no-info/x" },
];

const credentials = (text: string): string => `Authorization: Basic ${Buffer.from(text).toString("base64")}`;

const empty = (name: string): Pick<Case, "differs"> =>
  name === "empty" ? { differs: "an empty name is refused, as by mod_wsgi 6" } : {};

const users: readonly Case[] = [
  ...[...Object.keys(passwords), "broken", "no-function", "without"].flatMap((name): Case[] => [
    {
      name: `a password by a script: ${name}`,
      target: `/user/${name}`,
      headers: [credentials("me:se:cret")],
      ...empty(name),
    },
    {
      name: `a wrong password by a script: ${name}`,
      target: `/user/${name}`,
      headers: [credentials("me:wrong")],
      ...empty(name),
    },
  ]),
  { name: "no password by a script", target: "/user/right" },
  { name: "an unknown user by a script", target: "/user/unknown", headers: [credentials("you:se:cret")] },
  ...[...Object.keys(memberships), "without"].map((name): Case => ({
    name: `a group by a script: ${name}`,
    target: `/group/${name}`,
    headers: [credentials("me:se:cret")],
    ...(name === "broken" ? { differs: "a list that breaks off is no list; mod_wsgi takes what came before" } : {}),
  })),
  { name: "a group by a script without a user", target: "/group/staff" },
];

export const suite: Suite = { name: "scripts beside applications", configuration, files, cases: [...cases, ...users] };
