// Errors → those that say something of their own: what follows from another one, or from a file that is no text, is told once.
import { ConfigError, type Origin } from "../api/index.js";

/** The errors worth showing; `linesOf` gives the lines of a file. */
export function withoutAftermath(
  errors: readonly ConfigError[],
  linesOf: (file: string) => readonly string[],
): readonly ConfigError[] {
  return ofOpenSections(ofText(errors, linesOf));
}

/** One error for each file that is no text. */
function ofText(errors: readonly ConfigError[], linesOf: (file: string) => readonly string[]): readonly ConfigError[] {
  const told = new Set<string>();
  return errors.flatMap((error) => {
    const { file } = error.origin;
    const reason = whyNoText(linesOf(file));
    if (reason === undefined) return error;
    if (told.has(file)) return [];
    told.add(file);
    return new ConfigError(reason, { ...error.origin, line: 1, column: 1 });
  });
}

/** What is to be said of a file with bytes that no text has, as far as its lines show; undefined of a text. */
export function whyNoText(lines: readonly string[]): string | undefined {
  if (!lines.some((line) => line.includes("\0"))) return undefined;
  // A byte order mark of UTF-16, or every other byte of a line being none, as in Latin letters of it.
  const [first = ""] = lines;
  const isWide = first.startsWith("\ufffd\ufffd") || /^(\0[^\0]|[^\0]\0){3}/.test(first);
  return isWide
    ? "the file is in UTF-16: save it as UTF-8, without a byte order mark"
    : "the file is no text: is it a program, a picture, an archive? Take it away, or give it a name that no Include takes";
}

/** A section that is never closed has lines in it that do not belong there: they are told by the first of them. */
function ofOpenSections(errors: readonly ConfigError[]): readonly ConfigError[] {
  const open = errors.filter(({ message }) => /^<\w+> was not closed$/.test(message));
  const firstLines = new Map<ConfigError, number>();
  const left = errors.filter(({ message, origin }) => {
    if (open.length === 0 || !/ not allowed (in <|here)| cannot occur within /.test(message)) return true;
    const around = open.findLast((section) => lineIn(section.origin.file, origin) > section.origin.line);
    if (!around) return true;
    const line = lineIn(around.origin.file, origin);
    firstLines.set(around, Math.min(line, firstLines.get(around) ?? line));
    return false;
  });
  return left.map((error) => {
    const line = firstLines.get(error);
    if (line === undefined) return error;
    const advice = `line ${line} cannot stand in it: is the closing line missing above that one?`;
    return new ConfigError(error.message, error.origin, { ...error.detail, advice });
  });
}

/** The line of a file at which a place is, or that includes it; -1 of another file. */
function lineIn(file: string, origin: Origin): number {
  for (let place: Origin | undefined = origin; place; place = place.via) if (place.file === file) return place.line;
  return -1;
}
