// A page with directives in it → the page as it is sent: pieces as they come, each directive in its turn.
import type { Readable } from "node:stream";
import { core, type Condition, type Request } from "../../api/index.js";
import { conditional } from "./conditional.js";
import { elements } from "./elements.js";
import { PageParser, type Element } from "./parse.js";
import { include, pageKey } from "./settings.js";
import { Variables } from "./variables.js";

/** Bytes as they come, or a text. */
export type Output = string | AsyncIterable<Buffer>;

/** A page at work. */
export class Page {
  readonly request: Request;
  readonly variables: Variables;
  readonly compile: (text: string) => Condition;
  readonly allowsExec: boolean;
  readonly usesLegacy: boolean;
  errorMessage: string;
  undefinedEcho: string;
  sizesInBytes = false;
  /** Whether what stands here is sent, and whether a branch of the innermost `if` has been true. */
  prints = true;
  wasTrue = true;
  /** How many `if` have been begun within a branch that is not sent. */
  depth = 0;

  constructor(request: Request, compile: (text: string) => Condition, parent: Page | undefined) {
    const { errorMessage, undefinedEcho, timeFormat, legacyExpressions } = request.settings(include);
    this.request = request;
    this.compile = compile;
    this.allowsExec = request.settings(core).options.plain?.Includes === true;
    this.usesLegacy = legacyExpressions;
    this.errorMessage = errorMessage;
    this.undefinedEcho = undefinedEcho;
    // What is included shares the variables of what includes it.
    this.variables = parent?.variables ?? new Variables(request, timeFormat);
    if (parent) this.variables.timeFormat = timeFormat;
    request.kept.set(pageKey, this);
  }

  /** Notes a fault; gives what stands in its place. */
  fail(message: string): string {
    this.request.log("error", "include", `${message} in ${this.request.filename}`);
    return this.errorMessage;
  }

  /** What the page becomes. */
  async *render(source: Readable): AsyncGenerator<Buffer> {
    const { startTag, endTag } = this.request.settings(include);
    const parser = new PageParser(startTag, endTag);
    for await (const bytes of source) {
      for (const piece of parser.take((bytes as Buffer).toString("latin1"))) {
        if ("text" in piece) {
          if (this.prints) yield Buffer.from(piece.text, "latin1");
          continue;
        }
        const output = await this.#run(piece.element);
        if (typeof output !== "string") yield* output;
        else if (output !== "") yield Buffer.from(output, "latin1");
      }
    }
    let rest = parser.end();
    if (parser.isInside)
      rest = this.fail("AH01372: SSI directive was not properly finished at the end of parsed document");
    if (this.prints && rest !== "") yield Buffer.from(rest, "latin1");
    if (!this.prints) {
      this.request.log(
        "warn",
        "include",
        `AH01373: missing closing endif directive in parsed document ${this.request.filename}`,
      );
    }
  }

  #run(element: Element): Output | Promise<Output> {
    const { name, fault } = element;
    if (fault !== undefined) {
      const message = this.fail(`AH01370: ${fault}`);
      return this.prints ? message : "";
    }
    const condition = conditional(this, element);
    if (condition !== undefined) return condition;
    const run = Object.hasOwn(elements, name) ? elements[name] : undefined;
    const isKnown = run && (name !== "exec" || this.request.providers("programs").size > 0);
    if (!isKnown) {
      const message = this.fail(`AH01371: unknown directive "${name}"`);
      return this.prints ? message : "";
    }
    return this.prints ? run(this, element.args) : "";
  }
}
