// RegexDefaultOptions → what the patterns of the lines behind it are.
import { arg, optional, patternDefaults, rest, setPatternDefaults, type PatternDefaults } from "../../api/index.js";
import { serverOnly, type CoreMaker } from "./contexts.js";

const options: Readonly<Record<string, keyof PatternDefaults>> = {
  icase: "ignoreCase",
  dotall: "dotAll",
  dollar_endonly: "dollarEndOnly",
};

const none: PatternDefaults = { ignoreCase: false, dotAll: false, dollarEndOnly: false };

export const patternDirectives = (directive: CoreMaker) => ({
  RegexDefaultOptions: directive({
    args: [optional(rest(arg.word("option")))],
    contexts: serverOnly,
    summary: "How regular expressions are meant where they do not say.",
    doc:
      "`ICASE`: letters stand for both cases; `DOTALL`: `.` matches line ends too; `DOLLAR_ENDONLY`: `$` matches at the very end " +
      "alone, not before a line end there. With `+` or `-` an option is added or taken away; without, it is the only one; `None` " +
      "takes all away. This holds for the lines behind it, in virtual hosts and `.htaccess` files too. Patterns of mod_substitute " +
      "take DOLLAR_ENDONLY alone from it; texts without special characters behind SetEnvIf and BrowserMatch, and those of mod_sed, nothing.",
    example: "RegexDefaultOptions +ICASE",
    default: "DOTALL DOLLAR_ENDONLY",
    set: ([words], place) => {
      let values = patternDefaults();
      for (const word of words ?? []) {
        const [, sign, name = ""] = /^([+-]?)(.*)$/s.exec(word) ?? [];
        const option = options[name.toLowerCase()];
        if (word.toLowerCase() === "none") values = none;
        else if (!option) {
          return place.fail(
            `option '${name}' unknown, as in Apache`,
            "the options are ICASE, DOTALL and DOLLAR_ENDONLY, each with + or - before it, and None",
          );
        } else values = { ...(sign ? values : none), [option]: sign !== "-" };
      }
      setPatternDefaults(values);
      return undefined;
    },
  }),
});
