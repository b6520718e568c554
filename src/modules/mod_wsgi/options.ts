// "key=value key='value with blanks'" → the options of a mod_wsgi directive.
import { nearest, type Place } from "../../api/index.js";

/** Reads the options of a line. Keys that do not exist and missing "=" are refused, missing values but where a key may be empty. */
export function readOptions<Key extends string>(
  text: string,
  keys: readonly Key[],
  place: Place,
  mayBeEmpty: ReadonlySet<string> = new Set(),
): ReadonlyMap<Key, string> {
  const options = new Map<Key, string>();
  let rest = text.trim();
  while (rest !== "") {
    const [whole, name = "", double, single, bare] =
      /^([^\s=]*)=(?:"((?:\\.|[^"\\])*)"?|'((?:\\.|[^'\\])*)'?|(\S*))\s*/s.exec(rest) ?? [];
    if (whole === undefined) return place.fail(`options are key=value, found "${rest.split(/\s/)[0] ?? ""}"`);
    const key = keys.find((known) => known === name);
    if (key === undefined) return place.fail(`option ${name} does not exist`, meant(name, keys));
    const value = double ?? single ?? bare ?? "";
    if (value === "" && !mayBeEmpty.has(key)) return place.fail(`option ${name} needs a value behind "="`);
    options.set(key, bare === undefined ? value.replace(/\\(["'\\])/g, "$1") : value);
    rest = rest.slice(whole.length);
  }
  return options;
}

function meant(name: string, keys: readonly string[]): string {
  const close =
    keys.find(
      (key) => key.startsWith(name) || name.startsWith(key) || key.replaceAll("-", "") === name.replace(/[-_]/g, ""),
    ) ?? nearest(name, keys);
  return close === undefined ? `options are: ${keys.join(", ")}` : `did you mean ${close}=`;
}
