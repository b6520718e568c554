// bin/modhost → the code that Node has compiled lies beside the program, where this Node can keep it.
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import module from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { runToEnd } from "../support/tool.js";

const source = fileURLToPath(new URL("../../", import.meta.url));
const keeps = "enableCompileCache" in module;

describe("bin/modhost", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "modhost-compiled-"));
    for (const each of ["bin", "dist", "package.json"])
      cpSync(join(source, each), join(folder, each), { recursive: true });
    rmSync(join(folder, "dist/compiled"), { recursive: true, force: true });
    symlinkSync(join(source, "node_modules"), join(folder, "node_modules"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it(`keeps ${keeps ? "" : "no "}compiled code beside the program, and starts with and without it`, async () => {
    for (const _ of ["without", "with"]) {
      const { status, out, err } = await runToEnd([process.execPath, join(folder, "bin/modhost"), "-v"]);
      expect(status, err).to.equal(0);
      expect(out).to.match(/^Server version: modhost/);
      expect(existsSync(join(folder, "dist/compiled"))).to.equal(keeps);
    }
  });
});
