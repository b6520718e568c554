// The line of a fault → what is odd about how it is written, where that may be the reason.

/** Quotes of books and no-break blanks come out of word processors and web pages. */
const bookQuotes = /[\u201c-\u201f\u00ab\u00bb\u2018-\u201b]/;
const oddBlanks = /[\u00a0\u2000-\u200b\u202f\u3000]/;

/** Advice on a line that is refused: quotes, blanks, comments and marks that other languages have. */
export function lineAdvice(line: string): string | undefined {
  const text = line.trim();
  const quote = bookQuotes.exec(text);
  if (quote) return `${quote[0]} is no quotation mark here: write " or ' in its place`;
  const blank = oddBlanks.exec(line);
  if (blank) return `the line holds a blank that is none (${codePoint(blank[0])}): write an ordinary one in its place`;
  if (/^(<{7}|={7}|>{7})( |$)/.test(text))
    return "a merge left this line: keep one of the two sides, and none of its marks";
  if (/^<(!doctype|html|\?php|\?xml)\b/i.test(text)) return "the file is a page or a program, and no configuration";
  if (/^<\s/.test(text)) return "the name of a section stands right behind <";
  if (/^[A-Za-z]+\s*=/.test(text)) return 'no "=" stands between a directive and what it takes';
  if (/^[{}]|\{$/.test(text)) return "a section begins with <Name ...> and ends with </Name>";
  const open = openQuote(text);
  if (open) return `the quotation that begins with ${open} has no end on this line`;
  if (/\s#(?:\s|$)/.test(text))
    return "a comment stands on a line of its own: behind a directive, # is a word like any other";
  return text.endsWith(";") ? 'no ";" stands at the end of a line' : undefined;
}

function codePoint(character: string): string {
  return `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** The word that begins with a quotation mark and has no second one. */
export function openQuote(text: string): string | undefined {
  const quoted = /(?<=^|\s)(["'])(?:\\.|(?!\1)[^\\])*(\1|$)/g;
  for (const [word, , end] of text.matchAll(quoted)) if (end === "") return word.slice(0, 20);
  return undefined;
}
