// src/README.md names real files.
import { existsSync, readFileSync } from "node:fs";
import { expect } from "chai";

const source = new URL("../src/", import.meta.url);

describe("the map of the source", () => {
  const text = readFileSync(new URL("README.md", source), "utf8");
  const names = [...text.matchAll(/`([\w./-]+(?:\.ts|\/))`/g)].map(([, name = ""]) => name);

  it("names files", () => expect(names.length).to.be.greaterThan(30));

  for (const name of names) {
    it(`names ${name}, which exists`, () => {
      const base = /^(bin|docs|python)\//.test(name) ? new URL("../", source) : source;
      expect(existsSync(new URL(name, base))).to.equal(true);
    });
  }
});
