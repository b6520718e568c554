// Values of members and balancers → texts, as Apache writes them.
import type { MemberFlag, ProxyBalancer, ProxyMember } from "../../api/index.js";

const states: readonly (readonly [MemberFlag, string])[] = [
  ["I", "Ign "],
  ["N", "Drn "],
  ["D", "Dis "],
  ["S", "Stop "],
  ["E", "Err "],
  ["H", "Stby "],
  ["R", "Spar "],
  ["C", "HcFl "],
];

/** "Init Drn Ok ". */
export function statusOf(member: ProxyMember): string {
  const isSet = (flag: MemberFlag): boolean => member.has(flag) || (flag === "E" && member.failedAt > 0);
  const words = states.filter(([flag]) => isSet(flag)).map(([, word]) => word);
  const isOut = (["D", "S", "E", "C"] as const).some(isSet);
  return `Init ${words.join("")}${isOut ? "" : "Ok "}`;
}

/** "1.50" of hundredths. */
export function factorOf({ loadFactor }: ProxyMember): string {
  return (loadFactor / 100).toFixed(2);
}

/** Failovers of one request, and whether that was said or comes of the number of members. */
export function attemptsOf({ parameters: { maxAttempts }, members }: ProxyBalancer): number | undefined {
  return maxAttempts ?? (members.length > 1 ? members.length - 1 : undefined);
}
