// A module → its entry: what it takes part in, its directives, and the lines that use them.
import { escapeHtml, type ConfigurationLine, type Module } from "../../api/index.js";
import { requestPhases } from "./hooks.js";
import { linesOf } from "./lines.js";

/** The remark on a module, by its source file; HTML. */
export type RemarkOn = (source: string) => string | undefined;

const none = "<tt> <em>none</em></tt>";

/** The entry. */
export function entryOf(module: Module, nodes: readonly ConfigurationLine[], remarkOn: RemarkOn): string {
  const { hooks, settings, directives, sources } = module;
  const source = sources[0] ?? module.name;
  const phases = requestPhases.flatMap(([phase, name]) => (hooks[phase] === undefined ? [] : [`<tt>${name}</tt>`]));
  const reading =
    Object.keys(settings).length === 0
      ? none
      : "<tt>Create Directory Config</tt>, <tt>Merge Directory Configs</tt>, " +
        "<tt>Create Server Config</tt>, <tt>Merge Server Configs</tt>";
  let entry =
    `<dl><dt><a name="${source}"><strong>Module Name:</strong></a> ` +
    `<font size="+1"><tt><a href="?${source}">${source}</a></tt></font></dt>\n` +
    `<dt><strong>Content handlers:</strong> ${hooks.handler ? "<tt> <em>yes</em></tt>" : none}</dt>` +
    `<dt><strong>Configuration Phase Participation:</strong>\n${reading}</dt>` +
    `<dt><strong>Request Phase Participation:</strong>\n${phases.length === 0 ? none : phases.join(", ")}</dt>\n`;
  const names = Object.entries(directives);
  if (names.length === 0) {
    entry += "<dt><strong>Module Directives:</strong> <tt>none</tt></dt>";
  } else {
    const list = names.map(
      ([name, { summary }]) => `<dd><tt>${escapeHtml(name)} - <i>${escapeHtml(summary)}</i></tt></dd>\n`,
    );
    const own = new Set(names.map(([name]) => name.replace(/[<>]/g, "").toLowerCase()));
    entry +=
      `<dt><strong>Module Directives:</strong></dt>${list.join("")}` +
      `<dt><strong>Current Configuration:</strong></dt>\n${linesOf(nodes, ({ name }) => own.has(name.toLowerCase()))}`;
  }
  const remark = remarkOn(source);
  if (remark !== undefined) entry += `<dt><strong>Additional Information:</strong>\n</dt><dd>${remark}</dd>`;
  return `${entry}</dl><hr />\n`;
}
