// What mod_include remembers of its directives.
import { defineSettings, value, type SettingsOf } from "../../api/index.js";

export const include = defineSettings("mod_include", {
  startTag: value<string>("<!--#"),
  endTag: value<string>("-->"),
  errorMessage: value<string>("[an error occurred while processing this directive]"),
  timeFormat: value<string>("%A, %d-%b-%Y %H:%M:%S %Z"),
  undefinedEcho: value<string>("(none)"),
  xBitHack: value<"off" | "on" | "full">("off"),
  keepsTag: value<boolean>(false),
  lastModified: value<boolean>(false),
  legacyExpressions: value<boolean>(false),
});

export type IncludeSettings = SettingsOf<typeof include.settings>;

/** Where a page keeps itself for those it includes. */
export const pageKey = Symbol("mod_include");
