// Scripts on texts that come in pieces, what is refused, and what is bounded.
import { expect } from "chai";
import { Readable } from "node:stream";
import { answer, Headers } from "../../src/api/index.js";
import { faultsOf, serve } from "../support/ask.js";

const app = "WSGIScriptAlias /app ROOT/app.js\n<Directory ROOT>\nSetOutputFilter Sed\n";

/** What becomes of an application's response that comes in pieces. */
async function edited(script: readonly string[], pieces: readonly string[]): Promise<string> {
  const lines = script.map((line) => `OutputSed "${line}"\n`).join("");
  const served = serve(`${app}${lines}</Directory>`, {
    files: { "app.js": "" },
    application: () => answer(200, new Headers(), Readable.from(pieces.map((each) => Buffer.from(each, "latin1")))),
  });
  return (await served.ask("/app")).body;
}

describe("mod_sed", () => {
  it("finds what comes in pieces", async () => {
    expect(await edited(["s/one/1/g"], ["a o", "n", "e\nno one\no", "ne"])).to.equal("a 1\nno 1\n1\n");
  });
  it("knows the last line only when no other comes", async () => {
    expect(await edited(["$s/$/ end/"], ["a\n", "b\n", "c\n"])).to.equal("a\nb\nc end\n");
  });
  it("edits a long text as a short one", async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line one ${index}`).join("\n");
    const pieces = lines.match(/[^]{1,1000}/g) ?? [];
    expect(await edited(["s/one/1/"], pieces)).to.equal(`${lines.replaceAll("one", "1")}\n`);
  });

  for (const [name, script] of [
    ["a script that jumps for ever", [":a", "b a"]],
    ["a line that grows for ever", [":a", "s/$/xxxxxxxxxx/;h;G;G;G;G", "b a"]],
  ] as const) {
    it(`ends ${name}`, async () => {
      const script0 = script.map((line) => `OutputSed "${line}"\n`).join("");
      const served = serve(`<Directory ROOT>\nSetOutputFilter Sed\n${script0}</Directory>`, {
        files: { "htdocs/a.txt": "one\n" },
      });
      expect((await served.ask("/a.txt")).status).to.equal(500);
      expect(served.log.map(({ message }) => message).join()).to.match(/does not come to an end|is longer than/);
    });
  }

  for (const [line, fault] of [
    ["s/one", "Illegal or missing delimiter"],
    ["s/one/two", "ending delimiter missing on substitution"],
    ["s/\\\\(one/1/", "\\( \\) imbalance"],
    ["s/one/\\\\1/", "``\\digit'' out of range"],
    ["s/[one/1/", "[ ] imbalance"],
    ["s//1/", "first RE may not be null"],
    ["s/one/1/ g", "command garbled"],
    ["1,2=", "only one address allowed"],
    ["y/ab/c/", "transform strings not the same size"],
    ["k", "unrecognized command: k"],
    ["a more", "command garbled"],
    ["w /tmp/file", '"w" is refused'],
    ["b nowhere", "undefined label: nowhere"],
    ["/one/{", "too many {'s"],
    ["}", "too many }'s"],
    [":toolonglabel", "label too long"],
  ] as const) {
    it(`refuses ${line}`, () => {
      const { errors } = faultsOf(`<Directory /srv>\nOutputSed "${line}"\n</Directory>`);
      expect(errors.join()).to.include("Failed to compile sed expression").and.to.include(fault);
    });
  }
});
