// A distinguished name in DER → its texts, as OpenSSL writes them; texts are latin1 strings of UTF-8 bytes.
import { derContents, derIdentifier, derWhole, derWithin, type DerValue } from "./der.js";
import { nameTypes } from "./identifiers.js";

/** One attribute of a name. */
export interface NamePart {
  /** Its identifier, "2.5.4.3". */
  readonly type: string;
  readonly value: DerText;
  /** Attributes of one set belong together. */
  readonly set: number;
}
export type Name = readonly NamePart[];

/** A string of ASN.1. */
export interface DerText {
  readonly tag: number;
  readonly contents: Buffer;
  readonly whole: Buffer;
}

const tags = { utf8: 12, numeric: 18, printable: 19, t61: 20, ia5: 22, utcTime: 23, time: 24, visible: 26 } as const;
const wideTag = { universal: 28, bmp: 30 } as const;
const byteTags: ReadonlySet<number> = new Set(Object.values(tags));

/** The attributes, in the order they stand in. Throws a RangeError where the bytes are no name. */
export function readName(bytes: Buffer, value: DerValue): Name {
  return derWithin(bytes, value).flatMap((group, set) =>
    derWithin(bytes, group).flatMap((pair) => {
      const [type, text] = derWithin(bytes, pair);
      if (!type || !text) return [];
      return [{ type: derIdentifier(derContents(bytes, type)), value: readText(bytes, text), set }];
    }),
  );
}

export function readText(bytes: Buffer, value: DerValue): DerText {
  return { tag: value.tag, contents: derContents(bytes, value), whole: derWhole(bytes, value) };
}

/** By RFC 2253, from the innermost part outwards. */
export function rfc2253(name: Name): string {
  let text = "";
  for (const [index, { type, value, set }] of [...name].reverse().entries()) {
    const before = name[name.length - index];
    if (before) text += before.set === set ? "+" : ",";
    const known = nameTypes.get(type);
    const isKnown = known !== undefined && isText(value.tag);
    text += `${known ?? type}=${isKnown ? escaped2253(value) : `#${value.whole.toString("hex").toUpperCase()}`}`;
  }
  return text;
}

/** OpenSSL's former way, "/C=DE/CN=joe": "/" and "+" in it have a backslash in front. */
export function oneLine(name: Name): string {
  const part = ({ contents }: DerText): string =>
    contents
      .toString("latin1")
      .replace(/[/+]/g, "\\$&")
      .replace(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
  return name
    .map(({ type, value, set }, index) => {
      const joint = name[index - 1]?.set === set ? "+" : "/";
      return `${joint}${nameTypes.get(type) ?? type}=${part(value)}`;
    })
    .join("");
}

/** One attribute by itself. */
export function plainText(value: DerText): string {
  return withoutControls(textOf(value));
}

function isText(tag: number): boolean {
  return byteTags.has(tag) || tag === wideTag.universal || tag === wideTag.bmp;
}

function escaped2253(value: DerText): string {
  const text = textOf(value);
  const last = text.length - 1;
  let out = "";
  for (let i = 0; i <= last; i++) {
    const char = text.charAt(i);
    const isEdge = (char === " " && (i === 0 || i === last)) || (char === "#" && i === 0);
    out += isEdge || /[",+;<>\\]/.test(char) ? `\\${char}` : control(char);
  }
  return out;
}

function withoutControls(text: string): string {
  return text.replace(/[^ -~\x80-\xff]|\\/g, (char) => (char === "\\" ? "\\\\" : control(char)));
}

function control(char: string): string {
  const code = char.charCodeAt(0);
  return code < 0x20 || code === 0x7f ? `\\${code.toString(16).toUpperCase().padStart(2, "0")}` : char;
}

/** As UTF-8. */
function textOf({ tag, contents }: DerText): string {
  if (tag === tags.utf8) return contents.toString("latin1");
  return Buffer.from(charactersOf(tag, contents), "utf8").toString("latin1");
}

function charactersOf(tag: number, contents: Buffer): string {
  if (tag !== wideTag.bmp && tag !== wideTag.universal) return contents.toString("latin1");
  const size = tag === wideTag.bmp ? 2 : 4;
  const points: number[] = [];
  for (let at = 0; at + size <= contents.length; at += size) points.push(contents.readUIntBE(at, size));
  return points.map((point) => (point > 0x10ffff ? "?" : String.fromCodePoint(point))).join("");
}
