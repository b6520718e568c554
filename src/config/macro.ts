// <Macro>, Use, UndefMacro → the lines of a macro's body with values in place of its parameters.
import type { Origin } from "../api/index.js";
import { PieceCopier } from "./interpolate.js";
import { beginnings, finderOf, longestParameter } from "./parameters.js";
import type { Reading } from "./reading.js";
import type { Line } from "./tokens.js";
import { originAt, type DirectiveNode, type Macro, type SectionNode } from "./tree.js";
import { splitWords, type Word } from "../api/words.js";

/** The module that has them; without it they are unknown. */
export const macroModule = "macro_module";

/** A line of a macro may become no longer than this; Apache's number. */
const maximumLine = 8192;
/** Lines that all uses of macros may come to, so that macros in macros end. */
const maximumLines = 500_000;

/** Keeps a macro. `body` are the lines between the opening and the closing one; undefined where that is missing. */
export function defineMacro(section: SectionNode, body: readonly Line[] | undefined, reading: Reading): void {
  const [first, ...rest] = splitWords(section.text);
  const at = (word: Word | undefined) => (word ? originAt(section, word.column) : section.origin);
  if (!first || first.text === "") {
    const detail = { length: section.name.length + 1, advice: "write: <Macro name $parameter ...>" };
    return reading.fail("<Macro> macro definition: empty name", section.origin, detail);
  }
  const name = first.text.toLowerCase();
  if (!body) {
    return reading.fail(`macro '${name}': expected token not found: </Macro>`, section.origin, { length: 6 });
  }
  const earlier = reading.macros.get(name);
  const warn = (reason: string, code: string, word: Word | undefined = first) =>
    reading.warn(`macro '${name}': ${reason}`, at(word), { code, length: word.length });
  if (earlier) warn(`defined before, at ${showPlace(earlier.origin)}: the new one counts`, "AH02802");
  const parameters = rest.map(({ text }) => text);
  const numbers = new Map<string, number>();
  const used = finderOf(parameters).used(body.map(({ text }) => text));
  const longer = beginnings(parameters);
  for (const [index, word] of rest.entries()) {
    const reason = refusal(word.text, index, numbers);
    if (reason !== undefined) return reading.fail(`macro '${name}': ${reason}`, at(word), { length: word.length });
    if (!/^[$%@]/.test(word.text)) {
      warn(
        `parameter "${word.text}" without prefix: write $${word.text}, lest it be found in other words`,
        "AH02796",
        word,
      );
    }
    const prefixed = longer.get(index);
    if (prefixed !== undefined)
      warn(`parameter "${word.text}" is the beginning of "${parameters[prefixed]}"`, "AH02797", word);
    if (body.length > 0 && !used.has(index)) warn(`parameter "${word.text}" is never used`, "AH02800", word);
  }
  if (body.length === 0) warn("its body is empty", "AH02799");
  const nesting = body.reduce((sum, { text }) => sum + (text.startsWith("</") ? -1 : text.startsWith("<") ? 1 : 0), 0);
  if (nesting !== 0) warn("its sections are not closed in it, or not opened", "AH02795");
  reading.macros.set(name, { name, origin: section.origin, parameters, body });
}

/** Why a parameter cannot be had; `earlier` are those before it, with their numbers. */
function refusal(name: string, index: number, earlier: Map<string, number>): string | undefined {
  if (name === "") return `empty name of parameter #${index + 1}`;
  if (name.length > longestParameter) {
    return `parameter #${index + 1} has a name of more than ${longestParameter} characters`;
  }
  const first = earlier.get(name);
  if (first !== undefined) return `argument name conflict: "${name}" is #${first + 1} and #${index + 1}`;
  earlier.set(name, index);
  return undefined;
}

/** The lines a Use line stands for, and where they come from; undefined, with the fault noted, where there are none. */
export function useMacro(
  node: DirectiveNode,
  reading: Reading,
): { readonly lines: readonly Line[]; readonly macro: Macro } | undefined {
  const [first, ...words] = splitWords(node.text);
  const fail = (reason: string, word?: Word, advice?: string): undefined => {
    const origin = word ? originAt(node, word.column) : node.origin;
    reading.fail(`Use: ${reason}`, origin, { length: word?.length ?? 3, ...(advice === undefined ? {} : { advice }) });
  };
  if (!first?.text) return fail("no macro name specified", first, "write: Use name value ...");
  const macro = findMacro(first.text, reading);
  if (!macro) {
    const known = [...reading.macros.keys()];
    const advice = known.length > 0 ? `defined are: ${known.slice(0, 20).join(", ")}` : "no macro is defined before it";
    return fail(`macro '${first.text.toLowerCase()}' undefined`, first, advice);
  }
  const { name, parameters, origin } = macro;
  if (isUsing(name, node.origin)) return fail(`recursive use of macro '${name}' is invalid`, first);
  if (words.length !== parameters.length) {
    const advice = `it is defined at ${showPlace(origin)}: <Macro ${showParameters(name, parameters)}>`;
    return fail(`macro '${name}' used with ${words.length} arguments instead of ${parameters.length}`, first, advice);
  }
  for (const word of words) {
    if (word.text !== "") continue;
    reading.warn(`Use: an empty argument for macro '${name}'`, originAt(node, word.column), {
      code: "AH02798",
      length: 2,
    });
  }
  reading.macroLines += macro.body.length;
  if (reading.macroLines > maximumLines) {
    reading.stopped = true;
    return fail(`macros come to more than ${maximumLines} lines`, first);
  }
  const lines: Line[] = [];
  for (const line of macro.body) {
    const filled = substitute(line, parameters, words);
    if (!filled)
      return fail(`line ${line.line} of macro '${name}' becomes longer than ${maximumLine} characters`, first);
    if (!reading.fill(filled.text.length, node.name, node.origin)) return undefined;
    lines.push(filled);
  }
  return { lines, macro };
}

/** Forgets a macro. */
export function undefMacro(node: DirectiveNode, reading: Reading): void {
  const [word] = splitWords(node.text);
  if (!word?.text) return reading.fail("UndefMacro: no macro name specified", node.origin, { length: 10 });
  if (reading.macros.delete(word.text.toLowerCase())) return;
  const origin = originAt(node, word.column);
  reading.fail(`UndefMacro: cannot remove undefined macro '${word.text.toLowerCase()}'`, origin, {
    length: word.length,
  });
}

function findMacro(name: string, { macros }: Reading): Macro | undefined {
  return macros.get(name.toLowerCase());
}

function isUsing(name: string, origin: Origin): boolean {
  for (let place: Origin | undefined = origin; place; place = place.via) if (place.macro === name) return true;
  return false;
}

/** Puts values in place of parameters: at each place the earliest, then the longest; what was put in is not looked at. */
function substitute(line: Line, parameters: readonly string[], values: readonly Word[]): Line | undefined {
  const copier = new PieceCopier(line);
  let from = 0;
  const finder = finderOf(parameters);
  for (let next = finder.find(line.text, 0); next; next = finder.find(line.text, from)) {
    const parameter = parameters[next.which] ?? "";
    const value = values[next.which]?.text ?? "";
    copier.copy(from, next.at);
    copier.fill(next.at, parameter.startsWith("@") ? `"${value.replace(/["\\]/g, "\\$&")}"` : value);
    from = next.at + parameter.length;
    if (copier.length > maximumLine) return undefined;
  }
  if (from === 0) return line;
  copier.copy(from, line.text.length);
  return copier.length > maximumLine ? undefined : copier.result();
}

function showParameters(name: string, parameters: readonly string[]): string {
  return [name, ...parameters.slice(0, 20), ...(parameters.length > 20 ? ["..."] : [])].join(" ");
}

function showPlace({ file, line }: Origin): string {
  return `${file}:${line}`;
}
