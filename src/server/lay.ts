// A plan and sections → the plan with them laid over it.
import type { AppliedSection } from "../config/apply.js";
import type { Plan } from "../config/merge.js";

/** Lays the sections of one kind that match a request over a plan, in order. */
export function lay(plan: Plan, sections: readonly AppliedSection[]): Plan {
  if (sections.length === 0) return plan;
  let result = plan.walked;
  for (const section of sections) result = result.with(section);
  return result;
}
