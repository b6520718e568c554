// Text of one file → its lines and sections, nothing decided or filled in yet.
import type { IToken } from "chevrotain";
import { EmbeddedActionsParser } from "./chevrotain.js";
import { ConfigError, type Origin } from "../api/index.js";
import { maximumFaults } from "./reading.js";
import { Close, Directive, lineOf, Open, tokenFor, tokenize, vocabulary, type Line } from "./tokens.js";

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
  /** Of a `<Macro>`: the lines between, as they stand; it has no children. Undefined where `</Macro>` is missing. */
  body?: readonly Line[];
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
  /** The lines are those of this macro's body, and `via` is where it is used. */
  readonly macro?: string;
}

/** Sections that may stand in each other; Apache has no such limit and runs out of stack. */
export const maximumNesting = 200;

/** Parses a file. Lines longer than `maximumLine` characters are errors. A section that is never closed is none yet. */
export function parseText(text: string, from: FileOrigin, maximumLine = 16 * 1024 * 1024): ParsedFile {
  return parseTokens(tokenize(text), from, maximumLine);
}

/** Parses the lines of a macro's body. */
export function parseLines(lines: readonly Line[], from: FileOrigin): ParsedFile {
  return parseTokens(
    lines.flatMap((line) => tokenFor(line) ?? []),
    from,
    Infinity,
  );
}

function parseTokens(all: IToken[], from: FileOrigin, maximumLine: number): ParsedFile {
  const { tokens, bodies } = takeMacros(all);
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
  return grammar.parse(tokens, from, bodies);
}

/** Takes the bodies of macros out: what stands in them is read where the macro is used. */
function takeMacros(tokens: IToken[]): { tokens: IToken[]; bodies: ReadonlyMap<Line, readonly Line[]> } {
  const bodies = new Map<Line, readonly Line[]>();
  if (!tokens.some(isMacro)) return { tokens, bodies };
  const left: IToken[] = [];
  let body: Line[] | undefined;
  let depth = 0;
  for (const token of tokens) {
    const line = lineOf(token);
    if (isMacro(token)) depth++;
    else if (depth > 0 && token.tokenType === Close && isNamed(line, 2)) depth--;
    if (!body || depth === 0) left.push(token);
    else body.push(line);
    if (depth === 0) body = undefined;
    else if (!body) bodies.set(line, (body = []));
  }
  return { tokens: left, bodies };
}

function isMacro(token: IToken): boolean {
  return token.tokenType === Open && isNamed(lineOf(token), 1);
}

function isNamed({ text }: Line, skip: number): boolean {
  return nameOf(text, skip).toLowerCase() === "macro";
}

/** The origin of a line. */
export function placeOf({ line, column }: Line, { file, via, macro }: FileOrigin): Origin {
  if (via && macro !== undefined) return { file, line, column, via, macro };
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
  #bodies: ReadonlyMap<Line, readonly Line[]> = new Map();
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
    const body = this.#bodies.get(line);
    const section: RawSection = { kind: "section", line, name: nameOf(line.text, 1), children: [] };
    if (body) section.body = body;
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

  parse(tokens: IToken[], from: FileOrigin, bodies: ReadonlyMap<Line, readonly Line[]>): ParsedFile {
    this.#from = from;
    this.#bodies = bodies;
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
