// Macros: put in place while files are read; these records document them.
import { arg, defineModule, optional, rest, section, type Context, type Place } from "../../api/index.js";

const everywhere: readonly Context[] = ["server config", "virtual host", "directory", ".htaccess"];

/** As in Apache, a line read before the module was loaded says nothing. */
function tooEarly(_values: unknown, place: Place): undefined {
  place.warn("has no effect: it stands above the LoadModule line of macro_module");
}

export default defineModule({
  name: "mod_macro",
  summary: "Names blocks of configuration lines, to be put in with values in place of their parameters.",
  settings: {},
  directives: (directive) => ({
    "<Macro>": section({
      args: [arg.word("name"), optional(rest(arg.word("parameter")))],
      contexts: everywhere,
      override: "All",
      onRead: true,
      summary: "Keeps its lines under a name, for `Use`.",
      doc:
        "Names are read in any case and hold until the end, whatever section the macro is defined in. A parameter should begin with " +
        "`$`, `%` or `@`; wherever its name stands in the lines, `Use` puts the value, for `@` in double quotes. `${name}` in the lines " +
        "is filled in when the macro is used. Sections must be opened and closed in the same body. An error in a body is shown with " +
        "the line of the macro and the line of its `Use`. Lines may come to 8192 characters.",
      example:
        "<Macro site $name $folder>\n  <VirtualHost *:80>\n    ServerName $name\n    DocumentRoot $folder\n  </VirtualHost>\n</Macro>",
      opens: (_values, place): never => place.fail("stands above the LoadModule line of macro_module"),
    }),

    Use: directive({
      args: [arg.word("name"), optional(rest(arg.word("value")))],
      contexts: everywhere,
      override: "All",
      onRead: true,
      summary: "Puts the lines of a macro here, with values for its parameters.",
      doc:
        "There must be as many values as the macro has parameters; a value with blanks is written in quotes. A macro may use others, " +
        "never itself.",
      example: "<Macro quiet $level>\n  LogLevel $level\n</Macro>\nUse quiet error",
      set: tooEarly,
    }),

    UndefMacro: directive({
      args: [arg.word("name")],
      contexts: everywhere,
      override: "All",
      onRead: true,
      summary: "Forgets a macro.",
      doc: "It must be defined.",
      example: "<Macro once>\n  LogLevel error\n</Macro>\nUse once\nUndefMacro once",
      set: tooEarly,
    }),

    MacroIgnoreBadNesting: directive({
      args: [arg.raw("anything")],
      contexts: everywhere,
      override: "All",
      summary: "Was to silence warnings of sections that a macro leaves open.",
      doc: "Has no effect, as in Apache.",
      example: "MacroIgnoreBadNesting On",
      set: () => undefined,
    }),

    MacroIgnoreEmptyArgs: directive({
      args: [arg.raw("anything")],
      contexts: everywhere,
      override: "All",
      summary: "Was to silence warnings of empty values.",
      doc: "Has no effect, as in Apache.",
      example: "MacroIgnoreEmptyArgs On",
      set: () => undefined,
    }),
  }),
});
