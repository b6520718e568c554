// A name nobody knows → what to do about it: the name that was meant, or the module that owns it.
import { nearest, whyAbsent } from "../api/index.js";
import { allDirectives, enabledAs, ownersOf, symbolOf } from "./owners.js";

export { editDistance, nearest } from "../api/index.js";

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

const described = new WeakMap<KnownNames, Map<string, string | undefined>>();

/** Advice on an unknown directive or section ("<Location>"); undefined where nothing is near. A name is looked for once. */
export function describeUnknown(name: string, names: KnownNames): string | undefined {
  const advice = described.get(names) ?? new Map<string, string | undefined>();
  described.set(names, advice);
  if (!advice.has(name)) advice.set(name, adviceOn(name, names));
  return advice.get(name);
}

function adviceOn(name: string, { known, available }: KnownNames): string | undefined {
  if (name.includes("\ufeff")) return "the file begins with a byte order mark (BOM): save it without one";
  if (/^php_(admin_)?(value|flag)$/i.test(name)) {
    return "mod_php owns this directive, and PHP runs in no server of this kind: have PHP-FPM run it, and write the value into .user.ini";
  }
  const twin = name.startsWith("<") ? name.slice(1, -1) : `<${name}>`;
  if (has(known, twin)) {
    return name.startsWith("<")
      ? `${twin} is a directive: write it without brackets`
      : `it is a section: write ${twin.slice(0, -1)} ...>`;
  }
  const ours = available.filter(({ directives }) => has(directives, name)).map((module) => module.name);
  if (ours.length > 0) return `${ours.join(" or ")} owns this directive: ${enable(ours)}`;
  const owners = ownersOf(name);
  if (owners.length > 0) {
    const [why] = owners.flatMap((owner) => whyAbsent(owner) ?? []);
    return `${owners.join(" or ")} owns this directive, and modhost does not have it${why === undefined ? "" : `. ${why}`}`;
  }
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
