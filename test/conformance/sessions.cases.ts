// Sessions kept in a cookie: what is loaded, what applications see and change, what is sent back.
import type { Case, Suite } from "./harness.js";

/** Answers with the field and the variables that the query asks for. */
const application = `
from urllib.parse import parse_qs
def application(environ, start_response):
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    fields = [("X-Replace", query["set"][0])] if "set" in query else []
    status = query.get("status", ["200 OK"])[0]
    names = ("HTTP_SESSION", "HTTP_COOKIE")
    body = "".join("%s=%s\\n" % (name, environ.get(name)) for name in names).encode("latin-1")
    start_response(status, fields + [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
`;

const cookie = "SessionCookieName session path=/;HttpOnly";

/** Lines of `<Location /NAME>`. */
const places: Readonly<Record<string, string>> = {
  plain: cookie,
  env: `${cookie}\nSessionEnv On`,
  usual: "SessionCookieName session",
  age: `${cookie}\nSessionMaxAge 600`,
  "age-env": `${cookie}\nSessionMaxAge 600\nSessionEnv On`,
  interval: `${cookie}\nSessionMaxAge 600\nSessionExpiryUpdateInterval 300`,
  header: `${cookie}\nSessionHeader X-Replace\nSessionEnv On`,
  "header-age": `${cookie}\nSessionHeader X-Replace\nSessionMaxAge 60`,
  removes: `${cookie}\nSessionEnv On\nSessionCookieRemove On`,
  "removes-age": `${cookie}\nSessionMaxAge 600\nSessionHeader X-Replace\nSessionEnv On\nSessionCookieRemove On`,
  two: `${cookie}\nSessionCookieName2 session2 path=/;Version=1\nSessionEnv On\nSessionHeader X-Replace`,
  second: `SessionCookieName2 session2 path=/\nSessionEnv On\nSessionHeader X-Replace`,
  nowhere: "SessionEnv On",
  off: `Session Off\n${cookie}\nSessionEnv On`,
  include: `${cookie}\nSessionInclude /include/in\nSessionEnv On`,
  exclude: `${cookie}\nSessionExclude /exclude/no\nSessionEnv On`,
  both: `${cookie}\nSessionInclude /both/in\nSessionExclude /both/in/no\nSessionEnv On`,
  private: `${cookie}\nSessionMaxAge 600\nRequire all denied`,
  page: `${cookie}\nSessionMaxAge 600\nErrorDocument 404 /plain?page`,
};

const place = (name: string, more = ""): string => `/${name}${more}`;
const sent = (value: string): string => `Cookie: session=${value}`;
const later = "8999999999999999";

const cookies: readonly (readonly [string, string])[] = [
  ["an entry", "session=a=b"],
  ["two entries", "session=a=b&c=d"],
  ["escapes", "session=a%26b=c%3dd+e"],
  ["an empty value", "session=a=b&a="],
  ["a name alone", "session=a"],
  ["an empty name", "session==b"],
  ["ampersands", "session=&&a=b&&"],
  ["a value with an equals sign", "session=a=b=c"],
  ["a broken escape", "session=a=%zz&b=c"],
  ["an escaped NUL", "session=a=%00&b=c"],
  ["names in other case", "session=Name=1&NAME=2"],
  ["a session that has ended", "session=expiry=1000000&a=b"],
  ["a session that has not ended", `session=expiry=${later}&a=b`],
  ["an expiry that is no number", "session=expiry=soon&a=b"],
  ["control bytes and quotes", "session=a=%0d%0aSet-Cookie:%20x&b=%22%27%3b%2c"],
  ["bytes beyond ASCII", "session=a=%c3%a4&b=\xc3\xa4"],
  ["no value", "session="],
  ["another cookie", "other=x"],
  ["others around", "a=b; session=c=d; e=f"],
  ["a name within another", "xsession=a=b; session=c=d"],
  ["the same cookie twice", "session=a=b; session=a=b"],
  ["two values", "session=a=b; session=c=d"],
  ["commas", "a=b, session=c=d"],
  ["attributes of old", "$Version=1; session=c=d; $Path=/; e=f; $Path=/x"],
  ["the name in other case", "Session=a=b"],
];

/** What Apache forgets by SessionCookieRemove is not there any more when it saves the session. */
function withDifferences(place: string, cases: readonly Case[]): Case[] {
  const differs = "Apache has forgotten what it took out";
  const isLost = ({ name }: Case): boolean => !/^begins|behind the end/.test(name);
  return cases.map((one) => (place === "removes-age" && isLost(one) ? { ...one, differs } : one));
}

export const suite: Suite = {
  name: "sessions",
  masks: [
    [/expiry=(?!89{15})\d{16}/g, "expiry=LATER"],
    // With SessionCookieRemove, Apache loads a session once more when it sends the answer.
    [/^(Content-Length: \d+)\nCache-Control: no-cache, private$/gm, "$1"],
  ],
  configuration: `
LoadModule request_module @MODULES@/mod_request.so
LoadModule session_module @MODULES@/mod_session.so
LoadModule session_cookie_module @MODULES@/mod_session_cookie.so
LoadModule wsgi_module @MODULES@/mod_wsgi.so
WSGIPythonHome /usr
WSGIScriptAlias / "@ROOT@/application.wsgi"
Alias /static "@ROOT@/htdocs"
<Location "/">
  Require all granted
  Session On
</Location>
${Object.entries(places)
  .map(([name, lines]) => `<Location "/${name}">\n${lines}\n</Location>`)
  .join("\n")}
<Location "/static">
  ${cookie}
  SessionMaxAge 600
</Location>
`,
  files: { "application.wsgi": application, "htdocs/index.html": "static", "htdocs/folder/x.txt": "x" },
  cases: [
    ...cookies.flatMap(([name, field]): Case[] => [
      { name: `loads ${name}`, target: place("env"), headers: [`Cookie: ${field}`] },
      { name: `takes out ${name}`, target: place("removes"), headers: [`Cookie: ${field}`] },
    ]),
    ...Object.keys(places).flatMap((name): readonly Case[] =>
      withDifferences(name, [
        { name: `begins at ${name}`, target: place(name) },
        { name: `goes on at ${name}`, target: place(name), headers: [sent("a=b")] },
        { name: `sets at ${name}`, target: place(name, "?set=c%3dd%2526%26a%3d"), headers: [sent("a=b&e=f")] },
        { name: `goes on with an end at ${name}`, target: place(name), headers: [sent(`expiry=${later}&a=b`)] },
        { name: `goes on behind the end at ${name}`, target: place(name), headers: [sent("expiry=1000000&a=b")] },
        { name: `sends an error at ${name}`, target: place(name, "?status=404+Gone&set=a%3db") },
      ]),
    ),
    {
      name: "empties",
      target: place("header", "?set=a%3d"),
      headers: [sent("a=b")],
      differs: "Apache takes the cookie away twice",
    },
    { name: "empties what has an end", target: place("header-age", "?set=a%3d"), headers: [sent("a=b")] },
    { name: "sets what breaks lines", target: place("header", "?set=a%3d%250d%250aX:y") },
    { name: "hides a field of the request", target: place("env"), headers: ["Session: a=b"] },
    { name: "takes the second cookie", target: place("two"), headers: ["Cookie: session=a=b; session2=c=d"] },
    { name: "includes", target: place("include", "/inner") },
    { name: "does not include", target: place("include", "/other"), headers: [sent("a=b")] },
    { name: "excludes", target: place("exclude", "/no"), headers: [sent("a=b")] },
    { name: "does not exclude", target: place("exclude", "/yes"), headers: [sent("a=b")] },
    { name: "includes and excludes", target: place("both", "/in/no"), headers: [sent("a=b")] },
    { name: "includes and does not exclude", target: place("both", "/in/yes"), headers: [sent("a=b")] },
    { name: "sends a file", target: "/static/index.html" },
    { name: "sends an index", target: "/static/" },
    { name: "sends a redirect", target: "/static/folder" },
    { name: "sends a refusal", target: "/static/folder/" },
    { name: "sends what is not there", target: "/static/missing" },
    { name: "answers HEAD", method: "HEAD", target: "/static/index.html" },
    { name: "answers a condition", target: "/static/index.html", headers: ["If-None-Match: *"] },
    { name: "answers a range", target: "/static/index.html", headers: ["Range: bytes=0-1"] },
    { name: "answers OPTIONS", method: "OPTIONS", target: "/static/index.html" },
    { name: "refuses a method", method: "PUT", target: "/static/index.html", body: "x" },
  ],
};
