// "/srv/%0/htdocs" → a function from the name or address of a server to its folder.

/** Fills a format in from a name of parts with dots, and the port. */
export type FolderFormat = (name: string, port: number) => string;

const specifier = /%(?:%|p|(-?)(\d)(\+?)(?:\.(-?)(\d)(\+?))?)/g;

/** Reads a format; undefined where it is wrong. */
export function parseFormat(text: string): FolderFormat | undefined {
  if (text.replace(specifier, "").includes("%")) return undefined;
  const parts: (string | FolderFormat)[] = [];
  let at = 0;
  for (const match of text.matchAll(specifier)) {
    parts.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    if (match[0] === "%%") parts.push("%");
    else if (match[0] === "%p") parts.push((_name, port) => String(port));
    else parts.push(partFormat(match));
  }
  parts.push(text.slice(at));
  return (name, port) =>
    parts
      .map((part) => (typeof part === "string" ? part : part(name, port)))
      .join("")
      .replace(/\/$/, "");
}

function partFormat([
  ,
  dash = "",
  number = "0",
  plus = "",
  dash2 = "",
  number2 = "0",
  plus2 = "",
]: RegExpMatchArray): FolderFormat {
  return (name) => {
    const words = name.split(".");
    const word = take(words, { index: Number(number), fromEnd: dash !== "", rest: plus !== "" }, ["_"]).join(".");
    const letters = take([...word], { index: Number(number2), fromEnd: dash2 !== "", rest: plus2 !== "" }, ["_"]);
    return letters.join("").replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  };
}

/** The item at an index that counts from 1, with those behind it or, counted from the end, before it; all of them for 0. */
function take(
  items: readonly string[],
  { index, fromEnd, rest }: { index: number; fromEnd: boolean; rest: boolean },
  missing: readonly string[],
): readonly string[] {
  if (index === 0) return items;
  if (index > items.length) return missing;
  if (!fromEnd) return rest ? items.slice(index - 1) : items.slice(index - 1, index);
  const end = items.length - index + 1;
  return rest ? items.slice(0, end) : items.slice(end - 1, end);
}
