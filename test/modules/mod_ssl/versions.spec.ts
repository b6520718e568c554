// SSLProtocol's words, as read.
import { expect } from "chai";
import { readVersions } from "../../../src/modules/mod_ssl/versions.js";

describe("SSLProtocol", () => {
  for (const [words, least, most] of [
    ["all -SSLv3", "TLSv1", "TLSv1.3"],
    ["all -SSLv3 -TLSv1 -TLSv1.1", "TLSv1.2", "TLSv1.3"],
    ["TLSv1.2", "TLSv1.2", "TLSv1.2"],
    ["TLSv1.2 TLSv1.3", "TLSv1.3", "TLSv1.3"],
    ["-all +TLSv1.2 +TLSv1.3", "TLSv1.2", "TLSv1.3"],
    ["+TLSv1.3", "TLSv1.3", "TLSv1.3"],
    ["ALL -sslv2 -tlsv1", "TLSv1.1", "TLSv1.3"],
  ] as const) {
    it(`takes ${words} as ${least} to ${most}`, () => {
      expect(readVersions(words.split(" "))).to.deep.equal({ least, most });
    });
  }
  for (const [words, reason] of [
    ["SSLv3", /SSLv3 is broken/],
    ["+SSLv2", /SSLv2 is not supported/],
    ["TLSv1.4", /must be of all, TLSv1/],
    ["all -all", /leaves no version/],
    ["TLSv1 +TLSv1.2", /leaves a hole between TLSv1 and TLSv1.2/],
  ] as const) {
    it(`refuses ${words}`, () => {
      expect(readVersions(words.split(" "))).to.match(reason);
    });
  }
});
