// The parts of a script → one list of commands in which each jump knows its goal.
import { SedError } from "./error.js";
import type { Command, ScriptPart } from "./script.js";

/** A script as it runs. */
export interface SedProgram {
  readonly commands: readonly Command[];
  /** For "b", "t" and "{" by their place: the place to go on at. */
  readonly goals: ReadonlyMap<number, number>;
  readonly quiet: boolean;
}

const deepest = 20;

/** Throws a SedError where a label or a brace is missing. */
export function link(parts: readonly ScriptPart[]): SedProgram {
  const commands = parts.flatMap((part) => part.commands);
  const goals = new Map<number, number>();
  const labels = new Map<string, number>();
  const open: number[] = [];
  commands.forEach(({ act }, place) => {
    if (act.name === "{") open.push(place);
    if (open.length > deepest) throw new SedError("too many {'s");
    if (act.name === "}") {
      const start = open.pop();
      if (start === undefined) throw new SedError("too many }'s");
      goals.set(start, place + 1);
    }
    if (act.name !== ":") return;
    if (labels.has(act.label)) throw new SedError(`duplicate labels: ${act.label}`);
    labels.set(act.label, place + 1);
  });
  if (open.length > 0) throw new SedError("too many {'s");
  commands.forEach(({ act }, place) => {
    if (act.name !== "b" && act.name !== "t") return;
    const goal = act.label === "" ? commands.length : labels.get(act.label);
    if (goal === undefined) throw new SedError(`undefined label: ${act.label}`);
    goals.set(place, goal);
  });
  return { commands, goals, quiet: parts.some(({ quiet }) => quiet) };
}
