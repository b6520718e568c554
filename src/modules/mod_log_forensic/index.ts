// Each request → a line before it is worked on and one when it is done: what lacks the second brought a worker down.
import { dirname } from "node:path";
import { accessSync } from "node:fs";
import {
  arg,
  defineModule,
  defineSettings,
  value,
  type LogWriter,
  type Origin,
  type Request,
} from "../../api/index.js";

/** A ForensicLog line. */
interface ForensicLog {
  /** Absolute path, or "|program". */
  readonly target: string;
  readonly origin: Origin;
}

const definition = defineSettings("mod_log_forensic", { log: value<ForensicLog | undefined>(undefined) });

/** Writers of the logs of this process, by their targets. */
const writers = new Map<string, LogWriter>();
const key = Symbol("forensic id");
let count = 0;

/** Control characters, what is not ASCII, and the signs that separate the parts of a line. */
function escaped(text: string): string {
  return text.replace(/[^ -~]|[%:|]/g, (char) => `%${(char.charCodeAt(0) & 0xff).toString(16).padStart(2, "0")}`);
}

function lineOf({ requestLine, headers }: Request, id: string): string {
  let line = `+${id}|${escaped(requestLine)}`;
  const seen = new Set<string>();
  headers.forEach((name, _value, lowered) => {
    if (!seen.has(lowered)) line += `|${escaped(name)}:${escaped(headers.get(lowered) ?? "")}`;
    seen.add(lowered);
  });
  return line;
}

export default defineModule({
  name: "mod_log_forensic",
  summary: "Logs each request before it is worked on, and its end.",
  settings: definition.settings,
  directives: (directive) => ({
    ForensicLog: directive({
      args: [arg.word("target")],
      contexts: ["server config", "virtual host"],
      summary: "The file of the forensic log.",
      doc:
        "A file, relative to ServerRoot, or `|program`. A line with `+`, an id, the request line and all fields is written " +
        "before a request is worked on, one with `-` and the id when it has been answered; what separates the parts is " +
        "written as `%7c` and the like. The id is UNIQUE_ID where mod_unique_id is loaded, and `%{forensic-id}n` in access " +
        "logs. Lines are written together with others of the same moment, so that the last ones before a crash of the whole " +
        "machine may be missing. The fields hold passwords and cookies: let nobody read the file.",
      example: "ForensicLog logs/forensic.log",
      set: ([word], place) => ({
        log: { target: word.startsWith("|") ? word : place.resolve(word), origin: place.origin },
      }),
    }),
  }),
  hooks: {
    postReadRequest: {
      rank: "first",
      after: ["mod_unique_id"],
      when: ({ log }) => log !== undefined,
      run: (request, { log }) => {
        const writer = log && writers.get(log.target);
        if (!writer || request.previous) return undefined;
        const seconds = Math.floor(Date.now() / 1000).toString(16);
        const id = request.environment.get("UNIQUE_ID") ?? `${process.pid}:${seconds}:${(count++).toString(16)}`;
        request.kept.set(key, id);
        request.notes.set("forensic-id", id);
        writer.write(lineOf(request, id));
        return undefined;
      },
    },
    logTransaction: {
      rank: "last",
      when: ({ log }) => log !== undefined,
      run: ({ original }, { log }) => {
        const id = original.kept.get(key);
        if (log && typeof id === "string") writers.get(log.target)?.write(`-${id}`);
      },
    },
  },
  lifecycle: {
    check: (server) => {
      for (const { settings } of server.everywhere(definition)) {
        const { log } = settings;
        if (!log || log.target.startsWith("|")) continue;
        try {
          accessSync(dirname(log.target));
        } catch {
          server.error(
            `AH00651: could not open forensic log file ${log.target}: its folder cannot be reached`,
            log.origin,
          );
        }
      }
    },
    logs: (server) => [...server.everywhere(definition)].flatMap(({ settings }) => settings.log?.target ?? []),
    start: (worker) => {
      for (const { settings } of worker.server.everywhere(definition)) {
        const target = settings.log?.target;
        if (target !== undefined && !writers.has(target)) writers.set(target, worker.openLog(target));
      }
    },
  },
});
