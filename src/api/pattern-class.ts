// Sets of bytes, as classes and escapes of patterns name them → the class of a JavaScript regular expression.

/** Which of the 256 bytes are in, and whether whatever is no byte is. */
export interface ByteSet {
  readonly bytes: Uint8Array;
  others: boolean;
}

export function emptySet(): ByteSet {
  return { bytes: new Uint8Array(256), others: false };
}

export function addRange(set: ByteSet, from: number, to: number): void {
  set.bytes.fill(1, from, to + 1);
}

export function addSet(set: ByteSet, more: ByteSet): void {
  more.bytes.forEach((isIn, code) => {
    if (isIn) set.bytes[code] = 1;
  });
  set.others ||= more.others;
}

export function complement({ bytes, others }: ByteSet): ByteSet {
  return { bytes: bytes.map((isIn) => 1 - isIn), others: !others };
}

/** The set of the given ranges: pairs of first and last code. */
export function setOf(...ranges: readonly (readonly [number, number])[]): ByteSet {
  const set = emptySet();
  for (const [from, to] of ranges) addRange(set, from, to);
  return set;
}

/** Adds the other case of every ASCII letter: PCRE as Apache uses it folds no other. */
export function foldCase(set: ByteSet): ByteSet {
  const folded = { bytes: set.bytes.slice(), others: set.others };
  for (let upper = 65; upper <= 90; upper++) {
    if (set.bytes[upper] || set.bytes[upper + 32]) folded.bytes[upper] = folded.bytes[upper + 32] = 1;
  }
  return folded;
}

const digits: readonly [number, number] = [48, 57];
const upper: readonly [number, number] = [65, 90];
const lower: readonly [number, number] = [97, 122];
const white: readonly [number, number] = [9, 13];
const space: readonly [number, number] = [32, 32];

const escapes: ReadonlyMap<string, ByteSet> = new Map([
  ["d", setOf(digits)],
  ["w", setOf(digits, upper, lower, [95, 95])],
  ["s", setOf(white, space)],
  ["h", setOf([9, 9], space, [160, 160])],
  ["v", setOf([10, 13], [133, 133])],
]);

/** The set of `\d`, `\D`, `\w` ... by its letter. */
export function escapeSet(letter: string): ByteSet | undefined {
  const set = escapes.get(letter.toLowerCase());
  return set && letter !== letter.toLowerCase() ? complement(set) : set;
}

const posix: ReadonlyMap<string, ByteSet> = new Map([
  ["alpha", setOf(upper, lower)],
  ["digit", setOf(digits)],
  ["alnum", setOf(digits, upper, lower)],
  ["upper", setOf(upper)],
  ["lower", setOf(lower)],
  ["space", setOf(white, space)],
  ["blank", setOf([9, 9], space)],
  ["punct", setOf([33, 47], [58, 64], [91, 96], [123, 126])],
  ["print", setOf([32, 126])],
  ["graph", setOf([33, 126])],
  ["cntrl", setOf([0, 31], [127, 127])],
  ["xdigit", setOf(digits, [65, 70], [97, 102])],
  ["word", setOf(digits, upper, lower, [95, 95])],
  ["ascii", setOf([0, 127])],
]);

/** The set of `[:alpha:]` and the like, by name. */
export function posixSet(name: string): ByteSet | undefined {
  return posix.get(name);
}

/** The bytes that, as characters of latin1, have a Unicode property: "L", "Lu", "Greek". Undefined for no such property. */
export function propertySet(name: string): ByteSet | undefined {
  const known = properties.get(name) ?? findProperty(name);
  if (known) properties.set(name, known);
  return known;
}

/** Those that patterns have named: there is an end of names that mean something. */
const properties = new Map<string, ByteSet>();

function findProperty(name: string): ByteSet | undefined {
  for (const property of [name === "L&" ? "LC" : name, `Script=${name}`]) {
    try {
      const test = new RegExp(`^\\p{${property}}$`, "u");
      const set = emptySet();
      for (let code = 0; code < 256; code++) if (test.test(String.fromCharCode(code))) set.bytes[code] = 1;
      return set;
    } catch {
      // Not a property, but perhaps a script.
    }
  }
  return undefined;
}

/** A character as it is written in a regular expression, also inside a class. */
export function literal(code: number): string {
  const char = String.fromCharCode(code);
  if (/[A-Za-z0-9_ ]/.test(char)) return char;
  if (code < 32 || code > 126) return code > 255 ? `\\u${hex(code, 4)}` : `\\x${hex(code, 2)}`;
  return `\\${char}`;
}

const shown = new WeakMap<ByteSet, string>();

/** The class of a set, which does not change any more; the smaller of it and of its complement. */
export function showSet(set: ByteSet): string {
  const known = shown.get(set);
  if (known !== undefined) return known;
  const text = classOf(set);
  shown.set(set, text);
  return text;
}

function classOf(set: ByteSet): string {
  if (set.others) {
    const ranges = showRanges(complement(set));
    return ranges === "" ? "[^]" : `[^${ranges}]`;
  }
  const single = set.bytes.indexOf(1);
  return single >= 0 && set.bytes.lastIndexOf(1) === single ? literal(single) : `[${showRanges(set)}]`;
}

function showRanges({ bytes }: ByteSet): string {
  let text = "";
  for (let from = bytes.indexOf(1); from >= 0;) {
    const end = bytes.indexOf(0, from);
    const to = (end < 0 ? 256 : end) - 1;
    text += to === from ? literal(from) : `${literal(from)}${to > from + 1 ? "-" : ""}${literal(to)}`;
    from = end < 0 ? -1 : bytes.indexOf(1, end);
  }
  return text;
}

function hex(code: number, length: number): string {
  return code.toString(16).padStart(length, "0");
}
