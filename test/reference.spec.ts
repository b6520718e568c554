// Every directive is documented, its example compiles, and the pages are those the declarations make.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { modules } from "../src/modules/index.js";
import { stalePages } from "../src/tools/reference.js";
import { faultsOf } from "./support/examples.js";

/** What examples read: a server root with the files they name. */
const serverRoot = mkdtempSync(join(tmpdir(), "modhost-reference-"));

describe("the reference", () => {
  before(() => {
    for (const folder of ["conf", "sites"]) mkdirSync(join(serverRoot, folder));
    writeFileSync(
      join(serverRoot, "sites/shop.conf"),
      "<VirtualHost *:8080>\n  ServerName shop.example\n</VirtualHost>\n",
    );
    writeFileSync(join(serverRoot, "conf/proxies"), "10.1.0.0/16\n");
    writeFileSync(join(serverRoot, "conf/passphrases"), "correct-horse-battery-staple\n");
  });
  after(() => rmSync(serverRoot, { recursive: true }));

  for (const module of modules) {
    describe(module.name, () => {
      it("has a summary", () => {
        expect(module.summary).not.to.equal("");
      });

      for (const [name, directive] of Object.entries(module.directives)) {
        it(`documents ${name}`, () => {
          expect(directive.summary, "summary").to.match(/\w/);
          expect(directive.doc, "doc").to.match(/\w/);
          expect(directive.contexts, "contexts").not.to.be.empty;
          expect(directive.example, "example").to.match(/\S/);
          if (!/refused/i.test(directive.summary)) {
            expect(directive.example, "the directive in its example").to.match(
              new RegExp(`^\\s*${name.replace(">", "")}\\b`, "im"),
            );
          }
          const isOpen = directive.contexts.includes(".htaccess");
          expect(!isOpen || directive.override !== undefined, "an override class for .htaccess").to.equal(true);
        });

        if (directive.summary.startsWith("Refused")) {
          it(`says why ${name} is refused`, () => {
            expect(faultsOf(directive.example, serverRoot, module)).not.to.deep.equal([]);
          });
          continue;
        }
        it(`has an example of ${name} that compiles`, () => {
          expect(faultsOf(directive.example, serverRoot, module)).to.deep.equal([]);
        });
      }
    });
  }

  it("has pages that are up to date (npm run reference)", () => {
    expect(stalePages(fileURLToPath(new URL("../docs/directives", import.meta.url)))).to.deep.equal([]);
  });
});
