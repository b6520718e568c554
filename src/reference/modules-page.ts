// Apache's modules and ours → the table of what is there, in part or not, and why.
import { whyAbsent, type Module } from "../api/index.js";
import { sentence } from "./page.js";

/** The page: every module of Apache as Debian ships it and mod_wsgi, beside ours. `directives` are theirs, by module. */
export function modulesPage(
  modules: readonly Module[],
  directives: Readonly<Record<string, readonly string[]>>,
): string {
  const ours = new Map(modules.map((module) => [module.name, module]));
  const names = [...new Set([...Object.keys(directives), ...ours.keys()])].sort();
  // Some directives are those of several modules of Apache; here one has them.
  const known = new Set(modules.flatMap((module) => Object.keys(module.directives).map((name) => name.toLowerCase())));
  const rows = names.map((name) => {
    const missing = (directives[name] ?? []).filter((each) => !known.has(each.toLowerCase()));
    return row(name, ours.get(name), missing);
  });
  const count = (word: string): number => rows.filter(({ state }) => state === word).length;
  return `${[
    "# Modules",
    "",
    "This page is written by `npm run reference` from the modules' own declarations and the list of Apache's directives.",
    `Of ${rows.length} modules ${count("yes")} are here with all their directives, ${count("in part")} in part. A module ` +
      "that is not here may be loaded, with a warning; its directives are refused, never passed over.",
    "",
    "| Module | Here | |",
    "| --- | --- | --- |",
    ...rows.map(({ name, state, text }) => `| ${name} | ${state} | ${text} |`),
  ].join("\n")}\n`;
}

interface Row {
  readonly name: string;
  readonly state: "yes" | "in part" | "no";
  readonly text: string;
}

function row(name: string, module: Module | undefined, missing: readonly string[]): Row {
  if (!module) return { name, state: "no", text: whyAbsent(name) ?? "Not built yet." };
  const shown = Object.keys(module.directives).length > 0 ? `[${name}](directives/${name}.md)` : name;
  if (missing.length === 0) return { name: shown, state: "yes", text: sentence(module.summary) };
  const list = [...missing]
    .sort()
    .map((each) => `\`${each}\``)
    .join(", ");
  return { name: shown, state: "in part", text: `${sentence(module.summary)} Not: ${list}.` };
}
