// Hooks of the loaded modules → one order for each phase.
import { phases, type Hook, type Module, type Phase } from "../api/index.js";

/** A hook with the module it belongs to; its settings' type is forgotten. */
export interface OrderedHook {
  readonly module: Module;
  readonly hook: AnyHook;
}

/** A hook, a log hook or an output filter: what they share. */
export interface AnyHook extends Pick<Hook<never>, "before" | "after" | "rank"> {
  readonly onPages?: true;
  when?(settings: unknown): boolean;
  run(...args: never[]): unknown;
}

/** A phase, the output filters, or who keeps responses: all ordered the same way. */
export type Step = Phase | "outputFilter" | "keepResponse";

/** All steps hooks can stand in. */
export const steps: readonly Step[] = [...(Object.keys(phases) as Phase[]), "outputFilter", "keepResponse"];

/** A circle of before and after among modules. */
export class HookOrderError extends Error {
  override readonly name = "HookOrderError";
}

const ranks = { first: 0, middle: 1, last: 2 } as const;

/**
 * The hooks of one step in the order they run: by rank, then by before and after, then in load order. Throws a
 * HookOrderError that names the modules of a circle.
 */
export function orderHooks(modules: readonly Module[], step: Step): readonly OrderedHook[] {
  const hooks = modules.flatMap((module): OrderedHook[] => {
    const own = (module.hooks as Readonly<Record<string, AnyHook | readonly AnyHook[] | undefined>>)[step] ?? [];
    return [own].flat().map((hook) => ({ module, hook }));
  });
  const rank = ({ hook }: OrderedHook): number => ranks[hook.rank ?? "middle"];
  const waiting = [...hooks].sort((a, b) => rank(a) - rank(b));
  const ordered: OrderedHook[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((candidate) => !waiting.some((other) => mustPrecede(other, candidate)));
    if (next < 0) {
      const names = waiting.map(({ module }) => module.name).join(", ");
      throw new HookOrderError(`the hooks of ${names} in ${step} wait for each other: before and after form a circle`);
    }
    ordered.push(...waiting.splice(next, 1));
  }
  return ordered;
}

function mustPrecede(first: OrderedHook, second: OrderedHook): boolean {
  if (first === second) return false;
  return (
    (first.hook.before?.includes(second.module.name) ?? false) ||
    (second.hook.after?.includes(first.module.name) ?? false)
  );
}
