// Target of an error log → what of it concerns the system's log.

/** Facilities of syslog, in the order in which Apache looks among them. */
export const facilities = [
  ...["auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp"],
  ...["local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
] as const;

/** What `syslog:facility:tag` says. */
export interface SystemLog {
  /** Undefined: none begins with what stands there. */
  readonly facility: string | undefined;
  readonly tag: string;
}

/** Reads `syslog`, `syslog:facility`, `syslog:facility:tag` and `syslog::tag`; undefined for any other target. */
export function readSystemLog(target: string): SystemLog | undefined {
  const [, word = "", tag = ""] = /^syslog(?:$|:([^:]*)(?::(.*))?$)/s.exec(target) ?? [];
  if (target !== "syslog" && !target.startsWith("syslog:")) return undefined;
  // The beginning of a name is enough, as in Apache.
  const facility = word === "" ? "local7" : facilities.find((name) => name.startsWith(word.toLowerCase()));
  return { facility, tag: tag === "" ? "modhost" : tag };
}

/** Whether a log goes to a program, `|program` or that of the system's log, and not to a file. */
export function isLogProgram(target: string): boolean {
  return target.startsWith("|") || readSystemLog(target) !== undefined;
}
