// Wildcards (* ? [...]) → regular expression, as APR's fnmatch reads them.

/** How wildcards are meant. */
export interface GlobOptions {
  /** `*`, `?` and `[...]` never match "/". */
  readonly pathname?: boolean;
  /** A leading "." (with pathname: of every part) must be written, `*` does not match it. */
  readonly period?: boolean;
  readonly ignoreCase?: boolean;
}

/** Whether the text has a wildcard in it. */
export function hasWildcard(text: string): boolean {
  return /[*?]|\[.*\]/.test(text);
}

/**
 * A regular expression for whole texts that match the wildcards; `\` makes the next character ordinary. It takes time in
 * proportion to text and wildcards, however many stars there are.
 */
export function globToRegExp(glob: string, options: GlobOptions = {}): RegExp {
  const parts = readParts(glob, options);
  const any = options.pathname ? "[^/]" : "[^]";
  let text = "";
  for (let at = 0, groups = 0; at < parts.length; at++) {
    const part = parts[at];
    if (!part?.star) {
      text += part?.text ?? "";
      continue;
    }
    // The shortest text for a star is always right where another star follows it, and need not be thought over.
    const end = parts.findIndex(({ star, slash }, index) => index > at && (star || slash));
    if (parts[end]?.star) {
      const between = parts.slice(at + 1, end).map((each) => each.text);
      text += `(?=(${part.text}${any}*?${between.join("")}))\\${++groups}`;
      at = end - 1;
    } else {
      text += `${part.text}${any}*`;
    }
  }
  return new RegExp(`^${text}$`);
}

/** One character of a glob; of a star the text is what guards it. */
interface Part {
  readonly text: string;
  readonly star: boolean;
  /** Ends what a star may match. */
  readonly slash: boolean;
}

function readParts(glob: string, { pathname = false, period = false, ignoreCase = false }: GlobOptions): Part[] {
  const parts: Part[] = [];
  const letter = (char: string) =>
    ignoreCase && /[A-Za-z]/.test(char) ? `[${taken(char, char, true)}]` : literal(char);
  for (let at = 0; at < glob.length; at++) {
    const char = glob.charAt(at);
    const atStart = at === 0 || (pathname && glob[at - 1] === "/");
    const guard = period && atStart ? "(?!\\.)" : "";
    if (char === "*") {
      while (glob[at + 1] === "*") at++;
      parts.push({ text: guard, star: true, slash: false });
      continue;
    }
    let text: string;
    const set = char === "[" ? readSet(glob, at, { pathname, ignoreCase }) : undefined;
    if (set) {
      text = guard + (pathname ? "(?!/)" : "") + set.text;
      at = set.end - 1;
    } else if (char === "?") {
      text = guard + (pathname ? "[^/]" : "[^]");
    } else if (char === "\\" && at + 1 < glob.length) {
      at++;
      text = letter(glob.charAt(at));
    } else {
      text = letter(char);
    }
    parts.push({ text, star: false, slash: pathname && text === "\\/" });
  }
  return parts;
}

/** The set that opens at `start`; undefined where it is none, and "[" stands for itself. */
function readSet(
  glob: string,
  start: number,
  { pathname, ignoreCase }: Required<Pick<GlobOptions, "pathname" | "ignoreCase">>,
): { text: string; end: number } | undefined {
  let at = start + 1;
  const negated = glob[at] === "!" || glob[at] === "^";
  if (negated) at++;
  const first = at;
  let members = "";
  while (at < glob.length && (glob[at] !== "]" || at === first)) {
    if (glob[at] === "\\") at++;
    const from = glob[at];
    const ranges = glob[at + 1] === "-" && glob[at + 2] !== "]";
    if (ranges) at += glob[at + 2] === "\\" ? 3 : 2;
    const to = glob[at];
    // A set ends before the next "/", where that divides.
    if (from === undefined || to === undefined || (pathname && (from === "/" || to === "/"))) return undefined;
    members += taken(from, to, ignoreCase);
    at++;
  }
  if (at >= glob.length) return undefined;
  return { text: `[${negated ? "^" : ""}${members}]`, end: at + 1 };
}

/** The members of a set that a range takes, none where it is the wrong way round. */
function taken(from: string, to: string, ignoreCase: boolean): string {
  const [least, most] = [from.charCodeAt(0), to.charCodeAt(0)];
  if (most > 255 || least > 255 || (!ignoreCase && least < 128 && most < 128)) {
    if (from === to) return inSet(from);
    return from <= to ? `${inSet(from)}-${inSet(to)}` : "";
  }
  let members = "";
  for (let code = 0; code < 256; code++) {
    // APR looks at small letters only where one of the three is a capital: "[=-c]" takes X, and not x.
    const folds = ignoreCase && [code, least, most].some(isCapital);
    if (isBetween(code, least, most) || (folds && isBetween(small(code), small(least), small(most)))) {
      members += `\\x${code.toString(16).padStart(2, "0")}`;
    }
  }
  return members;
}

const isCapital = (code: number) => code >= 65 && code <= 90;
const small = (code: number) => (isCapital(code) ? code + 32 : code);
/** Bytes from 128 on come before all others in APR, where they are negative. */
const signed = (code: number) => (code << 24) >> 24;
const isBetween = (code: number, least: number, most: number) =>
  signed(code) >= signed(least) && signed(code) <= signed(most);

const inSet = (char: string) => (/[\\\]^[-]/.test(char) ? `\\${char}` : char);
const literal = (char: string) => (/[.*+?^${}()|[\]\\/]/.test(char) ? `\\${char}` : char);
