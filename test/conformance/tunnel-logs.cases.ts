// Tunnels of CONNECT and of changed protocols: what the log says of them, and how they end.
import type { Case, Suite } from "./harness.js";
import { serveRaw } from "./raw-server.js";

const configuration = `
LoadModule proxy_module @MODULES@/mod_proxy.so
LoadModule proxy_http_module @MODULES@/mod_proxy_http.so
LoadModule proxy_connect_module @MODULES@/mod_proxy_connect.so
LoadModule cgid_module @MODULES@/mod_cgid.so
ScriptSock "@RUN@/cgid.sock"
Listen 127.0.0.1:@PORT2@
DocumentRoot "@ROOT@/htdocs"
<Directory "@ROOT@">
  Require all granted
</Directory>
LogFormat "%r %>s %b %B %I %X" tunnels
LogFormat "%r %>s %b %B %I %X" changes
<VirtualHost *:@PORT@>
  ServerName front.test
  ProxyRequests On
  AllowCONNECT @PORT2@
  <Proxy *>
    Require local
  </Proxy>
  ProxyTimeout 1
  ProxyPass /echo/ unix:@ROOT@/back.sock|http://localhost/ upgrade=websocket timeout=1
  CustomLog "@RUN@/tunnels.log" tunnels
  CustomLog "@RUN@/changes.log" changes
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName back.test
  ScriptAlias /cgi/ "@ROOT@/cgi/"
</VirtualHost>
`;

const script = `#!/bin/sh
printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nConnection: close\\r\\n\\r\\n'
printf '%s' "$QUERY_STRING"
`;

const connect = "CONNECT 127.0.0.1:@PORT2@ HTTP/1.1\r\nHost: 127.0.0.1:@PORT2@\r\n\r\n";
const inside = "GET /cgi/nph-count?0123456789 HTTP/1.1\r\nHost: back.test\r\nConnection: close\r\n\r\n";
const change =
  "GET /echo/PATH HTTP/1.1\r\nHost: front.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n";
const to = (path: string): string => change.replace("PATH", path);

const cases: readonly Case[] = [
  {
    name: "a tunnel of CONNECT",
    raw: [connect, inside],
    answers: ["CONNECT", "GET"],
    linesEach: 0.5,
    logs: ["tunnels.log"],
  },
  {
    name: "a tunnel of CONNECT whose client ends its side",
    raw: [connect, inside],
    answers: ["CONNECT", "GET"],
    linesEach: 0.5,
    end: true,
    logs: ["tunnels.log"],
  },
  { name: "a tunnel of CONNECT that both leave silent", raw: [connect], answers: ["CONNECT"], logs: ["tunnels.log"] },
  { name: "a changed protocol that the back end ends", raw: to("end"), logs: ["changes.log"] },
  { name: "a changed protocol with words of the back end", raw: to("greet"), logs: ["changes.log"] },
  { name: "a changed protocol with words of the client", raw: to("count") + "0123456789", logs: ["changes.log"] },
  { name: "a changed protocol whose client ends its side", raw: to("until-end"), end: true, logs: ["changes.log"] },
  { name: "a changed protocol that both leave silent", raw: to("silent"), logs: ["changes.log"] },
];

const agreed = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

export const suite: Suite = {
  name: "the logs of tunnels",
  configuration,
  files: { "htdocs/file.txt": "a file\n", "cgi/nph-count": { text: script, mode: 0o755 } },
  beside: (root) =>
    serveRaw(`${root}/back.sock`, (socket) => {
      let received = "";
      socket.on("data", (bytes) => {
        const isFirst = received === "";
        received += bytes.toString("latin1");
        if (isFirst) socket.write(agreed);
        if (received.includes("/end ")) socket.end();
        if (received.includes("/greet ")) socket.end("hello there");
        if (received.includes("/count ") && received.endsWith("9")) socket.end("counted");
      });
      socket.on("end", () => socket.end("last"));
    }),
  masks: [
    // In any order; the server says its name and the time as in any response.
    [/Connection: Upgrade\nUpgrade: websocket/g, "Upgrade: websocket\nConnection: Upgrade"],
    [/(101 Switching Protocols\n)Date: DATE\nServer: PRODUCT\n/g, "$1"],
  ],
  cases,
};
