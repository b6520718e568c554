// The period of CookieExpires → seconds.

const day = 86_400;
/** Units by the letters that tell them apart. */
const units: readonly (readonly [letters: RegExp, seconds: number])[] = [
  [/^y/i, 365 * day],
  [/^mo/i, 30 * day],
  [/^w/i, 7 * day],
  [/^d/i, day],
  [/^h/i, 3600],
  [/^mi/i, 60],
  [/^s/i, 1],
];

/** Longest time that is a date in any case: a hundred years. */
const longest = 100 * 365 * day;

/** Seconds, or what was expected where the text is no period. */
export function secondsOf(text: string): number | string {
  const seconds = /^\d(?:.*\d)?$/s.test(text) ? parseInt(text, 10) : sumOf(text);
  if (typeof seconds === "string") return seconds;
  return seconds <= longest ? seconds : "must be at most 100 years";
}

function sumOf(text: string): number | string {
  const words = text.trim().split(/\s+/);
  if (/^p/i.test(words[0] ?? "")) words.shift();
  let seconds = 0;
  for (let i = 0; i < words.length; i += 2) {
    const [number = "", unit] = [words[i], words[i + 1]];
    if (!/^\d/.test(number)) return `must have a number instead of "${number}"`;
    if (unit === undefined) return `must have a unit behind "${number}"`;
    const factor = units.find(([letters]) => letters.test(unit))?.[1];
    if (factor === undefined) return `must have years, months, weeks, days, hours, minutes or seconds, not "${unit}"`;
    seconds += parseInt(number, 10) * factor;
  }
  return seconds;
}
