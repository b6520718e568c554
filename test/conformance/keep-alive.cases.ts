// Connections that serve several requests, and when they are closed.
import type { Case, Suite } from "./harness.js";

const configuration = `
Listen 127.0.0.1:@PORT2@
Listen 127.0.0.1:@PORT3@
DocumentRoot "@ROOT@/htdocs"
KeepAliveTimeout 7
<VirtualHost *:@PORT@>
  ServerName plain.test
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName two.test
  MaxKeepAliveRequests 2
  KeepAliveTimeout 1500ms
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName unlimited.test
  MaxKeepAliveRequests 0
</VirtualHost>
<VirtualHost *:@PORT3@>
  ServerName off.test
  KeepAlive Off
</VirtualHost>
`;

const get = (fields = "", target = "/a.txt", version = "1.1", host = "plain.test"): string =>
  `GET ${target} HTTP/${version}\r\nHost: ${host}\r\n${fields}\r\n`;
const keep = "Connection: keep-alive\r\n";
const close = "Connection: close\r\n";
const two = (fields = keep): string => get(fields, "/a.txt", "1.1", "two.test");

const cases: readonly Case[] = [
  { name: "keeps an HTTP/1.1 connection", raw: get() },
  { name: "closes it when asked", raw: get(close) },
  { name: "says so when asked to keep it", raw: get(keep) },
  { name: "takes the words of Connection in any case", raw: get("connection: CLOSE\r\n") },
  { name: "finds close in a list", raw: get("Connection: x, close\r\n") },
  { name: "finds close in a second field", raw: get("Connection: x\r\nConnection: close\r\n") },
  { name: "prefers close to keep-alive", raw: get("Connection: keep-alive, close\r\n") },
  { name: "does not take closed for close", raw: get("Connection: closed\r\n") },
  { name: "ignores Keep-Alive alone", raw: get("Keep-Alive: 300\r\n") },
  { name: "ignores Proxy-Connection", raw: get("Proxy-Connection: close\r\n") },
  { name: "closes an HTTP/1.0 connection", raw: get("", "/a.txt", "1.0") },
  { name: "keeps an HTTP/1.0 connection when asked", raw: get(keep, "/a.txt", "1.0") },
  {
    name: "closes an HTTP/1.0 connection with both words",
    raw: get("Connection: keep-alive, close\r\n", "/a.txt", "1.0"),
  },
  { name: "closes HTTP/1.2 when asked", raw: get(close, "/a.txt", "1.2") },
  { name: "keeps the connection after 404", raw: get("", "/missing") },
  { name: "keeps the connection after 404 and says so", raw: get(keep, "/missing") },
  { name: "keeps the connection after 304", raw: get("If-None-Match: *\r\n") },
  { name: "keeps the connection after 304 and says so", raw: get(`If-None-Match: *\r\n${keep}`) },
  { name: "keeps an HTTP/1.0 connection after 404 when asked", raw: get(keep, "/missing", "1.0") },
  { name: "answers a range to HTTP/1.0", raw: get("Range: bytes=0-0\r\n", "/a.txt", "1.0") },
  { name: "answers several ranges to HTTP/1.0", raw: get("Range: bytes=0-0,4-4\r\n", "/a.txt", "1.0") },
  { name: "answers 416 to HTTP/1.0", raw: get(`Range: bytes=100-\r\n${keep}`, "/a.txt", "1.0") },
  {
    name: "answers pipelined requests in order",
    raw: get() + get("", "/missing") + get("", "/b.txt"),
    answers: ["GET", "GET", "GET"],
  },
  { name: "drops what follows close", raw: get() + get(close) + get("", "/b.txt"), answers: ["GET", "GET", "GET"] },
  { name: "drops what follows a bad request", raw: `GET /a.txt HTTP/1.1\r\n\r\n${get()}`, answers: ["GET", "GET"] },
  {
    name: "answers HEAD and GET pipelined",
    raw: get().replace("GET", "HEAD") + get("", "/b.txt"),
    answers: ["HEAD", "GET"],
  },
  {
    name: "answers bodies and GET pipelined",
    raw: `POST /a.txt HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 5\r\n\r\nGET /${get()}`,
    answers: ["POST", "GET"],
  },
  {
    name: "answers chunks and GET pipelined",
    raw: `POST /a.txt HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nGE\r\n0\r\nT: r\r\n\r\n${get()}`,
    answers: ["POST", "GET"],
  },
  { name: "takes an empty line between requests", raw: `${get()}\r\n${get("", "/b.txt")}`, answers: ["GET", "GET"] },
  {
    name: "answers requests one by one",
    raw: [get(), get("", "/b.txt"), get("", "/missing")],
    answers: ["GET", "GET", "GET"],
  },
  {
    name: "answers another virtual host on the same connection",
    raw: [two(""), get("", "/b.txt", "1.1", "unlimited.test")],
    to: { port: 2 },
    answers: ["GET", "GET"],
  },
  {
    name: "counts down and closes at MaxKeepAliveRequests",
    raw: [two(), two(), two(), two()],
    to: { port: 2 },
    answers: ["GET", "GET", "GET", "GET"],
  },
  {
    name: "closes at MaxKeepAliveRequests unasked",
    raw: [two(""), two(""), two(""), two("")],
    to: { port: 2 },
    answers: ["GET", "GET", "GET", "GET"],
  },
  { name: "shows no max without a limit", raw: get(keep, "/a.txt", "1.1", "unlimited.test"), to: { port: 2 } },
  { name: "closes with KeepAlive Off", raw: get("", "/a.txt", "1.1", "off.test"), to: { port: 3 } },
  {
    name: "closes with KeepAlive Off when asked to keep",
    raw: get(keep, "/a.txt", "1.1", "off.test"),
    to: { port: 3 },
  },
  {
    name: "answers TRACE with all fields",
    raw: "TRACE /a.txt HTTP/1.1\r\nHost: plain.test\r\nx-Lower: a\r\nX-Two: 1\r\nX-Two: 2\r\nX-Fold: a\r\n  b\r\n\r\n",
  },
  { name: "answers TRACE in HTTP/1.0", raw: "TRACE /a.txt HTTP/1.0\r\nX: y\r\n\r\n" },
];

export const suite: Suite = {
  name: "keep-alive",
  configuration,
  files: { "htdocs/a.txt": "aaaaa\n", "htdocs/b.txt": "b\n" },
  cases,
};
