// Fields behind chunked bodies: in logs, and among the request's own where MergeTrailers says so.
import type { Case, Suite } from "./harness.js";

const configuration = `LoadModule cgid_module @MODULES@/mod_cgid.so
LoadModule request_module @MODULES@/mod_request.so
LoadModule headers_module @MODULES@/mod_headers.so
DocumentRoot "@ROOT@/htdocs"
ScriptSock "@RUN@/cgi.sock"
ScriptAlias /cgi "@ROOT@/cgi"
LogFormat "%>s %{X-Sum}^ti|%{X-Sum}i|%{Host}i|%{Content-Length}i" trailers
LimitRequestFieldSize 300
LimitRequestFields 10
<VirtualHost *:@PORT@>
  ServerName merges.test
  MergeTrailers On
  CustomLog "@RUN@/trailers.log" trailers
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName keeps.test
  CustomLog "@RUN@/trailers.log" trailers
</VirtualHost>
`;

const chunked = (trailers: string, host: string, { fields = "", target = "/a.txt" } = {}): string =>
  `POST ${target} HTTP/1.1\r\nHost: ${host}\r\n${fields}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n${trailers}\r\n`;

const rows: readonly (readonly [name: string, trailers: string, more?: { fields?: string; target?: string }])[] = [
  ["a field", "X-Sum: nine\r\n"],
  ["a field of a CGI program", "X-Sum: nine\r\n", { target: "/cgi/reads" }],
  ["a field that is there already", "X-Sum: nine\r\n", { fields: "X-Sum: one\r\n" }],
  ["a field twice", "X-Sum: one\r\nX-Sum: two\r\n"],
  ["a folded field", "X-Sum: one\r\n two\r\n"],
  ["a field without a value", "X-Sum:\r\n"],
  ["a Host", "Host: other.test\r\n"],
  ["a Content-Length", "Content-Length: 17\r\n"],
  ["bytes that would forge a line", 'X-Sum: a"b\\c\x80\td\r\n'],
  ["a control character", "X-Sum: a\x01b\r\n"],
  ["no field at all", "X Sum\r\n"],
  ["a field that is too long", `X-Sum: ${"x".repeat(400)}\r\n`],
  ["too many fields", "X-Sum: 1\r\n".repeat(12)],
];

export const suite: Suite = {
  name: "trailers of requests",
  configuration,
  files: {
    "htdocs/a.txt": "aaaaa\n",
    "cgi/reads": { mode: 0o755, text: '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"\ncat\n' },
  },
  cases: ["keeps.test", "merges.test"].flatMap((host) =>
    rows.map(([name, trailers, more]): Case => ({
      name: `${host === "keeps.test" ? "are kept apart" : "are merged"}: ${name}`,
      raw: chunked(trailers, host, more),
      logs: ["trailers.log"],
      ...(/too (long|many)/.test(name) ? { differs: "the page does not say which limit it was" } : {}),
    })),
  ),
};
