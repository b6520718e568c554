// What seals sessions: nothing opens but what was sealed by a known passphrase and came back as it was.
import { expect } from "chai";
import { seal, unseal } from "../../src/modules/mod_session_crypto/seal.js";
import { faultsOf } from "../support/ask.js";

const text = "name=value&other=gr\xe4\xdf&expiry=1";

describe("mod_session_crypto", () => {
  for (const bits of [128, 192, 256] as const) {
    it(`opens what it sealed with ${bits} bits`, () => {
      expect(unseal(seal(text, "one", bits), ["other", "one"], bits)).to.equal(text);
    });
  }

  it("seals the same text differently each time, in letters for a cookie", () => {
    const sealed = Array.from({ length: 50 }, () => seal(text, "one", 256));
    expect(new Set(sealed).size).to.equal(50);
    for (const each of sealed)
      expect(each)
        .to.match(/^[\w-]+$/)
        .and.not.include("name");
  });

  it("opens nothing that was changed by one bit, anywhere", () => {
    const bytes = Buffer.from(seal(text, "one", 256), "base64url");
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at] = (bytes[at] ?? 0) ^ 1;
      expect(unseal(changed.toString("base64url"), ["one"], 256), `byte ${at}`).to.equal(undefined);
    }
  });

  it("opens nothing that was cut or made longer", () => {
    const sealed = seal(text, "one", 256);
    for (let length = 0; length < sealed.length - 4; length++) {
      expect(unseal(sealed.slice(0, length), ["one"], 256)).to.equal(undefined);
    }
    expect(unseal(`${sealed}AAAA`, ["one"], 256)).to.equal(undefined);
  });

  it("opens nothing by other passphrases, other keys, or none", () => {
    const sealed = seal(text, "one", 256);
    expect(unseal(sealed, ["two", "One", ""], 256)).to.equal(undefined);
    expect(unseal(sealed, ["one"], 128)).to.equal(undefined);
    expect(unseal(sealed, [], 256)).to.equal(undefined);
  });

  for (const garbage of ["", "A", "=", "a=b", "\0", "AQ", "A".repeat(8000), "é".repeat(10)]) {
    it(`opens no ${JSON.stringify(garbage.slice(0, 10))}`, () => {
      expect(unseal(garbage, ["one"], 256)).to.equal(undefined);
    });
  }

  for (const [line, expected] of [
    ["SessionCryptoCipher 3des192", "must be one of aes256"],
    ["SessionCryptoPassphraseFile /nowhere/at/all", "Could not open file"],
    ["SessionCryptoDriver none", "must be one of openssl"],
    ["SessionCookieName a=b", "cannot be empty, or contain"],
    ["SessionMaxAge -1", "at least 0"],
  ] as const) {
    it(`refuses ${line}`, () => {
      expect(faultsOf(line).errors.join("\n")).to.include(expected);
    });
  }
});
