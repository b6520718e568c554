// Encrypted keys whose pass phrase does not come → a configuration that is refused, with the reason.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../../conformance/certificates.js";
import { faultsOf } from "../../support/ask.js";

describe("an encrypted key", () => {
  let folder = "";

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "phrases-"));
    const { key, cert } = selfSigned("/CN=www.test");
    const args = ["pkey", "-aes-256-cbc", "-passout", "pass:right"];
    writeFileSync(join(folder, "cert.pem"), cert);
    writeFileSync(join(folder, "key.pem"), execFileSync("openssl", args, { input: key }));
    for (const [name, lines] of [
      ["wrong", "echo wrong"],
      ["silent", "true"],
      ["failing", "echo right; exit 3"],
      ["endless", "exec yes right"],
    ] as const) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${lines}\n`);
      chmodSync(join(folder, name), 0o755);
    }
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [dialog, reason] of [
    ["builtin", "there is no terminal to ask for its pass phrase"],
    ["exec:FOLDER/wrong", "was not decrypted"],
    ["|FOLDER/wrong", "was not decrypted"],
    ["exec:FOLDER/silent", "was not decrypted"],
    ["exec:FOLDER/failing", "was not decrypted"],
    ["exec:FOLDER/endless", "was not decrypted"],
    ["exec:FOLDER/nowhere", "was not decrypted"],
    ["ask:FOLDER/wrong", "type must be builtin"],
  ] as const) {
    it(`is refused with ${dialog}`, () => {
      const { errors } = faultsOf(
        `SSLPassPhraseDialog ${dialog}
SSLEngine On
SSLCertificateFile FOLDER/cert.pem
SSLCertificateKeyFile FOLDER/key.pem`.replaceAll("FOLDER", folder),
      );
      expect(errors.join("\n")).to.contain(reason).and.not.contain("right");
    });
  }
});
