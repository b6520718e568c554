// Lengths of time as mod_md's directives write them → milliseconds, or a share of a certificate's life.

/** A length of time, or a share (0 to 1) of how long a certificate holds. */
export type Slice = { readonly milliseconds: number } | { readonly share: number };

const second = 1000;
export const day = 86_400 * second;

/** The unit is told by its first letter, two where that is "m"; what follows does not matter, as in Apache. */
const units: readonly (readonly [letters: RegExp, milliseconds: number])[] = [
  [/^d/i, day],
  [/^h/i, 3600 * second],
  [/^mi/i, 60 * second],
  [/^ms/i, 1],
  [/^s/i, second],
];

/** Milliseconds; a bare number counts in `unit`. Undefined where it is no length of time. */
export function readDuration(text: string, unit: "s" | "d"): number | undefined {
  const [, number = "", letters = ""] = /^(\d{1,15})(.*)$/s.exec(text) ?? [];
  if (number === "") return undefined;
  const factor = units.find(([start]) => start.test(letters === "" ? unit : letters))?.[1];
  return factor === undefined ? undefined : Number(number) * factor;
}

/** A length of time in days, or "33%". */
export function readSlice(text: string): Slice | undefined {
  const milliseconds = readDuration(text, "d");
  if (milliseconds !== undefined) return { milliseconds };
  const percent = /^(\d{1,9})%$/.exec(text)?.[1];
  return percent === undefined ? undefined : { share: Number(percent) / 100 };
}

/** How long a slice is of a certificate's life, in milliseconds. */
export function lengthOf(slice: Slice, life: number): number {
  return "share" in slice ? slice.share * life : slice.milliseconds;
}

/** Milliseconds since a time; undefined where it has not come yet: the clock has been set back since. */
export function since(time: number): number | undefined {
  const passed = Date.now() - time;
  return passed >= 0 ? passed : undefined;
}

/** As Apache shows it: "33%", "30d". */
export function showSlice(slice: Slice): string {
  return "share" in slice ? `${Math.round(slice.share * 100)}%` : showDuration(slice.milliseconds);
}

/** The largest unit that fits. */
export function showDuration(milliseconds: number): string {
  for (const [unit, length] of [
    ["d", day],
    ["h", 3600 * second],
    ["mi", 60 * second],
    ["s", second],
  ] as const) {
    if (milliseconds > 0 && milliseconds % length === 0) return `${milliseconds / length}${unit}`;
  }
  return `${milliseconds}ms`;
}
