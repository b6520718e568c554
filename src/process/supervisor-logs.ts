// The names of logs → the logs of the supervisor: its own error log, and the programs that all workers write to.
import { readSystemLog, type LogEntry } from "../api/index.js";
import { LogProgram } from "../log/log-program.js";
import { openLogs, type OpenLogs } from "../log/open-logs.js";
import { logProgramOf, systemLogProblem } from "../log/system-log.js";
import type { Configuration } from "./configuration.js";
import { StartError } from "./start-error.js";

/**
 * Opens the error log and starts all programs; `log` hears of programs that end and of lines that were dropped. Throws a
 * StartError where one cannot be opened.
 */
export function openSupervisorLogs(
  { errorLog, logPrograms, serverRoot }: Pick<Configuration, "errorLog" | "logPrograms" | "serverRoot">,
  log: (entry: LogEntry) => void,
): OpenLogs {
  const say = (level: LogEntry["level"], message: string): void => log({ level, module: "core", message });
  const logs = openLogs({
    openProgram(target, dropped) {
      const problem = readSystemLog(target) && systemLogProblem();
      if (problem !== undefined) throw new Error(problem);
      return new LogProgram(logProgramOf(target), {
        directory: serverRoot,
        dropped,
        ended: (reason, wait) =>
          say(
            "error",
            `AH00106: piped log program '${commandOf(target)}' failed unexpectedly: ${reason}; it is started again ` +
              (wait === 0 ? "at once" : `in ${wait / 1000} seconds`),
          ),
      });
    },
    dropped: (target, lines, reason) => say("warn", `${lines} lines for ${target} were dropped: ${reason}`),
  });
  open(logs, errorLog, (reason) =>
    errorLog.startsWith("|")
      ? `AH00089: Couldn't start ErrorLog process '${commandOf(errorLog)}': ${reason}`
      : `AH00091: could not open error log file ${errorLog}: ${reason}`,
  );
  for (const target of logPrograms) {
    open(logs, target, (reason) => `AH00104: unable to start piped log program '${commandOf(target)}': ${reason}`);
  }
  return logs;
}

function open(logs: OpenLogs, target: string, failure: (reason: string) => string): void {
  try {
    logs.writer(target);
  } catch (error) {
    // Those that were opened before it.
    void logs.close();
    throw new StartError([
      failure(error instanceof Error ? error.message : String(error)),
      "AH00015: Unable to open logs",
    ]);
  }
}

/** A target without its bars. */
function commandOf(target: string): string {
  return target.replace(/^\|{1,2}\$?/, "");
}
