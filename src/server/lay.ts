// A plan and sections → the plan with them laid over it.
import type { AppliedSection } from "../config/apply.js";
import type { Plan } from "../config/merge.js";

/** Lays sections over a plan, in order. */
export function lay(plan: Plan, sections: readonly AppliedSection[]): Plan {
  let result = plan;
  for (const section of sections) result = result.with(section);
  return result;
}
