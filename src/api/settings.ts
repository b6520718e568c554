// What a module remembers, and how lines and sections combine.

/** One setting: `add` combines two lines of one section, `nest` lays a section over what surrounds it. */
export interface Setting<Value> {
  readonly initial: Value;
  add(earlier: Value, later: Value): Value;
  nest(outer: Value, inner: Value): Value;
  /** The value at the top of a virtual host, where that is not `nest` of the main server's and its own. */
  host?(main: Value, own: Value | undefined): Value;
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

const growing = new WeakSet<readonly unknown[]>();

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

/** A table whose entries are overlaid, later and inner ones winning. */
export function map<Value>(initial: Readonly<Record<string, Value>> = {}): Setting<Readonly<Record<string, Value>>> {
  const overlay = (below: Readonly<Record<string, Value>>, above: Readonly<Record<string, Value>>) => ({
    ...below,
    ...above,
  });
  return { initial, add: overlay, nest: overlay };
}

/** A setting that virtual hosts do not take over from the main server (AllowEncodedSlashes, ServerName). */
export function notInherited<Value>(setting: Setting<Value>): Setting<Value> {
  return { ...setting, host: (_main, own) => own ?? setting.initial };
}
