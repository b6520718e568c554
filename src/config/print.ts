// Tree → text that reads as the same tree.
import { showOrigin } from "../api/index.js";
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
