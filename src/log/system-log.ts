// ErrorLog syslog → the program that hands its lines to the system's log.
import { spawnSync } from "node:child_process";
import { readSystemLog } from "../api/index.js";

/** Of util-linux: it alone reads a level in front of each line. */
const logger = "/usr/bin/logger";
/** Most bytes of a message; logger itself would cut at 1024. */
const longest = 8192;

/**
 * The program for `syslog:facility:tag`, which takes lines with their level in front, `<3>line`; any other target as it is. Node
 * has no datagram sockets of Unix, and to wait for a full one in the supervisor would hold up all. `socket` in place of /dev/log.
 */
export function logProgramOf(target: string, socket?: string): string {
  const { facility, tag } = readSystemLog(target) ?? {};
  if (facility === undefined || tag === undefined) return target;
  const place = socket === undefined ? "" : ` --socket ${socket}`;
  return `|${logger} --prio-prefix --socket-errors=off --size ${longest} --id=${process.pid} -p ${facility}.notice -t ${tag}${place}`;
}

/** Why lines cannot go to the system's log on this machine; undefined: they can. */
export function systemLogProblem(): string | undefined {
  const { stdout, error } = spawnSync(logger, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  if (!error && /util-linux/.test(stdout)) return undefined;
  const found = error ? "it cannot be started" : "it is of another kind";
  return `syslog is written to by ${logger} of util-linux (Debian: bsdutils), and ${found}; name a program or a file instead`;
}
