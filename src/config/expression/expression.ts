// Text of an expression → what modules ask of requests: a Condition or a StringExpression.
import {
  expectClientName,
  remoteHostOf,
  showOrigin,
  type Condition,
  type ExpressionContext,
  type ExpressionFunction,
  type ExpressionOptions,
  type Module,
  type Origin,
  type Request,
  type StringExpression,
} from "../../api/index.js";
import { ExpressionWriter } from "./compile.js";
import { parseCondition, parseString } from "./parse.js";
import { Waiting, type Scope, type TestFunction } from "./scope.js";
import type { ScopedFunction } from "./functions.js";
import { expressionVocabulary, restricted, type ExpressionVocabulary } from "./vocabulary.js";

/** What an expression is compiled with. */
export interface ExpressionParts {
  readonly vocabulary: ExpressionVocabulary;
  /** The line it stands in, for what is logged. */
  readonly origin: Origin;
  readonly options: ExpressionOptions;
}

const nothing: ExpressionContext = {};

/** Look-ups one evaluation waits for; a name that is another one each time would make it go on for ever. */
const mostLookups = 20;

/** Compiles a condition. Throws an ExpressionError. */
export function compileCondition(text: string, { vocabulary, origin, options }: ExpressionParts): Condition {
  const writer = new ExpressionWriter(vocabulary, origin, options);
  const run = writer.test(parseCondition(text));
  const vary = options.vary ?? true;
  const test: Condition["test"] = (request, context = nothing) => ask(run, scopeOf(request, context, vary), origin);
  if (!writer.variables.has("REMOTE_HOST")) return { text, variables: writer.variables, test };
  return {
    text,
    variables: writer.variables,
    test: (request, context) => {
      const name = remoteHostOf(request);
      return name instanceof Promise ? name.then(() => test(request, context)) : test(request, context);
    },
  };
}

/** A compiler for conditions met while serving, with functions of a module's own: see ServerView.conditions. */
export function conditionsWith(
  functions: Readonly<Record<string, ExpressionFunction>>,
  modules: readonly Module[],
  origin: Origin,
): (text: string) => Condition {
  const usual = restricted(expressionVocabulary(modules));
  const own = Object.entries(functions).map(([name, call]): [string, ScopedFunction] => [
    name,
    (argument, { request, context }) => call(argument, request, context),
  ]);
  const vocabulary = { ...usual, functions: new Map([...usual.functions, ...own]) };
  return (text) => compileCondition(text, { vocabulary, origin, options: { vary: false } });
}

/** Compiles a text with `%{...}` in it. Throws an ExpressionError. */
export function compileString(text: string, { vocabulary, origin }: ExpressionParts): StringExpression {
  const tree = parseString(text);
  const writer = new ExpressionWriter(vocabulary, origin);
  const run = writer.word(tree);
  if (writer.variables.has("REMOTE_HOST")) expectClientName();
  const constant = tree.kind === "text" ? tree.text : undefined;
  return {
    text,
    constant,
    variables: writer.variables,
    evaluate: (request, context = nothing) => {
      if (constant !== undefined) return constant;
      // Texts have never added to Vary in Apache.
      const scope = scopeOf(request, context, false);
      const filled = run(scope);
      return scope.error === undefined ? filled : fail("AH03298: Evaluation of string expression", scope, origin);
    },
  };
}

function scopeOf(request: Request, context: ExpressionContext, vary: boolean): Scope {
  const captures = context.captures ?? { match: undefined };
  return { request, context, captures, vary, lookups: new Map(), error: undefined };
}

function ask(run: TestFunction, scope: Scope, origin: Origin): ReturnType<Condition["test"]> {
  const { match } = scope.captures;
  let result: boolean;
  try {
    result = run(scope);
  } catch (error) {
    if (!(error instanceof Waiting)) throw error;
    return error.ready.then(() => {
      scope.captures.match = match;
      if (scope.lookups.size > mostLookups) scope.error ??= "too many look-ups";
      return scope.error === undefined
        ? ask(run, scope, origin)
        : fail("AH03299: Evaluation of expression", scope, origin);
    });
  }
  return scope.error === undefined ? result : fail("AH03299: Evaluation of expression", scope, origin);
}

function fail(what: string, { request, error }: Scope, origin: Origin): undefined {
  request.log("error", "core", `${what} from ${showOrigin(origin)} failed: ${error}`);
  return undefined;
}
