// Name of a script → what runs it.
import type { ApplicationKind } from "./channel.js";

const nodeExtensions = /\.[mc]?[jt]s$/;

/** What runs a script: Node for .js, .mjs, .cjs, .ts, .mts and .cts (the last three where that Node knows types), else Python. */
export function kindOf(script: string): ApplicationKind {
  return nodeExtensions.test(script) ? "node" : "python";
}
