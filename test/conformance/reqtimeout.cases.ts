// Clients that send slowly, and those that do not: mod_reqtimeout.
import type { Case, Suite } from "./harness.js";

const head = "POST /a.txt HTTP/1.1\r\nHost: www.test\r\n";

/** What never comes to its end: the server waits a second, and answers then or not at all. */
const slow: readonly (readonly [string, string])[] = [
  ["nothing at all", ""],
  ["a part of the request line", "GET /a.t"],
  ["a request line alone", "GET /a.txt HTTP/1.1\r\n"],
  ["a head without its end", "GET /a.txt HTTP/1.1\r\nHost: www.test\r\n"],
  ["a body that does not come, for a script", `POST /cgi/read HTTP/1.1\r\nHost: www.test\r\nContent-Length: 5\r\n\r\n`],
  ["a part of a body, for a script", `POST /cgi/read HTTP/1.1\r\nHost: www.test\r\nContent-Length: 5\r\n\r\n12`],
  [
    "chunks without an end, for a script",
    `POST /cgi/read HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n`,
  ],
  ["a second request without its end", "GET /a.txt HTTP/1.1\r\nHost: www.test\r\n\r\nGET /a.txt HT"],
];

const quick: readonly Case[] = [
  { name: "a request", target: "/a.txt" },
  { name: "a request in pieces", raw: ["GET /a.txt HT", "TP/1.1\r\nHost: www.test\r\n\r\n"] },
  { name: "HEAD", method: "HEAD", target: "/a.txt" },
  { name: "a body", method: "POST", target: "/cgi/read", body: "12345" },
  { name: "a long body", method: "POST", target: "/cgi/read", body: "x".repeat(100_000) },
  {
    name: "a body in chunks",
    raw: `POST /cgi/read HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n12\r\n0\r\n\r\n`,
  },
  { name: "two requests", raw: "GET /a.txt HTTP/1.1\r\nHost: www.test\r\n\r\n".repeat(2), answers: ["GET", "GET"] },
  { name: "a body that is not wanted", raw: `${head}Content-Length: 3\r\n\r\nabc` },
  { name: "a host with limits of its own", target: "/a.txt", host: "rate.test" },
  {
    name: "a body that does not come, for a script that answers before it reads",
    raw: "POST /cgi/eager HTTP/1.1\r\nHost: www.test\r\nContent-Length: 5\r\n\r\n",
  },
  { name: "a host without limits", target: "/a.txt", host: "free.test" },
];

export const suite: Suite = {
  name: "slow clients",
  configuration: `
LoadModule reqtimeout_module @MODULES@/mod_reqtimeout.so
LoadModule cgi_module @MODULES@/mod_cgi.so
DocumentRoot "@ROOT@/htdocs"
ScriptAlias /cgi @ROOT@/cgi
<Directory @ROOT@/cgi>
  Require all granted
</Directory>
RequestReadTimeout header=1 body=1
<VirtualHost *:@PORT@>
  ServerName www.test
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName rate.test
  RequestReadTimeout header=5-10,MinRate=500 body=5,MinRate=500
</VirtualHost>
<VirtualHost *:@PORT@>
  ServerName free.test
  RequestReadTimeout header=0 body=0
</VirtualHost>
`,
  files: {
    "htdocs/a.txt": "a text",
    "cgi/read": {
      text: '#!/bin/sh\nn=$(wc -c | tr -d " ")\nprintf "Content-Type: text/plain\\n\\n%s\\n" "$n"\n',
      mode: 0o755,
    },
    "cgi/eager": { text: '#!/bin/sh\nprintf "Content-Type: text/plain\\n\\n"\nwc -c | tr -d " "\n', mode: 0o755 },
  },
  // Whether a script's answer has come to its end by the time its head goes out is a matter of luck.
  masks: [[/^(?:Transfer-Encoding: chunked|Content-Length: \d)\n/gm, ""]],
  cases: [
    ...slow.map(([name, raw]): Case => ({
      name,
      raw,
      answers: name.startsWith("a second") ? ["GET", "GET"] : ["GET"],
    })),
    ...quick,
  ],
};
