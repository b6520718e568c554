// Every directive is documented, its example compiles, and the pages are those the declarations make.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { AnyDirective, Module } from "../src/api/index.js";
import { compile } from "../src/config/compile.js";
import { readConfiguration } from "../src/config/expand.js";
import { foreignModules } from "../src/config/owners.js";
import { modules } from "../src/modules/index.js";
import { stalePages } from "../src/tools/reference.js";

/** The faults of the example as it stands, or inside a section where that is the way for it to stand. */
function faultsOf(module: Module, { example }: AnyDirective): readonly string[] {
  const attempts = [
    example,
    `<Directory /tmp>\n${example}\n</Directory>`,
    `<VirtualHost *:8080>\n${example}\n</VirtualHost>`,
  ].map((text) => compileText(text, module));
  return attempts.find((faults) => faults.length === 0) ?? attempts[0] ?? [];
}

function compileText(text: string, module: Module): readonly string[] {
  const written = text.replaceAll("/etc/apache2", serverRoot);
  const loads = modules.filter((each) => !each.builtIn && (each === module || !each.name.startsWith("mpm_")));
  const { tree, errors } = readConfiguration({
    modules: modules.map((each) => ({ ...each, directives: Object.keys(each.directives) })),
    foreign: foreignModules(modules),
    serverRoot,
    file: "/dev/null",
    after: [...loads.map(({ symbol }) => `LoadModule ${symbol} modules/x.so`), ...written.split("\n")],
    environment: {},
  });
  const compiled = compile(tree, modules, { unchecked: true });
  return [...errors, ...compiled.errors].map(({ message }) => message);
}

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
            expect(faultsOf(module, directive)).not.to.deep.equal([]);
          });
          continue;
        }
        it(`has an example of ${name} that compiles`, () => {
          expect(faultsOf(module, directive)).to.deep.equal([]);
        });
      }
    });
  }

  it("has pages that are up to date (npm run reference)", () => {
    expect(stalePages(fileURLToPath(new URL("../docs/directives", import.meta.url)))).to.deep.equal([]);
  });
});
