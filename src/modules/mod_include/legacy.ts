// An expression of SSILegacyExprParser → whether it is true.
import { byteString, translatePattern } from "../../api/index.js";
import type { Variables } from "./variables.js";

/** Why an expression cannot be read. */
export class LegacyError extends Error {
  override readonly name = "LegacyError";
}

type Token =
  { readonly kind: "string" | "regex"; readonly text: string } | { readonly kind: "operator"; readonly text: string };

/** What an expression looks at. */
export interface LegacyContext {
  readonly variables: Variables;
  /** Whether a URL may be had (`-A`). */
  canAccess(url: string): Promise<boolean>;
}

/** Evaluates an expression. `&&` and `||` are of equal rank, and what stands behind one belongs together. */
export async function evaluateLegacy(expression: string, context: LegacyContext): Promise<boolean> {
  const tokens = [...tokensOf(expression)];
  if (tokens.length === 0) return false;
  const reader = new Reader(tokens, context);
  const result = await reader.expression();
  if (!reader.isDone) throw new LegacyError(expression);
  return result;
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #context: LegacyContext;
  /** A match later on may set groups, so nothing is skipped. */
  readonly #hasRegex: boolean;
  #at = 0;

  constructor(tokens: readonly Token[], context: LegacyContext) {
    this.#tokens = tokens;
    this.#context = context;
    this.#hasRegex = tokens.some(({ kind }) => kind === "regex");
  }

  get isDone(): boolean {
    return this.#at === this.#tokens.length;
  }

  async expression(skips = false): Promise<boolean> {
    const left = await this.#operand(skips);
    const operator = this.#operator("&&", "||");
    if (operator === undefined) return left;
    const isDecided = !this.#hasRegex && left === (operator === "||");
    const right = await this.expression(skips || isDecided);
    return operator === "&&" ? left && right : left || right;
  }

  async #operand(skips: boolean): Promise<boolean> {
    if (this.#operator("!") !== undefined) return !(await this.#plain(skips));
    if (this.#isNext("string")) return this.#comparison(skips);
    return this.#plain(skips);
  }

  /** What may stand behind a "!". */
  async #plain(skips: boolean): Promise<boolean> {
    const operator = this.#operator("!", "(", "-A");
    if (operator === "!") return !(await this.#plain(skips));
    if (operator === "(") {
      if (this.#operator(")") !== undefined) return true;
      const inner = await this.expression(skips);
      if (this.#operator(")") === undefined) throw new LegacyError("Unmatched '('");
      return inner;
    }
    const text = this.#strings();
    return operator === "-A" ? !skips && (await this.#context.canAccess(text)) : text !== "";
  }

  #comparison(skips: boolean): boolean {
    const left = this.#strings();
    const operator = this.#operator("=", "!=", "<", "<=", ">", ">=");
    if (operator === undefined) return left !== "";
    const next = this.#tokens[this.#at];
    if (next?.kind === "regex") {
      if (operator !== "=" && operator !== "!=") throw new LegacyError("No operator before regex");
      this.#at++;
      return this.#matches(left, this.#context.variables.expand(next.text), skips) === (operator === "=");
    }
    const right = this.#strings();
    if (operator === "=") return left === right;
    if (operator === "!=") return left !== right;
    const order = left < right ? -1 : left > right ? 1 : 0;
    return operator === "<" ? order < 0 : operator === "<=" ? order <= 0 : operator === ">" ? order > 0 : order >= 0;
  }

  #matches(text: string, pattern: string, skips: boolean): boolean {
    if (skips) return false;
    let match: RegExpExecArray | null;
    try {
      match = translatePattern(byteString(pattern)).exec(text);
    } catch (error) {
      throw new LegacyError(error instanceof Error ? error.message : pattern);
    }
    this.#context.variables.captures.match = match ?? undefined;
    return match !== null;
  }

  /** Strings in a row, joined by blanks, with their variables filled in. */
  #strings(): string {
    const words: string[] = [];
    for (let next = this.#tokens[this.#at]; next?.kind === "string"; next = this.#tokens[++this.#at]) {
      words.push(next.text);
    }
    if (words.length === 0) throw new LegacyError("a string is missing");
    return this.#context.variables.expand(words.reduce((all, word) => (all === "" ? word : `${all} ${word}`)));
  }

  #isNext(kind: Token["kind"]): boolean {
    return this.#tokens[this.#at]?.kind === kind;
  }

  #operator(...wanted: readonly string[]): string | undefined {
    const next = this.#tokens[this.#at];
    if (next?.kind !== "operator" || !wanted.includes(next.text)) return undefined;
    this.#at++;
    return next.text;
  }
}

const operators = /^(?:\(|\)|==?|!=?|\|\||&&|>=?|<=?|-A)/;

function* tokensOf(text: string): Generator<Token> {
  let isUrl = false;
  for (let at = 0; ;) {
    while (/[\t-\r ]/.test(text.charAt(at))) at++;
    if (at >= text.length) return;
    const operator = operators.exec(text.slice(at))?.[0];
    if (operator !== undefined) {
      at += operator.length;
      isUrl = operator === "-A";
      yield { kind: "operator", text: operator === "==" ? "=" : operator };
      continue;
    }
    const quote = text[at] === "'" || (text[at] === "/" && !isUrl) ? text.charAt(at) : undefined;
    isUrl = false;
    const read = readString(text, quote === undefined ? at : at + 1, quote);
    yield { kind: quote === "/" ? "regex" : "string", text: read.text };
    at = read.at;
  }
}

/** Up to the closing quote, or to white space or an operator. One whose quote is not closed is empty. */
function readString(text: string, from: number, quote: string | undefined): { text: string; at: number } {
  let value = "";
  let at = from;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === "\\" && at + 1 < text.length) {
      value += text.charAt(++at);
      continue;
    }
    if (char === quote) return { text: value, at: at + 1 };
    if (quote === undefined && (/[\t-\r ()=!<>]/.test(char) || /^(?:\|\||&&)/.test(text.slice(at, at + 2)))) break;
    value += char;
  }
  return { text: quote === undefined ? value : "", at };
}
