// A RewriteRule line → what it matches, and what it makes of it.
import type { Origin, Place } from "../../api/index.js";
import { compileRegex, type Condition } from "./condition.js";
import { readFlags, type RuleFlags } from "./flags.js";
import { splitFlags, splitLine } from "./line.js";
import { parseTemplate, type Template } from "./template.js";
import type { Escaping } from "./url.js";

/** A RewriteRule line with the conditions in front of it. */
export interface Rule {
  /** As written, without "!". */
  readonly pattern: string;
  readonly regex: RegExp;
  readonly negated: boolean;
  readonly output: Template;
  /** "-", or a rule that only answers with a status. */
  readonly isWithoutOutput: boolean;
  /** The output ended with a "?" or [QSD] stands without a query: there is no query string afterwards. */
  readonly dropsQuery: boolean;
  readonly flags: RuleFlags;
  readonly escaping: Escaping | undefined;
  readonly conditions: readonly Condition[];
  readonly origin: Origin;
}

/** Reads a line. */
export function parseRule(text: string, place: Place): Rule {
  const { first, second, flags: written } = splitLine(text, place);
  const read = readFlags(written === undefined ? [] : splitFlags(written, place), place);
  const negated = first.startsWith("!");
  const pattern = negated ? first.slice(1) : first;
  const endsInQuestion = second.endsWith("?");
  const dropsQuery = endsInQuestion ? !read.queryAppend : read.queryDiscard && !second.includes("?");
  return {
    pattern,
    regex: compileRegex(pattern, read.noCase, place),
    negated,
    output: parseTemplate(endsInQuestion && dropsQuery ? second.slice(0, -1) : second),
    isWithoutOutput: second === "-" || read.isAnswer,
    dropsQuery,
    flags: endsInQuestion && read.queryAppend ? { ...read, queryLast: true } : read,
    escaping: read.escape
      ? {
          only: read.escapeOnly,
          controls: read.escapeControls,
          except: read.escapeExcept,
          noPlus: read.escapeNoPlus,
        }
      : undefined,
    conditions: [],
    origin: place.origin,
  };
}
