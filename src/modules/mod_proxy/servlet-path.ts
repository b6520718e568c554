// A path that is not decoded → what a servlet container makes of it: `mapping=servlet` of ProxyPass.

/** A segment that is left when dot segments are resolved. */
interface Segment {
  /** Without its `;parameters`. */
  readonly text: string;
  /** Where it begins, with the dot segments in front of it that are nothing. */
  readonly start: number;
  /** Where its parameters begin; undefined where it has none. */
  readonly parameters: number | undefined;
}

interface Walked {
  readonly segments: readonly Segment[];
  /** Whether the last segment ends with a slash. */
  readonly isFolder: boolean;
}

/** The path without parameters, doubled slashes and dot segments; undefined where it leads above the root. */
export function servletPath(path: string): string | undefined {
  const walked = walk(path);
  if (!walked) return undefined;
  const { segments, isFolder } = walked;
  return `/${segments.map(({ text }) => text).join("/")}${isFolder && segments.length > 0 ? "/" : ""}`;
}

/** How much of a path a prefix takes, in the path as it was sent; 0: it does not match. */
export function servletPrefixLength(path: string, prefix: string): number {
  const walked = walk(path);
  if (!walked) return 0;
  const { segments, isFolder } = walked;
  const wanted = prefix.split("/").filter((segment) => segment !== "");
  const isOpen = wanted.length > 0 && !prefix.endsWith("/");
  if (wanted.some((text, index) => segments[index]?.text !== text)) return 0;
  if (!isOpen && wanted.length > 0 && segments.length === wanted.length && !isFolder) return 0;
  const [last, next] = [segments[wanted.length - 1], segments[wanted.length]];
  if (!next) return isOpen && path.endsWith("/") ? path.length - 1 : path.length;
  // Parameters of the last segment go on with what is behind it.
  const end = isOpen && last?.parameters !== undefined ? last.parameters : next.start;
  return isOpen && path.charAt(end - 1) === "/" ? end - 1 : end;
}

function walk(path: string): Walked | undefined {
  const segments: Segment[] = [];
  let isFolder = true;
  /** Where the next segment begins; undefined behind "..". */
  let first: number | undefined = 1;
  for (let at = 1; at < path.length;) {
    const slash = path.indexOf("/", at);
    const end = slash < 0 ? path.length : slash;
    const semicolon = path.slice(at, end).indexOf(";");
    const text = path.slice(at, semicolon < 0 ? end : at + semicolon);
    isFolder = true;
    if (text === "..") {
      if (!segments.pop()) return undefined;
      first = undefined;
    } else if (text !== "" && text !== ".") {
      segments.push({ text, start: first ?? at, parameters: semicolon < 0 ? undefined : at + semicolon });
      isFolder = slash >= 0;
      first = end + 1;
    } else if (text === "" && semicolon < 0 && first === at) first = end + 1;
    at = end + 1;
  }
  return { segments, isFolder };
}
