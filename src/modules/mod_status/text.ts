// The numbers of all workers → the lines of `?auto`, under Apache's names.
import { loadavg } from "node:os";
import type { ServerReport } from "../../api/index.js";
import { dateOf, durationOf, numbersOf, shortNumber } from "./numbers.js";

/** What a page is made for. */
export interface PageOptions {
  /** The name the client calls the server by. */
  readonly serverName: string;
  readonly localAddress: string;
  readonly banner: string;
  readonly extended: boolean;
  /** Request lines are shown by their end. */
  readonly tail: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The lines for programs. */
export function textOf(report: ServerReport, { serverName, banner, extended, now }: PageOptions): string {
  const all = numbersOf(report, now);
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  const lines: [string, string | number][] = [
    ["ServerVersion", banner],
    ["ServerMPM", "event"],
    ["Server Built", "-"],
    ["CurrentTime", dateOf(now)],
    ["RestartTime", dateOf(report.startedAt)],
    ["ParentServerConfigGeneration", report.generation],
    ["ParentServerMPMGeneration", Math.max(0, report.generation - 1)],
    ["ServerUptimeSeconds", all.uptime],
    ["ServerUptime", durationOf(all.uptime)],
    ["Load1", one.toFixed(2)],
    ["Load5", five.toFixed(2)],
    ["Load15", fifteen.toFixed(2)],
  ];
  if (extended) {
    lines.push(
      ["Total Accesses", all.requests],
      ["Total kBytes", Math.floor(all.bytes / 1024)],
      ["Total Duration", Math.round(all.milliseconds)],
      ["CPUUser", shortNumber(all.userTime)],
      ["CPUSystem", shortNumber(all.systemTime)],
      ["CPUChildrenUser", 0],
      ["CPUChildrenSystem", 0],
    );
    const spent = all.userTime + all.systemTime;
    if (all.uptime > 0 && spent > 0) lines.push(["CPULoad", shortNumber((spent / all.uptime) * 100)]);
    lines.push(["Uptime", all.uptime]);
    if (all.uptime > 0) {
      lines.push(
        ["ReqPerSec", shortNumber(all.requests / all.uptime)],
        ["BytesPerSec", shortNumber(all.bytes / all.uptime)],
      );
    }
    if (all.requests > 0) {
      lines.push(
        ["BytesPerReq", shortNumber(all.bytes / all.requests)],
        ["DurationPerReq", shortNumber(all.milliseconds / all.requests)],
      );
    }
  }
  lines.push(
    ["BusyWorkers", all.busy],
    ["GracefulWorkers", all.graceful],
    ["IdleWorkers", all.idle],
    ["Processes", all.processes],
    ["Stopping", all.stopping],
    ["ConnsTotal", all.connections],
    ["ConnsAsyncWaitIO", all.reading],
    ["ConnsAsyncWriting", 0],
    ["ConnsAsyncKeepAlive", all.kept],
    ["ConnsAsyncClosing", all.closing],
    ["ConnsUpgraded", all.upgraded],
    ["Scoreboard", all.scoreboard],
  );
  return `${serverName}\n${lines.map(([name, value]) => `${name}: ${value}\n`).join("")}`;
}
