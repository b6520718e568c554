// Request target → path and query, normalised and decoded as Apache does.

/** A target taken apart, or the status that refuses it. */
export type TargetParts =
  | {
      readonly path: string;
      readonly query: string | undefined;
      /** Host of an absolute-form target, which replaces the Host field. */
      readonly authority?: string;
    }
  | { readonly status: 400 | 404 | 403 };

/** How to treat slashes, by the settings of the virtual host. */
export interface PathRules {
  readonly allowEncodedSlashes: "Off" | "On" | "NoDecode";
  readonly mergeSlashes: boolean;
}

/** What needs work: percent signs, doubled slashes, dot segments. */
const unusual = /%|\/\/|\/\.|^[^/]/;

/** Takes an origin-form target (or "*") apart. `target` holds the bytes as latin1. */
export function parseTarget(target: string, rules: PathRules): TargetParts {
  const mark = target.indexOf("?");
  // As Apache, an empty path is that of the root.
  const raw = sentPath(target);
  const query = mark < 0 ? undefined : target.slice(mark + 1);
  if (!unusual.test(raw)) return { path: raw, query };
  if (raw === "*") return { path: "*", query };
  const path = normalise(raw, rules);
  return typeof path === "number" ? { status: path } : { path, query };
}

/** The parts of a target that was refused, as logs show them: decoded and clipped at the root where it can be. */
export function refusedParts(target: string, isReadable: boolean): { path: string; query: string | undefined } {
  const mark = target.indexOf("?");
  const raw = sentPath(target);
  const query = mark < 0 ? undefined : target.slice(mark + 1);
  if (!isReadable || /%(?![0-9a-fA-F]{2})/.test(raw)) return { path: raw.replace(/^\/\/+/, "/"), query };
  // Encoded slashes, for which it may have been refused, come out behind everything else.
  const walked = removeDots(decodeUnreserved(raw), true, true) ?? raw;
  const [path = ""] = walked.replace(/%[0-9a-fA-F]{2}/g, decodeTriplet).split("\0", 1);
  return { path, query };
}

/** The path of a target as it was sent. */
export function sentPath(target: string): string {
  const mark = target.indexOf("?");
  return (mark < 0 ? target : target.slice(0, mark)) || "/";
}

/** The path of a target before it is decoded: normalised, unreserved characters decoded; undefined where it has none. */
export function encodedPath(target: string, { mergeSlashes }: PathRules): string | undefined {
  const raw = sentPath(target);
  return /%(?![0-9a-fA-F]{2})/.test(raw) ? undefined : walk(raw, mergeSlashes);
}

function normalise(raw: string, rules: PathRules): string | 400 | 404 {
  if (/%(?![0-9a-fA-F]{2})/.test(raw)) return 400;
  const walked = walk(raw, rules.mergeSlashes);
  if (walked === undefined) return 400;
  return decode(walked, rules);
}

function walk(raw: string, mergeSlashes: boolean): string | undefined {
  return removeDots(decodeUnreserved(raw).replace(/^\/\/+/, "/"), mergeSlashes);
}

/** Unreserved characters first, so that "%2e%2e" is a dot segment. */
function decodeUnreserved(raw: string): string {
  return raw.replace(/%(?:2[de]|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)/gi, (triplet) => {
    const character = decodeTriplet(triplet);
    return /[A-Za-z0-9\-._~]/.test(character) ? character : triplet;
  });
}

function decode(path: string, { allowEncodedSlashes, mergeSlashes }: PathRules): string | 400 | 404 {
  if (!path.includes("%")) return path;
  if (/%00/.test(path)) return 404;
  const slashes = /%2f/i.test(path);
  if (slashes && allowEncodedSlashes === "Off") return 404;
  const decoded = path.replace(/%[0-9a-fA-F]{2}/g, (triplet) =>
    allowEncodedSlashes === "NoDecode" && triplet.toLowerCase() === "%2f" ? triplet : decodeTriplet(triplet),
  );
  if (!slashes || allowEncodedSlashes !== "On") return decoded;
  // Above the root after decoding is clipped, not refused.
  return removeDots(decoded, mergeSlashes, true) ?? "/";
}

function decodeTriplet(triplet: string): string {
  return String.fromCharCode(parseInt(triplet.slice(1), 16));
}

/** Removes "." and ".." segments; undefined when ".." leads above the root, unless `clip`. */
function removeDots(path: string, merge: boolean, clip = false): string | undefined {
  const segments = path.split("/").slice(1);
  const kept: string[] = [];
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    if (segment === "" && !last && merge) continue;
    if (segment === "." || segment === "..") {
      if (segment === ".." && kept.pop() === undefined && !clip) return undefined;
      if (last) kept.push("");
      continue;
    }
    kept.push(segment);
  }
  return "/" + kept.join("/");
}
