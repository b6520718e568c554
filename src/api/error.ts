// A fault in a configuration: what is wrong, and where.
import type { Origin } from "./origin.js";

/** What a ConfigError may know beyond its reason. */
export interface ConfigErrorDetail {
  /** Apache's number for the same error, "AH00526", where it has one; of a lint its name in docs/lints.md. */
  readonly code?: string;
  /** Other places that have a part in it. */
  readonly related?: readonly { readonly origin: Origin; readonly text: string }[];
  /** Number of characters under the caret, counted from the origin's column. */
  readonly length?: number;
  /** What to do about it: "did you mean ...", "run a2enmod headers". */
  readonly advice?: string;
}

/** A fault in the configuration; `message` is the reason alone, without the place. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly origin: Origin;
  readonly detail: ConfigErrorDetail;

  constructor(reason: string, origin: Origin, detail: ConfigErrorDetail = {}) {
    super(reason);
    this.origin = origin;
    this.detail = detail;
  }
}
