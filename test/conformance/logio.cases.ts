// Bytes in access logs: %I, %O, %S and %^FB of mod_logio.
import type { Case, Suite } from "./harness.js";

/** A script that writes its whole answer itself, so that both servers send the same bytes. */
const script = `#!/bin/sh
printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\n'
printf '%s' "$QUERY_STRING"
`;

const counted = "bytes.log";
const request = (line: string, ...more: readonly string[]): string =>
  `${[line, "Host: www.test", ...more].join("\r\n")}\r\n\r\n`;
const to = (name: string, raw: string, more: Partial<Case> = {}): Case => ({ name, raw, logs: [counted], ...more });

const cases: readonly Case[] = [
  to("a request", request("GET /a.txt HTTP/1.1")),
  to("a request of HTTP/1.0", "GET /a.txt HTTP/1.0\r\n\r\n", { end: true }),
  to("a long target", request(`GET /a.txt?${"x".repeat(3000)} HTTP/1.1`)),
  to(
    "many fields",
    request("GET /a.txt HTTP/1.1", ...Array.from({ length: 40 }, (_, i) => `X-Field-${i}: ${"v".repeat(i)}`)),
  ),
  to("lines without returns", "GET /a.txt HTTP/1.1\nHost: www.test\n\n"),
  to("empty lines in front", `\r\n${request("GET /a.txt HTTP/1.1")}`),
  to("HEAD", request("HEAD /a.txt HTTP/1.1")),
  to("what is not there", request("GET /none HTTP/1.1")),
  to("what is refused", request("GET /closed HTTP/1.1")),
  to("a body that a script reads", `${request("POST /cgi/nph-count?read HTTP/1.1", "Content-Length: 5")}12345`),
  to("a body that a file does not take", `${request("POST /a.txt HTTP/1.1", "Content-Length: 5")}12345`),
  to("a body in chunks", `${request("POST /a.txt HTTP/1.1", "Transfer-Encoding: chunked")}5\r\n12345\r\n0\r\n\r\n`),
  to("two requests, one behind the other", request("GET /a.txt HTTP/1.1") + request("GET /a.txt?more HTTP/1.1"), {
    differs: "Apache counts a byte of the second one twice",
    answers: ["GET", "GET"],
  }),
  to("a malformed request", "GET /a.txt HTTP/1.1\r\nHost: a b\r\n\r\n"),
  to("a virtual host of its own", "GET /a.txt HTTP/1.1\r\nHost: first.test\r\n\r\n", { logs: ["first.log"] }),
  ...[0, 1, 100, 5000].map((length) =>
    to(
      `an answer of ${length} bytes, sent and both together`,
      request(`GET /cgi/nph-count?${"x".repeat(length)} HTTP/1.1`),
      {
        logs: ["sent.log"],
      },
    ),
  ),
];

export const suite: Suite = {
  name: "bytes in access logs",
  configuration: `
LoadModule cgi_module @MODULES@/mod_cgi.so
DocumentRoot "@ROOT@/htdocs"
ScriptAlias /cgi @ROOT@/cgi
<Directory @ROOT@/cgi>
  Require all granted
</Directory>
<Location /closed>
  Require all denied
</Location>
LogIOTrackTTFB On
LogFormat "%I %>s %{X-None}i %r" received
LogFormat "%I %O %S %r" all
LogFormat "first %^FB %I" first
CustomLog @RUN@/${counted} received
CustomLog @RUN@/sent.log all
<VirtualHost *:@PORT@>
  ServerName www.test
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName first.test
  CustomLog @RUN@/first.log first
</VirtualHost>
`,
  files: { "htdocs/a.txt": "a text", "htdocs/closed": "", "cgi/nph-count": { text: script, mode: 0o755 } },
  masks: [[/first \d+ /g, "first TIME "]],
  cases,
};
