// Environment and notes of a request → a map whose names are the same in any case, as in Apache's tables.

/** A map of names in any case; a name stays as it was first written. */
export class Variables extends Map<string, string> {
  /** Names as they are kept, by those in lower case. */
  readonly #kept = new Map<string, string>();

  /** The same names and values. */
  static copyOf(other: ReadonlyMap<string, string>): Variables {
    const copy = new Variables();
    for (const [name, value] of other) copy.set(name, value);
    return copy;
  }

  override get(name: string): string | undefined {
    return super.get(this.#nameOf(name));
  }

  override has(name: string): boolean {
    return super.has(this.#nameOf(name));
  }

  override set(name: string, value: string): this {
    const lower = name.toLowerCase();
    const kept = this.#kept.get(lower);
    if (kept === undefined) this.#kept.set(lower, name);
    return super.set(kept ?? name, value);
  }

  override delete(name: string): boolean {
    const kept = this.#nameOf(name);
    this.#kept.delete(name.toLowerCase());
    return super.delete(kept);
  }

  override clear(): void {
    this.#kept.clear();
    super.clear();
  }

  #nameOf(name: string): string {
    return super.has(name) ? name : (this.#kept.get(name.toLowerCase()) ?? name);
  }
}
