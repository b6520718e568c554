// golden/*.golden: a configuration, a line "----", then the tree as JSON or what is wrong. GOLDEN=write writes them anew.
//
// Other files of the configuration follow the main one behind lines "---- name"; "environment" has lines NAME=value.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { showOrigin } from "../../src/api/index.js";
import { readConfiguration, type ModuleNames } from "../../src/config/expand.js";
import { foreignModules } from "../../src/config/owners.js";
import { showOutcome } from "../../src/config/show-error.js";
import type { Node } from "../../src/config/tree.js";

const folder = new URL("./golden/", import.meta.url);

/** The modules these configurations may count on. */
const modules: readonly ModuleNames[] = [
  { name: "core", symbol: "core_module", sources: ["core.c"], directives: ["ErrorLog", "<Files>"], builtIn: true },
  { name: "mod_alias", symbol: "alias_module", sources: ["mod_alias.c"], directives: ["Alias"], builtIn: false },
  { name: "mod_dir", symbol: "dir_module", sources: ["mod_dir.c"], directives: ["DirectoryIndex"], builtIn: false },
];

describe("a configuration file", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "golden-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  for (const file of readdirSync(folder)) {
    it(file.replace(".golden", "").replaceAll("-", " "), () => {
      const whole = readFileSync(new URL(file, folder), "utf8");
      const input = whole.split(/^----\n/m)[0] ?? "";
      const found = run(input, root).replaceAll(root, "ROOT");
      if (process.env["GOLDEN"] === "write") writeFileSync(new URL(file, folder), `${input}----\n${found}`);
      expect(found).to.equal(whole.slice(input.length + "----\n".length));
    });
  }
});

/** Reads a configuration; the result is the tree, the faults, or both where there are only warnings. */
function run(input: string, root: string): string {
  const [main = "", ...others] = input.split(/^---- (?=\S)/m);
  const environment: Record<string, string> = {};
  writeFileSync(join(root, "main.conf"), main);
  for (const other of others) {
    const end = other.indexOf("\n");
    const [name, text] = [other.slice(0, end), other.slice(end + 1)];
    if (name === "environment") {
      for (const [, key = "", value = ""] of text.matchAll(/^(\w+)=(.*)$/gm)) environment[key] = value;
    } else {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
  }
  const foreign = foreignModules(modules);
  const { tree, errors, warnings } = readConfiguration({
    serverRoot: root,
    file: "main.conf",
    environment,
    modules,
    foreign,
  });
  const faults = errors.length + warnings.length > 0 ? showOutcome({ errors, warnings }, tree.sources) : "";
  return faults + (errors.length > 0 ? "" : `${showNodes(tree.nodes, root, "")}\n`);
}

/** JSON with a line for each directive. */
function showNodes(nodes: readonly Node[], root: string, indent: string): string {
  const items = nodes.map((node) => {
    const name = node.kind === "section" ? `<${node.name}>` : node.name;
    const head = `[${JSON.stringify(name)}, ${JSON.stringify(node.text)}, "${showOrigin(node.origin).replace(`${root}/`, "")}"`;
    return node.kind === "section" ? `${head}, ${showNodes(node.children, root, `${indent}  `)}]` : `${head}]`;
  });
  return items.length === 0 ? "[]" : `[\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}]`;
}
