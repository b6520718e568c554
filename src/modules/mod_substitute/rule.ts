// The text of a Substitute line → a rule; a line of a response and the rules → the line changed.
import {
  byteString,
  compileSubstitution,
  PatternError,
  patternDefaults,
  translatePattern,
  type Place,
} from "../../api/index.js";

/** What is looked for, and what takes its place. */
export interface Rule {
  /** A text, or a pattern for what is left of a line. */
  readonly find: string | RegExp;
  readonly ignoresCase: boolean;
  /** Whether the line is one text again for later rules. */
  readonly flattens: boolean;
  /** As written. */
  readonly replacement: string;
}

/** A line that is, or would become, too long. */
export class LineTooLong extends Error {
  override readonly name = "LineTooLong";
}

/** Reads `s/find/replacement/flags`, with any character in place of the slashes. */
export function readRule(written: string, place: Place): Rule {
  if (!/^s/i.test(written)) return place.fail("Bad Substitute format, must be an s/// pattern");
  const delimiter = written.charAt(1);
  const [find = "", to, flags = ""] = delimiter === "" ? [] : written.slice(2).split(delimiter);
  if (find === "" || to === undefined) return place.fail("Bad Substitute format, must be a complete s/// pattern");
  const known = flags.toLowerCase();
  if (/[^infq]/.test(known)) return place.fail("Bad Substitute flag, only s///[infq] are supported");
  const ignoresCase = known.includes("i");
  return {
    find: known.includes("n") ? byteString(find) : pattern(find, ignoresCase, place),
    ignoresCase,
    // The later of the two counts.
    flattens: known.lastIndexOf("q") <= known.lastIndexOf("f"),
    replacement: byteString(to),
  };
}

function pattern(text: string, ignoresCase: boolean, place: Place): RegExp {
  try {
    const { dollarEndOnly } = patternDefaults();
    return translatePattern(byteString(text), { alone: true, ignoreCase: ignoresCase, dotAll: false, dollarEndOnly });
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return place.fail(`the pattern ${error.message}`);
  }
}

/** What changes the lines of one response. */
export type LineChange = (line: string) => string;

/** What rules do with lines of at most so many bytes. */
export function changeBy(rules: readonly Rule[], longest: number): LineChange {
  const steps = rules.map((rule) => ({ rule, next: searchFor(rule) }));
  const isQuick = rules.length === 1;
  return (line) => {
    if (line.length > longest) throw new LineTooLong();
    let pieces = [line];
    for (const { rule, next } of steps) {
      pieces = pieces.flatMap((piece) => {
        const changed = replaceAll(piece, next, longest);
        return rule.flattens && !isQuick ? [changed.join("")] : changed;
      });
    }
    return pieces.join("");
  };
}

/** The next match in a text: where it begins and ends, and what takes its place. */
type Next = (text: string) => { readonly at: number; readonly end: number; readonly text: string } | undefined;

function searchFor({ find, ignoresCase, replacement }: Rule): Next {
  if (typeof find === "string") {
    const wanted = ignoresCase ? find.toLowerCase() : find;
    return (text) => {
      const at = (ignoresCase ? text.toLowerCase() : text).indexOf(wanted);
      return at < 0 ? undefined : { at, end: at + find.length, text: replacement };
    };
  }
  const fill = compileSubstitution(replacement);
  return (text) => {
    const match = find.exec(text);
    return match ? { at: match.index, end: match.index + match[0].length, text: fill(match) } : undefined;
  };
}

/** Each time what is left is a text of its own: `^` matches at its beginning, as in Apache. */
function replaceAll(text: string, next: Next, longest: number): string[] {
  const pieces: string[] = [];
  let left = text;
  let length = 0;
  for (let found = next(left); found; found = next(left)) {
    // Behind a match of nothing the next character is passed over, lest it match for ever.
    const end = found.end > 0 ? found.end : 1;
    pieces.push(left.slice(0, found.at), found.text, left.slice(found.end, end));
    length += found.at + found.text.length;
    left = left.slice(end);
    if (length + left.length > longest) throw new LineTooLong();
    if (left === "" && found.end === 0) break;
  }
  pieces.push(left);
  return pieces.filter((piece) => piece !== "");
}
