// Lists of ciphers that name the system's policy → lists that every OpenSSL reads.
import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSecureContext } from "node:tls";
import { withSystemProfile } from "../../../src/modules/mod_ssl/system-ciphers.js";

describe("PROFILE=SYSTEM among ciphers", () => {
  let folder = "";
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "policy-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is what the system's policy names", () => {
    const file = join(folder, "openssl.config");
    writeFileSync(file, "@SECLEVEL=2:kEECDH:-aNULL\n");
    expect(withSystemProfile("PROFILE=SYSTEM", file)).to.equal("@SECLEVEL=2:kEECDH:-aNULL");
    expect(withSystemProfile("PROFILE=SYSTEM:!RC4", file)).to.equal("@SECLEVEL=2:kEECDH:-aNULL:!RC4");
  });

  it("is OpenSSL's default where there is no policy", () => {
    const list = withSystemProfile("PROFILE=SYSTEM:!RC4", join(folder, "none"));
    expect(list).to.equal("DEFAULT:!RC4");
    expect(() => createSecureContext({ ciphers: list })).not.to.throw();
  });

  it("leaves other lists alone", () => {
    expect(withSystemProfile("HIGH:!aNULL", join(folder, "none"))).to.equal("HIGH:!aNULL");
  });
});
