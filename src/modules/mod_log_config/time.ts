// Milliseconds since the epoch → the times of an access log.
import { compileStrftime } from "../../api/index.js";

/** A function of a second, remembered for the last second it was asked for: many requests fall into one. */
export function perSecond(show: (date: Date) => string): (milliseconds: number) => string {
  let second = NaN;
  let text = "";
  return (milliseconds) => {
    const asked = Math.floor(milliseconds / 1000);
    if (asked !== second) {
      second = asked;
      text = show(new Date(asked * 1000));
    }
    return text;
  };
}

/** "[21/Nov/2026:02:34:53 +0000]". */
export const commonLogTime: (date: Date) => string = compileStrftime("[%d/%b/%Y:%H:%M:%S %z]");
