// The suites of this folder → how many cases each module has, as a page: docs/conformance.md.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Suite } from "./harness.js";
import { usual } from "./servers.js";

const folder = new URL(".", import.meta.url);
const page = new URL("../../docs/conformance.md", import.meta.url);

/** Items of logs that are of modules which are built in. */
const builtIn: readonly (readonly [string, RegExp])[] = [
  ["log_config", /^\s*(?:LogFormat|CustomLog) /m],
  ["logio", /^\s*LogFormat .*%\S?[IOS] /m],
];

/** The modules that a suite loads, and those built-in ones that it asks for. */
function modulesOf({ configuration }: Suite): readonly string[] {
  const loaded = [...configuration.matchAll(/^\s*LoadModule (\S+)_module /gm)].map(([, name = ""]) => name);
  return [...loaded, ...builtIn.filter(([, lines]) => lines.test(configuration)).map(([name]) => name)];
}

/** All suites of the folder, in the order of their files. */
export async function suites(): Promise<readonly Suite[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith(".cases.ts"));
  const all: Suite[] = [];
  for (const file of files.sort()) {
    const { suite, further = [] } = (await import(new URL(file, folder).href)) as {
      suite: Suite;
      further?: readonly Suite[];
    };
    all.push(suite, ...further);
  }
  return all;
}

/** How many cases load each module, by its name without "mod_". */
export function casesByModule(all: readonly Suite[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const suite of all) {
    for (const name of new Set([...usual, ...modulesOf(suite)])) {
      counts.set(name, (counts.get(name) ?? 0) + suite.cases.length);
    }
  }
  return counts;
}

/** The page of the counts. */
export function conformancePage(all: readonly Suite[]): string {
  const total = all.reduce((sum, { cases }) => sum + cases.length, 0);
  const different = all.flatMap(({ name, cases }) =>
    cases.flatMap(({ name: what, differs }) => (differs === undefined ? [] : [`| ${name} | ${what} | ${differs} |`])),
  );
  const rows = [...casesByModule(all)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `| mod_${name} | ${count} |`);
  return `${[
    "# Conformance",
    "",
    "This page is written by `npm run conformance` from the cases in `test/conformance`: one configuration and the same bytes to a",
    `real Apache and to modhost, the answers compared. There are ${total} cases; ${different.length} of them are listed as different, with the reason, at`,
    "the end. Specs beside them compare HTTP/2, mod_status, balancers, health checks, piped logs and the `a2` tools.",
    "",
    "Cases of suites that load a module:",
    "",
    "| Module | Cases |",
    "| --- | --- |",
    ...rows,
    "",
    "What differs, and why:",
    "",
    "| Suite | Case | Reason |",
    "| --- | --- | --- |",
    ...different.map((row) => row.replace(/\n/g, " ")),
  ].join("\n")}\n`;
}

/** What stands in the repository. */
export function writtenPage(): string {
  return readFileSync(page, "utf8");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, conformancePage(await suites()));
