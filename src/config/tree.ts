// The tree: what the configuration says, as plain JSON, each node with its origin.
import type { Origin } from "../api/index.js";

/** A directive: a line with a name and a text behind it. */
export interface DirectiveNode {
  readonly kind: "directive";
  /** As written. */
  readonly name: string;
  /** The name in lower case. */
  readonly key: string;
  /** The rest of the line, variables filled in, trimmed; quotes as written. */
  readonly text: string;
  /** The first line of the directive (Apache counts its last) and the column of its first character. */
  readonly origin: Origin;
  /** Column, from 1, at which `text` begins in the source line. */
  readonly textColumn: number;
  /** Where parts of `text` stand, for lines that were continued or had variables in them. */
  readonly pieces?: readonly Piece[];
}

/** A section: a directive with a body. */
export interface SectionNode {
  readonly kind: "section";
  /** Without the bracket: "VirtualHost". */
  readonly name: string;
  /** The name in lower case, in brackets: "<virtualhost>". */
  readonly key: string;
  /** The argument text, cut at the last ">", trimmed. */
  readonly text: string;
  /** The place of the opening bracket. */
  readonly origin: Origin;
  readonly textColumn: number;
  readonly pieces?: readonly Piece[];
  readonly children: Node[];
}

export type Node = DirectiveNode | SectionNode;

/** From offset `at` on, a text stands at this line and column; all of it at that one column if it is a variable's value. */
export interface Piece {
  readonly at: number;
  readonly line: number;
  readonly column: number;
  readonly variable?: true;
}

/** A module in force. */
export interface LoadedModule {
  /** "alias_module". */
  readonly symbol: string;
  /** The LoadModule line; built-in modules have none. */
  readonly origin?: Origin;
  /** As written in the LoadModule line. */
  readonly path?: string;
  /** Absolute: where a module that is neither ours nor Apache's was loaded from. */
  readonly file?: string;
  /** False for a module of Apache's that is not among ours. */
  readonly known: boolean;
}

/** A macro in force: `<Macro name parameters>` with the lines of its body as they stand. */
export interface Macro {
  /** In lower case. */
  readonly name: string;
  readonly origin: Origin;
  readonly parameters: readonly string[];
  readonly body: readonly {
    readonly text: string;
    readonly line: number;
    readonly column: number;
    readonly pieces?: readonly Piece[];
  }[];
}

/** A file that was read. */
export interface Source {
  readonly file: string;
  /** The Include line that led to it. */
  readonly via?: Origin;
  /** The text itself, for what is no file: lines given on the command line. */
  readonly text?: string;
}

/** A configuration as read: included files in place of their Include lines, conditions decided, variables filled in. */
export interface Tree {
  readonly nodes: Node[];
  /** Absolute; what the last ServerRoot said. */
  readonly serverRoot: string;
  readonly mainFile: string;
  /** Built-in ones first, then in load order. */
  readonly modules: readonly LoadedModule[];
  /** Names defined at the end of reading, null for those without a value. */
  readonly defines: Readonly<Record<string, string | null>>;
  /** Those in force at the end of reading. */
  readonly macros?: readonly Macro[];
  /** In the order they were read. */
  readonly sources: readonly Source[];
}

/** A directive's or section's name, with what it is looked up by. */
export interface NodeName {
  readonly name: string;
  readonly key: string;
}

/** Names already seen: of a hundred thousand lines each name is made, lowered and hashed once. */
const directiveNames = new Map<string, NodeName>();
const sectionNames = new Map<string, NodeName>();
const mostNames = 5000;

/** The name of a directive, as written, with its key. */
export function directiveName(written: string): NodeName {
  return directiveNames.get(written) ?? keep(directiveNames, { name: written, key: written.toLowerCase() });
}

/** The name of a section, as written without brackets, with its key. */
export function sectionName(written: string): NodeName {
  return sectionNames.get(written) ?? keep(sectionNames, { name: written, key: `<${written.toLowerCase()}>` });
}

function keep(names: Map<string, NodeName>, name: NodeName): NodeName {
  if (names.size >= mostNames) names.clear();
  names.set(name.name, name);
  return name;
}

/** The place of an offset of a node's text: in continued lines and behind variables not where counting would put it. */
export function originAt(node: Node, offset: number): Origin {
  const { origin, pieces } = node;
  let column = node.textColumn + offset;
  let line = origin.line;
  for (const piece of pieces ?? []) {
    if (piece.at > offset) break;
    line = piece.line;
    column = piece.column + (piece.variable ? 0 : offset - piece.at);
  }
  return { ...origin, line, column };
}
