// Requests whose framing can be read in two ways: what follows them must not become a request of its own at a back end.

/** One row. */
export interface Attempt {
  readonly name: string;
  readonly raw: string;
  /** Requests that a back end may see: the client's framing says these, and no others. */
  readonly may: readonly string[];
}

const two = "GET /two HTTP/1.1\r\nHost: front.test\r\n\r\n";
const post = (fields: string, rest: string, may: readonly string[] = ["POST /one"]): Omit<Attempt, "name"> => ({
  raw: `POST /one HTTP/1.1\r\nHost: front.test\r\n${fields}\r\n${rest}`,
  may,
});
const chunked = "Transfer-Encoding: chunked\r\n";
const both = ["POST /one", "GET /two"];

const rows: readonly (readonly [string, Omit<Attempt, "name">])[] = [
  // Plain ones, for comparison: there are two where the client says two.
  ["a length, and a second request behind it", post("Content-Length: 5\r\n", `hello${two}`, both)],
  ["chunks, and a second request behind them", post(chunked, `5\r\nhello\r\n0\r\n\r\n${two}`, both)],
  ["a request as the body", post(`Content-Length: ${two.length}\r\n`, two)],
  ["a request as a chunk", post(chunked, `${two.length.toString(16)}\r\n${two}\r\n0\r\n\r\n`)],
  // CL and TE.
  ["CL.TE", post(`Content-Length: ${5 + two.length}\r\n${chunked}`, `0\r\n\r\n${two}`)],
  ["TE.CL", post(`${chunked}Content-Length: 4\r\n`, `${two.length.toString(16)}\r\n${two}\r\n0\r\n\r\n`)],
  ["CL 0 and TE", post(`Content-Length: 0\r\n${chunked}`, `0\r\n\r\n${two}`)],
  [
    "CL.TE of GET",
    {
      raw: `GET /one HTTP/1.1\r\nHost: front.test\r\nContent-Length: 43\r\n${chunked}\r\n0\r\n\r\n${two}`,
      may: ["GET /one"],
    },
  ],
  // Content-Length.
  ["two lengths", post(`Content-Length: 0\r\nContent-Length: ${two.length}\r\n`, two)],
  ["two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n", `hello${two}`, both)],
  ["a list of lengths", post(`Content-Length: 0, ${two.length}\r\n`, two)],
  ["a list of equal lengths", post("Content-Length: 5, 5\r\n", `hello${two}`, both)],
  ["a signed length", post("Content-Length: +0\r\n", two)],
  ["a negative length", post("Content-Length: -1\r\n", two)],
  ["a hexadecimal length", post("Content-Length: 0x0\r\n", two)],
  ["a length with a letter", post("Content-Length: 0a\r\n", two)],
  ["an empty length", post("Content-Length: \r\n", two)],
  ["a length with a blank in it", post("Content-Length: 4 0\r\n", two)],
  ["a length of zeros in front", post("Content-Length: 0005\r\n", `hello${two}`, both)],
  ["a length beyond 64 bits", post("Content-Length: 18446744073709551616\r\n", two)],
  ["a length with a vertical tab", post("Content-Length: \x0b0\r\n", two)],
  ["a blank in front of the colon of the length", post(`Content-Length : ${two.length}\r\n`, two)],
  [
    "an underscore in the name of the length",
    post(`Content_Length: ${two.length}\r\nContent-Length: 0\r\n`, two, both),
  ],
  // Obfuscated Transfer-Encoding.
  ...(
    [
      ["xchunked", "Transfer-Encoding: xchunked"],
      ["a blank in front of the colon", "Transfer-Encoding : chunked"],
      ["a tab in front of the value", "Transfer-Encoding:\tchunked"],
      ["a vertical tab in front of the value", "Transfer-Encoding: \x0bchunked"],
      ["a NUL behind the value", "Transfer-Encoding: chunked\0"],
      ["a blank line begun", " Transfer-Encoding: chunked"],
      ["a folded value", "Transfer-Encoding:\r\n chunked"],
      ["a folded field in front", "X: y\r\n Transfer-Encoding: chunked"],
      ["a bare CR in front", "X: y\rTransfer-Encoding: chunked"],
      ["a bare LF in front", "X: y\nTransfer-Encoding: chunked"],
      ["quotes", 'Transfer-Encoding: "chunked"'],
      ["capitals", "TRANSFER-ENCODING: CHUNKED"],
      ["identity first", "Transfer-Encoding: identity, chunked"],
      ["identity last", "Transfer-Encoding: chunked, identity"],
      ["chunked twice", "Transfer-Encoding: chunked, chunked"],
      ["gzip first", "Transfer-Encoding: gzip, chunked"],
      ["identity in another field", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"],
      ["cow in another field", "Transfer-Encoding: chunked\r\nTransfer-encoding: cow"],
      ["a parameter", "Transfer-Encoding: chunked;x=y"],
      ["an empty value", "Transfer-Encoding: "],
      ["a comma", "Transfer-Encoding: chunked,"],
      ["an underscore", "Transfer_Encoding: chunked"],
      ["a byte above 127", "Transfer-Encoding: chunked\xa0"],
    ] as const
  ).flatMap(([name, field]): (readonly [string, Omit<Attempt, "name">])[] => [
    [
      `TE of ${name}, and a length of all`,
      post(`${field}\r\nContent-Length: ${5 + two.length}\r\n`, `0\r\n\r\n${two}`),
    ],
    [`TE of ${name}, and no length`, post(`${field}\r\n`, `0\r\n\r\n${two}`, both)],
  ]),
  [
    "TE of HTTP/1.0",
    {
      raw: `POST /one HTTP/1.0\r\nHost: front.test\r\nConnection: keep-alive\r\n${chunked}\r\n0\r\n\r\n${two}`,
      may: ["POST /one"],
    },
  ],
  ["a length that Connection names", post(`Content-Length: ${two.length}\r\nConnection: Content-Length\r\n`, two)],
  [
    "chunks that Connection names",
    post(`${chunked}Connection: Transfer-Encoding\r\n`, `${two.length.toString(16)}\r\n${two}\r\n0\r\n\r\n`),
  ],
  ["a Host that Connection names", post("Content-Length: 0\r\nConnection: Host\r\n", "")],
  // Chunks.
  ...(
    [
      ["an extension", `${two.length.toString(16)};x=y\r\n${two}\r\n0\r\n\r\n`],
      ["an extension with a quoted end", `${two.length.toString(16)};x="\r\n0\r\n\r\n"\r\n${two}\r\n0\r\n\r\n`],
      ["an extension with a bare LF", `0;x\n\r\n${two}`],
      ["a bare LF behind the size", `0\n\r\n${two}`],
      ["bare LFs all over", `0\n\n${two}`],
      ["a bare CR behind the size", `0\r\r\n${two}`],
      ["no size", `\r\n\r\n${two}`],
      ["a size of 0x", `0x0\r\n\r\n${two}`],
      ["a signed size", `+0\r\n\r\n${two}`],
      ["a negative size", `-1\r\n\r\n${two}`],
      ["a size of many zeros", `${"0".repeat(40)}\r\n\r\n${two}`],
      ["a size beyond 64 bits", `10000000000000000\r\n\r\n${two}`],
      ["a blank behind the size", `0 \r\n\r\n${two}`],
      ["a blank in front of the size", ` 0\r\n\r\n${two}`],
      ["more in a chunk than its size", `5\r\nhello!!\r\n0\r\n\r\n${two}`],
      ["no end of a chunk", `5\r\nhello0\r\n\r\n${two}`],
      ["a trailer that frames", `0\r\nContent-Length: ${two.length}\r\n\r\n${two}`],
      ["a trailer that is a request", `0\r\n${two}`],
      ["a trailer with a bare LF", `0\r\nX: y\n\n${two}`],
    ] as const
  ).map(([name, body]) => [`chunks with ${name}`, post(chunked, body, both)] as const),
  // Heads.
  [
    "a bare LF for the end of the head",
    { raw: `GET /one HTTP/1.1\r\nHost: front.test\r\n\n${two}`, may: ["GET /one", "GET /two"] },
  ],
  ["a bare CR for the end of the head", { raw: `GET /one HTTP/1.1\r\nHost: front.test\r\n\r${two}`, may: [] }],
  [
    "a folded field with a request in it",
    { raw: `GET /one HTTP/1.1\r\nHost: front.test\r\nX: y\r\n ${two}`, may: ["GET /one"] },
  ],
  ["a NUL in a field", { raw: `GET /one HTTP/1.1\r\nHost: front.test\r\nX: y\0\r\n\r\n`, may: [] }],
  ["two Hosts", { raw: `GET /one HTTP/1.1\r\nHost: front.test\r\nHost: other.test\r\n\r\n`, may: [] }],
  ["two equal Hosts", { raw: `GET /one HTTP/1.1\r\nHost: front.test\r\nHost: front.test\r\n\r\n`, may: ["GET /one"] }],
  ["no Host", { raw: "GET /one HTTP/1.1\r\n\r\n", may: [] }],
  ["a Host with a line in it", { raw: "GET /one HTTP/1.1\r\nHost: front.test\\r\\nX: y\r\n\r\n", may: [] }],
  [
    "an encoded line end in the target",
    {
      raw: "GET /one%0d%0aX:%20y%0d%0a%0d%0aGET%20/two HTTP/1.1\r\nHost: front.test\r\n\r\n",
      may: ["GET /one%0d%0aX:%20y%0d%0a%0d%0aGET%20/two", "GET /one%0D%0AX:%20y%0D%0A%0D%0AGET%20/two"],
    },
  ],
  [
    "a length of GET",
    { raw: `GET /one HTTP/1.1\r\nHost: front.test\r\nContent-Length: ${two.length}\r\n\r\n${two}`, may: ["GET /one"] },
  ],
  [
    "a length of HEAD",
    {
      raw: `HEAD /one HTTP/1.1\r\nHost: front.test\r\nContent-Length: ${two.length}\r\n\r\n${two}`,
      may: ["HEAD /one"],
    },
  ],
  [
    "a length of DELETE",
    {
      raw: `DELETE /one HTTP/1.1\r\nHost: front.test\r\nContent-Length: ${two.length}\r\n\r\n${two}`,
      may: ["DELETE /one"],
    },
  ],
  [
    "chunks of OPTIONS",
    {
      raw: `OPTIONS /one HTTP/1.1\r\nHost: front.test\r\n${chunked}\r\n${two.length.toString(16)}\r\n${two}\r\n0\r\n\r\n`,
      may: ["OPTIONS /one"],
    },
  ],
  [
    "an upgrade that is not answered",
    {
      raw: `GET /one HTTP/1.1\r\nHost: front.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${two}`,
      may: ["GET /one", "GET /two"],
    },
  ],
  [
    "h2c and a request behind it",
    {
      raw: `GET /one HTTP/1.1\r\nHost: front.test\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n${two}`,
      may: ["GET /one", "GET /two"],
    },
  ],
  ["Expect with a body that comes at once", post(`Expect: 100-continue\r\nContent-Length: ${two.length}\r\n`, two)],
  ["an unknown Expect", post(`Expect: x\r\nContent-Length: ${two.length}\r\n`, two)],
];

export const attempts: readonly Attempt[] = rows.map(([name, row]) => ({ name, ...row }));

/** The request lines of what a back end received, read as RFC 9112 says; "?" for what is no request. */
export function requestsIn(text: string): { readonly lines: readonly string[]; readonly rest: string } {
  const lines: string[] = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const [line = "", ...fields] = text.slice(at, end).split("\r\n");
    if (!/^[A-Z]+ \S+ HTTP\/1\.1$/.test(line) || fields.some((each) => !/^[!-9;-~]+: ?[^\0\r\n]*$/.test(each))) {
      return { lines: [...lines, "?"], rest: text.slice(at) };
    }
    const bodyEnd = endOfBody(text, end + 4, fields);
    if (bodyEnd === undefined) break;
    lines.push(line.replace(/ HTTP\/1\.1$/, ""));
    at = bodyEnd;
  }
  return { lines, rest: text.slice(at) };
}

function endOfBody(text: string, start: number, fields: readonly string[]): number | undefined {
  if (fields.some((each) => /^transfer-encoding:/i.test(each))) {
    for (let at = start; ;) {
      const end = text.indexOf("\r\n", at);
      if (end < 0) return undefined;
      const size = parseInt(text.slice(at, end), 16);
      at = end + 2 + size + 2;
      if (Number.isNaN(size) || at > text.length) return undefined;
      if (size === 0) return at;
    }
  }
  const length = fields.find((each) => /^content-length:/i.test(each))?.replace(/^[^:]*: */, "") ?? "0";
  const end = start + Number(length);
  return end <= text.length ? end : undefined;
}
