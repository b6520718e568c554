// Static files: fields, methods, conditions and ranges.
import type { Case, Suite } from "./harness.js";

const configuration = `
DocumentRoot "@ROOT@/htdocs"
<Location /none/>
  FileETag None
</Location>
<Location /size/>
  FileETag Size
</Location>
<Location /inode/>
  FileETag INode MTime Size
</Location>
<Location /plus/>
  FileETag +INode
</Location>
<Location /no-ranges/>
  MaxRanges none
</Location>
<Location /two-ranges/>
  MaxRanges 2
</Location>
`;

const etag = '"1a-6176339d93000"';
const weak = `W/${etag}`;
const date = "Wed, 01 May 2024 12:00:00 GMT";
const before = "Wed, 01 May 2024 11:59:59 GMT";
const after = "Wed, 01 May 2024 12:00:01 GMT";

const conditions: readonly (readonly [name: string, ...headers: string[]])[] = [
  ["If-None-Match with the tag", `If-None-Match: ${etag}`],
  ["If-None-Match with the weak tag", `If-None-Match: ${weak}`],
  ["If-None-Match with another tag", 'If-None-Match: "x"'],
  ["If-None-Match with a list", `If-None-Match: "x", "y", ${etag}`],
  ["If-None-Match with a list over two fields", 'If-None-Match: "x"', `If-None-Match: ${etag}`],
  ["If-None-Match with a star", "If-None-Match: *"],
  ["If-None-Match without quotes", "If-None-Match: 1a-6176339d93000"],
  ["If-None-Match with the weak tag and a range", `If-None-Match: ${weak}`, "Range: bytes=0-1"],
  ["If-None-Match with the tag and a range", `If-None-Match: ${etag}`, "Range: bytes=0-1"],
  ["If-Modified-Since with the date", `If-Modified-Since: ${date}`],
  ["If-Modified-Since with an earlier date", `If-Modified-Since: ${before}`],
  ["If-Modified-Since with a later date", `If-Modified-Since: ${after}`],
  ["If-Modified-Since in the future", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"],
  ["If-Modified-Since with a bad date", "If-Modified-Since: yesterday"],
  ["If-Modified-Since as RFC 850 writes it", "If-Modified-Since: Wednesday, 01-May-24 12:00:00 GMT"],
  ["If-Modified-Since as asctime writes it", "If-Modified-Since: Wed May  1 12:00:00 2024"],
  ["If-Modified-Since with a length parameter", `If-Modified-Since: ${date}; length=26`],
  ["a matching tag and an earlier date", `If-None-Match: ${etag}`, `If-Modified-Since: ${before}`],
  ["another tag and the date", 'If-None-Match: "x"', `If-Modified-Since: ${date}`],
  ["If-Match with the tag", `If-Match: ${etag}`],
  ["If-Match with the weak tag", `If-Match: ${weak}`],
  ["If-Match with another tag", 'If-Match: "x"'],
  ["If-Match with a star", "If-Match: *"],
  ["If-Match with a list", `If-Match: "x", ${etag}`],
  ["If-Unmodified-Since with the date", `If-Unmodified-Since: ${date}`],
  ["If-Unmodified-Since with an earlier date", `If-Unmodified-Since: ${before}`],
  ["If-Unmodified-Since with a bad date", "If-Unmodified-Since: never"],
  [
    "If-Match with the tag and If-Unmodified-Since with an earlier date",
    `If-Match: ${etag}`,
    `If-Unmodified-Since: ${before}`,
  ],
  ["If-Match and If-None-Match with the tag", `If-Match: ${etag}`, `If-None-Match: ${etag}`],
  [
    "If-Unmodified-Since and If-Modified-Since with the date",
    `If-Unmodified-Since: ${date}`,
    `If-Modified-Since: ${date}`,
  ],
];

const ranges: readonly (readonly [name: string, ...headers: string[]])[] = [
  ["the first bytes", "Range: bytes=0-4"],
  ["one byte", "Range: bytes=3-3"],
  ["bytes to the end", "Range: bytes=20-"],
  ["the last bytes", "Range: bytes=-5"],
  ["more last bytes than there are", "Range: bytes=-100"],
  ["no last bytes", "Range: bytes=-0"],
  ["all bytes", "Range: bytes=0-"],
  ["an end behind the end", "Range: bytes=20-100"],
  ["a start behind the end", "Range: bytes=26-"],
  ["a start far behind the end", "Range: bytes=1000-2000"],
  ["two ranges", "Range: bytes=0-1,5-6"],
  ["two ranges out of order", "Range: bytes=10-12,0-1"],
  ["two ranges that overlap", "Range: bytes=0-5,3-8"],
  ["two ranges side by side", "Range: bytes=0-4,5-8"],
  ["two ranges that overlap out of order", "Range: bytes=3-8,0-5"],
  ["one range that can be met and one that cannot", "Range: bytes=0-1,100-200"],
  ["two ranges that cannot be met", "Range: bytes=100-110,200-210"],
  ["a range and the last bytes", "Range: bytes=0-1,-2"],
  ["more in sum than there is", "Range: bytes=0-20,5-25,1-20"],
  ["a blank after a comma", "Range: bytes=0-4, 6-7"],
  ["a comma at the end", "Range: bytes=0-4,"],
  ["a comma in front", "Range: bytes=,0-4"],
  ["two commas", "Range: bytes=0-1,,3-4"],
  ["a start after the end", "Range: bytes=5-3"],
  ["a good and a bad range", "Range: bytes=0-1,x-y"],
  ["a blank after the equals sign", "Range: bytes= 0-4"],
  ["the unit in capitals", "Range: BYTES=0-4"],
  ["another unit", "Range: lines=0-4"],
  ["no unit", "Range: 0-4"],
  ["no number", "Range: bytes=-"],
  ["an empty set", "Range: bytes="],
  ["a number beyond 64 bits", "Range: bytes=0-99999999999999999999"],
  ["a start beyond 64 bits", "Range: bytes=99999999999999999999-"],
  ["a sign", "Range: bytes=+0-4"],
  ["two Range fields", "Range: bytes=0-1", "Range: bytes=3-4"],
  ["Request-Range", "Request-Range: bytes=0-4"],
  ["If-Range with the tag", "Range: bytes=0-4", `If-Range: ${etag}`],
  ["If-Range with the weak tag", "Range: bytes=0-4", `If-Range: ${weak}`],
  ["If-Range with another tag", "Range: bytes=0-4", 'If-Range: "x"'],
  ["If-Range with the date", "Range: bytes=0-4", `If-Range: ${date}`],
  ["If-Range with a later date", "Range: bytes=0-4", `If-Range: ${after}`],
  ["If-Range with an earlier date", "Range: bytes=0-4", `If-Range: ${before}`],
  ["If-Range without a range", `If-Range: ${etag}`],
  ["If-Modified-Since with the date and a range", "Range: bytes=0-4", `If-Modified-Since: ${date}`],
  ["If-Match with another tag and a range", "Range: bytes=0-4", 'If-Match: "x"'],
];

const methods: readonly (readonly [name: string, method: string, extra?: Partial<Case>])[] = [
  ["HEAD", "HEAD"],
  ["OPTIONS", "OPTIONS"],
  ["OPTIONS *", "OPTIONS", { target: "*" }],
  ["GET *", "GET", { target: "*" }],
  ["TRACE", "TRACE", { headers: ["X-Trace: 1"] }],
  ["TRACE with a body", "TRACE", { body: "x" }],
  ["POST", "POST", { body: "a=b" }],
  ["POST without a body", "POST"],
  ["PUT", "PUT", { body: "x" }],
  ["DELETE", "DELETE"],
  ["PATCH", "PATCH", { body: "x" }],
  ["PROPFIND", "PROPFIND"],
  ["MKCOL", "MKCOL"],
  ["CONNECT with an authority", "CONNECT", { target: "www.test:443" }],
  ["CONNECT with a path", "CONNECT"],
  ["an unknown method", "FROB"],
  ["a method in small letters", "get"],
  ["PUT of a file that is not there", "PUT", { target: "/missing", body: "x" }],
  ["an unknown method on a file that is not there", "FROB", { target: "/missing" }],
  ["OPTIONS of a file that is not there", "OPTIONS", { target: "/missing" }],
  ["HEAD of a file that is not there", "HEAD", { target: "/missing" }],
  ["POST of a file that is not there", "POST", { target: "/missing", body: "x" }],
  ["HEAD with a range", "HEAD", { headers: ["Range: bytes=0-4"] }],
  ["HEAD with two ranges", "HEAD", { headers: ["Range: bytes=0-4,6-7"] }],
  ["HEAD with a range that cannot be met", "HEAD", { headers: ["Range: bytes=100-"] }],
  ["HEAD with If-None-Match", "HEAD", { headers: [`If-None-Match: ${etag}`] }],
  ["HEAD with If-Match that fails", "HEAD", { headers: ['If-Match: "x"'] }],
  ["POST with a range", "POST", { headers: ["Range: bytes=0-4"], body: "x" }],
  ["POST with If-None-Match", "POST", { headers: [`If-None-Match: ${etag}`], body: "x" }],
  ["POST with If-Modified-Since", "POST", { headers: [`If-Modified-Since: ${date}`], body: "x" }],
  ["PUT with If-Match that fails", "PUT", { headers: ['If-Match: "x"'], body: "x" }],
  ["DELETE with If-None-Match", "DELETE", { headers: ["If-None-Match: *"] }],
];

const files: readonly (readonly [name: string, target: string, ...headers: string[]])[] = [
  ["an empty file", "/empty.txt"],
  ["a range of an empty file", "/empty.txt", "Range: bytes=0-"],
  ["the last bytes of an empty file", "/empty.txt", "Range: bytes=-1"],
  ["a file without a known type", "/data.unknown"],
  ["ranges of a file without a known type", "/data.unknown", "Range: bytes=0-0,2-2"],
  ["a file without FileETag", "/none/a.txt"],
  ["If-None-Match * without FileETag", "/none/a.txt", "If-None-Match: *"],
  ["If-Match * without FileETag", "/none/a.txt", "If-Match: *"],
  ["FileETag Size", "/size/a.txt"],
  ["FileETag INode MTime Size", "/inode/a.txt"],
  ["FileETag +INode", "/plus/a.txt"],
  ["MaxRanges none", "/no-ranges/a.txt", "Range: bytes=0-0"],
  ["MaxRanges 2 with two", "/two-ranges/a.txt", "Range: bytes=0-0,2-2"],
  ["MaxRanges 2 with three", "/two-ranges/a.txt", "Range: bytes=0-0,2-2,4-4"],
  ["a file of more than one packet", "/large.txt"],
  ["a range in the middle of a large file", "/large.txt", "Range: bytes=150000-150009"],
  ["a file that is not there", "/missing.txt"],
  ["a file that must not be read", "/secret.txt"],
  ["a folder without an index", "/folder/"],
];

const cases: readonly Case[] = [
  { name: "sends a file", target: "/a.txt" },
  ...methods.map(([name, method, extra]): Case => ({ name: `answers ${name}`, method, target: "/a.txt", ...extra })),
  ...conditions.map(([name, ...headers]): Case => ({ name: `weighs ${name}`, target: "/a.txt", headers })),
  ...ranges.map(([name, ...headers]): Case => ({ name: `takes ${name} as a range`, target: "/a.txt", headers })),
  ...files.map(([name, target, ...headers]): Case => ({ name: `serves ${name}`, target, headers })),
];

const text = "abcdefghijklmnopqrstuvwxyz";

export const suite: Suite = {
  name: "static files",
  configuration,
  files: {
    "htdocs/a.txt": text,
    "htdocs/empty.txt": "",
    "htdocs/data.unknown": text,
    "htdocs/none/a.txt": text,
    "htdocs/size/a.txt": text,
    "htdocs/inode/a.txt": text,
    "htdocs/plus/a.txt": text,
    "htdocs/no-ranges/a.txt": text,
    "htdocs/two-ranges/a.txt": text,
    "htdocs/large.txt": "0123456789".repeat(30_000),
    "htdocs/secret.txt": { text, mode: 0o000 },
    "htdocs/folder/a.txt": text,
  },
  cases,
};
