// The modules' declarations → docs/directives and docs/modules.md: writes the pages, or with --check says which differ.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allModules } from "../config/owners.js";
import { modules } from "../modules/index.js";
import { referencePages } from "../reference/index.js";
import { modulesPage } from "../reference/modules-page.js";

/** Names of pages that are not as the declarations would have them: changed, missing, or left over. */
export function stalePages(folder: string): readonly string[] {
  const pages = referencePages(modules);
  const present = readdirSync(folder).filter((name) => name.endsWith(".md"));
  const overview = existsSync(overviewOf(folder)) ? readFileSync(overviewOf(folder), "utf8") : "";
  const stale = [...pages].filter(([name, text]) => !present.includes(name) || read(folder, name) !== text);
  const stalest = overview === modulesPage(modules, allModules()) ? [] : ["../modules.md"];
  return [...stalest, ...stale.map(([name]) => name), ...present.filter((name) => !pages.has(name))].sort();
}

/** Writes every page, and removes those of modules that are gone. */
export function writePages(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const pages = referencePages(modules);
  for (const [name, text] of pages) writeFileSync(join(folder, name), text);
  writeFileSync(overviewOf(folder), modulesPage(modules, allModules()));
  for (const name of readdirSync(folder)) if (name.endsWith(".md") && !pages.has(name)) rmSync(join(folder, name));
}

/** Does what the command line says; returns the exit status. */
export function reference(words: readonly string[], folder: string): number {
  if (!words.includes("--check")) {
    writePages(folder);
    return 0;
  }
  const stale = stalePages(folder);
  for (const name of stale) process.stderr.write(`docs/directives/${name} is not up to date: npm run reference\n`);
  return stale.length === 0 ? 0 : 1;
}

/** The page of all modules, beside the folder of the others. */
function overviewOf(folder: string): string {
  return join(folder, "..", "modules.md");
}

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = fileURLToPath(new URL("../../docs/directives", import.meta.url));
  process.exitCode = reference(process.argv.slice(2), folder);
}
