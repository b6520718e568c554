// Text of a directive → its words, by Apache's rules of quoting; text of a section → its argument.

/** A word with its quotes and escapes resolved. */
export interface Word {
  readonly text: string;
  /** Offset into the text it was taken from; that of its quote if it has one. */
  readonly column: number;
  /** Number of characters it takes up there, quotes included. */
  readonly length: number;
}

/** Splits a text into words. A quoted word ends at its quote, an unclosed one at the end of the text. */
export function splitWords(text: string): Word[] {
  const first = wordAt(text, 0);
  if (!first) return [];
  const second = wordAt(text, first.column + first.length);
  // An array that grows takes room for seventeen: most directives have one word or two.
  if (!second) return [first];
  const words = [first, second];
  for (let last = second; ;) {
    const word = wordAt(text, last.column + last.length);
    if (!word) return words;
    words.push((last = word));
  }
}

/** The first word at or behind an offset; undefined when only white space is left. */
export function wordAt(text: string, offset: number): Word | undefined {
  const column = skipSpace(text, offset);
  if (column >= text.length) return undefined;
  const quote = text.charCodeAt(column);
  if (quote !== doubleQuote && quote !== singleQuote) {
    let end = column + 1;
    while (end < text.length && !isSpace(text.charCodeAt(end))) end++;
    const whole = column === 0 && end === text.length ? text : text.slice(column, end);
    return { text: unescape(whole, undefined), column, length: end - column };
  }
  let end = column + 1;
  while (end < text.length && text.charCodeAt(end) !== quote) {
    const next = text.charCodeAt(end) === backslash ? text.charCodeAt(end + 1) : undefined;
    end += next === quote || next === backslash ? 2 : 1;
  }
  const inside = unescape(text.slice(column + 1, end), quote);
  return { text: inside, column, length: Math.min(end + 1, text.length) - column };
}

/** The offset in the text a word was taken from of an offset in the word, its quotes and escapes counted. */
export function sourceOffset(text: string, word: Word, offset: number): number {
  const first = text.charCodeAt(word.column);
  const quote = first === doubleQuote || first === singleQuote ? first : undefined;
  let at = word.column + (quote === undefined ? 0 : 1);
  for (let passed = 0; passed < offset && at < word.column + word.length; passed++) {
    const next = text.charCodeAt(at) === backslash ? text.charCodeAt(at + 1) : undefined;
    at += next !== undefined && (next === quote || next === backslash) ? 2 : 1;
  }
  return at;
}

/** The argument text of a section: cut at the last ">", what is behind it dropped; `closed` says whether there was one. */
export function cutAtBracket(text: string): { readonly text: string; readonly closed: boolean } {
  const end = text.lastIndexOf(">");
  return { text: trimSpace(end < 0 ? text : text.slice(0, end)), closed: end >= 0 };
}

/** Without white space at both ends; unlike String.trim it leaves everything beyond ASCII alone. */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/** The offset of the first character that is not white space. */
export function skipSpace(text: string, offset: number): number {
  let at = offset;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Space, or tab to carriage return. */
export function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

const doubleQuote = 34;
const singleQuote = 39;
const backslash = 92;

/** A doubled backslash is one; in quotes a backslash before the quote is dropped; every other one stays. */
function unescape(raw: string, quote: number | undefined): string {
  let slash = raw.indexOf("\\");
  if (slash < 0) return raw;
  let text = "";
  let from = 0;
  while (slash >= 0) {
    const next = raw.charCodeAt(slash + 1);
    const drops = next === backslash || (quote !== undefined && next === quote);
    if (drops) {
      text += raw.slice(from, slash);
      from = slash + 1;
    }
    slash = raw.indexOf("\\", slash + (drops ? 2 : 1));
  }
  return text + raw.slice(from);
}
