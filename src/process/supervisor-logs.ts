// The names of logs → the logs of the supervisor: its own error log, and the programs that all workers write to.
import type { LogEntry } from "../api/index.js";
import { LogProgram } from "../log/log-program.js";
import { openLogs, type OpenLogs } from "../log/open-logs.js";

/** Opens the error log; `log` hears of programs that end and of lines that were dropped. Throws when it cannot be opened. */
export function openSupervisorLogs(errorLog: string, log: (entry: LogEntry) => void): OpenLogs {
  const say = (level: LogEntry["level"], message: string): void => log({ level, module: "core", message });
  const logs = openLogs({
    openProgram: (target, dropped) =>
      new LogProgram(target, {
        dropped,
        ended: (reason) => say("error", `AH00106: log program "${target}" ${reason}`),
      }),
    dropped: (target, lines, reason) => say("warn", `${lines} lines for ${target} were dropped: ${reason}`),
  });
  logs.writer(errorLog);
  return logs;
}
