// A name nobody knows → what to do about it: the name that was meant, or the module that owns it.
import { allDirectives, enabledAs, ownersOf, symbolOf } from "./owners.js";

/** What is known where an unknown name turned up. */
export interface KnownNames {
  /** Directives and sections ("<Location>") of the loaded modules. */
  readonly known: readonly string[];
  /** Our modules, loaded or not. */
  readonly available: readonly {
    readonly name: string;
    readonly symbol: string;
    readonly directives: readonly string[];
  }[];
}

/** Advice on an unknown directive or section ("<Location>"); undefined where nothing is near. */
export function describeUnknown(name: string, { known, available }: KnownNames): string | undefined {
  if (name.includes("\ufeff")) return "the file begins with a byte order mark (BOM): save it without one";
  const twin = name.startsWith("<") ? name.slice(1, -1) : `<${name}>`;
  if (has(known, twin)) {
    return name.startsWith("<")
      ? `${twin} is a directive: write it without brackets`
      : `it is a section: write ${twin.slice(0, -1)} ...>`;
  }
  const ours = available.filter(({ directives }) => has(directives, name)).map((module) => module.name);
  if (ours.length > 0) return `${ours.join(" or ")} owns this directive: ${enable(ours)}`;
  const owners = ownersOf(name);
  if (owners.length > 0) return `${owners.join(" or ")} owns this directive, and modhost does not have it`;
  const loaded = nearest(name, known);
  if (loaded !== undefined) return `did you mean ${loaded}?`;
  const near = nearest(name, [...available.flatMap(({ directives }) => directives), ...allDirectives()]);
  if (near === undefined) return undefined;
  const owner = available.find(({ directives }) => directives.includes(near));
  return owner
    ? `did you mean ${near}? ${owner.name} owns it: ${enable([owner.name])}`
    : `did you mean ${near}? ${ownersOf(near).join(" or ")} owns it, and modhost does not have it`;
}

/** How to load one of the modules: "a2enmod headers". */
function enable(modules: readonly string[]): string {
  const [first = ""] = modules;
  const name = enabledAs(first);
  return name === undefined ? `LoadModule ${symbolOf(first)}` : `a2enmod ${name}`;
}

function has(names: readonly string[], name: string): boolean {
  const lower = name.toLowerCase();
  return names.some((each) => each.toLowerCase() === lower);
}

/** The candidate nearest to a word: a third of its letters may be wrong, one at least and three at most. Case counts for nothing. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase();
  let least = Math.min(3, Math.max(1, Math.floor(word.length / 3))) + 1;
  let best: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(lower, candidate.toLowerCase(), least);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other; `limit` for as many or more. */
export function editDistance(from: string, to: string, limit = Infinity): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    let least = i;
    for (let j = 1; j <= to.length; j++) {
      const same = from.charCodeAt(i - 1) === to.charCodeAt(j - 1);
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped =
        i > 1 &&
        j > 1 &&
        from.charCodeAt(i - 1) === to.charCodeAt(j - 2) &&
        from.charCodeAt(i - 2) === to.charCodeAt(j - 1);
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
      if (cost < least) least = cost;
    }
    // Swaps look back two rows, hence the one more.
    if (least > limit) return limit;
    beforeLast = last;
    last = row;
  }
  return Math.min(limit, last[to.length] ?? 0);
}
