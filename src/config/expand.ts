// Files → the expanded tree: includes read, conditions decided, variables filled in.
import { readFileSync, statSync } from "node:fs";
import { isUtf8 } from "node:buffer";
import { resolve } from "node:path";
import type { ConfigError, Origin } from "../api/index.js";
import { conditions, type Condition } from "./conditions.js";
import { findIncluded, systemReason } from "./include.js";
import { interpolate } from "./interpolate.js";
import { defineMacro, macroModule, undefMacro, useMacro } from "./macro.js";
import { argumentsOf, refuseHere, runOnRead } from "./on-read.js";
import {
  firstWord,
  isRawSection,
  maximumNesting,
  parseLines,
  parseText,
  placeOf,
  type FileOrigin,
  type RawNode,
  type RawSection,
} from "./parse.js";
import { Reading, type ModuleLists } from "./reading.js";
import { cursorOf, isStretch, type Line, type LineCursor } from "./tokens.js";
import {
  directiveName,
  originAt,
  sectionName,
  type DirectiveNode,
  type Node,
  type Piece,
  type SectionNode,
  type Tree,
} from "./tree.js";
import { innermostUnclosed, refuseUnclosed, warnOfOpen } from "./unclosed.js";
import { cutAtBracket, isSpace, skipSpace, trimSpace, wordAt } from "../api/words.js";
export type { ModuleLists, ModuleNames } from "./reading.js";

/** What to read, and with what in force. */
export interface ReadOptions extends ModuleLists {
  /** Absolute. */
  readonly serverRoot: string;
  /** The main file; relative to `serverRoot`. */
  readonly file: string;
  /** Names given with -D. */
  readonly defines?: readonly string[];
  /** Lines given with -C, read before the main file, and with -c, read after it. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** An .htaccess file to read. */
export interface AccessFileOptions extends ModuleLists {
  readonly file: string;
  readonly text: string;
  /** The configuration it stands under. */
  readonly tree: Pick<Tree, "serverRoot" | "defines" | "modules" | "macros">;
  /** Whether sections like `<IfModule>` may stand in it; without it they may. */
  readonly conditions?: "allowed" | "refused";
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Files in each other that are read; the same number as Apache's. */
const maximumDepth = 128;
const maximumFiles = 100_000;
/** In characters, after variables are filled in; Apache's numbers. */
const maximumLine = 16 * 1024 * 1024;
const maximumAccessLine = 8192;
const maximumFileSize = 256 * 1024 * 1024;

/** What lines on the command line have for a file name. */
export const commandLine = "-c/-C directives";

/** Reads a configuration. Nothing is thrown: faults are in `errors`, and the tree holds what could be read. */
export function readConfiguration(options: ReadOptions): {
  tree: Tree;
  errors: ConfigError[];
  warnings: ConfigError[];
} {
  const defines = Object.fromEntries((options.defines ?? []).map((name) => [name, null]));
  const reading = new Reading(options, options.environment, { serverRoot: resolve(options.serverRoot), defines });
  const mainFile = resolve(options.serverRoot, options.file);
  const nodes: Node[] = [];
  const main: Origin = { file: mainFile, line: 1, column: 1 };
  readLines(options.before, nodes, reading);
  const text = loadText(mainFile);
  if (typeof text === "string") readText(text, { from: { file: mainFile }, out: nodes, depth: 0, nesting: 0, reading });
  else reading.fail(`Could not open configuration file ${mainFile}: ${text.fault}`, main);
  readLines(options.after, nodes, reading);
  const { errors, warnings, sources, serverRoot, loaded } = reading;
  const macros = [...reading.macros.values()];
  const tree: Tree = {
    ...{ nodes, serverRoot, mainFile, modules: loaded, defines: reading.defines(), sources },
    ...(macros.length > 0 ? { macros } : {}),
  };
  return { tree, errors, warnings };
}

/** Reads an .htaccess file: the same language, but nothing in it may include, define or load. */
export function readAccessFile({ file, text, tree, environment, conditions, ...lists }: AccessFileOptions): {
  nodes: Node[];
  errors: ConfigError[];
  warnings: ConfigError[];
} {
  const { serverRoot, defines, modules, macros = [] } = tree;
  const reading = new Reading(lists, environment, {
    ...{ serverRoot, defines, loaded: modules, macros, accessFile: true },
    ...(conditions ? { conditions } : {}),
  });
  const nodes: Node[] = [];
  readText(text, { from: { file }, out: nodes, depth: 0, nesting: 0, reading });
  return { nodes, errors: reading.errors, warnings: reading.warnings };
}

/** Where expansion is: in which file, and where what it finds is put. */
interface Context {
  readonly from: FileOrigin;
  readonly out: Node[];
  /** Number of Include lines that led here. */
  readonly depth: number;
  /** Number of sections and macros around, those of other files too. */
  readonly nesting: number;
  readonly reading: Reading;
}

function readLines(lines: readonly string[] | undefined, out: Node[], reading: Reading): void {
  if (!lines || lines.length === 0) return;
  readText(lines.join("\n"), { from: { file: commandLine }, out, depth: 0, nesting: 0, reading });
}

function readText(text: string, context: Context): void {
  const { from, reading } = context;
  reading.sources.push(from.file === commandLine ? { ...from, text } : from);
  const { nodes, errors } = parseText(text, from, reading.accessFile ? maximumAccessLine : maximumLine);
  for (const error of errors) reading.keep(error);
  expandNodes(nodes, context);
}

/** The text of a file; of one that is no UTF-8, each byte as the character of latin1. */
function loadText(path: string): string | { fault: string; missing: boolean } {
  try {
    const stats = statSync(path);
    if (!stats.isFile() && path !== "/dev/null") return { fault: "not a regular file", missing: false };
    if (stats.size > maximumFileSize) return { fault: `more than ${maximumFileSize} bytes`, missing: false };
    const bytes = readFileSync(path);
    return bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
  } catch (error) {
    return {
      fault: systemReason(error),
      missing: error instanceof Error && "code" in error && error.code === "ENOENT",
    };
  }
}

function expandNodes(nodes: readonly RawNode[], context: Context): void {
  const { reading } = context;
  for (const node of nodes) {
    if (isRawSection(node)) {
      if (reading.stopped) return;
      const line = fillIn(node.line, context);
      if (line) expandSection(node, line, context);
      continue;
    }
    if (isStretch(node)) expandStretch(cursorOf(node), context);
    else for (const each of node) expandLine(each, context);
  }
}

/** The lines of a stretch: in most of them nothing has to be filled in or joined, and each is read where it stands. */
function expandStretch(cursor: LineCursor, context: Context): void {
  const { reading, from } = context;
  const { text: source } = cursor;
  while (!reading.stopped && cursor.next()) {
    const { first, last, start, number: line } = cursor;
    const end = cursor.joined ? first : plainNameEnd(source, first, last);
    const text = source.slice(skipSpace(source, end), last);
    if (end === first || text.includes("${")) {
      expandLine(cursor.line(), context);
      continue;
    }
    const { name, key } = directiveName(source.slice(first, end));
    const textColumn = last - text.length - start + 1;
    const origin = placeOf({ line, column: first - start + 1 }, from);
    addDirective({ kind: "directive", name, key, text, textColumn, origin }, context);
  }
}

/** Where the name of a directive ends, if it is written without quotes, backslashes and variables; else where it begins. */
function plainNameEnd(source: string, first: number, last: number): number {
  let end = first;
  for (; end < last; end++) {
    const code = source.charCodeAt(end);
    if (isSpace(code)) return end;
    // " $ ' < \
    if (code === 34 || code === 36 || code === 39 || code === 60 || code === 92) return first;
  }
  return end;
}

function expandLine(written: Line, context: Context): void {
  if (context.reading.stopped) return;
  const line = fillIn(written, context);
  if (line) expandDirective(line, context);
}

/** The line with its variables filled in; undefined, and the fault noted, when that makes it too long. */
function fillIn(line: Line, { reading, from }: Context): Line | undefined {
  if (!line.text.includes("${")) return line;
  const limit = reading.accessFile ? maximumAccessLine : maximumLine;
  const filled = interpolate(
    line,
    {
      lookUp: (name) => reading.variable(name),
      missing: (name, place) => {
        if (name.includes(":")) return;
        const origin = placeOf(place, from);
        reading.warn(`Config variable \${${name}} is not defined`, origin, {
          code: "AH00111",
          length: name.length + 3,
          advice: "a Define line before this one is to set it, or envvars in the server root",
        });
      },
    },
    limit,
  );
  if (!filled) {
    reading.fail(`Line too long: more than ${limit} characters with its variables`, placeOf(line, from));
    return undefined;
  }
  const more = filled.text.length - line.text.length;
  if (more > 0 && !reading.fill(more, firstWord(line.text), placeOf(line, from))) return undefined;
  return filled;
}

function expandDirective(line: Line, context: Context): void {
  const { reading, from } = context;
  const word = wordAt(line.text, 0);
  // A line that is empty once variables are filled in says nothing, and neither does an empty name in quotes.
  if (!word?.text) return;
  const { name, key } = directiveName(word.text);
  const { text, textColumn, pieces } = textFrom(line, skipSpace(line.text, word.column + word.length));
  const origin = placeOf(line, from);
  const node: DirectiveNode = pieces
    ? { kind: "directive", name, key, text, textColumn, origin, pieces }
    : { kind: "directive", name, key, text, textColumn, origin };
  if (name.startsWith("<")) {
    const advice = "write sections in the file itself, with variables in their arguments";
    return reading.fail(`"${name}": a section cannot come from a variable`, origin, { advice });
  }
  addDirective(node, context);
}

/** Acts on a directive that is about reading; any other goes into the tree. */
function addDirective(node: DirectiveNode, context: Context): void {
  const { key } = node;
  const { reading, out } = context;
  if (key === "include" || key === "includeoptional") include(node, key === "includeoptional", context);
  else if (key === "use" && reading.hasModule(macroModule)) use(node, context);
  else if (key === "undefmacro" && reading.hasModule(macroModule)) undefMacro(node, reading);
  else if (!runOnRead(node, reading)) out.push(node);
}

function use(node: DirectiveNode, { out, depth, nesting, reading }: Context): void {
  const used = useMacro(node, reading);
  if (!used || !mayNest(nesting, node, reading)) return;
  const { lines, macro } = used;
  const from: FileOrigin = {
    file: macro.origin.file,
    via: node.origin,
    macro: macro.name,
    macroLine: macro.origin.line,
  };
  const { nodes, errors } = parseLines(lines, from);
  for (const error of errors) reading.keep(error);
  expandNodes(nodes, { from, out, depth, nesting: nesting + 1, reading });
}

/** Whether one more section or macro may stand in so many others: a stack has an end. */
function mayNest(nesting: number, node: Node, reading: Reading): boolean {
  if (nesting < maximumNesting) return true;
  const what = "sections and macros in each other, those of other files counted";
  reading.fail(`${node.name}: more than ${maximumNesting} ${what}`, node.origin, { length: node.name.length });
  reading.stopped = true;
  return false;
}

/** The text of a node from an offset of its line on, with the places of its parts. */
function textFrom(line: Line, offset: number): { text: string; textColumn: number; pieces: Piece[] | undefined } {
  const text = line.text.slice(offset);
  if (!line.pieces) return { text, textColumn: line.column + offset, pieces: undefined };
  const pieces: Piece[] = [];
  for (const piece of line.pieces) {
    const at = piece.at - offset;
    if (at > 0) pieces.push({ ...piece, at });
    else pieces[0] = { ...piece, at: 0, column: piece.column - (piece.variable ? 0 : at) };
  }
  return { text: trimSpace(text), textColumn: pieces[0]?.column ?? line.column, pieces };
}

function include(node: DirectiveNode, optional: boolean, context: Context): void {
  const { reading, out, depth, nesting } = context;
  if (reading.accessFile) return refuseHere(node, reading);
  const word = argumentsOf(node, reading, { shape: "file", least: 1, most: 1 })?.[0];
  if (!word) return;
  const origin = originAt(node, word.column);
  const { files, faults } = findIncluded(word.text, reading.serverRoot, optional);
  for (const { reason, ...detail } of faults) {
    reading.fail(`${node.name}: ${reason}`, origin, { length: word.length, ...detail });
  }
  for (const file of files) {
    if (depth >= maximumDepth || reading.sources.length >= maximumFiles) {
      reading.stopped = true;
      const what =
        depth >= maximumDepth ? `more than ${maximumDepth} files in each other` : `more than ${maximumFiles} files`;
      return reading.fail(`${node.name}: ${what}: does "${file}" include itself?`, origin, { length: word.length });
    }
    const text = loadText(file);
    const from = { file, via: node.origin };
    if (typeof text === "string") readText(text, { from, out, depth: depth + 1, nesting, reading });
    else if (!optional)
      reading.fail(`${node.name}: could not open "${file}": ${text.fault}`, origin, { length: word.length });
    else if (!text.missing)
      reading.warn(`${node.name}: "${file}" is left out: ${text.fault}`, origin, { length: word.length });
  }
}

function expandSection(raw: RawSection, line: Line, context: Context): void {
  const { reading, out, from } = context;
  const first = firstWord(line.text);
  const bare = first.endsWith(">");
  const rest = textFrom(line, bare ? line.text.length : skipSpace(line.text, first.length));
  const { textColumn, pieces } = rest;
  const { text, closed } = cutAtBracket(rest.text);
  const { name, key } = sectionName(first.slice(1, bare ? -1 : undefined));
  const origin = placeOf(line, from);
  const section: SectionNode = pieces
    ? { kind: "section", name, key, text, textColumn, origin, pieces, children: [] }
    : { kind: "section", name, key, text, textColumn, origin, children: [] };
  const condition = conditions.get(key);
  if (!bare && !closed) {
    const code = condition ? {} : { code: "AH00526" };
    reading.fail(`<${name}> directive missing closing '>'`, origin, { length: first.length, ...code });
  }
  if (!mayNest(context.nesting, section, reading)) return;
  if (condition) return expandConditional(raw, section, condition, context);
  if (key === "<macro>" && reading.hasModule(macroModule)) {
    return defineMacro(section, raw.closing ? (raw.body ?? []) : undefined, reading);
  }
  if (!raw.closing) refuseUnclosed(raw, origin, `<${name}> was not closed`, reading);
  out.push(section);
  expandNodes(raw.children, { ...context, nesting: context.nesting + 1, out: section.children });
}

function expandConditional(raw: RawSection, section: SectionNode, condition: Condition, context: Context): void {
  const { reading, from } = context;
  if (reading.conditions === "refused") {
    const advice = "AllowOverride would have to grant one class at least: AllowOverrideList is not enough";
    const detail = { code: "AH00526", length: section.name.length + 1, advice };
    return reading.fail(`<${section.name} not allowed here`, section.origin, detail);
  }
  const holds = condition(section.text, reading);
  if (typeof holds === "string") {
    reading.fail(holds, section.origin, { length: section.name.length + 1 });
  } else if (holds) {
    // Apache takes such a section's lines as if they stood outside: the end of the file ends it, and its closing line
    // is known by being nothing else.
    const closing = raw.closing;
    if (closing && /[\t-\r ]/.test(closing.text)) {
      reading.fail(`</${section.name}> without matching <${section.name}> section`, placeOf(closing, from), {
        length: closing.text.length,
        advice: "nothing may stand behind the closing bracket",
      });
    }
    if (!closing && !raw.faulty) warnOfOpen(raw, section, from, reading);
    expandNodes(raw.children, { ...context, nesting: context.nesting + 1 });
  } else {
    const unclosed = innermostUnclosed(raw);
    const origin = placeOf(unclosed.line, from);
    refuseUnclosed(unclosed, origin, `Expected </${unclosed.name.name}> before end of configuration`, reading);
  }
}
