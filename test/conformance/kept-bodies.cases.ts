// KeptBodySize: what applications read, and which bodies are too long.
import type { Case, Suite } from "./harness.js";

const application = `
def application(environ, start_response):
    body = environ["wsgi.input"].read() if environ.get("QUERY_STRING") != "idle" else b""
    text = ("%s %s\\n" % (environ.get("CONTENT_LENGTH"), len(body))).encode("latin-1") + body
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
    return [text]
`;

const chunked = (body: string): string => `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

const sizes = [0, 1, 15, 16];
const larger = [17, 100, 20_000];

const send = (place: string, length: number, more: Partial<Case> = {}): Case => ({
  name: `${length} bytes to ${place}`,
  method: "POST",
  target: `/${place}`,
  body: "x".repeat(length),
  ...more,
});

const inChunks = (place: string, length: number): Case => ({
  ...send(place, length),
  name: `${length} bytes in chunks to ${place}`,
  headers: ["Transfer-Encoding: chunked"],
  body: length === 0 ? "0\r\n\r\n" : chunked("y".repeat(length)),
});

export const suite: Suite = {
  name: "kept bodies",
  configuration: `
LoadModule request_module @MODULES@/mod_request.so
LoadModule wsgi_module @MODULES@/mod_wsgi.so
WSGIPythonHome /usr
WSGIScriptAlias /app "@ROOT@/application.wsgi"
WSGIScriptAlias /free "@ROOT@/application.wsgi"
DocumentRoot "@ROOT@/htdocs"
<Location "/">
  Require all granted
  KeptBodySize 16
</Location>
<Location "/free">
  KeptBodySize 0
</Location>
`,
  files: { "application.wsgi": application, "htdocs/index.html": "index" },
  cases: [
    ...sizes.map((length) => send("app", length)),
    ...sizes.map((length) => inChunks("app", length)),
    ...larger.map((length) => send("free", length)),
    ...larger.map((length) => inChunks("free", length)),
    ...sizes.map((length) => send("index.html", length)),
    { name: "a request without a body", target: "/app" },
    { name: "a request without a body for a file", target: "/index.html" },
    send("app", 16, { name: "a body after 100 Continue", headers: ["Expect: 100-continue"] }),
    ...larger.map((length) => send("index.html", length, { differs: "the page has a length" })),
    ...larger.map((length) => send("app", length, { differs: "Apache sends a second page behind the first" })),
    inChunks("app", 17),
  ],
};
