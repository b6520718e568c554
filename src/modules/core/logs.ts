// Directives on the error log, and the one that only fails.
import { arg, levels, optional, rest, type Level } from "../../api/index.js";
import { everywhere, hosts, hostsAndDirectories, type CoreMaker } from "./contexts.js";

const levelWord = arg.custom("level", "[module:]level", (text, place) => {
  const colon = text.lastIndexOf(":");
  const word = text.slice(colon + 1).toLowerCase();
  const level = levels.find((each): each is Level => each === word);
  if (!level) {
    return place.refuse(
      "must be a level, emerg alert crit error warn notice info debug trace1 to trace8, or module:level",
    );
  }
  const module = text
    .slice(0, Math.max(colon, 0))
    .replace(/^mod_/, "")
    .replace(/(?:\.c|_module)$/, "");
  return { module, level };
});

export const logDirectives = (directive: CoreMaker) => ({
  ErrorLog: directive({
    args: [arg.word("target")],
    contexts: hosts,
    summary: "Where the error log goes: a file, `|program`, or `syslog[:facility]`.",
    doc: "A relative path is taken from ServerRoot. A virtual host without one writes to that of the main server.",
    example: "ErrorLog logs/error.log",
    default: "logs/error_log",
    set: ([target], place) => ({ errorLog: /^(?:\||syslog(?::|$))/.test(target) ? target : place.resolve(target) }),
  }),

  LogLevel: directive({
    args: [rest(levelWord)],
    contexts: hostsAndDirectories,
    summary: "The least severe level that goes to the error log, for all modules or for some.",
    doc:
      "Levels are emerg, alert, crit, error, warn, notice, info, debug, trace1 to trace8. `module:level` is for one module: " +
      "`wsgi:debug`, `mod_wsgi.c:debug` and `wsgi_module:debug` are the same.",
    example: "LogLevel warn wsgi:info",
    default: "warn",
    set: ([words]) => {
      let logLevels: Record<string, Level> = {};
      // A level without a module forgets those set for modules before it.
      for (const { module, level } of words)
        logLevels = module === "" ? { "": level } : { ...logLevels, [module]: level };
      return { logLevels };
    },
  }),

  ErrorLogFormat: directive({
    args: [arg.word("format-or-kind"), optional(arg.word("format"))],
    contexts: hosts,
    summary: "The format of lines of the error log.",
    doc: "Accepted with a warning: lines have Apache's own format.",
    example: 'ErrorLogFormat "[%t] [%l] %M"',
    set: (_values, place) => {
      place.warn("lines of the error log have Apache's own format in any case");
      return undefined;
    },
  }),

  Error: directive({
    args: [optional(arg.raw("message"))],
    contexts: everywhere,
    override: "All",
    summary: "Refuses the configuration with a message.",
    doc: "Useful inside `<IfDefine>` and the like.",
    example: '<IfDefine NeverDefined>\n  Error "This file needs the name NeverDefined not to be defined."\n</IfDefine>',
    set: ([message], place) =>
      place.fail((message ?? "").replace(/^(["'])(.*)\1$/, "$2") || "The Error directive was used with no message."),
  }),
});
