// Text with $0 to $9 → a function from a match of a regular expression to the text filled in.

/** Fills a text in from a match; groups that took no part are empty. */
export type Substitution = (match: readonly (string | undefined)[]) => string;

/** Compiles a text with `$0` (the whole match) to `$9`; a backslash makes the next character ordinary. */
export function compileSubstitution(text: string): Substitution {
  const parts: (string | number)[] = [];
  let literal = "";
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    const next = text.charAt(i + 1);
    if (char === "$" && next >= "0" && next <= "9") {
      if (literal) parts.push(literal);
      literal = "";
      parts.push(Number(next));
      i++;
    } else if (char === "\\" && next) {
      literal += next;
      i++;
    } else {
      literal += char;
    }
  }
  if (literal) parts.push(literal);
  return (match) => {
    let filled = "";
    for (const part of parts) filled += typeof part === "string" ? part : (match[part] ?? "");
    return filled;
  };
}
