// Substitute lines → texts of responses replaced by others: the filter SUBSTITUTE.
import { arg, defineModule, type Context } from "../../api/index.js";
import { substituteFilter } from "./filter.js";
import { readRule } from "./rule.js";
import { substitute } from "./settings.js";

const everywhere: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];
const factors: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** The longest line there may be: two lines of that length are held for each response. */
const mostBytes = 64 * 1024 ** 2;

export default defineModule({
  name: "mod_substitute",
  summary: "Replaces texts in responses, line by line: the filter SUBSTITUTE.",
  settings: substitute.settings,
  directives: (directive) => ({
    Substitute: directive({
      args: [arg.word("s/pattern/substitution/[infq]")],
      contexts: everywhere,
      override: "FileInfo",
      summary: "What to replace, and by what.",
      doc:
        "Acts where the filter is set (`SetOutputFilter SUBSTITUTE`, `AddOutputFilterByType SUBSTITUTE text/html`). Any character " +
        "may stand for the slashes. `$1` to `$9` are groups of the pattern. Flags: `i` ignores case; `n` takes the pattern for a " +
        "plain text; `q` leaves the line in pieces, so that later rules do not see across what was replaced; `f`, the default, does " +
        "not. Rules act in order, on each line by itself.",
      example: 'AddOutputFilterByType SUBSTITUTE text/html\nSubstitute "s|http://old.example|https://new.example|i"',
      set: ([written], place) => ({ rules: { list: [readRule(written, place)], outerFirst: undefined } }),
    }),
    SubstituteMaxLineLength: directive({
      args: [arg.word("bytes")],
      contexts: everywhere,
      override: "FileInfo",
      summary: "The longest line, before and after its rules.",
      doc:
        "`b`, `k`, `m` or `g` may follow the number; at most 64m. A response with a longer line is a 500, or broken off where " +
        "its beginning has been sent.",
      example: "SubstituteMaxLineLength 4m",
      default: "1m",
      set: ([text], place) => {
        const [, digits, unit = "b"] = /^(\d{1,12})([bkmg])?$/i.exec(text) ?? [];
        const bytes = Number(digits) * (factors[unit.toLowerCase()] ?? NaN);
        if (!(bytes > 0 && bytes <= mostBytes)) {
          return place.fail(
            "SubstituteMaxLineLength must be a number of bytes up to 64m, with an optional b, k, m or g",
          );
        }
        return { maxLineLength: bytes };
      },
    }),
    SubstituteInheritBefore: directive({
      args: [arg.flag()],
      contexts: everywhere,
      override: "FileInfo",
      summary: "Whether rules of outer sections act before those of inner ones.",
      doc: "Off, those of the innermost section act first.",
      example: "SubstituteInheritBefore on",
      default: "off",
      set: ([outerFirst]) => ({ rules: { list: [], outerFirst } }),
    }),
  }),
  provides: { outputFilter: { SUBSTITUTE: substituteFilter } },
});
