// The name of a directive → its page of the reference, for a terminal.
import { nearest, type AnyDirective, type Module } from "../api/index.js";
import { show } from "../config/arguments.js";
import { modules } from "../modules/index.js";
import { terminal, type Terminal } from "./a2.js";

/** Prints what the modules say of a directive; exit status 1 when there is none of that name. */
export function help(name: string, io: Terminal = terminal, available: readonly Module[] = modules): number {
  const wanted = name.replace(/[<>]/g, "").toLowerCase();
  const all = available.flatMap((module) =>
    Object.entries(module.directives).map(([written, directive]) => ({ written, directive, module })),
  );
  const found = all.filter(({ written }) => written.replace(/[<>]/g, "").toLowerCase() === wanted);
  if (found.length === 0) {
    const near = nearest(wanted, new Set(all.map(({ written }) => written.replace(/[<>]/g, ""))));
    io.err(`modhostctl help: there is no directive "${name}"${near === undefined ? "" : `; did you mean ${near}?`}`);
    return 1;
  }
  io.out(found.map(pageOf).join("\n\n"));
  return 0;
}

function pageOf(entry: {
  readonly written: string;
  readonly directive: AnyDirective;
  readonly module: Module;
}): string {
  const { written, directive, module } = entry;
  const { args, contexts, override, summary, doc, example } = directive;
  const shape = args.map(show).join(" ");
  const syntax = written.startsWith("<")
    ? `${written.slice(0, -1)}${shape === "" ? "" : ` ${shape}`}> ... </${written.slice(1)}`
    : `${written}${shape === "" ? "" : ` ${shape}`}`;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Syntax", syntax],
    ["Default", directive.default],
    ["Where", contexts.join(", ")],
    ["AllowOverride", contexts.includes(".htaccess") ? [override ?? []].flat().join(", ") || undefined : undefined],
    ["Module", module.builtIn ? `${module.name} (always there)` : module.name],
  ];
  return [
    `${written}: ${summary}`,
    "",
    ...facts.flatMap(([title, value]) => (value === undefined ? [] : [`  ${`${title}:`.padEnd(15)}${value}`])),
    "",
    ...wrapped(doc.trim()),
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
