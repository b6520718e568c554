// Words such as "1 month 2 weeks" → seconds, as mod_expires and mod_usertrack of Apache count them.

const day = 86_400;
/** Units by the letters that tell them apart, as many as it takes. */
const units: readonly (readonly [letters: RegExp, seconds: number])[] = [
  [/^y/i, 365 * day],
  [/^mo/i, 30 * day],
  [/^w/i, 7 * day],
  [/^d/i, day],
  [/^h/i, 3600],
  [/^mi/i, 60],
  [/^s/i, 1],
];

/** The seconds of numbers with their units, behind a "plus" or without; a text that says what was expected instead. */
export function secondsOfPeriod(words: readonly string[]): number | string {
  let seconds = 0;
  for (let i = /^p/i.test(words[0] ?? "") ? 1 : 0; i < words.length; i += 2) {
    const [number = "", unit] = [words[i], words[i + 1]];
    if (!/^\d/.test(number)) return `must have a number instead of "${number}"`;
    if (unit === undefined) return `must have a unit behind "${number}"`;
    const factor = units.find(([letters]) => letters.test(unit))?.[1];
    if (factor === undefined) return `must have years, months, weeks, days, hours, minutes or seconds, not "${unit}"`;
    seconds += parseInt(number, 10) * factor;
  }
  return seconds;
}
