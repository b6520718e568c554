// ErrorDocument in its forms, and the built-in pages.
import { daemonGroup, dumpApplication } from "./dump-application.js";
import type { Case, Suite } from "./harness.js";

const configuration = `${daemonGroup}
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
ErrorDocument 404 "main text"
<VirtualHost *:@PORT@>
  ServerName plain.test
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName www.test
  ServerAdmin admin@www.test
  WSGIScriptAlias /dump "@ROOT@/dump.wsgi" callable-object=redirected
  WSGIScriptAlias /status "@ROOT@/status.wsgi"
  Redirect 410 /gone
  Redirect 403 /inner/forbidden
  Redirect 402 /pay
  Redirect 500 /fail
  Redirect 503 /later
  Redirect 418 /teapot
  Redirect 451 /legal
  Redirect 429 /many
  Redirect 409 /conflict
  Redirect 507 /full
  Redirect 404 /status-404
  ErrorDocument 400 "bad, says the server"
  ErrorDocument 404 /errors/404.html
  ErrorDocument 410 "<p>gone & away</p>"
  ErrorDocument 403 https://elsewhere.test/forbidden
  ErrorDocument 405 /dump/405?x=y
  ErrorDocument 412 "never used"
  ErrorDocument 416 "no such range"
  ErrorDocument 500 /errors/missing.html
  ErrorDocument 503 word
  ErrorDocument 413 "too much"
  ErrorDocument 417 "no expectations"
  ErrorDocument 501 /dump/501
  <Location /default>
    ErrorDocument 404 default
  </Location>
  <Location /text>
    ErrorDocument 404 "text of a location"
  </Location>
  <Location /dumped>
    ErrorDocument 404 /dump/404
    SetEnv MARK yes
  </Location>
  <Location /status>
    ErrorDocument 404 /status/elsewhere
  </Location>
  <Location /changed>
    ErrorDocument 404 /status/teapot
  </Location>
  <Location /to-folder>
    ErrorDocument 404 /errors/
  </Location>
  <Location /to-denied>
    ErrorDocument 404 /denied.html
  </Location>
  <Location /to-redirect>
    ErrorDocument 404 /gone
  </Location>
  <Location /to-unslashed>
    ErrorDocument 404 /errors
  </Location>
  <Files denied.html>
    Require all denied
  </Files>
  <Directory "@ROOT@/htdocs/private">
    Require all denied
  </Directory>
</VirtualHost>
`;

const at = (name: string, target: string, more: Partial<Case> = {}): Case => ({
  name,
  target,
  to: { port: 2 },
  ...more,
});

const cases: readonly Case[] = [
  { name: "sends a text of the main server", host: "plain.test", target: "/missing" },
  { name: "sends a text to HEAD", host: "plain.test", method: "HEAD", target: "/missing" },
  at("sends a local document", "/missing"),
  at("sends a local document to HEAD", "/missing", { method: "HEAD" }),
  at("sends a local document to POST", "/missing", { method: "POST", body: "x" }),
  at("does not weigh conditions for a local document", "/missing", { headers: ["If-None-Match: *"] }),
  at("does not weigh If-Match for a local document", "/missing", { headers: ['If-Match: "x"'] }),
  at("does not cut ranges from a local document", "/missing", { headers: ["Range: bytes=0-1"] }),
  at("sends a text as HTML", "/gone"),
  at("redirects to a remote document", "/private/a.txt"),
  at("redirects to a remote document for HEAD", "/private/a.txt", { method: "HEAD" }),
  at("redirects to a remote document for a Redirect status", "/inner/forbidden"),
  at("sends the output of an application for 405", "/there.txt", { method: "PUT", body: "x", headers: ["X-Mine: 1"] }),
  at("sends the output of an application for an unknown method", "/there.txt", { method: "FROB" }),
  at("shows an application REDIRECT_ variables", "/dumped/x?a=b"),
  at("shows an application REDIRECT_ variables after POST", "/dumped/x?a=b", {
    method: "POST",
    body: "abc",
    headers: ["Content-Type: text/x-mine"],
  }),
  at("shows an application HEAD as GET", "/dumped/x", { method: "HEAD" }),
  at("names the second failure on the page", "/fail"),
  at("sends one word as text", "/later"),
  at("restores the built-in page", "/default/x"),
  at("prefers the text of a location", "/text/x"),
  at("does not apply to what an application answers", "/status/404"),
  at("keeps the status unless the application sets another", "/changed/x"),
  at("sends the index of a folder", "/to-folder/x"),
  at("names a refusal of the document", "/to-denied/x"),
  at("names a redirect status of the document", "/to-redirect/x"),
  at("follows the slash of a folder as document", "/to-unslashed/x"),
  at("sends a text for a request that broke rules", "/../x"),
  at("sends a text for a Host that broke rules", "/", { host: "a..b" }),
  at("sends a text for a version that broke rules", "/", { raw: "GET / HTTP/x\r\nHost: www.test\r\n\r\n" }),
  at("sends no page for 412", "/there.txt", { headers: ['If-Match: "x"'] }),
  at("sends a text for 416", "/there.txt", { headers: ["Range: bytes=1000-"] }),
  at("sends a text for 417", "/there.txt", { headers: ["Expect: x"] }),
  at("sends a page for 402", "/pay"),
  at("sends a page for 418", "/teapot"),
  at("sends a page for 451", "/legal"),
  at("sends a page for 429", "/many"),
  at("sends a page for 409", "/conflict"),
  at("sends a page for 507", "/full"),
  at("sends a document for 404 by Redirect", "/status-404"),
  at("weighs conditions for a document asked for by itself", "/errors/404.html", {
    headers: ['If-None-Match: "b-6176339d93000"'],
  }),
];

const pages = [
  400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424,
  425, 426, 428, 429, 431, 440, 451, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 520, 599,
];
const moves = [300, 301, 302, 303, 304, 305, 306, 307, 308, 310, 399];

export const suite: Suite = {
  name: "error documents",
  configuration,
  files: {
    "dump.wsgi": dumpApplication,
    "status.wsgi": `
def application(environ, start_response):
    status = {"/404": "404 Not Found", "/teapot": "418 I'm a teapot"}.get(environ["PATH_INFO"], "200 OK")
    start_response(status, [("Content-Type", "text/plain"), ("X-App", "1")])
    return [b"application: " + environ["PATH_INFO"].encode()]
`,
    "htdocs/there.txt": "there\n",
    "htdocs/errors/404.html": "not found\n",
    "htdocs/errors/index.html": "errors\n",
    "htdocs/denied.html": "denied\n",
    "htdocs/private/a.txt": "private\n",
  },
  cases,
};

/** The page of each status. */
export const further: readonly Suite[] = [
  {
    name: "built-in pages",
    configuration: `
ServerAdmin "admin@<www>.test"
${pages.map((status) => `Redirect ${status} /s${status}`).join("\n")}
${moves.map((status) => `Redirect ${status} /s${status} http://elsewhere.test/a&b`).join("\n")}
`,
    files: {},
    cases: [...pages, ...moves].flatMap((status): Case[] => [
      { name: `sends the page of ${status}`, target: `/s${status}` },
      ...([404, 500, 302, 304].includes(status)
        ? [{ name: `sends ${status} to HEAD`, method: "HEAD", target: `/s${status}` }]
        : []),
    ]),
  },
];
