// Directives that act while reading (Define, LoadModule, ServerRoot ...) → a change of the reading's state.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import { meant, nearest, whyAbsent } from "../api/index.js";
import { linkedIn, symbolOf } from "./owners.js";
import { hasChanged, isPackage, isScript, openOther, otherFile } from "./other-modules.js";
import type { ModuleNames, Reading } from "./reading.js";
import { originAt, type DirectiveNode } from "./tree.js";
import { splitWords, type Word } from "../api/words.js";

/** Acts on the state; the arguments have been counted. */
type Action = (node: DirectiveNode, reading: Reading, words: readonly Word[]) => void;

interface OnRead {
  /** The arguments, as in the manual. */
  readonly shape: string;
  readonly least: number;
  readonly most: number;
  readonly run: Action;
}

/** Runs a directive if it is one that acts while reading, and says whether it was. */
export function runOnRead(node: DirectiveNode, reading: Reading): boolean {
  const directive = directives.get(node.key);
  if (!directive) return false;
  if (reading.accessFile) refuseHere(node, reading);
  else {
    const words = argumentsOf(node, reading, directive);
    if (words) directive.run(node, reading, words);
  }
  return true;
}

/** Refuses a directive that may not stand in an .htaccess file. */
export function refuseHere(node: DirectiveNode, reading: Reading): void {
  reading.fail(`${node.name} not allowed here`, node.origin, { code: "AH00526", length: node.name.length });
}

/** The words of a directive; undefined, with the fault noted, when there are too few or too many. Empty ones count as missing. */
export function argumentsOf(
  node: DirectiveNode,
  reading: Reading,
  { shape, least, most }: Omit<OnRead, "run">,
): readonly Word[] | undefined {
  const words = splitWords(node.text);
  const given = words.findIndex(({ text }) => text === "");
  const number = given < 0 ? words.length : given;
  if (number >= least && words.length <= most) return words.slice(0, number);
  const counted = least === most ? numbers[least] : `${numbers[least]} or ${numbers[most]}`;
  reading.fail(
    `${node.name} takes ${counted} argument${most === 1 ? "" : "s"}, found ${words.length === 0 ? "none" : words.length}`,
    words.length > most ? originAt(node, words[most]?.column ?? 0) : node.origin,
    { length: words[most]?.length ?? node.name.length, advice: `write: ${node.name} ${shape}` },
  );
  return undefined;
}

const numbers = ["no", "one", "two"];

const define: Action = (node, reading, [name, value]) => {
  if (!name || refuseColon(node, reading, name)) return;
  reading.define(name.text, value?.text);
};

const undefine: Action = (node, reading, [name]) => {
  if (!name || refuseColon(node, reading, name)) return;
  reading.undefine(name.text);
};

const serverRoot: Action = (node, reading, [word]) => {
  if (!word) return;
  // Apache takes a relative one from the folder the process is in.
  const path = resolve(word.text);
  if (isFolder(path)) reading.serverRoot = path;
  else failAt(node, word, reading, `ServerRoot must be a valid directory, found "${word.text}"`);
};

const loadFile: Action = (node, reading) => {
  reading.warn("LoadFile has no effect: modhost loads no libraries", node.origin, { length: node.name.length });
};

/** What an unknown module may have been meant for: by its name alone, since all end alike. */
function moduleAdvice(symbol: string, symbols: readonly string[]): string | undefined {
  if (/^php\d*_module$/i.test(symbol))
    return "PHP runs in no server of this kind: have PHP-FPM run it, see docs/back-ends.md";
  const bare = (each: string): string => each.replace(/_mod[a-z]*$/, "");
  const named = symbols.find((each) => bare(each) === symbol);
  if (named !== undefined) return meant(named);
  const near = `${nearest(bare(symbol), symbols.map(bare)) ?? ""}_module`;
  return symbols.includes(near) ? meant(near) : undefined;
}

const loadModule: Action = (node, reading, [symbol, path]) => {
  if (!symbol || !path) return;
  const name = symbol.text;
  if (reading.hasModule(name) && !name.endsWith(".c")) return refuseAgain(node, reading, symbol);
  if (isScript(path.text)) return loadOther(node, reading, [symbol, path]);
  const known = reading.moduleOf(name) !== undefined;
  const file = resolve(reading.serverRoot, path.text);
  if (!known && !reading.isForeign(name) && !isThere(file)) {
    if (isPackage(path.text, reading.serverRoot)) return loadOther(node, reading, [symbol, path]);
    const text = moduleAdvice(name, symbols(reading));
    const advice = text === undefined ? {} : { advice: text };
    const reason = `LoadModule: neither modhost nor Apache has a module ${name}, and there is no file "${file}"`;
    return failAt(node, symbol, reading, reason, advice);
  }
  if (!known) {
    reading.warn(
      `LoadModule: modhost has no ${name}: whatever uses a directive of it will be refused`,
      originAt(node, symbol.column),
      { length: symbol.length, ...whyNot(name) },
    );
  }
  reading.load({ symbol: name, origin: node.origin, path: path.text, known });
};

function whyNot(symbol: string): { advice?: string } {
  const advice = whyAbsent(`mod_${symbol.replace(/_module$/, "")}`);
  return advice === undefined ? {} : { advice };
}

/** A module that others wrote: a file of JavaScript, or a package. */
const loadOther = (node: DirectiveNode, reading: Reading, [symbol, path]: readonly [Word, Word]): void => {
  const refuse = (reason: string): void => failAt(node, path, reading, `LoadModule: ${path.text}: ${reason}`);
  try {
    const file = otherFile(path.text, reading.serverRoot);
    const module = openOther(file);
    if (module.symbol !== symbol.text) return refuse(`it is ${module.symbol}, not ${symbol.text}`);
    const ours = reading.lists.modules.find((each) => each.symbol === module.symbol || each.name === module.name);
    if (ours) return refuse(`${ours.name} is a module of modhost's own: it needs another name`);
    const names = Object.keys(module.directives);
    const taken = names.find((each) => ownerOf(each, reading) !== undefined);
    if (taken !== undefined) {
      return refuse(`${taken} is a directive of ${ownerOf(taken, reading)} already: it needs another name`);
    }
    if (hasChanged(file)) {
      reading.warn(
        `${file} has changed since it was loaded: its directives are checked as they were; stop and start the server`,
        originAt(node, path.column),
        { length: path.length },
      );
    }
    reading.add({ ...module, directives: names });
    reading.load({ symbol: symbol.text, origin: node.origin, path: path.text, file, known: true });
  } catch (error) {
    refuse(`it cannot be loaded: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
  }
};

/** The module that has a directive of that name, among ours and those that are loaded. */
function ownerOf(directive: string, reading: Reading): string | undefined {
  const name = directive.toLowerCase();
  const loaded = reading.loaded.flatMap(({ symbol }) => reading.moduleOf(symbol) ?? []);
  const has = ({ directives }: ModuleNames): boolean => directives.some((each) => each.toLowerCase() === name);
  return [...reading.lists.modules, ...loaded].find(has)?.name;
}

const directives: ReadonlyMap<string, OnRead> = new Map<string, OnRead>([
  ["define", { shape: "name [value]", least: 1, most: 2, run: define }],
  ["undefine", { shape: "name", least: 1, most: 1, run: undefine }],
  ["serverroot", { shape: "directory", least: 1, most: 1, run: serverRoot }],
  ["loadmodule", { shape: "module file", least: 2, most: 2, run: loadModule }],
  ["loadfile", { shape: "file ...", least: 1, most: Infinity, run: loadFile }],
]);

/** Names of all modules that can be loaded. */
function symbols({ lists }: Reading): string[] {
  return [...lists.modules.map(({ symbol }) => symbol), ...Object.keys(lists.foreign)];
}

function refuseAgain(node: DirectiveNode, reading: Reading, symbol: Word): void {
  const earlier = reading.loaded.find((module) => module.symbol === symbol.text);
  if (earlier?.origin) {
    const { file, line } = earlier.origin;
    reading.warn(`module ${symbol.text} is already loaded, at ${file}:${line}`, originAt(node, symbol.column), {
      code: "AH01574",
      length: symbol.length,
    });
  } else if (["core", "mod_so", "http_core"].some((name) => symbolOf(name) === symbol.text)) {
    failAt(node, symbol, reading, `module ${symbol.text} is built-in and can't be loaded`);
  } else if (linkedIn.includes(symbol.text)) {
    // An error under Debian's Apache; but other distributions have these as files, with a line for each.
    reading.warn(`module ${symbol.text} is built-in: the line has no effect`, originAt(node, symbol.column), {
      length: symbol.length,
    });
  }
}

function refuseColon(node: DirectiveNode, reading: Reading, name: Word): boolean {
  if (!name.text.includes(":")) return false;
  failAt(node, name, reading, `${node.name}: Variable name must not contain ':', found "${name.text}"`);
  return true;
}

function failAt(
  node: DirectiveNode,
  word: Word,
  reading: Reading,
  reason: string,
  detail: { advice?: string } = {},
): void {
  reading.fail(reason, originAt(node, word.column), { length: word.length, ...detail });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
