// What mod_charset_lite remembers.
import { defineSettings, value } from "../../api/index.js";

export const charset = defineSettings("mod_charset_lite", {
  /** The encoding of what is there. */
  source: value<string | undefined>(undefined),
  /** The encoding it is sent in. */
  target: value<string | undefined>(undefined),
  /** Whether filters are added without being named. */
  implicit: value<boolean>(true),
  /** Whether other types than text/* and message/* are translated too. */
  allTypes: value<boolean>(false),
});
