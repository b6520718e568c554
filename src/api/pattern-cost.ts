// What a pattern says → how the time that a backtracking engine may take grows with the length of the text.
import type { ByteSet } from "./pattern-class.js";
import type { Part } from "./pattern-tree.js";

/** Rounds from which on a repetition counts as one that goes on for as long as it can. */
const many = 8;
/** Parts beside each other that may be left out, from which on all ways to leave some out are too many. */
const mostOptional = 12;

/**
 * The power of the text's length that matching may take at worst; Infinity where each further character may double it. Never
 * less than it is, and now and then more: two repetitions are taken for such that can match the same text.
 */
export function costOf(pattern: Part): number {
  return degreeOf(pattern) + (isAnchored(pattern) ? 0 : 1);
}

function degreeOf(part: Part): number {
  switch (part.kind) {
    case "set":
    case "character":
    case "same":
      return 0;
    case "back":
      return 1;
    case "capture":
    case "look":
    case "atomic":
      return degreeOf(part.body);
    case "choice":
      return Math.max(...part.branches.map(degreeOf));
    case "sequence":
      return degreeOfSequence(part.parts);
    case "repeat":
      return degreeOfRepeat(part);
  }
}

function degreeOfSequence(parts: readonly Part[]): number {
  if (parts.filter((part) => hasWays(part) && degreeOf(part) === 0).length > mostOptional) return Infinity;
  const alone = parts.filter(isWhole).map(degreeOf);
  const together = parts.filter((part) => !isWhole(part)).map(degreeOf);
  return Math.max(
    together.reduce((sum, degree) => sum + degree, 0),
    ...alone,
  );
}

function degreeOfRepeat({ body, least, most, mode }: Part & { kind: "repeat" }): number {
  const inner = degreeOf(body);
  if (most <= 1) return inner;
  if (most > many) {
    if (hasWays(body)) return Infinity;
    return mode !== "possessive" && least === most ? inner : inner + 1;
  }
  return inner * most;
}

/** What is never looked into again once it has matched. */
function isWhole(part: Part): boolean {
  return part.kind === "look" || part.kind === "atomic" || (part.kind === "repeat" && part.mode === "possessive");
}

/** Whether a part can match at one place in several ways. */
function hasWays(part: Part): boolean {
  switch (part.kind) {
    case "sequence":
      return part.parts.some(hasWays);
    case "choice":
      return part.branches.some(hasWays) || !startApart(part.branches);
    case "capture":
      return hasWays(part.body);
    case "repeat":
      return part.mode !== "possessive" && (part.least !== part.most || hasWays(part.body));
    default:
      return false;
  }
}

/** Whether each branch begins with a byte that no other one begins with. */
function startApart(branches: readonly Part[]): boolean {
  const seen = new Uint8Array(256);
  for (const branch of branches) {
    const first = firstOf(branch);
    if (!first || first.others) return false;
    for (let code = 0; code < 256; code++) {
      if (!first.bytes[code]) continue;
      if (seen[code]) return false;
      seen[code] = 1;
    }
  }
  return true;
}

/** The bytes a part begins with, where one byte tells. */
function firstOf(part: Part): ByteSet | undefined {
  if (part.kind === "set") return part.set;
  if (part.kind === "capture" || part.kind === "atomic") return firstOf(part.body);
  if (part.kind === "repeat") return part.least > 0 ? firstOf(part.body) : undefined;
  const [first] = part.kind === "sequence" ? part.parts : [];
  return first && firstOf(first);
}

function isAnchored(part: Part): boolean {
  if (part.kind === "same") return part.text === "^";
  if (part.kind === "capture" || part.kind === "atomic") return isAnchored(part.body);
  if (part.kind === "choice") return part.branches.every(isAnchored);
  const [first] = part.kind === "sequence" ? part.parts : [];
  return first !== undefined && isAnchored(first);
}
