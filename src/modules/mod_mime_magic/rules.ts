// Text of a magic file → its rules.

/** What a rule looks at: width, order of bytes, and how it is read. */
export type Kind =
  "byte" | "short" | "long" | "string" | "date" | "beshort" | "belong" | "bedate" | "leshort" | "lelong" | "ledate";

const kinds: readonly Kind[] = [
  ...(["byte", "short", "long", "string", "date"] as const),
  ...(["beshort", "belong", "bedate", "leshort", "lelong", "ledate"] as const),
];

/** One line: what stands at an offset, and the text it adds to the type where it does. */
export interface Rule {
  /** 0 for a rule of its own, more for those that only count where one above them held. */
  readonly level: number;
  readonly offset: number;
  /** The offset is read from the file at `offset`, and this added. */
  readonly indirect: { readonly width: "l" | "s" | "b"; readonly add: number } | undefined;
  /** Undefined for a line that cannot be read: it never holds. */
  readonly kind: Kind | undefined;
  readonly isUnsigned: boolean;
  readonly mask: bigint;
  readonly relation: string;
  /** A latin1 string of bytes, or a number of 64 bits. */
  readonly value: string | bigint;
  readonly text: string;
  /** No blank in front of the text. */
  readonly joins: boolean;
}

/** A line that cannot be read. */
export interface RuleFault {
  readonly line: number;
  readonly reason: string;
}

/** Reads a file in the form of file(1), as of old: latin1. */
export function readRules(text: string): { readonly rules: readonly Rule[]; readonly faults: readonly RuleFault[] } {
  const rules: Rule[] = [];
  const faults: RuleFault[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const rule = readRule(trimmed);
    if (rule.kind === undefined)
      faults.push({ line: index + 1, reason: `an offset and a type were expected, found "${trimmed}"` });
    rules.push(rule);
  }
  return { rules, faults };
}

const number = "[+-]?(?:0[xX][0-9a-fA-F]+|\\d+)";
const head = new RegExp(
  `^(>*)(\\(?)(${number})(?:\\.([lsb]))?(?:([+-]?(?:0[xX][0-9a-fA-F]+|\\d+))?\\))?\\s*(u?)(${kinds.join("|")})(?:&(${number}))?\\s*`,
);

const broken: Rule = {
  ...{ level: 0, offset: 0, indirect: undefined, kind: undefined, isUnsigned: false, mask: -1n, relation: "=" },
  ...{ value: 0n, text: "", joins: false },
};

function readRule(line: string): Rule {
  const found = head.exec(line);
  if (!found) return { ...broken, level: /^>*/.exec(line)?.[0].length ?? 0 };
  const [matched, arrows = "", bracket, offset = "0", width, add = "0", unsigned, word, mask] = found;
  const kind = kinds.find((each) => each === word);
  const isUnsigned = unsigned === "u";
  const base: Omit<Rule, "relation" | "value" | "text" | "joins"> = {
    ...{ level: arrows.length, offset: Number(toNumber(offset)), kind, isUnsigned },
    indirect:
      bracket === "(" && arrows !== ""
        ? { width: width === "s" || width === "b" ? width : ("l" as const), add: Number(toNumber(add)) }
        : undefined,
    mask: mask === undefined ? -1n : extended(toNumber(mask), kind, isUnsigned),
  };
  const rest = line.slice(matched.length);
  if (/^x(?=\s|$)/.test(rest)) return { ...base, relation: "x", value: 0n, ...textOf(rest.slice(1)) };
  const signs = kind === "string" ? /^[<>&^=]/ : /^[<>&^=!]/;
  const relation = signs.exec(rest)?.[0] ?? "=";
  const behind = rest.slice(signs.test(rest) ? 1 : 0).replace(/^\s+/, "");
  if (kind === "string") {
    const { value, length } = stringOf(behind);
    return { ...base, relation, value, ...textOf(behind.slice(length)) };
  }
  const [digits = ""] = new RegExp(`^${number}`).exec(behind) ?? [];
  const value = extended(digits === "" ? 0n : toNumber(digits), kind, isUnsigned);
  return { ...base, relation, value, ...textOf(behind.slice(digits.length)) };
}

/** As strtol reads it: hexadecimal behind 0x, octal behind 0. */
function toNumber(digits: string): bigint {
  const [, sign = "", amount = "0"] = /^([+-]?)(.*)$/.exec(digits) ?? [];
  const octal = /^0[0-7]+/.exec(amount)?.[0];
  const value = /^0x/i.test(amount)
    ? BigInt(amount)
    : octal !== undefined
      ? BigInt(`0o${octal.slice(1)}`)
      : BigInt(/^0\d/.test(amount) ? "0" : amount);
  return sign === "-" ? -value : value;
}

/** The sign bit of narrow numbers fills the wide one they are compared in. */
export function extended(value: bigint, kind: Kind | undefined, isUnsigned: boolean): bigint {
  if (isUnsigned) return BigInt.asUintN(64, value);
  const width = kind === "byte" ? 8 : kind?.endsWith("short") ? 16 : 64;
  return BigInt.asUintN(64, BigInt.asIntN(width, value));
}

const mostText = 49;
const mostString = 63;

function textOf(rest: string): { text: string; joins: boolean } {
  const text = rest.replace(/^\s+/, "");
  const joined = text.replace(/^(?:\x08|\\b)/, ""); // eslint-disable-line no-control-regex
  return { text: joined.slice(0, mostText), joins: joined !== text };
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", b: "\b", t: "\t", f: "\f", v: "\v" };

/** Bytes up to a blank that is not escaped; `length` with that blank. */
function stringOf(text: string): { value: string; length: number } {
  const [written = ""] = /^(?:\\[^]|[^\\\s])*/.exec(text) ?? [];
  const value = written.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,3})|([^]))/g,
    (_all, octal?: string, hex?: string, char?: string) =>
      octal !== undefined || hex !== undefined
        ? String.fromCharCode(parseInt(octal ?? hex ?? "0", octal === undefined ? 16 : 8) & 0xff)
        : (escapes[char ?? ""] ?? char ?? ""),
  );
  return { value: value.slice(0, mostString), length: written.length + 1 };
}
