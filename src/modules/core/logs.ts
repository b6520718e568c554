// Directives on the error log, and the one that only fails.
import {
  arg,
  facilities,
  isLogProgram,
  levels,
  meant,
  nearest,
  optional,
  readSystemLog,
  rest,
  type Level,
} from "../../api/index.js";
import { everywhere, hosts, hostsAndDirectories, type CoreMaker } from "./contexts.js";
import { readErrorLogFormat } from "./error-log-format.js";

const levelWord = arg.custom("level", "[module:]level", (text, place) => {
  const colon = text.lastIndexOf(":");
  const word = text.slice(colon + 1).toLowerCase();
  const level = levels.find((each): each is Level => each === word);
  if (!level) {
    return place.refuse(
      "must be a level, emerg alert crit error warn notice info debug trace1 to trace8, or module:level",
      meant(nearest(word, levels)),
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
    summary: "Where the error log goes: a file, `|program`, or `syslog[:[facility][:tag]]`.",
    doc:
      "A relative path is taken from ServerRoot. A virtual host without one writes to that of the main server. `syslog` is the log " +
      "of the system, with the facility local7 and the tag modhost where no others are named: lines keep their levels, " +
      "have no time of their own, and notices need LogLevel notice. Virtual hosts may name facilities and tags of their own, while in Apache the " +
      "last one counts for all. Lines go there through `/usr/bin/logger` of util-linux, without which the server does not start.",
    example: "ErrorLog logs/error.log",
    default: "logs/error_log",
    set([target], place) {
      const system = readSystemLog(target);
      if (system && system.facility === undefined) return place.fail(`the facility must be ${facilities.join(", ")}`);
      // These would part words in the command of the program behind it.
      if (system && !/^[!#-&(-[\]-~]+$/.test(system.tag)) {
        return place.fail("the tag must be of printable ASCII without blanks, quotes and backslashes");
      }
      return { errorLog: isLogProgram(target) ? target : place.resolve(target) };
    },
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
    doc:
      "`%M` is the message. Items: `%a` address and port of the client, `%{c}a` those of the other side of the connection, `%A` " +
      "of this side, `%{NAME}e` an environment variable, `%{NAME}i` a field of the request, `%{NAME}n` a note, `%E` the error of the " +
      "system, `%F` the source file that speaks (found only where it is asked for, and at some cost), `%k` requests answered on the " +
      "connection before, `%l` level, `%L` id of the request, `%{c}L` and `%{C}L` of the connection, `%m` module, `%P` and `%T` " +
      "process, `%t` time (`%{u}t` with microseconds, `%{cu}t` compact, `%{cuz}t` with the zone, or a strftime format), `%v` and `%V` " +
      "server name, `%%`. Where an item gives nothing, all of its field is left out: from the blank in front of it to the next. " +
      "`\\ ` is a blank that does not part fields, `% ` parts fields without being written. `%-m` writes a hyphen instead, " +
      "`%7F` is written for levels from 7 (debug) on only. With `connection` or `request` in front, the line is written once in front " +
      "of the first message of each; there `%+i` leaves out the line where the item gives nothing, and several lines may stand; a virtual host with " +
      "lines of a kind takes none of that kind from the main server. What clients send is escaped; a line has no more than 8190 characters.",
    example:
      'ErrorLogFormat "[%{u}t] [%-m:%l] [pid %P] [client\\ %a] [R:%L] %M% ,\\ referer\\ %{Referer}i"\n' +
      "ErrorLogFormat request \"[%{u}t] [R:%L] agent: '%+{User-Agent}i'\"",
    set: ([first, second], place) => {
      // An empty second word counts as none in Apache too.
      if (!second) return { errorLogFormat: readErrorLogFormat(first, false, place) };
      const formats = [readErrorLogFormat(second, true, place)];
      const kind = first.toLowerCase();
      if (kind === "connection") return { connectionLogFormats: formats };
      if (kind === "request") return { requestLogFormats: formats };
      return place.fail(`the kind of lines must be "request" or "connection", found "${first}"`);
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
