// Loading modules: done while files are read; these records document it.
import { arg, defineModule, rest } from "../../api/index.js";

export default defineModule({
  name: "mod_so",
  summary: "Loads modules.",
  builtIn: true,
  settings: {},
  directives: (directive) => ({
    LoadModule: directive({
      args: [arg.word("module"), arg.word("file")],
      contexts: ["server config", "virtual host", "directory"],
      onRead: true,
      summary: "Puts a module to use.",
      doc:
        "A name of Apache's (`alias_module modules/mod_alias.so`) selects the module of that name that comes with this server; " +
        "the file is not looked at. A module of Apache's that there is no counterpart for is accepted with a warning, and its " +
        "directives are refused: one of them might be an access rule. A file whose name ends in `.js`, `.mjs` or `.cjs`, " +
        "relative to ServerRoot, or the name of an npm package that is installed there, is a module that others wrote: see " +
        "[Modules of your own](../own-modules.md).",
      example: "LoadModule alias_module modules/mod_alias.so",
      set: () => undefined,
    }),
    LoadFile: directive({
      args: [rest(arg.word("file"))],
      contexts: ["server config", "virtual host", "directory"],
      onRead: true,
      summary: "Loads shared libraries that Apache's modules need.",
      doc: "Has no effect: modules here are written in JavaScript.",
      example: "LoadFile /usr/lib/libexample.so",
      set: () => undefined,
    }),
  }),
});
