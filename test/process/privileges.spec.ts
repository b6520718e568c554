// Whom the server serves as.
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findIdentity, unreachableFor } from "../../src/process/privileges.js";

const isRoot = process.getuid?.() === 0;
const nobody = { user: "nobody", uid: 65534, gid: 65534, group: "nogroup" };

describe("privileges", () => {
  it("refuse an unknown user and group, whoever asks", () => {
    expect(findIdentity({ user: "nosuchuser", group: "nosuchgroup" })).to.deep.equal({
      errors: ["AH00543: modhost: bad user name nosuchuser", "AH00544: modhost: bad group name nosuchgroup"],
    });
  });

  (isRoot ? it : it.skip)("name the user that root is to serve as", () => {
    expect(findIdentity({ user: "nobody", group: "nogroup" })).to.deep.equal({ identity: nobody, errors: [] });
  });

  (isRoot ? it : it.skip)("refuse to serve as root, said or unsaid", () => {
    expect(findIdentity({ user: undefined, group: undefined }).errors.join()).to.contain("no User directive");
    expect(findIdentity({ user: "root", group: undefined }).errors.join()).to.contain("is root");
  });

  (isRoot ? it.skip : it)("stay as they are without root", () => {
    expect(findIdentity({ user: "nobody", group: "nogroup" })).to.deep.equal({ errors: [] });
  });

  (isRoot ? it : it.skip)("are dropped for good", () => {
    const program = `
      import { dropPrivileges } from ${JSON.stringify(join(import.meta.dirname, "../../src/process/privileges.ts"))};
      dropPrivileges(${JSON.stringify(nobody)});
      try { process.setuid(0); console.log("root again"); } catch { console.log(process.getuid(), process.getgid(), process.getgroups().join()); }`;
    const output = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program]);
    expect(output.toString().trim()).to.equal("65534 65534 65534");
  });

  describe("tell what is closed to the user", () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), "modhost-closed-"));
      chmodSync(folder, 0o755);
      mkdirSync(join(folder, "a/b"), { recursive: true });
      writeFileSync(join(folder, "a/b/file"), "");
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const rows: [string, number, string | undefined][] = [
      ["a", 0o755, undefined],
      ["a", 0o700, "a"],
      ["a/b", 0o750, "a/b"],
      ["a/b/file", 0o600, "a/b/file"],
      ["a/b/file", 0o644, undefined],
    ];
    for (const [closed, mode, expected] of rows) {
      it(`${closed} with mode ${mode.toString(8)}`, () => {
        chmodSync(join(folder, closed), mode);
        const found = unreachableFor(nobody, join(folder, "a/b/file"));
        expect(found).to.equal(expected && join(folder, expected));
      });
    }

    it("and nothing of what does not exist", () => {
      expect(unreachableFor(nobody, join(folder, "missing/file"))).to.equal(undefined);
    });
  });
});
