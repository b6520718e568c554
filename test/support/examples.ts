// An example of a page → what is wrong with it, as it stands or in the section it is written for.
import type { Module } from "../../src/api/index.js";
import { compile } from "../../src/config/compile.js";
import { readConfiguration } from "../../src/config/expand.js";
import { foreignModules } from "../../src/config/owners.js";
import { modules } from "../../src/modules/index.js";

/** The faults of lines under a server root, with all modules loaded; of MPMs only `module`, where that is one. */
export function faultsOf(example: string, serverRoot: string, module?: Module): readonly string[] {
  const attempts = [
    example,
    `<Directory /tmp>\n${example}\n</Directory>`,
    `<VirtualHost *:8080>\n${example}\n</VirtualHost>`,
  ].map((text) => compileText(text, serverRoot, module));
  return attempts.find((faults) => faults.length === 0) ?? attempts[0] ?? [];
}

function compileText(text: string, serverRoot: string, module: Module | undefined): readonly string[] {
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
