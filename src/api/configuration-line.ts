// What was read of the configuration, for those who show it.
import type { Origin } from "./origin.js";

/** A directive, or a section with its lines, as it was read: included files in place, variables filled in. */
export interface ConfigurationLine {
  /** As written; of a section without the bracket. */
  readonly name: string;
  /** What stands behind the name. */
  readonly text: string;
  readonly origin: Origin;
  /** Where parts of the text stand, for lines that were continued. */
  readonly pieces?: readonly { readonly line: number }[];
  /** The lines of a section. */
  readonly children?: readonly ConfigurationLine[];
}

/** All that was read. */
export interface ConfigurationRead {
  readonly mainFile: string;
  readonly nodes: readonly ConfigurationLine[];
}
