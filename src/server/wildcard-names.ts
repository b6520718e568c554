// ServerAlias names with wildcards → the first of them that fits a name, without a look at each.
import { globToRegExp } from "../api/index.js";

/** Names kept with what was found for them; a client may invent as many as it likes. */
const remembered = 1024;

/**
 * Wildcard names by position. The usual ones, "*.example.com" and "www.example.*", are found by their fixed part: 10,000 of
 * them cost what one costs. Others are tried one by one.
 */
export class WildcardNames {
  readonly #suffixes = new FixedParts();
  readonly #prefixes = new FixedParts();
  readonly #others: { readonly position: number; readonly pattern: RegExp }[] = [];
  readonly #known = new Map<string, number>();

  /** Adds a name in lower case; names are added in the order of their positions. */
  add(name: string, position: number): void {
    const fixed = name.replace("*", "");
    if (/[*?]/.test(fixed)) {
      // Brackets and backslashes are ordinary characters here.
      this.#others.push({ position, pattern: globToRegExp(name.replace(/[[\\]/g, "\\$&")) });
    } else if (name.startsWith("*")) this.#suffixes.add(fixed, position);
    else if (name.endsWith("*")) this.#prefixes.add(fixed, position);
    else this.#others.push({ position, pattern: globToRegExp(name.replace(/[[\\]/g, "\\$&")) });
  }

  /** The lowest position of a name that fits `hostname`, in lower case; Infinity for none. */
  find(hostname: string): number {
    const known = this.#known.get(hostname);
    if (known !== undefined) return known;
    let best = Math.min(
      this.#suffixes.find((length) => hostname.slice(hostname.length - length), hostname.length),
      this.#prefixes.find((length) => hostname.slice(0, length), hostname.length),
    );
    for (const { position, pattern } of this.#others) {
      if (position >= best) break;
      if (pattern.test(hostname)) best = position;
    }
    if (this.#known.size >= remembered) this.#known.clear();
    this.#known.set(hostname, best);
    return best;
  }
}

/** What stands before or behind a star, by its length: a name is cut to each length that occurs. */
class FixedParts {
  readonly #byLength = new Map<number, Map<string, number>>();

  add(part: string, position: number): void {
    let parts = this.#byLength.get(part.length);
    if (!parts) this.#byLength.set(part.length, (parts = new Map<string, number>()));
    if (!parts.has(part)) parts.set(part, position);
  }

  find(cut: (length: number) => string, most: number): number {
    let best = Infinity;
    for (const [length, parts] of this.#byLength) {
      if (length <= most) best = Math.min(best, parts.get(cut(length)) ?? Infinity);
    }
    return best;
  }
}
