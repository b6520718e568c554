// Marks that only rise, the same for all HTTP workers: what was used once is not taken again.

/** Two numbers: milliseconds since the epoch at which the thing was made, and a count of its uses. The first decides. */
export type Mark = readonly [made: number, count: number];

/** A mark to set where what stands there is below `over`, or where nothing does. */
export interface MarkRise {
  readonly key: string;
  readonly over: Mark;
  readonly to: Mark;
}

/** What became of it; "forgotten": the thing is so old that nobody knows whether it was used; else the mark it met. */
export type RiseVerdict = "raised" | "forgotten" | Mark;

/** Marks by key; of too many the half that was made first is forgotten, and nothing as old is taken from then on. */
export class HighMarks {
  readonly #most: number;
  #marks = new Map<string, Mark>();
  #forgotten = Number.NEGATIVE_INFINITY;

  constructor(most = 10_000) {
    this.#most = most;
  }

  raise({ key, over, to }: MarkRise): RiseVerdict {
    const mark = this.#marks.get(key);
    if (mark && !isBelow(mark, over)) return mark;
    if (!mark && to[0] <= this.#forgotten) return "forgotten";
    this.#marks.set(key, to);
    if (this.#marks.size > this.#most) this.#forget();
    return "raised";
  }

  #forget(): void {
    const all = [...this.#marks].sort(([, [first]], [, [second]]) => first - second);
    const left = all.splice(all.length >> 1);
    this.#forgotten = all.at(-1)?.[1][0] ?? this.#forgotten;
    this.#marks = new Map(left);
  }
}

function isBelow([made, count]: Mark, [madeBelow, countBelow]: Mark): boolean {
  return made < madeBelow || (made === madeBelow && count < countBelow);
}
