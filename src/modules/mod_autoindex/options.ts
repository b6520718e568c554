// IndexOptions lines → one set of options, as lines and sections combine them.
import type { Place, Setting } from "../../api/index.js";

const names = [
  "FancyIndexing",
  "FoldersFirst",
  "HTMLTable",
  "IconsAreLinks",
  "IgnoreCase",
  "IgnoreClient",
  "ScanHTMLTitles",
  "ShowForbidden",
  "SuppressColumnSorting",
  "SuppressDescription",
  "SuppressHTMLPreamble",
  "SuppressIcon",
  "SuppressLastModified",
  "SuppressRules",
  "SuppressSize",
  "TrackModified",
  "VersionSort",
  "XHTML",
  "AddAltClass",
] as const;

/** An option that is on or off. */
export type Option = (typeof names)[number];

/** What lines say of options: those that are on, those added to and taken from outer ones. */
export interface OptionLines {
  /** Undefined: no plain word has been said. */
  readonly plain: ReadonlySet<Option> | undefined;
  readonly added: ReadonlySet<Option>;
  readonly removed: ReadonlySet<Option>;
  /** A word without a sign, be it one with a value: what was added and taken by earlier words is forgotten. */
  readonly restarts: boolean;
  readonly values: Values;
}

/** Options with a value; widths in characters or pixels. */
export interface Values {
  readonly iconWidth?: number;
  readonly iconHeight?: number;
  readonly nameWidth?: number | "*";
  readonly descriptionWidth?: number | "*";
  readonly charset?: string;
  readonly type?: string;
  readonly oldDates?: boolean;
}

const nothing: ReadonlySet<Option> = new Set();
const joined = (set: ReadonlySet<Option>, more: Iterable<Option>): ReadonlySet<Option> => new Set([...set, ...more]);
const without = (set: ReadonlySet<Option>, less: ReadonlySet<Option>): ReadonlySet<Option> =>
  new Set([...set].filter((each) => !less.has(each)));

/** The setting: `plain` of merged settings is what is on. */
export const options: Setting<OptionLines> = {
  initial: { plain: undefined, added: nothing, removed: nothing, restarts: false, values: {} },
  add: (earlier, later) => {
    const before = later.restarts ? options.initial : earlier;
    return {
      plain:
        later.plain && later.plain.size > 0
          ? joined(earlier.plain ?? nothing, later.plain)
          : (later.plain ?? earlier.plain),
      added: joined(without(before.added, later.removed), later.added),
      removed: joined(without(before.removed, later.added), later.removed),
      restarts: earlier.restarts || later.restarts,
      values: { ...earlier.values, ...later.values },
    };
  },
  nest: (outer, inner) => {
    const values = { ...outer.values, ...inner.values };
    // As in Apache, which forgets words with signs beside plain ones.
    if (inner.plain) return { ...options.initial, plain: inner.plain, values };
    const added = without(joined(outer.added, inner.added), inner.removed);
    const removed = joined(outer.removed, inner.removed);
    return { plain: without(joined(outer.plain ?? nothing, added), removed), added, removed, restarts: false, values };
  },
};

/** Reads the words of a line. */
export function readOptions(words: readonly string[], place: Place): OptionLines {
  let lines: OptionLines = options.initial;
  for (const word of words) lines = options.add(lines, readWord(word, place));
  return lines;
}

function readWord(word: string, place: Place): OptionLines {
  const sign = /^[+-]/.exec(word)?.[0] ?? "";
  const text = sign === "" ? word : word.slice(1);
  if (/^none$/i.test(text)) {
    if (sign !== "") return place.fail("cannot combine + or - with None");
    return { ...options.initial, plain: new Set(), restarts: true };
  }
  const option = names.find((each) => each.toLowerCase() === text.toLowerCase());
  if (option && sign === "") return { ...options.initial, plain: new Set([option]), restarts: true };
  if (option && sign === "+") return { ...options.initial, added: new Set([option]) };
  if (option) return { ...options.initial, removed: new Set([option]) };
  return { ...options.initial, restarts: sign === "", values: readValue(text, sign === "-", place) };
}

function readValue(text: string, isRemoved: boolean, place: Place): Values {
  const equals = text.indexOf("=");
  const name = (equals < 0 ? text : text.slice(0, equals)).toLowerCase();
  const value = equals < 0 ? undefined : text.slice(equals + 1);
  if (isRemoved && value !== undefined) return place.fail(`cannot combine - with a value, found "-${text}"`);
  switch (name) {
    case "iconwidth":
      return { iconWidth: isRemoved ? 0 : value === undefined ? 20 : parseInt(value, 10) || 0 };
    case "iconheight":
      return { iconHeight: isRemoved ? 0 : value === undefined ? 22 : parseInt(value, 10) || 0 };
    case "namewidth":
      return { nameWidth: widthOf(value, isRemoved, { least: 5, text }, place) };
    case "descriptionwidth":
      return { descriptionWidth: widthOf(value, isRemoved, { least: 12, text }, place) };
    case "charset":
      return { charset: value ?? "" };
    case "type":
      return { type: value ?? "" };
    case "useolddateformat":
      return { oldDates: !isRemoved };
    default:
      return place.fail(`there is no option "${text}"`);
  }
}

function widthOf(
  value: string | undefined,
  isRemoved: boolean,
  { least, text }: { readonly least: number; readonly text: string },
  place: Place,
): number | "*" {
  if (value === undefined) return isRemoved ? 23 : place.fail(`${text} needs a value: a number or *`);
  if (value === "*") return "*";
  const width = parseInt(value, 10) || 0;
  return width !== 0 && width < least ? place.fail(`${text}: the width must be at least ${least}`) : width;
}
