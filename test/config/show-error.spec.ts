// Faults → what is shown of them: one text for all places of a directive that nobody knows, and the caret at its word.
import { expect } from "chai";
import { compile } from "../../src/config/compile.js";
import { readConfiguration } from "../../src/config/expand.js";
import { showOutcome } from "../../src/config/show-error.js";
import { modules } from "../../src/modules/index.js";

/** What is shown of a configuration of the command line. */
function shown(text: string): string {
  const names = modules.map((module) => ({ ...module, directives: Object.keys(module.directives) }));
  const loads = "LoadModule authz_core_module modules/mod_authz_core.so";
  const { tree, errors } = readConfiguration({
    ...{ serverRoot: "/nowhere", file: "/dev/null", before: [`${text}\n${loads}`], environment: {} },
    ...{ modules: names, foreign: {} },
  });
  return showOutcome({ errors: [...errors, ...compile(tree, modules).errors], warnings: [] }, tree.sources);
}

describe("the text of faults", () => {
  it("names all places of an unknown directive once, and counts them", () => {
    const text = shown(`${"Frobnicate x\n".repeat(15)}Frobnicated y\n`);
    expect(text.match(/Invalid command 'Frobnicate',/g)).to.have.length(1);
    expect(text.match(/Invalid command 'Frobnicated',/g)).to.have.length(1);
    const places = Array.from({ length: 10 }, (_, index) => `-c/-C directives:${index + 2}`).join(", ");
    expect(text).to.include(`\n    the same 14 more times: ${places}, and 4 more\n`);
    expect(text).to.match(/\n16 errors: the configuration is refused\n$/);
  });

  for (const [line, caret] of [
    ["Require all grantd", "            ^~~~~~"],
    ["Require ip 10.0.0.0/99", "           ^~~~~~~~~~~"],
    ["Require vip-user", "        ^~~~~~~~"],
    ["Require method get", "               ^~~"],
  ] as const) {
    it(`has its caret at the word that is wrong: ${line}`, () => {
      const loads = "LoadModule authz_host_module modules/mod_authz_host.so\n";
      expect(shown(`${loads}<Location />\n${line}\n</Location>`)).to.include(`\n    ${line}\n    ${caret}\n`);
    });
  }
});
