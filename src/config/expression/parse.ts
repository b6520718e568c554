// Tokens of an expression → its tree.
import type { IRecognitionException, IToken } from "chevrotain";
import { byteString } from "../../api/index.js";
import { EmbeddedActionsParser } from "../chevrotain.js";
import * as tokens from "./tokens.js";
import {
  ExpressionError,
  type NumberComparison,
  type Regex,
  type Span,
  type Test,
  type TextComparison,
  type Word,
  type WordList,
} from "./tree.js";

/** Brackets and variables that may stand in each other. */
const deepest = 200;

/** The tree of a condition. Throws an ExpressionError. */
export function parseCondition(source: string): Test {
  return run(source, tokens.tokenize(source, "expression"), (grammar) => grammar.condition());
}

/** The tree of a text with `%{...}` in it. Throws an ExpressionError. */
export function parseString(source: string): Word {
  return run(source, tokens.tokenize(source, "whole"), (grammar) => grammar.whole());
}

let grammar: ExpressionGrammar | undefined;

function run<Tree>(source: string, { input, open }: tokens.Tokens, rule: (grammar: ExpressionGrammar) => Tree): Tree {
  refuseNesting(input);
  grammar ??= new ExpressionGrammar();
  grammar.input = input;
  const tree = rule(grammar);
  const [error] = grammar.errors;
  if (error) throw faultOf(error, source, open);
  return tree;
}

function refuseNesting(input: readonly IToken[]): void {
  let depth = 0;
  for (const token of input) {
    if (token.tokenType === tokens.Open || token.tokenType === tokens.Call) depth++;
    else if (token.tokenType === tokens.Close || token.tokenType === tokens.ArgumentEnd) depth--;
    if (depth > deepest) throw new ExpressionError(`has more than ${deepest} brackets in each other`, spanOf(token));
  }
}

const aWord = "a text in quotes, a number, a variable or a function";
const aTest = `a condition: ${aWord}, an operator like -n, or "("`;
const anOperator = "an operator like ==, =~, -eq or -in";

class ExpressionGrammar extends EmbeddedActionsParser {
  constructor() {
    super(tokens.vocabulary, {
      maxLookahead: 1,
      skipValidations: true,
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected }) => expected.LABEL ?? expected.name,
        buildNoViableAltMessage: ({ customUserDescription }) => customUserDescription ?? aWord,
        buildNotAllInputParsedMessage: () => "&&, || or the end",
        buildEarlyExitMessage: ({ customUserDescription }) => customUserDescription ?? aWord,
      },
    });
    this.performSelfAnalysis();
  }

  readonly condition = this.RULE("condition", (): Test => {
    const tests = [this.SUBRULE(this.#conjunction)];
    this.MANY(() => {
      this.CONSUME(tokens.Or);
      tests.push(this.SUBRULE2(this.#conjunction));
    });
    return several("or", tests);
  });

  readonly #conjunction = this.RULE("conjunction", (): Test => {
    const tests = [this.SUBRULE(this.#negation)];
    this.MANY(() => {
      this.CONSUME(tokens.And);
      tests.push(this.SUBRULE2(this.#negation));
    });
    return several("and", tests);
  });

  readonly #negation = this.RULE("negation", (): Test => {
    let negated = false;
    this.MANY(() => {
      this.CONSUME(tokens.Not);
      negated = !negated;
    });
    const test = this.SUBRULE(this.#test);
    return negated ? { kind: "not", test } : test;
  });

  readonly #test = this.RULE("test", (): Test => {
    return this.OR({
      DEF: [
        { ALT: () => constant(this.CONSUME(tokens.True), true) },
        { ALT: () => constant(this.CONSUME(tokens.False), false) },
        { ALT: () => this.SUBRULE(this.#bracketed) },
        { ALT: () => this.SUBRULE(this.#unary) },
        { ALT: () => this.SUBRULE(this.#comparison) },
      ],
      ERR_MSG: aTest,
    });
  });

  readonly #bracketed = this.RULE("bracketed", (): Test => {
    this.CONSUME(tokens.Open);
    const test = this.SUBRULE(this.condition);
    this.CONSUME(tokens.Close);
    return test;
  });

  readonly #unary = this.RULE("unary", (): Test => {
    const name = this.CONSUME(tokens.UnaryName);
    const operand = this.SUBRULE(this.#word);
    return { kind: "unary", name: name.image.slice(1), operand, span: spanOf(name) };
  });

  readonly #comparison = this.RULE("comparison", (): Test => {
    const left = this.SUBRULE(this.#word);
    return this.OR({
      DEF: [
        {
          ALT: (): Test => {
            const { image } = this.CONSUME(tokens.Comparison);
            return { kind: "compare", operator: comparisonOf(image), left, right: this.SUBRULE2(this.#word) };
          },
        },
        {
          ALT: (): Test => {
            const { image } = this.CONSUME(tokens.Matching);
            return { kind: "match", left, regex: regexOf(this.CONSUME(tokens.RegexText)), negated: image === "!~" };
          },
        },
        {
          ALT: (): Test => {
            this.CONSUME(tokens.In);
            return { kind: "in", left, list: this.SUBRULE(this.#list) };
          },
        },
        {
          ALT: (): Test => {
            const name = this.CONSUME(tokens.BinaryName);
            const right = this.SUBRULE3(this.#word);
            return { kind: "binary", name: name.image.slice(1), left, right, span: spanOf(name) };
          },
        },
      ],
      ERR_MSG: anOperator,
    });
  });

  readonly #list = this.RULE("list", (): WordList => {
    return this.OR({
      DEF: [
        {
          ALT: (): WordList => {
            this.CONSUME(tokens.OpenList);
            const words: Word[] = [];
            this.AT_LEAST_ONE_SEP({ SEP: tokens.Comma, DEF: () => void words.push(this.SUBRULE(this.#word)) });
            this.CONSUME(tokens.CloseList);
            return { kind: "words", words };
          },
        },
        { ALT: (): WordList => this.SUBRULE(this.#call) },
      ],
      ERR_MSG: "a list {...} or a function that gives one",
    });
  });

  readonly #word = this.RULE("word", (): Word => {
    const parts = [this.SUBRULE(this.#term)];
    this.MANY(() => {
      this.CONSUME(tokens.Dot);
      parts.push(this.SUBRULE2(this.#term));
    });
    return joined(parts);
  });

  readonly #term = this.RULE("term", (): Word => {
    return this.OR({
      DEF: [
        { ALT: (): Word => ({ kind: "text", text: this.CONSUME(tokens.Digits).image }) },
        { ALT: () => this.SUBRULE(this.#string) },
        { ALT: () => this.SUBRULE(this.#variable) },
        { ALT: (): Word => this.SUBRULE(this.#call) },
      ],
      ERR_MSG: aWord,
    });
  });

  readonly #string = this.RULE("string", (): Word => {
    this.CONSUME(tokens.StringBegin);
    const parts: Word[] = [];
    this.MANY(() => void parts.push(this.SUBRULE(this.#part)));
    this.CONSUME(tokens.StringEnd);
    return joined(parts);
  });

  readonly whole = this.RULE("whole", (): Word => {
    const parts: Word[] = [];
    this.MANY(() => void parts.push(this.SUBRULE(this.#part)));
    return joined(parts);
  });

  readonly #part = this.RULE("part", (): Word => {
    return this.OR([
      { ALT: (): Word => ({ kind: "text", text: byteString(this.CONSUME(tokens.Text).image) }) },
      {
        ALT: (): Word => {
          const escape = this.CONSUME(tokens.Escape);
          return { kind: "text", text: this.ACTION(() => unescape(escape)) };
        },
      },
      { ALT: () => this.SUBRULE(this.#variable) },
    ]);
  });

  readonly #variable = this.RULE("variable", (): Word => {
    return this.OR({
      DEF: [
        {
          ALT: (): Word => {
            const variable = this.CONSUME(tokens.Variable);
            return { kind: "variable", name: variable.image.slice(2, -1), span: spanOf(variable) };
          },
        },
        {
          ALT: (): Word => {
            const call = this.CONSUME(tokens.Call);
            const parts: Word[] = [];
            this.AT_LEAST_ONE({ DEF: () => void parts.push(this.SUBRULE(this.#part)), ERR_MSG: "an argument" });
            this.CONSUME(tokens.ArgumentEnd);
            return { kind: "call", name: call.image.slice(2, -1), argument: joined(parts), span: spanOf(call) };
          },
        },
        { ALT: (): Word => ({ kind: "group", number: Number(this.CONSUME(tokens.Group).image.slice(1)) }) },
      ],
      ERR_MSG: aWord,
    });
  });

  readonly #call = this.RULE("call", (): Word & { readonly kind: "call" } => {
    const name = this.CONSUME(tokens.Name);
    this.CONSUME(tokens.Open);
    const argument = this.SUBRULE(this.#word);
    this.CONSUME(tokens.Close);
    return { kind: "call", name: name.image, argument, span: spanOf(name) };
  });
}

function several(kind: "and" | "or", tests: readonly Test[]): Test {
  const [only] = tests;
  return only && tests.length === 1 ? only : { kind, tests };
}

/** Neighbouring texts become one. */
function joined(parts: readonly Word[]): Word {
  const merged: Word[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (part?.kind === "text" && last?.kind === "text")
      merged[merged.length - 1] = { kind: "text", text: last.text + part.text };
    else merged.push(part);
  }
  const [only] = merged;
  if (merged.length > 1) return { kind: "joined", parts: merged };
  return only ?? { kind: "text", text: "" };
}

function constant(_token: IToken, value: boolean): Test {
  return { kind: "constant", value };
}

function comparisonOf(image: string): TextComparison | NumberComparison {
  if (image === "=") return "==";
  return (/^[a-z]/.test(image) ? `-${image}` : image) as TextComparison | NumberComparison;
}

function regexOf(token: IToken): Regex {
  const { image } = token;
  const ignoreCase = image.length > 2 && image.endsWith("i") && image.slice(-2, -1) === delimiterOf(image);
  const source = image.slice(image.startsWith("/") ? 1 : 2, ignoreCase ? -2 : -1);
  return { source, ignoreCase, span: spanOf(token) };
}

function delimiterOf(image: string): string {
  return image.charAt(image.startsWith("/") ? 0 : 1);
}

const controls: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

function unescape(token: IToken): string {
  const escaped = token.image.slice(1);
  if (!/^\d/.test(escaped)) return controls[escaped] ?? byteString(escaped);
  if (!/^[0-7]{1,3}$/.test(escaped)) {
    throw new ExpressionError("has an escape sequence that is no octal number of a byte", spanOf(token));
  }
  const code = parseInt(escaped, 8);
  if (code > 0xff) throw new ExpressionError("has an escape sequence beyond \\377", spanOf(token));
  return String.fromCharCode(code);
}

function spanOf({ startOffset, image }: IToken): Span {
  return { at: startOffset, length: Math.max(1, image.length) };
}

/** What was expected and found; Chevrotain's messages are the former alone. */
function faultOf(error: IRecognitionException, source: string, open: IToken | undefined): ExpressionError {
  const { message, token } = error;
  const { previousToken } = error as { previousToken?: IToken };
  const isEnd = Number.isNaN(token.startOffset) || token.image === "";
  const unclosed = message === tokens.StringEnd.LABEL;
  const advice = adviceFor(token, previousToken, message);
  if (isEnd && open) {
    return new ExpressionError(`has a regular expression without its closing '${open.image.slice(-1)}'`, spanOf(open));
  }
  if (isEnd) {
    const span = { at: Math.max(0, source.length - 1), length: 1 };
    const quoted = unclosed ? "has a text without its closing quote" : `ends where ${message} is expected`;
    return new ExpressionError(source.trim() === "" ? "is empty" : quoted, span, advice);
  }
  return new ExpressionError(`expects ${message}, found "${token.image}"`, spanOf(token), advice);
}

function adviceFor(
  { tokenType: found, image: foundImage }: IToken,
  previous: IToken | undefined,
  expected: string,
): string | undefined {
  const before = previous?.tokenType;
  const image = found === tokens.Name ? foundImage : (previous?.image ?? "");
  const word = [found, before].includes(tokens.Name) ? image : "";
  if (/^(?:true|false|and|or|not|in|eq|ne|lt|le|gt|ge)$/i.test(word))
    return `write ${word.toLowerCase()}, in small letters`;
  if (/^(?:join|split|sub|replace)$/.test(word)) return `${word} comes with Apache 2.5`;
  if (before === tokens.Name && expected === tokens.Open.LABEL) return "texts stand in quotes: 'text'";
  if (found === tokens.Name && expected !== anOperator) return "texts stand in quotes: 'text'";
  if (found === tokens.RegexText && expected === aWord) return "texts and file names stand in quotes: '/text'";
  if (expected === anOperator) return "a text alone is no condition: compare it, or write -n or -T before it";
  return undefined;
}
