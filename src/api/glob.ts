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
  return new RegExp(`^${text}$`, options.ignoreCase ? "i" : "");
}

/** One character of a glob; of a star the text is what guards it. */
interface Part {
  readonly text: string;
  readonly star: boolean;
  /** Ends what a star may match. */
  readonly slash: boolean;
}

function readParts(glob: string, { pathname = false, period = false }: GlobOptions): Part[] {
  const parts: Part[] = [];
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
    const set = char === "[" ? readSet(glob, at) : undefined;
    if (set) {
      text = guard + (pathname ? "(?!/)" : "") + set.text;
      at = set.end - 1;
    } else if (char === "?") {
      text = guard + (pathname ? "[^/]" : "[^]");
    } else if (char === "\\" && at + 1 < glob.length) {
      at++;
      text = literal(glob.charAt(at));
    } else {
      text = literal(char);
    }
    parts.push({ text, star: false, slash: pathname && text === "\\/" });
  }
  return parts;
}

function readSet(glob: string, start: number): { text: string; end: number } | undefined {
  let at = start + 1;
  const negated = glob[at] === "!" || glob[at] === "^";
  if (negated) at++;
  const first = at;
  let members = "";
  while (at < glob.length && (glob[at] !== "]" || at === first)) {
    if (glob[at] === "\\" && at + 1 < glob.length) at++;
    const from = glob[at] as string;
    const to = glob[at + 1] === "-" && glob[at + 2] !== "]" ? glob[at + 2] : undefined;
    if (to === undefined) members += inSet(from);
    // fnmatch takes a range the wrong way round as one that holds nothing.
    else if (from <= to) members += `${inSet(from)}-${inSet(to)}`;
    at += to === undefined ? 1 : 3;
  }
  if (at >= glob.length) return undefined;
  return { text: `[${negated ? "^" : ""}${members}]`, end: at + 1 };
}

const inSet = (char: string) => (/[\\\]^[-]/.test(char) ? `\\${char}` : char);
const literal = (char: string) => (/[.*+?^${}()|[\]\\/]/.test(char) ? `\\${char}` : char);
