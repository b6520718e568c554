// A compiled configuration → warnings of what Apache takes without a word and nobody is likely to mean.
import type { ConfigError } from "../../api/index.js";
import type { CompiledServer } from "../compile.js";
import { accessLints } from "./access.js";
import { closedLints } from "./closed.js";
import { fileLints } from "./files.js";
import { hostLints } from "./hosts.js";
import { mappingLints } from "./mapping.js";
import { quoteLints } from "./quotes.js";
import { unreadLints } from "./unread.js";
import { lintView, warningOf, type Lint } from "./view.js";

/** Every lint; docs/lints.md has a section for each. */
export const lints: readonly Lint[] = [
  ...[...hostLints, ...mappingLints, ...accessLints, ...closedLints],
  ...[...fileLints, ...quoteLints, ...unreadLints],
];

/** Findings of one lint that are shown. */
const mostFindings = 200;

/** Runs every lint. The configuration must be without errors. */
export function lintServer(server: CompiledServer): ConfigError[] {
  const view = lintView(server);
  const warnings: ConfigError[] = [];
  for (const lint of lints) {
    let found = 0;
    for (const finding of lint.find(view)) {
      if (++found > mostFindings) break;
      warnings.push(warningOf(lint, finding));
    }
  }
  return warnings;
}
