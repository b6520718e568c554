// Sections whose closing line is missing → what is said of them.
import type { Origin } from "../api/index.js";
import { isRawSection, placeOf, type FileOrigin, type RawSection } from "./parse.js";
import type { Reading } from "./reading.js";
import { linesOf, type Line } from "./tokens.js";
import type { SectionNode } from "./tree.js";

/** Apache takes a condition that holds and is never closed: all lines to the end of the file are its own. */
export function warnOfOpen(raw: RawSection, section: SectionNode, from: FileOrigin, reading: Reading): void {
  const what = `<${section.name}> is not closed: it holds everything up to the end of the file`;
  reading.warn(what, section.origin, {
    length: section.name.length + 1,
    related: [{ origin: placeOf(lastLine(raw), from), text: "its last line" }],
    advice: `write </${section.name}> where it ends; where the condition does not hold, the file is refused`,
  });
}

/** The last line that stands in a section. */
function lastLine(raw: RawSection): Line {
  const last = raw.children.at(-1);
  if (isRawSection(last)) return last.closing ?? lastLine(last);
  return (last && linesOf(last).at(-1)) ?? raw.line;
}

/** Refuses a section whose closing line is missing, once. */
export function refuseUnclosed(raw: RawSection, origin: Origin, reason: string, reading: Reading): void {
  if (!raw.closing && !raw.faulty) reading.fail(reason, origin, { length: raw.name.name.length + 1 });
}

/** The section that the end of the file found open deepest inside this one. */
export function innermostUnclosed(raw: RawSection): RawSection {
  let innermost = raw;
  for (;;) {
    const last = innermost.children.at(-1);
    if (innermost.closing || !isRawSection(last) || last.closing || last.faulty) return innermost;
    innermost = last;
  }
}
