// A table of small records that all HTTP workers see.

/** A record: its values by name. */
export type SharedRecord = Readonly<Record<string, string | number | boolean>>;

/** What changes in a record: parts that are replaced, and numbers that are added to. */
export interface SharedChange {
  readonly key: string;
  readonly set?: SharedRecord;
  readonly add?: Readonly<Record<string, number>>;
  /** As `add`; taken back when the worker that says so has ended: what it has under way. */
  readonly held?: Readonly<Record<string, number>>;
}

/**
 * Records by key. A change shows here at once and in the other workers within some milliseconds; of two workers that set
 * the same part the later one wins. Records never go away: keys come from the configuration.
 */
export class SharedTable {
  readonly #records = new Map<string, SharedRecord>();
  /** Hears of each change made here. */
  readonly #made: ((change: SharedChange) => void) | undefined;
  readonly #listeners: ((key: string) => void)[] = [];

  constructor(made?: (change: SharedChange) => void) {
    this.#made = made;
  }

  get(key: string): SharedRecord | undefined {
    return this.#records.get(key);
  }

  /** A number of a record; 0 where there is none. */
  number(key: string, name: string): number {
    const value = this.#records.get(key)?.[name];
    return typeof value === "number" ? value : 0;
  }

  change(change: SharedChange): void {
    this.apply(change);
    this.#made?.(change);
  }

  /** Hears of each change, whoever has made it, with its key. */
  onChange(listener: (key: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Takes a change that another worker has made. */
  apply({ key, set, add, held }: SharedChange): void {
    const record: Record<string, string | number | boolean> = { ...this.#records.get(key), ...set };
    for (const numbers of [add, held]) {
      for (const [name, value] of Object.entries(numbers ?? {})) {
        const before = record[name];
        record[name] = (typeof before === "number" ? before : 0) + value;
      }
    }
    this.#records.set(key, record);
    for (const listener of this.#listeners) listener(key);
  }

  *[Symbol.iterator](): IterableIterator<[string, SharedRecord]> {
    yield* this.#records;
  }
}
