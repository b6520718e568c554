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

/** A regular expression for whole texts that match the wildcards; `\` makes the next character ordinary. */
export function globToRegExp(
  glob: string,
  { pathname = false, period = false, ignoreCase = false }: GlobOptions = {},
): RegExp {
  const any = pathname ? "[^/]" : "[^]";
  let text = "";
  let at = 0;
  while (at < glob.length) {
    const char = glob[at] as string;
    const atStart = at === 0 || (pathname && glob[at - 1] === "/");
    const guard = period && atStart ? "(?!\\.)" : "";
    if (char === "*") {
      while (glob[at + 1] === "*") at++;
      text += `${guard}${any}*`;
    } else if (char === "?") {
      text += guard + any;
    } else if (char === "[") {
      const set = readSet(glob, at);
      text += set ? guard + (pathname ? "(?!/)" : "") + set.text : "\\[";
      if (set) at = set.end - 1;
    } else if (char === "\\" && at + 1 < glob.length) {
      at++;
      text += literal(glob[at] as string);
    } else {
      text += literal(char);
    }
    at++;
  }
  return new RegExp(`^${text}$`, ignoreCase ? "i" : "");
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
