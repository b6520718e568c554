import { expect } from "chai";
import type { Headers } from "../../../src/api/index.js";
import { ResponseReader, type ResponseListener } from "../../../src/modules/mod_proxy/response-reader.js";

/** Writes down what is read of a response that comes in pieces of that size. */
function read(text: string, { size = text.length, isHead = false, ends = false } = {}): string[] {
  const told: string[] = [];
  let body = "";
  const shown = (headers: Headers): string => [...headers].map(([name, value]) => `${name}=${value}`).join("&");
  const listener: ResponseListener = {
    interim: ({ status, headers }) => told.push(`interim ${status} ${shown(headers)}`),
    changes: ({ status }, rest) => told.push(`changes ${status} ${rest.toString()}`),
    head: ({ status, reason, headers }) => told.push(`head ${status} ${reason} ${shown(headers)}`),
    body: (bytes) => (body += bytes.toString("latin1")),
    end: (keeps, trailers) => told.push(`body ${body}`, `end ${keeps}${trailers ? ` ${shown(trailers)}` : ""}`),
  };
  const reader = new ResponseReader(listener, isHead);
  try {
    for (let at = 0; at < text.length; at += Math.max(1, size)) {
      reader.read(Buffer.from(text.slice(at, at + Math.max(1, size)), "latin1"));
    }
    if (ends) reader.ended();
  } catch (error) {
    told.push(`fault ${(error as Error).message}`);
  }
  return told;
}

const ok = "HTTP/1.1 200 OK\r\n";

/** A response, what is read of it, and how it was asked for. Whole in every size of pieces. */
const rows: readonly (readonly [string, readonly string[], { isHead?: boolean; ends?: boolean }?])[] = [
  [`${ok}Content-Length: 2\r\n\r\nok`, ["head 200 OK Content-Length=2", "body ok", "end Infinity"]],
  [`${ok}Content-Length: 0\r\n\r\n`, ["head 200 OK Content-Length=0", "body ", "end Infinity"]],
  [`${ok}Content-Length: 9\r\n\r\n`, ["head 200 OK Content-Length=9", "body ", "end Infinity"], { isHead: true }],
  [`${ok}X: 1\r\n\r\n`, ["head 200 OK X=1", "body ", "end Infinity"], { isHead: true }],
  ["HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", ["head 304 Not Modified ETag=x", "body ", "end Infinity"]],
  [`${ok}X: 1\r\n\r\nok`, ["head 200 OK X=1", "body ok", "end 0"], { ends: true }],
  ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", ["head 200 OK Content-Length=2", "body ok", "end 0"]],
  [
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
    ["head 200 OK Connection=keep-alive&Content-Length=2", "body ok", "end Infinity"],
  ],
  [
    `${ok}Connection: close\r\nContent-Length: 2\r\n\r\nok`,
    ["head 200 OK Connection=close&Content-Length=2", "body ok", "end 0"],
  ],
  // A second before the back end closes it, it is no longer used.
  [
    `${ok}Keep-Alive: timeout=5, max=9\r\nContent-Length: 2\r\n\r\nok`,
    ["head 200 OK Keep-Alive=timeout=5, max=9&Content-Length=2", "body ok", "end 4000"],
  ],
  [
    `${ok}Keep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok`,
    ["head 200 OK Keep-Alive=timeout=1&Content-Length=2", "body ok", "end 0"],
  ],
  [
    `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0a;x=y\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n`,
    ["head 200 OK Transfer-Encoding=chunked", "body abc0123456789", "end Infinity X-T=1"],
  ],
  [
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n${ok}Content-Length: 0\r\n\r\n`,
    ["interim 100 ", "interim 103 Link=a", "head 200 OK Content-Length=0", "body ", "end Infinity"],
  ],
  [`${ok}X: a\r\n\tb\r\n  c\r\n\r\n`, ["head 200 OK X=a b c", "body ", "end Infinity"], { isHead: true }],
  ["HTTP/1.1 200\nX:1\n\n", ["head 200  X=1", "body ", "end 0"], { ends: true }],
  [`${ok}X: \xa0a\xa0\r\n\r\n`, ["head 200 OK X=\xa0a\xa0", "body ", "end Infinity"], { isHead: true }],
];

/** What is refused, and the reason. */
const faults: readonly (readonly [string, RegExp, boolean?])[] = [
  ["hello\r\n\r\n", /^fault the status line is "hello/],
  ["HTTP/1.1 099 No\r\n\r\n", /^fault the status line/],
  [`${ok}no colon\r\n\r\n`, /a line of its head is "no colon"/],
  [`${ok}: x\r\n\r\n`, /a line of its head is ": x"/],
  [`${ok}A B: x\r\n\r\n`, /a line of its head is "A B: x"/],
  [`${ok} folded: x\r\n\r\n`, /a line of its head is/],
  [`${ok}X: a\rb\r\n\r\n`, /a line of its head is/],
  [`${ok}Content-Length: 1, 2\r\n\r\n`, /its Content-Length is "1, 2"/],
  [`${ok}Content-Length: -1\r\n\r\n`, /its Content-Length is "-1"/],
  [`${ok}Transfer-Encoding: gzip, chunked\r\n\r\n`, /its Transfer-Encoding is "gzip, chunked"/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n-1\r\n`, /a size of a chunk is "-1"/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n${"f".repeat(14)}\r\n`, /a size of a chunk is/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n`, /no line end follows the data/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(9000)}\r\n`, /a line of it is too long/],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n${"X: y\r\n".repeat(20_000)}`, /its trailers are too long/],
  [`${ok}X: ${"x".repeat(70_000)}`, /its head is longer than 65536 bytes/],
  ["HTTP/1.1 102 Wait\r\n\r\n".repeat(101), /no end of interim responses/],
  [`${ok}Content-Length: 3\r\n\r\nab`, /^fault the connection was closed/, true],
  [`${ok}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n`, /^fault the connection was closed/, true],
  [ok, /^fault the connection was closed/, true],
];

describe("the reader of responses of back ends", () => {
  for (const [text, told, how] of rows) {
    it(`reads ${JSON.stringify(text.slice(0, 90))}, however it is cut`, () => {
      for (const size of [text.length, 1, 2, 3, 7]) expect(read(text, { ...how, size })).to.deep.equal(told);
    });
  }

  for (const [text, reason, ends] of faults) {
    it(`refuses ${JSON.stringify(text.slice(0, 90))}`, () => {
      expect(read(text, ends ? { ends } : {}).at(-1)).to.match(reason);
      if (text.length < 1000) expect(read(text, { size: 1, ...(ends ? { ends } : {}) }).at(-1)).to.match(reason);
    });
  }

  it("uses no connection again on which more has come than the response", () => {
    const response = `${ok}Content-Length: 2\r\n\r\nok`;
    expect(read(response + response).at(-1)).to.equal("end 0");
    expect(read("HTTP/1.1 204 No Content\r\n\r\nmore").at(-1)).to.equal("end 0");
    const chunks = `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
    expect(read(`${chunks}more`).at(-1)).to.equal("end 0");
  });

  it("believes chunks rather than a length, and uses the connection no more", () => {
    expect(read(`${ok}Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`)).to.deep.equal([
      "head 200 OK Transfer-Encoding=chunked",
      "body a",
      "end 0",
    ]);
  });

  it("hands on what follows a change of protocols", () => {
    expect(read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello")).to.deep.equal(["changes 101 hello"]);
  });
});
