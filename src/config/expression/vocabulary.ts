// The loaded modules → the variables and functions expressions may ask for.
import type {
  ExpressionFunction,
  ExpressionListFunction,
  ExpressionVariable,
  ExpressionVariableFamily,
  Module,
} from "../../api/index.js";
import { functions, type ScopedFunction } from "./functions.js";
import type { WordFunction } from "./scope.js";
import { variables } from "./variables.js";

/** What expressions may ask for. */
export interface ExpressionVocabulary {
  /** By name in upper case. */
  readonly variables: ReadonlyMap<string, WordFunction>;
  /** What reads variables whose names begin so, in upper case. */
  readonly families: ReadonlyMap<string, (name: string) => WordFunction>;
  /** By name in lower case. */
  readonly functions: ReadonlyMap<string, ScopedFunction>;
  readonly lists: ReadonlyMap<string, ExpressionListFunction>;
}

/** Functions that read files: not for those who may write an .htaccess file only. */
export const restrictedFunctions: readonly string[] = ["file", "filesize"];

/** The vocabulary for .htaccess files. */
export function restricted(vocabulary: ExpressionVocabulary): ExpressionVocabulary {
  const allowed = [...vocabulary.functions].filter(([name]) => !restrictedFunctions.includes(name));
  return { ...vocabulary, functions: new Map(allowed) };
}

/** The vocabulary with what modules add: see ExpressionVariable and its like. */
export function expressionVocabulary(modules: readonly Module[]): ExpressionVocabulary {
  const offers = <Offer>(kind: string): [string, Offer][] =>
    modules.flatMap(({ provides }) => Object.entries(provides[kind] ?? {}) as [string, Offer][]);
  return {
    variables: new Map([
      ...variables,
      ...offers<ExpressionVariable>("expressionVariable").map(([name, read]): [string, WordFunction] => [
        name.toUpperCase(),
        ({ request, context }) => read(request, context) ?? "",
      ]),
    ]),
    families: new Map(
      offers<ExpressionVariableFamily>("expressionVariables").map(([start, variableOf]) => [
        start,
        (name: string): WordFunction => {
          const read = variableOf(name);
          return ({ request, context }) => read(request, context) ?? "";
        },
      ]),
    ),
    functions: new Map([
      ...functions,
      ...offers<ExpressionFunction>("expressionFunction").map(([name, call]): [string, ScopedFunction] => [
        name.toLowerCase(),
        (argument, { request, context }) => call(argument, request, context),
      ]),
    ]),
    lists: new Map(
      offers<ExpressionListFunction>("expressionListFunction").map(([name, call]) => [name.toLowerCase(), call]),
    ),
  };
}
