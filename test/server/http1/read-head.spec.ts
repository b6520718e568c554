import { expect } from "chai";
import type { WireLimits } from "../../../src/server/exchange.js";
import { HeadFinder } from "../../../src/server/http1/find-head.js";
import type { Head } from "../../../src/server/http1/head.js";
import { Input } from "../../../src/server/http1/input.js";
import { newMemory } from "../../../src/server/http1/read-head.js";
import { limits } from "./wire.js";

/** The head in pieces of bytes, given one after another; undefined when it is not complete. */
function read(pieces: readonly string[], changed: Partial<WireLimits> = {}): Head | undefined {
  const finder = new HeadFinder({ limits: { ...limits, ...changed }, secure: false, memory: newMemory() });
  const input = new Input();
  for (const piece of pieces) {
    input.append(Buffer.from(piece, "latin1"));
    const head = finder.next(input);
    if (head) return head;
  }
  return undefined;
}

/** "200 target field|field" or the status of the fault. */
function summary(head: Head | undefined): string {
  if (!head) return "incomplete";
  if (head.fault) return `${head.fault.status}${head.fault.hostKnown ? " named" : ""}`;
  return `${head.method} ${head.target} ${head.protocol} ${[...head.headers].map(([name, value]) => `${name}=${value}`).join("|")}`;
}

const host = "Host: a\r\n";
const long = (size: number): string => "x".repeat(size);

// Each was tried on a real Apache 2.4.71. What is refused, by its bytes.
const rows: readonly (readonly [string, string])[] = [
  ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 Host=a"],
  ["\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 Host=a"],
  [`${"\r\n".repeat(10)}GET / HTTP/1.0\r\n\r\n`, "GET / HTTP/1.0 "],
  [`${"\r\n".repeat(11)}GET / HTTP/1.0\r\n\r\n`, "400"],
  ["\nGET / HTTP/1.0\r\n\r\n", "400"],
  ["GET / HTTP/1.1\nHost: a\r\n\r\n", "400"],
  ["GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "400"],
  ["GET / HTTP/1.1\r\nHost: a\r\n\n", "400"],
  ["GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", "400"],
  ["GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  [" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400"],
  ["GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\xe9 HTTP/1.1 Host=a"],
  ["GET / http/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET / HTTP/0.9\r\nHost: a\r\n\r\n", "400"],
  ["GET / HTTP/1.10\r\nHost: a\r\n\r\n", "400"],
  ["GET / HTTP/1.2\r\nHost: a\r\n\r\n", "GET / HTTP/1.2 Host=a"],
  ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET / HTTP/2.0 Host=a"],
  ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"],
  ["GET / FOO\r\nHost: a\r\n\r\n", "400"],
  ["GET\r\n", "400"],
  ["GET \r\n", "400"],
  ["GET /\r\n", "GET / HTTP/0.9 "],
  ["GET /x?y\r\n\r\n", "GET /x?y HTTP/0.9 "],
  ["POST /\r\n", "400"],
  ["G@T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["get / HTTP/1.1\r\nHost: a\r\n\r\n", "get / HTTP/1.1 Host=a"],
  ["FROB / HTTP/1.1\r\nHost: a\r\n\r\n", "FROB / HTTP/1.1 Host=a"],
  ["GET foo HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET ?x HTTP/1.1\r\nHost: a\r\n\r\n", "GET ?x HTTP/1.1 Host=a"],
  ["GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1 Host=a"],
  ["OPTIONS *x HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["CONNECT b:80 HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT b:80 HTTP/1.1 Host=b:80"],
  ["CONNECT b HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["CONNECT /b HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n", "GET http://b/c HTTP/1.1 Host=b"],
  ["GET HTTP://b:99999 HTTP/1.1\r\nHost: a\r\n\r\n", "GET HTTP://b:99999 HTTP/1.1 Host=b:99999"],
  ["GET https://b/c HTTP/1.1\r\nHost: a\r\n\r\n", "GET https://b/c HTTP/1.1 Host=a"],
  ["GET ftp://b/c HTTP/1.1\r\nHost: a\r\n\r\n", "GET ftp://b/c HTTP/1.1 Host=a"],
  ["GET http:/c HTTP/1.1\r\nHost: a\r\n\r\n", "GET http:/c HTTP/1.1 Host=a"],
  ["GET http://b/c HTTP/1.1\r\n\r\n", "400 named"],
  ["GET http://u@b/c HTTP/1.1\r\nHost: a\r\n\r\n", "400 named"],
  ["GET http://b:x/c HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET http://b..c/ HTTP/1.1\r\nHost: a\r\n\r\n", "400 named"],
  ["GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET /a?b#c HTTP/1.1\r\nHost: a\r\n\r\n", "400"],
  ["GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0 "],
  ["GET / HTTP/1.0\r\nHost:\r\n\r\n", "GET / HTTP/1.0 Host="],
  ["GET / HTTP/1.0\r\nHost: a b\r\n\r\n", "400"],
  ["GET / HTTP/1.1\r\n\r\n", "400"],
  ["GET / HTTP/1.1\r\nHost:\r\n\r\n", "400"],
  ["GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"],
  [`GET / HTTP/1.1\r\n${host}: y\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}X-A : b\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}X A: b\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}X-A\r\nX: y\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}\xe9: x\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}X: \x01\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}X: \x00\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}X: a\x7f\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}X:\t a\xe9\t  b \t\r\nY:\r\n\r\n`, "GET / HTTP/1.1 Host=a|X=a\xe9\t  b|Y="],
  [`GET / HTTP/1.1\r\n${host}X:\t a\r\n  b\r\n\tc\r\nY: z\r\n\r\n`, "GET / HTTP/1.1 Host=a|X=a b c|Y=z"],
  ["GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"],
  [`GET / HTTP/1.1\r\n${host}X: a\r\n  \r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Content-Length: 3 \r\n\r\n`, "GET / HTTP/1.1 Host=a|Content-Length=3"],
  [`GET / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Content-Length: +3\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Content-Length: 0x3\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Content-Length: 3, 3\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`, "400"],
  [
    `GET / HTTP/1.1\r\n${host}Content-Length: 9223372036854775807\r\n\r\n`,
    "GET / HTTP/1.1 Host=a|Content-Length=9223372036854775807",
  ],
  [`GET / HTTP/1.1\r\n${host}Content-Length: 9223372036854775808\r\n\r\n`, "400"],
  [
    `GET / HTTP/1.1\r\n${host}Transfer-Encoding: x, Chunked\r\n\r\n`,
    "GET / HTTP/1.1 Host=a|Transfer-Encoding=x, Chunked",
  ],
  [`GET / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, x\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Transfer-Encoding: identity\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n\r\n`, "400"],
  [
    `GET / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
    "GET / HTTP/1.1 Host=a|Transfer-Encoding=chunked",
  ],
  [`GET / HTTP/1.1\r\n${host}Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n`, "400"],
  [`GET / HTTP/1.1\r\n${host}Expect: 100-Continue\r\n\r\n`, "GET / HTTP/1.1 Host=a|Expect=100-Continue"],
  [`GET / HTTP/1.1\r\n${host}Expect: other\r\n\r\n`, "417 named"],
  ["GET / HTTP/1.0\r\nExpect: other\r\n\r\n", "417 named"],
];

describe("the reader of heads", () => {
  for (const [bytes, expected] of rows) {
    it(`finds in ${JSON.stringify(bytes)}: ${expected}`, () => {
      expect(summary(read([bytes]))).to.equal(expected);
    });
  }

  it("finds the same wherever the bytes are split", () => {
    for (const [bytes, expected] of rows) {
      for (let at = 1; at < bytes.length; at++) {
        expect(summary(read([bytes.slice(0, at), bytes.slice(at)])), `${JSON.stringify(bytes)} at ${at}`).to.equal(
          expected,
        );
      }
      expect(summary(read([...bytes])), `${JSON.stringify(bytes)} byte by byte`).to.equal(expected);
    }
  });

  const sizes: readonly (readonly [string, string, string])[] = [
    ["a request line of 8191 bytes", `GET /${long(8177)} HTTP/1.1\r\n${host}\r\n`, "GET"],
    ["a request line of 8192 bytes", `GET /${long(8178)} HTTP/1.1\r\n${host}\r\n`, "414"],
    ["a request line without end", `GET /${long(9000)}`, "414"],
    ["a field of 8191 bytes", `GET / HTTP/1.1\r\n${host}X-A: ${long(8186)}\r\n\r\n`, "GET"],
    ["a field of 8192 bytes", `GET / HTTP/1.1\r\n${host}X-A: ${long(8187)}\r\n\r\n`, "400"],
    ["a field without end", `GET / HTTP/1.1\r\n${host}X-A: ${long(9000)}`, "400"],
    [
      "values that join to 8190 bytes",
      `GET / HTTP/1.1\r\n${host}X-A: ${long(4094)}\r\nX-A: ${long(4094)}\r\n\r\n`,
      "GET",
    ],
    [
      "values that join to 8191 bytes",
      `GET / HTTP/1.1\r\n${host}X-A: ${long(4094)}\r\nx-a: ${long(4095)}\r\n\r\n`,
      "400",
    ],
    ["a folded field of 8188 bytes", `GET / HTTP/1.1\r\n${host}X-A: ${long(4095)}\r\n ${long(4087)}\r\n\r\n`, "GET"],
    ["a folded field of 8189 bytes", `GET / HTTP/1.1\r\n${host}X-A: ${long(4095)}\r\n ${long(4088)}\r\n\r\n`, "400"],
    ["100 fields", `GET / HTTP/1.1\r\n${host}${"X: y\r\n".repeat(99)}\r\n`, "GET"],
    ["101 fields", `GET / HTTP/1.1\r\n${host}${"X: y\r\n".repeat(100)}\r\n`, "400"],
  ];
  for (const [name, bytes, expected] of sizes) {
    it(`meets ${name} with ${expected}`, () => {
      expect(summary(read([bytes])).split(" ")[0]).to.equal(expected);
      expect(summary(read([bytes.slice(0, 5000), bytes.slice(5000)])).split(" ")[0]).to.equal(expected);
    });
  }

  it("gives Apache's notes with the limits", () => {
    expect(read([`GET / HTTP/1.1\r\nX: ${long(9000)}\r\n\r\n`])?.fault?.note).to.equal(
      "Size of a request header field exceeds server limit.",
    );
    expect(read([`GET / HTTP/1.1\r\n${"X: y\r\n".repeat(101)}\r\n`])?.fault?.note).to.equal(
      "The number of request header fields exceeds this server's limit.",
    );
  });

  it("does not let the number of fields end where LimitRequestFields is 0", () => {
    expect(summary(read([`GET / HTTP/1.0\r\n${"X: y\r\n".repeat(500)}\r\n`], { fields: 0 }))).to.match(/^GET/);
  });

  // HttpProtocolOptions Unsafe.
  const unsafe: readonly (readonly [string, string])[] = [
    ["GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1 Host=a"],
    ["\nGET   /   http/1.1  \nHost: a b\n\n", "GET / http/1.1 Host=a b"],
    ["GET /\t HTTP/1.1\nHost: a\n\n", "400"],
    [" GET / HTTP/1.1\nHost: a\n\n", "400"],
    ["GET / HTTP/1.1 x\nHost: a\n\n", "400"],
    ["GET /#x HTTP/1.1\nHost: 1234\n\n", "GET /#x HTTP/1.1 Host=1234"],
    ["G@T / HTTP/1.1\nHost: a\n\n", "G@T / HTTP/1.1 Host=a"],
    ["GET / HTTP/1.1\nHost: a\nX(: b\x01c\n\n", "GET / HTTP/1.1 Host=a|X(=b\x01c"],
    ["GET / HTTP/1.1\nHost: a\nX: b\rc\n\n", "400"],
    ["GET / HTTP/1.1\nHost: a\nX : b\n\n", "400"],
    ["GET / HTTP/1.1\nHost: a..b\n\n", "400"],
  ];
  for (const [bytes, expected] of unsafe) {
    it(`finds in ${JSON.stringify(bytes)} where much is tolerated: ${expected}`, () => {
      expect(summary(read([bytes], { strict: false }))).to.equal(expected);
    });
  }

  it("refuses HTTP/0.9 where 1.0 is required", () => {
    expect(summary(read(["GET /\r\n"], { allow09: false }))).to.equal("400");
  });

  it("reads the same fields twice without one request changing the other's", () => {
    const finder = new HeadFinder({ limits, secure: false, memory: newMemory() });
    const input = new Input();
    const bytes = Buffer.from("GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\nConnection: close\r\n\r\n");
    input.append(Buffer.concat([bytes, bytes, bytes]));
    const first = finder.next(input);
    first?.headers.set("X", "changed");
    const second = finder.next(input);
    second?.headers.delete("X");
    const third = finder.next(input);
    expect(third?.headers.get("x")).to.equal("1");
    expect(third?.asksClose).to.equal(true);
    expect(input.length).to.equal(0);
  });

  it("does not take remembered fields for those of another version", () => {
    const finder = new HeadFinder({ limits, secure: false, memory: newMemory() });
    const input = new Input();
    input.append(Buffer.from("GET /a HTTP/1.0\r\nX: y\r\n\r\nGET /a HTTP/1.1\r\nX: y\r\n\r\n"));
    expect(summary(finder.next(input))).to.equal("GET /a HTTP/1.0 X=y");
    expect(summary(finder.next(input))).to.equal("400");
  });
});
