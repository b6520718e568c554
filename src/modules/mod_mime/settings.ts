// What mod_mime remembers.
import { value } from "../../api/index.js";
import { mappings } from "./mappings.js";
import type { TypeTable } from "./types.js";

export const settings = {
  mappings,
  /** Of TypesConfig; undefined for those of mime-db. */
  types: value<TypeTable | undefined>(undefined),
  defaultLanguage: value<string | undefined>(undefined),
  usePathInfo: value<boolean>(false),
};
