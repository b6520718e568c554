// if, elif, else and endif → whether what follows is sent.
import type { Element } from "./parse.js";
import { evaluateLegacy, LegacyError } from "./legacy.js";
import type { Page } from "./page.js";

/** What such a directive puts in its place; undefined: it is another one. */
export function conditional(page: Page, element: Element): string | Promise<string> | undefined {
  switch (element.name) {
    case "if":
      return begin(page, element);
    case "elif":
      return elseIf(page, element);
    case "else":
      return otherwise(page, element);
    case "endif":
      return end(page, element);
    default:
      return undefined;
  }
}

function begin(page: Page, element: Element): string | Promise<string> {
  if (!page.prints) {
    page.depth++;
    return "";
  }
  return decide(page, element, () => {
    page.depth = 0;
  });
}

function elseIf(page: Page, element: Element): string | Promise<string> {
  if (page.depth > 0) return "";
  if (page.wasTrue && element.args.length === 1) {
    page.prints = false;
    return "";
  }
  return decide(page, element, () => undefined);
}

function otherwise(page: Page, { args }: Element): string {
  if (page.depth > 0) return "";
  if (args.length > 0) {
    const message = page.fail("AH01360: else directive does not take tags");
    return page.prints ? message : "";
  }
  page.prints = !page.wasTrue;
  page.wasTrue = true;
  return "";
}

function end(page: Page, { args }: Element): string {
  if (page.depth > 0) {
    page.depth--;
    return "";
  }
  if (args.length > 0) return page.fail("AH01361: endif directive does not take tags");
  page.prints = page.wasTrue = true;
  return "";
}

/** One that fails is false, and so is what else there may be. */
async function decide(page: Page, element: Element, decided: () => void): Promise<string> {
  const fault = await faultOf(page, element, decided);
  if (fault === undefined) return "";
  page.prints = false;
  return page.fail(fault);
}

async function faultOf(page: Page, { name, args }: Element, decided: () => void): Promise<string | undefined> {
  const [argument] = args;
  if (!argument || args.length > 1) return `${name} takes one argument, expr,`;
  if (argument.name !== "expr") return `AH01354: unknown parameter "${argument.name}" to tag if`;
  if (argument.value === undefined) return `AH01355: missing expr value for ${name} element`;
  let isTrue: boolean;
  try {
    isTrue = await test(page, argument.value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `AH01337: Could not parse expr "${argument.value}": ${reason}`;
  }
  page.prints = page.wasTrue = isTrue;
  decided();
  return undefined;
}

async function test(page: Page, expression: string): Promise<boolean> {
  const { request, variables } = page;
  if (page.usesLegacy) {
    const canAccess = async (url: string): Promise<boolean> => (await request.lookup(url)).status < 400;
    return evaluateLegacy(expression, { variables, canAccess });
  }
  // The groups of these matches stay within the expression, as in Apache.
  const verdict = await page.compile(expression).test(request);
  if (verdict === undefined) throw new LegacyError("it could not be evaluated");
  return verdict;
}
