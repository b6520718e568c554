import { expect } from "chai";
import { Headers } from "../../src/api/index.js";
import { parseHttpDate as parseDate } from "../../src/api/index.js";
import { evaluateConditions } from "../../src/api/conditional.js";
import { ifRangeHolds } from "../../src/server/ranges.js";

const etag = '"64-60a2418202240"';
const date = "Tue, 14 Nov 2023 22:13:20 GMT";
const earlier = "Tue, 14 Nov 2023 22:13:19 GMT";
const validators = { etag, lastModified: 1_700_000_000, now: 1_800_000_000 };

describe("evaluateConditions", () => {
  // Each row as Apache answers it.
  const rows: readonly [fields: Readonly<Record<string, string>>, get: number, post?: number][] = [
    [{}, 200, 200],
    [{ "If-Match": etag }, 200],
    [{ "If-Match": `W/${etag}` }, 412],
    [{ "If-Match": `"a", ${etag}` }, 200],
    [{ "If-Match": "*" }, 200],
    [{ "If-Match": "" }, 412],
    [{ "If-Match": etag, "If-Unmodified-Since": earlier }, 412],
    [{ "If-Unmodified-Since": earlier }, 412, 412],
    [{ "If-Unmodified-Since": date }, 200],
    [{ "If-Unmodified-Since": "junk" }, 200],
    [{ "If-None-Match": "*" }, 304, 412],
    [{ "If-None-Match": etag }, 304, 412],
    [{ "If-None-Match": `W/${etag}` }, 304, 200],
    [{ "If-None-Match": `W/${etag}`, Range: "bytes=0-1" }, 200],
    [{ "If-None-Match": etag, Range: "bytes=0-1" }, 304],
    [{ "If-None-Match": '"x"', "If-Modified-Since": date }, 200],
    [{ "If-None-Match": etag, "If-Modified-Since": earlier }, 200],
    [{ "If-None-Match": etag, "If-Modified-Since": date }, 304],
    [{ "If-None-Match": `a, ${etag}` }, 200],
    [{ "If-None-Match": `${etag}junk` }, 200],
    [{ "If-None-Match": "64-60a2418202240" }, 200],
    [{ "If-None-Match": "" }, 200],
    [{ "If-Modified-Since": date }, 304, 200],
    [{ "If-Modified-Since": earlier }, 200],
    [{ "If-Modified-Since": "Fri, 14 Nov 2036 22:13:19 GMT" }, 304],
    [{ "If-Modified-Since": "Sat, 14 Nov 2043 22:13:19 GMT" }, 200],
  ];
  for (const [fields, get, post] of rows) {
    it(`answers ${JSON.stringify(fields)} with ${get}`, () => {
      const now = fields["If-Modified-Since"]?.includes("2036") ? 2_200_000_000 : validators.now;
      const headers = new Headers(Object.entries(fields));
      expect(evaluateConditions(headers, true, { ...validators, now }) ?? 200).to.equal(get);
      if (post !== undefined) expect(evaluateConditions(headers, false, validators) ?? 200, "POST").to.equal(post);
    });
  }
});

describe("ifRangeHolds", () => {
  const rows: readonly [field: string, expected: boolean, now?: number][] = [
    [etag, true],
    [`W/${etag}`, false],
    ['"x"', false],
    [date, true],
    [date, false, 1_700_000_030],
    ["Mon, 14 Nov 2033 22:13:20 GMT", false],
    ["junk", false],
  ];
  for (const [field, expected, now = validators.now] of rows) {
    it(`says ${expected} to ${field} at ${now}`, () => {
      expect(ifRangeHolds(new Headers([["If-Range", field]]), { ...validators, now })).to.equal(expected);
    });
  }
});

describe("parseDate", () => {
  const rows: readonly [text: string, seconds: number | undefined][] = [
    [date, 1_700_000_000],
    ["Tuesday, 14-Nov-23 22:13:20 GMT", 1_700_000_000],
    ["Tue Nov 14 22:13:20 2023", 1_700_000_000],
    ["Tue Nov  7 22:13:20 2023", 1_699_395_200],
    [`${date}; length=3`, 1_700_000_000],
    ["Wed, 14 Nov 2023 22:13:20 GMT", 1_700_000_000],
    ["Tue, 14 Nov 2023 22:13:20", undefined],
    ["14 Nov 2023 22:13:20 GMT", undefined],
    ["Tue, 31 Feb 2024 22:13:20 GMT", undefined],
    ["Tue, 14 Nov 2023 24:13:20 GMT", undefined],
    ["", undefined],
  ];
  for (const [text, seconds] of rows) {
    it(`reads "${text}" as ${seconds}`, () => expect(parseDate(text)).to.equal(seconds));
  }
});
