// What an expression is to a module: a condition to ask of a request, or a text to fill in from it.
import type { Headers } from "./headers.js";
import type { Request } from "./request.js";

/** The groups `$0` to `$9` stand for: the last match whose pattern has groups; undefined after one that failed. */
export interface Captures {
  match: readonly (string | undefined)[] | undefined;
}

/** What an expression may look at beside the request. */
export interface ExpressionContext {
  /** The response, where there is one: for `resp`, REQUEST_STATUS and CONTENT_TYPE. */
  readonly response?: { readonly status: number; readonly headers: Headers; readonly always?: Headers };
  /** Given: `$0` to `$9` begin with these groups, and those of the last match are left in it. */
  readonly captures?: Captures;
}

/** How to compile an expression. */
export interface ExpressionOptions {
  /** False: request fields that are read are not added to the Vary of the response (logs, `RewriteCond [NV]`). */
  readonly vary?: boolean;
  /** True: comparisons are those of SSLRequire, where of two texts the longer one is greater, and numbers so compare as numbers. */
  readonly longerIsGreater?: boolean;
}

/** A condition of Apache's expression language (`<If>`, `Require expr`, `expr=`), compiled. */
export interface Condition {
  /** As written. */
  readonly text: string;
  /** Names of the variables it asks for, in upper case. */
  readonly variables: ReadonlySet<string>;
  /**
   * Whether it is true of a request; undefined where it could not be told, which has been logged. A promise only where a
   * look-up (`-F`, `-U`) has to wait.
   */
  test(request: Request, context?: ExpressionContext): boolean | undefined | Promise<boolean | undefined>;
}

/** A text with `%{...}` and `$0` to `$9` in it, compiled. Texts are latin1 strings of bytes, as in requests. */
export interface StringExpression {
  /** As written. */
  readonly text: string;
  /** The text, where it is the same for all requests. */
  readonly constant: string | undefined;
  /** Names of the variables it asks for, in upper case. */
  readonly variables: ReadonlySet<string>;
  /** The text filled in; undefined where it could not be, which has been logged. */
  evaluate(request: Request, context?: ExpressionContext): string | undefined;
}

/** Compiles expressions; faults are thrown as ConfigErrors that point into the directive's line. */
export interface ExpressionCompiler {
  /** `text` stands in the directive's line as written, or is a word of it or the end of one (behind "expr="). */
  readonly condition: (text: string, options?: ExpressionOptions) => Condition;
  readonly stringExpression: (text: string, options?: ExpressionOptions) => StringExpression;
}

/** A variable `%{NAME}`, registered as `provides: { expressionVariable: { NAME: variable } }`; names are in upper case. */
export type ExpressionVariable = (request: Request, context: ExpressionContext) => string | undefined;

/**
 * Variables whose names begin alike, registered as `provides: { expressionVariables: { SSL_: family } }`, the beginning in upper
 * case: gives the variable of a name, as the name is written.
 */
export type ExpressionVariableFamily = (name: string) => ExpressionVariable;

/** A variable of the connection's encryption, `SSL_...`; undefined where none has that name, no module knows it, or nothing is encrypted. */
export function encryptionVariable(request: Request, name: string): string | undefined {
  if (!/^SSL_/i.test(name)) return undefined;
  const family = request.providers("expressionVariables").get("SSL_") as ExpressionVariableFamily | undefined;
  return family?.(name)(request, {});
}

/** A function `name(argument)`, registered as `provides: { expressionFunction: { name: function } }`; names are in lower case. */
export type ExpressionFunction = (argument: string, request: Request, context: ExpressionContext) => string | undefined;

/** A function that gives a list to look in with `-in`, registered as `provides: { expressionListFunction: { name: function } }`. */
export type ExpressionListFunction = (
  argument: string,
  request: Request,
  context: ExpressionContext,
) => readonly string[];
