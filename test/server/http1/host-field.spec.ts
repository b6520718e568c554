import { expect } from "chai";
import { isHostField } from "../../../src/server/http1/host-field.js";

// As a real Apache 2.4.71 takes or refuses them: strict, and with HttpProtocolOptions Unsafe where it differs.
const rows: readonly (readonly [string, boolean, boolean?])[] = [
  ["a", true],
  ["A.b", true],
  ["a.", true],
  ["a_b-c", true],
  [".a", true],
  [".", false, true],
  ["a..b", false],
  ["a..", false],
  ["1.2.3.4", true],
  ["1.2.3.4.", true],
  ["1.2.3", false, true],
  ["1.2.3.256", true],
  ["1.2.3.04", false, true],
  ["1.2.3.0", true],
  ["1234", false, true],
  ["a.1", false, true],
  ["a.1b", false, true],
  ["1.b", true],
  ["1.2.3.4.5", false, true],
  ["1a", true],
  ["1a.2", false, true],
  ["-a-", true],
  ["a.-b", false, true],
  ["a._b", false, true],
  ["a.b-", true],
  ["a:80", true],
  ["a:", false],
  ["a:0", false],
  ["a:00080", true],
  ["a:65535", true],
  ["a:65536", false],
  ["a:8x", false],
  ["a:+8", false],
  [":80", false],
  ["a:80:80", false],
  ["[::1]", true],
  ["[::1]:80", true],
  ["[::1]x", false],
  ["[::1", false],
  ["[]", false],
  ["[::g]", false],
  ["[::ffff:1.2.3.4]", true],
  ["[fe80::1%25eth0]", false],
  ["::1", false],
  ["a/b", false],
  ["a\\b", false],
  ["a%41", false, true],
  ["u@a", false, true],
  ["a+b", false, true],
  ["a, b", false, true],
  ["a\xe9b", false, true],
];

describe("a Host field", () => {
  for (const [value, strict, unsafe = strict] of rows) {
    it(`"${value}" is ${strict ? "taken" : "refused"}${unsafe === strict ? "" : ", and taken where much is tolerated"}`, () => {
      expect(isHostField(value, true)).to.equal(strict);
      expect(isHostField(value, false)).to.equal(unsafe);
    });
  }
});
