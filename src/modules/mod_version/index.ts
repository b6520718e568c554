// The condition on Apache's version: decided while files are read; this record documents it.
import { arg, defineModule, optional, section, type Place } from "../../api/index.js";

export default defineModule({
  name: "mod_version",
  summary: "Reads lines by the version of Apache that is spoken.",
  builtIn: true,
  settings: {},
  directives: () => ({
    "<IfVersion>": section({
      args: [optional(arg.word("operator"), (text) => /^!?[<>=~]+$/.test(text)), arg.word("version")],
      contexts: ["server config", "virtual host", "directory", ".htaccess"],
      override: "All",
      onRead: true,
      summary: "Holds lines that are read only for some versions.",
      doc: "The version compared with is that of the Apache whose configuration is understood here, 2.4.",
      example: "<IfVersion >= 2.4>\n  LogLevel info\n</IfVersion>",
      opens: (_values, place: Place): never => place.fail("acts only while files are read"),
    }),
  }),
});
