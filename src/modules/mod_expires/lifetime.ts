// Text of a time to live → what it counts from, and seconds.
import { secondsOfPeriod } from "../../api/index.js";

/** How long something may be kept. */
export interface Lifetime {
  readonly from: "access" | "modification";
  readonly seconds: number;
}

/** Reads "access plus 1 day" or "A86400"; a text that says what was expected where it is neither. */
export function readLifetime(text: string): Lifetime | string {
  // Apache takes whatever digits follow, and none for 0.
  const short = /^([AM])(.*)$/s.exec(text);
  if (short) return { from: short[1] === "A" ? "access" : "modification", seconds: parseInt(short[2] ?? "", 10) || 0 };
  const [base = "", ...words] = text.trim().split(/\s+/);
  const from = /^[na]/i.test(base) ? "access" : /^m/i.test(base) ? "modification" : undefined;
  if (!from) return 'must begin with "access", "now" or "modification"';
  const seconds = secondsOfPeriod(words);
  return typeof seconds === "string" ? seconds : { from, seconds };
}
