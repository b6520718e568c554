// LogFormat and CustomLog lines → a line in an access log for each request.
import { accessSync } from "node:fs";
import { dirname } from "node:path";
import {
  arg,
  defineModule,
  defineSettings,
  list,
  map,
  optional,
  remoteHostOf,
  value,
  type Condition,
  type LogItem,
  type LogRecord,
  type LogWriter,
  type Origin,
  type Place,
  type ServerView,
  type SettingsOf,
} from "../../api/index.js";
import { compileFormat, FormatError, type LineWriter } from "./format.js";
import { items } from "./items.js";

/** A format with the line it comes from. */
interface Format {
  readonly text: string;
  readonly origin: Origin;
}

/** A CustomLog, TransferLog or GlobalLog line. */
interface Log {
  /** Absolute path, or "|program". */
  readonly target: string;
  /** Nickname or format; undefined: that of `LogFormat` without a nickname. */
  readonly format: string | undefined;
  readonly condition: { readonly variable: string; readonly absent: boolean } | Condition | undefined;
  readonly origin: Origin;
}

const definition = defineSettings("mod_log_config", {
  formats: map<Format>(),
  transferFormat: value<Format | undefined>(undefined),
  // A virtual host with a log of its own takes none of the main server's.
  logs: list<Log>("replace"),
  globalLogs: list<Log>("outer first"),
  buffered: value<boolean>(false),
});
type LogSettings = SettingsOf<typeof definition.settings>;

const defaultFormat = '%h %l %u %t "%r" %>s %b';

/** Writers of the logs of this process, by the line that asks for them. */
const writers = new WeakMap<Log, LogWriter>();

/** The logs that settings ask for, ready to be written to. */
interface OpenLog {
  readonly line: LineWriter;
  readonly writer: LogWriter;
  readonly condition: Log["condition"];
}
const opened = new WeakMap<LogSettings, readonly OpenLog[]>();

/** Requests whose lines wait for the client's name (HostnameLookups); where there are more, lines show the address. */
const mostAwaited = 1000;
let namesAwaited = 0;

const topLevel = ["server config", "virtual host"] as const;
const targetDoc =
  "The target is a file, relative to ServerRoot, or `|program arguments` to pipe the lines to (`||program` is the same, `|$command` " +
  "goes through the shell). A program starts in ServerRoot with the server's own privileges, before anything is served, one for all " +
  "lines with the same target; one that cannot be started keeps the configuration from being taken, one that ends is started again. The format is a nickname that a " +
  "LogFormat line defines, before or behind this one, or a format itself. With `env=NAME` only requests with that " +
  "environment variable are logged, with `env=!NAME` only those without, with `expr=EXPRESSION` only those for which the " +
  "expression is true; it is asked when the answer has been sent.";

export default defineModule({
  name: "mod_log_config",
  summary: "Writes access logs",
  builtIn: true,
  settings: definition.settings,
  directives: (directive) => ({
    LogFormat: directive({
      args: [arg.word("format"), optional(arg.word("nickname"))],
      contexts: topLevel,
      summary: "Defines the format of access logs",
      doc:
        "The nickname names it for CustomLog. Without a nickname it becomes the format of TransferLog. Items begin with a " +
        "percent sign: `%h` client address, or name (HostnameLookups), `%t` time, `%r` request line, `%>s` status, `%b` bytes of the body, `%O` all " +
        "bytes sent, `%D` microseconds, `%{NAME}i` request field, `%{NAME}o` response field, `%v` virtual host, and all " +
        "others of Apache. `%404,500{Referer}i` holds for those statuses only, `%!200...` for all others; `%<s` and `%>s` " +
        "choose the first or the last request of an internal redirect.",
      default: `"${defaultFormat.replaceAll('"', '\\"')}"`,
      example: 'LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined',
      set: ([text, nickname], { origin }) =>
        nickname === undefined ? { transferFormat: { text, origin } } : { formats: { [nickname]: { text, origin } } },
    }),
    CustomLog: directive({
      args: [arg.word("target"), arg.word("format"), optional(arg.word("condition"))],
      contexts: topLevel,
      summary: "Sets the file and format of an access log",
      doc: `${targetDoc} A virtual host with a log of its own does not write to those of the main server.`,
      example: 'CustomLog logs/access.log "%h %t \\"%r\\" %>s %b" env=!quiet',
      set: ([target, format, condition], place) => ({ logs: [logOf({ target, format, condition }, place)] }),
    }),
    GlobalLog: directive({
      args: [arg.word("target"), arg.word("format"), optional(arg.word("condition"))],
      contexts: ["server config"],
      summary: "Sets an access log for all virtual hosts",
      doc: `${targetDoc} Virtual hosts with a log of their own write to this one too.`,
      example: 'GlobalLog logs/all.log "%v %h %t \\"%r\\" %>s"',
      set: ([target, format, condition], place) => ({ globalLogs: [logOf({ target, format, condition }, place)] }),
    }),
    TransferLog: directive({
      args: [arg.word("target")],
      contexts: topLevel,
      summary: "Sets the file of an access log",
      doc: "Like CustomLog with the format of the LogFormat line that has no nickname, wherever it stands.",
      example: "TransferLog logs/access.log",
      set: ([target], place) => ({ logs: [logOf({ target, format: undefined, condition: undefined }, place)] }),
    }),
    BufferedLogs: directive({
      args: [arg.flag()],
      contexts: ["server config"],
      summary: "Says whether lines may be gathered before they are written",
      doc: "Lines are gathered for a moment and written together in any case, whole lines only; accepted for compatibility.",
      default: "Off",
      example: "BufferedLogs On",
      set: ([buffered]) => ({ buffered }),
    }),
  }),
  hooks: {
    logTransaction: {
      when: ({ logs, globalLogs }) => logs.length > 0 || globalLogs.length > 0,
      run: (record, settings) => {
        const logs = opened.get(settings) ?? open(settings, record.request.providers("logItem"));
        const name = remoteHostOf(record.request);
        if (!(name instanceof Promise) || namesAwaited >= mostAwaited) return write(record, logs);
        namesAwaited++;
        void name.then(() => {
          namesAwaited--;
          write(record, logs);
        });
      },
    },
  },
  lifecycle: {
    check,
    logs: (server) => allLogs(server).map(({ target }) => target),
    start: (worker) => {
      const byTarget = new Map<string, LogWriter>();
      for (const log of allLogs(worker.server)) {
        const writer = byTarget.get(log.target) ?? worker.openLog(log.target);
        byTarget.set(log.target, writer);
        writers.set(log, writer);
      }
    },
  },
  provides: { logItem: items },
});

function allLogs(server: ServerView): readonly Log[] {
  return [...server.everywhere(definition)].flatMap(({ settings }) => [
    ...(settings.logs ?? []),
    ...(settings.globalLogs ?? []),
  ]);
}

function logOf(
  { target, format, condition }: { target: string; format: string | undefined; condition: string | undefined },
  place: Place,
): Log {
  return {
    target: target.startsWith("|") ? target : place.resolve(target),
    format,
    condition: condition === undefined ? undefined : conditionOf(condition, place),
    origin: place.origin,
  };
}

function conditionOf(text: string, place: Place): NonNullable<Log["condition"]> {
  if (/^expr=/i.test(text)) {
    if (text.length === "expr=".length) return place.fail("condition: missing expression");
    return place.condition(text.slice("expr=".length), { vary: false });
  }
  const [, not, variable] = /^env=(!?)(.*)$/is.exec(text) ?? [];
  if (variable === undefined)
    return place.fail(`condition must be env=NAME, env=!NAME or expr=EXPRESSION, found "${text}"`);
  if (variable === "") return place.fail("condition: missing environment variable name");
  return { variable, absent: not === "!" };
}

function write(record: LogRecord, logs: readonly OpenLog[]): void {
  for (const { condition, line, writer } of logs) {
    const wanted = condition === undefined || isWanted(record, condition);
    if (wanted instanceof Promise) void wanted.then((late) => late && writer.write(line(record)));
    else if (wanted) writer.write(line(record));
  }
}

function isWanted(
  record: LogRecord,
  condition: NonNullable<Log["condition"]>,
): boolean | undefined | Promise<boolean | undefined> {
  const { original, originalStatus: status } = record;
  if ("variable" in condition) return original.environment.has(condition.variable) !== condition.absent;
  // The fields are gathered only for a condition that asks for them.
  const response = {
    status,
    get headers() {
      return record.headers;
    },
  };
  return condition.test(original, { response });
}

/** Compiles the formats of the logs in force. */
function open(settings: LogSettings, known: ReadonlyMap<string, unknown>): readonly OpenLog[] {
  const logs = [...settings.logs, ...settings.globalLogs].flatMap((log): OpenLog[] => {
    const writer = writers.get(log);
    return writer ? [{ writer, condition: log.condition, line: lineOf(formatOf(log, settings).text, known) }] : [];
  });
  opened.set(settings, logs);
  return logs;
}

function formatOf({ format, origin }: Log, { formats, transferFormat }: LogSettings): Format {
  const named = (nickname: string) => (Object.hasOwn(formats, nickname) ? formats[nickname] : undefined);
  if (format !== undefined) return named(format) ?? { text: format, origin };
  return (transferFormat && named(transferFormat.text)) ?? transferFormat ?? { text: defaultFormat, origin };
}

function lineOf(format: string, known: ReadonlyMap<string, unknown>): LineWriter {
  return compileFormat(format, (letter) => known.get(letter) as LogItem | undefined);
}

/** Looks for formats with unknown items and for logs in folders that do not exist. */
function check(server: ServerView): void {
  const known = server.providers("logItem");
  const checked = new Set<string>();
  const compile = ({ text, origin }: Format, who: string) => {
    try {
      lineOf(text, known);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      server.error(`${who}: ${error.message}`, origin);
    }
  };
  for (const { virtualHost, settings } of server.everywhere(definition)) {
    for (const format of Object.values(settings.formats ?? {})) compile(format, "LogFormat");
    if (settings.transferFormat) compile(settings.transferFormat, "LogFormat");
    for (const log of [...(settings.logs ?? []), ...(settings.globalLogs ?? [])]) {
      const merged = server.settings(definition, virtualHost);
      if (log.format !== undefined && !Object.hasOwn(merged.formats, log.format))
        compile({ text: log.format, origin: log.origin }, "CustomLog");
      const folder = dirname(log.target);
      if (log.target.startsWith("|") || checked.has(folder)) continue;
      checked.add(folder);
      try {
        accessSync(folder);
      } catch {
        server.error(`AH02297: Cannot access directory '${folder}/' for log file '${log.target}'`, log.origin);
      }
    }
  }
}
