// What mod_autoindex remembers.
import {
  appended,
  byteString,
  defineSettings,
  globToRegExp,
  type Place,
  type Setting,
  type SettingsOf,
  value,
} from "../../api/index.js";
import { options } from "./options.js";

/** An icon or its text, with what it is for. */
export interface Item {
  readonly by: "path" | "type" | "encoding";
  readonly matches: RegExp;
  readonly data: string;
  /** The files it is for at all, by their whole names: those of its section; undefined for all. */
  readonly within: RegExp | undefined;
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

/** Names that are left out. */
interface IgnoredName {
  readonly matches: RegExp;
  readonly within: RegExp | undefined;
}

interface Ignored {
  readonly patterns: readonly IgnoredName[];
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

/**
 * The files that the items of a section are for, as in Apache: those whose whole names begin with what the innermost
 * section is for, be that a directory, a URL or an expression; undefined for all.
 */
export function reachOf({ sections, directory }: Place): RegExp | undefined {
  const section = sections.findLast(({ name }) => sectionsWithPath.test(name));
  if (!section) return directory === undefined ? undefined : wildcards(`${directory}*`);
  if (/^(?:if|else)/i.test(section.name)) return wildcards("*If*");
  const [, quoted, plain = ""] = /^(?:"([^"]*)"|(\S+))/.exec(section.argument) ?? [];
  const path = byteString(quoted ?? plain);
  return wildcards(/^directory$/i.test(section.name) && !/^~$|\/$/.test(path) ? `${path}/*` : `${path}*`);
}

const sectionsWithPath = /^(?:(?:directory|location|files|proxy)(?:match)?|if|else|elseif)$/i;
