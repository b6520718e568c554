// Text of one file → its lines and sections, nothing decided or filled in yet.
import type { IToken } from "chevrotain";
import { EmbeddedActionsParser } from "./chevrotain.js";
import { ConfigError, type Origin } from "../api/index.js";
import { maximumFaults } from "./reading.js";
import {
  Close,
  Directives,
  lineOf,
  linesOf,
  Open,
  runOf,
  tokenize,
  tokensOf,
  vocabulary,
  type Line,
  type Run,
} from "./tokens.js";
import { sectionName, type NodeName } from "./tree.js";
import { isSpace } from "../api/words.js";

/** A section as it stands in the file. */
export interface RawSection {
  /** The opening line, bracket included. */
  readonly line: Line;
  readonly name: NodeName;
  readonly children: RawNode[];
  /** The closing line; undefined when the file ended before it, or another section's closing line closed this one. */
  closing?: Line;
  /** Of a `<Macro>`: the lines between, as they stand; it has no children. Undefined where `</Macro>` is missing. */
  body?: readonly Line[];
  /** True when a fault of its end has been reported. */
  faulty?: true;
}

/** A section, or the lines with directives that follow each other. */
export type RawNode = RawSection | Run;

/** Whether it is a section. */
export function isRawSection(node: RawNode | undefined): node is RawSection {
  return node !== undefined && "children" in node;
}

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
  /** The line of its `<Macro>`. */
  readonly macroLine?: number;
}

/** Sections that may stand in each other; Apache has no such limit and runs out of stack. */
export const maximumNesting = 200;

/** Parses a file. Lines longer than `maximumLine` characters are errors. A section that is never closed is none yet. */
export function parseText(text: string, from: FileOrigin, maximumLine = 16 * 1024 * 1024): ParsedFile {
  const { tokens, tooLong } = tokenize(text, maximumLine);
  const errors = tooLong.map(
    (line) => new ConfigError(`Line too long: more than ${maximumLine} characters`, placeOf(line, from)),
  );
  return parseTokens(tokens, from, errors);
}

/** Parses the lines of a macro's body. */
export function parseLines(lines: readonly Line[], from: FileOrigin): ParsedFile {
  return parseTokens(tokensOf(lines), from, []);
}

function parseTokens(all: IToken[], from: FileOrigin, errors: ConfigError[]): ParsedFile {
  const { tokens, bodies } = takeMacros(all);
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
    if (isMacro(token)) depth++;
    else if (depth > 0 && token.tokenType === Close && nameOf(lineOf(token).text, 2).key === macro) depth--;
    if (!body || depth === 0) left.push(token);
    else for (const each of linesOf(runOf(token))) body.push(each);
    if (depth === 0) body = undefined;
    else if (!body) bodies.set(lineOf(token), (body = []));
  }
  return { tokens: left, bodies };
}

function isMacro(token: IToken): boolean {
  return token.tokenType === Open && nameOf(lineOf(token).text, 1).key === macro;
}

const macro = "<macro>";

/** The origin of a line. */
export function placeOf(
  { line, column }: Pick<Line, "line" | "column">,
  { file, via, macro, macroLine = 0 }: FileOrigin,
): Origin {
  if (via && macro !== undefined) return { file, line, column, via, macro, macroLine };
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
 * The grammar: file = block { Close block }; block = { Directives | section }; section = Open block [ Close ]. Every
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
  /** Key of a section that a closing line of another name closed: its own may still come. */
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
    const section: RawSection = { line, name: nameOf(line.text, 1), children: [] };
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

  // Closures are made once and not for each token: half of the time of parsing otherwise.
  readonly #directivesOrSection = [
    { ALT: () => void this.#nodes.push(runOf(this.CONSUME(Directives))) },
    { ALT: () => void this.SUBRULE(this.#section) },
  ];
  readonly #item = () => void this.OR(this.#directivesOrSection);
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
    const { key } = nameOf(lineOf(token).text, 2);
    if (key === section.name.key) return true;
    const owner = this.#open.find((outer) => outer.name.key === key);
    if (!owner) return true;
    section.faulty = true;
    this.#refuseClosing(lineOf(token), section);
    return false;
  }

  #close(closing: Line): void {
    const section = this.#open.at(-1);
    if (!section) return;
    section.closing = closing;
    const { key } = nameOf(closing.text, 2);
    if (key !== section.name.key) {
      this.#expected = section.name.key;
      this.#refuseClosing(closing, section);
    } else if (!firstWord(closing.text).endsWith(">")) {
      this.#refuseUnbracketed(closing);
    }
  }

  #refuseClosing(closing: Line, section: RawSection): void {
    const { name } = section.name;
    const found = `</${nameOf(closing.text, 2).name}>`;
    this.#fail(`Expected </${name}> but saw ${found}`, closing, `<${name}> was opened at line ${section.line.line}`);
  }

  #refuseStray(closing: Line): void {
    const { name, key } = nameOf(closing.text, 2);
    if (key === this.#expected) this.#expected = undefined;
    else if (!firstWord(closing.text).endsWith(">")) this.#refuseUnbracketed(closing);
    else this.#fail(`</${name}> without matching <${name}> section`, closing);
  }

  #refuseUnbracketed(closing: Line): void {
    this.#fail(`</${nameOf(closing.text, 2).name}> directive missing closing '>'`, closing);
  }

  #fail(reason: string, line: Line, advice?: string): void {
    if (this.#errors.length >= maximumFaults) return;
    const detail = { length: firstWord(line.text).length, ...(advice === undefined ? {} : { advice }) };
    this.#errors.push(new ConfigError(reason, placeOf(line, this.#from), detail));
  }
}

/** The name in an opening (`skip` 1) or closing (2) line. */
function nameOf(text: string, skip: number): NodeName {
  const word = firstWord(text);
  return sectionName(word.slice(skip, word.length > skip && word.endsWith(">") ? -1 : undefined));
}

/** What stands before the first white space. */
export function firstWord(text: string): string {
  let end = 0;
  while (end < text.length && !isSpace(text.charCodeAt(end))) end++;
  return text.slice(0, end);
}
