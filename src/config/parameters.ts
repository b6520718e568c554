// The parameters of a macro → where they stand in its lines, in time that does not grow with their number.

/** Characters that the name of a parameter may have: each place of a line is looked at so many times at most. */
export const longestParameter = 100;

/** A parameter found in a text. */
export interface FoundParameter {
  readonly at: number;
  /** Which of the parameters. */
  readonly which: number;
}

/** Finds the parameters of one macro. */
export class ParameterFinder {
  readonly #which: ReadonlyMap<string, number>;
  /** Codes of first characters. */
  readonly #firsts: ReadonlySet<number>;
  /** The lengths that occur, longest first. */
  readonly #lengths: readonly number[];

  constructor(parameters: readonly string[]) {
    this.#which = new Map(parameters.map((name, index) => [name, index]));
    this.#firsts = new Set(parameters.map((name) => name.charCodeAt(0)));
    this.#lengths = [...new Set(parameters.map(({ length }) => length))].sort((a, b) => b - a);
  }

  /** The earliest parameter from an offset on, and the longest of those that begin there. */
  find(text: string, from: number): FoundParameter | undefined {
    for (let at = from; at < text.length; at++) {
      if (!this.#firsts.has(text.charCodeAt(at))) continue;
      for (const length of this.#lengths) {
        const which = this.#which.get(text.slice(at, at + length));
        if (which !== undefined) return { at, which };
      }
    }
    return undefined;
  }

  /** Which parameters stand anywhere in these texts, inside of each other too. */
  used(texts: Iterable<string>): ReadonlySet<number> {
    const used = new Set<number>();
    for (const text of texts) {
      for (let at = 0; at < text.length; at++) {
        if (!this.#firsts.has(text.charCodeAt(at))) continue;
        for (const length of this.#lengths) {
          const which = this.#which.get(text.slice(at, at + length));
          if (which !== undefined) used.add(which);
        }
      }
    }
    return used;
  }
}

const finders = new WeakMap<readonly string[], ParameterFinder>();

/** The finder for a macro's parameters, made once. */
export function finderOf(parameters: readonly string[]): ParameterFinder {
  let finder = finders.get(parameters);
  if (!finder) finders.set(parameters, (finder = new ParameterFinder(parameters)));
  return finder;
}

/** For each parameter that is the beginning of a later one, the first such, by their numbers. */
export function beginnings(parameters: readonly string[]): ReadonlyMap<number, number> {
  const order = parameters.map((name, index) => ({ name, index }));
  order.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const found = new Map<number, number>();
  // In this order what begins with a name follows it; those around are beginnings of each other.
  const around: typeof order = [];
  for (const each of order) {
    for (let last = around.at(-1); last && !each.name.startsWith(last.name); last = around.at(-1)) around.pop();
    for (const { index } of around) {
      if (each.index > index) found.set(index, Math.min(each.index, found.get(index) ?? Infinity));
    }
    around.push(each);
  }
  return found;
}
