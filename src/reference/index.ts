// Modules → the pages of the directive reference, by file name.
import type { Module } from "../api/index.js";
import { anchorOf, compareNames, escapeName, modulePage, sentence } from "./page.js";

/** Every page: one for each module, and README.md with the table of all directives. */
export function referencePages(modules: readonly Module[]): ReadonlyMap<string, string> {
  const documented = modules.filter(({ directives }) => Object.keys(directives).length > 0);
  const pages = new Map(documented.map((module) => [`${module.name}.md`, modulePage(module)]));
  return pages.set("README.md", tableOfContents(modules));
}

function tableOfContents(modules: readonly Module[]): string {
  const names = modules
    .flatMap(({ name: module, directives }) => Object.keys(directives).map((name) => ({ name, module })))
    .sort((a, b) => compareNames(a.name, b.name));
  const byName = new Map<string, string[]>();
  for (const { name, module } of names) byName.set(name, [...(byName.get(name) ?? []), module]);
  const lines = [
    "# Directives",
    "",
    "These pages are written by `npm run reference` from the directives' own declarations.",
    "",
    "| Module | |",
    "| --- | --- |",
    ...[...modules]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, summary, directives }) =>
        Object.keys(directives).length > 0
          ? `| [${name}](${name}.md) | ${sentence(summary)} |`
          : `| ${name} | ${sentence(summary)} |`,
      ),
    "",
    ...[...byName].map(
      ([name, owners]) =>
        `- ${escapeName(name)}: ${owners.map((owner) => `[${owner}](${owner}.md#${anchorOf(name)})`).join(", ")}`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}
