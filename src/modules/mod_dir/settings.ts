// What mod_dir remembers.
import { appended, value, type Setting } from "../../api/index.js";

/** Index names; a line without names (`disabled`) starts the list anew. */
const indexNames: Setting<readonly string[]> = {
  initial: ["index.html"],
  add: (earlier, later) => (later.length === 0 ? later : appended(earlier, later)),
  nest: (_outer, inner) => inner,
};

export const settings = {
  indexNames,
  slash: value<boolean>(true),
  checkHandler: value<boolean>(false),
  /** Status of the redirect to an index; undefined: it is served in place. */
  indexRedirect: value<number | undefined>(undefined),
  fallback: value<string | undefined>(undefined),
};
