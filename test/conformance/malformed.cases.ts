// Requests that break the rules of HTTP/1.1, and limits on requests.
import type { Case, Suite } from "./harness.js";

const configuration = `
Listen 127.0.0.1:@PORT2@
Listen 127.0.0.1:@PORT3@
DocumentRoot "@ROOT@/htdocs"
<VirtualHost *:@PORT@>
  ServerName strict.test
  <Location /small.txt>
    LimitRequestBody 10
  </Location>
</VirtualHost>
<VirtualHost *:@PORT2@>
  ServerName unsafe.test
  HttpProtocolOptions Unsafe
</VirtualHost>
<VirtualHost *:@PORT3@>
  ServerName limits.test
  LimitRequestLine 100
  LimitRequestFields 5
  LimitRequestFieldSize 50
  HttpProtocolOptions Require1.0 RegisteredMethods
</VirtualHost>
`;

const host = "Host: strict.test\r\n";

const lines: readonly (readonly [name: string, raw: string])[] = [
  ["a bare LF behind the request line", `GET /a.txt HTTP/1.1\n${host}\r\n`],
  ["bare LFs everywhere", "GET /a.txt HTTP/1.1\nHost: strict.test\n\n"],
  ["a bare LF behind a field", "GET /a.txt HTTP/1.1\r\nHost: strict.test\nX: y\r\n\r\n"],
  ["a bare LF at the end of the fields", `GET /a.txt HTTP/1.1\r\n${host}\n`],
  ["a bare CR in a field", `GET /a.txt HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`],
  ["a bare CR in the request line", `GET /a.txt\rHTTP/1.1\r\n${host}\r\n`],
  ["empty lines in front", `\r\n\r\nGET /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["ten empty lines in front", `${"\r\n".repeat(10)}GET /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["eleven empty lines in front", `${"\r\n".repeat(11)}GET /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["a blank in front", ` GET /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["two blanks behind the method", `GET  /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["two blanks behind the target", `GET /a.txt  HTTP/1.1\r\n${host}\r\n`],
  ["a blank behind the version", `GET /a.txt HTTP/1.1 \r\n${host}\r\n`],
  ["a TAB behind the method", `GET\t/a.txt HTTP/1.1\r\n${host}\r\n`],
  ["a blank in the target", `GET /a b.txt HTTP/1.1\r\n${host}\r\n`],
  ["a control character in the target", `GET /a\x01.txt HTTP/1.1\r\n${host}\r\n`],
  ["DEL in the target", `GET /a\x7f.txt HTTP/1.1\r\n${host}\r\n`],
  ["NUL in the target", `GET /a.txt\0 HTTP/1.1\r\n${host}\r\n`],
  ["version 1.2", `GET /a.txt HTTP/1.2\r\n${host}\r\n`],
  ["version 1.9", `GET /a.txt HTTP/1.9\r\n${host}\r\n`],
  ["version 2.0", `GET /a.txt HTTP/2.0\r\n${host}\r\n`],
  ["version 3.0", `GET /a.txt HTTP/3.0\r\n${host}\r\n`],
  ["version 0.9 by name", `GET /a.txt HTTP/0.9\r\n${host}\r\n`],
  ["version 1.10", `GET /a.txt HTTP/1.10\r\n${host}\r\n`],
  ["version 1", `GET /a.txt HTTP/1\r\n${host}\r\n`],
  ["version 01.1", `GET /a.txt HTTP/01.1\r\n${host}\r\n`],
  ["a version in small letters", `GET /a.txt http/1.1\r\n${host}\r\n`],
  ["another protocol", `GET /a.txt ICE/1.0\r\n${host}\r\n`],
  ["a version with letters", `GET /a.txt HTTP/x.y\r\n${host}\r\n`],
  ["no version", "GET /a.txt\r\n"],
  ["no version and a file that is not there", "GET /missing\r\n"],
  ["no version and another method", "POST /a.txt\r\n"],
  ["no version and HEAD", "HEAD /a.txt\r\n"],
  ["the method alone", "GET\r\n\r\n"],
  ["the method and a blank", "GET \r\n\r\n"],
  ["a method with a colon", `GE:T /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["a method with brackets", `(GET) /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["a method of signs", `!#$%&'*+-.^_|~ /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["a byte above 127 in the method", `G\u00c9T /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["a very long method", `${"M".repeat(300)} /a.txt HTTP/1.1\r\n${host}\r\n`],
  ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
  ["the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a target without a slash", `GET a.txt HTTP/1.1\r\n${host}\r\n`],
  ["an authority as target of GET", `GET strict.test:80 HTTP/1.1\r\n${host}\r\n`],
  ["a field without a colon", `GET /a.txt HTTP/1.1\r\n${host}Nonsense\r\n\r\n`],
  ["a field without a name", `GET /a.txt HTTP/1.1\r\n${host}: x\r\n\r\n`],
  ["a blank in front of the colon", `GET /a.txt HTTP/1.1\r\n${host}X : y\r\n\r\n`],
  ["a blank in a field name", `GET /a.txt HTTP/1.1\r\n${host}X Y: z\r\n\r\n`],
  ["a byte above 127 in a field name", `GET /a.txt HTTP/1.1\r\n${host}X\u00e9: y\r\n\r\n`],
  ["a bracket in a field name", `GET /a.txt HTTP/1.1\r\n${host}X(Y): z\r\n\r\n`],
  ["a control character in a value", `GET /a.txt HTTP/1.1\r\n${host}X: a\x01b\r\n\r\n`],
  ["NUL in a value", `GET /a.txt HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
  ["DEL in a value", `GET /a.txt HTTP/1.1\r\n${host}X: a\x7fb\r\n\r\n`],
  ["TAB in a value", `GET /a.txt HTTP/1.1\r\n${host}X: a\tb\r\n\r\n`],
  ["a byte above 127 in a value", `GET /a.txt HTTP/1.1\r\n${host}X: \u00e9\r\n\r\n`],
  ["an empty value", `GET /a.txt HTTP/1.1\r\n${host}X:\r\n\r\n`],
  ["no blank behind the colon", "GET /a.txt HTTP/1.1\r\nHost:strict.test\r\n\r\n"],
  ["blanks around a value", "GET /a.txt HTTP/1.1\r\nHost:  \t strict.test \t \r\n\r\n"],
  ["a folded field", `GET /a.txt HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`],
  ["a field folded with TAB", `GET /a.txt HTTP/1.1\r\n${host}X: a\r\n\tb\r\n\r\n`],
  ["a folded Host", "GET /a.txt HTTP/1.1\r\nHost: strict\r\n .test\r\n\r\n"],
  ["a folded line in front of the first field", `GET /a.txt HTTP/1.1\r\n X: y\r\n${host}\r\n`],
  ["an empty folded line", `GET /a.txt HTTP/1.1\r\n${host}X: a\r\n \r\n\r\n`],
  ["a folded length", `POST /a.txt HTTP/1.1\r\n${host}Content-Length:\r\n 1\r\n\r\nx`],
];

const fields = (count: number, line = "X: y\r\n"): string => line.repeat(count);
const request = (more: string, body = "", path = "/a.txt", method = "POST"): string =>
  `${method} ${path} HTTP/1.1\r\n${host}${more}\r\n${body}`;
const chunked = "Transfer-Encoding: chunked\r\n";

const bodies: readonly (readonly [name: string, raw: string])[] = [
  ["a body with a length", request("Content-Length: 3\r\n", "a=b")],
  ["a body of GET", request("Content-Length: 3\r\n", "a=b", "/a.txt", "GET")],
  ["a body of length 0", request("Content-Length: 0\r\n")],
  ["an empty length", request("Content-Length:\r\n")],
  ["a signed length", request("Content-Length: +3\r\n", "a=b")],
  ["a negative length", request("Content-Length: -1\r\n")],
  ["a length in hexadecimal", request("Content-Length: 0x3\r\n", "a=b")],
  ["a length with a comma", request("Content-Length: 3, 3\r\n", "a=b")],
  ["a length with letters", request("Content-Length: 3a\r\n", "a=b")],
  ["a length beyond 64 bits", request("Content-Length: 99999999999999999999\r\n", "a=b")],
  ["a length with zeros in front", request("Content-Length: 003\r\n", "a=b")],
  ["two equal lengths", request("Content-Length: 3\r\nContent-Length: 3\r\n", "a=b")],
  ["two lengths", request("Content-Length: 3\r\nContent-Length: 4\r\n", "a=b")],
  ["chunks", request(chunked, "3\r\na=b\r\n0\r\n\r\n")],
  ["several chunks", request(chunked, "3\r\na=b\r\n1\r\n&\r\n0\r\n\r\n")],
  ["chunks and a length", request(`Content-Length: 3\r\n${chunked}`, "3\r\na=b\r\n0\r\n\r\n")],
  ["chunks in HTTP/1.0", `POST /a.txt HTTP/1.0\r\n${chunked}\r\n3\r\na=b\r\n0\r\n\r\n`],
  ["Chunked in capitals", request("Transfer-Encoding: CHUNKED\r\n", "3\r\na=b\r\n0\r\n\r\n")],
  ["identity as transfer coding", request("Transfer-Encoding: identity\r\n")],
  ["gzip, chunked", request("Transfer-Encoding: gzip, chunked\r\n", "3\r\na=b\r\n0\r\n\r\n")],
  ["gzip as transfer coding", request("Transfer-Encoding: gzip\r\n", "3\r\na=b\r\n0\r\n\r\n")],
  ["chunked, gzip", request("Transfer-Encoding: chunked, gzip\r\n", "3\r\na=b\r\n0\r\n\r\n")],
  ["an empty transfer coding", request("Transfer-Encoding:\r\n")],
  ["chunked twice", request(`${chunked}${chunked}`, "0\r\n\r\n")],
  ["xchunked", request("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")],
  ["chunked in quotes", request('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n")],
  ["a chunk extension", request(chunked, "3;a=b\r\na=b\r\n0\r\n\r\n")],
  ["blanks behind a chunk size", request(chunked, "3  \r\na=b\r\n0\r\n\r\n")],
  ["eleven blanks behind a chunk size", request(chunked, `3${" ".repeat(11)}\r\na=b\r\n0\r\n\r\n`)],
  ["a chunk size in capitals", request(chunked, "A\r\n0123456789\r\n0\r\n\r\n")],
  ["a chunk size with zeros in front", request(chunked, "00003\r\na=b\r\n0000\r\n\r\n")],
  ["a chunk size that is no number", request(chunked, "x\r\na=b\r\n0\r\n\r\n")],
  ["a chunk size with a sign", request(chunked, "+3\r\na=b\r\n0\r\n\r\n")],
  ["a chunk size with 0x", request(chunked, "0x3\r\na=b\r\n0\r\n\r\n")],
  ["an empty chunk size", request(chunked, "\r\na=b\r\n0\r\n\r\n")],
  ["a chunk size beyond 64 bits", request(chunked, "fffffffffffffffff\r\na=b\r\n0\r\n\r\n")],
  ["a chunk size of 2^63", request(chunked, "8000000000000000\r\na=b\r\n0\r\n\r\n")],
  ["a bare LF behind a chunk size", request(chunked, "3\na=b\r\n0\r\n\r\n")],
  ["no CRLF behind a chunk", request(chunked, "3\r\na=bc\r\n0\r\n\r\n")],
  ["a bare LF behind a chunk", request(chunked, "3\r\na=b\n0\r\n\r\n")],
  ["trailers", request(chunked, "3\r\na=b\r\n0\r\nX-Trailer: y\r\n\r\n")],
  ["a bad trailer", request(chunked, "3\r\na=b\r\n0\r\nno colon\r\n\r\n")],
  ["Expect: 100-continue with the body at once", request("Expect: 100-continue\r\nContent-Length: 3\r\n", "a=b")],
  ["Expect in capitals", request("Expect: 100-CONTINUE\r\nContent-Length: 3\r\n", "a=b")],
  ["Expect without a body", request("Expect: 100-continue\r\n")],
  ["another Expect", request("Expect: 200-ok\r\nContent-Length: 3\r\n", "a=b")],
  ["another Expect of GET", request("Expect: x\r\n", "", "/a.txt", "GET")],
  ["Expect in HTTP/1.0", "POST /a.txt HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\na=b"],
  ["Expect for a file that is not there", request("Expect: 100-continue\r\nContent-Length: 3\r\n", "a=b", "/missing")],
  ["a body within LimitRequestBody", request("Content-Length: 10\r\n", "0123456789", "/small.txt")],
  ["a body beyond LimitRequestBody", request("Content-Length: 11\r\n", "0123456789a", "/small.txt")],
  ["chunks within LimitRequestBody", request(chunked, "a\r\n0123456789\r\n0\r\n\r\n", "/small.txt")],
  ["chunks beyond LimitRequestBody", request(chunked, "b\r\n0123456789a\r\n0\r\n\r\n", "/small.txt")],
  ["a body for a file that is not there", request("Content-Length: 3\r\n", "a=b", "/missing")],
  ["a bad chunk for a file that is not there", request(chunked, "x\r\n", "/missing")],
];

const limits: readonly (readonly [name: string, raw: string, port: 1 | 2 | 3])[] = [
  ["a request line of 8190 bytes", `GET /a.txt?${"q".repeat(8190 - 20)} HTTP/1.1\r\n${host}\r\n`, 1],
  ["a request line of 8191 bytes", `GET /a.txt?${"q".repeat(8191 - 20)} HTTP/1.1\r\n${host}\r\n`, 1],
  ["a request line of 8192 bytes", `GET /a.txt?${"q".repeat(8192 - 20)} HTTP/1.1\r\n${host}\r\n`, 1],
  ["a request line far beyond the limit", `GET /a.txt?${"q".repeat(50_000)} HTTP/1.1\r\n${host}\r\n`, 1],
  ["a field of 8190 bytes", `GET /a.txt HTTP/1.1\r\n${host}X: ${"y".repeat(8190 - 3)}\r\n\r\n`, 1],
  ["a field of 8191 bytes", `GET /a.txt HTTP/1.1\r\n${host}X: ${"y".repeat(8191 - 3)}\r\n\r\n`, 1],
  ["a field of 8192 bytes", `GET /a.txt HTTP/1.1\r\n${host}X: ${"y".repeat(8192 - 3)}\r\n\r\n`, 1],
  ["a field far beyond the limit", `GET /a.txt HTTP/1.1\r\n${host}X: ${"y".repeat(50_000)}\r\n\r\n`, 1],
  [
    "a field that becomes too long by folding",
    `GET /a.txt HTTP/1.1\r\n${host}X: ${"y".repeat(5000)}\r\n ${"y".repeat(5000)}\r\n\r\n`,
    1,
  ],
  [
    "a field that becomes too long by repeating",
    `GET /a.txt HTTP/1.1\r\n${host}X: ${"y".repeat(5000)}\r\nX: ${"y".repeat(5000)}\r\n\r\n`,
    1,
  ],
  ["100 fields", `GET /a.txt HTTP/1.1\r\n${host}${fields(99)}\r\n`, 1],
  ["101 fields", `GET /a.txt HTTP/1.1\r\n${host}${fields(100)}\r\n`, 1],
  ["a request line of 100 bytes where 100 are allowed", `GET /a.txt?${"q".repeat(80)} HTTP/1.1\r\n${host}\r\n`, 3],
  ["a request line of 102 bytes where 100 are allowed", `GET /a.txt?${"q".repeat(82)} HTTP/1.1\r\n${host}\r\n`, 3],
  ["5 fields where 5 are allowed", `GET /a.txt HTTP/1.1\r\n${host}${fields(4)}\r\n`, 3],
  ["6 fields where 5 are allowed", `GET /a.txt HTTP/1.1\r\n${host}${fields(5)}\r\n`, 3],
  ["a field of 50 bytes where 50 are allowed", `GET /a.txt HTTP/1.1\r\n${host}X: ${"y".repeat(47)}\r\n\r\n`, 3],
  ["a field of 52 bytes where 50 are allowed", `GET /a.txt HTTP/1.1\r\n${host}X: ${"y".repeat(49)}\r\n\r\n`, 3],
  ["a field name beyond the limit in the page", `GET /a.txt HTTP/1.1\r\n${host}X-<b>&: ${"y".repeat(60)}\r\n\r\n`, 3],
  ["no version where 1.0 is required", "GET /a.txt\r\n", 3],
  ["a bare LF where it is tolerated", "GET /a.txt HTTP/1.1\nHost: unsafe.test\n\n", 2],
  ["two blanks where they are tolerated", "GET  /a.txt  HTTP/1.1\r\nHost: unsafe.test\r\n\r\n", 2],
  ["a blank at the end where it is tolerated", "GET /a.txt HTTP/1.1 \r\nHost: unsafe.test\r\n\r\n", 2],
  ["a blank before a colon where much is tolerated", "GET /a.txt HTTP/1.1\r\nHost: unsafe.test\r\nX : y\r\n\r\n", 2],
  [
    "a control character in a value where much is tolerated",
    "GET /a.txt HTTP/1.1\r\nHost: unsafe.test\r\nX: a\x01b\r\n\r\n",
    2,
  ],
  ["a blank in the target where much is tolerated", "GET /a b HTTP/1.1\r\nHost: unsafe.test\r\n\r\n", 2],
  ["a version in small letters where much is tolerated", "GET /a.txt http/1.1\r\nHost: unsafe.test\r\n\r\n", 2],
  [
    "a bare LF in chunks where it is tolerated",
    `POST /a.txt HTTP/1.1\r\nHost: unsafe.test\r\n${chunked}\r\n3\na=b\n0\n\n`,
    2,
  ],
];

const cut: readonly (readonly [name: string, raw: string])[] = [
  ["a body cut off", request("Content-Length: 10\r\n", "a=b")],
  ["chunks cut off", request(chunked, "3\r\na=b\r\n")],
  ["a chunk cut off", request(chunked, "10\r\na=b")],
  ["a chunk size cut off", request(chunked, "3")],
  ["fields cut off", `GET /a.txt HTTP/1.1\r\n${host}X: y\r\n`],
  ["a field cut off", `GET /a.txt HTTP/1.1\r\n${host}X: y`],
  ["a request line cut off", "GET /a.txt HT"],
  ["nothing", ""],
  ["an empty line", "\r\n"],
  ["a whole request", `GET /a.txt HTTP/1.1\r\n${host}\r\n`],
];

const waits: readonly Case[] = [
  {
    name: "answers an unknown method where they are registered",
    raw: `FROB /a.txt HTTP/1.1\r\n${host}\r\n`,
    to: { port: 3 },
    differs: "Allow names the methods of the resource, not TRACE alone",
  },
  {
    name: "sends 100 Continue, then takes the body",
    raw: [request("Expect: 100-continue\r\nContent-Length: 3\r\n"), "a=b"],
  },
  {
    name: "sends 100 Continue, then takes chunks",
    raw: [request(`Expect: 100-continue\r\n${chunked}`), "3\r\na=b\r\n0\r\n\r\n"],
  },
  {
    name: "sends no 100 Continue for a body beyond LimitRequestBody",
    raw: request("Expect: 100-continue\r\nContent-Length: 11\r\n", "", "/small.txt"),
  },
];

export const suite: Suite = {
  name: "requests that break rules",
  configuration,
  files: { "htdocs/a.txt": "a\n", "htdocs/small.txt": "small\n" },
  cases: [
    ...lines.map(([name, raw]): Case => ({ name: `answers ${name}`, raw })),
    ...bodies.map(([name, raw]): Case => ({ name: `answers ${name}`, raw })),
    ...limits.map(([name, raw, port]): Case => ({ name: `answers ${name}`, raw, to: { port } })),
    ...cut.map(([name, raw]): Case => ({ name: `answers ${name} by the client`, raw, end: true })),
    ...waits,
  ],
};
