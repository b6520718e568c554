// An ordered list of header fields with names that compare without case.

/** Header fields in wire order. Names keep their spelling; all look-ups ignore case. */
export class Headers {
  #names: string[] = [];
  #keys: string[] = [];
  #values: string[] = [];

  constructor(fields: Iterable<readonly [string, string]> = []) {
    for (const [name, value] of fields) this.append(name, value);
  }

  /** The same fields once more, to be changed apart from these; cheaper than building them anew. */
  copy(): Headers {
    const copy = new Headers();
    copy.#names = this.#names.slice();
    copy.#keys = this.#keys.slice();
    copy.#values = this.#values.slice();
    return copy;
  }

  get size(): number {
    return this.#names.length;
  }

  /** The values of all fields of that name joined with ", ", or undefined. `key` may be in any case. */
  get(name: string): string | undefined {
    const key = name.toLowerCase();
    const first = this.#keys.indexOf(key);
    if (first < 0) return undefined;
    let value = this.#values[first];
    for (let i = this.#keys.indexOf(key, first + 1); i >= 0; i = this.#keys.indexOf(key, i + 1)) {
      value += ", " + this.#values[i];
    }
    return value;
  }

  /** Every value of that name, in order. */
  all(name: string): string[] {
    const key = name.toLowerCase();
    return this.#values.filter((_, i) => this.#keys[i] === key);
  }

  has(name: string): boolean {
    return this.#keys.includes(name.toLowerCase());
  }

  /** Replaces every field of that name by one, at the place of the first. */
  set(name: string, value: string): void {
    const key = name.toLowerCase();
    const first = this.#keys.indexOf(key);
    if (first < 0) return this.#push(name, key, value);
    this.#names[first] = name;
    this.#values[first] = value;
    for (let i = this.#keys.indexOf(key, first + 1); i >= 0; i = this.#keys.indexOf(key, first + 1)) this.#remove(i);
  }

  /** Adds a field, whether or not one of that name is there. */
  append(name: string, value: string): void {
    this.#push(name, name.toLowerCase(), value);
  }

  /** As append, where the name in lower case is at hand. */
  appendKnown(name: string, key: string, value: string): void {
    this.#push(name, key, value);
  }

  delete(name: string): void {
    const key = name.toLowerCase();
    for (let i = this.#keys.indexOf(key); i >= 0; i = this.#keys.indexOf(key)) this.#remove(i);
  }

  /** Calls `visit` with each field in order: name as spelled, value, name in lower case. */
  forEach(visit: (name: string, value: string, key: string) => void): void {
    for (let i = 0; i < this.#names.length; i++) {
      visit(this.#names[i] as string, this.#values[i] as string, this.#keys[i] as string);
    }
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (let i = 0; i < this.#names.length; i++) yield [this.#names[i] as string, this.#values[i] as string];
  }

  #push(name: string, key: string, value: string): void {
    this.#names.push(name);
    this.#keys.push(key);
    this.#values.push(value);
  }

  #remove(index: number): void {
    this.#names.splice(index, 1);
    this.#keys.splice(index, 1);
    this.#values.splice(index, 1);
  }
}
