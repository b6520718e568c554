// Text of a time to live → what it counts from, and seconds.

/** How long something may be kept. */
export interface Lifetime {
  readonly from: "access" | "modification";
  readonly seconds: number;
}

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

/** Reads "access plus 1 day" or "A86400"; a text that says what was expected where it is neither. */
export function readLifetime(text: string): Lifetime | string {
  // Apache takes whatever digits follow, and none for 0.
  const short = /^([AM])(.*)$/s.exec(text);
  if (short) return { from: short[1] === "A" ? "access" : "modification", seconds: parseInt(short[2] ?? "", 10) || 0 };
  const [base = "", ...words] = text.trim().split(/\s+/);
  const from = /^[na]/i.test(base) ? "access" : /^m/i.test(base) ? "modification" : undefined;
  if (!from) return 'must begin with "access", "now" or "modification"';
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
  return { from, seconds };
}
