// The text behind RewriteRule or RewriteCond → its two or three words, and the flags in the third.
import { byteString, type Place } from "../../api/index.js";

/** The words of a line, latin1, with their backslashes; `flags` with its brackets. */
export interface Line {
  readonly first: string;
  readonly second: string;
  readonly flags: string | undefined;
}

/** Splits a line: other than elsewhere, a backslash stays, and protects only a blank. */
export function splitLine(text: string, place: Place): Line {
  const bytes = byteString(text);
  const first = wordAt(bytes, 0);
  // A line that ends with its first word has no second one.
  if (first.end >= bytes.length)
    return place.fail(`bad argument line '${text}'`, "write two words, and flags in brackets");
  const second = wordAt(bytes, first.end + 1);
  const rest = second.end + 1;
  const third = rest < bytes.length ? wordAt(bytes, rest) : undefined;
  return { first: first.text, second: second.text, flags: third?.text === "" ? undefined : third?.text };
}

const blank = /\s/;

function wordAt(text: string, from: number): { readonly text: string; readonly end: number } {
  let at = from;
  while (at < text.length && blank.test(text.charAt(at))) at++;
  const quote = text[at] === '"' || text[at] === "'" ? text[at] : undefined;
  if (quote !== undefined) at++;
  const start = at;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (quote === undefined ? blank.test(char) : char === quote) break;
    if (char === "\\" && blank.test(text.charAt(at + 1))) at++;
  }
  return { text: text.slice(start, at), end: at };
}

/** The flags of a line: "[NC,R=301]" as names and values; "" for a flag without value. */
export function splitFlags(flags: string, place: Place): { readonly name: string; readonly value: string }[] {
  if (!flags.startsWith("[") || !flags.endsWith("]") || flags.length < 2) {
    return place.fail(`bad flag delimiters, found "${flags}"`, "write flags as [L,R=301]; quote a pattern with blanks");
  }
  return flags
    .slice(1, -1)
    .split(",")
    .map((flag) => {
      const text = flag.trim();
      const equals = text.indexOf("=");
      return equals < 0 ? { name: text, value: "" } : { name: text.slice(0, equals), value: text.slice(equals + 1) };
    });
}
