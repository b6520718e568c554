// Tree → text that reads as the same tree.
import { readFileSync } from "node:fs";
import { showOrigin, type Origin } from "../api/index.js";
import type { Node } from "./tree.js";

/** How to print. */
export interface PrintOptions {
  /** Writes file and line above whatever does not stand on the line after the one before it. */
  readonly origins?: boolean;
}

/** Prints nodes, one line each, sections indented. Comments, continuations and includes of the files are gone. */
export function printTree(nodes: readonly Node[], { origins = false }: PrintOptions = {}): string {
  const lines: string[] = [];
  printNodes(nodes, "", { lines, origins, expected: "" });
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

interface Printing {
  readonly lines: string[];
  readonly origins: boolean;
  /** Where the next node stands if nothing lies between. */
  expected: string;
}

function printNodes(nodes: readonly Node[], indent: string, printing: Printing): void {
  const { lines } = printing;
  for (const node of nodes) {
    const place = showOrigin(node.origin);
    if (printing.origins && place !== printing.expected) lines.push(`${indent}# ${place}`);
    printing.expected = showOrigin({ ...node.origin, line: node.origin.line + 1 });
    const text = node.text === "" ? "" : ` ${node.text.replaceAll("\n", " ")}`;
    if (node.kind === "directive") {
      const line = `${indent}${quoted(node.name)}${text}`;
      // A backslash at the end would continue the line; white space behind it is trimmed when the line is read.
      lines.push(line.endsWith("\\") ? `${line} ` : line);
    } else {
      lines.push(`${indent}<${node.name}${text}>`);
      printNodes(node.children, `${indent}    `, printing);
      lines.push(`${indent}</${node.name}>`);
      printing.expected = "";
    }
  }
}

/** A name as it must be written to be read as one word. */
function quoted(name: string): string {
  return /^["'#]|[\s\\]/.test(name) ? `"${name.replace(/["\\]/g, "\\$&")}"` : name;
}

/** The file and line by which Apache's listings know a place: in a macro, how it came about and the line of its body. */
export function apachePlace(
  { file, line, via, macro, macroLine = 0 }: Origin,
  counted = line,
): { readonly file: string; readonly line: number } {
  if (macro === undefined || !via) return { file, line: counted };
  const used = apachePlace(via);
  return {
    file: `macro '${macro}' (defined on line ${macroLine} of "${file}") used on line ${used.line} of "${used.file}"`,
    line: bodyLine(file, macroLine, counted),
  };
}

/** The number of a line in the body of the macro: comments do not count, continued lines count as one. */
function bodyLine(file: string, from: number, to: number): number {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    // Lines of the command line.
    return to - from;
  }
  const joined = text.split("\n").slice(from, to).join("\n").replaceAll("\\\n", "");
  return joined.split("\n").filter((line) => !line.trimStart().startsWith("#")).length;
}

/**
 * Prints nodes as Apache's mod_info does for -D DUMP_CONFIG: each with its file, where that changes, and its line. An
 * empty section is closed here, which Apache leaves out, so that what is printed can be read as a configuration.
 */
export function printPlaces(nodes: readonly Node[]): string {
  const lines: string[] = [];
  let file = "";
  const enter = (next: string): void => {
    if (next !== file) lines.push(`# In file: ${next}`);
    file = next;
  };
  const print = (list: readonly Node[], indent: string): void => {
    for (const node of list) {
      // Acts while Apache reads, and so is none of what was read there.
      if (node.key === "defaultruntimedir") continue;
      // A continued line is known by its last one there.
      const place = apachePlace(node.origin, node.pieces?.at(-1)?.line);
      enter(place.file);
      const text = node.text === "" ? "" : ` ${node.text.replaceAll("\n", " ")}`;
      lines.push(`${indent}# ${String(place.line).padStart(3)}:`);
      if (node.kind === "directive") {
        lines.push(`${indent}${node.name}${text}`);
        continue;
      }
      lines.push(`${indent}<${node.name}${text}>`);
      print(node.children, `${indent}  `);
      enter(place.file);
      lines.push(`${indent}</${node.name}>`);
    }
  };
  print(nodes, "");
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
