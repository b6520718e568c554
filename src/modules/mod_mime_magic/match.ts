// Rules and the first bytes of a file → the text of the first rule that holds, with those under it.
import { extended, type Kind, type Rule } from "./rules.js";

/** Bytes that must stand behind an offset for a rule to look there. */
const window = 64;

/** The text of the rules that hold; undefined where none does. */
export function matchRules(rules: readonly Rule[], bytes: Buffer): string | undefined {
  for (let at = 0; at < rules.length; at++) {
    const rule = rules[at];
    if (!rule || (rule.level > 0 && at > 0)) continue;
    const found = holds(rule, bytes);
    if (found !== undefined) return found + textsUnder(rules, at + 1, bytes, found !== "");
  }
  return undefined;
}

function textsUnder(rules: readonly Rule[], from: number, bytes: Buffer, hasText: boolean): string {
  let text = "";
  let level = 1;
  let parts = hasText;
  for (let at = from; at < rules.length; at++) {
    const rule = rules[at];
    if (!rule || rule.level === 0) break;
    if (rule.level > level) continue;
    level = rule.level;
    const found = holds(rule, bytes);
    if (found === undefined) continue;
    if (parts && !rule.joins && found !== "") text += " ";
    parts = parts || found !== "";
    text += found;
    level++;
  }
  return text;
}

/** Its text where it holds. */
function holds(rule: Rule, bytes: Buffer): string | undefined {
  const { kind, relation, value } = rule;
  if (kind === undefined) return undefined;
  const at = placeOf(rule, kind, bytes);
  if (at === undefined) return undefined;
  if (typeof value === "string") {
    const there = lineAt(bytes, at);
    const difference = value === "x" ? 0 : compare(value, there);
    const matched =
      value === "x" ||
      related(BigInt.asUintN(64, BigInt(difference)) & BigInt.asUintN(64, rule.mask), relation, 0n, false);
    return matched ? shown(rule.text, relation === "=" ? value : there.replace(/\0[^]*/, "")) : undefined;
  }
  const there = extended(numberAt(bytes, at, kind), kind, rule.isUnsigned) & BigInt.asUintN(64, rule.mask);
  // Apache looks at the bytes of the number, and takes this one for the word "x".
  if (value === 0x78n || related(there, relation, value, rule.isUnsigned)) return shown(rule.text, String(there));
  return undefined;
}

function placeOf({ offset, indirect }: Rule, kind: Kind, bytes: Buffer): number | undefined {
  const fits = (at: number): boolean => at >= 0 && at + window <= bytes.length + 1;
  if (!fits(offset)) return undefined;
  if (!indirect) return offset;
  const read = indirect.width === "b" ? "byte" : indirect.width === "s" ? "short" : kind === "string" ? "long" : kind;
  const at = Number(BigInt.asIntN(64, numberAt(bytes, offset, read))) + indirect.add;
  return Number.isSafeInteger(at) && fits(at) ? at : undefined;
}

/** What a string is compared with: up to the end of the line. */
function lineAt(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at, at + window - 1).replace(/\n/, "\0");
}

/** The difference of the first bytes that differ. */
function compare(value: string, there: string): number {
  for (let i = 0; i < value.length; i++) {
    const difference = (there.charCodeAt(i) || 0) - value.charCodeAt(i);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Numbers as a machine of 64 bits reads them that has its low bytes first. */
function numberAt(bytes: Buffer, at: number, kind: Kind): bigint {
  const padded = at + 8 <= bytes.length ? bytes : Buffer.concat([bytes, Buffer.alloc(8)]);
  switch (kind) {
    case "byte":
      return BigInt(padded.readUInt8(at));
    case "short":
    case "leshort":
      return BigInt(padded.readUInt16LE(at));
    case "beshort":
      return BigInt(padded.readUInt16BE(at));
    case "belong":
    case "bedate":
      return BigInt.asUintN(64, BigInt(padded.readInt32BE(at)));
    case "lelong":
    case "ledate":
      return BigInt.asUintN(64, BigInt(padded.readInt32LE(at)));
    default:
      return padded.readBigUInt64LE(at);
  }
}

function related(found: bigint, relation: string, value: bigint, isUnsigned: boolean): boolean {
  const signed = (number: bigint): bigint => (isUnsigned ? number : BigInt.asIntN(64, number));
  switch (relation) {
    case "x":
      return true;
    case "!":
      return found !== value;
    case ">":
      return signed(found) > signed(value);
    case "<":
      return signed(found) < signed(value);
    case "&":
      return (found & value) === value;
    case "^":
      return (found & value) !== value;
    default:
      return found === value;
  }
}

/** The text with what was found in place of the first `%s`, `%d` and the like. */
function shown(text: string, found: string): string {
  return text.replace(/%(?:l?[duxc]|s)/, () => found).replaceAll("%%", "%");
}
