// Tree of an expression → a function from requests to its truth, or its text.
import {
  byteString,
  nearest,
  PatternError,
  translatePattern,
  type ExpressionOptions,
  type Origin,
} from "../../api/index.js";
import { binaryOperators, integer, unaryOperators, type Operand } from "./operators.js";
import type { Scope, TestFunction, WordFunction } from "./scope.js";
import {
  ExpressionError,
  type NumberComparison,
  type Regex,
  type Span,
  type Test,
  type TextComparison,
  type Word,
} from "./tree.js";
import { restrictedFunctions, type ExpressionVocabulary } from "./vocabulary.js";

/** Levels of words and conditions in each other that Apache evaluates. */
const deepest = 20;

/** Compiles one expression, and notes the variables it asks for. */
export class ExpressionWriter {
  /** In upper case. */
  readonly variables = new Set<string>();
  readonly #vocabulary: ExpressionVocabulary;
  readonly #origin: Origin;
  readonly #longerIsGreater: boolean;

  constructor(vocabulary: ExpressionVocabulary, origin: Origin, { longerIsGreater = false }: ExpressionOptions = {}) {
    this.#vocabulary = vocabulary;
    this.#origin = origin;
    this.#longerIsGreater = longerIsGreater;
  }

  test(tree: Test, level = 1): TestFunction {
    if (level > deepest) return tooDeepTest;
    switch (tree.kind) {
      case "constant":
        return () => tree.value;
      case "not": {
        const test = this.test(tree.test, level);
        return (scope) => !test(scope);
      }
      case "and":
      case "or":
        return several(
          tree.kind,
          tree.tests.map((each, index) => this.#operandOf(each, level, index === tree.tests.length - 1)),
        );
      case "compare":
        return compare(
          (this.#longerIsGreater ? formerComparisons : comparisons)[tree.operator],
          this.word(tree.left, level + 1),
          this.word(tree.right, level + 1),
        );
      case "match":
        return match(this.word(tree.left, level + 1), regexOf(tree.regex, this.#origin), tree.negated);
      case "in":
        return this.#in(tree, level + 1);
      case "unary":
        return this.#unary(tree, level + 1);
      case "binary":
        return this.#binary(tree, level + 1);
    }
  }

  word(tree: Word, level = 1): WordFunction {
    if (level > deepest) return tooDeepWord;
    switch (tree.kind) {
      case "text":
        return () => tree.text;
      case "variable":
        return this.#variable(tree.name, tree.span);
      case "group":
        return ({ captures }) => captures.match?.[tree.number] ?? "";
      case "call": {
        const call = this.#function(tree.name, tree.span);
        const argument = this.word(tree.argument, level + 1);
        return (scope) => call(argument(scope), scope) ?? "";
      }
      case "joined": {
        const parts = tree.parts.map((part) => this.word(part, level + 1));
        return (scope) => {
          let text = "";
          for (const part of parts) text += part(scope);
          return text;
        };
      }
    }
  }

  /** The last of a chain is evaluated in place of the chain, the others one level below. */
  #operandOf(tree: Test, level: number, isLast: boolean): TestFunction {
    return this.test(tree, isLast ? level : level + 1);
  }

  #operand(tree: Word, level: number): Operand {
    return { tree, read: this.word(tree, level) };
  }

  #in({ left, list }: Test & { kind: "in" }, level: number): TestFunction {
    const read = this.word(left, level);
    if (list.kind === "call") {
      const call = this.#vocabulary.lists.get(list.name.toLowerCase());
      if (!call) throw unknown("a function for lists", list.name, [...this.#vocabulary.lists.keys()], list.span);
      const argument = this.word(list.argument, level);
      return (scope) => call(argument(scope), scope.request, scope.context).includes(read(scope));
    }
    const words = list.words.map((word) => this.word(word, level));
    const texts = list.words.flatMap((word) => (word.kind === "text" ? word.text : []));
    if (texts.length === words.length) {
      const known = new Set(texts);
      return (scope) => known.has(read(scope));
    }
    // From the last to the first, as Apache does: it decides which fields go into Vary.
    return (scope) => {
      const text = read(scope);
      return words.findLast((word) => word(scope) === text) !== undefined;
    };
  }

  #unary({ name, operand, span }: Test & { kind: "unary" }, level: number): TestFunction {
    const make = unaryOperators.get(name);
    if (!make) throw unknown("an operator", `-${name}`, [], span);
    return make(this.#operand(operand, level), span);
  }

  #binary({ name, left, right, span }: Test & { kind: "binary" }, level: number): TestFunction {
    const make = binaryOperators.get(name.toLowerCase());
    const known = [...binaryOperators.keys(), "in", "eq", "ne", "lt", "le", "gt", "ge"].map((each) => `-${each}`);
    if (!make) throw unknown("an operator", `-${name}`, known, span);
    return make(this.#operand(left, level), this.#operand(right, level), span);
  }

  #variable(name: string, span: Span): WordFunction {
    const upper = name.toUpperCase();
    const read = this.#vocabulary.variables.get(upper) ?? this.#member(name, upper);
    if (!read) throw unknown("a variable", name, [...this.#vocabulary.variables.keys()], span);
    this.variables.add(upper);
    return read;
  }

  #member(name: string, upper: string): WordFunction | undefined {
    for (const [start, variableOf] of this.#vocabulary.families) if (upper.startsWith(start)) return variableOf(name);
    return undefined;
  }

  #function(name: string, span: Span): (argument: string, scope: Scope) => string | undefined {
    const found = this.#vocabulary.functions.get(name.toLowerCase());
    if (!found && restrictedFunctions.includes(name.toLowerCase())) {
      throw new ExpressionError(`asks for the function '${name}', which is not available in .htaccess files`, span);
    }
    if (!found) throw unknown("a function", name, [...this.#vocabulary.functions.keys()], span);
    return found;
  }
}

function several(kind: "and" | "or", tests: readonly TestFunction[]): TestFunction {
  const [first, second] = tests;
  if (first && second && tests.length === 2) {
    return kind === "and" ? (scope) => first(scope) && second(scope) : (scope) => first(scope) || second(scope);
  }
  return kind === "and" ? (scope) => tests.every((test) => test(scope)) : (scope) => tests.some((test) => test(scope));
}

type Comparison = (left: string, right: string) => boolean;

const comparisons: Readonly<Record<TextComparison | NumberComparison, Comparison>> = {
  "==": (left, right) => left === right,
  "!=": (left, right) => left !== right,
  "<": (left, right) => left < right,
  "<=": (left, right) => left <= right,
  ">": (left, right) => left > right,
  ">=": (left, right) => left >= right,
  "-eq": (left, right) => equal(integer(left), integer(right)),
  "-ne": (left, right) => !equal(integer(left), integer(right)),
  "-lt": (left, right) => integer(left) < integer(right),
  "-le": (left, right) => integer(left) <= integer(right),
  "-gt": (left, right) => integer(left) > integer(right),
  "-ge": (left, right) => integer(left) >= integer(right),
};

/** Numbers may be of both of JavaScript's kinds. */
function equal(left: number | bigint, right: number | bigint): boolean {
  return !(left < right) && !(left > right);
}

/** Of two texts the longer one is greater. */
function lengthFirst(holds: (order: number) => boolean): Comparison {
  return (left, right) => holds(left.length - right.length || (left < right ? -1 : Number(left > right)));
}

const isSame = lengthFirst((order) => order === 0);
const isOther = lengthFirst((order) => order !== 0);
const isBelow = lengthFirst((order) => order < 0);
const isAtMost = lengthFirst((order) => order <= 0);
const isAbove = lengthFirst((order) => order > 0);
const isAtLeast = lengthFirst((order) => order >= 0);

/** As SSLRequire compares, by all spellings of an operator alike. */
const formerComparisons: typeof comparisons = {
  ...{ "==": isSame, "-eq": isSame, "!=": isOther, "-ne": isOther, "<": isBelow, "-lt": isBelow },
  ...{ "<=": isAtMost, "-le": isAtMost, ">": isAbove, "-gt": isAbove, ">=": isAtLeast, "-ge": isAtLeast },
};

function compare(test: Comparison, left: WordFunction, right: WordFunction): TestFunction {
  return (scope) => test(left(scope), right(scope));
}

interface CompiledRegex {
  readonly regex: RegExp;
  /** Whether a match sets $0 to $9. */
  readonly hasGroups: boolean;
}

function regexOf({ source, ignoreCase, span }: Regex, origin: Origin): CompiledRegex {
  try {
    const text = byteString(source);
    const regex = translatePattern(text, { ignoreCase }, origin);
    return { regex, hasGroups: hasGroups(text) };
  } catch (error) {
    if (error instanceof PatternError)
      throw new ExpressionError(`has a regular expression that ${error.message}`, span);
    throw error;
  }
}

/** With a branch that always matches, a match shows how many groups there are. */
function hasGroups(source: string): boolean {
  if (!source.includes("(")) return false;
  const match = translatePattern(`${source}\n|`).exec("");
  return (match?.length ?? 2) > 1;
}

function match(left: WordFunction, { regex, hasGroups: sets }: CompiledRegex, negated: boolean): TestFunction {
  if (!sets) return (scope) => regex.test(left(scope)) !== negated;
  return (scope) => {
    const found = regex.exec(left(scope));
    scope.captures.match = found ?? undefined;
    return (found !== null) !== negated;
  };
}

function unknown(what: string, name: string, known: readonly string[], span: Span): ExpressionError {
  const near = nearest(name, known);
  return new ExpressionError(
    `asks for ${what} '${name}', which does not exist`,
    span,
    near !== undefined
      ? `did you mean ${near}?`
      : /^(?:filemod|join|SERVER_PROTOCOL_VERSION.*)$/i.test(name)
        ? `${name} comes with Apache 2.5`
        : undefined,
  );
}

function tooDeepWord(scope: Scope): string {
  scope.error ??= "Recursion limit reached";
  return "";
}

function tooDeepTest(scope: Scope): boolean {
  scope.error ??= "Recursion limit reached";
  return false;
}
