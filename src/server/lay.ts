// A plan and sections → the plan with them laid over it, their Limits for the method included.
import type { AppliedSection } from "../config/apply.js";
import type { Plan } from "../config/merge.js";

/** Lays sections over a plan, in order. */
export function lay(plan: Plan, sections: readonly AppliedSection[], method: string): Plan {
  let result = plan;
  for (const section of sections) {
    result = result.with(section);
    // Limits narrow their body to methods; they stand inside the section they belong to, or each other.
    for (const inner of section.body.sections) {
      const { matcher } = inner;
      if (matcher.kind === "limit" && matcher.methods.includes(method) !== matcher.except) {
        result = lay(result, [inner], method);
      }
    }
  }
  return result;
}
