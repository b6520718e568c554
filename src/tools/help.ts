// The name of a directive → its page of the reference, for a terminal.
import { nearest, whyAbsent, type AnyDirective, type Module } from "../api/index.js";
import { ownersOf } from "../config/owners.js";
import { modules } from "../modules/index.js";
import { argumentsOf, sentence, syntaxOf } from "../reference/page.js";
import { terminal, type Terminal } from "./terminal.js";

/** Prints what the modules say of a directive; exit status 1 when there is none of that name. */
export function help(name: string, io: Terminal = terminal, available: readonly Module[] = modules): number {
  const wanted = name.replace(/[<>]/g, "").toLowerCase();
  const all = available.flatMap((module) =>
    Object.entries(module.directives).map(([written, directive]) => ({ written, directive, module })),
  );
  const found = all.filter(({ written }) => written.replace(/[<>]/g, "").toLowerCase() === wanted);
  if (found.length === 0) {
    const [owner] = ownersOf(name);
    if (owner !== undefined) {
      io.err(
        `modhostctl help: ${name} is a directive of ${owner}, which modhost does not have. ${whyAbsent(owner) ?? ""}`,
      );
      return 1;
    }
    const near = nearest(wanted, new Set(all.map(({ written }) => written.replace(/[<>]/g, ""))));
    io.err(`modhostctl help: there is no directive "${name}"${near === undefined ? "" : `; did you mean ${near}?`}`);
    return 1;
  }
  // What several modules say alike, the MPMs for instance, stands there once.
  const pages = new Map<string, Entry>();
  for (const { written, directive, module } of found) {
    const key = JSON.stringify([directive.doc, directive.example, directive.default]);
    const modulesOf = [...(pages.get(key)?.modules ?? []), module];
    pages.set(key, { written, directive, modules: modulesOf });
  }
  io.out([...pages.values()].map(pageOf).join("\n\n"));
  return 0;
}

interface Entry {
  readonly written: string;
  readonly directive: AnyDirective;
  readonly modules: readonly Module[];
}

function pageOf({ written, directive, modules }: Entry): string {
  const { contexts, override, summary, doc, example } = directive;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Syntax", syntaxOf(written, directive)],
    ...argumentsOf(directive).map(([name, kind]) => ["", `${name}: ${kind}`] as const),
    ["Default", directive.default],
    ["Where", contexts.join(", ")],
    ["AllowOverride", contexts.includes(".htaccess") ? [override ?? []].flat().join(", ") || undefined : undefined],
    ["Module", modules.map(({ name, builtIn }) => (builtIn ? `${name} (always there)` : name)).join(", ")],
  ];
  return [
    `${written}: ${sentence(summary)}`,
    "",
    ...facts.flatMap(([title, value]) =>
      value === undefined ? [] : [`  ${(title && `${title}:`).padEnd(15)}${value}`],
    ),
    "",
    ...wrapped(doc.trim().replace(/\[([^\]]+)\]\((?:\.\.\/)*([^)]+)\)/g, "$1 (docs/$2)")),
    "",
    ...example
      .trim()
      .split("\n")
      .map((line) => `    ${line}`),
  ].join("\n");
}

/** Paragraphs of prose, broken at 100 columns. */
function wrapped(text: string): string[] {
  return text.split("\n").flatMap((paragraph) => {
    const lines: string[] = [];
    let line = " ";
    for (const word of paragraph.split(" ")) {
      if (line.length > 1 && line.length + word.length >= 100) {
        lines.push(line);
        line = " ";
      }
      line += ` ${word}`;
    }
    return [...lines, line.trimEnd()];
  });
}
