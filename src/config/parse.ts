// Text of one file → its lines and sections, nothing decided or filled in yet.
import type { IToken } from "chevrotain";
import { EmbeddedActionsParser } from "./chevrotain.js";
import { ConfigError, type Origin } from "../api/index.js";
import { maximumFaults } from "./reading.js";
import { Close, Directive, lineOf, Open, tokenize, vocabulary, type Line } from "./tokens.js";

/** A line with a directive. */
export interface RawDirective {
  readonly kind: "directive";
  readonly line: Line;
}

/** A section as it stands in the file. */
export interface RawSection {
  readonly kind: "section";
  /** The opening line, bracket included. */
  readonly line: Line;
  /** "VirtualHost", as written. */
  readonly name: string;
  readonly children: RawNode[];
  /** The closing line; undefined when the file ended before it, or another section's closing line closed this one. */
  closing?: Line;
  /** True when a fault of its end has been reported. */
  faulty?: true;
}

export type RawNode = RawDirective | RawSection;

/** A file, parsed. */
export interface ParsedFile {
  readonly nodes: readonly RawNode[];
  readonly errors: readonly ConfigError[];
}

/** Where a file's lines come from. */
export interface FileOrigin {
  readonly file: string;
  readonly via?: Origin;
}

/** Sections that may stand in each other; Apache has no such limit and runs out of stack. */
export const maximumNesting = 200;

/** Parses a file. Lines longer than `maximumLine` characters are errors. A section that is never closed is none yet. */
export function parseText(text: string, from: FileOrigin, maximumLine = 16 * 1024 * 1024): ParsedFile {
  const tokens = tokenize(text);
  const errors: ConfigError[] = [];
  for (const token of tokens) {
    const line = lineOf(token);
    if (line.text.length > maximumLine) {
      errors.push(new ConfigError(`Line too long: more than ${maximumLine} characters`, placeOf(line, from)));
    }
  }
  const tooDeep = findNesting(tokens);
  if (tooDeep) {
    errors.push(new ConfigError(`More than ${maximumNesting} sections in each other`, placeOf(lineOf(tooDeep), from)));
  }
  if (errors.length > 0) return { nodes: [], errors };
  grammar ??= new FileGrammar();
  return grammar.parse(tokens, from);
}

/** The origin of a line. */
export function placeOf({ line, column }: Line, { file, via }: FileOrigin): Origin {
  return via ? { file, line, column, via } : { file, line, column };
}

let grammar: FileGrammar | undefined;

function findNesting(tokens: readonly IToken[]): IToken | undefined {
  let depth = 0;
  for (const token of tokens) {
    if (token.tokenType === Open) depth++;
    else if (token.tokenType === Close && depth > 0) depth--;
    if (depth > maximumNesting) return token;
  }
  return undefined;
}

/**
 * The grammar: file = block { Close block }; block = { Directive | section }; section = Open block [ Close ]. Every
 * sequence of tokens fits it, so that one fault of nesting hides no other: see `#closes` for whom a closing line closes.
 */
class FileGrammar extends EmbeddedActionsParser {
  #from: FileOrigin = { file: "" };
  #errors: ConfigError[] = [];
  /** Open sections, outermost first. */
  #open: RawSection[] = [];
  /** Where the next line goes: the children of the innermost open section, or the file's own nodes. */
  #nodes: RawNode[] = [];
  /** Name of a section that a closing line of another name closed: its own may still come. */
  #expected: string | undefined;

  readonly #file = this.RULE("file", () => {
    const nodes = this.#nodes;
    this.SUBRULE(this.#block);
    this.MANY(() => {
      const token = this.CONSUME(Close);
      this.ACTION(() => this.#refuseStray(lineOf(token)));
      this.SUBRULE2(this.#block);
    });
    return nodes;
  });

  readonly #block = this.RULE("block", () => {
    this.MANY(this.#item);
  });

  readonly #section = this.RULE("section", () => {
    const line = lineOf(this.CONSUME(Open));
    const section: RawSection = { kind: "section", line, name: nameOf(line.text, 1), children: [] };
    const outer = this.#nodes;
    outer.push(section);
    this.#open.push(section);
    this.#nodes = section.children;
    this.SUBRULE(this.#block);
    this.OPTION(this.#ending);
    this.#nodes = outer;
    this.#open.pop();
  });

  // Closures are made once and not for each line: half of the time of parsing otherwise.
  readonly #directiveOrSection = [
    { ALT: () => void this.#nodes.push({ kind: "directive", line: lineOf(this.CONSUME(Directive)) }) },
    { ALT: () => void this.SUBRULE(this.#section) },
  ];
  readonly #item = () => void this.OR(this.#directiveOrSection);
  readonly #ending = { GATE: () => this.#closes(), DEF: () => this.#close(lineOf(this.CONSUME(Close))) };

  constructor() {
    super(vocabulary, { maxLookahead: 1, skipValidations: true });
    this.performSelfAnalysis();
  }

  parse(tokens: IToken[], from: FileOrigin): ParsedFile {
    this.#from = from;
    this.#errors = [];
    this.#open = [];
    this.#nodes = [];
    this.#expected = undefined;
    this.input = tokens;
    const nodes = this.#file();
    this.input = [];
    return { nodes, errors: this.#errors };
  }

  /** Whether the next line closes the innermost section; a line with another name does if no section around has that name. */
  #closes(): boolean {
    const token = this.LA(1);
    const section = this.#open.at(-1);
    if (token.tokenType !== Close || !section) return false;
    const name = nameOf(lineOf(token).text, 2).toLowerCase();
    if (name === section.name.toLowerCase()) return true;
    const owner = this.#open.find((outer) => outer.name.toLowerCase() === name);
    if (!owner) return true;
    section.faulty = true;
    this.#refuseClosing(lineOf(token), section);
    return false;
  }

  #close(closing: Line): void {
    const section = this.#open.at(-1);
    if (!section) return;
    section.closing = closing;
    const written = nameOf(closing.text, 2);
    if (written.toLowerCase() !== section.name.toLowerCase()) {
      this.#expected = section.name.toLowerCase();
      this.#refuseClosing(closing, section);
    } else if (!firstWord(closing.text).endsWith(">")) {
      this.#refuseUnbracketed(closing);
    }
  }

  #refuseClosing(closing: Line, section: RawSection): void {
    const found = `</${nameOf(closing.text, 2)}>`;
    const advice = `<${section.name}> was opened at line ${section.line.line}`;
    this.#fail(`Expected </${section.name}> but saw ${found}`, closing, advice);
  }

  #refuseStray(closing: Line): void {
    const name = nameOf(closing.text, 2);
    if (name.toLowerCase() === this.#expected) this.#expected = undefined;
    else if (!firstWord(closing.text).endsWith(">")) this.#refuseUnbracketed(closing);
    else this.#fail(`</${name}> without matching <${name}> section`, closing);
  }

  #refuseUnbracketed(closing: Line): void {
    this.#fail(`</${nameOf(closing.text, 2)}> directive missing closing '>'`, closing);
  }

  #fail(reason: string, line: Line, advice?: string): void {
    if (this.#errors.length >= maximumFaults) return;
    const detail = { length: firstWord(line.text).length, ...(advice === undefined ? {} : { advice }) };
    this.#errors.push(new ConfigError(reason, placeOf(line, this.#from), detail));
  }
}

/** The name in an opening (`skip` 1) or closing (2) line. */
function nameOf(text: string, skip: number): string {
  const word = firstWord(text).slice(skip);
  return word.endsWith(">") ? word.slice(0, -1) : word;
}

function firstWord(text: string): string {
  return /^[^\t-\r ]*/.exec(text)?.[0] ?? "";
}
