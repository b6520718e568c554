// modhost init: the same server root as the checkout's.
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { init } from "../../src/tools/init.js";

const checkout = fileURLToPath(new URL("../../", import.meta.url));

describe("modhost init", () => {
  let folder: string;
  const lines: string[] = [];
  const io = {
    out: (line: string) => lines.push(line),
    err: (line: string) => lines.push(line),
    ask: () => Promise.resolve(""),
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "modhost-init-"));
    lines.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const kind of ["mods", "conf", "sites"]) {
    it(`enables the ${kind} that the checkout has enabled`, () => {
      expect(init([folder], io)).to.equal(0);
      const linksIn = (root: string): string[] =>
        readdirSync(join(root, `${kind}-enabled`)).map(
          (file) => `${file} → ${readlinkSync(join(root, `${kind}-enabled`, file))}`,
        );
      expect(linksIn(folder)).to.deep.equal(linksIn(checkout));
    });
  }

  it("copies the main configuration, pages and examples", () => {
    init([folder], io);
    expect(readdirSync(folder)).to.include.members(["apache2.conf", "ports.conf", "envvars", "htdocs", "examples"]);
  });

  it("writes nothing into a folder that holds something", () => {
    writeFileSync(join(folder, "mine"), "");
    expect(init([folder], io)).to.equal(1);
    expect(readdirSync(folder)).to.deep.equal(["mine"]);
    expect(lines[0]).to.include("is not empty");
  });
});
