// Text of an expression → its tokens: operators, words, and the parts of quoted texts.
import type { IToken, Lexer as ChevrotainLexer, TokenType } from "chevrotain";
import { createToken, Lexer } from "../chevrotain.js";
import { ExpressionError } from "./tree.js";

const space = createToken({ name: "Space", pattern: /[ \t\n]+/, group: Lexer.SKIPPED });

export const Name = createToken({ name: "Name", label: "a name", pattern: /[a-zA-Z][a-zA-Z0-9_]*/ });
export const BinaryName = createToken({ name: "BinaryName", label: "an operator", pattern: /-[a-zA-Z_][a-zA-Z_0-9]+/ });
export const UnaryName = createToken({ name: "UnaryName", label: "an operator", pattern: /-[a-zA-Z_]/ });
export const Digits = createToken({ name: "Digits", label: "a number", pattern: /-?[0-9]+/ });

/** A word that is only that operator if it is not the beginning of a longer name. */
const keyword = (name: string, pattern: RegExp, longer: TokenType, categories: TokenType[] = []): TokenType =>
  createToken({ name, pattern, longer_alt: longer, categories });
const operator = (name: string, pattern: RegExp, categories: TokenType[] = []): TokenType =>
  createToken({ name, pattern, categories });

export const Comparison = createToken({ name: "Comparison", label: "an operator", pattern: Lexer.NA });
export const Matching = createToken({ name: "Matching", label: "=~ or !~", pattern: Lexer.NA });
export const In = createToken({ name: "In", label: "-in", pattern: Lexer.NA });
export const And = createToken({ name: "And", label: "&&", pattern: Lexer.NA });
export const Or = createToken({ name: "Or", label: "||", pattern: Lexer.NA });
export const Not = createToken({ name: "Not", label: "!", pattern: Lexer.NA });
export const True = keyword("True", /true/, Name);
export const False = keyword("False", /false/, Name);
export const Dot = operator("Dot", /\./);
export const Open = createToken({ name: "Open", label: '"("', pattern: /\(/ });
export const Close = createToken({ name: "Close", label: '")"', pattern: /\)/ });
export const OpenList = createToken({ name: "OpenList", label: '"{"', pattern: /\{/ });
export const CloseList = createToken({ name: "CloseList", label: '"}"', pattern: /\}/ });
export const Comma = createToken({ name: "Comma", label: '","', pattern: /,/ });

/** `/re/`, or `m#re#` with one of some other delimiters, and "i" behind it. */
export const RegexText = createToken({
  name: "RegexText",
  label: "a regular expression (/.../ or m#...#)",
  pattern: /\/[^/]*\/i?|m(?:([/#$%^,;:?|\-!.'"])[^]*?\1|_(?![a-zA-Z0-9_])[^_]*_)i?/,
  line_breaks: true,
});
/** The beginning of one that has no end. */
const openRegex = createToken({ name: "OpenRegex", pattern: /\/|m[/#$%^,;:?|\-!.'"]|m_(?![a-zA-Z0-9_])/ });

/** `%{NAME}`. */
export const Variable = createToken({ name: "Variable", label: "%{...}", pattern: /%\{[a-zA-Z][a-zA-Z0-9_]*\}/ });
/** `%{name:`, with the argument and `ArgumentEnd` behind it. */
export const Call = createToken({
  name: "Call",
  label: "%{...}",
  pattern: /%\{[a-zA-Z][a-zA-Z0-9_]*:/,
  push_mode: "argument",
});
const badVariable = createToken({ name: "BadVariable", pattern: /%\{[a-zA-Z0-9_]*/ });
export const ArgumentEnd = createToken({ name: "ArgumentEnd", label: '"}"', pattern: /\}/, pop_mode: true });
/** `$0` to `$9`. */
export const Group = createToken({ name: "Group", label: "$0 to $9", pattern: /\$[0-9]/ });

/** Text in a string, as written. */
export const Text = createToken({ name: "Text", label: "text", pattern: Lexer.NA });
/** A backslash with what it stands before. */
export const Escape = createToken({ name: "Escape", label: "text", pattern: /\\(?:[0-9]+|[^])/, line_breaks: true });
export const StringBegin = createToken({ name: "StringBegin", label: "a text in quotes", pattern: Lexer.NA });
export const StringEnd = createToken({ name: "StringEnd", label: "the closing quote", pattern: Lexer.NA });
const lineFeed = createToken({ name: "LineFeed", pattern: /\n/, line_breaks: true });

const text = (name: string, pattern: RegExp): TokenType => createToken({ name, pattern, categories: [Text] });
const begin = (name: string, pattern: RegExp, mode: string): TokenType =>
  createToken({ name, pattern, push_mode: mode, categories: [StringBegin] });
const end = (name: string, pattern: RegExp): TokenType =>
  createToken({ name, pattern, pop_mode: true, categories: [StringEnd] });

const inStrings = [Variable, Call, badVariable, Group, Escape, lineFeed];

const expressionMode = [
  space,
  Variable,
  Call,
  badVariable,
  Group,
  begin("DoubleQuote", /"/, "double"),
  begin("SingleQuote", /'/, "single"),
  RegexText,
  openRegex,
  operator("Matches", /=~/, [Matching]),
  operator("MatchesNot", /!~/, [Matching]),
  operator("Equal", /==?/, [Comparison]),
  operator("Unequal", /!=/, [Comparison]),
  operator("AtMost", /<=/, [Comparison]),
  operator("Below", /</, [Comparison]),
  operator("AtLeast", />=/, [Comparison]),
  operator("Above", />/, [Comparison]),
  operator("Ampersands", /&&/, [And]),
  operator("Bars", /\|\|/, [Or]),
  operator("Exclamation", /!/, [Not]),
  keyword("AndWord", /and/, Name, [And]),
  keyword("OrWord", /or/, Name, [Or]),
  keyword("NotWord", /not/, Name, [Not]),
  keyword("DashIn", /-in/, BinaryName, [In]),
  keyword("InWord", /in/, Name, [In]),
  keyword("DashComparison", /-(?:eq|ne|ge|le|gt|lt)/, BinaryName, [Comparison]),
  keyword("WordComparison", /eq|ne|ge|le|gt|lt/, Name, [Comparison]),
  True,
  False,
  Dot,
  BinaryName,
  UnaryName,
  Digits,
  Name,
  Open,
  Close,
  OpenList,
  CloseList,
  Comma,
];

/** All tokens, for the grammar. */
export const vocabulary: TokenType[] = [
  ...expressionMode,
  ...[Comparison, Matching, In, And, Or, Not, ArgumentEnd, Text, Escape, StringBegin, StringEnd, lineFeed],
];

let lexer: ChevrotainLexer | undefined;

/** Texts and regular expressions are no longer than this in Apache. */
const longest = 8192;

/** What a text is made of. */
export interface Tokens {
  readonly input: IToken[];
  /** The beginning of a regular expression that does not end. */
  readonly open: IToken | undefined;
}

/** The tokens of a condition, or of a text with `%{...}` in it. Throws an ExpressionError. */
export function tokenize(source: string, mode: "expression" | "whole"): Tokens {
  lexer ??= new Lexer(
    {
      modes: {
        expression: expressionMode,
        double: [...inStrings, end("DoubleQuoteEnd", /"/), text("InDouble", /(?:[^"\\\n%$]|%(?!\{)|\$(?![0-9]))+/)],
        single: [...inStrings, end("SingleQuoteEnd", /'/), text("InSingle", /(?:[^'\\\n%$]|%(?!\{)|\$(?![0-9]))+/)],
        argument: [...inStrings, ArgumentEnd, text("InArgument", /(?:[^}\\\n%$"']|%(?!\{)|\$(?![0-9]))+/)],
        whole: [...inStrings, text("InWhole", /(?:[^\\\n%$]|%(?!\{)|\$(?![0-9]))+/)],
      },
      defaultMode: "expression",
    },
    { positionTracking: "onlyOffset", skipValidations: true },
  );
  const { tokens, errors } = lexer.tokenize(source, mode);
  const [error] = errors;
  const limit = error?.offset ?? Infinity;
  for (const token of tokens) {
    if (token.startOffset > limit) break;
    // As in Apache the rest counts for nothing; where an operand is missing then, that is the error.
    if (token.tokenType === openRegex) return { input: tokens.slice(0, tokens.indexOf(token)), open: token };
    refuseBad(token, source);
  }
  if (error) {
    const found = source.charAt(error.offset);
    throw new ExpressionError(
      found === "\\" ? "ends with a backslash" : `has a character that means nothing here, ${JSON.stringify(found)}`,
      { at: error.offset, length: 1 },
      /[`;]/.test(found) ? undefined : "texts stand in quotes",
    );
  }
  return { input: tokens, open: undefined };
}

function refuseBad({ tokenType, image, startOffset }: IToken, source: string): void {
  const span = { at: startOffset, length: image.length };
  if (tokenType === badVariable) {
    const next = source.charAt(startOffset + image.length);
    const reason = next === "" ? "has a %{ without its }" : `has a variable whose name cannot go on with '${next}'`;
    throw new ExpressionError(reason, span, "variables are %{NAME} or %{function:argument}");
  }
  if (tokenType === lineFeed) throw new ExpressionError("has a line feed in a text", span, "write \\n");
  if (image.length > longest) throw new ExpressionError(`has a text of more than ${longest} characters`, span);
}
