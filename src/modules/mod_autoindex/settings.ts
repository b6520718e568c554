// What mod_autoindex remembers.
import { defineSettings, globToRegExp, type Setting, type SettingsOf, value, appended } from "../../api/index.js";
import { options } from "./options.js";

/** An icon, its text or a file to be ignored, with what it is for. */
export interface Item {
  readonly by: "path" | "type" | "encoding";
  /** "^^DIRECTORY^^" and "^^BLANKICON^^" stand for themselves. */
  readonly matches: RegExp | string;
  readonly data: string;
}

/** A description; `full`: for whole paths. */
export interface Description {
  readonly matches: RegExp | string;
  readonly full: boolean;
  readonly text: string;
}

/** Lines of one section in order, inner sections before outer ones. */
const items = <Each>(): Setting<readonly Each[]> => ({
  initial: [],
  add: appended,
  nest: (outer, inner) => [...inner, ...outer],
});

interface Ignored {
  readonly patterns: readonly RegExp[];
  readonly reset: boolean;
}

const ignored: Setting<Ignored> = {
  initial: { patterns: [], reset: false },
  add: (earlier, later) => ({
    patterns: appended(earlier.patterns, later.patterns),
    reset: later.patterns.length === 0 ? later.reset : earlier.reset,
  }),
  nest: (outer, inner) => ({
    patterns: inner.reset ? inner.patterns : [...inner.patterns, ...outer.patterns],
    reset: false,
  }),
};

export const autoindex = defineSettings("mod_autoindex", {
  options,
  icons: items<Item>(),
  alts: items<Item>(),
  descriptions: items<Description>(),
  ignored,
  defaultIcon: value<string | undefined>(undefined),
  styleSheet: value<string | undefined>(undefined),
  headInsert: value<string | undefined>(undefined),
  header: value<string | undefined>(undefined),
  readme: value<string | undefined>(undefined),
  order: value<{ readonly key: string; readonly direction: string }>({ key: "N", direction: "A" }),
});

export type AutoindexSettings = SettingsOf<typeof autoindex.settings>;

/** Wildcards over whole names in which `*` takes slashes too; case matters unless said. */
export function wildcards(pattern: string, ignoreCase = false): RegExp {
  return globToRegExp(pattern.replace(/[[\]\\]/g, "\\$&"), { ignoreCase });
}
