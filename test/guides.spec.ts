// What guides show as configuration → lines that compile.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { faultsOf } from "./support/examples.js";

const checkout = fileURLToPath(new URL("..", import.meta.url));
// Of own-modules.md the modules themselves are what is tried: test/system/own-modules.spec.ts.
const guides = ["README.md", ...readdirSync(join(checkout, "docs")).map((name) => `docs/${name}`)];

describe("the guides", () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "modhost-guides-"));
  });
  after(() => rmSync(root, { recursive: true }));

  for (const guide of guides.filter((name) => name.endsWith(".md") && name !== "docs/own-modules.md")) {
    const text = readFileSync(join(checkout, guide), "utf8");
    for (const { 1: example = "", index } of text.matchAll(/^```apache\n(.*?)^```$/gms)) {
      const line = text.slice(0, index).split("\n").length;
      it(`show what compiles: ${guide}:${line}`, () => {
        // The folders that guides speak of are there, below one of the test.
        const moved = example.replaceAll(/(?<=[\s"=])\/(srv|etc|var|opt)\//g, `${root}/$1/`);
        for (const [path] of moved.matchAll(new RegExp(`${root}[^\\s">]*`, "g")))
          mkdirSync(dirname(path), { recursive: true });
        for (const [, home = ""] of moved.matchAll(/(?:python-home=|^\s*WSGIPythonHome\s+)(\S+)/gm))
          mkdirSync(home, { recursive: true });
        expect(faultsOf(moved, root)).to.deep.equal([]);
      });
    }
  }
});
