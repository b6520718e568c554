// A virtual host and the sections laid over it → the lines that made the settings in force.
import type { Module, Origin, Setting } from "../api/index.js";
import type { AppliedSection, Body, SetBy } from "./apply.js";
import type { CompiledHost } from "./compile.js";
import type { Plan } from "./merge.js";

/** A line whose value is in force, whole or as a part. */
export interface SettingLine {
  readonly directive: string;
  readonly text: string;
  readonly origin: Origin;
  readonly inside: Inside;
}

/** Where a line stands: in no section of the main server or of a virtual host, or in a section. */
export type Inside = "main server" | "virtual host" | AppliedSection;

/** A setting that some line made, with its merged value. */
export interface MadeSetting {
  readonly name: string;
  readonly value: unknown;
  readonly lines: readonly SettingLine[];
}

interface Layer {
  readonly body: Body;
  readonly inside: Inside;
}

/** The settings of a module that lines of the configuration made, outermost line first; lines that were replaced are left out. */
export function settingsMade(host: CompiledHost, plan: Plan, module: Module): readonly MadeSetting[] {
  const layers: readonly Layer[] = [
    ...host.bodies.map((body, index) => ({ body, inside: index === 0 ? "main server" : "virtual host" }) as const),
    ...plan.sections.map((section) => ({ body: section.body, inside: section })),
  ];
  const values = plan.settings[module.name] ?? {};
  return Object.entries(module.settings).flatMap(([name, setting]): MadeSetting[] => {
    const lines = linesOf(layers, { module: module.name, name, setting, ownAt: host.isMain ? 0 : 1 });
    return lines.length === 0 ? [] : [{ name, value: values[name], lines }];
  });
}

interface Asked {
  readonly module: string;
  readonly name: string;
  readonly setting: Setting<unknown>;
  /** The layer at which a virtual host begins. */
  readonly ownAt: number;
}

function linesOf(layers: readonly Layer[], { module, name, setting, ownAt }: Asked): SettingLine[] {
  let lines: SettingLine[] = [];
  let value = setting.initial;
  const laterAlone = replaces((earlier, later) => setting.add(earlier, later), setting);
  const innerAlone = replaces((outer, inner) => setting.nest(outer, inner), setting);
  for (const [index, { body, inside }] of layers.entries()) {
    const setBy = body.setBy.get(`${module}.${name}`);
    // What virtual hosts do not take over from the main server ends where they begin.
    if (index === ownAt && setting.host && !takesOver(setting)) {
      lines = [];
      value = setting.initial;
    }
    if (!setBy) continue;
    const change = body.changes.get(module)?.[name];
    value = setting.nest(value, change);
    if (innerAlone || (typeof change === "object" && value === change)) lines = [];
    lines.push(...(laterAlone ? setBy.slice(-1) : setBy).map((by) => lineOf(by, inside)));
  }
  return lines;
}

function lineOf({ directive, text, origin }: SetBy, inside: Inside): SettingLine {
  return { directive, text, origin, inside };
}

/** Whether the later of two values is the result, whatever the earlier one was. */
function replaces(combine: (earlier: unknown, later: unknown) => unknown, { initial }: Setting<unknown>): boolean {
  const later = Array.isArray(initial) ? [{}] : {};
  try {
    return combine(initial, later) === later;
  } catch {
    return false;
  }
}

function takesOver(setting: Setting<unknown>): boolean {
  const main = Array.isArray(setting.initial) ? [{}] : {};
  try {
    return setting.host?.(main, undefined) === main;
  } catch {
    return true;
  }
}
