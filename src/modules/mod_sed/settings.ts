// What mod_sed remembers: the scripts of responses and of bodies of requests.
import { defineSettings, type Setting, appended } from "../../api/index.js";
import type { ScriptPart } from "./script.js";

/** The lines of both scripts, in order. */
export interface Scripts {
  readonly output: readonly ScriptPart[];
  readonly input: readonly ScriptPart[];
}

// As in Apache a section with a line of the module takes nothing over from those around it.
const scripts: Setting<Scripts> = {
  initial: { output: [], input: [] },
  add: (earlier, later) => ({
    output: appended(earlier.output, later.output),
    input: appended(earlier.input, later.input),
  }),
  nest: (_outer, inner) => inner,
};

export const sed = defineSettings("mod_sed", { scripts });
