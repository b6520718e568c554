// What mod_mime remembers.
import { value } from "../../api/index.js";
import { mappings } from "./mappings.js";
import type { TypeTable } from "./types.js";

/** What makes an extension known to MultiViews, beside type, language, charset and encoding. */
export interface MultiViews {
  readonly any: boolean;
  readonly filters: boolean;
  readonly handlers: boolean;
}

export const settings = {
  mappings,
  /** Of TypesConfig; undefined for those of mime-db. */
  types: value<TypeTable | undefined>(undefined),
  defaultLanguage: value<string | undefined>(undefined),
  usePathInfo: value<boolean>(false),
  multiViews: value<MultiViews>({ any: false, filters: false, handlers: false }),
};
