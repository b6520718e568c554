// RequestReadTimeout lines: what they say, and what they must not.
import { expect } from "chai";
import { allowedTime, readTimeouts } from "../../src/api/index.js";
import { faultsOf, serve } from "../support/ask.js";

const none = { first: 0, rate: 0, most: 0 };
const header = { first: 20_000, rate: 500, most: 40_000 };
const body = { first: 20_000, rate: 500, most: 0 };

const rows: readonly (readonly [string, object])[] = [
  ["", { header, body }],
  [
    "RequestReadTimeout header=20-40,minrate=500\nRequestReadTimeout body=10,minrate=500",
    { header, body: { ...body, first: 10_000 } },
  ],
  ["RequestReadTimeout header=0 body=0", { header: none, body: none }],
  ["RequestReadTimeout body=30", { header, body: { first: 30_000, rate: 0, most: 0 } }],
  [
    "RequestReadTimeout Header=10-20,MinRate=1000 handshake=5",
    { header: { first: 10_000, rate: 1000, most: 20_000 }, body },
  ],
];

const refused: readonly (readonly [string, string])[] = [
  ["RequestReadTimeout head=5", "timeout must be header=..., body=... or handshake=..."],
  ["RequestReadTimeout header=x", "expected SECONDS"],
  ["RequestReadTimeout header=20-10,MinRate=5", "the second number must be larger"],
  ["RequestReadTimeout header=20-40", "a range needs MinRate"],
  ["RequestReadTimeout header=20,MinRate=0", "MinRate must be more than 0"],
];

describe("mod_reqtimeout", () => {
  for (const [configuration, expected] of rows) {
    it(`reads "${configuration.replaceAll("\n", "; ")}"`, () => {
      const { server } = serve(configuration);
      const [main] = server.virtualHosts;
      expect(main && server.settings(readTimeouts, main)).to.deep.equal(expected);
    });
  }
  for (const [line, reason] of refused) {
    it(`refuses "${line}"`, () => {
      expect(faultsOf(line).errors.join()).to.include(reason);
    });
  }
  it("adds time for what has come, up to the most", () => {
    expect([0, 500, 5000, 50_000].map((bytes) => allowedTime(header, bytes))).to.deep.equal([
      20_000, 21_000, 30_000, 40_000,
    ]);
    expect(allowedTime(none, 10)).to.equal(Infinity);
  });
});
