// The period of CookieExpires → seconds.
import { secondsOfPeriod } from "../../api/index.js";

/** Longest time that is a date in any case: a hundred years. */
const longest = 100 * 365 * 86_400;

/** Seconds, or what was expected where the text is no period. */
export function secondsOf(text: string): number | string {
  const seconds = /^\d(?:.*\d)?$/s.test(text) ? parseInt(text, 10) : secondsOfPeriod(text.trim().split(/\s+/));
  if (typeof seconds === "string") return seconds;
  return seconds <= longest ? seconds : "must be at most 100 years";
}
