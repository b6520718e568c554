// AuthType Form: logins on the page that was asked for and at a handler of their own, what follows them, and logouts.
import type { Case, Suite } from "./harness.js";
import type { Answer } from "./wire-client.js";

const application = `
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    names = ("REQUEST_METHOD", "REMOTE_USER", "AUTH_TYPE", "CONTENT_TYPE", "CONTENT_LENGTH", "QUERY_STRING", "HTTP_SESSION",
             "HTTP_AUTHORIZATION")
    text = "".join("%s=%s\\n" % (name, environ.get(name)) for name in names).encode("latin-1") + b"body=" + body + b"\\n"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]
`;

const area = (more = ""): string =>
  `AuthType Form\nAuthName realm\nAuthFormProvider file\nAuthUserFile "@ROOT@/conf/passwords"\nSession On\n` +
  `SessionCookieName session path=/\nSessionEnv On\nRequire valid-user\n${more}`;

const login = (more = ""): string =>
  area(`SetHandler form-login-handler\n<RequireAny>\nRequire all granted\n</RequireAny>\n${more}`);

/** Lines of `<Location /NAME>`. */
const places: Readonly<Record<string, string>> = {
  plain: area(),
  page: area("ErrorDocument 401 /open/login.html"),
  text: area('ErrorDocument 401 "please log in"'),
  required: area("AuthFormLoginRequiredLocation http://www.test/open/login.html"),
  "required-expr": area("AuthFormLoginRequiredLocation http://www.test/open/login.html?from=%{REQUEST_URI}"),
  success: area("AuthFormLoginSuccessLocation http://www.test/welcome"),
  fields: area(
    "AuthFormUsername u\nAuthFormPassword p\nAuthFormLocation l\nAuthFormMethod m\nAuthFormMimetype t\nAuthFormBody b",
  ),
  small: area("AuthFormSize 60"),
  fake: area("AuthFormFakeBasicAuth On\nWSGIPassAuthorization On"),
  store: area("AuthFormDisableNoStore On"),
  passing: area("AuthFormAuthoritative Off"),
  user: area("AuthMerging Off\nRequire user other"),
  age: area("SessionMaxAge 600\nSessionEnv Off"),
  "no-provider": "AuthType Form\nAuthName realm\nRequire valid-user\nSession On\nSessionCookieName session path=/",
  "no-name": "AuthType Form\nAuthFormProvider file\nRequire valid-user\nSession On\nSessionCookieName session path=/",
  "no-session": `AuthType Form\nAuthName realm\nAuthFormProvider file\nAuthUserFile "@ROOT@/conf/passwords"\nRequire valid-user`,
  lowercase: area("AuthType form"),
  dologin: login(),
  "dologin-success": login("AuthFormLoginSuccessLocation http://www.test/welcome"),
  "dologin-required": login("AuthFormLoginRequiredLocation http://www.test/open/login.html"),
  logout: "SetHandler form-logout-handler\nAuthType Form\nAuthName realm\nSession On\nSessionCookieName session path=/",
  "logout-location":
    "SetHandler form-logout-handler\nAuthType Form\nAuthName realm\nSession On\nSessionCookieName session path=/\n" +
    "AuthFormLogoutLocation http://www.test/open/goodbye.html",
};

const right = "httpd_username=user&httpd_password=secret";
const wrong = "httpd_username=user&httpd_password=wrong";
const unknown = "httpd_username=who&httpd_password=secret";
const type = "Content-Type: application/x-www-form-urlencoded";

const post = (name: string, target: string, body: string, more: Partial<Case> = {}): Case => ({
  name,
  method: "POST",
  target,
  headers: [type],
  body,
  ...more,
});

const ask = (target: string, cookie: string, method = "GET"): string =>
  `${method} ${target} HTTP/1.1\r\nHost: www.test\r\nCookie: ${cookie}\r\n\r\n`;

function cookieOf(answers: readonly Answer[]): string {
  const fields = answers.flatMap((answer) => answer.fields.filter(({ name }) => name === "Set-Cookie"));
  return fields.at(-1)?.value.split(";")[0] ?? "";
}

const remembered = "Cookie: session=realm-user=user&realm-pw=secret";

/** Forms sent to /plain. */
const forms: readonly (readonly [string, string])[] = [
  ["the right one", right],
  ["a wrong password", wrong],
  ["an unknown user", unknown],
  ["no password", "httpd_username=user"],
  ["no user", "httpd_password=secret"],
  ["empty ones", "httpd_username=&httpd_password="],
  ["an empty password", "httpd_username=user&httpd_password="],
  ["nothing", ""],
  ["other fields", `a=b&${right}&c=d`],
  ["fields without values", `a&${right}&b`],
  ["escapes", "httpd%5fusername=us%65r&httpd_password=secre%74"],
  ["a user twice", `httpd_username=user&httpd_password=secret&httpd_username=who`],
  ["a user twice, the other way", `httpd_username=who&httpd_password=secret&httpd_username=user`],
  ["a password with signs", "httpd_username=signs&httpd_password=a%2Bb+c%26d%3De%25"],
  ["a NUL", "httpd_username=user%00x&httpd_password=secret"],
  ["line ends", "httpd_username=user%0d%0aX:y&httpd_password=secret"],
  ["a location", `${right}&httpd_location=/welcome`],
  ["a location relative to the path", `${right}&httpd_location=welcome%3fa=b`],
  ["a location of this site", `${right}&httpd_location=http://www.test/welcome`],
  ["a location of this site by an alias", `${right}&httpd_location=https://alias.test:8443/welcome`],
  ["a location after a wrong password", `${wrong}&httpd_location=/welcome`],
  ["an empty location", `${right}&httpd_location=`],
  ["the same method", `${right}&httpd_method=POST`],
  ["the same method and a body", `${right}&httpd_method=POST&httpd_mimetype=text/plain&httpd_body=a%26b+c`],
  ["a body without a method", `${right}&httpd_mimetype=text/plain&httpd_body=some`],
  ["a type without a body", `${right}&httpd_mimetype=text/plain`],
  ["a body without a type", `${right}&httpd_body=some`],
  ["another method and a body", `${right}&httpd_method=PUT&httpd_mimetype=text/plain&httpd_body=some`],
  ["another method without a body", `${right}&httpd_method=GET`],
];

const different: Readonly<Record<string, string>> = {
  "an empty location": "an empty field is as good as none",
  "another method and a body": "the answer is sent with its own fields",
};

const elsewhere = [
  "http://evil.test/",
  "https://evil.test/welcome",
  "//evil.test/",
  "/\\evil.test/",
  "\\\\evil.test/",
  "http:\\\\evil.test",
  "http:evil.test%0d%0a",
  "javascript:alert(1)",
  "http://www.test@evil.test/",
  "http://www.test:x@evil.test/",
  "/%09/evil.test/",
];

export const suite: Suite = {
  name: "login forms",
  masks: [
    [/expiry=\d{16}/g, "expiry=LATER"],
    [/realm-site=\w+/g, "realm-site=PROOF"],
    // Apache takes the cookie away twice.
    [/^(Set-Cookie: session=;Max-Age=0;path=\/\n(?:.+\n)*?)Set-Cookie: session=;Max-Age=0;path=\/\n/gm, "$1"],
  ],
  configuration: `
LoadModule setenvif_module @MODULES@/mod_setenvif.so
LoadModule authn_core_module @MODULES@/mod_authn_core.so
LoadModule authn_file_module @MODULES@/mod_authn_file.so
LoadModule authz_user_module @MODULES@/mod_authz_user.so
LoadModule auth_form_module @MODULES@/mod_auth_form.so
LoadModule request_module @MODULES@/mod_request.so
LoadModule session_module @MODULES@/mod_session.so
LoadModule session_cookie_module @MODULES@/mod_session_cookie.so
LoadModule wsgi_module @MODULES@/mod_wsgi.so
LogFormat "%u %>s %U" users
SetEnvIf Request_URI conformance-probe probe
CustomLog "@RUN@/users.log" users env=!probe
WSGIPythonHome /usr
DocumentRoot "@ROOT@/htdocs"
WSGIScriptAlias / "@ROOT@/application.wsgi"
Alias /open "@ROOT@/htdocs/open"
Alias /static "@ROOT@/htdocs/static"
<Location "/">
  Require all granted
</Location>
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
<Location "/static">
  ${area()}
</Location>
<Location "/site">
  ${area("AuthFormSitePassphrase phrase\nSessionEnv Off")}
</Location>
<VirtualHost 127.0.0.1:@PORT@>
  ServerName main.test
  ServerAlias alias.test www.test
</VirtualHost>
`,
  files: {
    "application.wsgi": application,
    "conf/passwords":
      "user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nother:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nsigns:{SHA}FoTGDyI/SmCKiQNJ01vOuNUfDsk=\n",
    "htdocs/open/login.html": "login",
    "htdocs/open/goodbye.html": "goodbye",
    "htdocs/static/index.html": "static",
  },
  cases: [
    // In front of those that are not logged: a line of theirs may be late.
    ...Object.keys(places).flatMap((name): Case[] => [
      { name: `asks at ${name}`, target: `/${name}`, logs: ["users.log"] },
      post(`logs in at ${name}`, `/${name}`, right, { logs: ["users.log"] }),
      post(`refuses at ${name}`, `/${name}`, wrong, { logs: ["users.log"] }),
      { name: `knows the session at ${name}`, target: `/${name}`, headers: [remembered], logs: ["users.log"] },
      {
        name: `knows no user of the session at ${name}`,
        target: `/${name}`,
        headers: [remembered.replace("=user&", "=who&")],
        logs: ["users.log"],
      },
      {
        name: `knows no password of the session at ${name}`,
        target: `/${name}`,
        headers: [remembered.replace("secret", "wrong")],
        logs: ["users.log"],
      },
    ]),
    ...forms.flatMap(([name, body]) => {
      const differs = different[name];
      const more = differs === undefined ? {} : { differs };
      return [
        post(`takes ${name}`, "/plain?q=1", body, more),
        post(`takes ${name} at a handler`, "/dologin", body, name === "an empty location" ? more : {}),
      ];
    }),
    ...elsewhere.map((location) =>
      post(`is not led to ${location}`, "/plain", `${right}&httpd_location=${location.replaceAll("\\", "%5c")}`, {
        differs: "a form cannot lead to another site",
      }),
    ),
    { name: "knows no session without a password", target: "/plain", headers: ["Cookie: session=realm-user=user"] },
    {
      name: "knows no session of another realm",
      target: "/plain",
      headers: ["Cookie: session=other-user=user&other-pw=secret"],
    },
    post("takes its own fields", "/fields", "u=user&p=secret&l=/welcome"),
    post("takes its own fields and a body", "/fields", "u=user&p=secret&m=POST&t=text/plain&b=some"),
    post("does not take the usual fields then", "/fields", right),
    post("takes a form of just that size", "/small", `${right}&a=${"x".repeat(60 - right.length + 1)}`),
    post("refuses a larger form", "/small", `${right}&a=${"x".repeat(60)}`),
    post("refuses a form of 20,000 bytes", "/plain", `${right}&a=${"x".repeat(20_000)}`),
    post("takes no form of another type", "/plain", right, { headers: ["Content-Type: text/plain"] }),
    post("takes no form without a type", "/plain", right, { headers: [] }),
    post("takes a form with a charset", "/plain", right, { headers: [`${type}; charset=utf-8`] }),
    post(
      "takes a form in chunks",
      "/plain",
      `5\r\nhttpd\r\n${(right.length - 5).toString(16)}\r\n${right.slice(5)}\r\n0\r\n\r\n`,
      {
        headers: [type, "Transfer-Encoding: chunked"],
      },
    ),
    post("takes a form after 100 Continue", "/plain", right, { headers: [type, "Expect: 100-continue"] }),
    post("takes no form by PUT", "/plain", right, { method: "PUT" }),
    post("takes a form for a file", "/static/index.html", right),
    post("takes a form for a folder", "/static/", right),
    post("begins anew behind an old session", "/plain", right, {
      headers: [type, "Cookie: session=expiry=1000000&realm-user=who"],
      differs: "Apache does not save a login where an older session has ended",
    }),
    post("logs in another user", "/plain", right, { headers: [type, "Cookie: session=realm-user=who&realm-pw=x&a=b"] }),
    {
      ...post("stays for a session", "/plain", right),
      next: [(answers) => ask("/plain", cookieOf(answers)), (answers) => ask("/static/", cookieOf(answers))],
    },
    {
      ...post("ends a session", "/dologin", right),
      next: [(answers) => ask("/logout", cookieOf(answers)), (answers) => ask("/plain", cookieOf(answers))],
    },
    { name: "logs out who is in", target: "/logout", headers: [remembered] },
    { name: "logs out who is in, by POST", method: "POST", target: "/logout", headers: [remembered], body: "x" },
    { name: "logs out and goes on", target: "/logout-location", headers: [`${remembered}&a=b`] },
    { name: "keeps other entries", target: "/logout", headers: [`${remembered}&a=b`] },
    { name: "asks for HEAD", method: "HEAD", target: "/plain" },
    { name: "asks at the page for HEAD", method: "HEAD", target: "/page" },
    {
      ...post("knows a proof of the site", "/site", right),
      next: [(answers) => ask("/site", cookieOf(answers).replace("secret", "changed"))],
    },
    {
      name: "knows no wrong proof",
      target: "/site",
      headers: [`${remembered.replace("secret", "changed")}&realm-site=d41d8cd9`],
    },
    {
      name: "knows no empty proof",
      target: "/site",
      headers: [`${remembered.replace("secret", "changed")}&realm-site=`],
    },
    {
      ...post("knows no proof of another user", "/site", right),
      next: [(answers) => ask("/site", cookieOf(answers).replace("secret", "changed").replace("=user&", "=other&"))],
    },
  ],
};
