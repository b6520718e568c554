// A query without "=" → the arguments of a script, as the first search forms sent them.

/** Most arguments; the rest is dropped. */
const mostArguments = 4000;
const shellCharacters = /[&;`'"|*?~<>^()[\]{}$\\\n\xff]/g;

/** Words of the query, decoded, with a backslash before what a shell would take for its own. */
export function argumentsOf(query: string | undefined): string[] {
  if (query === undefined || query === "" || query.includes("=")) return [];
  return query.split("+", mostArguments).map((word) => decode(word).replace(shellCharacters, "\\$&"));
}

/** Escapes that are none, and that of a zero byte, stay. */
function decode(word: string): string {
  return word.replace(/%(?!00)([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}
