// A request → its settings with the `<If>` sections that are true laid over all others.
import type { AppliedSection } from "../config/apply.js";
import { lay } from "./lay.js";
import type { ServerRequest } from "./request.js";

/**
 * Lays the conditions that are true over the request's plan: first all that stand in the virtual host and the sections
 * that match, in the order of those; then those inside the ones that were true, and so on. A promise only where a
 * condition waits for a look-up.
 */
export function layConditions(request: ServerRequest, from = 0): Promise<void> | undefined {
  const { conditions } = request.plan;
  if (conditions.length === from) return undefined;
  return nextOf({ request, conditions, matched: [] }, from, undefined);
}

/** One round: the conditions to ask, and those that were true. */
interface Round {
  readonly request: ServerRequest;
  readonly conditions: readonly AppliedSection[];
  readonly matched: AppliedSection[];
}

/** Goes on at a position; `holds` says whether the section there is known to be true. */
function nextOf(round: Round, from: number, holds: boolean | undefined): Promise<void> | undefined {
  const { request, conditions, matched } = round;
  let known = holds;
  for (let i = from; i < conditions.length; i++) {
    const section = conditions[i];
    if (!section) break;
    const { matcher } = section;
    if (known === undefined && "condition" in matcher) {
      const result = matcher.condition.test(request);
      if (result instanceof Promise) return result.then((value) => nextOf(round, i, value === true));
      known = result === true;
    }
    if (known ?? matcher.kind === "else") {
      matched.push(section);
      i = endOfChain(conditions, i);
    }
    known = undefined;
  }
  // What is in the sections that were true comes behind them.
  request.plan = lay(request.plan, matched);
  return layConditions(request, conditions.length);
}

/** The last position of the chain a section stands in: no other section of it is asked. */
function endOfChain(conditions: readonly AppliedSection[], position: number): number {
  let last = position;
  while (last + 1 < conditions.length && conditions[last + 1]?.matcher.kind !== "if") last++;
  return last;
}
