// What is kept of ExtFilterDefine and ExtFilterOptions lines.
import { defineSettings, list, value, type NamedFilter, type Origin } from "../../api/index.js";

/** A program that responses, or bodies of requests, are led through. */
export interface ExternalFilter {
  /** In upper case. */
  readonly name: string;
  readonly mode: "output" | "input";
  readonly type: NamedFilter["type"];
  /** The program, absolute, and its arguments. */
  readonly command: readonly string[];
  /** Media types in lower case; undefined: all, and the type stays. */
  readonly inType: string | undefined;
  readonly outType: string | undefined;
  readonly keepsLength: boolean;
  /** Variables of the request: only where the first is set, not where the second is. */
  readonly enabledBy: string | undefined;
  readonly disabledBy: string | undefined;
  readonly origin: Origin;
}

export const extFilter = defineSettings("mod_ext_filter", {
  filters: list<ExternalFilter>(),
  logsErrors: value<boolean>(false),
  onFail: value<"abort" | "remove">("abort"),
});
