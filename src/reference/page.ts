// A module → its page of the directive reference, as Markdown.
import { isChoice, showArgument, type AnyDirective, type Argument, type Module } from "../api/index.js";

/** The page of a module. */
export function modulePage(module: Module): string {
  const directives = Object.entries(module.directives).sort(([a], [b]) => compareNames(a, b));
  const lines = [
    `# ${module.name}`,
    "",
    sentence(module.summary),
    "",
    module.builtIn
      ? `Always there, as \`${module.symbol}\`.`
      : `Loaded by \`LoadModule ${module.symbol} modules/${fileOf(module.name)}.so\`.`,
    "",
  ];
  for (const [name] of directives) lines.push(`- [${escapeName(name)}](#${anchorOf(name)})`);
  for (const [name, directive] of directives) lines.push("", ...entry(name, directive));
  return `${lines.join("\n")}\n`;
}

/** The anchor of a directive on its page. */
export function anchorOf(name: string): string {
  return name.toLowerCase().replace(/[<>]/g, "");
}

/** A directive's name as Markdown text: sections keep their brackets. */
export function escapeName(name: string): string {
  return name.replace("<", "&lt;").replace(">", "&gt;");
}

/** A summary with its full stop. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Orders names without regard to case and brackets. */
export function compareNames(a: string, b: string): number {
  return anchorOf(a) < anchorOf(b) ? -1 : 1;
}

function fileOf(module: string): string {
  return module.startsWith("mod_") ? module : `mod_${module}`;
}

function entry(name: string, directive: AnyDirective): string[] {
  const rows = [
    // A bar would end the cell of the table.
    ["Syntax", `\`${syntaxOf(name, directive).replaceAll("|", "\\|")}\``],
    ...argumentsOf(directive),
    ...(directive.default === undefined ? [] : [["Default", `\`${directive.default}\``]]),
    ["Context", directive.contexts.join(", ")],
    ...(directive.contexts.includes(".htaccess") && directive.override
      ? [["Override", [directive.override].flat().join(", ")]]
      : []),
    ...(directive.onRead ? [["Acts", "while the files are read, in the order of their lines"]] : []),
  ];
  return [
    `<a id="${anchorOf(name)}"></a>`,
    "",
    `## ${escapeName(name)}`,
    "",
    sentence(directive.summary),
    "",
    "| | |",
    "| --- | --- |",
    ...rows.map(([what, value]) => `| ${what} | ${value} |`),
    "",
    directive.doc,
    "",
    "```apache",
    directive.example,
    "```",
  ];
}

/** Arguments whose kinds say more than the syntax does, and what they take. */
export function argumentsOf({ args }: AnyDirective): readonly (readonly [string, string])[] {
  return args.filter(isTelling).map(({ name, kind }) => [name, kind.replaceAll("|", " or ")]);
}

/** Whether a kind says more than the argument's name does, and does not stand in the syntax itself. */
function isTelling({ name, kind }: Argument<unknown>): boolean {
  return kind !== name && kind !== "word" && kind !== "text" && !kind.includes(name) && !isChoice(kind);
}

/** How a directive or section is written. */
export function syntaxOf(name: string, { args }: AnyDirective): string {
  const words = args.map(showArgument);
  if (!name.startsWith("<")) return [name, ...words].join(" ");
  const bare = name.slice(1, -1);
  return `<${[bare, ...words].join(" ")}> ... </${bare}>`;
}
