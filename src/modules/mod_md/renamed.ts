// Managed domains that go by another name than before → the folders that their certificates are in, as Apache moves them.
import type { ManagedDomain } from "./domains.js";
import type { Store } from "./store.js";

/** A managed domain as the store has it. */
interface Kept {
  readonly name: string;
  readonly names: readonly string[];
}

/** Moves them; gives those that were moved. The name of a managed domain is the first of its names, and lines get reordered. */
export function moveRenamed(
  store: Store,
  domains: readonly Pick<ManagedDomain, "name" | "names" | "certificateFiles">[],
): readonly { readonly from: string; readonly to: string }[] {
  const there = new Set(store.names("domains"));
  const fresh = domains.filter(({ name, certificateFiles }) => !there.has(name) && certificateFiles.length === 0);
  if (fresh.length === 0) return [];
  const configured = new Set(domains.map(({ name }) => name));
  const left = [...there]
    .filter((name) => !name.startsWith(".") && !configured.has(name))
    .flatMap((name) => keptIn(store, name));
  return fresh.flatMap(({ name, names }) => {
    const found = closest(left, names);
    if (!found) return [];
    left.splice(left.indexOf(found), 1);
    for (const group of ["domains", "staging"] as const) store.rename(group, found.name, name);
    return [{ from: found.name, to: name }];
  });
}

function keptIn(store: Store, name: string): Kept[] {
  try {
    const { domains } = JSON.parse(store.read("domains", name, "md.json") ?? "{}") as { readonly domains?: unknown };
    return Array.isArray(domains) ? [{ name, names: domains.map(String) }] : [];
  } catch {
    return [];
  }
}

/** The one with all of the names, else that with most of them. */
function closest(left: readonly Kept[], names: readonly string[]): Kept | undefined {
  const whole = left.find((each) => names.every((name) => each.names.includes(name)));
  if (whole) return whole;
  const common = ({ names: known }: Kept): number => names.filter((name) => known.includes(name)).length;
  const [best] = left.filter((each) => common(each) > 0).sort((one, other) => common(other) - common(one));
  return best;
}
