// Sections laid over each other → one frozen set of settings with the hooks that are left under it.
import type { Module } from "../api/index.js";
import { initialValues, isCondition, type AppliedSection, type Body, type Values } from "./apply.js";
import { steps, type AnyHook, type OrderedHook, type Step } from "./order.js";

/** A hook that has something to do under a plan's settings, with its module's settings. */
export interface BoundHook {
  readonly module: string;
  /** Its place among all hooks of the step, those with nothing to do too. */
  readonly position: number;
  readonly run: AnyHook["run"];
  readonly settings: Values;
  /** Of an output filter: whether it is of rank "first", and whether it sees pages the server makes. */
  readonly isFirst: boolean;
  readonly onPages: boolean;
  readonly hook: AnyHook;
}

/** A setting whose value is another one in front of further sections: see `walk` of Setting. */
interface Walk {
  readonly module: string;
  readonly name: string;
  readonly walk: (value: unknown) => unknown;
}

/** Those of the modules, found once. */
export function walksOf(modules: readonly Module[]): readonly Walk[] {
  return modules.flatMap(({ name: module, settings }) =>
    Object.entries(settings).flatMap(([name, setting]) =>
      setting.walk ? [{ module, name, walk: (value: unknown) => setting.walk?.(value) }] : [],
    ),
  );
}

/** What all plans of one configuration share. */
export interface PlanContext {
  readonly modules: readonly Module[];
  readonly hooks: Readonly<Record<Step, readonly OrderedHook[]>>;
  /** The settings that have a `walk`. */
  readonly walks: readonly Walk[];
  /** Number of plans kept; beyond `limit` they are made anew for each request. */
  kept: number;
  readonly limit: number;
}

/** Plans kept in memory for one configuration. */
export const planLimit = 20_000;
/** Plans kept over those that one .htaccess file leads to. */
const passingLimit = 256;

/** What a plan is made of, beside settings. */
type Laid = Pick<Plan, "sections" | "conditions">;

/**
 * The settings in force for one virtual host and one list of matching sections, with the hooks that act under them.
 * Plans form a tree: the next section laid over a plan is another plan, made once and kept.
 */
export class Plan {
  readonly settings: Readonly<Record<string, Values>>;
  readonly hooks: Readonly<Record<Step, readonly BoundHook[]>>;
  /** The sections laid over the virtual host, in order. */
  readonly sections: readonly AppliedSection[];
  /** The `<If>` sections and the like of the virtual host and of the sections laid over it, in order. */
  readonly conditions: readonly AppliedSection[];
  readonly #context: PlanContext;
  readonly #next = new Map<AppliedSection, Plan>();
  #walked: Plan | undefined;
  /** Plans with an .htaccess file over this one: they go when the file does. */
  #passing: WeakMap<AppliedSection, Plan> | undefined;

  constructor(settings: Readonly<Record<string, Values>>, laid: Laid, context: PlanContext) {
    this.settings = settings;
    this.sections = laid.sections;
    this.conditions = laid.conditions;
    this.#context = context;
    this.hooks = bindHooks(settings, context);
  }

  /** The same plan in front of sections of another kind: see `walk` of Setting. */
  get walked(): Plan {
    return (this.#walked ??= this.#walk());
  }

  #walk(): Plan {
    const settings = walkedSettings(this.settings, this.#context.walks);
    return settings === this.settings ? this : new Plan(settings, this, this.#context);
  }

  /** The plan with one more section laid over this one. */
  with(section: AppliedSection): Plan {
    if (section.passing) return this.#withPassing(section);
    const kept = this.#next.get(section);
    if (kept) return kept;
    const settings = nestBody(this.settings, section.body, this.#context.modules);
    const plan = new Plan(settings, this.#laidWith(section), this.#context);
    if (this.#context.kept < this.#context.limit) {
      this.#context.kept++;
      this.#next.set(section, plan);
    }
    return plan;
  }

  #laidWith(section: AppliedSection): Laid {
    const conditions = section.body.sections.filter(isCondition);
    return {
      sections: [...this.sections, section],
      conditions: conditions.length === 0 ? this.conditions : [...this.conditions, ...conditions],
    };
  }

  #withPassing(section: AppliedSection): Plan {
    this.#passing ??= new WeakMap();
    const kept = this.#passing.get(section);
    if (kept) return kept;
    const settings = nestBody(this.settings, section.body, this.#context.modules);
    // What is laid over it is counted on its own: it is forgotten together with the file.
    const plan = new Plan(settings, this.#laidWith(section), { ...this.#context, kept: 0, limit: passingLimit });
    this.#passing.set(section, plan);
    return plan;
  }
}

/** The settings of the main server. */
export function mainSettings(main: Body, modules: readonly Module[]): Readonly<Record<string, Values>> {
  const initial = Object.fromEntries(
    modules.map((module) => [module.name, Object.freeze(initialValues(module.settings))]),
  );
  return nestBody(initial, main, modules);
}

/** The settings at the top of a virtual host: `host` of a setting decides where it has one. */
export function hostSettings(
  main: Readonly<Record<string, Values>>,
  own: Body,
  modules: readonly Module[],
): Readonly<Record<string, Values>> {
  const merged: Record<string, Values> = { ...main };
  for (const module of modules) {
    const changes = own.changes.get(module.name);
    const outer = main[module.name] ?? {};
    const values: Record<string, unknown> = {};
    let differs = false;
    for (const [name, setting] of Object.entries(module.settings)) {
      const set = changes !== undefined && name in changes;
      if (!set && !setting.host) continue;
      values[name] = setting.host
        ? setting.host(outer[name], set ? changes[name] : undefined)
        : setting.nest(outer[name], changes?.[name]);
      differs ||= values[name] !== outer[name];
    }
    if (differs) merged[module.name] = Object.freeze({ ...outer, ...values });
  }
  return Object.freeze(merged);
}

function walkedSettings(
  settings: Readonly<Record<string, Values>>,
  walks: readonly Walk[],
): Readonly<Record<string, Values>> {
  let walked = settings;
  for (const { module, name, walk } of walks) {
    const values = walked[module];
    const value = values?.[name];
    const next = walk(value);
    if (next !== value) walked = { ...walked, [module]: Object.freeze({ ...values, [name]: next }) };
  }
  return walked;
}

function nestBody(
  outer: Readonly<Record<string, Values>>,
  body: Body,
  modules: readonly Module[],
): Readonly<Record<string, Values>> {
  if (body.changes.size === 0) return outer;
  const merged: Record<string, Values> = { ...outer };
  for (const module of modules) {
    const changes = body.changes.get(module.name);
    if (!changes) continue;
    const values: Record<string, unknown> = { ...outer[module.name] };
    for (const [name, value] of Object.entries(changes)) {
      const setting = module.settings[name];
      if (setting) values[name] = setting.nest(values[name], value);
    }
    merged[module.name] = Object.freeze(values);
  }
  return Object.freeze(merged);
}

function bindHooks(
  settings: Readonly<Record<string, Values>>,
  context: PlanContext,
): Readonly<Record<Step, readonly BoundHook[]>> {
  const bound = {} as Record<Step, readonly BoundHook[]>;
  for (const step of steps) {
    bound[step] = context.hooks[step].flatMap(({ module, hook }, position): BoundHook[] => {
      const own = settings[module.settingsOwner] ?? {};
      if (hook.when && !hook.when(own)) return [];
      const { rank, onPages } = hook;
      const run = hook.run.bind(hook);
      const filter = { isFirst: rank === "first", onPages: onPages === true };
      return [{ module: module.name, position, run, settings: own, ...filter, hook }];
    });
  }
  return bound;
}
