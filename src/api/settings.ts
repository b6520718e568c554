// What a module remembers, and how lines and sections combine.

/** One setting: `add` combines two lines of one section, `nest` lays a section over what surrounds it. */
export interface Setting<Value> {
  readonly initial: Value;
  add(earlier: Value, later: Value): Value;
  nest(outer: Value, inner: Value): Value;
  /** The value at the top of a virtual host, where that is not `nest` of the main server's and its own. */
  host?(main: Value, own: Value | undefined): Value;
  /**
   * The value in front of the sections of one kind that match a request (Files, Location, If), where it matters that these
   * are laid over each other before all of them are laid over it.
   */
  walk?(value: Value): Value;
}

/** The settings of a module, by name. */
export type Settings = Readonly<Record<string, Setting<unknown>>>;

/** The values of all settings, merged. */
export type SettingsOf<S> = { readonly [K in keyof S]: S[K] extends Setting<infer Value> ? Value : never };

/** What one directive changes. */
export type Change<S> = { readonly [K in keyof S]?: S[K] extends Setting<infer Value> ? Value : never };

/** A single value: the later line and the inner section win. */
export function value<Value>(initial: Value): Setting<Value> {
  return { initial, add: (_earlier, later) => later, nest: (_outer, inner) => inner };
}

/** A list to which lines add; `nest` says what an inner section does to the outer list. */
export function list<Item>(
  nest: "inner first" | "outer first" | "replace" = "inner first",
  initial: readonly Item[] = [],
): Setting<readonly Item[]> {
  return {
    initial,
    add: appended,
    nest: (outer, inner) =>
      nest === "replace" ? inner : nest === "inner first" ? [...inner, ...outer] : [...outer, ...inner],
  };
}

/** What came from the functions below, and may grow where it is. */
const growing = new WeakSet<object>();

/**
 * For `add` alone: a list with more behind it. One that came from here grows where it is, so that a hundred thousand lines
 * are not copied for each of them; while lines are added, nobody else has it.
 */
export function appended<Item>(earlier: readonly Item[], later: readonly Item[]): readonly Item[] {
  const list = growing.has(earlier) ? (earlier as Item[]) : [...earlier];
  growing.add(list);
  for (const item of later) list.push(item);
  return list;
}

/** For `add` alone, as `appended`: a table with another one laid over it. */
export function overlaid<Value>(
  earlier: Readonly<Record<string, Value>>,
  later: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  const table: Record<string, Value> = growing.has(earlier) ? earlier : { ...earlier };
  growing.add(table);
  for (const [name, value] of Object.entries(later)) {
    if (name !== "__proto__") table[name] = value;
    else Object.defineProperty(table, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return table;
}

/** For `add` alone, as `appended`: a map with another one laid over it. */
export function extended<Key, Value>(
  earlier: ReadonlyMap<Key, Value>,
  later: ReadonlyMap<Key, Value>,
): ReadonlyMap<Key, Value> {
  const table = growing.has(earlier) ? (earlier as Map<Key, Value>) : new Map(earlier);
  growing.add(table);
  for (const [key, value] of later) table.set(key, value);
  return table;
}

/** For `add` alone, as `appended`: all that is in one set or the other. */
export function united<Item>(earlier: ReadonlySet<Item>, later: ReadonlySet<Item>): ReadonlySet<Item> {
  const all = growing.has(earlier) ? (earlier as Set<Item>) : new Set(earlier);
  growing.add(all);
  for (const item of later) all.add(item);
  return all;
}

/** A table whose entries are overlaid, later and inner ones winning. */
export function map<Value>(initial: Readonly<Record<string, Value>> = {}): Setting<Readonly<Record<string, Value>>> {
  const overlay = (below: Readonly<Record<string, Value>>, above: Readonly<Record<string, Value>>) => ({
    ...below,
    ...above,
  });
  return { initial, add: overlaid, nest: overlay };
}

/** A setting that virtual hosts do not take over from the main server (AllowEncodedSlashes, ServerName). */
export function notInherited<Value>(setting: Setting<Value>): Setting<Value> {
  return { ...setting, host: (_main, own) => own ?? setting.initial };
}
