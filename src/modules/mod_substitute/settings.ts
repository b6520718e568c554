// What mod_substitute remembers: the rules of all sections around a response in one list, and the longest line.
import { defineSettings, value, type Setting, type SettingsOf, appended } from "../../api/index.js";
import type { Rule } from "./rule.js";

/** Rules in the order they act in. */
export interface Rules {
  readonly list: readonly Rule[];
  /** Whether those of outer sections act before those of inner ones. */
  readonly outerFirst: boolean | undefined;
}

const rules: Setting<Rules> = {
  initial: { list: [], outerFirst: undefined },
  add: (earlier, later) => ({
    list: appended(earlier.list, later.list),
    outerFirst: later.outerFirst ?? earlier.outerFirst,
  }),
  nest: (outer, inner) => {
    const outerFirst = inner.outerFirst ?? outer.outerFirst;
    return { list: outerFirst ? [...outer.list, ...inner.list] : [...inner.list, ...outer.list], outerFirst };
  },
};

export const substitute = defineSettings("mod_substitute", {
  rules,
  /** Bytes. */
  maxLineLength: value<number>(1_048_576),
});

export type SubstituteSettings = SettingsOf<typeof substitute.settings>;
